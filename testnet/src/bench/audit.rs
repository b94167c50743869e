//! What an audit costs beside its signatures: a long log, `deedbook audit` over its files, and the same
//! signatures verified alone in the same run.
//!
//! Lives here: making the log (`chain`), and measuring the audit. Does not live here: the signatures alone
//! (`signatures`), the audit.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use deedbook_client::audit::Source;
use rayon::prelude::*;
use serde::Serialize;

use super::signatures::{Alone, Batches, alone};
use crate::chain::{Chain, Founders};
use crate::network::process::sibling;
use crate::network::usage::{Usage, ratio, usage};
use crate::replay::progress;

/// Properties of the log, each with two owners.
const PROPERTIES: usize = 8_192;
/// Deeds of a block.
const DEEDS_A_BLOCK: usize = 80;
/// Blocks signed ahead.
const BLOCKS_AHEAD: usize = 16;
/// Pause between two looks at the audit's memory.
const LOOK: Duration = Duration::from_millis(100);
/// Share of the limit to reach.
const TARGET: f64 = 0.8;
/// Bytes of memory to stay below.
const MEMORY_MAX: u64 = 500 * 1024 * 1024;

/// The figures.
#[derive(Debug, Serialize)]
struct Report {
    records: u64,
    leaves: u64,
    signatures: u64,
    cores: usize,
    /// The same signatures and nothing else, as the library does it.
    library_batch: Batches,
    /// The same signatures and nothing else, as the audit does it.
    own_batch: Batches,
    /// `deedbook audit` from its start to its end.
    audit_seconds: f64,
    /// Of all cores together.
    audit_cpu_seconds: f64,
    records_a_second: f64,
    /// The library's seconds divided by the audit's.
    ratio_to_library_batch: f64,
    /// The own batches' seconds divided by the audit's: the faster they are, the lower.
    ratio_to_own_batch: f64,
    /// The same two of CPU time, which other programs on the machine disturb less.
    cpu_ratio_to_library_batch: f64,
    cpu_ratio_to_own_batch: f64,
    /// What each ratio is to reach.
    target: f64,
    peak_resident_bytes: u64,
    peak_resident_bytes_target: u64,
}

/// Makes a log of at least so many records below `folder`, unless it is there, and audits it.
pub(super) async fn run(folder: &Path, records: u64) -> Result<()> {
    let mirror = folder.join(format!("mirror-{records}"));
    if !mirror.join("checkpoint").is_file() {
        let making = folder.join("making");
        for left in [&making, &mirror] {
            if left.exists() {
                std::fs::remove_dir_all(left)
                    .with_context(|| format!("removing {}", left.display()))?;
            }
        }
        make(&making, &mirror, records)?;
        std::fs::remove_dir_all(&making)
            .with_context(|| format!("removing {}", making.display()))?;
    }
    eprintln!("verifying the signatures alone");
    let source = Source::mirror(&mirror.display().to_string())?;
    let Alone {
        signatures,
        library,
        own,
    } = alone(&source).await?;
    eprintln!("auditing");
    let (report, seconds, used) = audit(&mirror).await?;
    let cpu_seconds = ratio(used.cpu_micros, 1_000_000);
    let number = |field: &str| {
        let number = report.get(field).and_then(serde_json::Value::as_u64);
        number.with_context(|| format!("no {field} in the audit's report"))
    };
    let (records, leaves) = (number("records")?, number("leaves")?);
    let report = Report {
        records,
        leaves,
        signatures,
        cores: std::thread::available_parallelism()?.get(),
        library_batch: library,
        own_batch: own,
        audit_seconds: seconds,
        audit_cpu_seconds: cpu_seconds,
        records_a_second: ratio(records, 1) / seconds,
        ratio_to_library_batch: library.seconds / seconds,
        ratio_to_own_batch: own.seconds / seconds,
        cpu_ratio_to_library_batch: library.cpu_seconds / cpu_seconds,
        cpu_ratio_to_own_batch: own.cpu_seconds / cpu_seconds,
        target: TARGET,
        peak_resident_bytes: used.peak_resident_bytes,
        peak_resident_bytes_target: MEMORY_MAX,
    };
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

fn make(folder: &Path, mirror: &Path, records: u64) -> Result<()> {
    let founders = Founders::invent(4, PROPERTIES)?;
    let chain = Chain::begin(&founders, folder)?;
    let mut made = 0;
    for block in founders.setup(chain.next_time())? {
        made += u64::try_from(block.len())?;
        chain.block(&block)?;
    }
    let left = usize::try_from(records.saturating_sub(made))?;
    let deeds = left.div_ceil(3);
    let bar = progress(deeds, "deeds signed and committed")?;
    let mut next = 0;
    while next < deeds {
        let end = deeds.min(next + BLOCKS_AHEAD * DEEDS_A_BLOCK);
        let time = chain.next_time();
        let signed = (next..end).into_par_iter().map(|deed| {
            let turn = u64::try_from(deed / PROPERTIES)?;
            founders.sale(deed % PROPERTIES, turn, 4_200_000_000, time)
        });
        let signed: Vec<_> = signed.collect::<Result<_>>()?;
        for block in signed.chunks(DEEDS_A_BLOCK) {
            let records: Vec<Vec<u8>> = block.iter().flat_map(|it| it.records.clone()).collect();
            chain.block(&records)?;
            bar.inc(u64::try_from(block.len())?);
        }
        next = end;
    }
    bar.finish_and_clear();
    eprintln!("writing {}", mirror.display());
    chain.mirror(mirror)
}

/// The audit's report, its seconds, and what it used, as it was last seen running.
async fn audit(mirror: &Path) -> Result<(serde_json::Value, f64, Usage)> {
    let program: PathBuf = sibling("deedbook")?;
    let began = Instant::now();
    let mut child = tokio::process::Command::new(program)
        .arg("audit")
        .arg("--tiles")
        .arg(mirror)
        .arg("--json")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting the audit")?;
    let id = child.id().context("the audit has ended")?;
    let mut stdout = child.stdout.take().context("no output of the audit")?;
    let mut used = Usage::default();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = tokio::time::sleep(LOOK) => {
                used = usage(id).ok().filter(|it| it.peak_resident_bytes > 0).unwrap_or(used);
            }
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut text).await?;
    ensure!(status.success(), "the audit failed: {text}");
    Ok((serde_json::from_str(&text)?, seconds, used))
}
