//! The log's COSE signature of a tree, under which COSE receipts are made.
//!
//! Lives here: what it is put into. Does not live here: the bytes that are signed
//! (`schemas::cose_receipt`), and how the validators make the signature together (`log_signer`).

use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::cose_key::KeyThumbprint;
use deedbook_schemas::cose_receipt::CoseReceipt;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, Signature};

/// A tree of the log, and the log key's signature of it for COSE receipts.
#[derive(Debug, Clone)]
pub struct CoseSignedTree {
    /// The tree.
    pub tree: Checkpoint,
    /// The log's key.
    pub key: PublicKey,
    /// Over [`cose_sig_structure`](deedbook_schemas::cose_receipt::cose_sig_structure) of the tree.
    pub signature: Signature,
}

impl CoseSignedTree {
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
