//! Where a log is read from: a node, a mirror on a web server, a folder of the same files.
//!
//! Lives here: fetching, limits, and whether what came has the form of what was asked for. Does not
//! live here: belief. Everything is the source's word until it was hashed and compared.
//!
//! A mirror is `checkpoint`, `genesis` and `tile/…` (C2SP tlog-tiles, and `tile/blocks/…`) below one
//! address or folder. A folder without `checkpoint` is what a stopped node exported: then the log is
//! as long as its entries.

use std::path::{Path, PathBuf};

use deedbook_schemas::certified::{Certified, decode_certified};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::{
    CERTIFIED_BUNDLE_BYTES_MAX, CHECKPOINT_BYTES_MAX, ENTRY_BYTES_MAX, GENESIS_BYTES_MAX,
    TILE_WIDTH,
};
use deedbook_schemas::tile::{HashPlace, Tile, TileKind, decode_entries, decode_hashes};

use crate::files;
use crate::http::{ApiError, Ask, Client};

/// Bytes of an entry bundle: 256 entries, each after two bytes of length.
const BUNDLE_BYTES_MAX: usize = TILE_WIDTH as usize * (ENTRY_BYTES_MAX + 2);
const HASHES_BYTES_MAX: usize = TILE_WIDTH as usize * TreeHash::LEN;

/// Why a source does not give what it should.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Not there, though the log is said to be that long.
    #[error("{source_name} has no {path}")]
    Missing {
        /// The source.
        source_name: String,
        /// What was asked for.
        path: String,
    },
    /// A node or web server that cannot be reached, or refuses.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A file that cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// It has another form than it must have.
    #[error("{path} of {source_name}: {reason}")]
    Malformed {
        /// The source.
        source_name: String,
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl SourceError {
    /// Whether asking again later may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Api(error) => {
                matches!(error, ApiError::Unreachable { .. })
                    || matches!(error.status(), Some(429 | 500..=599))
            }
            Self::Missing { .. } | Self::File { .. } | Self::Malformed { .. } => false,
        }
    }
}

#[derive(Debug)]
enum Place {
    /// Paths of log and genesis.
    Http {
        client: Client,
        log: String,
        genesis: String,
    },
    Folder(PathBuf),
    /// One page that shows a checkpoint, and nothing else.
    Page {
        client: Client,
        path: String,
    },
}

/// A source of a log.
#[derive(Debug)]
pub struct Source {
    name: String,
    place: Place,
}

/// 256 neighbouring leaves, or those of them that there are.
#[derive(Debug)]
pub struct Bundle {
    /// Its place; the first leaf's index divided by 256.
    pub index: u64,
    /// The entries.
    pub entries: Vec<Vec<u8>>,
    /// The leaves' hashes as the source's tile has them.
    pub hashes: Vec<TreeHash>,
    /// Certified headers of the blocks whose seals are among the entries.
    pub blocks: Vec<Certified>,
}

impl Source {
    /// A node; with several addresses, whichever of them answers.
    ///
    /// # Errors
    /// [`ApiError`] if one is no address.
    pub fn node<S: AsRef<str>>(nodes: &[S]) -> Result<Self, ApiError> {
        let client = Client::new(nodes)?;
        let names: Vec<&str> = nodes.iter().map(AsRef::as_ref).collect();
        Ok(Self {
            name: names.join(" or "),
            place: Place::Http {
                client,
                log: "/v1/log".to_owned(),
                genesis: "/v1/genesis".to_owned(),
            },
        })
    }

    /// A mirror: an address that begins with `http://` or `https://`, otherwise a folder.
    ///
    /// # Errors
    /// [`ApiError`] if the address is none.
    pub fn mirror(address: &str) -> Result<Self, ApiError> {
        let name = address.trim_end_matches('/').to_owned();
        if !address.starts_with("http://") && !address.starts_with("https://") {
            let place = Place::Folder(PathBuf::from(address));
            return Ok(Self { name, place });
        }
        let log = path_of(&name);
        let genesis = format!("{log}/genesis");
        let client = Client::new(&[&name])?;
        let place = Place::Http {
            client,
            log,
            genesis,
        };
        Ok(Self { name, place })
    }

    /// A page that shows the newest checkpoint a witness cosigned.
    ///
    /// # Errors
    /// [`ApiError`] if the address is none.
    pub fn witness(address: &str) -> Result<Self, ApiError> {
        let client = Client::new(&[address])?;
        let (name, path) = (address.to_owned(), path_of(address));
        let place = Place::Page { client, path };
        Ok(Self { name, place })
    }

    /// Whether it gives tiles, and not a checkpoint alone.
    #[must_use]
    pub fn has_tiles(&self) -> bool {
        !matches!(self.place, Place::Page { .. })
    }

    /// A folder with the files of a mirror.
    #[must_use]
    pub fn folder(folder: &Path) -> Self {
        Self {
            name: folder.display().to_string(),
            place: Place::Folder(folder.to_owned()),
        }
    }

    /// What messages call it: its address or folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks once where it would ask again for half a minute: for someone who comes back anyway.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        if let Place::Http { client, .. } | Place::Page { client, .. } = &mut self.place {
            client.set_patience(std::time::Duration::ZERO);
        }
        self
    }

    /// The checkpoint's bytes, unverified; `None` if a folder has none.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn checkpoint(&self) -> Result<Option<Vec<u8>>, SourceError> {
        let read = self.read("checkpoint", CHECKPOINT_BYTES_MAX).await;
        match (read, &self.place) {
            (Err(SourceError::Missing { .. }), Place::Folder(_)) => Ok(None),
            (read, _) => read.map(Some),
        }
    }

    /// The genesis, as the source tells it.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn genesis(&self) -> Result<Genesis, SourceError> {
        let bytes = match &self.place {
            Place::Http {
                client, genesis, ..
            } => {
                let ask = Ask::get(genesis.as_str()).accept("application/json", GENESIS_BYTES_MAX);
                client.ask(&ask).await?
            }
            Place::Folder(_) | Place::Page { .. } => {
                self.read("genesis", GENESIS_BYTES_MAX).await?
            }
        };
        serde_json::from_slice(&bytes).map_err(|error| self.malformed("genesis", error))
    }

    /// Bundle `index` of a log of `size` leaves.
    ///
    /// # Errors
    /// [`SourceError`], also if it has another number of entries or hashes.
    pub async fn bundle(&self, index: u64, size: u64) -> Result<Bundle, SourceError> {
        let tile = |kind| Tile::of_tree(kind, index, size);
        let (Some(entries), Some(hashes), Some(blocks)) = (
            tile(TileKind::Entries),
            tile(TileKind::Hashes(0)),
            tile(TileKind::Blocks),
        ) else {
            let path = format!("bundle {index} of {size} leaves");
            return Err(self.missing(path));
        };
        let (entry_bytes, hashes, block_bytes) = tokio::join!(
            self.read_tile(&entries, BUNDLE_BYTES_MAX),
            self.hashes(&hashes),
            self.read_tile(&blocks, CERTIFIED_BUNDLE_BYTES_MAX),
        );
        let entry_bytes = entry_bytes?;
        let read = decode_entries(&entry_bytes, entries.width);
        let read = read.map_err(|error| self.malformed(entries, error))?;
        let entries = read.into_iter().map(<[u8]>::to_vec).collect();
        let certified = decode_certified(&block_bytes?);
        Ok(Bundle {
            index,
            entries,
            hashes: hashes?,
            blocks: certified.map_err(|error| self.malformed(blocks, error))?,
        })
    }

    /// The hashes of a tile, exactly as many as it is wide.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn hashes(&self, tile: &Tile) -> Result<Vec<TreeHash>, SourceError> {
        let bytes = self.read_tile(tile, HASHES_BYTES_MAX).await?;
        decode_hashes(&bytes, tile.width).map_err(|error| self.malformed(tile, error))
    }

    /// The hash of a complete subtree in a log of `size` leaves.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn subtree(&self, level: u8, index: u64, size: u64) -> Result<TreeHash, SourceError> {
        let place = HashPlace::of(level, index);
        let Some(tile) = place.tile(size) else {
            let path = format!("subtree {index} at level {level} of {size} leaves");
            return Err(self.missing(path));
        };
        let mut read = self.read_tile(&tile, HASHES_BYTES_MAX).await;
        if tile.width < TILE_WIDTH && matches!(read, Err(SourceError::Missing { .. })) {
            // A mirror may drop partial tiles once the full one is there.
            let width = TILE_WIDTH;
            read = self
                .read_tile(&Tile { width, ..tile }, HASHES_BYTES_MAX)
                .await;
        }
        let bytes = read?;
        place
            .hash(&bytes)
            .map_err(|error| self.malformed(tile, error))
    }

    /// Leaves whose entries a folder holds. For an address there is no telling without a checkpoint.
    ///
    /// # Errors
    /// [`SourceError::Missing`] for an address.
    pub fn held(&self) -> Result<u64, SourceError> {
        let Place::Folder(folder) = &self.place else {
            return Err(self.missing("checkpoint".to_owned()));
        };
        let (kind, width) = (TileKind::Entries, TILE_WIDTH);
        for index in 0.. {
            let full = Tile { kind, index, width };
            if folder.join(full.to_string()).is_file() {
                continue;
            }
            let partial = folder.join(format!("{full}.p"));
            let widths = std::fs::read_dir(partial).into_iter().flatten();
            let widths = widths.filter_map(|file| file.ok()?.file_name().to_str()?.parse().ok());
            let width: u16 = widths
                .filter(|width| *width < TILE_WIDTH)
                .max()
                .unwrap_or(0);
            return Ok(index * u64::from(TILE_WIDTH) + u64::from(width));
        }
        Ok(0)
    }

    async fn read_tile(&self, tile: &Tile, max: usize) -> Result<Vec<u8>, SourceError> {
        self.read(&tile.to_string(), max).await
    }

    async fn get(
        &self,
        client: &Client,
        url_path: String,
        path: &str,
        max: usize,
    ) -> Result<Vec<u8>, SourceError> {
        let ask = Ask::get(url_path).accept("*/*", max);
        client
            .ask(&ask)
            .await
            .map_err(|error| match error.status() {
                Some(404) => self.missing(path.to_owned()),
                _ => error.into(),
            })
    }

    async fn read(&self, path: &str, max: usize) -> Result<Vec<u8>, SourceError> {
        match &self.place {
            Place::Http { client, log, .. } => {
                self.get(client, format!("{log}/{path}"), path, max).await
            }
            Place::Page { client, path: page } if path == "checkpoint" => {
                self.get(client, page.clone(), path, max).await
            }
            Place::Page { .. } => Err(self.missing(path.to_owned())),
            Place::Folder(folder) => {
                let file = folder.join(path);
                let read = tokio::task::spawn_blocking(move || read_file(&file, max)).await;
                let reason = match read {
                    Ok(Ok(bytes)) => return Ok(bytes),
                    Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                        return Err(self.missing(path.to_owned()));
                    }
                    Ok(Err(error)) => error.to_string(),
                    Err(error) => error.to_string(),
                };
                let path = folder.join(path).display().to_string();
                Err(SourceError::File { path, reason })
            }
        }
    }

    fn missing(&self, path: String) -> SourceError {
        let source_name = self.name.clone();
        SourceError::Missing { source_name, path }
    }

    pub(super) fn malformed(
        &self,
        path: impl ToString,
        reason: impl std::fmt::Display,
    ) -> SourceError {
        SourceError::Malformed {
            source_name: self.name.clone(),
            path: path.to_string(),
            reason: reason.to_string(),
        }
    }
}

/// The path of an address, without slashes at its end.
fn path_of(address: &str) -> String {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    match path.trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    }
}

fn read_file(path: &Path, max: usize) -> std::io::Result<Vec<u8>> {
    files::read(path, max)
}
