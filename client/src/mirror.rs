//! A mirror: the log as files on anybody's disk, for any web server to hand out.
//!
//! Lives here: bringing a folder up to a source's newest checkpoint. Does not live here: where the
//! files come from (`audit::Source`) and the law (`audit`): a mirror holds what the validators
//! signed, lawful or not.
//!
//! A mirror never shows a tree that it does not hold whole: the checkpoint is written last, after
//! every hash below it was computed from the entries. Interrupted at any point, it shows the older
//! tree and goes on from there.

use std::io;
use std::path::{Path, PathBuf};

use deedbook_schemas::certified::encode_certified;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::merkle::{Frontier, leaf_hash};
use deedbook_schemas::policy::Policy;
use deedbook_schemas::tile::{
    Tile, TileError, TileKind, decode_hashes, encode_entries, encode_hashes,
};

use crate::audit::{Bundle, Source, SourceError, frontier_at, joined};
use crate::files::{self, Access, Existing};
use crate::verified::{UntrustedCheckpoint, verify_checkpoint};

/// Why a mirror stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The source does not give what it should.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The source's checkpoint, or the mirror's own, is not one to rely on.
    #[error("the checkpoint of {name}: {error}")]
    Untrusted {
        /// Whose.
        name: String,
        /// Why not.
        error: UntrustedCheckpoint,
    },
    /// The source has no checkpoint.
    #[error("{0} has no checkpoint")]
    NoCheckpoint(String),
    /// The source is behind the mirror.
    #[error("the source shows {shown} leaves; this mirror holds {held} already")]
    Shrunken {
        /// Leaves of the source.
        shown: u64,
        /// Leaves of the mirror.
        held: u64,
    },
    /// Two checkpoints that cannot both be of one log: an alarm.
    #[error(
        "TWO HISTORIES: the log of {size} leaves has root {computed}; the checkpoint that {name} \
         holds says {signed}"
    )]
    OtherHistory {
        /// Leaves.
        size: u64,
        /// Root of the entries.
        computed: TreeHash,
        /// Root in the checkpoint.
        signed: TreeHash,
        /// Who holds the checkpoint.
        name: String,
    },
    /// A leaf's hash in the source's tile is not that of the entry.
    #[error("the source's hash of leaf {0} is not that of its entry")]
    Leaf(u64),
    /// An entry that fits no bundle, or a tile of our own that does not read.
    #[error("{path}: {error}")]
    Tile {
        /// The tile.
        path: String,
        /// What is wrong.
        error: TileError,
    },
    /// A genesis other than the mirror's.
    #[error("the source tells another genesis than this mirror holds: another ledger")]
    OtherLedger,
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// A folder that mirrors one log.
#[derive(Debug)]
pub struct Mirror {
    folder: PathBuf,
}

impl Mirror {
    /// The mirror in `folder`, which may be empty or not there yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Brings the mirror up to the source's checkpoint, if the policy relies on it. `step` hears of
    /// leaves done and leaves there are. Returns the leaves that the mirror held before, and the
    /// checkpoint it holds now.
    ///
    /// # Errors
    /// [`MirrorError`]; the mirror shows what it showed before.
    pub async fn update(
        &self,
        source: &Source,
        policy: &Policy,
        mut step: impl FnMut(u64, u64),
    ) -> Result<(u64, SignedCheckpoint), MirrorError> {
        let own = Source::folder(&self.folder);
        let held = trusted(&own, policy)
            .await?
            .map(|(_, held)| held.checkpoint);
        let (bytes, shown) = trusted(source, policy)
            .await?
            .ok_or_else(|| MirrorError::NoCheckpoint(source.name().to_owned()))?;
        let size = shown.checkpoint.size;
        let before = held.as_ref().map_or(0, |held| held.size);
        if size < before {
            return Err(MirrorError::Shrunken {
                shown: size,
                held: before,
            });
        }
        self.keep_genesis(source, &own).await?;

        let width = u64::from(TILE_WIDTH);
        let first = before / width;
        let mut frontier = frontier_at(&own, first * width, before).await?;
        if let Some(held) = held.as_ref().filter(|held| held.size == frontier.size()) {
            agree(&frontier, &held.root, own.name())?;
        }
        for index in first..size.div_ceil(width) {
            let bundle = source.bundle(index, size).await?;
            for (entry, told) in bundle.entries.iter().zip(&bundle.hashes) {
                let hash = leaf_hash(entry);
                if hash != *told {
                    return Err(MirrorError::Leaf(frontier.size()));
                }
                frontier.append(hash);
                if let Some(held) = held.as_ref().filter(|held| held.size == frontier.size()) {
                    agree(&frontier, &held.root, own.name())?;
                }
            }
            self.write_bundle(index, size, &bundle)?;
            step(frontier.size(), size);
        }
        agree(&frontier, &shown.checkpoint.root, source.name())?;
        self.write_upper_rows(before, size)?;
        self.write("checkpoint", &bytes)?;
        self.remove_partial_tiles(before, size)?;
        Ok((before, shown))
    }

    async fn keep_genesis(&self, source: &Source, own: &Source) -> Result<(), MirrorError> {
        let told = source.genesis().await?;
        if self.folder.join("genesis").exists() {
            let same = own.genesis().await?.ledger_id() == told.ledger_id();
            return if same {
                Ok(())
            } else {
                Err(MirrorError::OtherLedger)
            };
        }
        let text = serde_json::to_vec_pretty(&told)
            .map_err(|error| self.at("genesis", io::Error::other(error)))?;
        self.write("genesis", &text)
    }

    fn write_bundle(&self, index: u64, size: u64, bundle: &Bundle) -> Result<(), MirrorError> {
        let tile = |kind| Tile::of_tree(kind, index, size).expect("a bundle of this tree");
        let entries = tile(TileKind::Entries);
        let bytes = encode_entries(bundle.entries.iter().map(Vec::as_slice)).map_err(|error| {
            MirrorError::Tile {
                path: entries.to_string(),
                error,
            }
        })?;
        self.write(&entries.to_string(), &bytes)?;
        let hashes = tile(TileKind::Hashes(0)).to_string();
        self.write(&hashes, &encode_hashes(&bundle.hashes))?;
        let blocks = tile(TileKind::Blocks).to_string();
        self.write(&blocks, &encode_certified(&bundle.blocks))
    }

    /// Computes the tiles above the lowest row that changed, each from the row below it.
    fn write_upper_rows(&self, before: u64, size: u64) -> Result<(), MirrorError> {
        let width = u64::from(TILE_WIDTH);
        for level in 1.. {
            let first = (before >> (8 * u32::from(level))) / width;
            let mut any = false;
            for index in first.. {
                let Some(tile) = Tile::of_tree(TileKind::Hashes(level), index, size) else {
                    break;
                };
                any = true;
                let hashes: Result<Vec<TreeHash>, MirrorError> = (0..u64::from(tile.width))
                    .map(|offset| self.full_tile_root(level - 1, index * width + offset))
                    .collect();
                self.write(&tile.to_string(), &encode_hashes(&hashes?))?;
            }
            if !any {
                break;
            }
        }
        Ok(())
    }

    fn full_tile_root(&self, level: u8, index: u64) -> Result<TreeHash, MirrorError> {
        let (kind, width) = (TileKind::Hashes(level), TILE_WIDTH);
        let path = Tile { kind, index, width }.to_string();
        let bytes = files::read(&self.folder.join(&path), usize::from(width) * TreeHash::LEN)
            .map_err(|error| self.at(&path, error))?;
        let hashes = decode_hashes(&bytes, width);
        let hashes = hashes.map_err(|error| MirrorError::Tile { path, error })?;
        let (full, _) = hashes.as_chunks::<256>();
        Ok(joined(full.first().expect("a full tile has 256 hashes")))
    }

    /// Removes the partial tiles whose full ones are there now (C2SP tlog-tiles allows it).
    fn remove_partial_tiles(&self, before: u64, size: u64) -> Result<(), MirrorError> {
        for kind in [TileKind::Entries, TileKind::Blocks]
            .into_iter()
            .chain((0..8).map(TileKind::Hashes))
        {
            let level = match kind {
                TileKind::Hashes(level) => level,
                TileKind::Entries | TileKind::Blocks => 0,
            };
            let index = (before >> (8 * u32::from(level))) / u64::from(TILE_WIDTH);
            let full = Tile {
                kind,
                index,
                width: TILE_WIDTH,
            };
            if Tile::of_tree(kind, index, size) != Some(full) {
                continue;
            }
            let path = format!("{full}.p");
            match std::fs::remove_dir_all(self.folder.join(&path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(self.at(&path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), MirrorError> {
        let file = self.folder.join(path);
        let folder = file.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(|error| self.at(path, error))?;
        files::write(&file, bytes, Access::Public, Existing::Replace)
            .map_err(|error| self.at(path, error))
    }

    fn at(&self, path: &str, error: io::Error) -> MirrorError {
        MirrorError::File {
            path: self.folder.join(path),
            error,
        }
    }
}

/// The source's checkpoint, byte for byte, if the policy relies on it; none if it has none.
async fn trusted(
    source: &Source,
    policy: &Policy,
) -> Result<Option<(Vec<u8>, SignedCheckpoint)>, MirrorError> {
    let Some(bytes) = source.checkpoint().await? else {
        return Ok(None);
    };
    let (signed, _) =
        verify_checkpoint(&bytes, policy).map_err(|error| MirrorError::Untrusted {
            name: source.name().to_owned(),
            error,
        })?;
    Ok(Some((bytes, signed)))
}

fn agree(frontier: &Frontier, signed: &TreeHash, name: &str) -> Result<(), MirrorError> {
    let computed = frontier.root();
    if computed == *signed {
        return Ok(());
    }
    Err(MirrorError::OtherHistory {
        size: frontier.size(),
        computed,
        signed: *signed,
        name: name.to_owned(),
    })
}
