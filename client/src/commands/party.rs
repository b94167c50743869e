//! `deedbook party`: a party as a node tells it.

use deedbook_schemas::party::PartyId;

use crate::human;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Party id
    id: PartyId,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let view = context.online("a node", async { Ok(client.party(&args.id).await?) })?;
    context.print(&view, || human::party(&view))
}
