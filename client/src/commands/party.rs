//! `deedbook party`: a party as a node tells it.

use deedbook_schemas::party::PartyId;

use crate::human;
use crate::output::{Context, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Party id
    id: PartyId,
    /// Who read this party's rights, what for, and with which consent or on which legal ground
    #[arg(long)]
    accesses: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    if args.accesses {
        let mut all = Vec::new();
        context.online("a node", async {
            let mut next = None;
            loop {
                let page = client.accesses(&args.id, next).await?;
                all.extend(page.accesses);
                next = page.next;
                if next.is_none() {
                    return Ok(());
                }
            }
        })?;
        return context.print(&all, || human::accesses(&all));
    }
    let view = context.online("a node", async { Ok(client.party(&args.id).await?) })?;
    context.print(&view, || human::party(&view))
}
