//! The recent checkpoints that witnesses cosigned.
//!
//! Does not live here: how they came (`super`).

use std::collections::BTreeMap;

use deedbook_schemas::checkpoint::{Cosignature, SignedCheckpoint};
use deedbook_schemas::limits::WITNESSED_SIZES_MAX;
use deedbook_schemas::note::KeyName;

#[derive(Debug)]
struct Tree {
    /// As it was pushed: the log's signature and the validators'.
    signed: SignedCheckpoint,
    cosignatures: BTreeMap<KeyName, Cosignature>,
}

impl Tree {
    fn whole(&self) -> SignedCheckpoint {
        let mut signed = self.signed.clone();
        let lines = self.cosignatures.values().map(Cosignature::to_line);
        signed.signatures.extend(lines);
        signed
    }
}

/// By size; the smallest goes first.
#[derive(Debug, Default)]
pub(super) struct Held {
    trees: BTreeMap<u64, Tree>,
}

impl Held {
    /// Keeps a verified cosignature.
    pub(super) fn add(&mut self, signed: &SignedCheckpoint, cosignature: Cosignature) {
        let tree = self.trees.entry(signed.checkpoint.size);
        let tree = tree.or_insert_with(|| Tree {
            signed: signed.clone(),
            cosignatures: BTreeMap::new(),
        });
        tree.cosignatures
            .insert(cosignature.name.clone(), cosignature);
        while self.trees.len() > WITNESSED_SIZES_MAX {
            self.trees.pop_first();
        }
    }

    /// The checkpoint, with what is kept of it.
    pub(super) fn complete(&self, mut signed: SignedCheckpoint) -> SignedCheckpoint {
        let tree = self.trees.get(&signed.checkpoint.size);
        if let Some(tree) = tree.filter(|tree| tree.signed.checkpoint == signed.checkpoint) {
            let lines = tree.cosignatures.values().map(Cosignature::to_line);
            signed.signatures.extend(lines);
        }
        signed
    }

    /// Of those that cover `leaves` leaves with at least `count` witnesses: the one with the most,
    /// the newest of these.
    pub(super) fn best(&self, leaves: u64, count: usize) -> Option<SignedCheckpoint> {
        let covering = self.trees.range(leaves..).map(|(_, tree)| tree);
        let enough = covering.filter(|tree| tree.cosignatures.len() >= count);
        enough
            .max_by_key(|tree| tree.cosignatures.len())
            .map(Tree::whole)
    }
}
