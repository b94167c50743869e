//! What validators say to each other outside consensus, and its one encoding.
//!
//! Lives here: the messages, their strict bounded decoding, their encoding. Does not live here:
//! who may speak (`gossip`), what a record or a cosignature is worth (admission, `cosign`).
//!
//! On the wire: `[nonce, [kind, [fields …]]]` in deterministic CBOR. The nonce makes a repeated
//! message a new one; without it gossipsub would take the rebroadcast of a pending bundle, or the
//! next second's tip at an unchanged height, for a duplicate and send it to nobody.

use std::sync::Arc;

use deedbook_schemas::block::Height;
use deedbook_schemas::encoding::{DecodeError, decode, encode};
use deedbook_schemas::limits::{
    BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX, GOSSIP_BUNDLES_MAX, GOSSIP_MESSAGE_BYTES_MAX,
    KEY_NAME_CHARS_MAX, RECORD_BYTES_MAX,
};
use minicbor::{CborLen, Decode, Encode};

use crate::cosign::CosignatureMessage;
use crate::log_signer::LogSigningMessage;

/// One encoded record (COSE_Sign1), shared with the mempool without copying.
pub type RecordBytes = Arc<[u8]>;

/// A message between validators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GossipMessage {
    /// Atomic bundles that wait for a block, each one or more encoded records.
    Bundles(Vec<Vec<RecordBytes>>),
    /// The sender's last decided height, 0 before the first. Sent every second and on every
    /// change, never relayed.
    Tip {
        /// The height.
        height: Height,
    },
    /// A validator's cosignature of a checkpoint.
    Cosignature(CosignatureMessage),
    /// A validator's word about a signature by the log's key.
    LogSigning(Box<LogSigningMessage>),
}

/// Why bytes are not a message. They are dropped and counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not the deterministic encoding of a known message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// No bundle, or too many.
    #[error("{0} bundles in a message; between 1 and {GOSSIP_BUNDLES_MAX} are allowed")]
    Bundles(usize),
    /// No record, or too many.
    #[error("{0} records in a bundle; between 1 and {BUNDLE_RECORDS_MAX} are allowed")]
    Records(usize),
    /// A record that is empty or too long.
    #[error("a record of {0} bytes; between 1 and {RECORD_BYTES_MAX} are allowed")]
    RecordBytes(usize),
    /// A bundle that is too long.
    #[error("a bundle of {0} bytes; at most {BUNDLE_BYTES_MAX} are allowed")]
    BundleBytes(usize),
    /// A message about a log signature with a name or a list that is too long.
    #[error("a message about a log signature with a name or a list beyond its limit")]
    LogSigning,
    /// A cosignature under a name longer than any validator's.
    #[error("a name of {0} bytes; between 1 and {KEY_NAME_CHARS_MAX} characters are allowed")]
    Name(usize),
}

impl GossipMessage {
    /// The message's bytes under `nonce`, which the sender never uses twice.
    #[must_use]
    pub fn encode(&self, nonce: u64) -> Vec<u8> {
        let body = match self {
            Self::Bundles(bundles) => {
                let wire = |bundle: &Vec<RecordBytes>| bundle.iter().cloned().map(Record).collect();
                Body::Bundles(bundles.iter().map(wire).collect())
            }
            Self::Tip { height } => Body::Tip(*height),
            Self::Cosignature(cosignature) => Body::Cosignature(cosignature.clone()),
            Self::LogSigning(message) => Body::LogSigning(LogSigningMessage::clone(message)),
        };
        encode(&Envelope { nonce, body })
    }

    /// Reads a message and checks every bound.
    ///
    /// # Errors
    /// [`MessageError`] names what is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        match decode::<Envelope>(bytes, GOSSIP_MESSAGE_BYTES_MAX)?.body {
            Body::Bundles(wire) => bundles_within_limits(wire).map(Self::Bundles),
            Body::Tip(height) => Ok(Self::Tip { height }),
            Body::Cosignature(cosignature) => {
                let name = &cosignature.name;
                if name.is_empty() || name.chars().count() > KEY_NAME_CHARS_MAX {
                    return Err(MessageError::Name(name.len()));
                }
                Ok(Self::Cosignature(cosignature))
            }
            Body::LogSigning(message) if message.is_within_limits() => {
                Ok(Self::LogSigning(Box::new(message)))
            }
            Body::LogSigning(_) => Err(MessageError::LogSigning),
        }
    }
}

fn bundles_within_limits(wire: Vec<Vec<Record>>) -> Result<Vec<Vec<RecordBytes>>, MessageError> {
    if wire.is_empty() || wire.len() > GOSSIP_BUNDLES_MAX {
        return Err(MessageError::Bundles(wire.len()));
    }
    wire.into_iter()
        .map(|bundle| {
            let records: Vec<RecordBytes> = bundle.into_iter().map(|record| record.0).collect();
            check_bundle(&records).map(|()| records)
        })
        .collect()
}

/// Checks that a bundle may travel.
///
/// # Errors
/// [`MessageError`] if it has no record, too many, or one that is empty or too long.
pub(super) fn check_bundle(records: &[RecordBytes]) -> Result<(), MessageError> {
    if records.is_empty() || records.len() > BUNDLE_RECORDS_MAX {
        return Err(MessageError::Records(records.len()));
    }
    let wrong = |record: &&RecordBytes| record.is_empty() || record.len() > RECORD_BYTES_MAX;
    if let Some(record) = records.iter().find(wrong) {
        return Err(MessageError::RecordBytes(record.len()));
    }
    let bytes = records.iter().map(|record| record.len()).sum();
    if bytes > BUNDLE_BYTES_MAX {
        Err(MessageError::BundleBytes(bytes))
    } else {
        Ok(())
    }
}

/// Bytes that a bundle takes inside a message: its records, and at most 5 bytes before each and
/// before the bundle.
#[must_use]
pub(super) fn encoded_bundle_bytes(records: &[RecordBytes]) -> usize {
    let head = |len: usize| minicbor::len(len as u64);
    head(records.len())
        + records
            .iter()
            .map(|record| head(record.len()) + record.len())
            .sum::<usize>()
}

#[derive(Encode, Decode, CborLen)]
struct Envelope {
    #[n(0)]
    nonce: u64,
    #[n(1)]
    body: Body,
}

#[derive(Encode, Decode, CborLen)]
enum Body {
    #[n(0)]
    Bundles(#[n(0)] Vec<Vec<Record>>),
    #[n(1)]
    Tip(#[n(0)] Height),
    #[n(2)]
    Cosignature(#[n(0)] CosignatureMessage),
    #[n(3)]
    LogSigning(#[n(0)] LogSigningMessage),
}

struct Record(RecordBytes);

impl<C> Encode<C> for Record {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Record {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        decoder.bytes().map(|bytes| Self(bytes.into()))
    }
}

impl<C> CborLen<C> for Record {
    fn cbor_len(&self, _: &mut C) -> usize {
        minicbor::len(self.0.len() as u64) + self.0.len()
    }
}

#[cfg(test)]
mod tests;
