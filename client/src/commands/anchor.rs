//! `deedbook anchor`: checkpoints stamped with a time by somebody outside the network.

use std::path::PathBuf;

use deedbook_client::anchor::{Anchor as Found, AnchorError, Anchors, State, read_authorities};
use deedbook_client::time::rfc3339;
use deedbook_client::verified::verify_checkpoint;
use serde::Serialize;

use super::verify::read_policy;
use crate::output::{Context, Failure};

const AFTER_HELP: &str = "\
Whoever rewrites the log after an anchor would need the time-stamping authority's key as well: the
anchor shows that this very checkpoint existed at that time. Run it daily, with an authority that
none of the operators controls, and keep the folder elsewhere. An anchor of SIZE leaves is three files,
which other software reads too:

  openssl ts -verify -data SIZE.checkpoint -in SIZE.tsr -CAfile authorities.pem

`deedbook audit --anchors DIR` checks each against the log.";

/// A folder of anchors and whom to believe.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The folder of anchors
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Certificates (PEM) of the time-stamping authorities that you trust
    #[arg(long, value_name = "FILE")]
    tsa_ca: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum Anchor {
    /// Fetch the newest checkpoint, verify it, and have it stamped
    New {
        #[command(flatten)]
        place: Place,
        /// Address of the time-stamping authority, http://host/path
        #[arg(long, value_name = "URL")]
        tsa: String,
        /// Whose word counts for the checkpoint
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
    },
    /// Send what is pending or failed once more
    Retry {
        #[command(flatten)]
        place: Place,
    },
    /// Verify every anchor again and show its state
    List {
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Serialize)]
struct Shown {
    size: u64,
    root: String,
    authority: String,
    #[serde(flatten)]
    state: State,
}

pub(crate) fn run(anchor: Anchor, context: &Context) -> Result<(), Failure> {
    match anchor {
        Anchor::New { place, tsa, policy } => {
            let policy = read_policy(&policy)?;
            let client = context.client()?;
            let bytes = context.online("a node", async { Ok(client.checkpoint().await?) })?;
            verify_checkpoint(bytes.as_bytes(), &policy).map_err(Failure::no)?;
            let size = Anchors::new(&place.dir).add(bytes.as_bytes(), &tsa);
            send(&place, &[size.map_err(failed)?], context)
        }
        Anchor::Retry { place } => {
            let sizes = Anchors::new(&place.dir).sizes().map_err(failed)?;
            send(&place, &sizes, context)
        }
        Anchor::List { place } => {
            let anchors = Anchors::new(&place.dir);
            let authorities = read_authorities(&place.tsa_ca).map_err(failed)?;
            let sizes = anchors.sizes().map_err(failed)?;
            let found = sizes.iter().map(|size| anchors.get(*size, &authorities));
            show(found.collect::<Result<_, _>>().map_err(failed)?, context)
        }
    }
}

fn send(place: &Place, sizes: &[u64], context: &Context) -> Result<(), Failure> {
    let anchors = Anchors::new(&place.dir);
    let authorities = read_authorities(&place.tsa_ca).map_err(failed)?;
    let found = context.online("the time-stamping authority", async {
        let mut found = Vec::new();
        for size in sizes {
            found.push(anchors.send(*size, &authorities).await.map_err(failed)?);
        }
        Ok(found)
    })?;
    show(found, context)
}

/// Shows anchors; anything but confirmed is a failure that says how many.
fn show(found: Vec<Found>, context: &Context) -> Result<(), Failure> {
    let shown: Vec<Shown> = found
        .into_iter()
        .map(|anchor| Shown {
            size: anchor.checkpoint.checkpoint.size,
            root: anchor.checkpoint.checkpoint.root.to_string(),
            authority: anchor.authority,
            state: anchor.state,
        })
        .collect();
    let told = told(&shown);
    let (mut pending, mut failed) = (0, 0);
    for anchor in &shown {
        match anchor.state {
            State::Pending { .. } => pending += 1,
            State::Failed { .. } => failed += 1,
            State::Confirmed(_) => {}
        }
    }
    let fields = serde_json::json!({ "anchors": shown });
    if pending + failed == 0 {
        return context.print(&fields, || told);
    }
    let line = format!(
        "of {} anchors {pending} are pending, {failed} failed",
        shown.len()
    );
    let hint = "deedbook anchor retry sends them once more";
    Err(Failure::no(line).hint(hint).showing(fields, told))
}

fn told(shown: &[Shown]) -> String {
    let line = |anchor: &Shown| {
        let (size, authority) = (anchor.size, &anchor.authority);
        match &anchor.state {
            State::Confirmed(stamp) => format!(
                "{size} leaves: CONFIRMED, it existed on {} says {}\n",
                rfc3339(stamp.time),
                stamp.authority
            ),
            State::Pending { reason } => {
                format!("{size} leaves: pending at {authority}: {reason}\n")
            }
            State::Failed { reason } => format!("{size} leaves: FAILED at {authority}: {reason}\n"),
        }
    };
    if shown.is_empty() {
        return "no anchors".to_owned();
    }
    shown.iter().map(line).collect()
}

fn failed(error: AnchorError) -> Failure {
    Failure::no(error)
}
