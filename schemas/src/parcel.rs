//! Parcels that split and merge (ISO 19152 `LA_SpatialUnit` in `LA_BAUnit`): the texts of subdivision
//! and consolidation.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::party::PartyId;
use crate::property::SpatialUnit;

/// A new property.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct NewUnit {
    /// Its cadastral number, never used before.
    #[n(0)]
    pub property: String,
    /// Its spatial unit.
    #[n(1)]
    pub unit: SpatialUnit,
}

/// An existing property, as the parties saw it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct OldUnit {
    /// Its cadastral number.
    #[n(0)]
    pub property: String,
    /// Its title's version.
    #[n(1)]
    pub title_version: u64,
}

/// One property becomes several, with the same holders and encumbrances. Subject: the property.
/// Lodged by a registrar; its holders act as disponors.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Subdivision {
    /// The title's version that the parties saw.
    #[n(0)]
    pub title_version: u64,
    /// Every holder of the title, sorted.
    #[n(1)]
    pub holders: Vec<PartyId>,
    /// What it becomes: at least two, sorted by number.
    #[n(2)]
    pub into: Vec<NewUnit>,
}

/// Several properties of the same holders become one. Subject: the new property. Lodged by a
/// registrar; their holders act as disponors.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Consolidation {
    /// What it is made of: at least two, sorted by number.
    #[n(0)]
    pub from: Vec<OldUnit>,
    /// Every holder of the titles, sorted.
    #[n(1)]
    pub holders: Vec<PartyId>,
    /// The new spatial unit.
    #[n(2)]
    pub unit: SpatialUnit,
}
