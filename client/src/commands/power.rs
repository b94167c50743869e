//! `deedbook power`: a power as a node tells it.

use deedbook_schemas::digest::RecordId;

use crate::human;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Record id of the power
    id: RecordId,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let view = context.online("a node", async { Ok(client.power(&args.id).await?) })?;
    context.print(&view, || human::power(&view))
}
