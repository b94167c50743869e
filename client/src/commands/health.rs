//! `deedbook health`: how a node is.

use std::time::Duration;

use deedbook_client::http::Client;

use crate::human;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of the node, instead of --node
    url: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = match &args.url {
        Some(url) => Client::new(&[url])?,
        None => context.client()?,
    };
    // Whoever asks how a node is wants to hear that it is not.
    let client = client.with_patience(Duration::ZERO);
    let view = context.online("a node", async { Ok(client.health().await?) })?;
    context.print(&view, || human::health(&view))
}
