//! How the log is laid out as files (C2SP tlog-tiles): paths, hash tiles, entry bundles.
//!
//! Does not live here: reading and writing them. A tile holds up to 256 hashes of one row; rows
//! are stored for the tree levels 0, 8, 16, …, and the levels between are recomputed from the row
//! below them.

use std::fmt;
use std::str::FromStr;

use crate::digest::TreeHash;
use crate::limits::{ENTRY_BYTES_MAX, TILE_LEVEL_MAX, TILE_WIDTH};
use crate::merkle::node_hash;
use crate::note::decimal;

/// Tree levels from one row of tiles to the next: 2^8 = [`TILE_WIDTH`].
const TILE_HEIGHT: u8 = 8;

/// What is wrong with a tile, a bundle, or a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not the one spelling of a tile's path.
    #[error("{0:?} is not the path of a tile")]
    Path(String),
    /// The tile does not have the bytes that were needed from it.
    #[error("a tile of {got} bytes; {want} are needed")]
    Size {
        /// Bytes of the tile.
        got: usize,
        /// Bytes needed.
        want: usize,
    },
    /// An entry that a bundle's `u16` length cannot frame.
    #[error("an entry of {0} bytes; at most {ENTRY_BYTES_MAX} fit a bundle")]
    EntryTooLong(usize),
    /// More entries than a bundle holds, or fewer than were announced.
    #[error("a bundle of {got} entries; {want} are needed")]
    EntryCount {
        /// Entries found.
        got: usize,
        /// Entries needed.
        want: usize,
    },
    /// A length prefix that points past the end of the bundle.
    #[error("entry {0} of the bundle is cut off")]
    CutOff(usize),
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileKind {
    /// Hashes of the complete subtrees at tree level 8 × this.
    Hashes(u8),
    /// Log entries; the bundle beside the `Hashes(0)` tile of the same index and width.
    Entries,
    /// Certified headers of the blocks whose seals are in the entry bundle of the same index and
    /// width; ours, not of tlog-tiles (`certified`).
    Blocks,
}

/// One tile or bundle: `tile/<level>/<index>[.p/<width>]`, `tile/entries/…` or `tile/blocks/…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// What it holds.
    pub kind: TileKind,
    /// Its place in its row, 0-based.
    pub index: u64,
    /// Hashes or entries in it: 1 to 256; below 256 it is partial.
    pub width: u16,
}

impl Tile {
    /// The tile of `kind` and `index` as a tree of `size` leaves has it; `None` if that tree has
    /// no such tile.
    #[must_use]
    pub fn of_tree(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let level = match kind {
            TileKind::Hashes(level) => level,
            TileKind::Entries | TileKind::Blocks => 0,
        };
        let first = index.checked_mul(u64::from(TILE_WIDTH))?;
        let count = row_width(level, size).checked_sub(first)?;
        let width = u16::try_from(count).unwrap_or(TILE_WIDTH).min(TILE_WIDTH);
        (width > 0).then_some(Self { kind, index, width })
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
            TileKind::Blocks => f.write_str("tile/blocks/")?,
        }
        let mut elements = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            elements.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        elements.reverse();
        f.write_str(&elements.join("/"))?;
        if self.width < TILE_WIDTH {
            write!(f, ".p/{}", self.width)
        } else {
            Ok(())
        }
    }
}

impl FromStr for Tile {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        let tile = read_path(path).filter(|tile| tile.to_string() == path);
        tile.ok_or_else(|| TileError::Path(path.chars().take(100).collect()))
    }
}

/// Reads a path loosely; writing it again and comparing makes it strict.
fn read_path(path: &str) -> Option<Tile> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        "blocks" => TileKind::Blocks,
        level => TileKind::Hashes(
            u8::try_from(decimal(level)?)
                .ok()
                .filter(|level| *level <= TILE_LEVEL_MAX)?,
        ),
    };
    let (elements, width) = match rest.split_once(".p/") {
        None => (rest, TILE_WIDTH),
        Some((elements, width)) => (
            elements,
            u16::try_from(decimal(width)?)
                .ok()
                .filter(|width| *width > 0)?,
        ),
    };
    let mut index: u64 = 0;
    for element in elements.split('/') {
        let digits = element.strip_prefix('x').unwrap_or(element);
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(Tile { kind, index, width })
}

/// Where the hash of a complete subtree is found: it is the root over `count` neighbouring hashes
/// of one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashPlace {
    /// The tile's row.
    pub tile_level: u8,
    /// The tile's place in its row.
    pub tile_index: u64,
    /// Position of the first hash in the tile, 0 to 255.
    pub first: u16,
    /// Hashes to join: a power of two, 1 to 128.
    pub count: u16,
}

impl HashPlace {
    /// The place of the complete subtree at a tree level.
    #[must_use]
    pub fn of(level: u8, index: u64) -> Self {
        let above_row = level % TILE_HEIGHT;
        let count = 1 << above_row;
        let groups = TILE_WIDTH / count;
        let group = index % u64::from(groups);
        let group = u16::try_from(group).expect("a remainder below 256 fits");
        Self {
            tile_level: level / TILE_HEIGHT,
            tile_index: index / u64::from(groups),
            first: group * count,
            count,
        }
    }

    /// The tile to read in a tree of `size` leaves; `None` if that tree has it not.
    #[must_use]
    pub fn tile(&self, size: u64) -> Option<Tile> {
        Tile::of_tree(TileKind::Hashes(self.tile_level), self.tile_index, size)
    }

    /// Computes the hash from the bytes of the tile, whole or partial.
    ///
    /// # Errors
    /// [`TileError::Size`] if the tile does not reach this far.
    pub fn hash(&self, tile: &[u8]) -> Result<TreeHash, TileError> {
        let start = usize::from(self.first) * TreeHash::LEN;
        let end = start + usize::from(self.count) * TreeHash::LEN;
        let bytes = tile.get(start..end).ok_or(TileError::Size {
            got: tile.len(),
            want: end,
        })?;
        let mut row = hashes(bytes);
        while row.len() > 1 {
            row = row.chunks(2).filter_map(join_pair).collect();
        }
        row.first().copied().ok_or(TileError::Size {
            got: tile.len(),
            want: end,
        })
    }
}

/// The parent of two hashes.
fn join_pair(pair: &[TreeHash]) -> Option<TreeHash> {
    let (left, right) = (pair.first()?, pair.get(1)?);
    Some(node_hash(left, right))
}

/// The hash tiles that change when a tree grows from `old` to `new` leaves, lowest row first, each
/// as it is in the new tree. The entry bundles that change are those beside the `Hashes(0)` tiles.
/// None if the tree does not grow.
pub fn changed_tiles(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..=TILE_LEVEL_MAX).flat_map(move |level| {
        let width = u64::from(TILE_WIDTH);
        let (old_row, new_row) = (row_width(level, old), row_width(level, new));
        let end = if old_row < new_row {
            new_row.div_ceil(width)
        } else {
            0
        };
        let tiles = (old_row / width)..end;
        tiles.filter_map(move |index| Tile::of_tree(TileKind::Hashes(level), index, new))
    })
}

/// Hashes in a row of tiles: complete subtrees of 256^level leaves.
fn row_width(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT))
        .unwrap_or(0)
}

/// Writes a hash tile.
#[must_use]
pub fn encode_hashes(hashes: &[TreeHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Reads a hash tile of exactly this width.
///
/// # Errors
/// [`TileError::Size`] if it has other than `width` × 32 bytes.
pub fn decode_hashes(bytes: &[u8], width: u16) -> Result<Vec<TreeHash>, TileError> {
    let want = usize::from(width) * TreeHash::LEN;
    if bytes.len() == want {
        Ok(hashes(bytes))
    } else {
        Err(TileError::Size {
            got: bytes.len(),
            want,
        })
    }
}

fn hashes(bytes: &[u8]) -> Vec<TreeHash> {
    bytes
        .as_chunks::<{ TreeHash::LEN }>()
        .0
        .iter()
        .map(|hash| TreeHash(*hash))
        .collect()
}

/// Writes an entry bundle: each entry after its length as a big-endian `u16`.
///
/// # Errors
/// [`TileError`] if an entry is longer than [`ENTRY_BYTES_MAX`] or there are more than 256.
pub fn encode_entries<'a>(
    entries: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    for (position, entry) in entries.into_iter().enumerate() {
        if position >= usize::from(TILE_WIDTH) {
            let (got, want) = (position + 1, usize::from(TILE_WIDTH));
            return Err(TileError::EntryCount { got, want });
        }
        let length =
            u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong(entry.len()))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads an entry bundle of exactly `width` entries.
///
/// # Errors
/// [`TileError`] if an entry is cut off or their number is another.
pub fn decode_entries(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, TileError> {
    let want = usize::from(width);
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let cut_off = || TileError::CutOff(entries.len());
        let (length, tail) = rest.split_first_chunk::<2>().ok_or_else(cut_off)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, tail) = tail.split_at_checked(length).ok_or_else(cut_off)?;
        if entries.len() >= want {
            return Err(TileError::EntryCount {
                got: entries.len() + 1,
                want,
            });
        }
        entries.push(entry);
        rest = tail;
    }
    if entries.len() == want {
        Ok(entries)
    } else {
        Err(TileError::EntryCount {
            got: entries.len(),
            want,
        })
    }
}
