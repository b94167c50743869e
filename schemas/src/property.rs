//! Properties and titles (ISO 19152 `LA_BAUnit`, `LA_SpatialUnit`, `LA_Right`).

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::{BlockTime, Seconds};
use crate::digest::RecordId;
use crate::encumbrance::Encumbrance;
use crate::fraction::Fraction;
use crate::party::PartyId;

/// What the property is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum LandUse {
    /// A flat.
    #[n(0)]
    Flat,
    /// A house with its plot.
    #[n(1)]
    House,
    /// A plot of land.
    #[n(2)]
    Land,
    /// Anything that is not lived in.
    #[n(3)]
    NonResidential,
}

/// The spatial unit a title stands on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct SpatialUnit {
    /// Use.
    #[n(0)]
    pub land_use: LandUse,
    /// Area in dm²; 0 if the source does not know it.
    #[n(1)]
    pub area_dm2: u64,
    /// Postal address, for people. Creates no rights.
    #[n(2)]
    pub address: String,
}

/// Why somebody holds: the legal ground of an acquisition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Bought, built or otherwise acquired for value: joint if in marriage (Marriage Code 33).
    #[n(0)]
    Purchase,
    /// A gift: personal, even in marriage (Marriage Code 35).
    #[n(1)]
    Gift,
    /// An inheritance: personal, even in marriage (Marriage Code 35).
    #[n(2)]
    Inheritance,
    /// A share that joint owners agreed on: each one's own.
    #[n(3)]
    Severance,
}

/// A holding: one acquisition by one party. A party who acquired twice has two.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// Who holds.
    #[n(0)]
    pub party: PartyId,
    /// How much.
    #[n(1)]
    pub share: Fraction,
    /// Since when: the status at this time decides whether it is joint.
    #[n(2)]
    pub acquired: Seconds,
    /// On what ground.
    #[n(3)]
    pub ground: Ground,
}

/// First registration of a property by the registrar. Subject: its cadastral number.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct FirstRegistration {
    /// The spatial unit.
    #[n(0)]
    pub unit: SpatialUnit,
    /// The holders; shares sum to exactly one.
    #[n(1)]
    pub holdings: Vec<Holding>,
}

/// A title as the register holds it: everything about one property in one object, so that one
/// proof shows the complete title.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Title {
    /// 1 at first registration, one more with every change by an instrument or a correction. Warnings,
    /// freezes, locks, notices and their ends do not count: they change no right of the holders.
    #[n(0)]
    pub version: u64,
    /// The spatial unit.
    #[n(1)]
    pub unit: SpatialUnit,
    /// The holders; shares sum to exactly one. In the order of acquisition.
    #[n(2)]
    pub holdings: Vec<Holding>,
    /// The record that made this version.
    #[n(3)]
    pub source: RecordId,
    /// Block time at which this version began (`begin_lifespan_version`).
    #[n(4)]
    pub begin_lifespan_version: BlockTime,
    /// The pending instrument that holds the priority slot, if any.
    #[n(5)]
    pub slot: Option<RecordId>,
    /// Spousal consents in force for this property, in the order of their registration.
    #[n(6)]
    pub consents: Vec<RecordId>,
    /// What others hold in it and what limits its holders, in the order of registration.
    #[n(7)]
    pub encumbrances: Vec<Encumbrance>,
    /// The properties it was made of by subdivision or consolidation.
    #[n(8)]
    pub parents: Vec<String>,
    /// Whether it has become others, and is a title no more.
    #[n(9)]
    pub cancelled: bool,
}

impl Title {
    /// What `party` holds in all; `None` if nothing.
    #[must_use]
    pub fn share_of(&self, party: &PartyId) -> Option<Fraction> {
        Fraction::sum(
            self.holdings
                .iter()
                .filter(|h| h.party == *party)
                .map(|h| h.share),
        )
    }
}
