//! `deedbook certificate`: fetches the certificate of a title, and verifies it under a policy.

use std::path::PathBuf;
use std::time::Duration;

use deedbook_schemas::digest::RecordId;
use serde::Serialize;

use super::verify::{self, Proven};
use crate::output::{Context, Failure, Overwrite, write_file};

/// What `--help` ends with.
const AFTER_HELP: &str = "\
The certificate says who owns the property and in which shares, every encumbrance and that there is
no other, what is pending, and of each power whether it was in force. It is judged at the time of the
newest block, and verified offline by anybody who holds the policy:
  deedbook certificate 20-315-001 --power ID --policy network.policy --out flat.deedbook-title
  deedbook verify flat.deedbook-title --policy network.policy";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Cadastral number
    cadastral: String,
    /// Record id of a power of attorney to ask about; at most 8
    #[arg(long = "power", value_name = "ID")]
    powers: Vec<RecordId>,
    /// Verify it under this policy before it is written; what is refused is not written
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Where the certificate goes (.deedbook-title)
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Seconds to wait for the validators' cosignatures
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u16,
    #[command(flatten)]
    overwrite: Overwrite,
}

#[derive(Serialize)]
struct Fetched<'a> {
    written: &'a PathBuf,
    bytes: usize,
    #[serde(flatten)]
    proven: Option<Proven>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let policy = args
        .policy
        .as_deref()
        .map(verify::read_policy)
        .transpose()?;
    let client = context.client()?;
    let wait = Some(Duration::from_secs(args.wait.into()));
    let bytes = context.online("cosignatures", async {
        Ok(client
            .title_certificate(&args.cadastral, &args.powers, wait)
            .await?)
    })?;
    let proven = policy
        .map(|policy| verify::certificate(&bytes, &policy))
        .transpose()?;
    if let Some(proven) = &proven {
        answers(args, proven)?;
    }
    write_file(&args.out, &bytes, &args.overwrite)?;
    let fetched = Fetched {
        written: &args.out,
        bytes: bytes.len(),
        proven,
    };
    context.print(&fetched, || {
        let file = format!("{} bytes written to {}", bytes.len(), args.out.display());
        match &fetched.proven {
            Some(proven) => format!("{}{file}", proven.told()),
            None => format!("{file}\nnot verified yet: deedbook verify"),
        }
    })
}

/// Whether a proven certificate is about what was asked.
fn answers(args: &Args, proven: &Proven) -> Result<(), Failure> {
    let answered =
        proven.is_about(&args.cadastral) && args.powers.iter().all(|power| proven.tells_of(power));
    if answered {
        Ok(())
    } else {
        Err(Failure::no(
            "what the node sent is a certificate about something else",
        ))
    }
}
