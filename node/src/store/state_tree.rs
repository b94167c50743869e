//! The state tree: a Jellyfish Merkle tree over BLAKE3 on RocksDB, with the last
//! [`STATE_VERSIONS_KEPT`] versions.
//!
//! Lives here: computing the next root, what a commit of it writes, reading, proving, pruning.
//! Does not live here: how changes become nodes (`state_change`), how a proof is checked
//! (`deedbook_schemas::state_proof`), what keys mean.
//!
//! A value is stored once, under its key, as it is at the tip. What a version replaced (tree nodes
//! and old values) is one row in [`Family::Undo`], read to prove against an older version and
//! deleted with the nodes it names when that version is no longer kept. Nodes and undo rows are
//! written once and deleted once, so RocksDB's single delete cancels them while still in memory.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use deedbook_schemas::digest::StateRoot;
use deedbook_schemas::limits::STATE_VERSIONS_KEPT;
use deedbook_schemas::state_proof::{StateHash, StateKeyHash, StateLeaf, StateProof};
use rocksdb::{ReadOptions, Snapshot, WriteBatch};

use super::error::{StoreError, corrupt};
use super::rocks::{Family, Rocks};
use super::state_change::{Change, LeafChange};
use super::state_node::{Node, node_row};
use super::state_path;

/// State keys and what they become; `None` deletes.
pub type StateChanges = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The next state, computed on a committed one and not yet written.
#[derive(Debug, Clone)]
pub struct StateUpdate {
    /// The version it was computed on.
    pub(super) base: u64,
    /// The version it makes: one more, or the same if nothing changes.
    pub version: u64,
    /// Root of the state tree after it.
    pub root: StateRoot,
    nodes: Vec<(Vec<u8>, Vec<u8>)>,
    values: Rows,
    undo: Undo,
}

/// Keys and their values, sorted by key; `None` where there is none.
type Rows = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// What one version replaced.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
struct Undo {
    /// Rows of [`Family::Nodes`] that this version no longer refers to.
    nodes: Vec<Vec<u8>>,
    /// Values before this version.
    values: Rows,
}

/// Computes the state after `changes` on top of version `base`, writing nothing. Changes that
/// change nothing are left out; if none is left, version and root stay.
pub(super) fn update(
    rocks: &Rocks,
    base: u64,
    base_root: StateRoot,
    changes: &StateChanges,
) -> Result<StateUpdate, StoreError> {
    let (values, old) = real_changes(rocks, changes)?;
    let mut update = StateUpdate {
        base,
        version: base,
        root: base_root,
        nodes: Vec::new(),
        values,
        undo: Undo::default(),
    };
    if update.values.is_empty() {
        return Ok(update);
    }
    update.version = base + 1;
    let mut leaves: Vec<LeafChange> = update
        .values
        .iter()
        .map(|(key, value)| {
            let hash = value.as_deref().map(StateHash::of_value);
            (StateKeyHash::of(key), hash)
        })
        .collect();
    leaves.sort_unstable_by_key(|(place, _)| *place);
    let options = ReadOptions::default();
    let read = |path: &[u8], version| node(rocks, &options, path, version);
    let (root, change) = Change::make(&read, base, &leaves)?;
    update.root = root.root();
    update.nodes.reserve_exact(change.written.len());
    for (row, node) in change.written {
        update.nodes.push((row, to_borsh(&node)?));
    }
    update.undo.nodes = change.stale;
    update.undo.values = old;
    Ok(update)
}

/// The changes that do change something, and what was there before them.
fn real_changes(rocks: &Rocks, changes: &StateChanges) -> Result<(Rows, Rows), StoreError> {
    let (mut values, mut old) = (Vec::with_capacity(changes.len()), Vec::new());
    for (key, value) in changes {
        let before = rocks.get(Family::Values, key)?;
        if before != *value {
            values.push((key.clone(), value.clone()));
            old.push((key.clone(), before));
        }
    }
    Ok((values, old))
}

/// Adds to `batch` what committing `update` writes, and the deletion of what is then too old.
pub(super) fn write(
    rocks: &Rocks,
    batch: &mut WriteBatch,
    update: StateUpdate,
) -> Result<(), StoreError> {
    if update.version == update.base {
        return Ok(());
    }
    let nodes = rocks.family(Family::Nodes)?;
    for (row, node) in update.nodes {
        batch.put_cf(nodes, row, node);
    }
    let values = rocks.family(Family::Values)?;
    for (key, value) in update.values {
        match value {
            Some(value) => batch.put_cf(values, key, value),
            None => batch.delete_cf(values, key),
        }
    }
    let undo = rocks.family(Family::Undo)?;
    batch.put_cf(undo, update.version.to_be_bytes(), to_borsh(&update.undo)?);
    // Version v was the last to need what v + 1 replaced. Keeping n behind the tip t, the oldest
    // is t - n, and what t - n itself replaced is needed no more.
    if let Some(expired) = update
        .version
        .checked_sub(STATE_VERSIONS_KEPT)
        .filter(|v| *v > 0)
    {
        for node in read_undo(rocks, expired, &ReadOptions::default())?.nodes {
            batch.single_delete_cf(nodes, node);
        }
        batch.single_delete_cf(undo, expired.to_be_bytes());
    }
    Ok(())
}

/// The value of a key at a version, with its proof. `tip` is the newest version in `snapshot`:
/// one snapshot serves the whole walk, so that a commit meanwhile cannot prune under it.
pub(super) fn prove(
    rocks: &Rocks,
    snapshot: &Snapshot<'_>,
    tip: u64,
    version: u64,
    key: &[u8],
) -> Result<(Option<Vec<u8>>, StateProof), StoreError> {
    let options = at(snapshot);
    let place = StateKeyHash::of(key);
    let (leaf, siblings) = state_path::walk(version, &place, &|path, version| {
        node(rocks, &options, path, version)
    })?;
    if leaf.as_ref().is_none_or(|leaf| leaf.key_hash != place) {
        return Ok((None, StateProof { leaf, siblings }));
    }
    let value = value_at(rocks, tip, version, key, &options)?;
    let held = value.as_deref().map(StateHash::of_value);
    if held != leaf.as_ref().map(|leaf| leaf.value_hash) {
        return Err(corrupt(
            "state tree",
            format!("version {version} holds another value"),
        ));
    }
    Ok((value, StateProof { leaf, siblings }))
}

fn at(snapshot: &Snapshot<'_>) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_snapshot(snapshot);
    options
}

/// Root of the tree as stored at a version.
pub(super) fn root(rocks: &Rocks, version: u64) -> Result<StateRoot, StoreError> {
    Ok(node(rocks, &ReadOptions::default(), &[], version)?.root())
}

/// As [`root`], in a snapshot that keeps the version.
pub(super) fn root_at(
    rocks: &Rocks,
    snapshot: &Snapshot<'_>,
    version: u64,
) -> Result<StateRoot, StoreError> {
    Ok(node(rocks, &at(snapshot), &[], version)?.root())
}

/// Compares the tree as stored at a version with the values' leaves, which are sorted by place: every
/// node that the root leads to.
pub(super) fn check(
    rocks: &Rocks,
    version: u64,
    root: &StateRoot,
    leaves: &[StateLeaf],
) -> Result<(), StoreError> {
    let options = ReadOptions::default();
    let computed = state_path::check(version, leaves, &|path, version| {
        node(rocks, &options, path, version)
    })?;
    if computed.0 == root.0 {
        Ok(())
    } else {
        let message = format!("the values have root {computed}, the tip has {root}");
        Err(corrupt("state tree", message))
    }
}

/// Rows of nodes that only older versions refer to.
#[cfg(test)]
pub(super) fn stale_rows(
    rocks: &Rocks,
    tip: u64,
) -> Result<std::collections::BTreeSet<Vec<u8>>, StoreError> {
    let mut stale = std::collections::BTreeSet::new();
    let oldest = tip.saturating_sub(STATE_VERSIONS_KEPT);
    for version in oldest + 1..=tip {
        stale.extend(read_undo(rocks, version, &ReadOptions::default())?.nodes);
    }
    Ok(stale)
}

/// The value a key had at a version: what the first later version that changed it replaced, or
/// the value at the tip.
fn value_at(
    rocks: &Rocks,
    tip: u64,
    version: u64,
    key: &[u8],
    options: &ReadOptions,
) -> Result<Option<Vec<u8>>, StoreError> {
    for later in version + 1..=tip {
        let mut replaced = read_undo(rocks, later, options)?.values.into_iter();
        if let Some((_, value)) = replaced.find(|(replaced, _)| replaced == key) {
            return Ok(value);
        }
    }
    Ok(rocks
        .db
        .get_cf_opt(rocks.family(Family::Values)?, key, options)?)
}

fn read_undo(rocks: &Rocks, version: u64, options: &ReadOptions) -> Result<Undo, StoreError> {
    let row = rocks
        .db
        .get_pinned_cf_opt(rocks.family(Family::Undo)?, version.to_be_bytes(), options)?
        .ok_or_else(|| corrupt("state tree", format!("no undo row for version {version}")))?;
    from_borsh("undo row", &row)
}

/// The node at a path of nibbles, written by a version. Version 0 is the empty tree; nothing was ever
/// written for it.
fn node(
    rocks: &Rocks,
    options: &ReadOptions,
    path: &[u8],
    version: u64,
) -> Result<Node, StoreError> {
    if version == 0 {
        return Ok(Node::Empty);
    }
    let row = rocks
        .db
        .get_pinned_cf_opt(
            rocks.family(Family::Nodes)?,
            node_row(path, version),
            options,
        )?
        .ok_or_else(|| corrupt("state tree", format!("no node {path:x?} of {version}")))?;
    from_borsh("node", &row)
}

fn to_borsh<T: BorshSerialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    // As long as it is: of the kilobyte that borsh would take, a node fills a tenth or nine.
    let encoded = borsh::object_length(value).and_then(|length| {
        let mut bytes = Vec::with_capacity(length);
        borsh::to_writer(&mut bytes, value)?;
        Ok(bytes)
    });
    encoded.map_err(|error| corrupt("encoding", error))
}

fn from_borsh<T: BorshDeserialize>(what: &str, bytes: &[u8]) -> Result<T, StoreError> {
    borsh::from_slice(bytes).map_err(|error| corrupt(what, error))
}
