//! `deedbook receipt`: fetches a receipt; `verify` believes it or not.

use std::path::PathBuf;
use std::time::Duration;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::receipt::Receipt;
use serde::Serialize;

use crate::output::{Context, Failure, Overwrite, write_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Record id of an instrument, a power, a consent or a refused act
    id: RecordId,
    /// Where the receipt goes; without it, to ID.tlog-proof
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Seconds to wait for the validators' cosignatures
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u16,
    /// Wait until so many witnesses outside the network have cosigned as well
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    witnesses: u8,
    #[command(flatten)]
    overwrite: Overwrite,
}

#[derive(Serialize)]
struct Fetched {
    record: RecordId,
    file: PathBuf,
    leaf_index: u64,
    tree_size: u64,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let wait = Some(Duration::from_secs(args.wait.into()));
    let text = context.online("cosignatures", async {
        Ok(client
            .witnessed_receipt(&args.id, args.witnesses, wait)
            .await?)
    })?;
    let receipt = Receipt::parse(text.as_bytes())
        .map_err(|error| Failure::no(format!("what the node sent is no receipt: {error}")))?;
    let file = args.out.clone();
    let file = file.unwrap_or_else(|| PathBuf::from(format!("{}.tlog-proof", args.id)));
    write_file(&file, text.as_bytes(), &args.overwrite)?;
    let fetched = Fetched {
        record: args.id,
        file,
        leaf_index: receipt.index(),
        tree_size: receipt.checkpoint().checkpoint.size,
    };
    context.print(&fetched, || {
        let (index, size) = (fetched.leaf_index, fetched.tree_size);
        let file = fetched.file.display();
        format!("leaf {index} of {size}, written to {file}\nnot verified yet: deedbook verify")
    })
}
