//! The part of the audit that goes leaf by leaf: the tree, the chain of blocks, the law.
//!
//! Lives here: [`Auditor`], which is fed what a `Reader` prepared and stops at the first thing that
//! is wrong. Does not live here: where entries come from (`source`, `run`), the state (`state`), the
//! law (`deedbook-registry`).

use std::collections::BTreeMap;
use std::sync::Arc;

use deedbook_registry::{StateError, state};
use deedbook_schemas::block::{BlockTime, Height, Seal};
use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::digest::{BlockId, LedgerId, StateRoot, TreeHash};
use deedbook_schemas::genesis::{Genesis, GenesisError};
use deedbook_schemas::merkle::Frontier;
use deedbook_schemas::validators::ValidatorSet;
use minicbor::{CborLen, Decode, Encode};

use super::evidence::Recordings;
use super::kept::{Kept, SplitView};
use super::law::Law;
use super::reading::{Block, Checked, Content, Known, Prepared, Reader};
use super::signatures::Signatures;
use super::state::MemoryState;
use super::{Finding, Report};

/// Tree level of the hashes that the second row of tiles holds.
const ROW_LEVEL: u8 = 8;

/// Follows a log from its first leaf on.
#[derive(Debug)]
pub struct Auditor {
    pub(super) ledger: LedgerId,
    pub(super) origin: String,
    /// Who decides the next block.
    validators: Arc<Known>,
    /// Changes of them so far.
    changes: u32,
    pub(super) reader: Reader,
    pub(super) frontier: Frontier,
    /// Hashes of the complete subtrees of 256 leaves: what the upper tiles are made of.
    pub(super) row: Vec<TreeHash>,
    pub(super) law: Law,
    /// Entries of the block whose seal has not come yet.
    open: Vec<(u64, Content)>,
    pub(super) sealed: Sealed,
    /// Roots that others vouched for, by size, that this log has not reached.
    pub(super) expected: BTreeMap<u64, Kept>,
    pub(super) recordings: Recordings,
    /// Leaves that an earlier run audited.
    resumed: u64,
}

/// Where the last whole block ended.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub(super) frontier: Frontier,
    pub(super) height: Height,
    pub(super) time: BlockTime,
    pub(super) previous: BlockId,
    /// Who decided it.
    pub(super) decided_by: Arc<Known>,
    pub(super) counts: Counts,
}

/// What was gone through.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) struct Counts {
    #[n(0)]
    pub(super) blocks: u64,
    #[n(1)]
    pub(super) records: u64,
    #[n(2)]
    pub(super) attestations: u64,
    #[n(3)]
    pub(super) precommits: u64,
    #[n(4)]
    pub(super) outcomes: u64,
}

/// Why an auditor stops.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// Something on the log is wrong.
    #[error(transparent)]
    Finding(#[from] Finding),
    /// The log is not the one that somebody else was shown.
    #[error(transparent)]
    Split(#[from] Box<SplitView>),
}

impl Auditor {
    /// Begins an audit at the first leaf.
    ///
    /// # Errors
    /// [`GenesisError`] if the genesis cannot begin a ledger.
    pub fn new(genesis: &Genesis, how: Signatures) -> Result<Self, GenesisError> {
        let validators = Known::new(genesis.check()?);
        let ledger = genesis.ledger_id();
        let state = MemoryState::new(&deedbook_registry::genesis_state(genesis));
        Ok(Self {
            ledger,
            origin: genesis.origin.clone(),
            reader: Reader::new(ledger, Arc::clone(&validators), how),
            validators: Arc::clone(&validators),
            changes: 0,
            frontier: Frontier::default(),
            row: Vec::new(),
            law: Law::new(ledger, state),
            open: Vec::new(),
            sealed: Sealed {
                frontier: Frontier::default(),
                height: Height(0),
                time: genesis.time,
                previous: BlockId(ledger.0),
                decided_by: Arc::clone(&validators),
                counts: Counts::default(),
            },
            expected: BTreeMap::new(),
            recordings: Recordings::default(),
            resumed: 0,
        })
    }

    /// Goes on after `sealed`, with the state as it was then.
    ///
    /// # Errors
    /// [`StateError`] if the state does not say who the validators are.
    pub(super) fn resume(
        &mut self,
        sealed: Sealed,
        row: Vec<TreeHash>,
        state: MemoryState,
    ) -> Result<(), StateError> {
        self.resumed = sealed.frontier.size();
        self.frontier = sealed.frontier.clone();
        self.sealed = sealed;
        self.row = row;
        self.law = Law::new(self.ledger, state);
        self.open.clear();
        self.follow_validators()
    }

    /// Takes who the validators are from the state, if it changed.
    fn follow_validators(&mut self) -> Result<(), StateError> {
        let state = self.law.state();
        let number = state::validators(state)?.number;
        if number != self.changes {
            self.changes = number;
            self.validators = Known::new(state::validator_set(state)?);
            self.reader.follow(Arc::clone(&self.validators));
        }
        Ok(())
    }

    /// What prepares entries for this auditor.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Who decides the next block.
    #[must_use]
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators.set
    }

    /// Leaves gone through.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Root over them.
    #[must_use]
    pub fn root(&self) -> TreeHash {
        self.frontier.root()
    }

    /// The recordings that evidence is compared with.
    pub(super) fn recordings(&mut self) -> &mut Recordings {
        &mut self.recordings
    }

    /// Checks the next leaves of the log.
    ///
    /// # Errors
    /// [`Stopped`]: the first thing that is wrong, in the order of the log.
    pub fn feed(&mut self, prepared: Prepared) -> Result<(), Stopped> {
        debug_assert_eq!(prepared.first, self.size(), "leaves come in order");
        for leaf in prepared.leaves {
            self.leaf(leaf)?;
        }
        Ok(())
    }

    fn leaf(&mut self, Checked { hash, content }: Checked) -> Result<(), Stopped> {
        let index = self.frontier.size();
        let row = &mut self.row;
        self.frontier.append_with(hash, |level, _, hash| {
            if level == ROW_LEVEL {
                row.push(hash);
            }
        });
        let content = content.map_err(|(record, what)| Finding {
            leaf: Some(index),
            height: None,
            record,
            what,
        })?;
        match content {
            Content::Seal(seal, block) => self.close_block(index, &seal, block.as_deref())?,
            content => self.open.push((index, content)),
        }
        self.compare_expected()
    }

    /// Compares the root with what somebody else was shown at this size.
    fn compare_expected(&mut self) -> Result<(), Stopped> {
        let size = self.frontier.size();
        let due = self.expected.first_key_value().map(|(size, _)| *size);
        if due.is_none_or(|due| due > size) {
            return Ok(());
        }
        match self.expected.remove(&size) {
            Some(kept) if kept.root() != self.root() => {
                Err(Box::new(SplitView::recomputed(kept, size, self.root())).into())
            }
            _ => Ok(()),
        }
    }

    /// A seal: the block is certified, lawful, and leads to the sealed state.
    fn close_block(
        &mut self,
        index: u64,
        seal: &Seal,
        block: Option<&Block>,
    ) -> Result<(), Finding> {
        let wrong = |what| Finding {
            leaf: Some(index),
            height: Some(seal.height),
            record: None,
            what,
        };
        let open = std::mem::take(&mut self.open);
        self.check_order(index, seal, open.len()).map_err(wrong)?;
        let block = block.ok_or_else(|| wrong("its certified header is not there".to_owned()))?;
        self.check_certified(seal, block).map_err(wrong)?;
        self.law.execute(seal, &open)?;
        let state_root = self.law.root();
        if state_root != seal.state_root {
            let sealed = seal.state_root;
            let what = format!("the law leads to state root {state_root}, the seal says {sealed}");
            return Err(wrong(what));
        }
        self.check_roots(index, seal, block).map_err(wrong)?;
        self.sealed.decided_by = Arc::clone(&self.validators);
        self.follow_validators()
            .map_err(|error| wrong(error.to_string()))?;
        let (next, sealed) = (self.validators.id, seal.next_validators);
        if next != sealed {
            let what = format!("the law leads to the validators {next}, the seal says {sealed}");
            return Err(wrong(what));
        }
        self.count(&open, block);
        self.sealed.frontier = self.frontier.clone();
        (self.sealed.height, self.sealed.time) = (seal.height, seal.time);
        self.sealed.previous = block.certificate.block;
        Ok(())
    }

    fn count(&mut self, entries: &[(u64, Content)], block: &Block) {
        let counts = &mut self.sealed.counts;
        for (_, content) in entries {
            match content {
                Content::Record(record) => {
                    counts.records += 1;
                    counts.attestations += u64::from(record.attestation.is_some());
                    self.recordings.see(record);
                }
                Content::Outcome(_) | Content::Seal(..) => counts.outcomes += 1,
            }
        }
        counts.blocks += 1;
        let signatures = u64::try_from(block.certificate.signatures.len()).unwrap_or(u64::MAX);
        counts.precommits = counts.precommits.saturating_add(signatures);
    }

    fn check_order(&self, index: u64, seal: &Seal, entries: usize) -> Result<(), String> {
        let first = index - u64::try_from(entries).unwrap_or(index);
        let (height, time) = (self.sealed.height, self.sealed.time);
        if seal.first_index != first {
            return Err(format!(
                "the seal says it began at {}, it did at {first}",
                seal.first_index
            ));
        }
        if entries == 0 {
            return Err("an empty block has a seal".to_owned());
        }
        if seal.height <= height {
            return Err(format!(
                "height {} comes after height {height}",
                seal.height
            ));
        }
        if seal.time <= time {
            let (time, before) = (seal.time.0, time.0);
            return Err(format!(
                "its time {time} ms is not later than {before} ms before it"
            ));
        }
        Ok(())
    }

    /// The header is of this block, and enough validators precommitted it.
    fn check_certified(&self, seal: &Seal, block: &Block) -> Result<(), String> {
        let (header, certificate) = (&block.header, &block.certificate);
        same("ledger of the header", &header.ledger, &self.ledger)?;
        same("height of the header", &header.height, &seal.height)?;
        same(
            "height of the certificate",
            &certificate.height,
            &seal.height,
        )?;
        same("block of the certificate", &certificate.block, &header.id())?;
        let validators = &self.validators;
        if block.known.id == validators.id {
            block.holds.clone()
        } else {
            certificate.verify(&self.ledger, &validators.set)
        }
        .map_err(|error| format!("its certificate: {error}"))?;
        if validators.set.get(&header.proposer).is_none() {
            return Err(format!("its proposer {} is no validator", header.proposer));
        }
        // Heights without entries in between are not shown; then the chain is in the roots alone.
        if seal.height == self.sealed.height.next() {
            let previous = &self.sealed.previous;
            same("previous block of the header", &header.previous, previous)?;
        }
        Ok(())
    }

    fn check_roots(&self, index: u64, seal: &Seal, block: &Block) -> Result<(), String> {
        let header = &block.header;
        same("time of the header", &header.time.0, &seal.time.0)?;
        same(
            "state root of the header",
            &header.state_root,
            &seal.state_root,
        )?;
        same(
            "next validators of the header",
            &header.next_validators,
            &seal.next_validators,
        )?;
        same("tree size of the header", &header.tree_size, &(index + 1))?;
        same("tree root of the header", &header.tree_root, &self.root())
    }

    /// Ends the audit, or a round of it: the whole log was read, and its root is the checkpoint's.
    ///
    /// # Errors
    /// [`Finding`] if the log is shorter or longer, ends within a block, or has another root.
    pub fn finish(&self, checkpoint: &Checkpoint) -> Result<Report, Finding> {
        let (leaves, size) = (self.size(), checkpoint.size);
        if leaves != size {
            return Err(Finding::of_log(format!(
                "the log has {leaves} leaves, the checkpoint says {size}"
            )));
        }
        let (root, signed) = (self.root(), checkpoint.root);
        if root != signed {
            return Err(Finding::of_log(format!(
                "the leaves have root {root}, the checkpoint says {signed}"
            )));
        }
        if let Some((index, _)) = self.open.first() {
            return Err(Finding::of_log(format!(
                "the entries from {index} on have no seal"
            )));
        }
        let Sealed {
            height,
            time,
            counts,
            ..
        } = self.sealed;
        Ok(Report {
            ledger: self.ledger,
            origin: self.origin.clone(),
            leaves,
            resumed: self.resumed,
            root,
            blocks: counts.blocks,
            records: counts.records,
            attestations: counts.attestations,
            precommits: counts.precommits,
            outcomes: counts.outcomes,
            state_root: self.state_root(),
            height,
            time,
            signatures: self.reader.how().told(),
        })
    }

    /// Root of the recomputed state.
    #[must_use]
    pub fn state_root(&self) -> StateRoot {
        self.law.root()
    }
}

fn same<T: PartialEq + std::fmt::Display>(what: &str, got: &T, want: &T) -> Result<(), String> {
    if got == want {
        Ok(())
    } else {
        Err(format!("the {what} is {got}, expected {want}"))
    }
}
