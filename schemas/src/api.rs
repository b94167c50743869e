//! What the REST API answers, as JSON. Node and client share these shapes.
//!
//! Numbers above 2^53 and money are decimal strings; ids are lower-case hexadecimal; times are
//! seconds UTC, a block's milliseconds.

use serde::{Deserialize, Serialize};

use crate::access::AccessEntry;
use crate::block::{BlockTime, Certificate, Header, Height, Seconds};
use crate::digest::{ActDigest, LedgerId, RecordId, StateRoot, TreeHash};
use crate::instrument::{ActRole, Consent, Power, Status, Supplement};
use crate::keys::PublicKey;
use crate::party::{Nature, PartyId};
use crate::property::Title;
use crate::record::Draft;
use crate::rejection::Code;

/// A problem (RFC 9457), `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:deedbook:problem:<code>` of the first reason.
    #[serde(rename = "type")]
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What was wrong with this request.
    pub detail: String,
    /// Stable codes: of the law's failed rules, in their order, or one of the API's own.
    pub codes: Vec<String>,
}

/// One failed rule, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// Number of the rule.
    pub rule: u8,
    /// Article of law or standard.
    pub source: String,
    /// Plain words.
    pub text: String,
}

impl From<Code> for Reason {
    fn from(code: Code) -> Self {
        Self {
            code: code.as_str().to_owned(),
            rule: code.rule(),
            source: code.source().to_owned(),
            text: code.text().to_owned(),
        }
    }
}

impl Reason {
    /// The reasons behind stored codes; an unknown one is kept as it is.
    #[must_use]
    pub fn from_codes(codes: &[String]) -> Vec<Self> {
        codes.iter().map(|code| Self::from_code(code)).collect()
    }

    fn from_code(code: &str) -> Self {
        Code::ALL
            .iter()
            .find(|known| known.as_str() == code)
            .map_or_else(
                || Self {
                    code: code.to_owned(),
                    rule: 0,
                    source: String::new(),
                    text: "A rule of a newer version of the law.".to_owned(),
                },
                |known| Self::from(*known),
            )
    }
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Accepted by this node, waiting for a block.
    Queued,
    /// On the ledger, decided and durable.
    Logged,
}

/// One record, as `GET /v1/records/{id}` and a submission answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// Who signed.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub issuer: PartyId,
    /// About what.
    pub subject: String,
    /// Where it is.
    pub state: RecordState,
    /// If logged: its leaf index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf_index: Option<u64>,
    /// If the ledger has spoken about it: what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub outcome: Option<Status>,
    /// If refused: why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// Answer to a submission: 200 if every record is final, 202 if it is still queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmissionView {
    /// The records, in the order submitted.
    pub records: Vec<RecordView>,
    /// The instrument they are about, as it stands, if they are about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<InstrumentView>,
}

/// One thing that an instrument still needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequirementView {
    /// Stable code: `act.disponor`, `act.acquirer`, `consent.missing`, `marriage.status_unknown`, ….
    pub code: String,
    /// Who can meet it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub party: Option<PartyId>,
    /// Plain words: what is missing and who can meet it.
    pub text: String,
}

/// A party's act on an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActView {
    /// For whom.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub party: PartyId,
    /// In which capacity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub role: ActRole,
    /// Who signed.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub signer: PartyId,
    /// The act's record.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub record: RecordId,
    /// Under which power.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub power: Option<RecordId>,
}

/// An instrument, as `GET /v1/instruments/{id}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstrumentView {
    /// Its id: the record that lodged it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: RecordId,
    /// The property.
    pub property: String,
    /// Where it stands.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: Status,
    /// Block in which it was lodged.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub lodged: Height,
    /// Block time of its last change.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub changed: BlockTime,
    /// If pending: when it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub expires: Option<Seconds>,
    /// If pending: what it still needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<RequirementView>,
    /// If pending: acts so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<ActView>,
    /// If pending: what others than the parties brought to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub supplements: Vec<Supplement>,
    /// If refused: why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// A title, as `GET /v1/properties/{cadastral number}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TitleView {
    /// The property.
    pub cadastral_number: String,
    /// The title.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub title: Title,
}

/// A power of attorney, as `GET /v1/powers/{id}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PowerView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: RecordId,
    /// Whether it is in force at the time of the last block, or of the node's clock if later.
    pub in_force: bool,
    /// If not: why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// The power.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub power: Power,
}

/// A spousal consent, as `GET /v1/consents/{id}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConsentView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: RecordId,
    /// The consent.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub consent: Consent,
}

/// A party, as `GET /v1/parties/{id}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartyView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: PartyId,
    /// Keys it signs with.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub keys: Vec<PublicKey>,
    /// The provider that enrolled it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub provider: PartyId,
    /// Whether it can act: alive, of age and capable; a legal entity, not dissolved.
    pub can_act: bool,
    /// Who acts for it, if it is under guardianship.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub guardian: Option<PartyId>,
    /// A natural person, a legal entity with its officers, or a group with its members.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub nature: Nature,
}

/// Somebody read a party's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessView {
    /// The entry's record.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub record: RecordId,
    /// Its leaf index.
    pub leaf_index: u64,
    /// Who read: a party or an authority.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reader: PartyId,
    /// When, by the reader's clock.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub at: Seconds,
    /// What for, with which consent or on which legal ground.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub entry: AccessEntry,
}

/// `GET /v1/parties/{id}/accesses`: who read a party's rights, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessesView {
    /// At most 100.
    pub accesses: Vec<AccessView>,
    /// If there may be more: ask again with this `after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// `POST /v1/drafts`: what somebody is about to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    /// The draft.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub draft: Draft,
    /// The key it will be signed with.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub key: PublicKey,
    /// The provider's attestation, hexadecimal, once there is one.
    #[serde(default)]
    pub attestation: Option<String>,
}

/// Answer to a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DraftView {
    /// What the provider's attestation must be bound to.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub act_digest: ActDigest,
    /// The record's id once signed (given this attestation).
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub record: RecordId,
    /// The bytes to sign, hexadecimal.
    pub to_be_signed: String,
}

/// One block, as `GET /v1/blocks/{height}` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlockView {
    /// Its header.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub header: Header,
    /// Proof that it was decided.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub certificate: Certificate,
    /// Leaf index of its first entry.
    pub first_index: u64,
}

/// `GET /v1/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// The ledger.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub ledger: LedgerId,
    /// The log's origin.
    pub origin: String,
    /// This node's name.
    pub node: String,
    /// Whether it accepts records.
    pub ready: bool,
    /// Last durable height.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub height: Height,
    /// Its block's time.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub time: BlockTime,
    /// Leaves of the log.
    pub tree_size: u64,
    /// Root of the log.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub tree_root: TreeHash,
    /// Root of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_root: StateRoot,
    /// Leaves covered by a checkpoint that 2f+1 validators cosigned and the log's key signed: those
    /// for which there are receipts.
    pub cosigned_size: u64,
    /// Leaves covered by a signature of the log's key, which 2f+1 validators make together.
    pub log_signed_size: u64,
    /// Leaves covered by a checkpoint that a witness cosigned as well; 0 if none did since the
    /// node's start.
    pub witnessed_size: u64,
    /// Witnesses that this node pushes to.
    pub witnesses: usize,
    /// Of these, those that do not cosign now.
    pub witnesses_failing: usize,
    /// Of these, those that contradict the log or themselves. Any is an alarm.
    pub witness_alarms: usize,
    /// Connected peers on the record network.
    pub peers: usize,
    /// Records waiting for a block.
    pub queued: usize,
}

/// How a witness stands, at one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WitnessState {
    /// It has not answered yet.
    Pending,
    /// It cosigned the last checkpoint that it was sent.
    Witnessed,
    /// It does not cosign now.
    Failing,
}

/// What a witness cosigned last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WitnessedView {
    /// Leaves of the tree.
    pub size: u64,
    /// When, by the witness's clock.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub time: Seconds,
}

/// What is wrong with a witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TroubleView {
    /// Since when, by the node's clock.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub since: Seconds,
    /// What, the last time it was asked.
    pub reason: String,
}

/// One witness that a node pushes checkpoints to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WitnessView {
    /// Its name.
    pub name: String,
    /// Its key (a C2SP vkey).
    pub vkey: String,
    /// Where it is asked.
    pub url: String,
    /// How it stands.
    pub state: WitnessState,
    /// What it cosigned last, since the node's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnessed: Option<WitnessedView>,
    /// Why it does not cosign now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<TroubleView>,
    /// It contradicts the log, or itself: one of them has two histories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<TroubleView>,
}

/// `GET /v1/witnesses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WitnessesView {
    /// In the order of the node's configuration.
    pub witnesses: Vec<WitnessView>,
}
