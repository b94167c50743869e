//! Identity attestations: an accredited provider says that this person was there for this act.
//!
//! A COSE_Sign1 of its own, embedded in the record it is made for. Its nonce is the hash of what
//! is being signed, so that it serves no second act. It states a method and levels; it carries no
//! template, image, score or personal number.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::Seconds;
use crate::digest::{ActDigest, LedgerId};

/// Media type suffix of an attestation: `application/vnd.deedbook.attestation+cbor`.
pub const ATTESTATION: &str = "attestation";

/// The payload of an attestation. Issuer: the provider. Subject: the party that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The ledger.
    #[n(0)]
    pub ledger: LedgerId,
    /// Hash of the act that was being signed.
    #[n(1)]
    pub nonce: ActDigest,
    /// What the provider did, in its accredited vocabulary.
    #[n(2)]
    pub method: String,
    /// Assurance level (eIDAS): 1 low, 2 substantial, 3 high.
    #[n(3)]
    pub assurance: u8,
    /// Liveness: 0 none, 1 passive, 2 active, 3 certified against injection.
    #[n(4)]
    pub liveness: u8,
    /// When the check was made.
    #[n(5)]
    pub time: Seconds,
}
