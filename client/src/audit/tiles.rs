//! Hash tiles: roots that follow from them, and whether they are those of the entries.
//!
//! Does not live here: fetching one (`source`). Tiles prove themselves: a root at an older size counts
//! only with a consistency proof (RFC 9162 §2.1.4) to a root that is known.

use std::collections::BTreeMap;

use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::{self, Frontier, node_hash};
use deedbook_schemas::tile::{Tile, TileKind};

use super::Finding;
use super::run::AuditError;
use super::source::{Source, SourceError};

/// The root that the tree of `size` leaves with this root had at an older size, shown by a source's
/// tiles.
///
/// # Errors
/// [`SourceError`] if the source does not give the tiles, or they do not lead to the root.
pub(super) async fn root_at(
    source: &Source,
    old: u64,
    size: u64,
    root: &TreeHash,
) -> Result<TreeHash, SourceError> {
    let unproved = |reason: &dyn std::fmt::Display| {
        let path = format!("tiles up to {size} leaves");
        source.malformed(path, reason)
    };
    let old_root = frontier_at(source, old, size).await?.root();
    let read = |level: u8, index: u64| source.subtree(level, index, size);
    let mut wanted = Vec::new();
    merkle::consistency_proof(old, size, |level, index| noted(&mut wanted, level, index))
        .map_err(|error| unproved(&error))?;
    let mut fetched = BTreeMap::new();
    for (level, index) in wanted {
        fetched.insert((level, index), read(level, index).await?);
    }
    let proof = merkle::consistency_proof(old, size, |level, index| asked(&fetched, level, index))
        .map_err(|error| unproved(&error))?;
    if old > 0 {
        merkle::verify_consistency(old, size, &old_root, root, &proof)
            .map_err(|error| unproved(&error))?;
    }
    Ok(old_root)
}

/// The right edge of the tree at an older size, from the tiles that a source has of `size` leaves. The
/// source's word, until what is built on it leads to a root that is known.
///
/// # Errors
/// [`SourceError`] if the source does not give the tiles.
pub(crate) async fn frontier_at(
    source: &Source,
    old: u64,
    size: u64,
) -> Result<Frontier, SourceError> {
    // Which subtrees are needed follows from the size alone: asked first, fetched then, used last.
    let mut wanted = Vec::new();
    let unread = |reason: &dyn std::fmt::Display| source.malformed("tiles", reason);
    Frontier::load(old, |level, index| noted(&mut wanted, level, index))
        .map_err(|error| unread(&error))?;
    let mut fetched = BTreeMap::new();
    for (level, index) in wanted {
        fetched.insert((level, index), source.subtree(level, index, size).await?);
    }
    Frontier::load(old, |level, index| asked(&fetched, level, index))
        .map_err(|error| unread(&error))
}

fn noted(
    wanted: &mut Vec<(u8, u64)>,
    level: u8,
    index: u64,
) -> Result<TreeHash, std::convert::Infallible> {
    wanted.push((level, index));
    Ok(TreeHash([0; 32]))
}

fn asked(
    fetched: &BTreeMap<(u8, u64), TreeHash>,
    level: u8,
    index: u64,
) -> Result<TreeHash, &'static str> {
    let hash = fetched.get(&(level, index)).copied();
    hash.ok_or("a subtree that was not asked for")
}

/// Compares a source's upper tiles with what the entries lead to. The lowest row was compared leaf
/// by leaf. `row` has the hashes of the complete subtrees of 256 leaves.
///
/// # Errors
/// [`AuditError`]: the tile that differs, or that is not there.
pub(super) async fn compare_upper(
    source: &Source,
    size: u64,
    row: &[TreeHash],
) -> Result<(), AuditError> {
    let width = usize::from(TILE_WIDTH);
    let mut row = row.to_vec();
    for level in 1.. {
        if row.is_empty() {
            break;
        }
        for (index, computed) in (0..).zip(row.chunks(width)) {
            let Some(tile) = Tile::of_tree(TileKind::Hashes(level), index, size) else {
                continue;
            };
            let told = source.hashes(&tile).await?;
            let wrong = computed
                .iter()
                .zip(&told)
                .position(|(ours, told)| ours != told);
            if wrong.is_some() || told.len() != computed.len() {
                let place = wrong.unwrap_or(computed.len());
                let what = format!("hash {place} of {tile} is not what the entries lead to");
                return Err(Finding::of_log(what).into());
            }
        }
        row = row.as_chunks::<256>().0.iter().map(joined).collect();
    }
    Ok(())
}

/// Root over 256 neighbouring hashes: what the tile above holds of a full tile.
pub(crate) fn joined(hashes: &[TreeHash; 256]) -> TreeHash {
    let mut row = hashes.to_vec();
    while let [_, _, ..] = row.as_slice() {
        row = row
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[left, right]| node_hash(left, right))
            .collect();
    }
    *row.first().expect("256 hashes halve to one")
}
