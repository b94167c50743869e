//! Certified headers in bundles: what a mirror holds beside the entries, so that whoever has only
//! files can audit the whole ledger.
//!
//! Lives here: [`Certified`] and the bundle's bytes. Does not live here: where a bundle lies
//! (`tile`: `tile/blocks/<index>[.p/<width>]`), and whether a certificate suffices (`block`).
//!
//! A bundle is the deterministic CBOR array of `[header, certificate]`, each its own encoding as a
//! byte string, of every block whose seal is among the entries of the bundle of the same index and
//! width, in order. Nodes may keep different certificates for one block; each proves the same.

use minicbor::bytes::ByteVec;

use crate::block::{Certificate, Header};
use crate::encoding::{DecodeError, decode, encode};
use crate::limits::{CERTIFIED_BUNDLE_BYTES_MAX, TILE_WIDTH};

/// A header and the proof that it was decided, unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// The block's header.
    pub header: Header,
    /// More than two thirds of the validators precommitted it, if it verifies.
    pub certificate: Certificate,
}

/// Writes a bundle.
#[must_use]
pub fn encode_certified(blocks: &[Certified]) -> Vec<u8> {
    let rows: Vec<(ByteVec, ByteVec)> = blocks
        .iter()
        .map(|block| {
            (
                encode(&block.header).into(),
                encode(&block.certificate).into(),
            )
        })
        .collect();
    encode(&rows)
}

/// Reads a bundle.
///
/// # Errors
/// [`DecodeError`] if it is too long, holds more blocks than a bundle has entries, or anything in
/// it is not the one encoding of a header or certificate.
pub fn decode_certified(bytes: &[u8]) -> Result<Vec<Certified>, DecodeError> {
    let rows: Vec<(ByteVec, ByteVec)> = decode(bytes, CERTIFIED_BUNDLE_BYTES_MAX)?;
    if rows.len() > usize::from(TILE_WIDTH) {
        let count = rows.len();
        return Err(DecodeError::Malformed(format!(
            "{count} blocks in a bundle of at most {TILE_WIDTH} entries"
        )));
    }
    rows.iter()
        .map(|(header, certificate)| {
            Ok(Certified {
                header: decode(header, CERTIFIED_BUNDLE_BYTES_MAX)?,
                certificate: decode(certificate, CERTIFIED_BUNDLE_BYTES_MAX)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{BlockTime, CommitSignature, Height};
    use crate::digest::{BlockId, LedgerId, StateRoot, TreeHash, ValidatorSetId};
    use crate::keys::Signature;
    use crate::limits::VALIDATORS_MAX;
    use crate::validators::ValidatorAddress;

    /// As long as a block's certified header can be.
    fn longest() -> Certified {
        let height = Height(u64::MAX);
        let signature = CommitSignature {
            validator: ValidatorAddress([7; 20]),
            signature: Signature([7; 64]),
        };
        Certified {
            header: Header {
                ledger: LedgerId([1; 32]),
                height,
                time: BlockTime(u64::MAX),
                proposer: ValidatorAddress([2; 20]),
                previous: BlockId([3; 32]),
                tree_size: u64::MAX,
                tree_root: TreeHash([4; 32]),
                state_root: StateRoot([5; 32]),
                next_validators: ValidatorSetId([6; 32]),
            },
            certificate: Certificate {
                height,
                round: u32::MAX,
                block: BlockId([8; 32]),
                signatures: vec![signature; VALIDATORS_MAX],
            },
        }
    }

    #[test]
    fn the_longest_bundle_fits_its_limit_and_reads_back() {
        let blocks = vec![longest(); usize::from(TILE_WIDTH)];
        let bytes = encode_certified(&blocks);
        assert!(bytes.len() <= CERTIFIED_BUNDLE_BYTES_MAX, "{}", bytes.len());
        assert!(
            bytes.len() > CERTIFIED_BUNDLE_BYTES_MAX / 10 * 9,
            "{}",
            bytes.len()
        );
        assert_eq!(decode_certified(&bytes), Ok(blocks));
        let many = vec![longest(); usize::from(TILE_WIDTH) + 1];
        assert!(decode_certified(&encode_certified(&many)).is_err());
    }

    #[test]
    fn no_changed_byte_of_a_bundle_is_read_as_the_same_blocks() {
        let mut block = longest();
        block.certificate.signatures.truncate(3);
        let bytes = encode_certified(std::slice::from_ref(&block));
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert_ne!(decode_certified(&changed), Ok(vec![block.clone()]));
        }
        assert!(decode_certified(&bytes[..bytes.len() - 1]).is_err());
        assert_eq!(decode_certified(&encode_certified(&[])), Ok(vec![]));
    }
}
