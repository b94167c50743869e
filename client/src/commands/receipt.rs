//! `deedbook receipt`: fetches a receipt; `verify` believes it or not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deedbook_client::qr;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::receipt::Receipt;
use serde::Serialize;

use super::scitt;
use crate::output::{Context, Failure, Overwrite, write_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Record id of an instrument, a power, a consent or a refused act
    id: RecordId,
    /// tlog-proof: what became of the record, with the validators' cosignatures. cose: the record
    /// with a COSE receipt in it (a SCITT transparent statement): that it was entered, on the log
    /// key's word alone
    #[arg(long, value_enum, default_value_t = Format::TlogProof)]
    format: Format,
    /// Where the receipt goes; without it, to ID.tlog-proof or ID.scitt
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Also draws it as one QR code (PNG); deedbook verify takes the picture, or what a scanner reads
    #[arg(long, value_name = "FILE.png")]
    qr: Option<PathBuf>,
    /// Seconds to wait for the validators' cosignatures
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u16,
    /// Wait until so many witnesses outside the network have cosigned as well
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    witnesses: u8,
    #[command(flatten)]
    overwrite: Overwrite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    TlogProof,
    Cose,
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

/// A receipt of either form: the file, the leaf and the tree that it names.
struct Received {
    bytes: Vec<u8>,
    leaf_index: u64,
    tree_size: u64,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (received, extension) = match args.format {
        Format::TlogProof => (tlog_proof(args, context)?, "tlog-proof"),
        Format::Cose => (cose(args, context)?, "scitt"),
    };
    let file = args.out.clone();
    let file = file.unwrap_or_else(|| PathBuf::from(format!("{}.{extension}", args.id)));
    let drawn = match (&args.qr, args.format) {
        (None, _) => None,
        (Some(_), Format::TlogProof) => Some(draw(&received.bytes)?),
        (Some(_), Format::Cose) => {
            return Err(Failure::usage(
                "--qr draws a tlog-proof, not a COSE receipt",
            ));
        }
    };
    write_file(&file, &received.bytes, &args.overwrite)?;
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
        leaf_index: received.leaf_index,
        tree_size: received.tree_size,
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

/// The QR code of a `.tlog-proof`.
fn draw(receipt: &[u8]) -> Result<qr::Drawn, Failure> {
    let receipt = Receipt::parse(receipt).map_err(Failure::no)?;
    qr::draw(&receipt).map_err(Failure::no)
}

fn tlog_proof(args: &Args, context: &Context) -> Result<Received, Failure> {
    let client = context.client()?;
    let wait = Some(Duration::from_secs(args.wait.into()));
    let text = context.online("cosignatures", async {
        Ok(client
            .witnessed_receipt(&args.id, args.witnesses, wait)
            .await?)
    })?;
    let receipt = Receipt::parse(text.as_bytes())
        .map_err(|error| Failure::no(format!("what the node sent is no receipt: {error}")))?;
    Ok(Received {
        bytes: text.into_bytes(),
        leaf_index: receipt.index(),
        tree_size: receipt.checkpoint().checkpoint.size,
    })
}

fn cose(args: &Args, context: &Context) -> Result<Received, Failure> {
    let client = context.client()?;
    let wait = Some(Duration::from_secs(args.wait.into()));
    let (record, receipt) = context.online("the log's signature", async {
        let receipt = client.cose_receipt(&args.id, wait).await?;
        Ok((client.record_bytes(&args.id).await?, receipt))
    })?;
    let (bytes, receipt) = scitt::transparent(&record, receipt)?;
    Ok(Received {
        bytes,
        leaf_index: receipt.index,
        tree_size: receipt.tree_size,
    })
}
