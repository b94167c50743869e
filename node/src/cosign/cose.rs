//! The log's COSE signature of a tree, under which COSE receipts are made.
//!
//! Lives here: the one place where it is made and what it is put into. Does not live here: the bytes
//! that are signed (`schemas::cose_receipt`), which tree may be signed (`cosign`: one that a quorum
//! cosigned, hence a durable one).

use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::cose_key::KeyThumbprint;
use deedbook_schemas::cose_receipt::{CoseReceipt, cose_sig_structure};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, Signature, SigningKey, sign};

/// A tree of the log, and a log key's signature of it for COSE receipts.
#[derive(Debug, Clone)]
pub struct CoseSignedTree {
    /// The tree.
    pub tree: Checkpoint,
    /// Whose signature.
    pub key: PublicKey,
    /// Over [`cose_sig_structure`] of the tree.
    pub signature: Signature,
}

impl CoseSignedTree {
    /// Signs a tree with this node's log key.
    #[must_use]
    pub fn sign(tree: Checkpoint, key: &SigningKey) -> Self {
        let public = PublicKey::of(key);
        let signature = sign(key, &cose_sig_structure(&tree, &public));
        Self {
            tree,
            key: public,
            signature,
        }
    }

    /// The receipt of one of the tree's leaves, with its inclusion proof.
    #[must_use]
    pub fn receipt(&self, index: u64, hashes: Vec<TreeHash>) -> CoseReceipt {
        CoseReceipt {
            origin: self.tree.origin.clone(),
            key: KeyThumbprint::of(&self.key),
            tree_size: self.tree.size,
            index,
            hashes,
            signature: self.signature,
        }
    }
}
