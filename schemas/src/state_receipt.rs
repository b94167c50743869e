//! State receipts: that the register held exactly this, or nothing, under some keys, provable offline
//! to somebody who holds nothing but a policy.
//!
//! Lives here: the file, strictly read, and its verification down to the objects' bytes. Does not live
//! here: what the objects mean (`title_certificate`), one path of the state tree (`state_proof`).
//!
//! Deterministic CBOR (RFC 8949 §4.2), at most [`STATE_RECEIPT_BYTES_MAX`] bytes:
//!
//! ```text
//! [kind, checkpoint: tstr, [leaf-index, path: [* bstr32], entry: bstr],
//!  [+ [key: bstr, value: bstr / null, state-proof]], check: bstr32]
//! ```
//!
//! `kind` is 1 for a title certificate (`.deedbook-title`), 2 for one object under any key
//! (`.deedbook-state`). How it is verified, step by step; any failure refuses the whole:
//!
//! 1. The bytes are the one encoding of the shape above (decode, encode again, compare), and `check` is
//!    BLAKE3 in key-derivation mode, context `deedbook 2026 state receipt`, of all bytes before it: the
//!    file without its last 34. It is a checksum and no signature. It is there because a path that
//!    shows one key to be absent shows its neighbours to be absent too: without it, a damaged key
//!    could prove the absence of something that nobody asked about.
//! 2. `checkpoint` is a C2SP signed checkpoint that the policy accepts, exactly as a receipt's.
//! 3. `leaf-index` is the tree's last: its size minus 1. `path` is the RFC 9162 inclusion proof of the
//!    leaf `entry` at that index in the checkpoint's tree.
//! 4. `entry` is a seal entry `[2, seal]`, in its one encoding, whose first index is at most
//!    `leaf-index`. A seal is the last entry of its block, so the state it seals is the state at the
//!    checkpoint; its height and time are the receipt's.
//! 5. Keys are strictly ascending as bytes; 1 to [`STATE_RECEIPT_OBJECTS_MAX`] of them (one for kind
//!    2). Each object's proof leads to the seal's state root: `value` is what the key holds, null that
//!    it holds nothing.
//!
//! A changed bit is refused. Somebody who changes one and makes the check anew can turn a signature line
//! into one that nobody knows; if the checkpoint still satisfies the policy, the same is proved by
//! fewer witnesses. Or they can name another key that is absent as well, which is true. Nothing else.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};

use crate::block::Seal;
use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::digest::{TreeHash, derive};
use crate::encoding::{DecodeError, decode, encode, fixed_bytes};
use crate::limits::{STATE_RECEIPT_BYTES_MAX, STATE_RECEIPT_OBJECTS_MAX};
use crate::merkle::{ProofError, leaf_hash, verify_inclusion};
use crate::note::KeyName;
use crate::outcome::Entry;
use crate::policy::{EvaluationError, Grade, Policy, Witnessed};
use crate::state_proof::{StateProof, StateProofError};

/// Media type of a title certificate.
pub const TITLE_MEDIA_TYPE: &str = "application/vnd.deedbook.title-certificate+cbor";
/// Media type of a state receipt of one object.
pub const OBJECT_MEDIA_TYPE: &str = "application/vnd.deedbook.state-receipt+cbor";

fixed_bytes!(
    /// Checksum of a state receipt: BLAKE3 of all bytes before it, 32 bytes.
    StateReceiptCheck, 32
);

impl StateReceiptCheck {
    /// Bytes that the check takes at the end of a file: a head of two, and itself.
    pub const ENCODED_LEN: usize = 2 + Self::LEN;

    /// The check of a file, whatever its last [`Self::ENCODED_LEN`] bytes are.
    #[must_use]
    pub fn of(file: &[u8]) -> Self {
        let end = file.len().saturating_sub(Self::ENCODED_LEN);
        let (before, _) = file.split_at(end);
        Self(derive("deedbook 2026 state receipt", &[before]))
    }
}

/// What a state receipt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(index_only)]
pub enum Kind {
    /// A title certificate: see `title_certificate`.
    #[n(1)]
    Title,
    /// One object under any key.
    #[n(2)]
    Object,
}

/// Proof that a seal is a leaf of the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct SealProof {
    /// The seal's leaf index.
    #[n(0)]
    pub index: u64,
    /// Inclusion proof in the checkpoint's tree, the leaf's sibling first.
    #[n(1)]
    pub path: Vec<TreeHash>,
    /// The leaf's bytes.
    #[n(2)]
    pub entry: ByteVec,
}

/// A key of the state, what it holds, and the proof of that.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct Object {
    /// The key.
    #[n(0)]
    pub key: ByteVec,
    /// What it holds; `None`: nothing.
    #[n(1)]
    pub value: Option<ByteVec>,
    /// The path to the state root.
    #[n(2)]
    pub proof: StateProof,
}

/// Why a file is not a state receipt, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateReceiptError {
    /// Not the one encoding of a state receipt.
    #[error("state receipt: {0}")]
    Decode(#[from] DecodeError),
    /// The bytes are not those that were written.
    #[error("the file is damaged: its check does not fit")]
    Damaged,
    /// Not a signed checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is not one the policy accepts.
    #[error(transparent)]
    Policy(#[from] EvaluationError),
    /// The seal is not the tree's last leaf: the state may have changed after it.
    #[error("the seal is leaf {index}, and the last of {tree_size} leaves is needed")]
    NotLast {
        /// The seal's leaf index.
        index: u64,
        /// Leaves of the checkpoint's tree.
        tree_size: u64,
    },
    /// The entry is not in the checkpoint's tree at the index.
    #[error("the seal: {0}")]
    Inclusion(#[from] ProofError),
    /// The entry does not read as a seal.
    #[error("the last leaf does not read as a seal: {0}")]
    Seal(DecodeError),
    /// The entry is a record or an outcome, or a seal of a block that begins after it.
    #[error("the last leaf is not the seal of a block that ends with it")]
    NotASeal,
    /// None, or more than allowed.
    #[error("{got} objects; 1 to {max} are allowed")]
    Objects {
        /// Objects in the file.
        got: usize,
        /// Objects allowed.
        max: usize,
    },
    /// A key that is not behind the one before it.
    #[error("the key {0} is not behind the one before it")]
    Order(String),
    /// A proof that does not show what it is said to show.
    #[error("the object {key}: {error}")]
    Proof {
        /// The key, hexadecimal.
        key: String,
        /// What is wrong.
        error: StateProofError,
    },
}

/// A state receipt as read: well-formed, and nothing of it verified.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub struct StateReceipt {
    #[n(0)]
    kind: Kind,
    #[n(1)]
    checkpoint: String,
    #[n(2)]
    seal: SealProof,
    #[n(3)]
    objects: Vec<Object>,
    #[n(4)]
    check: StateReceiptCheck,
}

/// The checkpoint that something was verified under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The log.
    pub origin: KeyName,
    /// Leaves of the log's tree.
    pub tree_size: u64,
    /// Root of the log's tree.
    pub root: TreeHash,
    /// Who vouches for it beside the log, in the order of the policy.
    pub witnesses: Vec<Witnessed>,
    /// What that is worth.
    pub grade: Grade,
}

/// What a state receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedState {
    /// Who vouches.
    pub vouched: Vouched,
    /// When and where: the seal of the checkpoint's last block.
    pub seal: Seal,
    /// What each key holds, `None`: nothing.
    pub objects: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl StateReceipt {
    /// A state receipt of these parts. The objects are put in order.
    #[must_use]
    pub fn new(
        kind: Kind,
        checkpoint: &SignedCheckpoint,
        seal: SealProof,
        mut objects: Vec<Object>,
    ) -> Self {
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        let mut receipt = Self {
            kind,
            checkpoint: checkpoint.to_string(),
            seal,
            objects,
            check: StateReceiptCheck([0; StateReceiptCheck::LEN]),
        };
        receipt.check = StateReceiptCheck::of(&receipt.encode());
        receipt
    }

    /// The one encoding of this receipt.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a state receipt of at most [`STATE_RECEIPT_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`StateReceiptError::Decode`] if it is not one, [`StateReceiptError::Damaged`] if its check does
    /// not fit.
    pub fn parse(bytes: &[u8]) -> Result<Self, StateReceiptError> {
        let receipt: Self = decode(bytes, STATE_RECEIPT_BYTES_MAX)?;
        if receipt.check == StateReceiptCheck::of(bytes) {
            Ok(receipt)
        } else {
            Err(StateReceiptError::Damaged)
        }
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Verifies everything but what the objects mean, in the order of the module's list.
    ///
    /// # Errors
    /// [`StateReceiptError`] names the first thing that does not hold.
    pub fn verify(&self, policy: &Policy) -> Result<VerifiedState, StateReceiptError> {
        let signed = SignedCheckpoint::parse(self.checkpoint.as_bytes())?;
        let evaluation = policy.verify(&signed)?;
        let checkpoint = signed.checkpoint;
        let seal = self.verify_seal(checkpoint.size, &checkpoint.root)?;
        let objects = self.verify_objects(&seal)?;
        let vouched = Vouched {
            origin: checkpoint.origin,
            tree_size: checkpoint.size,
            root: checkpoint.root,
            grade: policy.grade(&evaluation),
            witnesses: evaluation.witnesses,
        };
        Ok(VerifiedState {
            vouched,
            seal,
            objects,
        })
    }

    fn verify_seal(&self, tree_size: u64, root: &TreeHash) -> Result<Seal, StateReceiptError> {
        let SealProof { index, path, entry } = &self.seal;
        if index.checked_add(1) != Some(tree_size) {
            return Err(StateReceiptError::NotLast {
                index: *index,
                tree_size,
            });
        }
        verify_inclusion(&leaf_hash(entry), *index, tree_size, path, root)?;
        match Entry::decode(entry).map_err(StateReceiptError::Seal)? {
            Entry::Seal(seal) if seal.first_index <= *index => Ok(seal),
            _ => Err(StateReceiptError::NotASeal),
        }
    }

    fn verify_objects(
        &self,
        seal: &Seal,
    ) -> Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, StateReceiptError> {
        let max = match self.kind {
            Kind::Title => STATE_RECEIPT_OBJECTS_MAX,
            Kind::Object => 1,
        };
        if !(1..=max).contains(&self.objects.len()) {
            let got = self.objects.len();
            return Err(StateReceiptError::Objects { got, max });
        }
        let mut objects = BTreeMap::new();
        for Object { key, value, proof } in &self.objects {
            let shown = || hex::encode(key.as_slice());
            let last = objects.last_key_value().map(|(last, _)| last);
            if last.is_some_and(|last: &Vec<u8>| *last >= **key) {
                return Err(StateReceiptError::Order(shown()));
            }
            let value = value.as_ref().map(|value| value.to_vec());
            proof
                .verify(&seal.state_root, key, value.as_deref())
                .map_err(|error| StateReceiptError::Proof {
                    key: shown(),
                    error,
                })?;
            objects.insert(key.to_vec(), value);
        }
        Ok(objects)
    }
}
