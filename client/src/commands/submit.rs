//! `deedbook submit`: records to the ledger.

use std::path::PathBuf;
use std::time::Duration;

use deedbook_schemas::api::SubmissionView;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::RECORD_BYTES_MAX;
use deedbook_schemas::record::Record;

use crate::human;
use crate::output::{Context, Failure, read_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Signed records; several are one atomic bundle: all are accepted, or none
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Wait for finality, at most this many seconds (30)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "30")]
    wait: Option<u16>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let mut records = Vec::new();
    for file in &args.files {
        let bytes = read_file(file, RECORD_BYTES_MAX)?;
        Record::decode(&bytes)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        records.push(bytes);
    }
    let wait = args.wait.map(|seconds| Duration::from_secs(seconds.into()));
    let client = context.client()?;
    let view = context.online("the ledger", async {
        Ok(client.submit(&records, wait).await?)
    })?;
    let refused = view
        .records
        .iter()
        .find(|record| record.outcome == Some(Status::Refused));
    let Some(refused) = refused else {
        return context.print(&view, || told(&view));
    };
    let fields = serde_json::to_value(&view).map_err(Failure::no)?;
    Err(Failure::no(format!("record {} was refused", refused.id))
        .hint(format!(
            "deedbook receipt {} proves the refusal",
            refused.id
        ))
        .showing(fields, told(&view)))
}

fn told(view: &SubmissionView) -> String {
    let mut parts: Vec<String> = view.records.iter().map(human::record).collect();
    parts.extend(view.instrument.as_ref().map(human::instrument));
    parts.join("\n")
}
