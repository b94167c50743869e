//! `deedbook draft`: what somebody is about to sign, as JSON.
//!
//! Does not live here: the bytes to sign; `sign` makes them from the draft.

use std::path::PathBuf;

use clap::{Subcommand, value_parser};
use deedbook_client::drafting::{draft, parse_money};
use deedbook_client::time;
use deedbook_client::wallet;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{LedgerId, RecordId};
use deedbook_schemas::evidence::EvidenceManifest;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PartyShare, PowerOfAttorney, Revocation, Scope, SpousalConsent,
    Transfer, TransferKind, Withdrawal,
};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Draft};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::key;
use super::sign::DRAFT_BYTES_MAX;
use crate::output::{Context, Failure, Overwrite, read_file, write_file};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The signer's key file: says who signs
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "issuer")]
    key: Option<PathBuf>,
    /// Who signs, if the key is elsewhere
    #[arg(long, value_name = "PARTY", global = true)]
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

#[derive(Debug, Subcommand)]
enum What {
    /// Anything, from JSON: {"subject": …, "body": {"kind": …, …}}; what is missing is filled in
    Json {
        /// The file; - is stdin
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// A power of attorney
    Power {
        /// Who may act
        #[arg(long, value_name = "PARTY")]
        agent: PartyId,
        /// What they may do: sell, give, acquire, consent, mortgage, manage
        #[arg(long, value_name = "ACT", required = true, value_delimiter = ',',
              value_parser = word::<ActKind>)]
        acts: Vec<ActKind>,
        /// For which property; without it, for every one
        #[arg(long, value_name = "CADASTRAL")]
        property: Vec<String>,
        /// Not below this price
        #[arg(long, value_name = "AMOUNT", value_parser = parse_money)]
        price_floor: Option<Money>,
        /// Only with this party; without it, with anyone
        #[arg(long, value_name = "PARTY")]
        counterparty: Vec<PartyId>,
        /// Let the agent deal with themselves
        #[arg(long)]
        self_dealing: bool,
        /// From when; without it, from now
        #[arg(long, value_name = "TIME", value_parser = time::parse)]
        starts: Option<Seconds>,
        /// Until when; without it, for the law's default term
        #[arg(long, value_name = "TIME", value_parser = time::parse)]
        expires: Option<Seconds>,
    },
    /// A spouse's consent
    Consent {
        /// For which property
        #[arg(long, value_name = "CADASTRAL")]
        property: String,
        /// Whose disposition it permits
        #[arg(long, value_name = "PARTY")]
        disponor: PartyId,
        /// Which act: sell or give
        #[arg(long, value_name = "ACT", default_value = "sell", value_parser = word::<ActKind>)]
        act: ActKind,
        /// To whom; without it, to anyone
        #[arg(long, value_name = "PARTY")]
        counterparty: Option<PartyId>,
        /// Not below this price
        #[arg(long, value_name = "AMOUNT", value_parser = parse_money)]
        price_floor: Option<Money>,
        /// Until when
        #[arg(long, value_name = "TIME", value_parser = time::parse)]
        expires: Seconds,
        /// Given for the spouse under this power
        #[arg(long, value_name = "RECORD")]
        power: Option<RecordId>,
    },
    /// A sale or a gift; it binds nobody until the parties act on it
    Transfer {
        /// Of which property
        #[arg(long, value_name = "CADASTRAL")]
        property: String,
        /// sale or gift
        #[arg(long, value_name = "KIND", default_value = "sale",
              value_parser = word::<TransferKind>)]
        kind: TransferKind,
        /// Who gives how much of the whole: PARTY=1/2
        #[arg(long, value_name = "PARTY=SHARE", required = true, value_parser = share)]
        from: Vec<PartyShare>,
        /// Who receives how much of the whole: PARTY=1/2
        #[arg(long, value_name = "PARTY=SHARE", required = true, value_parser = share)]
        to: Vec<PartyShare>,
        /// At what price
        #[arg(long, value_name = "AMOUNT", value_parser = parse_money)]
        price: Option<Money>,
        /// The title's version that the parties saw; without it, a node is asked for the present one
        #[arg(long, value_name = "N", value_parser = value_parser!(u64))]
        title_version: Option<u64>,
        /// Other terms, for people
        #[arg(long, value_name = "TEXT")]
        terms: Option<String>,
    },
    /// The act of signing an instrument
    Act {
        /// The instrument
        instrument: RecordId,
        /// disponor or acquirer
        #[arg(long, value_name = "ROLE", value_parser = word::<ActRole>)]
        role: ActRole,
        /// Under this power, for its principal
        #[arg(long, value_name = "RECORD")]
        power: Option<RecordId>,
    },
    /// The end of a power or a consent
    Revocation {
        /// The power or the consent
        record: RecordId,
        /// The agent gives the power back
        #[arg(long)]
        renounce: bool,
    },
    /// The withdrawal of a pending instrument
    Withdrawal {
        /// The instrument
        instrument: RecordId,
    },
}

/// Reads a word as JSON spells it.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::from(text)).map_err(|error| error.to_string())
}

fn share(text: &str) -> Result<PartyShare, String> {
    let (party, share) = text.split_once('=').ok_or("write PARTY=1/2")?;
    let (party, share) = (party.parse()?, share.parse()?);
    Ok(PartyShare { party, share })
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    let Args {
        key,
        issuer,
        ledger,
        evidence,
        out,
        force,
        what,
    } = args;
    let issuer = match key {
        Some(file) => Some(key::load(&file)?.party),
        None => issuer,
    };
    let evidence: Option<EvidenceManifest> = match evidence {
        None => None,
        Some(path) => Some(
            serde_json::from_slice(&read_file(&path, DRAFT_BYTES_MAX)?)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
        ),
    };
    let mut draft = match what {
        What::Json { file } => from_json(&read_file(&file, DRAFT_BYTES_MAX)?, issuer, || {
            ledger_id(ledger, context)
        })?,
        what => {
            let issuer = issuer.ok_or_else(|| {
                Failure::usage("who signs?").hint("name the key with --key or the party with --issuer")
            })?;
            let ledger = ledger_id(ledger, context)?;
            let now = time::now();
            let (subject, body) = body(what, now, context)?;
            draft(ledger, issuer, subject, now, body).map_err(Failure::no)?
        }
    };
    if evidence.is_some() {
        draft.evidence = evidence;
    }
    let Some(out) = out else {
        return context.print(&draft, || pretty(&draft));
    };
    let text = pretty(&draft) + "\n";
    write_file(&out, text.as_bytes(), &Overwrite { force })?;
    context.print(&draft, || format!("{} draft written to {}", draft.body.kind(), out.display()))
}

fn pretty(draft: &Draft) -> String {
    serde_json::to_string_pretty(draft).unwrap_or_default()
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
    const FIELDS: [&str; 7] =
        ["ledger", "issuer", "subject", "issued_at", "nonce", "body", "evidence"];
    let unreadable = |error: serde_json::Error| Failure::usage(format!("not a draft: {error}"));
    let mut fields: serde_json::Map<String, Value> =
        serde_json::from_slice(bytes).map_err(unreadable)?;
    if let Some(unknown) = fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(Failure::usage(format!("not a draft: unknown field {unknown:?}")));
    }
    if !fields.contains_key("ledger") {
        fields.insert("ledger".to_owned(), json!(ledger()?));
    }
    if let Some(issuer) = issuer {
        fields.entry("issuer").or_insert(json!(issuer));
    }
    fields.entry("issued_at").or_insert(json!(time::now()));
    let nonce: [u8; 16] = wallet::random().map_err(Failure::no)?;
    fields.entry("nonce").or_insert(json!(hex::encode(nonce)));
    serde_json::from_value(Value::Object(fields)).map_err(unreadable)
}

/// The subject and the body that the flags mean.
fn body(what: What, now: Seconds, context: &Context) -> Result<(String, Body), Failure> {
    Ok(match what {
        What::Json { .. } => return Err(Failure::usage("a JSON draft has its own body")),
        What::Power {
            agent,
            mut acts,
            property,
            price_floor,
            counterparty,
            self_dealing,
            starts,
            expires,
        } => {
            acts.sort_unstable();
            acts.dedup();
            let scope = Scope {
                acts,
                properties: sorted(property),
                price_floor,
                counterparties: sorted(counterparty),
                self_dealing,
            };
            let issued = Some(now);
            let body = PowerOfAttorney {
                scope,
                issued,
                starts,
                expires,
            };
            (agent.to_string(), Body::PowerOfAttorney(body))
        }
        What::Consent {
            property,
            disponor,
            act,
            counterparty,
            price_floor,
            expires,
            power,
        } => {
            let body = SpousalConsent {
                disponor,
                act,
                counterparty,
                price_floor,
                expires,
                power,
            };
            (property, Body::SpousalConsent(body))
        }
        What::Transfer {
            property,
            kind,
            from,
            to,
            price,
            title_version,
            terms,
        } => {
            let title_version = match title_version {
                Some(version) => version,
                None => present_version(&property, context)?,
            };
            let body = Transfer {
                kind,
                title_version,
                disponors: from,
                acquirers: to,
                price,
                terms,
            };
            (property, Body::Transfer(body))
        }
        What::Act {
            instrument,
            role,
            power,
        } => (instrument.to_string(), Body::Act(Act { role, power })),
        What::Revocation { record, renounce } => {
            let ending = if renounce { Ending::Renunciation } else { Ending::Revocation };
            (record.to_string(), Body::Revocation(Revocation { ending }))
        }
        What::Withdrawal { instrument } => {
            (instrument.to_string(), Body::Withdrawal(Withdrawal {}))
        }
    })
}

/// A list as the record has it: sorted, without repetitions; absent if empty.
fn sorted<T: Ord>(mut list: Vec<T>) -> Option<Vec<T>> {
    list.sort_unstable();
    list.dedup();
    (!list.is_empty()).then_some(list)
}

fn present_version(property: &str, context: &Context) -> Result<u64, Failure> {
    let client = context.client()?;
    context.online("a node", async { Ok(client.title(property).await?.title.version) })
}
