//! `deedbook log mirror`: the log as files, for any web server.

use std::path::PathBuf;
use std::time::Duration;

use deedbook_client::audit::Source;
use deedbook_client::mirror::Mirror;
use deedbook_schemas::digest::TreeHash;
use serde_json::json;

use super::verify::read_policy;
use crate::output::{Context, Failure, Unit, heed_interrupts, interrupted};

/// Bring a folder up to the log's newest checkpoint
///
/// The folder holds checkpoint, genesis and tile/… (C2SP tlog-tiles), and so enough for a full audit:
/// `deedbook audit --tiles DIR`, or any web server's address of it. Every hash is computed from the
/// entries, and the checkpoint is written last: a mirror shows no tree that it does not hold whole. A
/// log that does not go on where the mirror stands is an alarm.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The folder; made if it is not there
    dir: PathBuf,
    /// Whose word counts for the checkpoint
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Mirror another mirror instead of a node: a folder or an address
    #[arg(long, value_name = "DIR|URL")]
    tiles: Option<String>,
    /// Go on for ever, with so many seconds between two looks
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: Option<u64>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    heed_interrupts()?;
    let policy = read_policy(&args.policy)?;
    let source = match &args.tiles {
        Some(mirror) => Source::mirror(mirror)?,
        None => Source::node(context.nodes())?,
    };
    let mirror = Mirror::new(&args.dir);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::no)?;
    let work = async {
        loop {
            let mut bar = context.progress(0, Unit::Leaves);
            let updated = mirror.update(&source, &policy, |done, total| bar.set_of(done, total));
            let (before, shown) = updated.await.map_err(Failure::no)?;
            drop(bar);
            let (size, root) = (shown.checkpoint.size, shown.checkpoint.root);
            let mirrored = json!({ "before": before, "size": size, "root": root });
            context.print_line(&mirrored, || told(before, size, &root))?;
            match args.every {
                None => return Ok(()),
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            }
        }
    };
    runtime.block_on(async {
        tokio::select! {
            result = work => result,
            () = interrupted() => Err(Failure::stopped("interrupted; the mirror shows what it showed")),
        }
    })
}

fn told(before: u64, size: u64, root: &TreeHash) -> String {
    if before == size {
        return format!("{size} leaves, root {root}: nothing new");
    }
    format!("{size} leaves, root {root}: {} are new", size - before)
}
