//! Blocks: what the validators agree on, and the certificate that says they did.
//!
//! The value that consensus decides is the [`BlockId`], BLAKE3 of the header. The header carries
//! the roots *after* the block, so a deed is provable the moment its block is decided.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::digest::{BlockId, LedgerId, StateRoot, TreeHash, ValidatorSetId, derive};
use crate::encoding::{DecodeError, decode, encode};
use crate::keys::{PublicKey, Signature};
use crate::limits::{BLOCK_BYTES_MAX, BLOCK_RECORDS_MAX, RECORD_BYTES_MAX};
use crate::validators::{ValidatorAddress, ValidatorSet};

/// A block's place in the chain. The first block has height 1; 0 is the genesis.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    CborLen,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Height(#[n(0)] pub u64);

impl Height {
    /// The height after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl std::fmt::Display for Height {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Seconds since 1970-01-01T00:00:00Z. The law's time; a block's is its milliseconds rounded down.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    CborLen,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Seconds(#[n(0)] pub u64);

/// Milliseconds since 1970-01-01T00:00:00Z. A block's time: strictly increasing, several a second.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    CborLen,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct BlockTime(#[n(0)] pub u64);

impl BlockTime {
    /// The law's time of this block.
    #[must_use]
    pub fn seconds(self) -> Seconds {
        Seconds(self.0 / 1000)
    }
}

/// What consensus decides, through its hash.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Header {
    /// The ledger this block belongs to.
    #[n(0)]
    pub ledger: LedgerId,
    /// Its place.
    #[n(1)]
    pub height: Height,
    /// The proposer's time, later than the previous block's.
    #[n(2)]
    pub time: BlockTime,
    /// Who built it.
    #[n(3)]
    pub proposer: ValidatorAddress,
    /// The previous block; the genesis' is the ledger id's bytes.
    #[n(4)]
    pub previous: BlockId,
    /// Leaves of the log after this block.
    #[n(5)]
    pub tree_size: u64,
    /// Root of the log after this block.
    #[n(6)]
    pub tree_root: TreeHash,
    /// Root of the state after this block.
    #[n(7)]
    pub state_root: StateRoot,
    /// The validators of the next height.
    #[n(8)]
    pub next_validators: ValidatorSetId,
}

impl Header {
    /// The value that consensus decides.
    #[must_use]
    pub fn id(&self) -> BlockId {
        BlockId(derive("deedbook 2026 block header", &[&encode(self)]))
    }
}

/// A header and the records it orders. What follows from them (outcomes, the seal, the roots)
/// every validator computes for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// Encoded records (COSE_Sign1), in order; empty for an empty block.
    pub records: Vec<Vec<u8>>,
}

/// Why bytes are not a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Not the deterministic encoding of a block.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A record longer than [`RECORD_BYTES_MAX`].
    #[error("a record of a block has at most {RECORD_BYTES_MAX} bytes")]
    Records,
}

impl Block {
    /// `[header, [record, …]]` in deterministic CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(&(&self.header, RecordsRef(&self.records)))
    }

    /// Reads a block of at most [`BLOCK_BYTES_MAX`] bytes. Says nothing about its lawfulness.
    ///
    /// # Errors
    /// [`BlockError`] if it is not one, or exceeds a limit.
    pub fn decode(bytes: &[u8]) -> Result<Self, BlockError> {
        let (header, Records(records)) = decode::<(Header, Records)>(bytes, BLOCK_BYTES_MAX)?;
        if records
            .iter()
            .all(|record| record.len() <= RECORD_BYTES_MAX)
        {
            Ok(Self { header, records })
        } else {
            Err(BlockError::Records)
        }
    }
}

/// Byte strings in an array, borrowed for writing.
struct RecordsRef<'a>(&'a [Vec<u8>]);
/// Byte strings in an array, owned after reading.
struct Records(Vec<Vec<u8>>);

fn encode_records<W: minicbor::encode::Write>(
    records: &[Vec<u8>],
    encoder: &mut minicbor::Encoder<W>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    encoder.array(records.len() as u64)?;
    for record in records {
        encoder.bytes(record)?;
    }
    Ok(())
}

fn records_len(records: &[Vec<u8>]) -> usize {
    let head = |len: usize| minicbor::len(len as u64);
    head(records.len())
        + records
            .iter()
            .map(|record| head(record.len()) + record.len())
            .sum::<usize>()
}

impl Encode<()> for RecordsRef<'_> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        (): &mut (),
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encode_records(self.0, encoder)
    }
}

impl CborLen<()> for RecordsRef<'_> {
    fn cbor_len(&self, (): &mut ()) -> usize {
        records_len(self.0)
    }
}

impl Encode<()> for Records {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        (): &mut (),
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encode_records(&self.0, encoder)
    }
}

impl CborLen<()> for Records {
    fn cbor_len(&self, (): &mut ()) -> usize {
        records_len(&self.0)
    }
}

impl<'b> Decode<'b, ()> for Records {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        (): &mut (),
    ) -> Result<Self, minicbor::decode::Error> {
        // An empty record is one byte here and 24 in memory: count before reading.
        let count = decoder.probe().array()?.unwrap_or(u64::MAX);
        if usize::try_from(count).map_or(true, |count| count > BLOCK_RECORDS_MAX) {
            return Err(minicbor::decode::Error::message("too many records"));
        }
        let iter = decoder.array_iter::<&minicbor::bytes::ByteSlice>()?;
        iter.map(|item| item.map(|bytes| bytes.to_vec()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The last leaf of every block that has records: what an auditor needs to follow the state and
/// the validators from the log alone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Seal {
    /// The block's height.
    #[n(0)]
    pub height: Height,
    /// The block's time.
    #[n(1)]
    pub time: BlockTime,
    /// Root of the state after the block.
    #[n(2)]
    pub state_root: StateRoot,
    /// The validators of the next height.
    #[n(3)]
    pub next_validators: ValidatorSetId,
    /// Leaf index of the block's first entry.
    #[n(4)]
    pub first_index: u64,
}

/// One precommit for a block.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
pub struct CommitSignature {
    /// Whose.
    #[n(0)]
    pub validator: ValidatorAddress,
    /// Over [`precommit_bytes`].
    #[n(1)]
    pub signature: Signature,
}

/// Proof that more than two thirds of a height's validators precommitted one block.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Certificate {
    /// The decided height.
    #[n(0)]
    pub height: Height,
    /// The round in which it was decided.
    #[n(1)]
    pub round: u32,
    /// The decided block.
    #[n(2)]
    pub block: BlockId,
    /// At least 2f+1, each of another validator.
    #[n(3)]
    pub signatures: Vec<CommitSignature>,
}

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A signature by somebody who is not a validator of that height.
    #[error("{0} is not a validator of this height")]
    Stranger(ValidatorAddress),
    /// One validator counted twice.
    #[error("{0} signed twice")]
    Duplicate(ValidatorAddress),
    /// A signature that does not verify.
    #[error("the signature of {0} does not verify")]
    Signature(ValidatorAddress),
    /// Two thirds or less.
    #[error("voting power {power} of {total} is no quorum")]
    Quorum {
        /// Power of the valid signatures.
        power: u64,
        /// Power of the set.
        total: u64,
    },
}

impl Certificate {
    /// Checks every signature, that no validator counts twice, and the quorum.
    ///
    /// # Errors
    /// [`CertificateError`] names the first thing wrong.
    pub fn verify(
        &self,
        ledger: &LedgerId,
        validators: &ValidatorSet,
    ) -> Result<(), CertificateError> {
        self.verify_with(ledger, validators, |key, message, signature| {
            key.verify(message, signature)
        })
    }

    /// As [`Certificate::verify`], with the signatures left to the caller: an auditor collects them
    /// for a batch.
    ///
    /// # Errors
    /// [`CertificateError`] names the first thing wrong.
    pub fn verify_with(
        &self,
        ledger: &LedgerId,
        validators: &ValidatorSet,
        mut verify: impl FnMut(&PublicKey, &[u8], &Signature) -> bool,
    ) -> Result<(), CertificateError> {
        let message = precommit_bytes(ledger, self.height, self.round, &self.block);
        let mut seen = std::collections::BTreeSet::new();
        let mut power: u64 = 0;
        for CommitSignature {
            validator: address,
            signature,
        } in &self.signatures
        {
            let validator = validators
                .get(address)
                .ok_or(CertificateError::Stranger(*address))?;
            if !seen.insert(*address) {
                return Err(CertificateError::Duplicate(*address));
            }
            if !verify(&validator.consensus_key, &message, signature) {
                return Err(CertificateError::Signature(*address));
            }
            power = power.saturating_add(validator.power);
        }
        if validators.is_quorum(power) {
            Ok(())
        } else {
            Err(CertificateError::Quorum {
                power,
                total: validators.total_power(),
            })
        }
    }
}

/// Kind of a vote, as its signed bytes carry it (Tendermint).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteKind {
    /// First step of a round.
    Prevote,
    /// Second step: 2f+1 of these decide.
    Precommit,
}

/// The bytes a validator signs for a vote. Fixed layout, so that any language can check a
/// certificate: `"deedbook/vote/v1" ‖ ledger(32) ‖ kind(1: 1 prevote, 2 precommit) ‖
/// height(u64 BE) ‖ round(u32 BE) ‖ 0 for nil, or 1 ‖ block id(32)`.
#[must_use]
pub fn vote_bytes(
    ledger: &LedgerId,
    kind: VoteKind,
    height: Height,
    round: u32,
    block: Option<&BlockId>,
) -> Vec<u8> {
    let mut bytes = b"deedbook/vote/v1".to_vec();
    bytes.extend_from_slice(&ledger.0);
    bytes.push(match kind {
        VoteKind::Prevote => 1,
        VoteKind::Precommit => 2,
    });
    bytes.extend_from_slice(&height.0.to_be_bytes());
    bytes.extend_from_slice(&round.to_be_bytes());
    match block {
        None => bytes.push(0),
        Some(id) => {
            bytes.push(1);
            bytes.extend_from_slice(&id.0);
        }
    }
    bytes
}

/// The bytes behind a certificate's signatures.
#[must_use]
pub fn precommit_bytes(ledger: &LedgerId, height: Height, round: u32, block: &BlockId) -> Vec<u8> {
    vote_bytes(ledger, VoteKind::Precommit, height, round, Some(block))
}
