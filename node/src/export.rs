//! The ledger of a stopped node as the files of a mirror: `genesis` and `tile/…`, which anybody can
//! audit without this program.
//!
//! Lives here: reading, checking and writing. Does not live here: a checkpoint. Cosignatures are in
//! memory alone; the certificate of the last block vouches for what is exported.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use deedbook_schemas::genesis::{Genesis, GenesisError};
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::tile::{Tile, TileKind, changed_tiles};

use crate::config::{ConfigError, NodeConfig};
use crate::node::ledger_folder;
use crate::store::{Store, StoreError};

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The home cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The genesis cannot begin a ledger.
    #[error("the genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The store cannot be read, or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder holds something.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
}

/// Exports the ledger of the node whose `node.toml` is in `home`. Gives the leaves of its log.
///
/// # Errors
/// [`ExportError`]; a store that contradicts itself is not exported.
pub fn export_home(home: &Path, out: &Path) -> Result<u64, ExportError> {
    let config = NodeConfig::load(home)?;
    let genesis = config.load_genesis()?;
    let store = Store::open_read_only(&ledger_folder(&config.data), genesis.ledger_id())?;
    export(&store, &genesis, out)
}

/// Checks all of a store and writes its log into an empty or new folder. Gives the leaves.
///
/// # Errors
/// As [`export_home`].
pub fn export(store: &Store, genesis: &Genesis, out: &Path) -> Result<u64, ExportError> {
    store.check(&genesis.check()?, &AtomicBool::new(false))?;
    let written = |path: &Path, result: io::Result<()>| {
        result.map_err(|source| ExportError::Write {
            path: path.to_owned(),
            source,
        })
    };
    written(out, fs::create_dir_all(out))?;
    let mut inside = fs::read_dir(out).map_err(|source| ExportError::Write {
        path: out.to_owned(),
        source,
    })?;
    if inside.next().is_some() {
        return Err(ExportError::NotEmpty(out.to_owned()));
    }
    let path = out.join("genesis");
    let text = serde_json::to_vec_pretty(genesis).map_err(io::Error::from);
    written(&path, text.and_then(|text| fs::write(&path, text)))?;
    let size = store.tip().tree_size;
    let bundles = (0..size.div_ceil(u64::from(TILE_WIDTH))).flat_map(|index| {
        [TileKind::Entries, TileKind::Blocks]
            .into_iter()
            .filter_map(move |kind| Tile::of_tree(kind, index, size))
    });
    for tile in changed_tiles(0, size).chain(bundles) {
        let missing = || StoreError::Corrupt(format!("{tile} is not there"));
        let bytes = store.tile(tile)?.ok_or_else(missing)?;
        let path = out.join(tile.to_string());
        let folder = path.parent().unwrap_or(out);
        written(folder, fs::create_dir_all(folder))?;
        written(&path, fs::write(&path, bytes))?;
    }
    Ok(size)
}
