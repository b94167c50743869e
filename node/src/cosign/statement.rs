//! What validators say about checkpoints, and what can be wrong with it. Lives here: the values.
//! Does not live here: when this node cosigns, and what counts (`cosign`).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, Signature};
use deedbook_schemas::note::SignatureLine;
use deedbook_schemas::validators::ValidatorSet;
use minicbor::{CborLen, Decode, Encode};

/// A cosignature as validators send it to each other; the origin is the ledger's.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct CosignatureMessage {
    /// Leaves of the cosigned tree.
    #[n(0)]
    pub tree_size: u64,
    /// Root of the cosigned tree.
    #[n(1)]
    pub root: TreeHash,
    /// The validator's name.
    #[n(2)]
    pub name: String,
    /// When it cosigned, by its clock.
    #[n(3)]
    pub time: Seconds,
    /// By its note key, over the cosignature message of the checkpoint.
    #[n(4)]
    pub signature: Signature,
}

impl CosignatureMessage {
    /// What a validator sends about a checkpoint that it cosigned.
    #[must_use]
    pub fn of(checkpoint: &Checkpoint, cosignature: &Cosignature) -> Self {
        Self {
            tree_size: checkpoint.size,
            root: checkpoint.root,
            name: cosignature.name.to_string(),
            time: cosignature.time,
            signature: cosignature.signature,
        }
    }
}

/// A tree that this node has stored durably, and the validators in office from then on.
#[derive(Debug, Clone)]
pub struct DurableTree {
    /// Its leaves.
    pub tree_size: u64,
    /// Its root.
    pub root: TreeHash,
    /// Who cosigns it: the validators of the next height.
    pub validators: ValidatorSet,
}

/// A checkpoint, the log key's verified signatures, and verified cosignatures of more than two thirds
/// of the voting power in office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignedCheckpoint {
    /// What is cosigned.
    pub checkpoint: Checkpoint,
    /// The log's key.
    pub log_key: PublicKey,
    /// By the log's key, over the checkpoint's text.
    pub log_signature: Signature,
    /// By the log's key, over [`cose_sig_structure`](deedbook_schemas::cose_receipt::cose_sig_structure): for COSE receipts of this tree.
    pub cose_signature: Signature,
    /// One a validator, sorted by name.
    pub cosignatures: Vec<Cosignature>,
}

impl CosignedCheckpoint {
    /// The same as a signed note: the log's line, then the cosignatures.
    #[must_use]
    pub fn to_signed(&self) -> SignedCheckpoint {
        let origin = &self.checkpoint.origin;
        let log = SignatureLine::from_signature(origin, &self.log_key, &self.log_signature);
        let cosignatures = self.cosignatures.iter().map(Cosignature::to_line);
        SignedCheckpoint {
            checkpoint: self.checkpoint.clone(),
            signatures: std::iter::once(log).chain(cosignatures).collect(),
        }
    }
}

/// Proof that a validator cosigned a tree other than ours at a size we hold: it, we, or the
/// network has forked. Anyone can check it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "fork: {} cosigned root {} at tree size {}, where this node's durable root is {ours}",
    theirs.name, theirs.root, theirs.tree_size
)]
pub struct ForkEvidence {
    /// This node's durable root at that size.
    pub ours: TreeHash,
    /// The verified cosignature of another root.
    pub theirs: CosignatureMessage,
}

/// Why this node refuses to cosign. Both mean that the store went back or changed: fatal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignError {
    /// The tree is smaller than one that was durable before.
    #[error("refusing to cosign tree size {tree_size} after {durable}")]
    Smaller {
        /// The size given.
        tree_size: u64,
        /// The durable size.
        durable: u64,
    },
    /// The tree has another root than the one that was durable before.
    #[error("refusing to cosign root {root} at tree size {tree_size}, where {durable} is durable")]
    OtherRoot {
        /// The size of both.
        tree_size: u64,
        /// The root given.
        root: TreeHash,
        /// The durable root.
        durable: TreeHash,
    },
}

/// What became of a received cosignature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It counts now.
    Counted,
    /// It, or a later one by this validator for this tree, counted before.
    Known,
    /// It is valid, and waits for our own tree to reach that size.
    Ahead,
}

/// Why a received cosignature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The name is not a validator's of that tree.
    #[error("{0:?} is not a validator of this tree")]
    Stranger(String),
    /// It does not verify under the validator's note key.
    #[error("the cosignature of {name} for tree size {tree_size} does not verify")]
    Signature {
        /// The validator it claims to be from.
        name: String,
        /// The size it claims to be for.
        tree_size: u64,
    },
    /// Below our tip, and not one of the recent sizes at which a block of ours ended.
    #[error("tree size {tree_size} is none of the recent ones from {oldest} to {newest}")]
    NotHeld {
        /// The size it is for.
        tree_size: u64,
        /// The smallest size collected for.
        oldest: u64,
        /// The greatest.
        newest: u64,
    },
    /// A validator cosigned another root than ours.
    #[error(transparent)]
    Fork(Box<ForkEvidence>),
}
