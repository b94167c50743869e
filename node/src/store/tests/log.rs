//! The log against the standard's own definition.

use deedbook_schemas::certified::decode_certified;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::merkle::{leaf_hash, node_hash, verify_consistency, verify_inclusion};
use deedbook_schemas::tile::{Tile, TileKind, decode_entries};

use super::*;

/// `MTH` as RFC 9162 §2.1.1 writes it down.
fn naive_root(leaves: &[TreeHash]) -> TreeHash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

#[test]
fn ten_thousand_entries_have_the_root_the_standard_defines_and_every_proof_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut numbers = Numbers(9);
    let mut sizes = vec![];
    while store.tip().tree_size < 10_000 {
        let count = 1 + numbers.below(900);
        sizes.push(commit(
            &store,
            (0..count).map(|_| record(&mut numbers, 20)).collect(),
            &BTreeMap::new(),
        ));
    }
    let tip = store.tip();
    let entries = store.entries(0, tip.tree_size).unwrap();
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    for old in &sizes {
        let size = usize::try_from(old.tree_size).unwrap();
        assert_eq!(naive_root(&leaves[..size]), old.tree_root);
        assert_eq!(store.tree_root(old.tree_size).unwrap(), old.tree_root);
        let proof = store
            .consistency_proof(old.tree_size, tip.tree_size)
            .unwrap();
        let (old_size, new_size) = (old.tree_size, tip.tree_size);
        verify_consistency(old_size, new_size, &old.tree_root, &tip.tree_root, &proof).unwrap();
        let index = numbers.below(old_size);
        let proof = store.inclusion_proof(index, old_size).unwrap();
        let leaf = leaves[usize::try_from(index).unwrap()];
        verify_inclusion(&leaf, index, old_size, &proof, &old.tree_root).unwrap();
        store.rehash_block(old.height).unwrap();
    }
    let beyond = store.inclusion_proof(0, tip.tree_size + 1);
    assert!(matches!(beyond, Err(StoreError::OutOfRange { .. })));
    let (kind, last) = (TileKind::Entries, tip.tree_size / 256);
    let tile = Tile::of_tree(kind, last, tip.tree_size).unwrap();
    let bundle = store.tile(tile).unwrap().unwrap();
    let bundled = decode_entries(&bundle, tile.width).unwrap();
    assert_eq!(bundled, entries[usize::try_from(last * 256).unwrap()..]);
    let kind = TileKind::Blocks;
    let blocks = store.tile(Tile { kind, ..tile }).unwrap().unwrap();
    let blocks = decode_certified(&blocks).unwrap();
    let sealed = bundled
        .iter()
        .filter_map(|entry| match Entry::decode(entry) {
            Ok(Entry::Seal(seal)) => Some(seal.height),
            _ => None,
        });
    let heights: Vec<Height> = blocks.iter().map(|block| block.header.height).collect();
    assert_eq!(heights, sealed.collect::<Vec<_>>());
    let last = blocks.last().unwrap();
    assert_eq!(last.header.tree_size, tip.tree_size);
    assert_eq!(last.certificate.block, last.header.id());
    let hashes = store
        .tile(Tile {
            kind: TileKind::Hashes(0),
            ..tile
        })
        .unwrap()
        .unwrap();
    assert_eq!(hashes.len(), usize::from(tile.width) * 32);
    assert_eq!(
        store
            .tile(Tile {
                width: tile.width + 1,
                ..tile
            })
            .unwrap(),
        None
    );
}
