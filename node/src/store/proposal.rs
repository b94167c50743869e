//! A proposed block as it is kept between proposal and decision.
//!
//! The engine's log holds votes and block ids only, so the bytes have to be durable before the
//! engine hears of them: after a restart it may decide a block from its log alone.

use deedbook_schemas::block::Height;
use deedbook_schemas::digest::BlockId;
use deedbook_schemas::encoding::{DecodeError, decode, encode};
use deedbook_schemas::keys::Signature;
use deedbook_schemas::limits::BLOCK_BYTES_MAX;
use deedbook_schemas::validators::ValidatorAddress;
use minicbor::{CborLen, Decode, Encode};

/// Bytes around the block: five fields of at most 66 bytes each, rounded up.
const FRAME_BYTES_MAX: usize = 512;

/// One proposal of one round.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct StoredProposal {
    /// The height it is for.
    #[n(0)]
    pub height: Height,
    /// The round in which it was proposed.
    #[n(1)]
    pub round: u32,
    /// Who proposed it in that round (not necessarily who built it).
    #[n(2)]
    pub proposer: ValidatorAddress,
    /// The block's id.
    #[n(3)]
    pub block: BlockId,
    /// The encoded block, at most [`BLOCK_BYTES_MAX`] bytes.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
    /// The proposer's signature over the parts; nothing if the block came by sync.
    #[n(5)]
    pub signature: Option<Signature>,
}

impl StoredProposal {
    /// Deterministic CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads what [`StoredProposal::encode`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`] if the bytes are not its one encoding.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, BLOCK_BYTES_MAX + FRAME_BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_survives_its_encoding_and_every_truncation_is_refused() {
        for signature in [None, Some(Signature([9; 64]))] {
            let proposal = StoredProposal {
                height: Height(u64::MAX),
                round: 3,
                proposer: ValidatorAddress([1; 20]),
                block: BlockId([2; 32]),
                bytes: vec![5; 300],
                signature,
            };
            let bytes = proposal.encode();
            assert_eq!(StoredProposal::decode(&bytes), Ok(proposal));
            assert!((0..bytes.len()).all(|end| StoredProposal::decode(&bytes[..end]).is_err()));
        }
    }
}
