//! What our receipts carry in their `extra` line: the entry that is proved and, if the entry is an
//! outcome, the record it is about.
//!
//! Does not live here: whether the entry is in the log (`receipt`), what a client makes of it.
//!
//! `[entry, ? record]`, byte strings in deterministic CBOR. An outcome names its record by an id,
//! which is a hash, so the pair proves what became of which text.

use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};

use crate::encoding::{DecodeError, decode, encode};
use crate::limits::ENTRY_BYTES_MAX;

/// What a receipt carries. Unproved.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct Carried {
    /// The entry's bytes.
    #[n(0)]
    entry: ByteVec,
    /// The record's bytes, if the entry is an outcome.
    #[n(1)]
    record: Option<ByteVec>,
}

impl Carried {
    /// Carries an entry, and of an outcome the record it is about.
    #[must_use]
    pub fn new(entry: Vec<u8>, record: Option<Vec<u8>>) -> Self {
        Self {
            entry: entry.into(),
            record: record.map(Into::into),
        }
    }

    /// The entry's bytes.
    #[must_use]
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// The record's bytes.
    #[must_use]
    pub fn record(&self) -> Option<&[u8]> {
        self.record.as_deref().map(Vec::as_slice)
    }

    /// The bytes of the `extra` line. An outcome of at most 4 KiB and a record of 48 KiB stay
    /// below [`ENTRY_BYTES_MAX`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an `extra` line of at most [`ENTRY_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`DecodeError`] if it is not the one encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, ENTRY_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_record_takes_no_byte() {
        assert_eq!(Carried::new(vec![7], None).encode(), [0x81, 0x41, 7]);
        let both = Carried::new(vec![7], Some(vec![8, 9]));
        assert_eq!(both.encode(), [0x82, 0x41, 7, 0x42, 8, 9]);
        assert_eq!(Carried::decode(&both.encode()), Ok(both));
    }

    #[test]
    fn a_spelled_out_absence_is_refused() {
        assert_eq!(
            Carried::decode(&[0x82, 0x41, 7, 0xf6]),
            Err(DecodeError::NotCanonical)
        );
    }
}
