//! The keys of a node: four files outside the data folder, one role each.
//!
//! Lives here: making and reading key files. Does not live here: what the keys sign. A key file is
//! 64 hexadecimal digits, readable by its owner alone; it is never printed and never logged.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::validators::Validator;
use libp2p::identity::Keypair;
use serde::{Deserialize, Serialize};

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The file exists, and a key is never overwritten.
    #[error("{0} exists; a key is never overwritten")]
    Exists(PathBuf),
    /// The file can be read by others.
    #[error("{path} has mode {mode:o}; a key must be readable by its owner alone (chmod 600)")]
    Mode {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("{0} does not hold a key: 64 hexadecimal digits are expected")]
    Malformed(PathBuf),
    /// The system gave no randomness.
    #[error("no randomness from the system: {0}")]
    Random(getrandom::Error),
}

const CONSENSUS: &str = "consensus.key";
const NOTE: &str = "note.key";
const LOG: &str = "log.key";
const NETWORK: &str = "network.key";

/// The keys of one node.
pub struct NodeKeys {
    /// Signs votes and proposals.
    pub consensus: SigningKey,
    /// Signs checkpoint cosignatures.
    pub note: SigningKey,
    /// Signs checkpoints in the log's name.
    pub log: SigningKey,
    /// Names the node to its peers on both networks (libp2p).
    pub network: Keypair,
}

/// What a node tells the others about itself before the genesis is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublicKeys {
    /// The validator as the genesis lists it, with voting power 1.
    pub validator: Validator,
    /// The node's libp2p peer id, for the others' peer lists.
    pub peer_id: String,
}

impl NodeKeys {
    /// Makes the keys of a new node in `dir`, which is created.
    ///
    /// # Errors
    /// [`KeyError`] if a file exists or cannot be written.
    pub fn create(dir: &Path) -> Result<Self, KeyError> {
        fs::create_dir_all(dir).map_err(|source| KeyError::Io {
            path: dir.to_owned(),
            source,
        })?;
        for name in [CONSENSUS, NOTE, LOG, NETWORK] {
            write_seed(&dir.join(name))?;
        }
        Self::load(dir)
    }

    /// Reads the keys in `dir`.
    ///
    /// # Errors
    /// [`KeyError`] if one is missing, malformed, or readable by others.
    pub fn load(dir: &Path) -> Result<Self, KeyError> {
        let signing =
            |name: &str| read_seed(&dir.join(name)).map(|seed| SigningKey::from_bytes(&seed));
        let path = dir.join(NETWORK);
        let network = Keypair::ed25519_from_bytes(read_seed(&path)?)
            .map_err(|_| KeyError::Malformed(path))?;
        Ok(Self {
            consensus: signing(CONSENSUS)?,
            note: signing(NOTE)?,
            log: signing(LOG)?,
            network,
        })
    }

    /// What may be published.
    #[must_use]
    pub fn public(&self, name: &str) -> PublicKeys {
        PublicKeys {
            validator: Validator {
                name: name.to_owned(),
                consensus_key: PublicKey::of(&self.consensus),
                note_key: PublicKey::of(&self.note),
                log_key: PublicKey::of(&self.log),
                power: 1,
            },
            peer_id: self.network.public().to_peer_id().to_string(),
        }
    }
}

fn write_seed(path: &Path) -> Result<(), KeyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(KeyError::Random)?;
    let io = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = opened.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
        _ => io(source),
    })?;
    writeln!(file, "{}", hex::encode(seed)).map_err(io)?;
    file.sync_all().map_err(io)
}

fn read_seed(path: &Path) -> Result<[u8; 32], KeyError> {
    let io = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    let text = fs::read_to_string(path).map_err(io)?;
    let mut seed = [0; 32];
    hex::decode_to_slice(text.trim_end(), &mut seed)
        .map_err(|_| KeyError::Malformed(path.to_owned()))?;
    Ok(seed)
}
