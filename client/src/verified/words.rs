//! Verified statements in plain words: what they prove, who vouches, what they leave open.
//!
//! Does not live here: any check. Nothing is said here that `verify_receipt` did not establish.

use deedbook_schemas::cose_receipt::VerifiedCoseReceipt;
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PowerOfAttorney, SpousalConsent, Status, Transfer, TransferKind,
};
use deedbook_schemas::note::KeyName;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::policy::{Grade, Policy, Witnessed};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;
use serde::Serialize;

use super::{Statement, VerifiedStatement};
use crate::time::{rfc3339, rfc3339_ms};

/// What no proof can do without.
pub(super) const POLICY_LIMIT: &str =
    "It rests on the policy file: whoever wrote that chose whose word counts.";

/// A verified statement for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Words {
    /// One sentence: what is proved.
    pub headline: String,
    /// The particulars, one line each.
    pub details: Vec<String>,
    /// Who vouches for it.
    pub vouched: String,
    /// What it does not prove, one sentence each.
    pub limits: Vec<String>,
}

pub(super) fn describe(verified: &VerifiedStatement, policy: &Policy) -> Words {
    let (headline, mut details, mut limits) = match verified.statement() {
        Statement::Record(record) => (
            format!("{} was entered in the log.", describe_record(record)),
            details_of(record),
            vec![
                "It does not say what became of the record: only an outcome's receipt does."
                    .to_owned(),
            ],
        ),
        Statement::Outcome(outcome, record) => (
            headline(outcome, record),
            outcome_details(outcome, record),
            limits(outcome, record),
        ),
        Statement::Seal(seal) => (
            format!("Block {} ended at {}.", seal.height, rfc3339_ms(seal.time)),
            vec![
                format!("state root {}", seal.state_root),
                format!("next validators {}", seal.next_validators),
            ],
            Vec::new(),
        ),
    };
    let receipt = verified.receipt();
    details.push(format!(
        "leaf {} of {} in the log {}, root {}",
        receipt.index, receipt.tree_size, receipt.origin, receipt.root
    ));
    limits.push(POLICY_LIMIT.to_owned());
    Words {
        headline,
        details,
        vouched: vouched(&receipt.origin, &receipt.witnesses, receipt.grade, policy),
        limits,
    }
}

/// What a COSE receipt proves of a record.
pub(super) fn describe_entered(record: &Record, receipt: &VerifiedCoseReceipt) -> Words {
    let mut details = details_of(record);
    details.push(format!(
        "leaf {} of {} in the log {}, root {}",
        receipt.index, receipt.tree_size, receipt.origin, receipt.root
    ));
    let limits = [
        "It does not say what became of the record: only an outcome's .tlog-proof does.",
        "It carries no validator's and no witness's signature: only a .tlog-proof does.",
        "It rests on the policy file: whoever wrote that chose whose word counts.",
    ];
    Words {
        headline: format!("{} was entered in the log.", describe_record(record)),
        details,
        vouched: format!(
            "The log {} signed, with the key of thumbprint {}; nobody else did.",
            receipt.origin, receipt.key
        ),
        limits: limits.map(str::to_owned).into(),
    }
}

/// Who vouches for a checkpoint of the log `origin`, and what that is worth.
pub(super) fn vouched(
    origin: &KeyName,
    witnesses: &[Witnessed],
    grade: Grade,
    policy: &Policy,
) -> String {
    if witnesses.is_empty() {
        return format!("The log {origin} signed; the policy asks for no witness.");
    }
    let names: Vec<&str> = witnesses
        .iter()
        .map(|witness| witness.name.as_str())
        .collect();
    let known = policy
        .to_text()
        .lines()
        .filter(|line| line.starts_with("witness "))
        .count();
    let times = witnesses.iter().map(|witness| witness.time);
    let when = match (times.clone().min(), times.max()) {
        (Some(first), Some(last)) if first == last => format!(", at {}", rfc3339(first)),
        (Some(first), Some(last)) => {
            format!(", between {} and {}", rfc3339(first), rfc3339(last))
        }
        _ => String::new(),
    };
    let worth = match grade {
        Grade::Accepted => {
            "Grade: accepted, and no more: the policy's validators did not decide it."
        }
        Grade::Committed => {
            "Grade: committed: the network decided it; nobody outside it has seen it."
        }
        Grade::Witnessed => "Grade: witnessed: the network decided it, and others have seen it.",
    };
    format!(
        "{} of the {known} witnesses that the policy names vouch for it ({}){when}, and the log \
         itself signed. {worth}",
        names.len(),
        names.join(", ")
    )
}

/// A record as the subject of a sentence.
#[must_use]
pub fn describe_record(record: &Record) -> String {
    let (issuer, subject) = (record.issuer(), record.subject());
    match &record.body {
        Body::Accreditation(body) if body.suspended => {
            format!("The suspension of {} ({subject}) by {issuer}", body.name)
        }
        Body::Accreditation(body) => {
            format!("The accreditation of {} ({subject}) by {issuer}", body.name)
        }
        Body::Enrolment(_) => format!("The enrolment of party {subject} by {issuer}"),
        Body::CivilStatus(_) => format!("A fact of civil status about {subject} by {issuer}"),
        Body::FirstRegistration(_) => {
            format!("The first registration of property {subject} by {issuer}")
        }
        Body::PowerOfAttorney(_) => format!("A power of attorney from {issuer} to {subject}"),
        Body::SpousalConsent(body) => format!(
            "A spousal consent by {issuer} for {} to {} property {subject}",
            body.disponor,
            act_kind(body.act)
        ),
        Body::Revocation(body) => match body.ending {
            Ending::Revocation => format!("The revocation of {subject} by {issuer}"),
            Ending::Renunciation => format!("The renunciation of {subject} by {issuer}"),
        },
        Body::Transfer(body) => {
            format!("The {} of property {subject}", transfer_kind(body.kind))
        }
        Body::Act(body) => format!("An act of {issuer} as {} on {subject}", role(body)),
        Body::Withdrawal(_) => format!("The withdrawal of instrument {subject} by {issuer}"),
        body => {
            let kind = body.kind().replace('-', " ");
            format!("The {kind} about {subject} by {issuer}")
        }
    }
}

fn headline(outcome: &Outcome, record: &Record) -> String {
    let what = describe_record(record);
    let refused = outcome.status == Status::Refused && !outcome.codes.is_empty();
    if matches!(record.body, Body::EscrowFunding(_)) && !refused {
        // What becomes of a funding that was accepted is what becomes of its deed.
        let order = match outcome.status {
            Status::Registered => "The deed was registered, and the release of the money ordered",
            _ => "The deed was not registered, and the refund of the money ordered",
        };
        return format!("{what}: {order}.");
    }
    if outcome.status == Status::Expired && !Body::lodges_instrument(record.body.kind()) {
        return format!("{what} has lapsed.");
    }
    match (outcome.status, outcome.title_version) {
        (Status::Registered, Some(version)) => {
            format!("{what} was registered and made version {version} of the title.")
        }
        (Status::Registered, None) => format!("{what} was registered."),
        (Status::Refused, _) => format!("{what} was refused."),
        (Status::Withdrawn, _) => format!("{what} was withdrawn before it was registered."),
        (Status::Expired, _) => format!("{what} expired before it was registered."),
        (Status::Pending, _) => format!("{what} is pending."),
    }
}

fn outcome_details(outcome: &Outcome, record: &Record) -> Vec<String> {
    let mut details = Vec::new();
    for code in &outcome.codes {
        let known = Code::ALL.iter().find(|known| known.as_str() == code);
        details.push(known.map_or_else(
            || format!("refused by {code}"),
            |known| {
                let (rule, source, text) = (known.rule(), known.source(), known.text());
                format!("refused by {code} (rule {rule}, {source}): {text}")
            },
        ));
    }
    details.extend(details_of(record));
    details
}

fn details_of(record: &Record) -> Vec<String> {
    let mut details = match &record.body {
        Body::PowerOfAttorney(body) => power_details(body),
        Body::SpousalConsent(body) => consent_details(body),
        Body::Transfer(body) => transfer_details(body),
        Body::Act(Act {
            power: Some(power), ..
        }) => vec![format!("under power {power}")],
        body => fields_of(body),
    };
    let key = record.statement.header.key;
    let signed_at = rfc3339(record.statement.header.issued_at);
    details.push(format!("record {} on ledger {}", record.id, record.ledger));
    details.push(format!(
        "signed by {} with key {key} at {signed_at}",
        record.issuer()
    ));
    if let Some(signed) = &record.attestation {
        let said = &signed.attestation;
        details.push(format!(
            "identity checked by provider {} at {}: method {}, assurance {}, liveness {}",
            signed.statement.header.issuer,
            rfc3339(said.time),
            said.method,
            said.assurance,
            said.liveness
        ));
    }
    if let Some(evidence) = &record.evidence {
        details.push(format!(
            "recording of {} s, {} bytes, BLAKE3 root {}",
            evidence.duration_ms / 1_000,
            evidence.bytes,
            evidence.root
        ));
    }
    details
}

/// What a body says, field by field, in the words of its schema.
fn fields_of(body: &Body) -> Vec<String> {
    fn line(path: &str, value: &serde_json::Value, lines: &mut Vec<String>) {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::Object(fields) => {
                for (name, value) in fields.iter().filter(|(name, _)| *name != "kind") {
                    let name = name.replace('_', " ");
                    let path = if path.is_empty() {
                        name
                    } else {
                        format!("{path}, {name}")
                    };
                    line(&path, value, lines);
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    line(path, item, lines);
                }
            }
            serde_json::Value::String(text) => lines.push(format!("{path}: {text}")),
            other => lines.push(format!("{path}: {other}")),
        }
    }
    let mut lines = Vec::new();
    if let Ok(value) = serde_json::to_value(body) {
        line("", &value, &mut lines);
    }
    lines
}

fn power_details(power: &PowerOfAttorney) -> Vec<String> {
    let scope = &power.scope;
    let acts: Vec<&str> = scope.acts.iter().copied().map(act_kind).collect();
    let mut details = vec![format!("covers: {}", acts.join(", "))];
    details.push(scope.properties.as_ref().map_or_else(
        || "for every property of the principal".to_owned(),
        |list| format!("for property {}", list.join(", ")),
    ));
    if let Some(floor) = &scope.price_floor {
        details.push(format!("not below {floor}"));
    }
    if let Some(list) = &scope.counterparties {
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        details.push(format!("only with {}", list.join(", ")));
    }
    if scope.self_dealing {
        details.push("the agent may deal with themselves".to_owned());
    }
    let date = |what, time: Option<_>| time.map(|time| format!("{what} {}", rfc3339(time)));
    details.extend(date("issued", power.issued));
    details.extend(date("in force from", power.starts));
    details.extend(date("states that it ends", power.expires));
    details
}

fn consent_details(consent: &SpousalConsent) -> Vec<String> {
    let mut details = vec![consent.counterparty.map_or_else(
        || "to anyone".to_owned(),
        |counterparty| format!("to {counterparty}"),
    )];
    if let Some(floor) = &consent.price_floor {
        details.push(format!("not below {floor}"));
    }
    details.push(format!("until {}", rfc3339(consent.expires)));
    if let Some(power) = consent.power {
        details.push(format!("given for the spouse under power {power}"));
    }
    details
}

fn transfer_details(transfer: &Transfer) -> Vec<String> {
    let mut details = Vec::new();
    for side in &transfer.disponors {
        details.push(format!("{} gives {}", side.party, side.share));
    }
    for side in &transfer.acquirers {
        details.push(format!("{} receives {}", side.party, side.share));
    }
    if let Some(price) = &transfer.price {
        details.push(format!("price {price}"));
    }
    details
}

fn limits(outcome: &Outcome, record: &Record) -> Vec<String> {
    let registered = outcome.status == Status::Registered;
    let first = match &record.body {
        Body::PowerOfAttorney(_) if registered => {
            "It does not prove that the power is still in force: it may have been revoked, or have \
             ended otherwise, since. Ask a node for that."
        }
        Body::SpousalConsent(_) if registered => {
            "It does not prove that the consent is still unused and not revoked."
        }
        Body::OfficerApproval(_) if registered => {
            "It does not prove that the approval is still unused and not withdrawn."
        }
        Body::Transfer(_) if registered => {
            "It does not prove who holds the property today: a later deed may have changed it."
        }
        _ => "It says nothing about what happened later.",
    };
    vec![
        first.to_owned(),
        "Parties are pseudonyms: it does not say who they are. That an accredited provider \
         checked the signer is the provider's word."
            .to_owned(),
    ]
}

fn act_kind(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Sell => "sell",
        ActKind::Give => "give away",
        ActKind::Acquire => "acquire",
        ActKind::Consent => "consent",
        ActKind::Mortgage => "mortgage",
        ActKind::Manage => "manage",
        ActKind::Exchange => "exchange",
        ActKind::Servitude => "grant a servitude on",
        ActKind::Lease => "let",
        ActKind::Reparcel => "subdivide or consolidate",
        ActKind::Release => "give up or pass on rights in",
        ActKind::Sever => "sever",
    }
}

fn transfer_kind(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Sale => "sale",
        TransferKind::Gift => "gift",
        TransferKind::Exchange => "exchange",
        TransferKind::Inheritance => "inheritance",
        TransferKind::CourtSale => "court sale",
        TransferKind::Severance => "severance",
    }
}

fn role(act: &Act) -> &'static str {
    match act.role {
        ActRole::Disponor => "disponor",
        ActRole::Acquirer => "acquirer",
        ActRole::Mortgagee => "mortgagee",
    }
}
