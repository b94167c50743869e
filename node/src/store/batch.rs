//! What one height writes, and whether it follows from the height before.
//!
//! Does not live here: writing it (`mod`).

use deedbook_schemas::block::{BlockTime, Certificate, Header, Height};
use deedbook_schemas::digest::{BlockId, LedgerId, RecordId, StateRoot, TreeHash, ValidatorSetId};
use minicbor::{CborLen, Decode, Encode};

use super::error::StoreError;
use super::log::LogUpdate;
use super::state_tree::StateUpdate;

/// Where the ledger stands on this disk.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct Tip {
    /// Last decided height; 0 before the first.
    #[n(0)]
    pub height: Height,
    /// Its block; the ledger id's bytes before the first.
    #[n(1)]
    pub block: BlockId,
    /// Its time.
    #[n(2)]
    pub time: BlockTime,
    /// Leaves of the log.
    #[n(3)]
    pub tree_size: u64,
    /// Root of the log.
    #[n(4)]
    pub tree_root: TreeHash,
    /// Root of the state.
    #[n(5)]
    pub state_root: StateRoot,
    /// Version of the state: how many commits changed it, the genesis among them.
    #[n(6)]
    pub state_version: u64,
    /// The validators of the next height; all zeros before the genesis is written.
    #[n(7)]
    pub next_validators: ValidatorSetId,
}

/// What the genesis puts into the state, before the first block.
#[derive(Debug)]
pub struct GenesisBatch {
    /// The genesis' time.
    pub time: BlockTime,
    /// The genesis state, computed on the empty one.
    pub state: StateUpdate,
    /// The validators of height 1.
    pub next_validators: ValidatorSetId,
    /// Secondary index: keys and what they become.
    pub index: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Small values by name, as [`Store::put_value`] keeps them.
    pub values: Vec<(String, Vec<u8>)>,
}

/// Everything that one decided height writes.
#[derive(Debug)]
pub struct CommitBatch {
    /// The decided header, of the height after the tip.
    pub header: Header,
    /// Proof that it was decided.
    pub certificate: Certificate,
    /// The log after the block; without entries for an empty block.
    pub log: LogUpdate,
    /// The state after the block; unchanged for an empty block.
    pub state: StateUpdate,
    /// Where the block's records stand in the log.
    pub records: Vec<(RecordId, u64)>,
    /// Secondary index: keys and what they become.
    pub index: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Small values by name, as [`Store::put_value`] keeps them.
    pub values: Vec<(String, Vec<u8>)>,
}

/// Row of the secondary index that holds a validator set, for [`Store::validator_set`].
///
/// [`Store::validator_set`]: super::Store::validator_set
#[must_use]
pub fn validators_row(id: &ValidatorSetId) -> Vec<u8> {
    [b"v".as_slice(), &id.0].concat()
}

/// How much disk and memory the store uses, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Files of the folder, the write-ahead log among them.
    pub disk_bytes: u64,
    /// Estimate of what would remain after compaction.
    pub live_bytes: u64,
    /// Memtables.
    pub memtable_bytes: u64,
}

/// Whether a batch follows from the tip, so that a mistake above cannot be made durable.
pub(super) fn check_fit(
    tip: &Tip,
    ledger: &LedgerId,
    commit: &CommitBatch,
) -> Result<(), StoreError> {
    let header = &commit.header;
    expect("ledger", header.ledger, *ledger)?;
    expect("height", header.height, tip.height.next())?;
    expect("previous block", header.previous, tip.block)?;
    expect("base of the state", commit.state.base, tip.state_version)?;
    expect("base of the log", commit.log.first_index, tip.tree_size)?;
    expect("tree size", header.tree_size, commit.log.size())?;
    expect("tree root", header.tree_root, commit.log.root)?;
    expect("state root", header.state_root, commit.state.root)?;
    expect(
        "height of the certificate",
        commit.certificate.height,
        header.height,
    )?;
    expect(
        "block of the certificate",
        commit.certificate.block,
        header.id(),
    )
}

/// [`StoreError::Mismatch`] unless both are the same.
pub(super) fn expect<T: PartialEq + std::fmt::Debug>(
    what: &'static str,
    got: T,
    expected: T,
) -> Result<(), StoreError> {
    if got == expected {
        Ok(())
    } else {
        let (got, expected) = (format!("{got:?}"), format!("{expected:?}"));
        Err(StoreError::Mismatch {
            what,
            got,
            expected,
        })
    }
}
