//! Execution of a block: the law on an overlay, the entries it makes, the roots after it.
//!
//! Lives here: what building and checking have in common, so that
//! a proposer and its validators cannot differ. Does not live here: anything durable.

use std::collections::BTreeSet;
use std::sync::Arc;

use deedbook_registry::{Applied, ApplyError, BlockContext, Overlay, begin_block, end_block};
use deedbook_schemas::block::{Block, BlockError, BlockTime, Header, Height, Seal};
use deedbook_schemas::digest::{BlockId, LedgerId, RecordId, StateRoot, TreeHash, ValidatorSetId};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::limits::{BLOCK_BYTES_MAX, BLOCK_RECORDS_MAX};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::{Code, Rejection};
use deedbook_schemas::validators::{ValidatorAddress, ValidatorSet};
use rayon::prelude::*;

use super::Ledger;
use crate::fatal::Fatal;
use crate::mempool::{Bundle, SignatureKey};
use crate::store::{LogUpdate, StateUpdate, Tip, validators_row};

/// Milliseconds by which a live proposal may be ahead of this node's clock.
const CLOCK_AHEAD_MS: u64 = 10_000;
/// Milliseconds by which a live proposal may be behind it: a round's timeouts, several times over.
const CLOCK_BEHIND_MS: u64 = 60_000;
/// Bytes of a block that are not records, at most: a header of nine fields of up to 35 bytes, and a
/// length of 3 bytes before each record.
const OVERHEAD_BYTES: usize = 512 + 3 * BLOCK_RECORDS_MAX;

/// Why a block is refused.
#[derive(Debug, thiserror::Error)]
pub enum BlockRejection {
    /// Its bytes are not a block.
    #[error(transparent)]
    Malformed(BlockError),
    /// It does not follow the tip.
    #[error("{what} is {got}, expected {expected}")]
    Header {
        /// Which field.
        what: &'static str,
        /// What the block says.
        got: String,
        /// What follows from the tip.
        expected: String,
    },
    /// Its time is too far from this node's clock.
    #[error("its time is {block} ms, this node's clock says {clock} ms")]
    Clock {
        /// The block's time.
        block: u64,
        /// This node's.
        clock: u64,
    },
    /// One of its records is not a record, or not validly signed.
    #[error("record {0} is malformed or not validly signed")]
    Record(usize),
    /// One of its records is refused at the law's door.
    #[error("record {index} is refused: {rejection}")]
    Law {
        /// Which one.
        index: usize,
        /// Why.
        rejection: Rejection,
    },
}

/// A block and everything that follows from it, not yet durable.
#[derive(Debug)]
pub(super) struct Executed {
    pub(super) block: Block,
    pub(super) log: LogUpdate,
    pub(super) state: StateUpdate,
    /// Where the block's records stand in the log.
    pub(super) records: Vec<(RecordId, u64)>,
    /// Secondary index: outcomes by record, evidence seen.
    pub(super) index: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Row of the secondary index that finds the outcome of a record.
pub(super) fn outcome_row(record: &RecordId) -> Vec<u8> {
    [b"o".as_slice(), &record.0].concat()
}

/// Beginning of the rows of the secondary index that find who read a party's rights; a row ends with
/// the entry's leaf index.
pub(super) fn access_rows(party: &PartyId) -> Vec<u8> {
    [b"a".as_slice(), &party.0].concat()
}

/// Row of the secondary index that remembers a mark which is not a record's.
pub(super) fn mark_row(mark: &[u8; 32]) -> Vec<u8> {
    [b"m".as_slice(), mark].concat()
}

pub(super) fn check_clock(block: BlockTime, clock: BlockTime) -> Result<(), BlockRejection> {
    let early = block.0 > clock.0.saturating_add(CLOCK_AHEAD_MS);
    let late = block.0 < clock.0.saturating_sub(CLOCK_BEHIND_MS);
    if early || late {
        Err(BlockRejection::Clock {
            block: block.0,
            clock: clock.0,
        })
    } else {
        Ok(())
    }
}

/// A block in the making: the law's overlay and the entries so far.
struct Making<'a> {
    ledger: &'a Ledger,
    context: BlockContext,
    overlay: Overlay<'a>,
    entries: Vec<Entry>,
    /// Encoded records, and each record's id and place among the entries.
    records: Vec<Vec<u8>>,
    places: Vec<(RecordId, usize)>,
    /// Whose rights were read, and the entry that says so.
    accesses: Vec<(PartyId, usize)>,
}

impl<'a> Making<'a> {
    fn begin(ledger: &'a Ledger, height: Height, time: BlockTime) -> Result<Self, Fatal> {
        let context = BlockContext {
            ledger: ledger.id,
            height,
            time,
        };
        let mut overlay = Overlay::new(&ledger.store);
        let outcomes = begin_block(&mut overlay, &context)?;
        let entries = outcomes.into_iter().map(Entry::Outcome).collect();
        Ok(Self {
            ledger,
            context,
            overlay,
            entries,
            records: Vec::new(),
            places: Vec::new(),
            accesses: Vec::new(),
        })
    }

    /// Applies one record whose signatures were verified.
    fn apply(
        &mut self,
        record: &Record,
        bytes: &[u8],
    ) -> Result<Result<Applied, Rejection>, Fatal> {
        match deedbook_registry::apply(&mut self.overlay, &self.context, record, &|_| true) {
            Ok(applied) => {
                self.places.push((record.id, self.entries.len()));
                let read = matches!(record.body, Body::AccessEntry(_)) && applied.refusal.is_none();
                if let Some(person) = record.subject().parse().ok().filter(|_| read) {
                    self.accesses.push((person, self.entries.len()));
                }
                self.records.push(bytes.to_vec());
                self.entries.push(Entry::Record(bytes.to_vec()));
                self.entries
                    .extend(applied.outcomes.iter().cloned().map(Entry::Outcome));
                Ok(Ok(applied))
            }
            Err(ApplyError::Door(rejection)) => Ok(Err(rejection)),
            Err(ApplyError::State(error)) => Err(error.into()),
        }
    }

    /// Applies a bundle whole or not at all. If its first record is lawfully refused, that refusal
    /// alone is recorded.
    fn apply_bundle(
        &mut self,
        records: &[(Record, &[u8])],
    ) -> Result<Result<(), Rejection>, Fatal> {
        let before = (self.entries.len(), self.records.len(), self.places.len());
        let checkpoint = self.overlay.checkpoint();
        for (index, (record, bytes)) in records.iter().enumerate() {
            let (refusal, logged) = match self.apply(record, bytes)? {
                Ok(applied) => (applied.refusal, index == 0),
                Err(rejection) => (Some(rejection), false),
            };
            let Some(rejection) = refusal else { continue };
            if !logged {
                self.overlay.rollback(checkpoint);
                self.entries.truncate(before.0);
                self.records.truncate(before.1);
                self.places.truncate(before.2);
                self.accesses.retain(|(_, place)| *place < before.0);
                return Ok(Err(rejection));
            }
            // The refusal is the bundle's answer; what follows it has nothing to act on.
            return Ok(if records.len() == 1 {
                Ok(())
            } else {
                Err(rejection)
            });
        }
        Ok(Ok(()))
    }

    /// Closes the block: the law's end, the roots, the seal.
    fn finish(mut self, tip: &Tip, proposer: ValidatorAddress) -> Result<Executed, Fatal> {
        end_block(&mut self.overlay, &self.context)?;
        let store = &self.ledger.store;
        let state = store.update(&self.overlay.changes())?;
        let set = deedbook_registry::state::validator_set(&self.overlay)?;
        let next_validators = set.id();
        // Time alone may tidy the state without an outcome; what the state becomes is sealed.
        if !self.entries.is_empty() || state.root != tip.state_root {
            self.entries.push(Entry::Seal(Seal {
                height: self.context.height,
                time: self.context.time,
                state_root: state.root,
                next_validators,
                first_index: tip.tree_size,
            }));
        }
        let log = store.append(self.entries.iter().map(Entry::encode).collect())?;
        let header = Header {
            ledger: self.ledger.id,
            height: self.context.height,
            time: self.context.time,
            proposer,
            previous: tip.block,
            tree_size: log.size(),
            tree_root: log.root,
            state_root: state.root,
            next_validators,
        };
        let leaf = |place: usize| log.first_index.saturating_add(place as u64);
        let mut index = Vec::new();
        if next_validators != tip.next_validators {
            let row = validators_row(&next_validators);
            index.push((row, Some(encode(&set))));
        }
        for (place, entry) in self.entries.iter().enumerate() {
            if let Entry::Outcome(outcome) = entry {
                let row = outcome_row(&outcome.record);
                index.push((row, Some(leaf(place).to_be_bytes().to_vec())));
            }
        }
        for (person, place) in &self.accesses {
            let row = [access_rows(person), leaf(*place).to_be_bytes().to_vec()].concat();
            index.push((row, Some(Vec::new())));
        }
        let records: BTreeSet<[u8; 32]> = self.places.iter().map(|(id, _)| id.0).collect();
        let other_marks = self.overlay.marks().difference(&records);
        index.extend(other_marks.map(|mark| (mark_row(mark), Some(Vec::new()))));
        let records = self
            .places
            .iter()
            .map(|(id, place)| (*id, leaf(*place)))
            .collect();
        let block = Block {
            header,
            records: self.records,
        };
        Ok(Executed {
            block,
            log,
            state,
            records,
            index,
        })
    }
}

impl Ledger {
    /// Executes what is waiting on the tip. Bundles that do not apply leave the mempool.
    pub(super) fn execute_waiting(
        &self,
        tip: &Tip,
        height: Height,
        time: BlockTime,
        proposer: ValidatorAddress,
    ) -> Result<Executed, Fatal> {
        let mut making = Making::begin(self, height, time)?;
        let bundles = self
            .mempool
            .take(BLOCK_RECORDS_MAX, BLOCK_BYTES_MAX - OVERHEAD_BYTES);
        for (bundle, records) in bundles.iter().zip(self.read_bundles(&bundles)) {
            let with_bytes: Option<Vec<(Record, &[u8])>> = records.map(|records| {
                records
                    .into_iter()
                    .zip(bundle.records().iter().map(|pooled| &*pooled.bytes))
                    .collect()
            });
            let result = match with_bytes {
                Some(records) => making.apply_bundle(&records)?,
                None => Err(Rejection::one(Code::SignatureInvalid)),
            };
            if let Err(rejection) = result {
                self.refuse(bundle, &rejection);
            }
        }
        making.finish(tip, proposer)
    }

    /// Decodes bundles and verifies their signatures, on all cores.
    fn read_bundles(&self, bundles: &[Arc<Bundle>]) -> Vec<Option<Vec<Record>>> {
        bundles
            .par_iter()
            .with_min_len(8)
            .map(|bundle| {
                bundle
                    .records()
                    .iter()
                    .map(|pooled| self.read_record(&pooled.bytes))
                    .collect()
            })
            .collect()
    }

    /// Decodes a record and verifies its signatures.
    fn read_record(&self, bytes: &[u8]) -> Option<Record> {
        let record = Record::decode(bytes).ok()?;
        self.verifies(&record, bytes).then_some(record)
    }

    /// Whether a record's signatures verify; asked once for the same bytes.
    pub(super) fn verifies(&self, record: &Record, bytes: &[u8]) -> bool {
        let key = SignatureKey::of(bytes, &record.statement.header.key);
        if self.signatures.contains(&key) {
            return true;
        }
        let verifies = record.verify();
        if verifies {
            self.signatures.insert(key);
        }
        verifies
    }

    /// Remembers why a bundle was refused, for whoever waits for it, and forgets the bundle. One
    /// that a block took while it was being queued again is no refusal: it is on the ledger.
    pub(super) fn refuse(&self, bundle: &Bundle, rejection: &Rejection) {
        if !rejection.codes().eq([Code::RecordDuplicate]) {
            let mut rejected = self.lock_rejected();
            for record in bundle.records() {
                rejected.put(record.id, rejection.clone());
            }
        }
        self.mempool.remove(bundle);
        // Whoever waits for the tip looks again.
        self.tip.send_modify(|_| ());
    }

    /// Re-executes a block on the tip and compares every field of its header.
    pub(super) fn execute_block(
        &self,
        tip: &Tip,
        block: Block,
    ) -> Result<Result<Executed, BlockRejection>, Fatal> {
        let validators = self.set_after(tip)?;
        if let Err(rejection) = self.check_header(tip, &validators, &block.header) {
            return Ok(Err(rejection));
        }
        let read: Vec<Option<Record>> = block
            .records
            .par_iter()
            .with_min_len(16)
            .map(|bytes| self.read_record(bytes))
            .collect();
        let mut making = Making::begin(self, block.header.height, block.header.time)?;
        for (index, (record, bytes)) in read.iter().zip(&block.records).enumerate() {
            let Some(record) = record else {
                return Ok(Err(BlockRejection::Record(index)));
            };
            if let Err(rejection) = making.apply(record, bytes)? {
                return Ok(Err(BlockRejection::Law { index, rejection }));
            }
        }
        let executed = making.finish(tip, block.header.proposer)?;
        let (ours, theirs) = (&executed.block.header, &block.header);
        let next = (theirs.next_validators, ours.next_validators);
        let same = expect::<ValidatorSetId>("next validators", next.0, next.1)
            .and_then(|()| expect::<u64>("tree size", theirs.tree_size, ours.tree_size))
            .and_then(|()| expect::<StateRoot>("state root", theirs.state_root, ours.state_root))
            .and_then(|()| expect::<TreeHash>("tree root", theirs.tree_root, ours.tree_root));
        Ok(same.map(|()| executed))
    }

    fn check_header(
        &self,
        tip: &Tip,
        validators: &ValidatorSet,
        header: &Header,
    ) -> Result<(), BlockRejection> {
        expect::<LedgerId>("ledger", header.ledger, self.id)?;
        expect::<Height>("height", header.height, tip.height.next())?;
        expect::<BlockId>("previous block", header.previous, tip.block)?;
        if header.time <= tip.time {
            let (got, expected) = (
                header.time.0.to_string(),
                format!("later than {}", tip.time.0),
            );
            return Err(BlockRejection::Header {
                what: "time",
                got,
                expected,
            });
        }
        if validators.get(&header.proposer).is_none() {
            let (got, expected) = (header.proposer.to_string(), "a validator".to_owned());
            return Err(BlockRejection::Header {
                what: "proposer",
                got,
                expected,
            });
        }
        Ok(())
    }
}

fn expect<T: PartialEq + std::fmt::Display>(
    what: &'static str,
    got: T,
    expected: T,
) -> Result<(), BlockRejection> {
    if got == expected {
        return Ok(());
    }
    let (got, expected) = (got.to_string(), expected.to_string());
    Err(BlockRejection::Header {
        what,
        got,
        expected,
    })
}
