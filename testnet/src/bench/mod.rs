//! `make bench`: throughput, finality, CPU, size and memory on four validators, each figure beside
//! the limit of this machine that it relates to.
//!
//! Lives here: the phases and the report. Does not live here: the load (`load`), the machine's
//! limits (`limits`).

mod limits;
mod load;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::limits::{BENCH_DEEDS_PER_SECOND_MAX, BENCH_PROPERTIES};
use crate::network::Network;
use crate::network::usage::{ratio, usage};
use crate::submit::Lanes;
use limits::{MachineLimits, measure};
use load::Window;

/// Validators of the benchmark.
const VALIDATORS: u32 = 4;
/// Signatures of a deed: three records and two attestations.
const SIGNATURES: u32 = 5;

/// Options of `bench`.
#[derive(Debug, Args)]
pub struct BenchOptions {
    /// Seconds of each of the two windows.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(2..=300))]
    pub seconds: u16,
    /// Folder of the network; emptied if it is one of ours.
    #[arg(long, default_value = "testnet-data")]
    pub dir: PathBuf,
    /// Print the report as one line.
    #[arg(long)]
    pub json: bool,
}

/// A figure beside the limit it relates to and the target.
#[derive(Debug, Serialize)]
struct Figure {
    value: f64,
    unit: &'static str,
    limit: f64,
    limit_is: &'static str,
    ratio_to_limit: f64,
    target: f64,
    reached: bool,
}

/// The report.
#[derive(Debug, Serialize)]
struct Report {
    machine: MachineLimits,
    validators: u32,
    properties: usize,
    notes: [&'static str; 3],
    deeds_per_second: Figure,
    finality_p50: Figure,
    finality_p99_ms: f64,
    finality_p999_ms: f64,
    half_load_deeds_per_second: f64,
    node_cpu_micros_a_deed: Figure,
    client_cpu_micros_a_deed: f64,
    disk_bytes_a_deed: Figure,
    peak_memory_a_node: Figure,
    deeds_registered: u64,
    refusals: [crate::submit::Refusals; 2],
}

/// CPU of nodes and client, and the largest data folder, at one moment.
struct Moment {
    node_cpu_micros: u64,
    client_cpu_micros: u64,
    data_bytes: u64,
    peak_resident_bytes: u64,
}

impl Moment {
    fn take(network: &Network) -> Result<Self> {
        let nodes = network.usage()?;
        let data = network.data_bytes()?;
        Ok(Self {
            node_cpu_micros: nodes.iter().map(|node| node.cpu_micros).sum(),
            client_cpu_micros: usage(std::process::id())?.cpu_micros,
            data_bytes: data.iter().map(|data| data.content).max().unwrap_or(0),
            peak_resident_bytes: nodes.iter().map(|it| it.peak_resident_bytes).max().unwrap_or(0),
        })
    }
}

/// Runs the benchmark.
///
/// # Errors
/// If the network does not come up, nodes disagree, or a deed is refused.
pub async fn run(options: &BenchOptions) -> Result<()> {
    let length = Duration::from_secs(options.seconds.into());
    let mut network = Network::create(&options.dir, usize::try_from(VALIDATORS)?).await?;
    eprintln!("measuring this machine's limits");
    let machine = measure(&network.folder)?;
    network.start().await?;
    let lanes = Arc::new(Lanes::new(&network)?);
    eprintln!("enrolling parties and registering {BENCH_PROPERTIES} properties");
    let owners = load::setup(&network, &lanes).await?;
    let count = BENCH_DEEDS_PER_SECOND_MAX * usize::from(options.seconds) * 3 / 2;
    eprintln!("signing up to {count} deeds in advance");
    let mut deeds = load::sign(&network.provider(), &owners, count)?;

    eprintln!("closed loop, {length:?}");
    let before = Moment::take(&network)?;
    let closed = load::closed_loop(&lanes, &mut deeds, length).await?;
    let between = Moment::take(&network)?;
    let rate = ratio(closed.registered, 1) / closed.seconds;
    ensure!(closed.registered > 0, "no deed was registered: {:?}", closed.refusals);
    eprintln!("open loop at half of {rate:.0} deeds/s, {length:?}");
    let (open, latency) = load::open_loop(&lanes, &mut deeds, rate / 2.0, length).await?;
    network.agree().await.context("after the load")?;
    let after = Moment::take(&network)?;
    network.stop().await?;

    let moments = (&before, &between, &after);
    let report = Report::new(machine, (&closed, rate), (&open, &latency), moments);
    let text = if options.json {
        serde_json::to_string(&report)
    } else {
        serde_json::to_string_pretty(&report)
    };
    println!("{}", text.context("encoding the report")?);
    ensure!(
        closed.refusals.is_empty() && open.refusals.is_empty(),
        "deeds were refused under load: see the report"
    );
    Ok(())
}

impl Report {
    fn new(
        machine: MachineLimits,
        (closed, rate): (&Window, f64),
        (open, latency): (&Window, &Histogram<u64>),
        (before, between, after): (&Moment, &Moment, &Moment),
    ) -> Self {
        let deeds = closed.registered + open.registered;
        let signatures_micros = f64::from(VALIDATORS * SIGNATURES) * machine.verify_strict_micros;
        let cores = f64::from(u32::try_from(machine.cores).unwrap_or(u32::MAX));
        let ceiling = cores * 1e6 / signatures_micros;
        let milliseconds = |quantile| ratio(latency.value_at_quantile(quantile), 1_000);
        let p50 = milliseconds(0.5);
        let cpu = ratio(between.node_cpu_micros.saturating_sub(before.node_cpu_micros), closed.registered);
        let client = between.client_cpu_micros.saturating_sub(before.client_cpu_micros);
        let disk = ratio(after.data_bytes.saturating_sub(before.data_bytes), deeds);
        let record = ratio(closed.record_bytes + open.record_bytes, deeds);
        let fdatasync_ms = machine.fdatasync_micros / 1_000.0;
        let memory = ratio(after.peak_resident_bytes, 1024 * 1024);
        Self {
            validators: VALIDATORS,
            properties: BENCH_PROPERTIES,
            notes: [
                "deeds are signed before the windows; the client shares the machine with all nodes",
                "attestations are signed in this process by the provider's own code, key-possession",
                "finality is from the moment a deed is due until its POST with ?wait= answers",
            ],
            deeds_per_second: Figure {
                reached: rate >= 500.0,
                ..figure(rate, "deeds/s", ceiling, "all cores only verifying, 5 signatures on 4 nodes", 500.0)
            },
            finality_p50: Figure {
                reached: p50 <= 100.0,
                ..figure(p50, "ms", fdatasync_ms, "one fdatasync, in ms", 100.0)
            },
            finality_p99_ms: milliseconds(0.99),
            finality_p999_ms: milliseconds(0.999),
            half_load_deeds_per_second: ratio(open.registered, 1) / open.seconds,
            node_cpu_micros_a_deed: Figure {
                reached: cpu <= cores * 1e6 / 500.0,
                ..figure(cpu, "µs", signatures_micros, "5 signatures on 4 nodes", cores * 1e6 / 500.0)
            },
            client_cpu_micros_a_deed: ratio(client, closed.registered),
            disk_bytes_a_deed: Figure {
                reached: disk <= 1.6 * record,
                ..figure(disk, "bytes", record, "bytes of the deed's three records", 1.6 * record)
            },
            peak_memory_a_node: Figure {
                reached: memory <= 400.0,
                ..figure(memory, "MiB", 400.0, "the target itself", 400.0)
            },
            deeds_registered: deeds,
            refusals: [closed.refusals.clone(), open.refusals.clone()],
            machine,
        }
    }
}

fn figure(value: f64, unit: &'static str, limit: f64, limit_is: &'static str, target: f64) -> Figure {
    let ratio_to_limit = value / limit.max(f64::EPSILON);
    Figure { value, unit, limit, limit_is, ratio_to_limit, target, reached: false }
}
