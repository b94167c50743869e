//! What a replay ends with: one JSON object, and whether it succeeded.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use deedbook_schemas::api::Health;
use deedbook_schemas::digest::{StateRoot, TreeHash};
use serde::Serialize;

use super::dress::Wardrobe;
use super::{Played, Script};
use crate::files::FolderBytes;
use crate::network::Network;
use crate::network::usage::{Usage, ratio};
use crate::submit::Refusals;

/// The nodes at one moment.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    seconds: f64,
    data: Vec<FolderBytes>,
    usage: Vec<Usage>,
}

impl Measured {
    pub(super) fn take(network: &Network, began: Instant) -> Result<Self> {
        Ok(Self {
            seconds: began.elapsed().as_secs_f64(),
            data: network.data_bytes()?,
            usage: network.usage()?,
        })
    }

    /// The largest data folder of a node, in bytes.
    fn data_bytes(&self) -> u64 {
        self.data.iter().map(|data| data.content).max().unwrap_or(0)
    }

    fn cpu_micros(&self) -> u64 {
        self.usage.iter().map(|usage| usage.cpu_micros).sum()
    }
}

/// Where one node stands at the end.
#[derive(Debug, Serialize)]
struct NodeEnd {
    node: String,
    height: u64,
    tree_size: u64,
    tree_root: TreeHash,
    state_root: StateRoot,
    data: FolderBytes,
    resident_bytes: u64,
    peak_resident_bytes: u64,
}

/// The summary.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// Whether marriages, mortgages and powers came with the sales.
    dressed: bool,
    properties: usize,
    parties: usize,
    sales: usize,
    deeds_registered: usize,
    deeds_refused: usize,
    refusals_by_code: Refusals,
    titles_that_differ: Vec<String>,
    /// All of it: network, parties, properties, sales, reading back.
    seconds: f64,
    seconds_setup: f64,
    seconds_sales: f64,
    deeds_per_second: f64,
    cpu_micros_a_deed: f64,
    record_bytes_a_deed: f64,
    /// At rest, all nodes stopped: the deed's record bytes times the ratio below.
    bytes_on_disk_a_deed: f64,
    /// At rest: a data folder against the bytes of every record since genesis.
    disk_to_record_ratio: f64,
    /// The same while running, with the write-ahead log and what is not compacted yet.
    disk_to_record_ratio_running: f64,
    attestations: &'static str,
    nodes: Vec<NodeEnd>,
}

impl Summary {
    pub(super) fn new(
        script: &Script,
        played: &Played,
        titles_that_differ: Vec<String>,
        (before, after): (Measured, Measured),
        all_record_bytes: u64,
        roots: &[Health],
    ) -> Self {
        let sales = &script.sales;
        let invented = script.wardrobe.as_ref().map(Wardrobe::parties);
        let deeds = u64::try_from(played.registered.len()).unwrap_or(u64::MAX);
        let seconds_sales = after.seconds - before.seconds;
        let cpu = after.cpu_micros().saturating_sub(before.cpu_micros());
        let nodes = roots.iter().zip(&after.data).zip(&after.usage);
        Self {
            properties: sales.properties.len(),
            dressed: invented.is_some(),
            parties: sales.properties.len() + sales.sales.len() + invented.unwrap_or(0),
            sales: sales.sales.len(),
            deeds_registered: played.registered.len(),
            deeds_refused: played.refused,
            refusals_by_code: played.refusals.clone(),
            titles_that_differ,
            seconds: after.seconds,
            seconds_setup: before.seconds,
            seconds_sales,
            deeds_per_second: ratio(deeds, 1) / seconds_sales.max(f64::EPSILON),
            cpu_micros_a_deed: ratio(cpu, deeds),
            record_bytes_a_deed: ratio(played.record_bytes, deeds),
            bytes_on_disk_a_deed: 0.0,
            disk_to_record_ratio: 0.0,
            disk_to_record_ratio_running: ratio(after.data_bytes(), all_record_bytes),
            attestations: "signed in this process by the provider's own code, method key-possession",
            nodes: nodes
                .map(|((health, data), usage)| node_end(health, *data, *usage))
                .collect(),
        }
    }

    /// Takes note of the disk once all nodes are stopped.
    pub(super) fn at_rest(&mut self, network: &Network, all_record_bytes: u64) -> Result<()> {
        let folders = network.data_bytes()?;
        let largest = folders.iter().map(|data| data.content).max();
        self.disk_to_record_ratio = ratio(largest.unwrap_or(0), all_record_bytes);
        self.bytes_on_disk_a_deed = self.record_bytes_a_deed * self.disk_to_record_ratio;
        Ok(())
    }

    /// Prints the summary: the object alone in one line, or indented for people.
    pub(super) fn print(&mut self, json: bool, began: Instant) -> Result<()> {
        self.seconds = began.elapsed().as_secs_f64();
        let text = if json {
            serde_json::to_string(self)
        } else {
            serde_json::to_string_pretty(self)
        };
        println!("{}", text.context("encoding the summary")?);
        Ok(())
    }

    /// Whether every sale is on the title it belongs to.
    ///
    /// # Errors
    /// What is not as in the file.
    pub(super) fn judge(&self) -> Result<()> {
        if self.deeds_registered != self.sales {
            bail!(
                "{} of {} sales were registered",
                self.deeds_registered,
                self.sales
            );
        }
        if let Some(first) = self.titles_that_differ.first() {
            let count = self.titles_that_differ.len();
            bail!("{count} titles are not held as in the file, the first is {first}");
        }
        Ok(())
    }
}

fn node_end(health: &Health, data: FolderBytes, usage: Usage) -> NodeEnd {
    NodeEnd {
        node: health.node.clone(),
        height: health.height.0,
        tree_size: health.tree_size,
        tree_root: health.tree_root,
        state_root: health.state_root,
        data,
        resident_bytes: usage.resident_bytes,
        peak_resident_bytes: usage.peak_resident_bytes,
    }
}
