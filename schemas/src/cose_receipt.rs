//! COSE receipts (RFC 9942, `RFC9162_SHA256`): that an entry is in the log, in the form that SCITT
//! software reads.
//!
//! Lives here: the receipt, strictly read, and its verification under a policy. Does not live here:
//! the statement that carries it (`transparent`), and our own receipts, which say more (`receipt`).
//!
//! `18([protected, {396: {-1: [proof]}}, nil, signature])`, with the protected header
//! `{1: -8, 4: thumbprint of the log key, 15: {1: origin, 2: "origin#tree size"}, 395: 1}` and the
//! proof `[tree size, leaf index, [* hash]]` as a byte string. The payload is the tree's root, always
//! detached: the verifier computes it from the entry.
//!
//! What is signed says what a checkpoint says: origin, size, root. It depends on no leaf, so one
//! signature per tree serves all of them; hence the subject that RFC 9943 §6 asks for is the tree, and
//! not the record's, which the statement names itself. RFC 9942 signs no size; without it, size and
//! index of a proof could be changed together and the same root be reached.
//!
//! What it does *not* carry: cosignatures. It rests on the log key alone, and a validator that signs
//! in the log's name with a key of its own is one institution. So where a policy lists several keys
//! for one log, a COSE receipt by one of them proves nothing under that policy.

use minicbor::data::Tag;
use minicbor::{Decoder, Encoder};

use crate::checkpoint::Checkpoint;
use crate::cose::{ALGORITHM_EDDSA, expect, sig_structure, written};
use crate::cose_key::KeyThumbprint;
use crate::digest::TreeHash;
use crate::encoding::DecodeError;
use crate::keys::{PublicKey, Signature};
use crate::limits::{COSE_RECEIPT_BYTES_MAX, PROOF_HASHES_MAX, TREE_SIZE_MAX};
use crate::merkle::{ProofError, inclusion_root, leaf_hash};
use crate::note::{KeyName, VerifierKey};
use crate::policy::Policy;

/// Label of the verifiable data structure, and its value for RFC 9162 with SHA-256.
const VDS: u16 = 395;
const VDS_RFC9162_SHA256: u8 = 1;
/// Label of the proofs, and the kind that proves inclusion.
const VDP: u16 = 396;
const INCLUSION: i8 = -1;

/// Why a COSE receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoseReceiptError {
    /// Not a COSE receipt in its one encoding.
    #[error("not a COSE receipt of this log's kind: {0}")]
    Decode(#[from] DecodeError),
    /// The proof does not fit a tree of this size.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
    /// No log key of the policy has this thumbprint and origin.
    #[error("the policy has no log {origin} with the key of thumbprint {key}")]
    UnknownKey {
        /// The origin that the receipt names.
        origin: KeyName,
        /// The key that it names.
        key: KeyThumbprint,
    },
    /// The log has several keys, each one institution's own.
    #[error(
        "the policy lists {keys} keys for {origin}: a COSE receipt rests on one of them alone, \
         which is one institution's word; ask for the .tlog-proof, which the validators cosign"
    )]
    OneOfSeveral {
        /// The origin.
        origin: KeyName,
        /// How many keys sign in its name.
        keys: usize,
    },
    /// The entry is not in the tree that was signed, or nobody signed it.
    #[error(
        "the log key's signature does not cover root {root}, to which entry and proof lead: \
         the entry, the proof or the signature is not the log's"
    )]
    Signature {
        /// What entry and proof lead to.
        root: TreeHash,
    },
}

/// A COSE receipt as read: well-formed, and nothing of it verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoseReceipt {
    /// The log's name.
    pub origin: KeyName,
    /// Thumbprint of the log key.
    pub key: KeyThumbprint,
    /// Leaves of the tree, at most [`TREE_SIZE_MAX`].
    pub tree_size: u64,
    /// The entry's leaf index.
    pub index: u64,
    /// The inclusion proof, the leaf's sibling first; at most [`PROOF_HASHES_MAX`].
    pub hashes: Vec<TreeHash>,
    /// By the log key, over [`cose_sig_structure`] of the tree.
    pub signature: Signature,
}

/// What a COSE receipt proves: the log's key signed a tree with this entry in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VerifiedCoseReceipt {
    /// The log.
    pub origin: KeyName,
    /// Thumbprint of the one key that vouches.
    pub key: KeyThumbprint,
    /// Leaves of the tree.
    pub tree_size: u64,
    /// Root of the tree.
    pub root: TreeHash,
    /// The entry's leaf index.
    pub index: u64,
}

/// What the log's key signs once a tree, beside the checkpoint's text: the `Sig_structure`
/// (RFC 9052 §4.4) of every COSE receipt for that tree. Names its use, the log and the size; it is no
/// text, so that it can never be taken for a checkpoint.
#[must_use]
pub fn cose_sig_structure(tree: &Checkpoint, key: &PublicKey) -> Vec<u8> {
    let protected = protected(&tree.origin, tree.size, &KeyThumbprint::of(key));
    sig_structure(&protected, &tree.root.0)
}

/// The receipt's subject: a tree of the log.
fn subject(origin: &KeyName, tree_size: u64) -> String {
    format!("{origin}#{tree_size}")
}

fn protected(origin: &KeyName, tree_size: u64, key: &KeyThumbprint) -> Vec<u8> {
    written(96 + 2 * origin.as_str().len(), |encoder| {
        encoder.map(4)?.u8(1)?.i8(ALGORITHM_EDDSA)?;
        encoder.u8(4)?.bytes(&key.0)?;
        encoder.u8(15)?.map(2)?;
        encoder.u8(1)?.str(origin.as_str())?;
        encoder.u8(2)?.str(&subject(origin, tree_size))?;
        encoder.u16(VDS)?.u8(VDS_RFC9162_SHA256)?.ok()
    })
}

impl CoseReceipt {
    /// The receipt's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let protected = protected(&self.origin, self.tree_size, &self.key);
        let proof = written(32 + 34 * self.hashes.len(), |encoder| {
            self.write_proof(encoder)
        });
        written(protected.len() + proof.len() + 96, |encoder| {
            encoder.tag(Tag::new(18))?.array(4)?.bytes(&protected)?;
            encoder.map(1)?.u16(VDP)?.map(1)?.i8(INCLUSION)?;
            encoder.array(1)?.bytes(&proof)?;
            encoder.null()?.bytes(&self.signature.0)?.ok()
        })
    }

    fn write_proof(&self, encoder: &mut Encoder<&mut Vec<u8>>) -> crate::cose::Written {
        encoder.array(3)?.u64(self.tree_size)?.u64(self.index)?;
        encoder.array(u64::try_from(self.hashes.len()).unwrap_or(u64::MAX))?;
        self.hashes
            .iter()
            .try_for_each(|hash| encoder.bytes(&hash.0)?.ok())
    }

    /// Reads a receipt of at most [`COSE_RECEIPT_BYTES_MAX`] bytes and accepts only its one encoding,
    /// with one inclusion proof.
    ///
    /// # Errors
    /// [`DecodeError`] if it is too long, not of this form, or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > COSE_RECEIPT_BYTES_MAX {
            return Err(DecodeError::TooLong {
                got: bytes.len(),
                max: COSE_RECEIPT_BYTES_MAX,
            });
        }
        let receipt =
            Self::read(bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
        if receipt.encode() == bytes {
            Ok(receipt)
        } else {
            Err(DecodeError::NotCanonical)
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        let mut decoder = Decoder::new(bytes);
        expect(
            decoder.tag()? == Tag::new(18) && decoder.array()? == Some(4),
            "COSE_Sign1 with tag 18 is required",
        )?;
        let (origin, sub, key) = read_protected(decoder.bytes()?)?;
        expect(
            decoder.map()? == Some(1) && decoder.u16()? == VDP,
            "unprotected header: proofs (396) alone are required",
        )?;
        expect(
            decoder.map()? == Some(1) && decoder.i8()? == INCLUSION && decoder.array()? == Some(1),
            "one inclusion proof (-1) is required",
        )?;
        let (tree_size, index, hashes) = read_proof(decoder.bytes()?)?;
        expect(
            sub == subject(&origin, tree_size),
            "subject: origin#tree size is required",
        )?;
        decoder.null()?;
        let signature = decoder.decode()?;
        expect(decoder.position() == bytes.len(), "trailing bytes")?;
        Ok(Self {
            origin,
            key,
            tree_size,
            index,
            hashes,
            signature,
        })
    }

    /// The root that `entry` and the proof lead to.
    ///
    /// # Errors
    /// [`ProofError`] if the proof does not fit a tree of the receipt's size.
    pub fn root(&self, entry: &[u8]) -> Result<TreeHash, ProofError> {
        inclusion_root(&leaf_hash(entry), self.index, self.tree_size, &self.hashes)
    }

    /// Verifies that the log of the policy signed a tree that has `entry` at the receipt's index.
    ///
    /// # Errors
    /// [`CoseReceiptError`] names the first thing that does not hold.
    pub fn verify(
        &self,
        entry: &[u8],
        policy: &Policy,
    ) -> Result<VerifiedCoseReceipt, CoseReceiptError> {
        let root = self.root(entry)?;
        let log = self.log_key(policy)?;
        let tree = Checkpoint {
            origin: self.origin.clone(),
            size: self.tree_size,
            root,
        };
        let message = cose_sig_structure(&tree, log.public());
        if !log.verify_bytes(&message, &self.signature) {
            return Err(CoseReceiptError::Signature { root });
        }
        Ok(VerifiedCoseReceipt {
            origin: self.origin.clone(),
            key: self.key,
            tree_size: self.tree_size,
            root,
            index: self.index,
        })
    }

    /// The one key that the policy lists for this log, if it is the receipt's.
    fn log_key<'a>(&self, policy: &'a Policy) -> Result<&'a VerifierKey, CoseReceiptError> {
        let ours = |key: &&VerifierKey| *key.name() == self.origin;
        let origin = self.origin.clone();
        let keys = policy.log_keys().filter(ours).count();
        if keys > 1 {
            return Err(CoseReceiptError::OneOfSeveral { origin, keys });
        }
        policy
            .log_keys()
            .filter(ours)
            .find(|key| KeyThumbprint::of(key.public()) == self.key)
            .ok_or(CoseReceiptError::UnknownKey {
                origin,
                key: self.key,
            })
    }
}

/// Origin, subject and key.
fn read_protected(
    bytes: &[u8],
) -> Result<(KeyName, String, KeyThumbprint), minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    expect(
        decoder.map()? == Some(4) && decoder.u8()? == 1,
        "protected header",
    )?;
    expect(
        decoder.i8()? == ALGORITHM_EDDSA,
        "algorithm: EdDSA (-8) is required",
    )?;
    expect(decoder.u8()? == 4, "key identifier")?;
    let key = decoder.decode()?;
    expect(
        decoder.u8()? == 15 && decoder.map()? == Some(2) && decoder.u8()? == 1,
        "CWT claims",
    )?;
    let origin: KeyName = decoder
        .str()?
        .parse()
        .map_err(|_| minicbor::decode::Error::message("issuer: the log's origin is required"))?;
    expect(decoder.u8()? == 2, "subject")?;
    let subject = decoder.str()?.to_owned();
    expect(
        decoder.u16()? == VDS && decoder.u8()? == VDS_RFC9162_SHA256,
        "verifiable data structure: RFC9162_SHA256 (1) is required",
    )?;
    Ok((origin, subject, key))
}

fn read_proof(bytes: &[u8]) -> Result<(u64, u64, Vec<TreeHash>), minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    expect(decoder.array()? == Some(3), "inclusion proof")?;
    let (tree_size, index) = (decoder.u64()?, decoder.u64()?);
    expect(tree_size <= TREE_SIZE_MAX, "tree size: above 2^63 - 1")?;
    let length = decoder
        .array()?
        .and_then(|length| usize::try_from(length).ok());
    let length = length.filter(|length| *length <= PROOF_HASHES_MAX);
    let length = length.ok_or(minicbor::decode::Error::message("more than 64 hashes"))?;
    let hashes = (0..length)
        .map(|_| decoder.decode())
        .collect::<Result<_, _>>()?;
    Ok((tree_size, index, hashes))
}
