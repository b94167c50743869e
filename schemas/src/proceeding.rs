//! Proceedings: what registrars, notaries and courts do about instruments and titles: requisitions,
//! notarisations, permissions, succession certificates, orders, corrections, appeals, legal holds.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::Seconds;
use crate::digest::{Commitment, RecordId};
use crate::fraction::Money;
use crate::instrument::PartyShare;
use crate::party::PartyId;
use crate::property::{Holding, SpatialUnit};

/// The registrar asks for something before it registers. Subject: the instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Requisition {
    /// What for, in plain words.
    #[n(0)]
    pub request: String,
}

/// A party or the lodger answers a requisition, which stops its clock. Subject: the instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct RequisitionAnswer {
    /// The requisition.
    #[n(0)]
    pub requisition: RecordId,
    /// Salted commitment to the document handed to the registrar.
    #[n(1)]
    pub document: Commitment,
}

/// A registrar accepts the answer, or refuses the instrument for it. Subject: the instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct RequisitionDecision {
    /// The requisition.
    #[n(0)]
    pub requisition: RecordId,
    /// Cured; otherwise the instrument is refused.
    #[n(1)]
    pub cured: bool,
}

/// A notary certifies a pending instrument or a sub-power. Subject: its record id.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Notarisation {}

/// The guardianship authority permits what is done for a ward (Civil Code 24, 159). Subject: the
/// instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct GuardianPermission {
    /// For whom.
    #[n(0)]
    pub ward: PartyId,
    /// Not after this time.
    #[n(1)]
    pub expires: Seconds,
}

/// A notary certifies who inherits what the dead party held in one property (Civil Code 1072). Subject:
/// the deceased.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct SuccessionCertificate {
    /// The property.
    #[n(0)]
    pub property: String,
    /// The heirs and what they receive, sorted by party; sums to what the deceased held.
    #[n(1)]
    pub heirs: Vec<PartyShare>,
}

/// What a court orders.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// The register is to be corrected.
    #[n(0)]
    #[serde(deserialize_with = "nothing_more")]
    Correct,
    /// What the debtor holds is to be sold, to this acquirer at this price (Civil Code 319).
    #[n(1)]
    Sell {
        /// Whose.
        #[n(0)]
        debtor: PartyId,
        /// To whom.
        #[n(1)]
        acquirer: PartyId,
        /// At which price.
        #[n(2)]
        price: Money,
        /// Mortgages that the sale clears, sorted.
        #[n(3)]
        discharges: Vec<RecordId>,
    },
}

/// Reads an object without fields. serde would take any field beside the tag of a unit variant, and a
/// misspelt sale would be signed as a correction.
fn nothing_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    Nothing::deserialize(deserializer).map(|Nothing {}| ())
}

/// An order of a court about one title. Subject: the property.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct CourtOrder {
    /// What.
    #[n(0)]
    pub order: Order,
    /// When it becomes final.
    #[n(1)]
    pub final_from: Seconds,
    /// Number of the case, for people.
    #[n(2)]
    pub case: String,
}

/// What a correction puts right.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(tag = "correction", rename_all = "snake_case", deny_unknown_fields)]
pub enum Amendment {
    /// The spatial unit: a slip, or by order.
    #[n(0)]
    Unit(#[n(0)] AmendedUnit),
    /// The holders; only by order. Shares sum to exactly one.
    #[n(1)]
    Holdings {
        /// As they are to stand.
        #[n(0)]
        holdings: Vec<Holding>,
    },
    /// An encumbrance goes; only by order.
    #[n(2)]
    Strike {
        /// Which.
        #[n(0)]
        encumbrance: RecordId,
    },
}

/// A spatial unit put right.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmendedUnit {
    /// As it is to stand.
    #[n(0)]
    pub unit: SpatialUnit,
}

/// A registrar corrects a title, citing a court's order; a slip waits for a second registrar's
/// approval. Subject: the property.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The title's version that is corrected.
    #[n(0)]
    pub title_version: u64,
    /// What.
    #[n(1)]
    pub amendment: Amendment,
    /// The court's order; absent: a slip.
    #[n(2)]
    pub order: Option<RecordId>,
}

/// A second registrar approves the correction of a slip. Subject: the correction.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct CorrectionApproval {}

/// A party appeals against the refusal, registration or other end of an instrument. Subject: the
/// instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// The court.
    #[n(0)]
    pub court: PartyId,
    /// The instrument's record, byte for byte as it stands on the ledger, so that its parties can be
    /// read without keeping them in the state.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    #[serde(with = "crate::encoding::hex_bytes")]
    pub record: Vec<u8>,
}

/// The court decides an appeal. It changes no title: a correction citing an order does. Subject: the
/// appeal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct AppealDecision {
    /// Whether the appellant is right.
    #[n(0)]
    pub allowed: bool,
}

/// A court's hold on a recording: it must not be deleted. Subject: the recording's root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct LegalHold {
    /// Whether it holds from here on, or is lifted.
    #[n(0)]
    pub held: bool,
}

/// An identity provider deletes a recording whose retention has ended. Subject: its root.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct EvidenceDeletion {
    /// The record whose act was recorded: the bytes as they stand on the ledger, so that its
    /// manifest can be read without keeping it in the state.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    #[serde(with = "crate::encoding::hex_bytes")]
    pub record: Vec<u8>,
}

/// A succession certificate as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Succession {
    /// Who died.
    #[n(0)]
    pub deceased: PartyId,
    /// What it certifies.
    #[n(1)]
    pub certificate: SuccessionCertificate,
    /// The instrument that used it, once.
    #[n(2)]
    pub used_by: Option<RecordId>,
}

/// An order as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct OrderState {
    /// Whose.
    #[n(0)]
    pub court: PartyId,
    /// About which property.
    #[n(1)]
    pub property: String,
    /// What.
    #[n(2)]
    pub order: CourtOrder,
    /// The record that carried it out, once.
    #[n(3)]
    pub used_by: Option<RecordId>,
}

/// The correction of a slip that waits for the second registrar.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct PendingCorrection {
    /// The first registrar.
    #[n(0)]
    pub registrar: PartyId,
    /// The property.
    #[n(1)]
    pub property: String,
    /// What.
    #[n(2)]
    pub correction: Correction,
    /// Who approved it, if somebody did.
    #[n(3)]
    pub approved_by: Option<RecordId>,
}

/// The appeal against one instrument's end, as the register holds it: the latest.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct AppealState {
    /// Against which instrument.
    #[n(0)]
    pub instrument: RecordId,
    /// Who appeals.
    #[n(1)]
    pub appellant: PartyId,
    /// To which court.
    #[n(2)]
    pub court: PartyId,
    /// The decision, if there is one, and whether it allowed the appeal.
    #[n(3)]
    pub decision: Option<AppealEnd>,
}

/// How an appeal ended.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct AppealEnd {
    /// The decision's record.
    #[n(0)]
    pub record: RecordId,
    /// Whether the appellant was right.
    #[n(1)]
    pub allowed: bool,
}
