//! Settlement: the money of a transfer, held by an escrow agent until the deed is registered, and the
//! duties that are due before.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::digest::{Commitment, RecordId};
use crate::fraction::Money;
use crate::party::PartyId;

/// Where money comes from.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Who pays.
    #[n(0)]
    pub payer: PartyId,
    /// How much, above zero.
    #[n(1)]
    pub amount: Money,
}

/// Where money goes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Who is paid.
    #[n(0)]
    pub payee: PartyId,
    /// Salted commitment to the account, bound by every signature of the deed.
    #[n(1)]
    pub account: Commitment,
    /// How much, above zero.
    #[n(2)]
    pub amount: Money,
}

/// How the price is settled: sources equal destinations equal the price.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// The escrow agent.
    #[n(0)]
    pub agent: PartyId,
    /// Who pays.
    #[n(1)]
    pub sources: Vec<Source>,
    /// Who is paid on registration.
    #[n(2)]
    pub destinations: Vec<Destination>,
}

/// The escrow agent holds the whole sum. Subject: the instrument. Its id names the escrow.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct EscrowFunding {
    /// How much: the price.
    #[n(0)]
    pub amount: Money,
}

/// The escrow agent has paid the destinations, as the registration ordered. Subject: the funding.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct EscrowRelease {
    /// How much in all: what was funded.
    #[n(0)]
    pub amount: Money,
}

/// The escrow agent has paid the sources back, because the instrument ended otherwise. Subject: the
/// funding.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct EscrowRefund {
    /// How much in all: what was funded.
    #[n(0)]
    pub amount: Money,
}

/// Where an escrow stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum EscrowState {
    /// The instrument is pending.
    #[n(0)]
    Funded,
    /// The instrument is registered: to be paid out.
    #[n(1)]
    ReleaseOrdered,
    /// Paid out.
    #[n(2)]
    Released,
    /// The instrument ended otherwise: to be paid back.
    #[n(3)]
    RefundOrdered,
    /// Paid back.
    #[n(4)]
    Refunded,
}

/// An escrow as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Escrow {
    /// For which instrument.
    #[n(0)]
    pub instrument: RecordId,
    /// Who holds the money.
    #[n(1)]
    pub agent: PartyId,
    /// How much.
    #[n(2)]
    pub amount: Money,
    /// Where it stands.
    #[n(3)]
    pub state: EscrowState,
    /// The record of the release or the refund.
    #[n(4)]
    pub settled: Option<RecordId>,
}

/// What is due before registration.
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
pub enum DutyKind {
    /// Tax on the transfer.
    #[n(0)]
    TransferTax,
    /// Fee for the registration.
    #[n(1)]
    RegistrationFee,
}

/// A duty of an instrument is paid or exempt. Subject: the instrument. Signed by the tax authority.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    /// Which. In JSON `duty_kind`: `kind` is the record's.
    #[n(0)]
    #[serde(rename = "duty_kind")]
    pub kind: DutyKind,
    /// How much was paid; absent: exempt.
    #[n(1)]
    pub paid: Option<Money>,
    /// If exempt: by which article of law, for people.
    #[n(2)]
    pub exemption: Option<String>,
}
