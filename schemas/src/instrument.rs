//! Instruments (ISO 19152 `LA_AdministrativeSource`): transfers, powers of attorney, spousal
//! consents, the acts of the parties to them, and how the register holds what is pending.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::{BlockTime, Height, Seconds};
use crate::digest::RecordId;
use crate::encumbrance::{Assignment, Lease, Mortgage, MortgageTerms, Postponement, Servitude};
use crate::fraction::{Fraction, Money};
use crate::parcel::{Consolidation, Subdivision};
use crate::party::PartyId;
use crate::settlement::{DutyKind, Settlement};

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
    /// Exchange for another property.
    #[n(6)]
    Exchange,
    /// Grant a servitude.
    #[n(7)]
    Servitude,
    /// Let.
    #[n(8)]
    Lease,
    /// Subdivide or consolidate.
    #[n(9)]
    Reparcel,
    /// Give up or pass on what one holds in another's property: discharge, assign, postpone, waive.
    #[n(10)]
    Release,
    /// Turn joint ownership into shares.
    #[n(11)]
    Sever,
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
    /// For another property: see [`Transfer::counter`].
    #[n(2)]
    Exchange,
    /// By inheritance: the ground is a succession certificate. The disponor is dead.
    #[n(3)]
    Inheritance,
    /// By order of a court: the ground is the order. The disponor does not act.
    #[n(4)]
    CourtSale,
    /// From joint ownership to shares: the acquirers are the joint owners.
    #[n(5)]
    Severance,
}

impl TransferKind {
    /// The kind of act that disposing in this way is; `None` if nobody disposes by their own will.
    #[must_use]
    pub fn disposition(self) -> Option<ActKind> {
        match self {
            Self::Sale => Some(ActKind::Sell),
            Self::Gift => Some(ActKind::Give),
            Self::Exchange => Some(ActKind::Exchange),
            Self::Severance => Some(ActKind::Sever),
            Self::Inheritance | Self::CourtSale => None,
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
    /// The price: required for a sale and a court sale; of an exchange, what is paid on top;
    /// absent otherwise.
    #[n(4)]
    pub price: Option<Money>,
    /// Other terms, for people. Create no rights.
    #[n(5)]
    pub terms: Option<String>,
    /// Of an exchange: the other property, which passes the other way.
    #[n(6)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterLeg>,
    /// Of an inheritance the succession certificate, of a court sale the order.
    #[n(7)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<RecordId>,
    /// Mortgages that are discharged by its registration, sorted; absent: none is asked for.
    #[n(8)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discharges: Option<Vec<RecordId>>,
    /// The mortgage with which the acquirers pay, registered in the same step.
    #[n(9)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mortgage: Option<MortgageTerms>,
    /// How the price is settled through an escrow agent; absent: outside the ledger.
    #[n(10)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Settlement>,
}

impl Transfer {
    /// A transfer of one property, without a ground, a mortgage or a settlement.
    #[must_use]
    pub fn new(
        kind: TransferKind,
        title_version: u64,
        disponors: Vec<PartyShare>,
        acquirers: Vec<PartyShare>,
        price: Option<Money>,
    ) -> Self {
        Self {
            kind,
            title_version,
            disponors,
            acquirers,
            price,
            terms: None,
            counter: None,
            ground: None,
            discharges: None,
            mortgage: None,
            settlement: None,
        }
    }
}

/// The other property of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct CounterLeg {
    /// Its cadastral number.
    #[n(0)]
    pub property: String,
    /// Its title's version that the parties saw.
    #[n(1)]
    pub title_version: u64,
    /// Who gives it, and how much; no party twice.
    #[n(2)]
    pub disponors: Vec<PartyShare>,
    /// Who receives it, and how much; no party twice.
    #[n(3)]
    pub acquirers: Vec<PartyShare>,
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
    /// Lends the price of a transfer against its [`Transfer::mortgage`].
    #[n(2)]
    Mortgagee,
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
    /// Whom the signer represents by office: the legal entity whose officer, or the ward whose
    /// guardian they are; absent if nobody. Not together with a power.
    #[n(2)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represents: Option<PartyId>,
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
    /// How many times it may be passed on (Civil Code 169); absent: not at all. At least 1.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substitutions: Option<u8>,
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
    /// Of a sub-power: the power that its signer, an agent, passes on (Civil Code 169).
    #[n(4)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RecordId>,
    /// Of a power by a legal entity: the entity, whose officer signs alone.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represents: Option<PartyId>,
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

/// What parties sign and the register registers, once all of its requirements are met.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Text {
    /// The property passes.
    #[n(0)]
    Transfer(#[n(0)] Box<Transfer>),
    /// A mortgage is granted.
    #[n(1)]
    Mortgage(#[n(0)] Mortgage),
    /// A servitude is granted.
    #[n(2)]
    Servitude(#[n(0)] Servitude),
    /// The property is let.
    #[n(3)]
    Lease(#[n(0)] Lease),
    /// A mortgage passes to another mortgagee.
    #[n(4)]
    Assignment(#[n(0)] Assignment),
    /// A mortgage steps behind others.
    #[n(5)]
    Postponement(#[n(0)] Postponement),
    /// One property becomes several.
    #[n(6)]
    Subdivision(#[n(0)] Subdivision),
    /// Several properties become one.
    #[n(7)]
    Consolidation(#[n(0)] Consolidation),
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
    /// Whether the signer represents the party by office: its officer or its guardian.
    #[n(5)]
    pub by_office: bool,
    /// The party's turn in which it was done: see [`Party::turn`](crate::party::Party::turn).
    #[n(6)]
    pub party_turn: u32,
    /// The signer's.
    #[n(7)]
    pub signer_turn: u32,
}

/// An instrument as the register holds it.
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
    pub pending: Option<Pending>,
    /// If refused: the failed rules' codes, in their fixed order.
    #[n(5)]
    pub codes: Vec<String>,
}

/// What is needed to decide a pending instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Pending {
    /// The text.
    #[n(0)]
    pub text: Text,
    /// Who lodged it.
    #[n(1)]
    pub lodger: PartyId,
    /// When it expires unless registered: a full hour.
    #[n(2)]
    pub expires: Seconds,
    /// Acts so far.
    #[n(3)]
    pub acts: Vec<ActDone>,
    /// Which profile judges it: the one in force when it was lodged (0 is the genesis').
    #[n(4)]
    pub profile: u32,
    /// What others than the parties brought to it, in the order of their records.
    #[n(5)]
    pub supplements: Vec<Supplement>,
}

/// A record by which somebody else than the parties speaks about a pending instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Supplement {
    /// The record.
    #[n(0)]
    pub record: RecordId,
    /// What it brought.
    #[n(1)]
    pub matter: Matter,
}

/// What a supplement brings.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(tag = "matter", rename_all = "snake_case")]
pub enum Matter {
    /// A mortgagee lets the property pass with its mortgage on it (Civil Code 315).
    #[n(0)]
    MortgageeConsent {
        /// The mortgage.
        #[n(0)]
        mortgage: RecordId,
        /// Who consented.
        #[n(1)]
        mortgagee: PartyId,
    },
    /// The holder of an encumbrance gives it up with the registration of the instrument.
    #[n(1)]
    Discharge {
        /// The encumbrance.
        #[n(0)]
        encumbrance: RecordId,
        /// Who gave it up.
        #[n(1)]
        holder: PartyId,
        /// On which property: what was on one that was divided may be on others too.
        #[n(2)]
        property: String,
    },
    /// The guardianship authority permits what is done for a ward (Civil Code 24, 159).
    #[n(2)]
    GuardianPermission {
        /// For whom.
        #[n(0)]
        ward: PartyId,
        /// Not after this time.
        #[n(1)]
        expires: Seconds,
    },
    /// A notary certified it.
    #[n(3)]
    Notarisation {
        /// Who.
        #[n(0)]
        notary: PartyId,
    },
    /// The escrow agent holds the whole sum.
    #[n(4)]
    Funding {
        /// Who.
        #[n(0)]
        agent: PartyId,
    },
    /// A duty is paid or exempt.
    #[n(5)]
    Duty {
        /// Which.
        #[n(0)]
        duty: DutyKind,
    },
    /// The registrar asks for something.
    #[n(6)]
    Requisition {
        /// Unanswered at this time, the instrument is refused.
        #[n(0)]
        due: Seconds,
        /// The answer, if there is one.
        #[n(1)]
        answer: Option<RecordId>,
    },
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
    /// Of a sub-power: the power it is part of.
    #[n(6)]
    pub parent: Option<RecordId>,
    /// Of a sub-power: the notary's record that made it effective, if there is one yet.
    #[n(7)]
    pub notarised: Option<RecordId>,
    /// The principal's turn in which it was given: see [`Party::turn`](crate::party::Party::turn).
    #[n(8)]
    pub principal_turn: u32,
    /// The agent's.
    #[n(9)]
    pub agent_turn: u32,
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
    /// The spouse's turn in which it was given: see [`Party::turn`](crate::party::Party::turn).
    #[n(6)]
    pub spouse_turn: u32,
}
