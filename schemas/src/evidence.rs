//! Evidence manifests: what a record says about the video of its act.
//!
//! The file stays with its custodian; the ledger holds its BLAKE3 root, its length and what was
//! said when. No frame, no template, no score is ever part of a record.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::Seconds;
use crate::digest::EvidenceRoot;

/// What a recording must cover.
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
pub enum Topic {
    /// Who speaks.
    #[n(0)]
    Identity,
    /// That nobody forces them.
    #[n(1)]
    FreeWill,
    /// What the act is about.
    #[n(2)]
    Object,
    /// At what price.
    #[n(3)]
    Price,
    /// On which date.
    #[n(4)]
    Date,
}

/// A statement made in the recording.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// About what.
    #[n(0)]
    pub topic: Topic,
    /// Milliseconds from the start of the recording.
    #[n(1)]
    pub offset_ms: u64,
}

/// One recording of one act.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct EvidenceManifest {
    /// BLAKE3 root of the file.
    #[n(0)]
    pub root: EvidenceRoot,
    /// Its length in bytes, at least 1.
    #[n(1)]
    pub bytes: u64,
    /// Its media type (RFC 6838), `video/…`.
    #[n(2)]
    pub media_type: String,
    /// When the recording began.
    #[n(3)]
    pub started: Seconds,
    /// How long it is, in milliseconds. The moment of signing lies within it.
    #[n(4)]
    pub duration_ms: u64,
    /// What was said: topics in ascending order, each once.
    #[n(5)]
    pub statements: Vec<Statement>,
    /// Years the custodian keeps it.
    #[n(6)]
    pub retention_years: u8,
}
