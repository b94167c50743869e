//! `deedbook draft`: what somebody is about to sign, as JSON.
//!
//! Lives here: who signs, for which ledger, and where the draft goes. Does not live here: what the
//! flags of each kind mean (`kinds`), the bytes to sign (`sign` makes them from the draft).

mod kinds;

use std::path::{Path, PathBuf};

use deedbook_client::drafting::draft;
use deedbook_client::{time, wallet};
use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::evidence::EvidenceManifest;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Draft;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use self::kinds::What;
use super::key;
use super::sign::DRAFT_BYTES_MAX;
use crate::output::{Context, Failure, Overwrite, read_file, write_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The signer's key file: says who signs
    #[arg(long, value_name = "FILE", global = true)]
    key: Option<PathBuf>,
    /// Who signs, if the key is elsewhere
    #[arg(long, value_name = "PARTY", global = true, conflicts_with = "key")]
    issuer: Option<PartyId>,
    /// The ledger; without it, a node is asked
    #[arg(long, value_name = "LEDGER", global = true)]
    ledger: Option<LedgerId>,
    /// The evidence manifest of the recording, JSON
    #[arg(long, value_name = "FILE", global = true)]
    evidence: Option<PathBuf>,
    /// Where the draft goes; without it, to stdout
    #[arg(long, short, value_name = "FILE", global = true)]
    out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, global = true)]
    force: bool,
    #[command(subcommand)]
    what: What,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let issuer = match &args.key {
        Some(file) => Some(key::load(file)?.party),
        None => args.issuer,
    };
    let evidence: Option<EvidenceManifest> = args.evidence.as_deref().map(read_json).transpose()?;
    let ledger = || ledger_id(args.ledger, context);
    let mut draft = match args.what {
        What::Json { file } => from_json(&read_file(&file, DRAFT_BYTES_MAX)?, issuer, ledger)?,
        what => {
            let issuer = issuer.ok_or_else(|| {
                Failure::usage("the draft does not say who signs")
                    .hint("name the key with --key or the party with --issuer")
            })?;
            let now = time::now();
            let (subject, body) = what.body(now, issuer, context)?;
            draft(ledger()?, issuer, subject, now, body).map_err(Failure::no)?
        }
    };
    if evidence.is_some() {
        draft.evidence = evidence;
    }
    let text = serde_json::to_string_pretty(&draft).map_err(Failure::no)? + "\n";
    let Some(out) = args.out else {
        return context.print(&draft, || text);
    };
    write_file(&out, text.as_bytes(), &Overwrite { force: args.force })?;
    context.print(&draft, || {
        format!("{} draft written to {}", draft.body.kind(), out.display())
    })
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    serde_json::from_slice(&read_file(path, DRAFT_BYTES_MAX)?)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn ledger_id(ledger: Option<LedgerId>, context: &Context) -> Result<LedgerId, Failure> {
    if let Some(ledger) = ledger {
        return Ok(ledger);
    }
    let client = context.client()?;
    context.online("a node", async { Ok(client.health().await?.ledger) })
}

/// A draft from JSON; ledger, issuer, time and nonce may be left out.
fn from_json(
    bytes: &[u8],
    issuer: Option<PartyId>,
    ledger: impl FnOnce() -> Result<LedgerId, Failure>,
) -> Result<Draft, Failure> {
    const FIELDS: [&str; 7] = [
        "ledger",
        "issuer",
        "subject",
        "issued_at",
        "nonce",
        "body",
        "evidence",
    ];
    let unreadable = |error: serde_json::Error| Failure::usage(format!("not a draft: {error}"));
    let mut fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(unreadable)?;
    if let Some(unknown) = fields
        .keys()
        .find(|field| !FIELDS.contains(&field.as_str()))
    {
        return Err(Failure::usage(format!(
            "not a draft: unknown field {unknown:?}"
        )));
    }
    if let Some(issuer) = issuer {
        fields.entry("issuer").or_insert(json!(issuer));
    }
    if !fields.contains_key("ledger") {
        fields.insert("ledger".to_owned(), json!(ledger()?));
    }
    fields.entry("issued_at").or_insert(json!(time::now()));
    let nonce: [u8; 16] = wallet::random().map_err(Failure::no)?;
    fields.entry("nonce").or_insert(json!(hex::encode(nonce)));
    serde_json::from_value(Value::Object(fields)).map_err(unreadable)
}
