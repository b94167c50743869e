//! `deedbook verify`: a receipt and a policy, and nobody else. No network, no threads.

use std::path::{Path, PathBuf};

use deedbook_client::verified::{VerifiedStatement, Words, verify_receipt};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::limits::{POLICY_BYTES_MAX, RECEIPT_BYTES_MAX};
use deedbook_schemas::policy::Policy;
use serde::Serialize;

use super::scitt;
use crate::human;
use crate::output::{Context, Failure, read_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The receipt (.tlog-proof), or a statement with a COSE receipt in it (.scitt); - is stdin
    file: PathBuf,
    /// If the file is a COSE receipt alone: the record it is for
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Whose word counts: a policy file (C2SP tlog-policy), from someone you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

#[derive(Serialize)]
struct Proven {
    proven: bool,
    #[serde(flatten)]
    words: Words,
    record: Option<RecordId>,
    kind: Option<&'static str>,
    outcome: Option<&'static str>,
    codes: Vec<String>,
    title_version: Option<u64>,
    origin: String,
    leaf_index: u64,
    tree_size: u64,
    root: TreeHash,
    witnesses: Vec<Vouching>,
}

#[derive(Serialize)]
struct Vouching {
    name: String,
    time: Seconds,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let policy = read_policy(&args.policy)?;
    let receipt = read_file(&args.file, RECEIPT_BYTES_MAX)?;
    if scitt::is_cose(&receipt) {
        return scitt::verify(&receipt, args.record.as_deref(), &policy, context);
    }
    if args.record.is_some() {
        return Err(Failure::usage(
            "--record goes with a COSE receipt; a .tlog-proof holds its own",
        ));
    }
    let verified = verify_receipt(&receipt, &policy).map_err(|error| {
        Failure::no(format!("not proven: {error}"))
            .showing(serde_json::json!({ "proven": false }), String::new())
    })?;
    let proven = proven(&verified, &policy);
    context.print(&proven, || told(&proven.words))
}

/// Reads a policy file, for another command as well.
pub(crate) fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let text = String::from_utf8(read_file(path, POLICY_BYTES_MAX)?)
        .map_err(|_| Failure::usage(format!("{}: a policy is text", path.display())))?;
    Policy::from_text(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn proven(verified: &VerifiedStatement, policy: &Policy) -> Proven {
    let (receipt, outcome) = (verified.receipt(), verified.outcome());
    let witnesses = receipt.witnesses.iter();
    Proven {
        proven: true,
        words: verified.words(policy),
        record: verified.record().map(|record| record.id),
        kind: verified.record().map(|record| record.body.kind()),
        outcome: outcome.map(|outcome| human::status(outcome.status)),
        codes: outcome
            .map(|outcome| outcome.codes.clone())
            .unwrap_or_default(),
        title_version: outcome.and_then(|outcome| outcome.title_version),
        origin: receipt.origin.to_string(),
        leaf_index: receipt.index,
        tree_size: receipt.tree_size,
        root: receipt.root,
        witnesses: witnesses
            .map(|witness| Vouching {
                name: witness.name.clone(),
                time: witness.time,
            })
            .collect(),
    }
}

pub(crate) fn told(words: &Words) -> String {
    let mut text = format!("PROVEN: {}\n", words.headline);
    for detail in &words.details {
        text.push_str(&format!("  {detail}\n"));
    }
    text.push_str(&format!("{}\n", words.vouched));
    for limit in &words.limits {
        text.push_str(&format!("Note: {limit}\n"));
    }
    text
}
