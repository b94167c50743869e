//! Transparent statements (RFC 9943 §7): a record together with receipts for it, in one file.
//!
//! Lives here: the file, strictly read. Does not live here: what a receipt proves (`cose_receipt`).
//!
//! The record's own bytes, but for the unprotected header, which is `{394: [+ receipt]}` instead of
//! empty: no signature covers it. Take the receipts out again, and the log's entry is there, byte for
//! byte.

use minicbor::Decoder;
use minicbor::data::Tag;

use crate::cose::{Statement, expect, written};
use crate::encoding::DecodeError;
use crate::limits::{
    COSE_RECEIPT_BYTES_MAX, STATEMENT_RECEIPTS_MAX, TRANSPARENT_STATEMENT_BYTES_MAX,
};

/// Label of the receipts (RFC 9942).
const RECEIPTS: u16 = 394;

/// A record and receipts for it. None is verified; a receipt may be of another log, of a kind that is
/// not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransparentStatement {
    /// The record, its unprotected header empty again.
    pub statement: Statement,
    /// 1 to [`STATEMENT_RECEIPTS_MAX`] receipts, each of at most [`COSE_RECEIPT_BYTES_MAX`] bytes.
    pub receipts: Vec<Vec<u8>>,
}

impl TransparentStatement {
    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let protected = self.statement.header.encode();
        let receipts: usize = self.receipts.iter().map(|receipt| receipt.len() + 3).sum();
        let capacity = protected.len() + self.statement.payload.len() + receipts + 96;
        written(capacity, |encoder| {
            encoder.tag(Tag::new(18))?.array(4)?.bytes(&protected)?;
            encoder.map(1)?.u16(RECEIPTS)?;
            encoder.array(u64::try_from(self.receipts.len()).unwrap_or(u64::MAX))?;
            for receipt in &self.receipts {
                encoder.bytes(receipt)?;
            }
            encoder.bytes(&self.statement.payload)?;
            encoder.bytes(&self.statement.signature.0)?.ok()
        })
    }

    /// Reads a transparent statement of at most [`TRANSPARENT_STATEMENT_BYTES_MAX`] bytes and accepts
    /// only its one encoding.
    ///
    /// # Errors
    /// [`DecodeError`] if it is too long, not of this form, or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > TRANSPARENT_STATEMENT_BYTES_MAX {
            return Err(DecodeError::TooLong {
                got: bytes.len(),
                max: TRANSPARENT_STATEMENT_BYTES_MAX,
            });
        }
        let malformed = |error: minicbor::decode::Error| DecodeError::Malformed(error.to_string());
        let (record, receipts) = read(bytes).map_err(malformed)?;
        let statement = Statement::decode(&record)?;
        let transparent = Self {
            statement,
            receipts,
        };
        if transparent.encode() == bytes {
            Ok(transparent)
        } else {
            Err(DecodeError::NotCanonical)
        }
    }
}

/// The record's bytes, with the unprotected header empty, and the receipts.
fn read(bytes: &[u8]) -> Result<(Vec<u8>, Vec<Vec<u8>>), minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    expect(
        decoder.tag()? == Tag::new(18) && decoder.array()? == Some(4),
        "COSE_Sign1 with tag 18 is required",
    )?;
    let protected = decoder.bytes()?;
    expect(
        decoder.map()? == Some(1) && decoder.u16()? == RECEIPTS,
        "unprotected header: receipts (394) alone are required",
    )?;
    let count = decoder
        .array()?
        .and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| (1..=STATEMENT_RECEIPTS_MAX).contains(count));
    let count = count.ok_or(minicbor::decode::Error::message("1 to 4 receipts"))?;
    let mut receipts = Vec::with_capacity(count);
    for _ in 0..count {
        let receipt = decoder.bytes()?;
        expect(
            receipt.len() <= COSE_RECEIPT_BYTES_MAX,
            "a receipt too long",
        )?;
        receipts.push(receipt.to_vec());
    }
    let (payload, signature) = (decoder.bytes()?, decoder.bytes()?);
    expect(decoder.position() == bytes.len(), "trailing bytes")?;
    let record = written(bytes.len(), |encoder| {
        encoder
            .tag(Tag::new(18))?
            .array(4)?
            .bytes(protected)?
            .map(0)?;
        encoder.bytes(payload)?.bytes(signature)?.ok()
    });
    Ok((record, receipts))
}
