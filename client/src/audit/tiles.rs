//! Hash tiles: roots that follow from them, and whether they are those of the entries.
//!
//! Does not live here: fetching one (`source`). Tiles prove themselves: a root at an older size counts
//! only with a consistency proof (RFC 9162 §2.1.4) to a root that is known.

use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::{Frontier, node_hash, verify_consistency};
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
    let mut wanted = Vec::new();
    let mut note = |level: u8, index: u64| -> Result<TreeHash, std::convert::Infallible> {
        wanted.push((level, index));
        Ok(TreeHash([0; 32]))
    };
    // Which subtrees are needed follows from the sizes alone: asked first, fetched then, used last.
    let unproved = |reason: &dyn std::fmt::Display| {
        let path = format!("tiles up to {size} leaves");
        source.malformed(path, reason)
    };
    Frontier::load(old, &mut note).map_err(|error| unproved(&error))?;
    deedbook_schemas::merkle::consistency_proof(old, size, &mut note)
        .map_err(|error| unproved(&error))?;
    let mut fetched = std::collections::BTreeMap::new();
    for (level, index) in wanted {
        if !fetched.contains_key(&(level, index)) {
            let hash = source.subtree(level, index, size).await?;
            fetched.insert((level, index), hash);
        }
    }
    let read = |level: u8, index: u64| {
        let hash = fetched.get(&(level, index)).copied();
        hash.ok_or("a subtree that was not asked for")
    };
    let old_root = Frontier::load(old, read)
        .map_err(|error| unproved(&error))?
        .root();
    let proof = deedbook_schemas::merkle::consistency_proof(old, size, read)
        .map_err(|error| unproved(&error))?;
    if old > 0 {
        verify_consistency(old, size, &old_root, root, &proof).map_err(|error| unproved(&error))?;
    }
    Ok(old_root)
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
        row = row
            .as_chunks::<256>()
            .0
            .iter()
            .map(|it| joined(it))
            .collect();
    }
    Ok(())
}

/// Root over 256 neighbouring hashes.
fn joined(hashes: &[TreeHash; 256]) -> TreeHash {
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
