//! `deedbook validators`: who decides, proved under a policy, and the policy that follows them.

use std::path::PathBuf;
use std::time::Duration;

use deedbook_registry::Key;
use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::encoding::decode;
use deedbook_schemas::limits::STATE_RECEIPT_BYTES_MAX;
use deedbook_schemas::policy::{Grade, Witnessed};
use deedbook_schemas::state_receipt::{Kind, StateReceipt};
use deedbook_schemas::validators::ValidatorsInOffice;
use serde::Serialize;

use super::verify::{self, not_proven};
use crate::output::{Context, Failure, Overwrite, write_file};

/// What `--help` ends with.
const AFTER_HELP: &str = "\
Validators come and go by records that more than two thirds of those before approved. Nothing that you
hold loses its worth: the log's key stays, and receipts of old stay what they were. But a policy names
validators, and one day too few of those that it names are left to cosign. While enough still are, this
writes the policy that follows them; it rests on the old policy and on nobody's word besides:
  deedbook validators --policy network.policy --next-policy network-2027.policy
If too few are left, somebody you trust has to give you a policy; an audit under it checks every change
from the genesis on (deedbook audit --help).";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Whose word counts: a policy file (C2SP tlog-policy), from someone you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Write the same policy with these validators
    #[arg(long, value_name = "FILE")]
    next_policy: Option<PathBuf>,
    /// Write the validators as JSON, for those who change them (deedbook-node approve --help)
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Seconds to wait for the validators' cosignatures
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    wait: u16,
    #[command(flatten)]
    overwrite: Overwrite,
}

#[derive(Serialize)]
struct Proven {
    proven: bool,
    origin: String,
    height: Height,
    time: Seconds,
    grade: Grade,
    witnesses: Vec<Witnessed>,
    #[serde(flatten)]
    office: ValidatorsInOffice,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let policy = verify::read_policy(&args.policy)?;
    let client = context.client()?;
    let wait = Some(Duration::from_secs(args.wait.into()));
    let key = Key::Validators.bytes();
    let bytes = context.online("cosignatures", async {
        Ok(client.state_receipt(&key, wait).await?)
    })?;
    let receipt = StateReceipt::parse(&bytes).map_err(not_proven)?;
    let mut verified = receipt.verify(&policy).map_err(not_proven)?;
    let value = verified.objects.remove(&key).flatten();
    let value = value.filter(|_| receipt.kind() == Kind::Object);
    let value = value.ok_or_else(|| not_proven("the node answered about something else"))?;
    let office: ValidatorsInOffice = decode(&value, STATE_RECEIPT_BYTES_MAX).map_err(not_proven)?;
    let (vouched, seal) = (verified.vouched, verified.seal);
    if let Some(path) = &args.next_policy {
        let next = policy.with_validators(&office.validators);
        let next = next.map_err(|error| {
            Failure::no(format!("{}: {error}", args.policy.display()))
                .hint("write the policy by hand: who counts in it besides validators, you know")
        })?;
        write_file(path, next.to_text().as_bytes(), &args.overwrite)?;
    }
    if let Some(path) = &args.out {
        let text = serde_json::to_string_pretty(&office).map_err(Failure::no)? + "\n";
        write_file(path, text.as_bytes(), &args.overwrite)?;
    }
    let proven = Proven {
        proven: true,
        origin: vouched.origin.to_string(),
        height: seal.height,
        time: seal.time.seconds(),
        grade: vouched.grade,
        witnesses: vouched.witnesses,
        office,
    };
    context.print(&proven, || told(&proven))
}

fn told(proven: &Proven) -> String {
    let changes = match proven.office.number {
        0 => "those of the genesis".to_owned(),
        1 => "after one change".to_owned(),
        number => format!("after {number} changes"),
    };
    let mut text = format!(
        "PROVEN ({}): the validators of {} at height {}, {changes}\n",
        proven.grade, proven.origin, proven.height
    );
    for validator in &proven.office.validators {
        text.push_str(&format!(
            "  {}  power {}  consensus key {}\n",
            validator.name, validator.power, validator.consensus_key
        ));
    }
    text
}
