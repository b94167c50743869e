//! `deedbook verify`: a receipt or a certificate, a policy, and nobody else. No network, no threads.

use std::path::{Path, PathBuf};

use deedbook_client::qr::{self, PNG_HEAD};
use deedbook_client::verified::{
    VerifiedStatement, Words, state_words, title_words, verify_receipt,
};
use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::compact_receipt;
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::limits::{POLICY_BYTES_MAX, STATE_RECEIPT_BYTES_MAX};
use deedbook_schemas::policy::{Grade, Policy, Witnessed};
use deedbook_schemas::state_receipt::{Kind, StateReceipt};
use deedbook_schemas::title_certificate::{self, VerifiedTitle};
use serde::Serialize;

use super::scitt;
use crate::human;
use crate::output::{Context, Failure, read_file};

/// How the text of a receipt begins.
const RECEIPT_TEXT: &[u8] = b"c2sp.org/";
/// How a receipt as a QR code carries it begins: an array of 5 or 6, 3.
const COMPACT_RECEIPT: [[u8; 2]; 2] = [[0x85, 3], [0x86, 3]];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A receipt (.tlog-proof, or its QR code: a PNG, or the bytes in it), a certificate
    /// (.deedbook-title), a state receipt (.deedbook-state), or a statement with a COSE receipt in it
    /// (.scitt); - is stdin
    file: PathBuf,
    /// If the file is a COSE receipt alone: the record it is for
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Whose word counts: a policy file (C2SP tlog-policy), from someone you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Refuse what has less than this grade
    #[arg(long, value_name = "GRADE")]
    require: Option<Required>,
}

/// The least grade that will do.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Required {
    /// The network decided it
    Committed,
    /// Witnesses outside the network have seen it too
    Witnessed,
}

impl From<Required> for Grade {
    fn from(required: Required) -> Self {
        match required {
            Required::Committed => Self::Committed,
            Required::Witnessed => Self::Witnessed,
        }
    }
}

/// What a file proves, for people and as JSON.
#[derive(Serialize)]
pub(crate) struct Proven {
    proven: bool,
    #[serde(flatten)]
    words: Words,
    #[serde(flatten)]
    what: What,
}

#[derive(Serialize)]
#[serde(tag = "file", rename_all = "kebab-case")]
enum What {
    Receipt(ProvenReceipt),
    TitleCertificate(Box<VerifiedTitle>),
    StateReceipt(ProvenState),
}

#[derive(Serialize)]
struct ProvenReceipt {
    record: Option<RecordId>,
    kind: Option<&'static str>,
    outcome: Option<&'static str>,
    codes: Vec<String>,
    title_version: Option<u64>,
    origin: String,
    leaf_index: u64,
    tree_size: u64,
    root: TreeHash,
    grade: Grade,
    witnesses: Vec<Witnessed>,
}

#[derive(Serialize)]
struct ProvenState {
    origin: String,
    tree_size: u64,
    root: TreeHash,
    height: Height,
    time: Seconds,
    grade: Grade,
    witnesses: Vec<Witnessed>,
    key: String,
    value: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let policy = read_policy(&args.policy)?;
    let bytes = read_file(&args.file, STATE_RECEIPT_BYTES_MAX)?;
    let bytes = if bytes.starts_with(PNG_HEAD) {
        qr::read(&bytes).map_err(not_proven)?
    } else {
        bytes
    };
    if scitt::is_cose(&bytes) {
        if args.require.is_some() {
            return Err(Failure::usage(
                "a COSE receipt carries no cosignature, and so has no grade: --require does not apply",
            ));
        }
        return scitt::verify(&bytes, args.record.as_deref(), &policy, context);
    }
    if args.record.is_some() {
        return Err(Failure::usage(
            "--record goes with a COSE receipt; other files hold their own",
        ));
    }
    let proven = verify(&bytes, &policy)?;
    if let Some(required) = args.require.map(Grade::from)
        && proven.grade() < required
    {
        let line = format!("the grade is {}, {required} is required", proven.grade());
        let fields = serde_json::to_value(&proven).map_err(Failure::no)?;
        return Err(Failure::no(line).showing(fields, proven.told()));
    }
    context.print(&proven, || proven.told())
}

/// Reads a policy file, for another command as well.
pub(crate) fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let text = String::from_utf8(read_file(path, POLICY_BYTES_MAX)?)
        .map_err(|_| Failure::usage(format!("{}: a policy is text", path.display())))?;
    Policy::from_text(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

pub(crate) fn not_proven(error: impl std::fmt::Display) -> Failure {
    Failure::no(format!("not proven: {error}"))
        .showing(serde_json::json!({ "proven": false }), String::new())
}

/// Verifies whatever the bytes are.
fn verify(bytes: &[u8], policy: &Policy) -> Result<Proven, Failure> {
    if bytes.starts_with(RECEIPT_TEXT) {
        return receipt(bytes, policy);
    }
    if COMPACT_RECEIPT.iter().any(|head| bytes.starts_with(head)) {
        let expanded = compact_receipt::expand(bytes).map_err(not_proven)?;
        return receipt(expanded.to_string().as_bytes(), policy);
    }
    let read = StateReceipt::parse(bytes)
        .map_err(|error| not_proven(format!("neither a receipt nor a certificate: {error}")))?;
    match read.kind() {
        Kind::Title => certificate(bytes, policy),
        Kind::Object => state(&read, policy),
    }
}

fn receipt(bytes: &[u8], policy: &Policy) -> Result<Proven, Failure> {
    let verified = verify_receipt(bytes, policy).map_err(not_proven)?;
    Ok(Proven {
        proven: true,
        words: verified.words(policy),
        what: What::Receipt(proven_receipt(&verified)),
    })
}

/// Verifies a title certificate, for another command as well.
pub(crate) fn certificate(bytes: &[u8], policy: &Policy) -> Result<Proven, Failure> {
    let verified = title_certificate::verify(bytes, policy).map_err(not_proven)?;
    Ok(Proven {
        proven: true,
        words: title_words(&verified, policy),
        what: What::TitleCertificate(Box::new(verified)),
    })
}

fn state(read: &StateReceipt, policy: &Policy) -> Result<Proven, Failure> {
    let verified = read.verify(policy).map_err(not_proven)?;
    let words = state_words(&verified, policy);
    let (vouched, seal) = (verified.vouched, verified.seal);
    let (key, value) = verified
        .objects
        .into_iter()
        .next()
        .ok_or_else(|| not_proven("a state receipt without an object"))?;
    Ok(Proven {
        proven: true,
        words,
        what: What::StateReceipt(ProvenState {
            origin: vouched.origin.to_string(),
            tree_size: vouched.tree_size,
            root: vouched.root,
            height: seal.height,
            time: seal.time.seconds(),
            grade: vouched.grade,
            witnesses: vouched.witnesses,
            key: hex::encode(key),
            value: value.map(hex::encode),
        }),
    })
}

fn proven_receipt(verified: &VerifiedStatement) -> ProvenReceipt {
    let (receipt, outcome) = (verified.receipt(), verified.outcome());
    ProvenReceipt {
        record: verified.record().map(|record| record.id),
        kind: verified.record().map(|record| record.body.kind()),
        outcome: outcome.map(|outcome| human::status(outcome.status)),
        codes: outcome
            .map(|outcome| outcome.codes.clone())
            .unwrap_or_default(),
        title_version: outcome.and_then(|outcome| outcome.title_version),
        origin: receipt.origin.to_string(),
        leaf_index: receipt.index,
        tree_size: receipt.tree_size,
        root: receipt.root,
        grade: receipt.grade,
        witnesses: receipt.witnesses.clone(),
    }
}

impl Proven {
    fn grade(&self) -> Grade {
        match &self.what {
            What::Receipt(receipt) => receipt.grade,
            What::TitleCertificate(title) => title.grade,
            What::StateReceipt(state) => state.grade,
        }
    }

    /// Whether it is the certificate of this property.
    pub(crate) fn is_about(&self, property: &str) -> bool {
        matches!(&self.what, What::TitleCertificate(title) if title.property == property)
    }

    /// Whether it is a certificate that tells of this power.
    pub(crate) fn tells_of(&self, power: &RecordId) -> bool {
        matches!(&self.what, What::TitleCertificate(title)
            if title.powers.iter().any(|one| one.id == *power))
    }

    /// In plain words.
    pub(crate) fn told(&self) -> String {
        told(&self.words)
    }
}

/// What is proved, in plain words.
pub(crate) fn told(words: &Words) -> String {
    let mut text = format!("PROVEN: {}\n", words.headline);
    for detail in &words.details {
        text.push_str(&format!("  {detail}\n"));
    }
    text.push_str(&format!("{}\n", words.vouched));
    for limit in &words.limits {
        text.push_str(&format!("Note: {limit}\n"));
    }
    text
}
