//! `deedbook audit`: the whole log again.

use std::path::{Path, PathBuf};
use std::time::Instant;

use deedbook_client::audit::{AuditError, Report, audit};
use deedbook_client::http::Client;
use deedbook_client::time::rfc3339_ms;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::GENESIS_BYTES_MAX;
use deedbook_schemas::policy::Policy;
use serde::Serialize;
use serde_json::json;

use super::verify::read_policy;
use crate::output::{Context, Failure, Unit, read_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of the node, instead of --node
    url: Option<String>,
    /// Whose word counts for the checkpoint; without it, two thirds of the genesis' validators'
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The ledger's genesis, from someone you trust; without it, as the node tells it
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
}

#[derive(Serialize)]
struct Sound {
    sound: bool,
    #[serde(flatten)]
    report: Report,
    vouched_by: Vec<String>,
    genesis_from_node: bool,
    milliseconds: u128,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = match &args.url {
        Some(url) => Client::new(&[url])?,
        None => context.client()?,
    };
    let policy = args.policy.as_deref().map(read_policy).transpose()?;
    let genesis = args.genesis.as_deref().map(read_genesis).transpose()?;
    let genesis_from_node = genesis.is_none();
    let started = Instant::now();
    let (report, vouched_by) = context.online("the node", async {
        let genesis = match genesis {
            Some(genesis) => genesis,
            None => client.genesis().await?,
        };
        let policy = match policy {
            Some(policy) => policy,
            None => Policy::of_genesis(&genesis)
                .map_err(|error| Failure::no(format!("the genesis: {error}")))?,
        };
        let mut bar = context.progress(0, Unit::Leaves);
        let audited = audit(&client, &genesis, &policy, |stage| {
            bar.set_of(stage.done, stage.total)
        });
        audited.await.map_err(failure)
    })?;
    let milliseconds = started.elapsed().as_millis();
    let sound = Sound {
        sound: true,
        report,
        vouched_by,
        genesis_from_node,
        milliseconds,
    };
    context.print(&sound, || told(&sound))
}

fn failure(error: AuditError) -> Failure {
    match error {
        AuditError::Api(error) => error.into(),
        AuditError::Finding(finding) => Failure::no(format!("the log is not sound: {finding}"))
            .showing(json!({ "sound": false, "finding": finding }), String::new()),
        other => Failure::no(other).showing(json!({ "sound": false }), String::new()),
    }
}

fn read_genesis(path: &Path) -> Result<Genesis, Failure> {
    serde_json::from_slice(&read_file(path, GENESIS_BYTES_MAX)?)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn told(sound: &Sound) -> String {
    let report = &sound.report;
    let time = rfc3339_ms(report.time);
    let mut lines = vec![
        format!("SOUND: log {}, all {} leaves", report.origin, report.leaves),
        format!(
            "  root {}, vouched for by {}",
            report.root,
            sound.vouched_by.join(", ")
        ),
        format!(
            "  {} blocks under {} precommits",
            report.blocks, report.precommits
        ),
        format!("  the last is {} of {time}", report.height),
        format!(
            "  {} records and {} attestations",
            report.records, report.attestations
        ),
        format!("  signatures {}", report.signatures),
        format!(
            "  {} outcomes, decided again from genesis by the law",
            report.outcomes
        ),
        format!("  state root {}, computed again", report.state_root),
        format!("  in {} ms", sound.milliseconds),
    ];
    if sound.genesis_from_node {
        let ledger = report.ledger;
        lines.push(format!(
            "Note: the genesis is the node's own; compare its ledger id {ledger}"
        ));
    }
    lines.join("\n")
}
