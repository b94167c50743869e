//! Why the store could not do something. Every variant is fatal to the node except
//! [`StoreError::Pruned`], [`StoreError::OutOfRange`] and [`StoreError::ProposalsFull`]: a disk
//! that fails is never asked twice.

use std::path::PathBuf;

use deedbook_schemas::block::Height;
use deedbook_schemas::digest::LedgerId;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the folder open.
    #[error("the store {} is in use by another process", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds the records of another ledger.
    #[error("the store {} belongs to ledger {found}, not to {expected}", path.display())]
    ForeignLedger {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        found: LedgerId,
        /// Whose it should be.
        expected: LedgerId,
    },
    /// The folder was written by another version of this program, or by another program.
    #[error("the store {} has format {found}, this node reads format {expected}", path.display())]
    UnknownFormat {
        /// The folder.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this program reads.
        expected: u32,
    },
    /// The folder cannot be made or opened.
    #[error("the store {} cannot be opened: {reason}", path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// RocksDB or the disk refused.
    #[error("the store failed: {0}")]
    Rocks(#[from] rocksdb::Error),
    /// An earlier write failed. What is on disk is unknown until the node starts again.
    #[error("the store takes no more writes: an earlier one failed")]
    Failed,
    /// What is stored contradicts itself.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// A check was asked to stop.
    #[error("the check of the store was stopped before its end")]
    Stopped,
    /// A batch that does not follow from the tip.
    #[error("the batch does not fit the tip: {what} is {got}, not {expected}")]
    Mismatch {
        /// The part of the batch.
        what: &'static str,
        /// What the batch says.
        got: String,
        /// What follows from the tip.
        expected: String,
    },
    /// A state version that is no longer, or not yet, there.
    #[error("state version {version} is not kept; {oldest} to {newest} are")]
    Pruned {
        /// The version asked for.
        version: u64,
        /// Oldest version kept.
        oldest: u64,
        /// The tip's version.
        newest: u64,
    },
    /// A leaf index, tree size or tile beyond the log's end.
    #[error("the log has {size} leaves; {asked} is beyond its end")]
    OutOfRange {
        /// What was asked for.
        asked: u64,
        /// Leaves of the log.
        size: u64,
    },
    /// A round has as many undecided proposals as are kept.
    #[error("height {height} round {round} has {count} undecided proposals already")]
    ProposalsFull {
        /// The height.
        height: Height,
        /// The round.
        round: u32,
        /// Proposals kept.
        count: usize,
    },
}

/// A row that does not decode: the folder was written by something else.
pub(super) fn corrupt(what: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{what}: {error}"))
}
