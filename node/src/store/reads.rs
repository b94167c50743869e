//! What the store answers: state and proofs, log and proofs, indexes, small values, and whether
//! the disk still holds what was written.
//!
//! Does not live here: writing (`mod`).

use std::ops::RangeInclusive;

use deedbook_schemas::block::Height;
use deedbook_schemas::digest::{RecordId, StateRoot, TreeHash, ValidatorSetId};
use deedbook_schemas::encoding::{self, decode};
use deedbook_schemas::limits::{INDEX_ROWS_MAX, STATE_VERSIONS_KEPT};
use deedbook_schemas::state_proof::StateProof;
use deedbook_schemas::tile::Tile;
use deedbook_schemas::validators::{Validator, ValidatorSet};
use rocksdb::{Direction, IteratorMode, ReadOptions, Snapshot, WriteBatch, properties};

use super::error::{StoreError, corrupt};
use super::rocks::Family;
use super::{Sizes, Store, TIP_ROW, Tip, log, state_tree, validators_row, value_row};

/// A row of the secondary index: key and value.
pub type IndexRow = (Vec<u8>, Vec<u8>);

impl Store {
    /// The value of a state key at the tip.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.rocks.get(Family::Values, key)
    }

    /// The value of a state key at a version, with its proof under that version's root; the last
    /// [`STATE_VERSIONS_KEPT`] versions before the tip's are there.
    ///
    /// # Errors
    /// [`StoreError::Pruned`] if the version is not kept, or what went wrong in reading.
    pub fn prove(
        &self,
        version: u64,
        key: &[u8],
    ) -> Result<(Option<Vec<u8>>, StateProof), StoreError> {
        let snapshot = self.rocks.db.snapshot();
        let kept = self.kept(&snapshot)?;
        let (oldest, newest) = (*kept.start(), *kept.end());
        if !kept.contains(&version) {
            return Err(StoreError::Pruned {
                version,
                oldest,
                newest,
            });
        }
        state_tree::prove(&self.rocks, &snapshot, newest, version, key)
    }

    /// The newest version with this root among those that are kept; `None` if none of them has it.
    ///
    /// # Errors
    /// [`StoreError`] if the tree cannot be read.
    pub fn state_version(&self, root: &StateRoot) -> Result<Option<u64>, StoreError> {
        let snapshot = self.rocks.db.snapshot();
        for version in self.kept(&snapshot)?.rev() {
            if state_tree::root_at(&self.rocks, &snapshot, version)? == *root {
                return Ok(Some(version));
            }
        }
        Ok(None)
    }

    /// The state versions that can be proved in a snapshot.
    fn kept(&self, snapshot: &Snapshot<'_>) -> Result<RangeInclusive<u64>, StoreError> {
        let mut options = ReadOptions::default();
        options.set_snapshot(snapshot);
        let row = self.rocks.db.get_pinned_opt(TIP_ROW, &options)?;
        let row = row.ok_or_else(|| corrupt("meta", "no tip"))?;
        let tip: Tip = encoding::decode(&row, usize::MAX).map_err(|error| corrupt("tip", error))?;
        let newest = tip.state_version;
        Ok(newest.saturating_sub(STATE_VERSIONS_KEPT)..=newest)
    }

    /// One log entry; `None` beyond the end.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        log::entry(&self.rocks, index, self.tip().tree_size)
    }

    /// Log entries `first..end`, as far as the log goes and as many as fit one answer
    /// (`ENTRIES_READ_BYTES_MAX`); none if `first` is beyond the end, otherwise at least one.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read.
    pub fn entries(&self, first: u64, end: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        log::entries(&self.rocks, first, end.min(self.tip().tree_size))
    }

    /// The bytes of a hash tile or entry bundle (C2SP tlog-tiles); `None` if the log is not long
    /// enough for it.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, StoreError> {
        log::tile(&self.rocks, tile, self.tip().tree_size)
    }

    /// The inclusion path of a leaf in the tree of `size` leaves (RFC 9162 §2.1.3.1).
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if the leaf is not in that tree or the tree is not there yet.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<TreeHash>, StoreError> {
        self.check_size(size)?;
        log::inclusion(&self.rocks, index, size)
    }

    /// The consistency path between two sizes (RFC 9162 §2.1.4.1).
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] if they are out of order or beyond the log's end.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<TreeHash>, StoreError> {
        self.check_size(new)?;
        log::consistency(&self.rocks, old, new)
    }

    /// Root of the first `size` leaves.
    ///
    /// # Errors
    /// [`StoreError::OutOfRange`] beyond the log's end.
    pub fn tree_root(&self, size: u64) -> Result<TreeHash, StoreError> {
        self.check_size(size)?;
        Ok(log::frontier(&self.rocks, size)?.root())
    }

    fn check_size(&self, asked: u64) -> Result<(), StoreError> {
        let size = self.tip().tree_size;
        if asked <= size {
            Ok(())
        } else {
            Err(StoreError::OutOfRange { asked, size })
        }
    }

    /// Leaf index of a record; `None` if it is not in the log.
    ///
    /// # Errors
    /// [`StoreError`] if the index cannot be read.
    pub fn record_index(&self, record: &RecordId) -> Result<Option<u64>, StoreError> {
        log::record_index(&self.rocks, record)
    }

    /// The value of a secondary index key.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn index(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.rocks.get(Family::Index, key)
    }

    /// The validators of a set that was in office, by its id. `None` if there is no such set.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read or is another set.
    pub fn validator_set(&self, id: &ValidatorSetId) -> Result<Option<ValidatorSet>, StoreError> {
        let Some(value) = self.index(&validators_row(id))? else {
            return Ok(None);
        };
        let wrong = |what: &dyn std::fmt::Display| corrupt("validators", format!("{id}: {what}"));
        let validators: Vec<Validator> =
            decode(&value, usize::MAX).map_err(|error| wrong(&error))?;
        let set = ValidatorSet::new(validators).map_err(|error| wrong(&error))?;
        let got = set.id();
        if got == *id {
            Ok(Some(set))
        } else {
            Err(wrong(&format!("the set that is there is {got}")))
        }
    }

    /// Rows of the secondary index whose keys begin with `prefix`, in order of key, after `after`
    /// if given; at most `rows_max` and never more than [`INDEX_ROWS_MAX`].
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read.
    pub fn index_rows(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        rows_max: usize,
    ) -> Result<Vec<IndexRow>, StoreError> {
        let start = after.filter(|after| *after >= prefix).unwrap_or(prefix);
        let from = IteratorMode::From(start, Direction::Forward);
        let mut rows = Vec::new();
        for row in self
            .rocks
            .db
            .iterator_cf(self.rocks.family(Family::Index)?, from)
        {
            let (key, value) = row?;
            if !key.starts_with(prefix) || rows.len() >= rows_max.min(INDEX_ROWS_MAX) {
                break;
            }
            if after != Some(&*key) {
                rows.push((key.into_vec(), value.into_vec()));
            }
        }
        Ok(rows)
    }

    /// A small value by name.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.rocks.get(Family::Meta, value_row(name))
    }

    /// Keeps a small value by name. Not synced: durable with the next commit.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written; final, as for [`Store::commit`].
    pub fn put_value(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        batch.put(value_row(name), value);
        self.write(batch, false)
    }

    /// Compares the tip with what is stored: the log's root from the tiles, the state's root from
    /// the tree, the block from its header, its entries with the leaves.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the first difference.
    pub fn verify_tip(&self) -> Result<(), StoreError> {
        let tip = self.tip();
        let same = |what: &str, stored: String, expected: String| {
            if stored == expected {
                Ok(())
            } else {
                Err(corrupt(
                    what,
                    format!("{stored} is stored, the tip has {expected}"),
                ))
            }
        };
        let tree = log::frontier(&self.rocks, tip.tree_size)?.root();
        same(
            "root of the log",
            tree.to_string(),
            tip.tree_root.to_string(),
        )?;
        let state = state_tree::root(&self.rocks, tip.state_version)?;
        same(
            "root of the state",
            state.to_string(),
            tip.state_root.to_string(),
        )?;
        if tip.height > Height(0) {
            let block = self
                .block(tip.height)?
                .map(|block| block.header.id().to_string());
            same("block", block.unwrap_or_default(), tip.block.to_string())?;
            self.rehash_block(tip.height)?;
        }
        Ok(())
    }

    /// Reads a decided height's entries back, hashes them, compares with the tree's leaves, and
    /// returns the tree's root, which is the header's. To be done before a checkpoint over that
    /// root is signed.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if anything differs or the height is not there.
    pub fn rehash_block(&self, height: Height) -> Result<TreeHash, StoreError> {
        let block = self.block(height)?;
        let block = block.ok_or_else(|| corrupt("blocks", format!("no block at {height}")))?;
        log::rehash(
            &self.rocks,
            block.first_index,
            block.first_index + block.entries,
        )?;
        let root = log::frontier(&self.rocks, block.header.tree_size)?.root();
        if root == block.header.tree_root {
            Ok(root)
        } else {
            let expected = block.header.tree_root;
            Err(corrupt(
                "log",
                format!("root {root} at height {height}, its header has {expected}"),
            ))
        }
    }

    /// Bytes on disk and in memory.
    ///
    /// # Errors
    /// [`StoreError`] if the folder cannot be listed.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        let unreadable = |error: std::io::Error| StoreError::Open {
            path: self.path.clone(),
            reason: error.to_string(),
        };
        let mut disk_bytes = 0u64;
        for file in std::fs::read_dir(&self.path).map_err(unreadable)? {
            match file.and_then(|file| file.metadata()) {
                Ok(metadata) => disk_bytes = disk_bytes.saturating_add(metadata.len()),
                // RocksDB deletes files while we list them.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        Ok(Sizes {
            disk_bytes,
            live_bytes: self.rocks.sum(properties::ESTIMATE_LIVE_DATA_SIZE)?,
            memtable_bytes: self.rocks.sum(properties::CUR_SIZE_ALL_MEM_TABLES)?,
        })
    }

    /// Writes what is in memory to table files, so that the write-ahead log is empty when the
    /// node starts again. Nothing is lost without it.
    ///
    /// # Errors
    /// [`StoreError`] if the disk fails.
    pub fn close(&self) -> Result<(), StoreError> {
        self.rocks.flush()
    }

    /// Rewrites all table files, to measure what the ledger takes on disk at rest.
    ///
    /// # Errors
    /// [`StoreError`] if the disk fails.
    pub fn compact(&self) -> Result<(), StoreError> {
        self.rocks.flush()?;
        self.rocks.compact()
    }
}
