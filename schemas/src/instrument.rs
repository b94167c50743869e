//! Instruments (ISO 19152 `LA_AdministrativeSource`): transfers, powers of attorney, spousal
//! consents, and the acts of the parties to them.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::{BlockTime, Height, Seconds};
use crate::digest::RecordId;
use crate::fraction::{Fraction, Money};
use crate::party::PartyId;

/// Kinds of act that a power may cover and a consent may permit.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    CborLen,
    Serialize,
    Deserialize,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// Dispose for a price.
    #[n(0)]
    Sell,
    /// Give away.
    #[n(1)]
    Give,
    /// Acquire, for a price or as a gift.
    #[n(2)]
    Acquire,
    /// Give a spousal consent.
    #[n(3)]
    Consent,
    /// Encumber with a mortgage.
    #[n(4)]
    Mortgage,
    /// Manage: nothing that disposes of the property.
    #[n(5)]
    Manage,
}

/// How the property passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// For a price.
    #[n(0)]
    Sale,
    /// For nothing.
    #[n(1)]
    Gift,
}

impl TransferKind {
    /// The kind of act that disposing in this way is.
    #[must_use]
    pub fn disposition(self) -> ActKind {
        match self {
            Self::Sale => ActKind::Sell,
            Self::Gift => ActKind::Give,
        }
    }
}

/// A share that a party gives or receives.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyShare {
    /// Who.
    #[n(0)]
    pub party: PartyId,
    /// How much of the whole property.
    #[n(1)]
    pub share: Fraction,
}

/// A transfer. Subject: the property's cadastral number. Lodged by anyone; it binds nobody until
/// its parties act on it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Sale or gift. In JSON `transfer_kind`: `kind` is the record's.
    #[n(0)]
    #[serde(rename = "transfer_kind")]
    pub kind: TransferKind,
    /// The title's version that the parties saw: any change in between ends the instrument.
    #[n(1)]
    pub title_version: u64,
    /// Who gives, and how much; no party twice.
    #[n(2)]
    pub disponors: Vec<PartyShare>,
    /// Who receives, and how much; no party twice. The sums are equal.
    #[n(3)]
    pub acquirers: Vec<PartyShare>,
    /// The price: required for a sale, absent for a gift.
    #[n(4)]
    pub price: Option<Money>,
    /// Other terms, for people. Create no rights.
    #[n(5)]
    pub terms: Option<String>,
}

/// In which capacity a party acts on an instrument.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    CborLen,
    Serialize,
    Deserialize,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ActRole {
    /// Gives.
    #[n(0)]
    Disponor,
    /// Receives.
    #[n(1)]
    Acquirer,
}

/// The act of signing an instrument. Subject: the instrument's record id.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// In which capacity.
    #[n(0)]
    pub role: ActRole,
    /// The power of attorney under which the signer acts for its principal; absent if for
    /// themselves.
    #[n(1)]
    pub power: Option<RecordId>,
}

/// Withdrawal of a pending instrument by whoever lodged it or a disponor. Subject: the
/// instrument's record id.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {}

/// What a power of attorney covers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Kinds of act: sorted, no duplicates, at least one.
    #[n(0)]
    pub acts: Vec<ActKind>,
    /// Cadastral numbers, sorted, no duplicates; absent: every property of the principal.
    #[n(1)]
    pub properties: Option<Vec<String>>,
    /// The agent may not sell below it; absent: no floor.
    #[n(2)]
    pub price_floor: Option<Money>,
    /// With whom, sorted, no duplicates; absent: with anyone.
    #[n(3)]
    pub counterparties: Option<Vec<PartyId>>,
    /// Whether the agent may deal with themselves (Civil Code 163).
    #[n(4)]
    pub self_dealing: bool,
}

/// A power of attorney from its signer. Subject: the agent. (Civil Code 167–170.)
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct PowerOfAttorney {
    /// What it covers.
    #[n(0)]
    pub scope: Scope,
    /// Date of issue; a power without one is void (Civil Code 168).
    #[n(1)]
    pub issued: Option<Seconds>,
    /// From when it may be used; absent: from its issue.
    #[n(2)]
    pub starts: Option<Seconds>,
    /// Until when; absent: the profile's default term; a longer one than the profile's is cut.
    #[n(3)]
    pub expires: Option<Seconds>,
}

/// How a power or a consent ends by the will of a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// By whoever gave it.
    #[n(0)]
    Revocation,
    /// By the agent.
    #[n(1)]
    Renunciation,
}

/// Revocation or renunciation. Subject: the record id of the power or the consent. It works from
/// its place in the ledger, and carries no date of its own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Which.
    #[n(0)]
    pub ending: Ending,
}

/// A spouse's consent. Subject: the property's cadastral number. (Marriage Code 34.)
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct SpousalConsent {
    /// Whose disposition it permits.
    #[n(0)]
    pub disponor: PartyId,
    /// Which kind of act.
    #[n(1)]
    pub act: ActKind,
    /// To whom; absent: to anyone.
    #[n(2)]
    pub counterparty: Option<PartyId>,
    /// Not below this price: required for a sale, absent for a gift.
    #[n(3)]
    pub price_floor: Option<Money>,
    /// Not after this time.
    #[n(4)]
    pub expires: Seconds,
    /// The power under which the signer consents for the spouse; absent: the signer is the spouse.
    #[n(5)]
    pub power: Option<RecordId>,
}

/// Where an instrument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Lodged, with open requirements.
    #[n(0)]
    Pending,
    /// Done; for a title, the change is made.
    #[n(1)]
    Registered,
    /// Refused, with codes.
    #[n(2)]
    Refused,
    /// Withdrawn by a party.
    #[n(3)]
    Withdrawn,
    /// Its time ran out.
    #[n(4)]
    Expired,
}

/// An act that was accepted on a pending instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct ActDone {
    /// For whom: the party itself or the principal.
    #[n(0)]
    pub party: PartyId,
    /// In which capacity.
    #[n(1)]
    pub role: ActRole,
    /// Who signed.
    #[n(2)]
    pub signer: PartyId,
    /// The act's record.
    #[n(3)]
    pub record: RecordId,
    /// Under which power.
    #[n(4)]
    pub power: Option<RecordId>,
}

/// A transfer as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Instrument {
    /// The property.
    #[n(0)]
    pub property: String,
    /// Where it stands.
    #[n(1)]
    pub status: Status,
    /// Block in which it was lodged.
    #[n(2)]
    pub lodged: Height,
    /// Block time at which it last changed.
    #[n(3)]
    pub changed: BlockTime,
    /// While pending: what the parties decide on. Afterwards the log has it.
    #[n(4)]
    pub pending: Option<PendingTransfer>,
    /// If refused: the failed rules' codes, in their fixed order.
    #[n(5)]
    pub codes: Vec<String>,
}

/// What is needed to decide a pending transfer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct PendingTransfer {
    /// The text.
    #[n(0)]
    pub transfer: Transfer,
    /// Who lodged it.
    #[n(1)]
    pub lodger: PartyId,
    /// When it expires unless registered: a full hour.
    #[n(2)]
    pub expires: Seconds,
    /// Acts so far.
    #[n(3)]
    pub acts: Vec<ActDone>,
}

/// A power as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Power {
    /// Who gave it.
    #[n(0)]
    pub principal: PartyId,
    /// Who acts under it.
    #[n(1)]
    pub agent: PartyId,
    /// What it covers.
    #[n(2)]
    pub scope: Scope,
    /// From when.
    #[n(3)]
    pub starts: Seconds,
    /// Until when, after the profile's cut.
    #[n(4)]
    pub expires: Seconds,
    /// How and when it was ended, if it was.
    #[n(5)]
    pub ended: Option<Ended>,
}

/// A power's or a consent's end by the will of a party.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Ended {
    /// Revoked or renounced.
    #[n(0)]
    pub ending: Ending,
    /// By which record.
    #[n(1)]
    pub record: RecordId,
    /// At which block time.
    #[n(2)]
    pub at: BlockTime,
}

/// A consent as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Consent {
    /// The spouse who gave it.
    #[n(0)]
    pub spouse: PartyId,
    /// The property.
    #[n(1)]
    pub property: String,
    /// What was consented to.
    #[n(2)]
    pub consent: SpousalConsent,
    /// When it was revoked, if it was.
    #[n(3)]
    pub ended: Option<Ended>,
    /// The instrument that used it, once.
    #[n(4)]
    pub used_by: Option<RecordId>,
    /// Until when the spouse may contest what was done without it (Marriage Code 34): recorded.
    #[n(5)]
    pub contest_until: Seconds,
}
