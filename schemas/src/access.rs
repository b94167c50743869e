//! Who may read and certify somebody's rights, and who did (rule 49; Law on Personal Data 7).

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::Seconds;
use crate::digest::RecordId;
use crate::instrument::Ended;
use crate::party::PartyId;

/// What for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To buy.
    #[n(0)]
    Purchase,
    /// To lend.
    #[n(1)]
    Credit,
    /// To certify.
    #[n(2)]
    Notarial,
    /// To judge.
    #[n(3)]
    Court,
    /// To tax.
    #[n(4)]
    Tax,
}

/// A person lets somebody read their rights. Subject: the recipient. Ended by a revocation.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct AccessConsent {
    /// What for.
    #[n(0)]
    pub purpose: Purpose,
    /// Not after this time.
    #[n(1)]
    pub expires: Seconds,
}

/// Somebody read or certified a person's rights. Subject: the person.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct AccessEntry {
    /// What for.
    #[n(0)]
    pub purpose: Purpose,
    /// The consent; absent: by law, which only an authority may.
    #[n(1)]
    pub consent: Option<RecordId>,
    /// An authority's legal ground: the article, for people.
    #[n(2)]
    pub legal_ground: Option<String>,
}

/// An access consent as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Access {
    /// Who gave it.
    #[n(0)]
    pub person: PartyId,
    /// To whom.
    #[n(1)]
    pub recipient: PartyId,
    /// What.
    #[n(2)]
    pub consent: AccessConsent,
    /// When it was revoked, if it was.
    #[n(3)]
    pub ended: Option<Ended>,
}
