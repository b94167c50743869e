//! The log: entries, the tiles of its tree, and the index from record id to leaf.
//!
//! Lives here: what appending writes, and every read of the log. Does not live here: the tree's
//! arithmetic (`deedbook_schemas::merkle`) and the tiles' layout (`deedbook_schemas::tile`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use deedbook_schemas::certified::encode_certified;
use deedbook_schemas::digest::{RecordId, TreeHash};
use deedbook_schemas::limits::{ENTRIES_READ_BYTES_MAX, ENTRY_BYTES_MAX, TILE_WIDTH};
use deedbook_schemas::merkle::{
    Frontier, ProveError, consistency_proof, inclusion_proof, leaf_hash,
};
use deedbook_schemas::tile::{HashPlace, Tile, TileKind, encode_entries};
use rocksdb::{Direction, IteratorMode, WriteBatch};

use super::blocks;
use super::error::{StoreError, corrupt};
use super::rocks::{Family, Rocks};

/// Tree levels from one row of tiles to the next (C2SP tlog-tiles).
const TILE_HEIGHT: u8 = 8;

/// The log after some entries, computed on a committed one and not yet written.
#[derive(Debug, Clone)]
pub struct LogUpdate {
    /// Leaf index of the first entry; the size of the log before it.
    pub first_index: u64,
    /// The entries, in order.
    pub entries: Vec<Vec<u8>>,
    /// Root of the tree after them.
    pub root: TreeHash,
    pub(super) frontier: Frontier,
    /// Every tile that changes, by level and index, as it is afterwards.
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

impl LogUpdate {
    /// Leaves of the tree after the entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }
}

/// Computes the log after `entries` behind `frontier`, writing nothing.
pub(super) fn append(
    rocks: &Rocks,
    frontier: &Frontier,
    entries: Vec<Vec<u8>>,
) -> Result<LogUpdate, StoreError> {
    let mut after = frontier.clone();
    let mut rows = Vec::new();
    for entry in &entries {
        if entry.is_empty() || entry.len() > ENTRY_BYTES_MAX {
            return Err(StoreError::Mismatch {
                what: "length of an entry",
                got: entry.len().to_string(),
                expected: format!("1 to {ENTRY_BYTES_MAX}"),
            });
        }
        after.append_with(leaf_hash(entry), |level, index, hash| {
            if level % TILE_HEIGHT == 0 {
                rows.push((level / TILE_HEIGHT, index, hash));
            }
        });
    }
    let mut tiles: BTreeMap<_, Vec<u8>> = BTreeMap::new();
    for (level, index, hash) in rows {
        let key = (level, index / u64::from(TILE_WIDTH));
        let tile = match tiles.entry(key) {
            Entry::Occupied(tile) => tile.into_mut(),
            Entry::Vacant(tile) => {
                tile.insert(begun_tile(rocks, key, index % u64::from(TILE_WIDTH))?)
            }
        };
        tile.extend_from_slice(&hash.0);
    }
    let root = after.root();
    Ok(LogUpdate {
        first_index: frontier.size(),
        entries,
        root,
        frontier: after,
        tiles,
    })
}

/// Adds to `batch` what committing `update` writes.
pub(super) fn write(
    rocks: &Rocks,
    batch: &mut WriteBatch,
    update: &LogUpdate,
) -> Result<(), StoreError> {
    let entries = rocks.family(Family::Entries)?;
    for (index, entry) in (update.first_index..).zip(&update.entries) {
        batch.put_cf(entries, index.to_be_bytes(), entry);
    }
    let tiles = rocks.family(Family::Tiles)?;
    for (key, tile) in &update.tiles {
        batch.put_cf(tiles, tile_row(*key), tile);
    }
    Ok(())
}

/// Adds to `batch` where a record is found.
pub(super) fn write_record(
    rocks: &Rocks,
    batch: &mut WriteBatch,
    record: &RecordId,
    index: u64,
) -> Result<(), StoreError> {
    let bytes = index.to_be_bytes();
    let short = bytes
        .split_at(usize::try_from(index.leading_zeros() / 8).unwrap_or(0))
        .1;
    batch.put_cf(rocks.family(Family::Records)?, record.0, short);
    Ok(())
}

/// Leaf index of a record.
pub(super) fn record_index(rocks: &Rocks, record: &RecordId) -> Result<Option<u64>, StoreError> {
    let Some(short) = rocks.get(Family::Records, record.0)? else {
        return Ok(None);
    };
    let mut bytes = [0; 8];
    let start = bytes.len().checked_sub(short.len());
    let target = start.and_then(|start| bytes.get_mut(start..));
    target
        .ok_or_else(|| corrupt("record index", "too long"))?
        .copy_from_slice(&short);
    Ok(Some(u64::from_be_bytes(bytes)))
}

/// The frontier of the first `size` leaves, from the stored tiles.
pub(super) fn frontier(rocks: &Rocks, size: u64) -> Result<Frontier, StoreError> {
    Frontier::load(size, |level, index| hash(rocks, level, index)).map_err(unwrap_prove)
}

pub(super) fn inclusion(rocks: &Rocks, index: u64, size: u64) -> Result<Vec<TreeHash>, StoreError> {
    inclusion_proof(index, size, |level, index| hash(rocks, level, index)).map_err(unwrap_prove)
}

pub(super) fn consistency(rocks: &Rocks, old: u64, new: u64) -> Result<Vec<TreeHash>, StoreError> {
    consistency_proof(old, new, |level, index| hash(rocks, level, index)).map_err(unwrap_prove)
}

/// One entry of a log of `size` leaves.
pub(super) fn entry(rocks: &Rocks, index: u64, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
    if index >= size {
        return Ok(None);
    }
    let entry = rocks.get(Family::Entries, index.to_be_bytes())?;
    entry
        .map(Some)
        .ok_or_else(|| corrupt("log", format!("no entry {index} of {size}")))
}

/// Entries `first..end`, or as many of the first of them as fit the limit of one answer; always
/// at least one unless the range is empty.
pub(super) fn entries(rocks: &Rocks, first: u64, end: u64) -> Result<Vec<Vec<u8>>, StoreError> {
    let mut entries = Vec::new();
    let mut bytes = 0usize;
    let start = first.to_be_bytes();
    let rows = rocks.db.iterator_cf(
        rocks.family(Family::Entries)?,
        IteratorMode::From(&start, Direction::Forward),
    );
    for (index, row) in (first..end).zip(rows) {
        let (key, entry) = row?;
        if *key != index.to_be_bytes() {
            return Err(corrupt("log", format!("no entry {index}")));
        }
        bytes = bytes.saturating_add(entry.len());
        if bytes > ENTRIES_READ_BYTES_MAX && !entries.is_empty() {
            return Ok(entries);
        }
        entries.push(entry.into_vec());
    }
    let found = first.saturating_add(entries.len() as u64);
    if found < end {
        Err(corrupt("log", format!("no entry {found}")))
    } else {
        Ok(entries)
    }
}

/// The bytes of a tile or entry bundle of a log of `size` leaves; `None` if that log has no such
/// tile (yet) of this width.
pub(super) fn tile(rocks: &Rocks, tile: Tile, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let there = Tile::of_tree(tile.kind, tile.index, size);
    if tile.width == 0 || there.is_none_or(|there| there.width < tile.width) {
        return Ok(None);
    }
    match tile.kind {
        TileKind::Hashes(level) => {
            let mut bytes = stored_tile(rocks, (level, tile.index))?;
            bytes.truncate(usize::from(tile.width) * TreeHash::LEN);
            Ok(Some(bytes))
        }
        TileKind::Entries => {
            let first = tile.index * u64::from(TILE_WIDTH);
            let entries = entries(rocks, first, first + u64::from(tile.width))?;
            let bundle = encode_entries(entries.iter().map(Vec::as_slice));
            bundle.map(Some).map_err(|error| corrupt("log", error))
        }
        TileKind::Blocks => {
            let first = tile.index * u64::from(TILE_WIDTH);
            let entries = entries(rocks, first, first + u64::from(tile.width))?;
            let blocks = blocks::sealed(rocks, &entries)?;
            Ok(Some(encode_certified(&blocks)))
        }
    }
}

/// Reads the entries `first..end` again and compares their hashes with the tree's leaves.
pub(super) fn rehash(rocks: &Rocks, first: u64, end: u64) -> Result<(), StoreError> {
    let mut next = first;
    while next < end {
        for entry in entries(rocks, next, end)? {
            let (computed, stored) = (leaf_hash(&entry), hash(rocks, 0, next)?);
            if computed != stored {
                let message = format!("entry {next} hashes to {computed}, the tree has {stored}");
                return Err(corrupt("log", message));
            }
            next += 1;
        }
    }
    Ok(())
}

/// The hash of a complete subtree, from its tile.
fn hash(rocks: &Rocks, level: u8, index: u64) -> Result<TreeHash, StoreError> {
    let place = HashPlace::of(level, index);
    let key = tile_row((place.tile_level, place.tile_index));
    let tile = rocks
        .db
        .get_pinned_cf(rocks.family(Family::Tiles)?, key)?
        .ok_or_else(|| no_tile((place.tile_level, place.tile_index)))?;
    place.hash(&tile).map_err(|error| corrupt("tile", error))
}

pub(super) fn stored_tile(rocks: &Rocks, key: (u8, u64)) -> Result<Vec<u8>, StoreError> {
    rocks
        .get(Family::Tiles, tile_row(key))?
        .ok_or_else(|| no_tile(key))
}

/// The `hashes` hashes that a tile has before it grows.
fn begun_tile(rocks: &Rocks, key: (u8, u64), hashes: u64) -> Result<Vec<u8>, StoreError> {
    if hashes == 0 {
        return Ok(Vec::new());
    }
    let tile = stored_tile(rocks, key)?;
    if (tile.len() / TreeHash::LEN) as u64 == hashes {
        Ok(tile)
    } else {
        Err(corrupt(
            "tile",
            format!("{} bytes instead of {hashes} hashes", tile.len()),
        ))
    }
}

fn no_tile((level, index): (u8, u64)) -> StoreError {
    corrupt("log", format!("no tile {index} at level {level}"))
}

/// Level (u8) ‖ index (u64 BE).
fn tile_row((level, index): (u8, u64)) -> [u8; 9] {
    let mut row = [level; 9];
    if let Some(rest) = row.last_chunk_mut() {
        *rest = index.to_be_bytes();
    }
    row
}

/// What cannot be proved was asked for wrongly; what cannot be read is the store's failure.
fn unwrap_prove(error: ProveError<StoreError>) -> StoreError {
    match error {
        ProveError::Read(error) => error,
        ProveError::Index { index, size } => StoreError::OutOfRange { asked: index, size },
        ProveError::Sizes { old, new } => StoreError::OutOfRange {
            asked: old,
            size: new,
        },
        ProveError::TooLarge(size) => StoreError::OutOfRange { asked: size, size },
    }
}
