//! Paths, tiles and bundles of C2SP tlog-tiles.

use std::collections::BTreeMap;

use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::{Frontier, inclusion_proof, leaf_hash, verify_inclusion};
use deedbook_schemas::tile::{
    HashPlace, Tile, TileError, TileKind, changed_tiles, decode_entries, decode_hashes,
    encode_entries, encode_hashes,
};

fn tile(level: u8, index: u64, width: u16) -> Tile {
    Tile {
        kind: TileKind::Hashes(level),
        index,
        width,
    }
}

/// Files as a node keeps them: the rows of tiles, written as the frontier completes subtrees.
fn rows(leaves: u64) -> (Frontier, BTreeMap<u8, Vec<TreeHash>>) {
    let mut frontier = Frontier::default();
    let mut rows: BTreeMap<u8, Vec<TreeHash>> = BTreeMap::new();
    for index in 0..leaves {
        frontier.append_with(leaf_hash(&index.to_be_bytes()), |level, _, hash| {
            if level % 8 == 0 {
                rows.entry(level / 8).or_default().push(hash);
            }
        });
    }
    (frontier, rows)
}

fn tile_bytes(rows: &BTreeMap<u8, Vec<TreeHash>>, tile: Tile) -> Vec<u8> {
    let TileKind::Hashes(level) = tile.kind else {
        return Vec::new();
    };
    let start = usize::try_from(tile.index).unwrap_or(usize::MAX) * usize::from(TILE_WIDTH);
    encode_hashes(&rows[&level][start..start + usize::from(tile.width)])
}

#[test]
fn a_path_has_one_spelling() {
    let cases = [
        ("tile/0/000", tile(0, 0, 256)),
        ("tile/0/x001/234.p/5", tile(0, 1234, 5)),
        ("tile/0/x001/x234/067", tile(0, 1_234_067, 256)),
        ("tile/63/999.p/255", tile(63, 999, 255)),
        ("tile/1/x001/000.p/1", tile(1, 1000, 1)),
        (
            "tile/entries/x018/x446/x744/x073/x709/x551/615",
            Tile {
                kind: TileKind::Entries,
                index: u64::MAX,
                width: 256,
            },
        ),
        (
            "tile/entries/002.p/88",
            Tile {
                kind: TileKind::Entries,
                index: 2,
                width: 88,
            },
        ),
        (
            "tile/blocks/x001/002.p/3",
            Tile {
                kind: TileKind::Blocks,
                index: 1_002,
                width: 3,
            },
        ),
    ];
    for (path, expected) in cases {
        assert_eq!(path.parse(), Ok(expected));
        assert_eq!(expected.to_string(), path);
    }
}

#[test]
fn any_other_spelling_of_a_path_is_refused() {
    let wrong = [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/00/000",
        "tile/64/000",
        "tile/256/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/x01/002",
        "tile/0/00a",
        "tile/0/000/",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/01",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/entries",
        "tile/entry/000",
        "tile/block/000",
        "tile/entries/x000/000",
        "tile/0/+01",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/٠٠٠",
        "tile/0/x001/x999/x999/x999/x999/x999/x999/999",
    ];
    for path in wrong {
        assert!(
            matches!(path.parse::<Tile>(), Err(TileError::Path(_))),
            "{path}"
        );
    }
}

#[test]
fn the_tiles_of_a_tree_are_those_of_the_specification_s_example() {
    let tree = |kind, index| Tile::of_tree(kind, index, 70_000);
    let hashes = TileKind::Hashes;
    assert_eq!(tree(hashes(0), 272), Some(tile(0, 272, 256)));
    assert_eq!(tree(hashes(0), 273), Some(tile(0, 273, 112)));
    assert_eq!(tree(hashes(0), 274), None);
    assert_eq!(tree(hashes(1), 0), Some(tile(1, 0, 256)));
    assert_eq!(tree(hashes(1), 1), Some(tile(1, 1, 17)));
    assert_eq!(tree(hashes(2), 0), Some(tile(2, 0, 1)));
    assert_eq!(tree(hashes(2), 1), None);
    assert_eq!(tree(hashes(3), 0), None);
    assert_eq!(tree(hashes(63), 0), None);
    assert_eq!(tree(hashes(0), u64::MAX), None);
    assert_eq!(
        tree(TileKind::Entries, 273).map(|tile| tile.width),
        Some(112)
    );
    assert_eq!(Tile::of_tree(hashes(1), 0, 256), Some(tile(1, 0, 1)));
    assert_eq!(Tile::of_tree(hashes(0), 1, 256), None);
    assert_eq!(Tile::of_tree(hashes(0), 0, 0), None);
}

#[test]
fn the_tiles_that_change_are_exactly_those_whose_bytes_do() {
    let sizes = [
        0, 1, 2, 255, 256, 257, 300, 511, 512, 513, 65_535, 65_536, 65_537, 66_000,
    ];
    let (_, rows) = rows(66_000);
    let present = |size: u64| -> BTreeMap<(u8, u64), Tile> {
        let levels = 0..4_u8;
        levels
            .flat_map(|level| (0..300).map(move |index| (level, index)))
            .filter_map(|(level, index)| {
                let tile = Tile::of_tree(TileKind::Hashes(level), index, size)?;
                assert!(rows[&level].len() >= usize::from(tile.width));
                Some(((level, index), tile))
            })
            .collect()
    };
    for (position, new) in sizes.iter().enumerate() {
        for old in &sizes[..=position] {
            let before = present(*old);
            let expected: Vec<Tile> = present(*new)
                .into_iter()
                .filter(|(place, tile)| before.get(place) != Some(tile))
                .map(|(_, tile)| tile)
                .collect();
            assert_eq!(
                changed_tiles(*old, *new).collect::<Vec<_>>(),
                expected,
                "{old} to {new}"
            );
        }
    }
    assert_eq!(changed_tiles(10, 9).count(), 0);
}

#[test]
fn any_proof_of_a_large_tree_is_made_from_its_tiles_alone() {
    let size = 66_000;
    let (frontier, rows) = rows(size);
    let read = |level: u8, index: u64| {
        let place = HashPlace::of(level, index);
        let tile = place.tile(size).unwrap();
        place.hash(&tile_bytes(&rows, tile))
    };
    assert_eq!(Frontier::load(size, read).unwrap(), frontier);
    for index in [0, 1, 255, 256, 32_767, 65_535, 65_536, 65_792, 65_999] {
        let proof = inclusion_proof(index, size, read).unwrap();
        let leaf = leaf_hash(&index.to_be_bytes());
        assert_eq!(
            verify_inclusion(&leaf, index, size, &proof, &frontier.root()),
            Ok(())
        );
    }
}

#[test]
fn a_subtree_s_place_is_where_its_leaves_are() {
    for (level, index, expected) in [
        (0, 0, (0, 0, 0, 1)),
        (0, 257, (0, 1, 1, 1)),
        (1, 127, (0, 0, 254, 2)),
        (7, 1, (0, 0, 128, 128)),
        (7, 2, (0, 1, 0, 128)),
        (8, 255, (1, 0, 255, 1)),
        (9, 128, (1, 1, 0, 2)),
        (62, 0, (7, 0, 0, 64)),
    ] {
        let place = HashPlace::of(level, index);
        let found = (place.tile_level, place.tile_index, place.first, place.count);
        assert_eq!(found, expected, "level {level}, index {index}");
    }
    let short = HashPlace::of(1, 1).hash(&[0; 127]);
    assert_eq!(
        short,
        Err(TileError::Size {
            got: 127,
            want: 128
        })
    );
}

#[test]
fn tiles_and_bundles_are_read_only_at_their_width() {
    let hashes: Vec<_> = (0..5_u8).map(|byte| TreeHash([byte; 32])).collect();
    let bytes = encode_hashes(&hashes);
    assert_eq!(decode_hashes(&bytes, 5), Ok(hashes));
    assert!(decode_hashes(&bytes, 4).is_err());
    assert!(decode_hashes(&bytes[1..], 5).is_err());

    let entries: [&[u8]; 3] = [b"one", b"", &[7; 65_535]];
    let bundle = encode_entries(entries).unwrap();
    assert_eq!(bundle[..5], *b"\0\x03one");
    assert_eq!(decode_entries(&bundle, 3).unwrap(), entries);
    assert_eq!(
        decode_entries(&bundle, 2),
        Err(TileError::EntryCount { got: 3, want: 2 })
    );
    assert_eq!(
        decode_entries(&bundle, 4),
        Err(TileError::EntryCount { got: 3, want: 4 })
    );
    for end in 1..bundle.len() {
        assert!(decode_entries(&bundle[..end], 3).is_err(), "{end}");
    }
    let long: &[u8] = &[0; 65_536];
    assert_eq!(encode_entries([long]), Err(TileError::EntryTooLong(65_536)));
    let empty: &[u8] = &[];
    assert!(encode_entries(std::iter::repeat_n(empty, 256)).is_ok());
    assert!(encode_entries(std::iter::repeat_n(empty, 257)).is_err());
}
