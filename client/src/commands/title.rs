//! `deedbook title`: a title as a node tells it.

use crate::human;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Cadastral number
    cadastral: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let view = context.online("a node", async { Ok(client.title(&args.cadastral).await?) })?;
    context.print(&view, || human::title(&view))
}
