//! `deedbook log`: entries and checkpoints.

use std::path::PathBuf;

use deedbook_client::time::rfc3339_ms;
use deedbook_client::verified::{describe_record, verify_checkpoint};
use deedbook_schemas::block::Seal;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::leaf_hash;
use deedbook_schemas::outcome::{Entry, Outcome};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};
use serde::Serialize;

use super::mirror;
use super::verify::read_policy;
use crate::human;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Log {
    /// Show one entry, as a node tells it
    Show {
        /// Leaf index, from 0
        index: u64,
    },
    /// Show the checkpoint; with a policy, only if it can be relied on
    Checkpoint {
        /// Whose word counts
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Show the witnesses that a node pushes to, and how each stands
    Witnesses,
    Mirror(mirror::Args),
}

#[derive(Serialize)]
struct Shown {
    leaf_index: u64,
    leaf_hash: TreeHash,
    bytes: usize,
    #[serde(flatten)]
    entry: Told,
}

#[derive(Serialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum Told {
    Record {
        id: RecordId,
        issuer: PartyId,
        subject: String,
        signatures_verify: bool,
        body: Box<Body>,
        #[serde(skip)]
        words: String,
    },
    Outcome(Outcome),
    Seal(Seal),
}

#[derive(Serialize)]
struct Head {
    origin: String,
    size: u64,
    root: TreeHash,
    signed_by: Vec<String>,
    verified: bool,
    #[serde(skip)]
    text: String,
}

pub(crate) fn run(log: Log, context: &Context) -> Result<(), Failure> {
    match log {
        Log::Show { index } => show(index, context),
        Log::Checkpoint { policy } => checkpoint(policy, context),
        Log::Mirror(args) => mirror::run(&args, context),
        Log::Witnesses => {
            let client = context.client()?;
            let view = context.online("a node", async { Ok(client.witnesses().await?) })?;
            context.print(&view, || human::witnesses(&view))
        }
    }
}

fn show(index: u64, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let bytes = context.online("a node", async {
        let checkpoint = client.checkpoint().await?;
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes()).map_err(Failure::no)?;
        let size = checkpoint.checkpoint.size;
        let width = u64::from(TILE_WIDTH);
        let entries = client.entries(index / width, size).await?;
        let place = usize::try_from(index % width).map_err(Failure::no)?;
        entries.into_iter().nth(place).ok_or_else(|| {
            Failure::no(format!(
                "there is no leaf {index}; the log has {size} leaves"
            ))
        })
    })?;
    let shown = Shown {
        leaf_index: index,
        leaf_hash: leaf_hash(&bytes),
        bytes: bytes.len(),
        entry: told(&bytes)?,
    };
    context.print(&shown, || {
        let (bytes, hash) = (shown.bytes, shown.leaf_hash);
        format!(
            "leaf {index}: {}\n  {bytes} bytes, hash {hash}",
            words(&shown.entry)
        )
    })
}

fn told(bytes: &[u8]) -> Result<Told, Failure> {
    Ok(match Entry::decode(bytes).map_err(Failure::no)? {
        Entry::Outcome(outcome) => Told::Outcome(outcome),
        Entry::Seal(seal) => Told::Seal(seal),
        Entry::Record(bytes) => {
            let record = Record::decode(&bytes).map_err(Failure::no)?;
            Told::Record {
                id: record.id,
                issuer: record.issuer(),
                subject: record.subject().to_owned(),
                signatures_verify: record.verify(),
                words: describe_record(&record),
                body: Box::new(record.body),
            }
        }
    })
}

fn words(entry: &Told) -> String {
    match entry {
        Told::Record {
            id,
            words,
            signatures_verify,
            ..
        } => {
            let verify = if *signatures_verify {
                "verify"
            } else {
                "DO NOT VERIFY"
            };
            format!("record {id}\n  {words}\n  its signatures {verify}")
        }
        Told::Outcome(outcome) => {
            let (state, codes) = (human::status(outcome.status), outcome.codes.join(", "));
            format!("outcome: {} is {state} {codes}", outcome.record)
                .trim_end()
                .to_owned()
        }
        Told::Seal(seal) => format!(
            "seal of block {} at {}\n  began at leaf {}, state root {}",
            seal.height,
            rfc3339_ms(seal.time),
            seal.first_index,
            seal.state_root
        ),
    }
}

fn checkpoint(policy: Option<PathBuf>, context: &Context) -> Result<(), Failure> {
    let policy = policy.map(|path| read_policy(&path)).transpose()?;
    let client = context.client()?;
    let text = context.online("a node", async { Ok(client.checkpoint().await?) })?;
    let signed = match &policy {
        None => SignedCheckpoint::parse(text.as_bytes()).map_err(Failure::no)?,
        Some(policy) => {
            let verified = verify_checkpoint(text.as_bytes(), policy);
            verified
                .map_err(|error| Failure::no(format!("not proven: {error}")))?
                .0
        }
    };
    let head = Head {
        origin: signed.checkpoint.origin.to_string(),
        size: signed.checkpoint.size,
        root: signed.checkpoint.root,
        signed_by: signed
            .signatures
            .iter()
            .map(|line| line.name.to_string())
            .collect(),
        verified: policy.is_some(),
        text,
    };
    context.print(&head, || {
        let verified = if head.verified {
            "verified under the policy"
        } else {
            "not verified"
        };
        format!("{}\n{verified}", head.text.trim_end())
    })
}
