//! `make bench`: throughput, finality, CPU, size and memory on four validators, each figure beside
//! the limit of this machine that it relates to.
//!
//! Lives here: the phases and the report. Does not live here: the load (`load`), the machine's
//! limits (`limits`), the figures and their targets (`report`).

mod audit;
mod law;
mod limits;
mod load;
mod receipts;
mod report;
mod signatures;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Serialize;

use crate::limits::{BENCH_DEEDS_PER_SECOND_MAX, BENCH_PROPERTIES};
use crate::network::Network;
use crate::network::usage::{ratio, usage};
use crate::submit::Lanes;
use limits::measure;
use report::Report;

/// Validators of the benchmark.
const VALIDATORS: u32 = 4;

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchOptions {
    /// Seconds of each of the two windows.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(2..=300))]
    pub seconds: u16,
    /// Folder of the network; emptied if it is one of ours.
    #[arg(long, default_value = "testnet-data")]
    pub dir: PathBuf,
    /// Measure the law alone: one thread, no network, no load.
    #[arg(long)]
    pub law: bool,
    /// Measure the verification of receipts alone: one thread, no network, no load.
    #[arg(long, conflicts_with_all = ["law", "audit"])]
    pub receipts: bool,
    /// Print the report as one line.
    #[arg(long)]
    pub json: bool,
    /// Measure the audit of so many records instead; the log is made once and kept in the folder.
    #[arg(long, value_name = "RECORDS")]
    pub audit: Option<u64>,
}

/// CPU of nodes and client, and the largest data folder, at one moment.
struct Moment {
    node_cpu_micros: u64,
    client_cpu_micros: u64,
    data_bytes: u64,
    record_bytes: u64,
    peak_resident_bytes: u64,
}

impl Moment {
    fn take(network: &Network, lanes: &Lanes) -> Result<Self> {
        let nodes = network.usage()?;
        let data = network.data_bytes()?;
        Ok(Self {
            node_cpu_micros: nodes.iter().map(|node| node.cpu_micros).sum(),
            client_cpu_micros: usage(std::process::id())?.cpu_micros,
            data_bytes: data.iter().map(|data| data.content).max().unwrap_or(0),
            record_bytes: lanes.record_bytes(),
            peak_resident_bytes: nodes
                .iter()
                .map(|it| it.peak_resident_bytes)
                .max()
                .unwrap_or(0),
        })
    }
}

/// Measures the law without a network.
fn law_alone(options: &BenchOptions) -> Result<()> {
    std::fs::create_dir_all(&options.dir)
        .with_context(|| format!("creating {}", options.dir.display()))?;
    options.print(&law::measure(&options.dir)?)
}

/// Measures the verification of receipts without a network.
fn receipts_alone(options: &BenchOptions) -> Result<()> {
    std::fs::create_dir_all(&options.dir)
        .with_context(|| format!("creating {}", options.dir.display()))?;
    let machine = measure(&options.dir)?;
    options.print(&report::receipt(&machine, receipts::verify_micros()?))
}

impl BenchOptions {
    fn print(&self, report: &impl Serialize) -> Result<()> {
        let text = if self.json {
            serde_json::to_string(report)
        } else {
            serde_json::to_string_pretty(report)
        };
        println!("{}", text.context("encoding the report")?);
        Ok(())
    }
}

/// Runs the benchmark.
///
/// # Errors
/// If the network does not come up, nodes disagree, or a deed is refused.
pub async fn run(options: &BenchOptions) -> Result<()> {
    if options.law {
        return law_alone(options);
    }
    if options.receipts {
        return receipts_alone(options);
    }
    if let Some(records) = options.audit {
        return audit::run(&options.dir, records).await;
    }
    let length = Duration::from_secs(options.seconds.into());
    let mut network = Network::create(&options.dir, usize::try_from(VALIDATORS)?).await?;
    eprintln!("measuring this machine's limits");
    let machine = measure(&network.folder)?;
    eprintln!("measuring the law on one thread");
    let law = law::measure(&network.folder)?;
    eprintln!("verifying receipts on one thread");
    let receipt = receipts::verify_micros()?;
    network.start().await?;
    let lanes = Arc::new(Lanes::new(&network)?);
    eprintln!("enrolling parties and registering {BENCH_PROPERTIES} properties");
    let owners = load::setup(&network, &lanes).await?;
    let count = BENCH_DEEDS_PER_SECOND_MAX * usize::from(options.seconds) * 3 / 2;
    eprintln!("signing up to {count} deeds in advance");
    let mut deeds = load::sign(&network.provider(), &owners, count)?;

    eprintln!("closed loop, {length:?}");
    let before = Moment::take(&network, &lanes)?;
    let closed = load::closed_loop(&lanes, &mut deeds, length).await?;
    let between = Moment::take(&network, &lanes)?;
    let rate = ratio(closed.registered, 1) / closed.seconds;
    ensure!(
        closed.registered > 0,
        "no deed was registered: {:?}",
        closed.refusals
    );
    eprintln!("open loop at half of {rate:.0} deeds/s, {length:?}");
    let (open, latency) = load::open_loop(&lanes, &mut deeds, rate / 2.0, length).await?;
    network.agree().await.context("after the load")?;
    let after = Moment::take(&network, &lanes)?;
    network.stop().await?;
    let at_rest = network.data_bytes()?.iter().map(|data| data.content).max();

    let moments = (&before, &between, &after);
    let at_rest = at_rest.unwrap_or(0);
    let report = Report::new(
        (machine, law, receipt),
        (&closed, rate),
        (&open, &latency),
        moments,
        at_rest,
    );
    options.print(&report)?;
    ensure!(
        closed.refusals.is_empty() && open.refusals.is_empty(),
        "deeds were refused under load: see the report"
    );
    Ok(())
}
