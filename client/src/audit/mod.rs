//! The audit: every leaf, root and signature of the log again, and the law re-run from genesis.
//!
//! Lives here: [`Auditor`], which is fed entries and certified headers in order and stops at the
//! first thing that is wrong. Does not live here: where they come from (`run` reads them from a
//! node; tests make them), the state (`state`), the law (`deedbook-registry`).
//!
//! Signatures are verified strictly, one by one, on all cores: what the validators accepted must
//! verify in the very way they verified it.

mod law;
mod run;
mod state;

use std::collections::BTreeMap;

use deedbook_schemas::api::BlockView;
use deedbook_schemas::block::{BlockTime, Height, Seal};
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::{BlockId, LedgerId, RecordId, StateRoot, TreeHash};
use deedbook_schemas::genesis::{Genesis, GenesisError};
use deedbook_schemas::merkle::{Frontier, leaf_hash};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::record::Record;
use deedbook_schemas::validators::ValidatorSet;
use rayon::prelude::*;
use serde::Serialize;

use law::Law;
pub use run::{AuditError, Stage, audit};

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", finding_line(self))]
pub struct Finding {
    /// Leaf index, if a leaf is to blame.
    pub leaf: Option<u64>,
    /// Height of the block, if known.
    pub height: Option<Height>,
    /// Record, if one is to blame.
    pub record: Option<RecordId>,
    /// What is wrong.
    pub what: String,
}

fn finding_line(finding: &Finding) -> String {
    let mut line = String::new();
    if let Some(leaf) = finding.leaf {
        line.push_str(&format!("leaf {leaf}: "));
    }
    if let Some(height) = finding.height {
        line.push_str(&format!("block {height}: "));
    }
    if let Some(record) = finding.record {
        line.push_str(&format!("record {record}: "));
    }
    line.push_str(&finding.what);
    line
}

/// What an audit went through and found to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The ledger.
    pub ledger: LedgerId,
    /// The log.
    pub origin: String,
    /// Leaves, each hashed.
    pub leaves: u64,
    /// The recomputed root, which is the checkpoint's.
    pub root: TreeHash,
    /// Blocks with entries, each with its certificate.
    pub blocks: u64,
    /// Records, each with its signature.
    pub records: u64,
    /// Identity attestations, each with its signature.
    pub attestations: u64,
    /// Signatures of validators under blocks.
    pub precommits: u64,
    /// Outcomes, each as the law says.
    pub outcomes: u64,
    /// Root of the recomputed state after the last block.
    pub state_root: StateRoot,
    /// The last block's height.
    pub height: Height,
    /// The last block's time.
    pub time: BlockTime,
    /// How signatures were verified.
    pub signatures: &'static str,
}

/// One entry, decoded and with its signatures checked.
struct Checked {
    hash: TreeHash,
    content: Result<Content, (Option<RecordId>, String)>,
}

enum Content {
    Record(Box<Record>),
    Other(Entry),
}

/// Follows a log from its first leaf on.
pub struct Auditor {
    ledger: LedgerId,
    validators: ValidatorSet,
    checkpoint: SignedCheckpoint,
    frontier: Frontier,
    law: Law,
    /// Entries of the block whose seal has not come yet.
    open: Vec<(u64, Content)>,
    height: Height,
    time: BlockTime,
    previous: Option<BlockId>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    blocks: u64,
    records: u64,
    attestations: u64,
    precommits: u64,
    outcomes: u64,
}

impl Auditor {
    /// Begins an audit of the log up to a checkpoint, which the caller has verified.
    ///
    /// # Errors
    /// [`GenesisError`] if the genesis cannot begin a ledger.
    pub fn new(genesis: &Genesis, checkpoint: SignedCheckpoint) -> Result<Self, GenesisError> {
        let validators = genesis.check()?;
        let ledger = genesis.ledger_id();
        Ok(Self {
            ledger,
            validators,
            checkpoint,
            frontier: Frontier::default(),
            law: Law::new(ledger, genesis),
            open: Vec::new(),
            height: Height(0),
            time: genesis.time,
            previous: Some(BlockId(ledger.0)),
            counts: Counts::default(),
        })
    }

    /// Leaves that the checkpoint covers.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.checkpoint.checkpoint.size
    }

    /// Checks the next entries of the log. `blocks` has the certified header of every block that
    /// ends among them.
    ///
    /// # Errors
    /// [`Finding`]: the first thing that is wrong, in the order of the log.
    pub fn feed(
        &mut self,
        entries: Vec<Vec<u8>>,
        blocks: &BTreeMap<Height, BlockView>,
    ) -> Result<(), Finding> {
        let checked: Vec<Checked> = entries
            .into_par_iter()
            .with_min_len(8)
            .map(|entry| read_entry(&entry))
            .collect();
        for Checked { hash, content } in checked {
            let index = self.frontier.size();
            self.frontier.append(hash);
            let content = content.map_err(|(record, what)| Finding {
                leaf: Some(index),
                height: None,
                record,
                what,
            })?;
            match content {
                Content::Other(Entry::Seal(seal)) => {
                    self.close_block(index, &seal, blocks.get(&seal.height))?;
                }
                content => self.open.push((index, content)),
            }
        }
        Ok(())
    }

    /// A seal: the block is certified, lawful, and leads to the sealed state.
    fn close_block(
        &mut self,
        index: u64,
        seal: &Seal,
        view: Option<&BlockView>,
    ) -> Result<(), Finding> {
        let wrong = |what| Finding {
            leaf: Some(index),
            height: Some(seal.height),
            record: None,
            what,
        };
        let open = std::mem::take(&mut self.open);
        self.check_order(index, seal, open.len()).map_err(wrong)?;
        let view = view.ok_or_else(|| wrong("the node does not show the block".to_owned()))?;
        self.check_certified(seal, view).map_err(wrong)?;
        for (_, content) in &open {
            match content {
                Content::Record(record) => {
                    self.counts.records += 1;
                    self.counts.attestations += u64::from(record.attestation.is_some());
                }
                Content::Other(_) => self.counts.outcomes += 1,
            }
        }
        self.counts.blocks += 1;
        self.law.execute(seal, &open)?;
        let state_root = self.law.root();
        if state_root != seal.state_root {
            let sealed = seal.state_root;
            let what = format!("the law leads to state root {state_root}, the seal says {sealed}");
            return Err(wrong(what));
        }
        self.check_roots(index, seal, view).map_err(wrong)
    }

    fn check_order(&mut self, index: u64, seal: &Seal, entries: usize) -> Result<(), String> {
        let first = index - u64::try_from(entries).unwrap_or(index);
        if seal.first_index != first {
            return Err(format!(
                "the seal says it began at {}, it did at {first}",
                seal.first_index
            ));
        }
        if entries == 0 {
            return Err("an empty block has a seal".to_owned());
        }
        if seal.height <= self.height {
            return Err(format!(
                "height {} comes after height {}",
                seal.height, self.height
            ));
        }
        if seal.time <= self.time {
            let (time, before) = (seal.time.0, self.time.0);
            return Err(format!(
                "its time {time} ms is not later than {before} ms before it"
            ));
        }
        if seal.next_validators != self.validators.id() {
            return Err(format!("unknown next validators {}", seal.next_validators));
        }
        Ok(())
    }

    /// The header is of this block, and enough validators precommitted it.
    fn check_certified(&mut self, seal: &Seal, view: &BlockView) -> Result<(), String> {
        let (header, certificate) = (&view.header, &view.certificate);
        same("ledger of the header", &header.ledger, &self.ledger)?;
        same("height of the header", &header.height, &seal.height)?;
        same(
            "height of the certificate",
            &certificate.height,
            &seal.height,
        )?;
        same("block of the certificate", &certificate.block, &header.id())?;
        certificate
            .verify(&self.ledger, &self.validators)
            .map_err(|error| format!("its certificate: {error}"))?;
        if self.validators.get(&header.proposer).is_none() {
            return Err(format!("its proposer {} is no validator", header.proposer));
        }
        // Heights without entries in between are not shown; then the chain is in the roots alone.
        if let Some(previous) = self.previous.filter(|_| seal.height == self.height.next()) {
            same("previous block of the header", &header.previous, &previous)?;
        }
        let signatures = u64::try_from(certificate.signatures.len()).unwrap_or(u64::MAX);
        self.counts.precommits = self.counts.precommits.saturating_add(signatures);
        self.previous = Some(certificate.block);
        (self.height, self.time) = (seal.height, seal.time);
        Ok(())
    }

    fn check_roots(&self, index: u64, seal: &Seal, view: &BlockView) -> Result<(), String> {
        let header = &view.header;
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
        same(
            "tree root of the header",
            &header.tree_root,
            &self.frontier.root(),
        )
    }

    /// Ends the audit: the whole log was read, and its root is the checkpoint's.
    ///
    /// # Errors
    /// [`Finding`] if the log is shorter or longer, ends within a block, or has another root.
    pub fn finish(mut self) -> Result<Report, Finding> {
        let wrong = |what| Finding {
            leaf: None,
            height: None,
            record: None,
            what,
        };
        let checkpoint = &self.checkpoint.checkpoint;
        let (leaves, root) = (self.frontier.size(), self.frontier.root());
        if leaves != checkpoint.size {
            let size = checkpoint.size;
            return Err(wrong(format!(
                "the log has {leaves} leaves, the checkpoint says {size}"
            )));
        }
        if root != checkpoint.root {
            let signed = checkpoint.root;
            return Err(wrong(format!(
                "the leaves have root {root}, the checkpoint says {signed}"
            )));
        }
        if let Some((index, _)) = self.open.first() {
            return Err(wrong(format!("the entries from {index} on have no seal")));
        }
        Ok(Report {
            ledger: self.ledger,
            origin: checkpoint.origin.to_string(),
            leaves,
            root,
            blocks: self.counts.blocks,
            records: self.counts.records,
            attestations: self.counts.attestations,
            precommits: self.counts.precommits,
            outcomes: self.counts.outcomes,
            state_root: self.law.root(),
            height: self.height,
            time: self.time,
            signatures: "each verified strictly (RFC 8032), none in batches",
        })
    }
}

fn same<T: PartialEq + std::fmt::Display>(what: &str, got: &T, want: &T) -> Result<(), String> {
    if got == want {
        Ok(())
    } else {
        Err(format!("the {what} is {got}, expected {want}"))
    }
}

/// Heights of the blocks that end among these entries.
#[must_use]
pub fn sealed_heights(entries: &[Vec<u8>]) -> Vec<Height> {
    let seal = |entry: &Vec<u8>| match Entry::decode(entry) {
        Ok(Entry::Seal(seal)) => Some(seal.height),
        _ => None,
    };
    entries
        .iter()
        .filter(|entry| !Entry::is_record(entry))
        .filter_map(seal)
        .collect()
}

fn read_entry(bytes: &[u8]) -> Checked {
    Checked {
        hash: leaf_hash(bytes),
        content: read_content(bytes),
    }
}

fn read_content(bytes: &[u8]) -> Result<Content, (Option<RecordId>, String)> {
    if !Entry::is_record(bytes) {
        let entry = Entry::decode(bytes).map_err(|error| (None, error.to_string()))?;
        return Ok(Content::Other(entry));
    }
    let record = Record::decode(bytes).map_err(|error| (None, error.to_string()))?;
    if !record.statement.verifies() {
        return Err((Some(record.id), "its signature does not verify".to_owned()));
    }
    let attested = record.attestation.as_ref();
    if attested.is_some_and(|signed| !signed.statement.verifies()) {
        return Err((
            Some(record.id),
            "its attestation's signature does not verify".to_owned(),
        ));
    }
    Ok(Content::Record(Box::new(record)))
}
