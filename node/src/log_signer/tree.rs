//! A durable tree as the log's key signs it, and its finished signature.

use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::cose_receipt::cose_sig_structure;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::Signature;
use minicbor::{CborLen, Decode, Encode};

use crate::log_key::LogGroup;

/// A tree and the two messages that the log's key signs about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) size: u64,
    pub(super) root: TreeHash,
    /// The checkpoint's three lines.
    pub(super) text: String,
    /// The COSE structure of its receipts.
    pub(super) cose: Vec<u8>,
}

impl Tree {
    pub(super) fn new(checkpoint: &Checkpoint, group: &LogGroup) -> Self {
        Self {
            size: checkpoint.size,
            root: checkpoint.root,
            text: checkpoint.text(),
            cose: cose_sig_structure(checkpoint, group.log_key()),
        }
    }

    /// Whether these are the log key's signatures of this tree.
    pub(super) fn verify(&self, signature: &TreeSignature, group: &LogGroup) -> bool {
        (self.size, self.root) == (signature.tree_size, signature.root)
            && group.verify(self.text.as_bytes(), &signature.note_signature)
            && group.verify(&self.cose, &signature.cose_signature)
    }
}

/// The log key's signatures of one tree.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct TreeSignature {
    /// Leaves of the tree.
    #[n(0)]
    pub tree_size: u64,
    /// Its root.
    #[n(1)]
    pub root: TreeHash,
    /// Over the checkpoint's text: the log's line in the signed checkpoint.
    #[n(2)]
    pub note_signature: Signature,
    /// Over the `Sig_structure` of the tree's COSE receipts.
    #[n(3)]
    pub cose_signature: Signature,
}
