//! `deedbook receipt`: fetches a receipt; `verify` believes it or not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deedbook_client::qr;
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
    /// Also draws it as one QR code (PNG); what a scanner reads, deedbook verify takes
    #[arg(long, value_name = "FILE.png")]
    qr: Option<PathBuf>,
    /// Seconds to wait for the validators' cosignatures
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u16,
    #[command(flatten)]
    overwrite: Overwrite,
}

#[derive(Serialize)]
struct Fetched<'a> {
    record: RecordId,
    file: PathBuf,
    leaf_index: u64,
    tree_size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    qr: Option<Qr<'a>>,
}

#[derive(Serialize)]
struct Qr<'a> {
    file: &'a Path,
    bytes: usize,
    modules: usize,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let wait = Some(Duration::from_secs(args.wait.into()));
    let text = context.online("cosignatures", async {
        Ok(client.receipt(&args.id, wait).await?)
    })?;
    let receipt = Receipt::parse(text.as_bytes())
        .map_err(|error| Failure::no(format!("what the node sent is no receipt: {error}")))?;
    let file = args.out.clone();
    let file = file.unwrap_or_else(|| PathBuf::from(format!("{}.tlog-proof", args.id)));
    let drawn = args.qr.as_ref().map(|_| qr::draw(&receipt)).transpose();
    let drawn = drawn.map_err(Failure::no)?;
    write_file(&file, text.as_bytes(), &args.overwrite)?;
    let mut qr = None;
    if let (Some(file), Some(drawn)) = (&args.qr, drawn) {
        write_file(file, &drawn.png, &args.overwrite)?;
        let (bytes, modules) = (drawn.bytes, drawn.modules);
        qr = Some(Qr {
            file,
            bytes,
            modules,
        });
    }
    let fetched = Fetched {
        record: args.id,
        file,
        leaf_index: receipt.index(),
        tree_size: receipt.checkpoint().checkpoint.size,
        qr,
    };
    context.print(&fetched, || {
        let (index, size) = (fetched.leaf_index, fetched.tree_size);
        let file = fetched.file.display();
        let drawn = fetched.qr.as_ref().map_or_else(String::new, |qr| {
            let (file, bytes) = (qr.file.display(), qr.bytes);
            format!("\n{bytes} bytes as a QR code, drawn to {file}")
        });
        format!(
            "leaf {index} of {size}, written to {file}{drawn}\nnot verified yet: deedbook verify"
        )
    })
}
