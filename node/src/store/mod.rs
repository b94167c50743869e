//! The node's disk: decided blocks, the log and its tree, the state tree, indexes. RocksDB, one
//! synced batch a height.
//!
//! Lives here: [`Store`], which opens, commits and answers. Does not live here: the signing guard
//! (`guard`, a file of its own), and what a block must contain (`ledger`).
//!
//! The order of events for a height: [`Store::update`] and [`Store::append`] compute what follows
//! from a block, writing nothing; [`Store::commit`] writes it in one batch and then moves the tip.
//! A crash before the batch is durable leaves the height undecided; after it, decided. There is
//! nothing between.

mod batch;
mod blocks;
mod check;
mod disk;
mod error;
pub mod guard;
mod guard_file;
mod log;
pub mod proposal;
mod reads;
mod rocks;
mod state_change;
mod state_node;
mod state_path;
mod state_tree;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use deedbook_schemas::block::{BlockTime, Certificate, Height};
use deedbook_schemas::digest::{BlockId, LedgerId, ValidatorSetId};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::merkle::{Frontier, empty_root};
use deedbook_schemas::state_proof::EMPTY_ROOT;
use rocksdb::{IteratorMode, WriteBatch};

pub use batch::{CommitBatch, GenesisBatch, Sizes, Tip, validators_row};
pub use blocks::StoredBlock;
pub use disk::disk_free_percent;
pub use error::StoreError;
pub use log::LogUpdate;
pub use proposal::StoredProposal;
pub use reads::IndexRow;
pub use state_tree::{StateChanges, StateUpdate};

use batch::{check_fit, expect};
use error::corrupt;
use rocks::{Family, Rocks};

/// Raised when a row's shape or a family's name changes.
const FORMAT: u32 = 1;

const FORMAT_ROW: &[u8] = b"format";
const LEDGER_ROW: &[u8] = b"ledger";
const TIP_ROW: &[u8] = b"tip";

/// The tip with what is needed to grow it.
#[derive(Debug, Clone)]
struct Committed {
    tip: Tip,
    frontier: Frontier,
}

/// The one store of a node. Shared by reference; computing and committing a height is for one
/// caller at a time, reading for any number.
pub struct Store {
    rocks: Rocks,
    path: PathBuf,
    ledger: LedgerId,
    committed: RwLock<Arc<Committed>>,
    /// Held while writing; true once a write has failed.
    failed: Mutex<bool>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .field("tip", &self.tip())
            .finish()
    }
}

impl Store {
    /// Opens the store of a ledger, or creates it in a folder that has none.
    ///
    /// # Errors
    /// [`StoreError`] if the folder is in use, of another ledger or format, corrupt, or cannot be
    /// made. A write-ahead log that is damaged other than by being cut off is an error; one that
    /// is cut off opens at an earlier tip, which the caller compares with the signing guard's.
    pub fn open(path: &Path, ledger: LedgerId) -> Result<Self, StoreError> {
        std::fs::create_dir_all(path).map_err(|error| StoreError::Open {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
        let rocks = Rocks::open(path)?;
        if rocks
            .db
            .iterator(IteratorMode::Start)
            .next()
            .transpose()?
            .is_none()
        {
            create(&rocks, path, ledger)?;
        }
        Self::load(rocks, path, ledger)
    }

    fn load(rocks: Rocks, path: &Path, ledger: LedgerId) -> Result<Self, StoreError> {
        check_owner(&rocks, path, ledger)?;
        let tip: Tip = rocks
            .get_row(Family::Meta, TIP_ROW)?
            .ok_or_else(|| corrupt("meta", "no tip"))?;
        let frontier = log::frontier(&rocks, tip.tree_size)?;
        if frontier.root() != tip.tree_root {
            let (size, root, tip) = (tip.tree_size, frontier.root(), tip.tree_root);
            return Err(corrupt(
                "log",
                format!("root of {size} leaves is {root}, the tip has {tip}"),
            ));
        }
        Ok(Self {
            rocks,
            path: path.to_path_buf(),
            ledger,
            committed: RwLock::new(Arc::new(Committed { tip, frontier })),
            failed: Mutex::new(false),
        })
    }

    /// Opens the store of a stopped node, or a copy, to read it, changing nothing in its folder.
    ///
    /// # Errors
    /// As [`Store::open`]; also if there is no store.
    pub fn open_read_only(path: &Path, ledger: LedgerId) -> Result<Self, StoreError> {
        Self::load(Rocks::open_read_only(path)?, path, ledger)
    }

    /// A copy of the store as it stands now, in a folder on the same disk that does not exist yet. Its
    /// files are links to this store's, so that it costs no space while the store grows on; a copy
    /// takes no writes.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be made or opened.
    pub fn link_copy(&self, path: &Path) -> Result<Self, StoreError> {
        rocksdb::checkpoint::Checkpoint::new(&self.rocks.db)?.create_checkpoint(path)?;
        Self::open_read_only(path, self.ledger)
    }

    /// Where the ledger stands.
    #[must_use]
    pub fn tip(&self) -> Tip {
        self.committed().tip.clone()
    }

    fn committed(&self) -> Arc<Committed> {
        Arc::clone(
            &self
                .committed
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Computes the state after `changes` on top of the tip, writing nothing. Changes that change
    /// nothing do not count.
    ///
    /// # Errors
    /// [`StoreError`] if the tree cannot be read.
    pub fn update(&self, changes: &StateChanges) -> Result<StateUpdate, StoreError> {
        let committed = self.committed();
        state_tree::update(
            &self.rocks,
            committed.tip.state_version,
            committed.tip.state_root,
            changes,
        )
    }

    /// Computes the log after `entries` on top of the tip, writing nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the tree cannot be read or an entry is empty or too long.
    pub fn append(&self, entries: Vec<Vec<u8>>) -> Result<LogUpdate, StoreError> {
        log::append(&self.rocks, &self.committed().frontier, entries)
    }

    /// Writes the genesis state, once, before the first block.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] if there is a state already; otherwise as [`Store::commit`].
    pub fn commit_genesis(&self, genesis: GenesisBatch) -> Result<Tip, StoreError> {
        let committed = self.committed();
        expect("height", committed.tip.height, Height(0))?;
        expect("state version", committed.tip.state_version, 0)?;
        expect("base of the state", genesis.state.base, 0)?;
        let tip = Tip {
            time: genesis.time,
            state_root: genesis.state.root,
            state_version: genesis.state.version,
            next_validators: genesis.next_validators,
            ..committed.tip.clone()
        };
        let mut batch = WriteBatch::default();
        state_tree::write(&self.rocks, &mut batch, genesis.state)?;
        self.write_rows(&mut batch, &genesis.index, &genesis.values)?;
        self.write_tip(
            batch,
            Committed {
                tip,
                frontier: committed.frontier.clone(),
            },
        )
    }

    /// Makes a decided height durable: one synced batch, then the tip moves.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] if the batch does not follow from the tip. Any other error is
    /// final: what reached the disk is unknown, every later write is refused, and the caller
    /// stops the node.
    pub fn commit(&self, commit: CommitBatch) -> Result<Tip, StoreError> {
        let committed = self.committed();
        let header = &commit.header;
        check_fit(&committed.tip, &self.ledger, &commit)?;
        let tip = Tip {
            height: header.height,
            block: header.id(),
            time: header.time,
            tree_size: header.tree_size,
            tree_root: header.tree_root,
            state_root: header.state_root,
            state_version: commit.state.version,
            next_validators: header.next_validators,
        };
        let block = StoredBlock {
            first_index: commit.log.first_index,
            entries: commit.log.entries.len() as u64,
            header: commit.header,
        };
        let mut batch = WriteBatch::default();
        blocks::write(&self.rocks, &mut batch, &block, &commit.certificate)?;
        blocks::delete_proposals(&self.rocks, &mut batch, tip.height)?;
        log::write(&self.rocks, &mut batch, &commit.log)?;
        for (record, index) in &commit.records {
            log::write_record(&self.rocks, &mut batch, record, *index)?;
        }
        state_tree::write(&self.rocks, &mut batch, commit.state)?;
        self.write_rows(&mut batch, &commit.index, &commit.values)?;
        self.write_tip(
            batch,
            Committed {
                tip,
                frontier: commit.log.frontier,
            },
        )
    }

    fn write_rows(
        &self,
        batch: &mut WriteBatch,
        index: &[(Vec<u8>, Option<Vec<u8>>)],
        values: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let family = self.rocks.family(Family::Index)?;
        for (key, value) in index {
            match value {
                Some(value) => batch.put_cf(family, key, value),
                None => batch.delete_cf(family, key),
            }
        }
        for (name, value) in values {
            batch.put(value_row(name), value);
        }
        Ok(())
    }

    /// Writes the batch with the new tip, synced. If we crash before it returns, the tip is the
    /// old or the new one, and either is whole.
    fn write_tip(&self, mut batch: WriteBatch, next: Committed) -> Result<Tip, StoreError> {
        batch.put(TIP_ROW, encode(&next.tip));
        self.write(batch, true)?;
        let tip = next.tip.clone();
        *self
            .committed
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(tip)
    }

    /// A disk that failed once is not asked again: after a failed fsync the kernel may have
    /// dropped the pages, and a second fsync would lie.
    fn write(&self, batch: WriteBatch, sync: bool) -> Result<(), StoreError> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if *failed {
            return Err(StoreError::Failed);
        }
        self.rocks
            .write(batch, sync)
            .inspect_err(|_| *failed = true)
    }

    /// Replaces the certificate of a decided height by a fuller one. Not synced: the one it
    /// replaces is durable and proves the same.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] if it is for another block than the decided one.
    pub fn update_certificate(&self, certificate: &Certificate) -> Result<(), StoreError> {
        let decided = self
            .block(certificate.height)?
            .map(|block| block.header.id());
        expect("block of the certificate", Some(certificate.block), decided)?;
        if self.certificate(certificate.height)?.as_ref() == Some(certificate) {
            return Ok(());
        }
        let mut batch = WriteBatch::default();
        blocks::write_certificate(&self.rocks, &mut batch, certificate)?;
        self.write(batch, false)
    }

    /// Keeps an undecided proposal. Synced; the same one twice is kept once.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] at or below the tip; [`StoreError::ProposalsFull`] if the round
    /// has as many as are kept.
    pub fn put_proposal(&self, proposal: &StoredProposal) -> Result<(), StoreError> {
        let tip = self.tip();
        if proposal.height <= tip.height {
            return expect("height of the proposal", proposal.height, tip.height.next());
        }
        let mut batch = WriteBatch::default();
        blocks::write_proposal(&self.rocks, &mut batch, proposal)?;
        if batch.is_empty() {
            Ok(())
        } else {
            self.write(batch, true)
        }
    }

    /// The undecided proposals of a height, by round.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read.
    pub fn proposals(&self, height: Height) -> Result<Vec<StoredProposal>, StoreError> {
        blocks::proposals(&self.rocks, height)
    }

    /// A decided block: header, and where its entries stand. `None` above the tip.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn block(&self, height: Height) -> Result<Option<StoredBlock>, StoreError> {
        blocks::block(&self.rocks, height)
    }

    /// The certificate of a decided block. `None` above the tip.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn certificate(&self, height: Height) -> Result<Option<Certificate>, StoreError> {
        blocks::certificate(&self.rocks, height)
    }

    /// A decided block's bytes, as they were proposed, and its certificate. `None` above the tip.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn decided(&self, height: Height) -> Result<Option<(Vec<u8>, Certificate)>, StoreError> {
        let Some(block) = self.block(height)? else {
            return Ok(None);
        };
        let certificate = blocks::certificate(&self.rocks, height)?
            .ok_or_else(|| corrupt("blocks", format!("no certificate for height {height}")))?;
        Ok(Some((blocks::bytes(&self.rocks, &block)?, certificate)))
    }
}

/// Writes the first rows of an empty folder: whose it is, and a tip at height 0.
fn create(rocks: &Rocks, path: &Path, ledger: LedgerId) -> Result<(), StoreError> {
    let tip = Tip {
        height: Height(0),
        block: BlockId(ledger.0),
        time: BlockTime(0),
        tree_size: 0,
        tree_root: empty_root(),
        state_root: EMPTY_ROOT,
        state_version: 0,
        next_validators: ValidatorSetId([0; 32]),
    };
    let mut batch = WriteBatch::default();
    batch.put(FORMAT_ROW, FORMAT.to_string());
    batch.put(LEDGER_ROW, ledger.0);
    batch.put(TIP_ROW, encode(&tip));
    rocks.write(batch, true)?;
    // The folder's own name must survive a power cut too.
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let synced = std::fs::File::open(parent.unwrap_or(Path::new("."))).and_then(|f| f.sync_all());
    synced.map_err(|error| StoreError::Open {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

/// Refuses a folder of another format or ledger.
fn check_owner(rocks: &Rocks, path: &Path, expected: LedgerId) -> Result<(), StoreError> {
    let path = path.to_path_buf();
    let format = rocks.get(Family::Meta, FORMAT_ROW)?.unwrap_or_default();
    let found = String::from_utf8_lossy(&format).into_owned();
    if found != FORMAT.to_string() {
        let found = if found.is_empty() {
            "unknown".to_owned()
        } else {
            found
        };
        return Err(StoreError::UnknownFormat {
            path,
            found,
            expected: FORMAT,
        });
    }
    let ledger = rocks.get(Family::Meta, LEDGER_ROW)?.unwrap_or_default();
    let found = <[u8; 32]>::try_from(ledger.as_slice());
    let found = LedgerId(found.map_err(|error| corrupt("ledger id", error))?);
    if found == expected {
        Ok(())
    } else {
        Err(StoreError::ForeignLedger {
            path,
            found,
            expected,
        })
    }
}

/// Key of a small value; the prefix keeps it apart from the store's own rows.
fn value_row(name: &str) -> Vec<u8> {
    format!("value/{name}").into_bytes()
}
