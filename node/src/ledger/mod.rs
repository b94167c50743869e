//! The ledger of one node: the one write protocol, told as one story.
//!
//! 1. *Admit* (`admission`): a submitted bundle is read, its signatures are verified once, and the
//!    law is tried on the present state, so that a hopeless one is answered at once.
//! 2. *Build* ([`Application::build`]): the proposer takes bundles from the mempool, runs the law on an
//!    overlay, drops what does not apply, and computes the roots after the block.
//! 3. *Check* ([`Application::check`]): every validator re-executes a block before it prevotes, whether
//!    it came as a proposal or by sync, and refuses a header it cannot reproduce.
//! 4. *Commit* ([`Application::commit`]): what was executed becomes durable in one synced batch; only
//!    then does anybody hear of it.
//!
//! Lives here: that order. Does not live here: what is lawful (`deedbook-registry`), how it is
//! stored (`store`), who decides (`consensus`), cosignatures (`cosign`).

mod admission;
mod certificates;
mod execute;
mod views;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use deedbook_registry::{StateError, StateRead};
use deedbook_schemas::block::{Block, BlockTime, Certificate, Height, Seconds};
use deedbook_schemas::digest::{BlockId, LedgerId, RecordId, ValidatorSetId};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::REJECTIONS_KEPT;
use deedbook_schemas::rejection::Rejection;
use deedbook_schemas::validators::{ValidatorAddress, ValidatorSet};
use lru::LruCache;
use tokio::sync::{mpsc, watch};

use crate::consensus::{Application, Source};
use crate::fatal::Fatal;
use crate::mempool::{Mempool, SignatureCache};
use crate::store::{
    CommitBatch, GenesisBatch, StateChanges, Store, StoreError, StoredProposal, Tip, validators_row,
};

pub use admission::{Admitted, Refused, SubmittedBundle};
pub use execute::BlockRejection;

use execute::Executed;

/// Executed blocks kept for one height: a proposal a round, and rounds are few.
const EXECUTED_KEPT: NonZeroUsize = NonZeroUsize::new(8).expect("8 is not zero");

/// Durable blocks that the cosigner may be behind: several seconds of them.
const DURABLE_KEPT: usize = 256;

/// The ledger of one node.
pub struct Ledger {
    store: Store,
    genesis: Genesis,
    id: LedgerId,
    /// The validators of the genesis.
    founders: ValidatorSet,
    /// Bundles waiting for a block.
    pub mempool: Mempool,
    signatures: SignatureCache,
    executed: Mutex<LruCache<BlockId, Arc<Executed>>>,
    rejected: Mutex<LruCache<RecordId, Rejection>>,
    tip: watch::Sender<Tip>,
    /// Every durable block, for the cosigner.
    durable: mpsc::Sender<Tip>,
}

impl StateRead for Store {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        Self::get(self, key).map_err(storage)
    }

    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError> {
        let found = self.index(&execute::mark_row(mark));
        Ok(found.map_err(storage)?.is_some())
    }

    fn recorded(&self, record: &RecordId) -> Result<bool, StateError> {
        Ok(self.record_index(record).map_err(storage)?.is_some())
    }
}

fn storage(error: StoreError) -> StateError {
    StateError::Storage(error.to_string())
}

impl From<StoreError> for Fatal {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<StateError> for Fatal {
    fn from(error: StateError) -> Self {
        Self::new(error.to_string())
    }
}

/// This node's clock.
#[must_use]
pub fn now() -> BlockTime {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    BlockTime(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Ledger {
    /// Opens the ledger of `genesis` on `store`, writes the genesis state if the store is new, and
    /// compares what is stored with itself. Also gives every block that becomes durable.
    ///
    /// # Errors
    /// [`Fatal`] if the store is of another genesis, or contradicts itself.
    pub fn open(store: Store, genesis: Genesis) -> Result<(Self, mpsc::Receiver<Tip>), Fatal> {
        let founders = genesis
            .check()
            .map_err(|error| Fatal::new(error.to_string()))?;
        if store.tip().state_version == 0 {
            let changes: StateChanges = deedbook_registry::genesis_state(&genesis)
                .into_iter()
                .map(|(key, value)| (key, Some(value)))
                .collect();
            let state = store.update(&changes)?;
            store.commit_genesis(GenesisBatch {
                time: genesis.time,
                state,
                next_validators: founders.id(),
                index: vec![(validators_row(&founders.id()), Some(encode(&founders)))],
                values: Vec::new(),
            })?;
        }
        store.verify_tip()?;
        let tip = store.tip();
        let (durable, blocks) = mpsc::channel(DURABLE_KEPT);
        let ledger = Self {
            id: genesis.ledger_id(),
            genesis,
            founders,
            mempool: Mempool::new(),
            signatures: SignatureCache::default(),
            executed: Mutex::new(LruCache::new(EXECUTED_KEPT)),
            rejected: Mutex::new(LruCache::new(REJECTIONS_KEPT)),
            tip: watch::Sender::new(tip),
            durable,
            store,
        };
        Ok((ledger, blocks))
    }

    /// The ledger's name.
    #[must_use]
    pub fn id(&self) -> LedgerId {
        self.id
    }

    /// What the ledger began with.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The disk.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The last durable block.
    #[must_use]
    pub fn tip(&self) -> Tip {
        self.store.tip()
    }

    /// The tip, to wait for a change.
    #[must_use]
    pub fn tips(&self) -> watch::Receiver<Tip> {
        self.tip.subscribe()
    }

    /// The validators of the first height.
    #[must_use]
    pub fn founders(&self) -> &ValidatorSet {
        &self.founders
    }

    /// The validators of the height after `tip`, who also vouch for the tree of `tip`.
    ///
    /// # Errors
    /// [`Fatal`] if they cannot be read.
    pub fn set_after(&self, tip: &Tip) -> Result<ValidatorSet, Fatal> {
        self.set_of(&tip.next_validators)
    }

    fn set_of(&self, id: &ValidatorSetId) -> Result<ValidatorSet, Fatal> {
        let set = self.store.validator_set(id)?;
        set.ok_or_else(|| Fatal::new(format!("the validator set {id} is not here")))
    }

    /// When time alone will next bring something about: the network must not sleep longer.
    ///
    /// # Errors
    /// [`Fatal`] if the state cannot be read.
    pub fn next_deadline(&self) -> Result<Option<Seconds>, Fatal> {
        Ok(deedbook_registry::next_deadline(&self.store)?)
    }

    /// Re-executes a proposed or synced block on the tip. The inner error says why it is refused.
    fn check_block(
        &self,
        bytes: &[u8],
        source: Source,
    ) -> Result<Result<BlockId, BlockRejection>, Fatal> {
        let block = match Block::decode(bytes) {
            Ok(block) => block,
            Err(error) => return Ok(Err(BlockRejection::Malformed(error))),
        };
        let id = block.header.id();
        // A block that was executed, or kept as a proposal before a restart, was on time then.
        if self.recall(&id, bytes).is_some() {
            return Ok(Ok(id));
        }
        let kept = self
            .store
            .proposals(block.header.height)?
            .iter()
            .any(|kept| kept.block == id);
        if source == Source::Proposed
            && !kept
            && let Err(rejection) = execute::check_clock(block.header.time, now())
        {
            return Ok(Err(rejection));
        }
        match self.execute_block(&self.tip(), block)? {
            Ok(executed) => {
                self.remember(executed);
                Ok(Ok(id))
            }
            Err(rejection) => Ok(Err(rejection)),
        }
    }

    fn decided_block(&self, certificate: &Certificate) -> Result<Arc<Executed>, Fatal> {
        let id = certificate.block;
        if let Some(executed) = self.lock_executed().get(&id) {
            return Ok(Arc::clone(executed));
        }
        let kept = self.store.proposals(certificate.height)?;
        let proposal = kept
            .into_iter()
            .find(|proposal| proposal.block == id)
            .ok_or_else(|| {
                Fatal::new(format!(
                    "height {} decided {id}, which is not here",
                    certificate.height
                ))
            })?;
        self.check_block(&proposal.bytes, Source::Synced)?
            .map_err(|rejection| {
                Fatal::new(format!(
                    "height {} decided a block that is refused: {rejection}",
                    certificate.height
                ))
            })?;
        let executed = self.lock_executed().get(&id).map(Arc::clone);
        executed.ok_or_else(|| Fatal::new(format!("block {id} was executed and is gone")))
    }

    fn remember(&self, executed: Executed) {
        self.lock_executed()
            .put(executed.block.header.id(), Arc::new(executed));
    }

    /// An executed block of exactly these bytes.
    fn recall(&self, id: &BlockId, bytes: &[u8]) -> Option<Arc<Executed>> {
        let executed = self.lock_executed().get(id).map(Arc::clone)?;
        (executed.block.encode() == bytes).then_some(executed)
    }

    fn lock_executed(&self) -> std::sync::MutexGuard<'_, LruCache<BlockId, Arc<Executed>>> {
        self.executed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the law refused a record at its door after it was admitted; forgotten in time.
    #[must_use]
    pub fn rejection(&self, record: &RecordId) -> Option<Rejection> {
        self.lock_rejected().get(record).cloned()
    }

    fn lock_rejected(&self) -> std::sync::MutexGuard<'_, LruCache<RecordId, Rejection>> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Application for Ledger {
    fn ledger_id(&self) -> LedgerId {
        self.id
    }

    fn tip(&self) -> Height {
        self.store.tip().height
    }

    fn validators(&self, height: Height) -> Result<ValidatorSet, Fatal> {
        let tip = self.tip();
        if height == tip.height.next() {
            return self.set_after(&tip);
        }
        if height <= Height(1) {
            return Ok(self.founders.clone());
        }
        let before = Height(height.0.saturating_sub(1));
        let block = self.store.block(before)?;
        let unknown = || Fatal::new(format!("asked for the validators of {height} at {before}"));
        self.set_of(&block.ok_or_else(unknown)?.header.next_validators)
    }

    fn build(
        &self,
        height: Height,
        proposer: ValidatorAddress,
    ) -> Result<(Vec<u8>, BlockId), Fatal> {
        let tip = self.tip();
        if height != tip.height.next() {
            return Err(Fatal::new(format!(
                "asked to build height {height} on {}",
                tip.height
            )));
        }
        let time = BlockTime(now().0.max(tip.time.0.saturating_add(1)));
        let executed = self.execute_waiting(&tip, height, time, proposer)?;
        let built = (executed.block.encode(), executed.block.header.id());
        self.remember(executed);
        Ok(built)
    }

    fn check(&self, bytes: &[u8], source: Source) -> Result<Result<BlockId, String>, Fatal> {
        Ok(self
            .check_block(bytes, source)?
            .map_err(|rejection| rejection.to_string()))
    }

    fn keep_proposal(&self, proposal: &StoredProposal) -> Result<(), Fatal> {
        match self.store.put_proposal(proposal) {
            // Decided meanwhile: there is nothing to keep.
            Err(StoreError::Mismatch { .. }) => Ok(()),
            result => Ok(result?),
        }
    }

    fn proposals(&self, height: Height) -> Result<Vec<StoredProposal>, Fatal> {
        Ok(self.store.proposals(height)?)
    }

    fn commit(&self, certificate: &Certificate) -> Result<(), Fatal> {
        let validators = self.set_after(&self.tip())?;
        certificate.verify(&self.id, &validators).map_err(|error| {
            Fatal::new(format!("certificate of {}: {error}", certificate.height))
        })?;
        let executed = self.decided_block(certificate)?;
        let ids: Vec<RecordId> = executed.records.iter().map(|(id, _)| *id).collect();
        let tip = self.store.commit(CommitBatch {
            header: executed.block.header.clone(),
            certificate: certificate.clone(),
            log: executed.log.clone(),
            state: executed.state.clone(),
            records: executed.records.clone(),
            index: executed.index.clone(),
            values: Vec::new(),
        })?;
        self.lock_executed().clear();
        self.mempool.remove_included(&ids);
        // The cosigner may be behind while this node syncs; blocks it misses it need not cosign.
        let _missed = self.durable.try_send(tip.clone());
        self.tip.send_replace(tip);
        Ok(())
    }

    fn update_certificate(&self, certificate: &Certificate) -> Result<(), Fatal> {
        Ok(self.store.update_certificate(certificate)?)
    }

    fn decided(&self, height: Height) -> Result<Option<(Vec<u8>, Certificate)>, Fatal> {
        Ok(self.store.decided(height)?)
    }

    fn history_min(&self) -> Height {
        Height(u64::from(self.tip().height > Height(0)))
    }
}
