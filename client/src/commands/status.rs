//! `deedbook status`: where a record or an instrument stands.

use std::time::Duration;

use deedbook_schemas::api::{InstrumentView, RecordView};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::record::Body;
use serde::Serialize;

use crate::human;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Record id
    id: RecordId,
    /// Wait until it is final, at most this many seconds (30)
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "30")]
    wait: Option<u16>,
}

#[derive(Serialize)]
struct Standing {
    record: RecordView,
    #[serde(skip_serializing_if = "Option::is_none")]
    instrument: Option<InstrumentView>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let wait = args.wait.map(|seconds| Duration::from_secs(seconds.into()));
    let standing = context.online("a node", async {
        let record = client.record(&args.id, wait).await?;
        let id = if Body::lodges_instrument(&record.kind) {
            Some(args.id)
        } else if Body::concerns_instrument(&record.kind) {
            record.subject.parse().ok()
        } else {
            None
        };
        let instrument = match id {
            None => None,
            Some(id) => match client.instrument(&id, wait).await {
                Ok(view) => Some(view),
                // A record that still waits for its block has made no instrument yet.
                Err(error) if error.status() == Some(404) => None,
                Err(error) => return Err(error.into()),
            },
        };
        Ok(Standing { record, instrument })
    })?;
    context.print(&standing, || {
        let mut text = human::record(&standing.record);
        if let Some(instrument) = &standing.instrument {
            text.push('\n');
            text.push_str(&human::instrument(instrument));
        }
        text
    })
}
