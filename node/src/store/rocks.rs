//! RocksDB as this store uses it: column families, options, and the few calls around them.
//!
//! Memory has to stay small: four nodes share two cores and a node replays 75,000 records within
//! 400 MiB. Memtables take at most 32 MiB, the block cache 48 MiB.

use std::path::Path;

use deedbook_schemas::encoding;
use rocksdb::{
    BlockBasedOptions, BottommostLevelCompaction, Cache, ColumnFamily, ColumnFamilyDescriptor,
    CompactOptions, DB, DBCompressionType, DBRecoveryMode, FlushOptions, LogLevel, Options,
    WriteBatch, WriteOptions,
};

use super::error::{StoreError, corrupt};

/// Bytes of all memtables together. Ten families share them.
const MEMTABLES_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of one family's memtable: half of all, so that the log entries do not fill the rest.
const MEMTABLE_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of the block cache, index and filter blocks included.
const CACHE_BYTES: usize = 48 * 1024 * 1024;

/// Bytes of write-ahead log after which the oldest memtable is flushed: as much as memtables hold.
const WAL_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Flushes and compactions at a time: one of each.
const BACKGROUND_JOBS: i32 = 2;

/// Open table files. 300 MiB in files of 16 MiB are 20; ten times that for growth.
const OPEN_FILES_MAX: i32 = 256;

/// A column family. Names are on disk: never change one, raise the format instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Format, ledger, tip, and small values by name.
    Meta,
    /// Height (u64 BE) → block row; height ‖ 1 → certificate.
    Blocks,
    /// Height ‖ round ‖ proposer ‖ block id → undecided proposal.
    Proposals,
    /// Leaf index (u64 BE) → entry.
    Entries,
    /// Tile level (u8) ‖ tile index (u64 BE) → up to 256 hashes.
    Tiles,
    /// Record id → leaf index (u64 BE without leading zeros).
    Records,
    /// State tree: nibbles of the path ‖ version → node.
    Nodes,
    /// State key → value at the tip.
    Values,
    /// State version (u64 BE) → what it replaced.
    Undo,
    /// Secondary index, filled by the ledger.
    Index,
}

impl Family {
    /// All of them.
    pub(super) const ALL: [Self; 10] = [
        Self::Meta,
        Self::Blocks,
        Self::Proposals,
        Self::Entries,
        Self::Tiles,
        Self::Records,
        Self::Nodes,
        Self::Values,
        Self::Undo,
        Self::Index,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Meta => "default",
            Self::Blocks => "blocks",
            Self::Proposals => "proposals",
            Self::Entries => "entries",
            Self::Tiles => "tiles",
            Self::Records => "records",
            Self::Nodes => "nodes",
            Self::Values => "values",
            Self::Undo => "undo",
            Self::Index => "index",
        }
    }
}

/// The database with its families.
pub(super) struct Rocks {
    pub(super) db: DB,
}

impl Rocks {
    /// Opens or creates the database.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let families = Family::ALL.map(|family| {
            ColumnFamilyDescriptor::new(family.name(), family_options(family, &cache))
        });
        DB::open_cf_descriptors(&database_options(), path, families)
            .map(|db| Self { db })
            .map_err(|error| open_error(path, &error))
    }

    /// Opens the database to read it. Its folder stays as it is.
    pub(super) fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        // RocksDB makes the folder, even to read it.
        if !path.is_dir() {
            return Err(StoreError::Open {
                path: path.to_path_buf(),
                reason: "there is no such folder".to_owned(),
            });
        }
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let families = Family::ALL.map(|family| {
            ColumnFamilyDescriptor::new(family.name(), family_options(family, &cache))
        });
        let mut options = database_options();
        options.create_if_missing(false);
        options.create_missing_column_families(false);
        DB::open_cf_descriptors_read_only(&options, path, families, false)
            .map(|db| Self { db })
            .map_err(|error| open_error(path, &error))
    }

    pub(super) fn family(&self, family: Family) -> Result<&ColumnFamily, StoreError> {
        self.db
            .cf_handle(family.name())
            .ok_or_else(|| StoreError::Corrupt(format!("no column family {}", family.name())))
    }

    pub(super) fn get(
        &self,
        family: Family,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get_cf(self.family(family)?, key)?)
    }

    /// Reads a row written by [`encoding::encode`].
    pub(super) fn get_row<T>(
        &self,
        family: Family,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<T>, StoreError>
    where
        T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + minicbor::CborLen<()>,
    {
        let Some(bytes) = self.db.get_pinned_cf(self.family(family)?, key)? else {
            return Ok(None);
        };
        encoding::decode(&bytes, usize::MAX)
            .map(Some)
            .map_err(|error| corrupt(family.name(), error))
    }

    pub(super) fn write(&self, batch: WriteBatch, sync: bool) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        Ok(self.db.write_opt(batch, &options)?)
    }

    /// Writes all memtables to table files, so that the write-ahead log holds nothing more.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        let families = Family::ALL
            .iter()
            .map(|family| self.family(*family))
            .collect::<Result<Vec<_>, _>>()?;
        let mut options = FlushOptions::default();
        options.set_wait(true);
        Ok(self.db.flush_cfs_opt(&families, &options)?)
    }

    /// Rewrites every table file into the bottommost level.
    pub(super) fn compact(&self) -> Result<(), StoreError> {
        let mut options = CompactOptions::default();
        options.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
        for family in Family::ALL {
            let family = self.family(family)?;
            self.db
                .compact_range_cf_opt(family, None::<&[u8]>, None::<&[u8]>, &options);
        }
        Ok(())
    }

    /// Sum of an integer property over all families.
    pub(super) fn sum(&self, property: &rocksdb::properties::PropName) -> Result<u64, StoreError> {
        Family::ALL.iter().try_fold(0u64, |sum, family| {
            let value = self
                .db
                .property_int_value_cf(self.family(*family)?, property)?;
            Ok(sum.saturating_add(value.unwrap_or(0)))
        })
    }
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_paranoid_checks(true);
    // The default mode drops every write behind a flipped bit in silence. This one stops, unless
    // the log is merely cut off at its end, as a power cut leaves it.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_db_write_buffer_size(MEMTABLES_BYTES_MAX);
    options.set_max_background_jobs(BACKGROUND_JOBS);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_skip_stats_update_on_db_open(true);
    options.set_log_level(LogLevel::Warn);
    options.set_max_log_file_size(1024 * 1024);
    options.set_keep_log_file_num(2);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

fn family_options(family: Family, cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    // Entries, tiles and blocks are read by a number that exists; the others by keys that may not,
    // or that lie in one file of many.
    match family {
        Family::Entries | Family::Tiles | Family::Blocks | Family::Proposals | Family::Undo => {
            blocks.set_block_size(16 * 1024);
        }
        Family::Meta | Family::Records | Family::Nodes | Family::Values | Family::Index => {
            blocks.set_block_size(4 * 1024);
            blocks.set_bloom_filter(10.0, false);
        }
    }
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(MEMTABLE_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_target_file_size_base(16 * 1024 * 1024);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    options
}

/// One clear line for what an operator can mend.
fn open_error(path: &Path, error: &rocksdb::Error) -> StoreError {
    let reason = error.to_string();
    let path = path.to_path_buf();
    if reason.contains("/LOCK") {
        StoreError::Locked { path }
    } else {
        StoreError::Open { path, reason }
    }
}
