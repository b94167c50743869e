//! The keys of a node: four files outside the data folder, one role each, and around a change of the
//! validators a fifth, the next share of the log's key.
//!
//! Lives here: making and reading key files. Does not live here: what the keys sign, and where the
//! share of the log's key comes from (`log_key::ceremony`). A key file is 64 hexadecimal digits,
//! readable by its owner alone; it is never printed and never logged.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::validators::Validator;
use libp2p::identity::Keypair;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::log_key::LogShare;

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
    /// There is no share of the log's key yet.
    #[error("{0} is missing: it comes from the ceremony (deedbook-node ceremony --help)")]
    NoLogShare(PathBuf),
    /// The system gave no randomness.
    #[error("no randomness from the system: {0}")]
    Random(getrandom::Error),
}

const CONSENSUS: &str = "consensus.key";
const NOTE: &str = "note.key";
const LOG: &str = "log.key";
const NEXT_LOG: &str = "log.next.key";
const NETWORK: &str = "network.key";

/// The keys of one node.
pub struct NodeKeys {
    /// Signs votes and proposals.
    pub consensus: SigningKey,
    /// Signs checkpoint cosignatures.
    pub note: SigningKey,
    /// Names the node to its peers on both networks (libp2p).
    pub network: Keypair,
}

/// What a node tells the others about itself before the genesis is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublicKeys {
    /// The institution's name.
    pub name: String,
    /// Signs its votes and proposals.
    pub consensus_key: PublicKey,
    /// Signs its cosignatures.
    pub note_key: PublicKey,
    /// The node's libp2p peer id, for the others' peer lists.
    pub peer_id: String,
}

impl PublicKeys {
    /// The public halves of the keys in `dir`.
    ///
    /// # Errors
    /// [`KeyError`] if one is missing, malformed, or readable by others.
    pub fn of(dir: &Path, name: &str) -> Result<Self, KeyError> {
        Ok(Self {
            name: name.to_owned(),
            consensus_key: PublicKey::of(&read_signing(&dir.join(CONSENSUS))?),
            note_key: PublicKey::of(&read_signing(&dir.join(NOTE))?),
            peer_id: read_network(dir)?.public().to_peer_id().to_string(),
        })
    }

    /// The validator as the genesis lists it, with voting power 1 and the public share of the log's
    /// key that the ceremony gave it.
    #[must_use]
    pub fn validator(&self, log_share: PublicKey) -> Validator {
        Validator {
            name: self.name.clone(),
            consensus_key: self.consensus_key,
            note_key: self.note_key,
            log_share,
            power: 1,
        }
    }
}

impl NodeKeys {
    /// Makes the keys of a new node in `dir`, which is created: all but the share of the log's key,
    /// which the validators make together. Returns what may be published.
    ///
    /// # Errors
    /// [`KeyError`] if a file exists or cannot be written.
    pub fn create(dir: &Path, name: &str) -> Result<PublicKeys, KeyError> {
        fs::create_dir_all(dir).map_err(|source| KeyError::Io {
            path: dir.to_owned(),
            source,
        })?;
        for file in [CONSENSUS, NOTE, NETWORK] {
            let mut seed = Zeroizing::new([0; 32]);
            getrandom::fill(seed.as_mut()).map_err(KeyError::Random)?;
            write_seed(&dir.join(file), seed.as_ref())?;
        }
        PublicKeys::of(dir, name)
    }

    /// Reads the keys in `dir`.
    ///
    /// # Errors
    /// [`KeyError`] if one is missing, malformed, or readable by others.
    pub fn load(dir: &Path) -> Result<Self, KeyError> {
        Ok(Self {
            consensus: read_signing(&dir.join(CONSENSUS))?,
            note: read_signing(&dir.join(NOTE))?,
            network: read_network(dir)?,
        })
    }
}

/// Writes a node's share of the log's key beside its other keys.
///
/// # Errors
/// [`KeyError`] if there is one already or it cannot be written.
pub fn write_log_share(dir: &Path, share: &LogShare) -> Result<(), KeyError> {
    write_seed(&dir.join(LOG), &share.to_bytes())
}

/// Where a node's next share of the log's key is put: beside the one in force, which is needed until
/// the validator set changes.
#[must_use]
pub fn next_log_share_path(dir: &Path) -> PathBuf {
    dir.join(NEXT_LOG)
}

/// Writes a node's next share of the log's key beside its other keys.
///
/// # Errors
/// [`KeyError`] if there is one already or it cannot be written.
pub fn write_next_log_share(dir: &Path, share: &LogShare) -> Result<(), KeyError> {
    write_seed(&next_log_share_path(dir), &share.to_bytes())
}

/// The shares of the log's key in `dir`: the one in force, the next one, or both. Which is which, the
/// validator set says ([`crate::log_key::LogGroup::choose`]).
///
/// # Errors
/// [`KeyError`] if there is none, or one is malformed or readable by others.
pub fn log_shares(dir: &Path) -> Result<Vec<LogShare>, KeyError> {
    let paths = [dir.join(LOG), next_log_share_path(dir)];
    let there = paths.iter().filter(|path| path.exists());
    let shares: Vec<_> = there
        .map(|path| read_share(path))
        .collect::<Result<_, _>>()?;
    if shares.is_empty() {
        return Err(KeyError::NoLogShare(dir.join(LOG)));
    }
    Ok(shares)
}

fn read_share(path: &Path) -> Result<LogShare, KeyError> {
    if !path.exists() {
        return Err(KeyError::NoLogShare(path.to_owned()));
    }
    LogShare::from_bytes(&*read_seed(path)?).map_err(|_| KeyError::Malformed(path.to_owned()))
}

fn read_signing(path: &Path) -> Result<SigningKey, KeyError> {
    read_seed(path).map(|seed| SigningKey::from_bytes(&seed))
}

fn read_network(dir: &Path) -> Result<Keypair, KeyError> {
    let path = dir.join(NETWORK);
    let mut seed = read_seed(&path)?;
    Keypair::ed25519_from_bytes(seed.as_mut()).map_err(|_| KeyError::Malformed(path))
}

fn write_seed(path: &Path, seed: &[u8]) -> Result<(), KeyError> {
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
    let digits = Zeroizing::new(hex::encode(seed) + "\n");
    file.write_all(digits.as_bytes()).map_err(io)?;
    file.sync_all().map_err(io)
}

fn read_seed(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyError> {
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
    let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_end(), seed.as_mut())
        .map_err(|_| KeyError::Malformed(path.to_owned()))?;
    Ok(seed)
}
