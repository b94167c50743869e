//! Cosigning checkpoints once they are durable, and collecting what the other validators say.
//!
//! Lives here: this node's cosignatures (C2SP tlog-cosignature), the others', the latest
//! checkpoint with a quorum and the log's signature, and the alarm when a validator cosigned another
//! root than ours. Does not live here: the formats (`schemas::checkpoint`), the exchange (`gossip`),
//! how the log's signature comes about (`log_signer`), a clock.
//!
//! What this node signs: only a tree that is durable, never a smaller one than before, never two
//! roots for one size. Nothing is persisted for that: whatever was signed was durable before, so
//! the store's tip, with which [`Cosigner::new`] starts, is at least as large as anything ever
//! signed. A store that lost its tip must not start a cosigner; comparing it with the signing
//! guard is the node's duty.

mod cose;
mod members;
mod statement;

use std::collections::BTreeMap;
use std::sync::Arc;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::limits::{COSIGNATURES_AHEAD_MAX, COSIGNED_SIZES_MAX, FORK_EVIDENCE_MAX};
use deedbook_schemas::note::KeyName;
use tokio::sync::watch;

use crate::log_signer::TreeSignature;
use members::Members;

pub use cose::CoseSignedTree;
pub use statement::{
    CosignError, CosignatureError, CosignatureMessage, CosignedCheckpoint, DurableTree,
    ForkEvidence, Received,
};

/// A durable tree and who cosigned it.
#[derive(Debug)]
struct Tree {
    checkpoint: Checkpoint,
    members: Arc<Members>,
    cosignatures: BTreeMap<KeyName, Cosignature>,
    /// By the log's key.
    signature: Option<TreeSignature>,
}

/// Cosigns, collects, and watches for forks. Synchronous; owned by one task.
#[derive(Debug)]
pub struct Cosigner {
    origin: KeyName,
    log_key: PublicKey,
    name: KeyName,
    key: SigningKey,
    /// The validators of the newest durable tree.
    members: Arc<Members>,
    newest: Checkpoint,
    /// Recent durable trees by size, the newest included.
    trees: BTreeMap<u64, Tree>,
    /// Verified cosignatures of trees we do not have yet, by validator.
    ahead: BTreeMap<KeyName, BTreeMap<(u64, TreeHash), Cosignature>>,
    latest: Option<CosignedCheckpoint>,
    cosigned_size: watch::Sender<u64>,
    log_signed_size: u64,
    forks: Vec<ForkEvidence>,
}

impl Cosigner {
    /// A cosigner for the log `origin` with key `log_key`, signing as `name` with the note key, from the store's
    /// durable tip (the empty tree of the genesis if there is no block). It signs nothing yet:
    /// [`Cosigner::on_durable`] with the same tip does.
    #[must_use]
    pub fn new(
        origin: KeyName,
        log_key: PublicKey,
        name: KeyName,
        key: SigningKey,
        tip: &DurableTree,
    ) -> Self {
        let members = Arc::new(Members::new(&tip.validators));
        let newest = Checkpoint {
            origin: origin.clone(),
            size: tip.tree_size,
            root: tip.root,
        };
        let mut cosigner = Self {
            origin,
            log_key,
            name,
            key,
            members,
            newest,
            trees: BTreeMap::new(),
            ahead: BTreeMap::new(),
            latest: None,
            cosigned_size: watch::Sender::new(0),
            log_signed_size: 0,
            forks: Vec::new(),
        };
        cosigner.hold_newest();
        cosigner
    }

    /// Takes note of a tree that is durable now, and cosigns it at `now`, the node's clock. To be
    /// called for every block; for an unchanged tree it makes a fresh cosignature. Returns what
    /// to publish; nothing if this node is not one of the validators.
    ///
    /// # Errors
    /// [`CosignError`] if the tree contradicts one that was durable before: fatal.
    pub fn on_durable(
        &mut self,
        tree: &DurableTree,
        now: Seconds,
    ) -> Result<Option<CosignatureMessage>, CosignError> {
        let DurableTree {
            tree_size,
            root,
            validators,
        } = tree;
        let (tree_size, root, durable) = (*tree_size, *root, &self.newest);
        if tree_size < durable.size {
            return Err(CosignError::Smaller {
                tree_size,
                durable: durable.size,
            });
        }
        if tree_size == durable.size && root != durable.root {
            return Err(CosignError::OtherRoot {
                tree_size,
                root,
                durable: durable.root,
            });
        }
        if *self.members.set() != *validators {
            self.members = Arc::new(Members::new(validators));
        }
        self.newest = Checkpoint {
            origin: self.origin.clone(),
            size: tree_size,
            root,
        };
        self.hold_newest();
        self.take_ahead();
        let own = self.cosign_newest(now);
        self.confirm(tree_size);
        Ok(own)
    }

    /// Takes a cosignature that another validator sent.
    ///
    /// # Errors
    /// [`CosignatureError`] if it does not count; [`CosignatureError::Fork`] is an alarm.
    pub fn on_cosignature(
        &mut self,
        message: &CosignatureMessage,
    ) -> Result<Received, CosignatureError> {
        let stranger = || CosignatureError::Stranger(message.name.clone());
        let tree_size = message.tree_size;
        let name: KeyName = message.name.parse().map_err(|_| stranger())?;
        let tree = self.trees.get(&tree_size);
        if tree.is_none() && tree_size <= self.newest.size {
            let oldest = self
                .trees
                .keys()
                .next()
                .copied()
                .unwrap_or(self.newest.size);
            let newest = self.newest.size;
            return Err(CosignatureError::NotHeld {
                tree_size,
                oldest,
                newest,
            });
        }
        let known = tree.and_then(|tree| tree.cosignatures.get(&name));
        let same_root = tree.is_some_and(|tree| tree.checkpoint.root == message.root);
        if same_root && known.is_some_and(|known| known.time >= message.time) {
            return Ok(Received::Known);
        }
        let members = tree.map_or(&self.members, |tree| &tree.members);
        let key_id = members.key_id(&name).ok_or_else(stranger)?;
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: tree_size,
            root: message.root,
        };
        let cosignature = Cosignature {
            name,
            key_id,
            time: message.time,
            signature: message.signature,
        };
        if !members.verify(&cosignature, &checkpoint) {
            return Err(CosignatureError::Signature {
                name: message.name.clone(),
                tree_size,
            });
        }
        if tree_size > self.newest.size {
            self.hold_ahead((tree_size, message.root), cosignature);
            return Ok(Received::Ahead);
        }
        self.count(tree_size, message.root, cosignature)?;
        self.confirm(tree_size);
        Ok(Received::Counted)
    }

    /// Takes the log key's signatures of a durable tree, which the signer verified.
    pub fn on_log_signature(&mut self, signature: &TreeSignature) {
        let Some(tree) = self.trees.get_mut(&signature.tree_size) else {
            return;
        };
        if tree.checkpoint.root == signature.root {
            tree.signature = Some(signature.clone());
            self.log_signed_size = self.log_signed_size.max(signature.tree_size);
            self.confirm(signature.tree_size);
        }
    }

    /// Size of the newest tree that the log's key signed, with a quorum or without, 0 if there is
    /// none.
    #[must_use]
    pub fn log_signed_size(&self) -> u64 {
        self.log_signed_size
    }

    /// This node's cosignature of the newest tree, for a peer that missed it.
    #[must_use]
    pub fn own(&self) -> Option<CosignatureMessage> {
        let tree = self.trees.get(&self.newest.size)?;
        let own = tree.cosignatures.get(&self.name)?;
        Some(CosignatureMessage::of(&tree.checkpoint, own))
    }

    /// The newest checkpoint with a quorum and the log's signature.
    #[must_use]
    pub fn latest(&self) -> Option<&CosignedCheckpoint> {
        self.latest.as_ref()
    }

    /// The newest checkpoint with both, if it covers the first `tree_size` leaves.
    #[must_use]
    pub fn at_least(&self, tree_size: u64) -> Option<&CosignedCheckpoint> {
        self.latest()
            .filter(|latest| latest.checkpoint.size >= tree_size)
    }

    /// Size of the newest tree with both, 0 if there is none: what a receipt waits for.
    #[must_use]
    pub fn cosigned_size(&self) -> watch::Receiver<u64> {
        self.cosigned_size.subscribe()
    }

    /// Proofs of a fork seen since the start, at most [`FORK_EVIDENCE_MAX`]. Any is an alarm.
    #[must_use]
    pub fn forks(&self) -> &[ForkEvidence] {
        &self.forks
    }

    /// Starts to collect for the newest tree, or goes on under its present validators.
    fn hold_newest(&mut self) {
        let size = self.newest.size;
        let tree = self.trees.entry(size).or_insert_with(|| Tree {
            checkpoint: self.newest.clone(),
            members: Arc::clone(&self.members),
            cosignatures: BTreeMap::new(),
            signature: None,
        });
        if !Arc::ptr_eq(&tree.members, &self.members) {
            tree.members = Arc::clone(&self.members);
            let keeps = |cosignature: &Cosignature| {
                self.members.key_id(&cosignature.name) == Some(cosignature.key_id)
            };
            tree.cosignatures
                .retain(|_, cosignature| keeps(cosignature));
        }
        while self.trees.len() > COSIGNED_SIZES_MAX {
            self.trees.pop_first();
        }
    }

    fn cosign_newest(&mut self, now: Seconds) -> Option<CosignatureMessage> {
        self.members.key_id(&self.name)?;
        let tree = self.trees.get_mut(&self.newest.size)?;
        let before = tree
            .cosignatures
            .get(&self.name)
            .map_or(Seconds(0), |own| own.time);
        // The clock may have been set back; a cosigner's time never is.
        let own = Cosignature::sign(&self.name, &self.key, &self.newest, now.max(before));
        if !tree.members.verify(&own, &self.newest) {
            tracing::error!(name = %self.name, "the note key is not the one of the validator set");
            return None;
        }
        let message = CosignatureMessage::of(&self.newest, &own);
        tree.cosignatures.insert(self.name.clone(), own);
        Some(message)
    }

    /// Keeps a validator's greatest sizes: one of them, once reached, confirms all below it.
    fn hold_ahead(&mut self, tree: (u64, TreeHash), cosignature: Cosignature) {
        let held = self.ahead.entry(cosignature.name.clone()).or_default();
        held.insert(tree, cosignature);
        while held.len() > COSIGNATURES_AHEAD_MAX {
            held.pop_first();
        }
    }

    /// Counts what was held for the newest tree; drops what was held for smaller ones.
    fn take_ahead(&mut self) {
        let size = self.newest.size;
        let mut reached = Vec::new();
        for held in self.ahead.values_mut() {
            let later = held.split_off(&(size.saturating_add(1), TreeHash([0; 32])));
            let now = std::mem::replace(held, later);
            reached.extend(now.into_iter().filter(|((at, _), _)| *at == size));
        }
        self.ahead.retain(|_, held| !held.is_empty());
        for ((_, root), cosignature) in reached {
            // Verified when it came, under the key of that id; what was wrong with it is logged.
            let member = self.members.key_id(&cosignature.name) == Some(cosignature.key_id);
            if member && let Err(error) = self.count(size, root, cosignature) {
                tracing::debug!(%error, "held cosignature does not count");
            }
        }
    }

    /// Counts a verified cosignature by a validator of a tree we hold, or raises the alarm.
    fn count(
        &mut self,
        tree_size: u64,
        root: TreeHash,
        cosignature: Cosignature,
    ) -> Result<(), CosignatureError> {
        let Some(tree) = self.trees.get_mut(&tree_size) else {
            return Ok(());
        };
        if tree.checkpoint.root == root {
            tree.cosignatures
                .insert(cosignature.name.clone(), cosignature);
            return Ok(());
        }
        let other = Checkpoint {
            root,
            ..tree.checkpoint.clone()
        };
        let evidence = ForkEvidence {
            ours: tree.checkpoint.root,
            theirs: CosignatureMessage::of(&other, &cosignature),
        };
        tracing::error!(%evidence, "FORK: a validator cosigned another history");
        if self.forks.len() < FORK_EVIDENCE_MAX && !self.forks.contains(&evidence) {
            self.forks.push(evidence.clone());
        }
        Err(CosignatureError::Fork(Box::new(evidence)))
    }

    /// Takes the tree as the latest if it has a quorum and the log's signature and is not older.
    fn confirm(&mut self, tree_size: u64) {
        let newest = self
            .latest
            .as_ref()
            .map_or(0, |latest| latest.checkpoint.size);
        let Some(tree) = self.trees.get(&tree_size).filter(|_| tree_size >= newest) else {
            return;
        };
        if let Some(signature) = &tree.signature
            && tree.members.is_quorum(tree.cosignatures.keys())
        {
            self.latest = Some(CosignedCheckpoint {
                checkpoint: tree.checkpoint.clone(),
                log_key: self.log_key,
                log_signature: signature.note_signature,
                cose_signature: signature.cose_signature,
                cosignatures: tree.cosignatures.values().cloned().collect(),
            });
            self.cosigned_size
                .send_if_modified(|size| std::mem::replace(size, tree_size) != tree_size);
        }
    }
}

#[cfg(test)]
mod tests;
