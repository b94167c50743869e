//! System entries of the log: what the ledger itself says about the records before them.
//!
//! An entry of the log is a record (it begins with CBOR tag 18), an outcome `[1, outcome]` or a
//! seal `[2, seal]`. Everything that ends an instrument, and every refusal, has an outcome, so that
//! it can be proved.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::Seal;
use crate::cose::STATEMENT_FIRST_BYTE;
use crate::digest::RecordId;
use crate::encoding::{DecodeError, decode, encode};
use crate::instrument::Status;
use crate::limits::ENTRY_BYTES_MAX;

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Outcome {
    /// Which record: an instrument, a power, a consent, or a refused act.
    #[n(0)]
    pub record: RecordId,
    /// What became of it; never pending.
    #[n(1)]
    pub status: Status,
    /// If refused: the codes of all failed rules, in their fixed order. Empty otherwise.
    #[n(2)]
    pub codes: Vec<String>,
    /// If a transfer was registered: the version of the title that it made.
    #[n(3)]
    pub title_version: Option<u64>,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A record's bytes.
    Record(Vec<u8>),
    /// What became of a record.
    Outcome(Outcome),
    /// The end of a block.
    Seal(Seal),
}

impl Entry {
    /// The leaf's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Record(bytes) => bytes.clone(),
            Self::Outcome(outcome) => encode(&(1u8, outcome)),
            Self::Seal(seal) => encode(&(2u8, seal)),
        }
    }

    /// Whether a leaf is a record, by its first byte.
    #[must_use]
    pub fn is_record(bytes: &[u8]) -> bool {
        bytes.first() == Some(&STATEMENT_FIRST_BYTE)
    }

    /// Reads a leaf. A record's own form is not looked at.
    ///
    /// # Errors
    /// [`DecodeError`] if it is none of the three.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if Self::is_record(bytes) {
            return Ok(Self::Record(bytes.to_vec()));
        }
        match bytes.get(1) {
            Some(1) => decode::<(u8, Outcome)>(bytes, ENTRY_BYTES_MAX).map(|e| Self::Outcome(e.1)),
            Some(2) => decode::<(u8, Seal)>(bytes, ENTRY_BYTES_MAX).map(|e| Self::Seal(e.1)),
            _ => Err(DecodeError::Malformed(
                "not an entry of this log".to_owned(),
            )),
        }
    }
}
