//! The folder of a witness: its key, its logs' policies, its lock, and the evidence it keeps.
//!
//! Does not live here: what was cosigned (`database`).
//!
//! ```text
//! witness.key        name, key, id of the database; mode 0600; written once
//! witness.mark       how often the key has cosigned, counted apart from the database
//! database           the newest cosigned checkpoint of every log
//! logs/HASH.policy   whose signatures count for a log
//! evidence/          checkpoints that a log signed and that were refused
//! ```

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::limits::{POLICY_BYTES_MAX, WITNESS_LOGS_MAX};
use deedbook_schemas::merkle::leaf_hash;
use deedbook_schemas::note::{KeyName, NoteError, SignatureType, VerifierKey};
use deedbook_schemas::policy::{Policy, PolicyError};
use deedbook_schemas::witness::{AddCheckpoint, origin_hash};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::database::Database;
use crate::files::{self, Access, Existing};
use crate::wallet::random;

/// What the key file says it is.
const FORMAT: &str = "deedbook-witness-key/v1";
/// Bytes of a key file: five short fields.
const KEY_FILE_BYTES_MAX: usize = 4 * 1024;
/// Files of evidence of one kind: of 68 KiB at most, 9 MiB; one is enough to convict.
const EVIDENCE_MAX: usize = 128;

const KEY: &str = "witness.key";
const LOGS: &str = "logs";
const LOCK: &str = "witness.lock";

/// Why a witness cannot work in a folder.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// There is no witness there.
    #[error("{0} is not the folder of a witness: make one with deedbook witness init")]
    NotAWitness(PathBuf),
    /// There is a witness there. Its key is never replaced.
    #[error("{0} exists: a witness's key is never replaced; choose another folder")]
    Exists(PathBuf),
    /// The key file is not as it should be.
    #[error("{path}: {message}")]
    Key {
        /// Which.
        path: PathBuf,
        /// What is wrong; never what is in it.
        message: String,
    },
    /// The name cannot be a key's.
    #[error(transparent)]
    Name(#[from] NoteError),
    /// Another process works there.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// What the key cosigned with is not there any more.
    #[error(
        "{name} is retired: {reason}. A witness that forgot what it cosigned could cosign a fork, \
         so this key signs nothing any more. Make a new witness in another folder, under another \
         name, and publish its key"
    )]
    Retired {
        /// The witness.
        name: KeyName,
        /// What is missing, older or damaged.
        reason: String,
    },
    /// A policy cannot be read.
    #[error("{path}: {source}")]
    Policy {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: PolicyError,
    },
    /// A policy for other than one log.
    #[error("a witness needs a policy with the keys of one log, not of [{0}]")]
    OneLog(String),
    /// The log has a policy already.
    #[error("{0} is known already; --force replaces its policy")]
    Known(KeyName),
    /// More than [`WITNESS_LOGS_MAX`].
    #[error("a witness knows at most {WITNESS_LOGS_MAX} logs")]
    TooManyLogs,
}

/// A witness's name and key, and the database it cosigns with.
pub struct WitnessKey {
    pub(super) name: KeyName,
    pub(super) key: SigningKey,
    pub(super) database: String,
}

impl std::fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WitnessKey({})", self.name)
    }
}

impl WitnessKey {
    /// The key as others know it.
    pub(super) fn verifier(&self) -> Result<VerifierKey, HomeError> {
        let public = PublicKey::of(&self.key);
        let name = self.name.clone();
        Ok(VerifierKey::new(
            name,
            SignatureType::CosignatureV1,
            public,
        )?)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    name: String,
    public_key: PublicKey,
    database: String,
    seed: String,
}

/// The folder, held by this process alone while it lives.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    _lock: Flock<File>,
}

impl Home {
    /// Makes a witness in a folder, which is created: a new key, an empty database, no logs.
    ///
    /// # Errors
    /// [`HomeError`] if there is one, or the folder cannot be written.
    pub fn init(folder: &Path, name: &KeyName) -> Result<Self, HomeError> {
        fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
        let home = Self::lock(folder)?;
        let path = home.path(KEY);
        if path.symlink_metadata().is_ok() {
            return Err(HomeError::Exists(path));
        }
        let no_random = |error: crate::wallet::WalletError| HomeError::Key {
            path: path.clone(),
            message: error.to_string(),
        };
        let key = WitnessKey {
            name: name.clone(),
            key: SigningKey::from_bytes(&random().map_err(no_random)?),
            database: hex::encode(random::<16>().map_err(no_random)?),
        };
        fs::create_dir_all(home.path(LOGS)).map_err(|error| at(&home.path(LOGS), error))?;
        // The key last: crash before, and there is no witness; its database alone signs nothing.
        Database::create(&home, &key)?;
        home.write_key(&key)?;
        Ok(home)
    }

    /// Opens the folder of a witness.
    ///
    /// # Errors
    /// [`HomeError`] if there is none, or another process works there.
    pub fn open(folder: &Path) -> Result<Self, HomeError> {
        if !folder.join(KEY).is_file() {
            return Err(HomeError::NotAWitness(folder.to_owned()));
        }
        let home = Self::lock(folder)?;
        home.remove_unfinished()?;
        Ok(home)
    }

    fn lock(folder: &Path) -> Result<Self, HomeError> {
        let path = folder.join(LOCK);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600);
        let file = file.open(&path).map_err(|error| at(&path, error))?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock);
        let lock = lock.map_err(|(_, errno)| match errno {
            nix::errno::Errno::EWOULDBLOCK => HomeError::InUse(folder.to_owned()),
            other => at(&path, other.into()),
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What a killed process was writing. In a container every process may have the same number,
    /// and so the same unfinished files.
    fn remove_unfinished(&self) -> Result<(), HomeError> {
        for entry in entries(&self.folder)? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') && name.ends_with(".partial") {
                fs::remove_file(&entry).map_err(|error| at(&entry, error))?;
            }
        }
        Ok(())
    }

    fn write_key(&self, key: &WitnessKey) -> Result<(), HomeError> {
        let path = self.path(KEY);
        let stored = KeyFile {
            format: FORMAT.to_owned(),
            name: key.name.to_string(),
            public_key: PublicKey::of(&key.key),
            database: key.database.clone(),
            seed: hex::encode(key.key.to_bytes()),
        };
        let bytes = serde_json::to_vec_pretty(&stored).map_err(|error| HomeError::Key {
            path: path.clone(),
            message: error.to_string(),
        })?;
        files::write(&path, &bytes, Access::Owner, Existing::Keep).map_err(|error| at(&path, error))
    }

    /// Reads the key.
    ///
    /// # Errors
    /// [`HomeError`] if it cannot be read, others may read it, or it is not a witness's key.
    pub fn key(&self) -> Result<WitnessKey, HomeError> {
        let path = self.path(KEY);
        let wrong = |message: String| HomeError::Key {
            path: path.clone(),
            message,
        };
        let file = File::open(&path).map_err(|error| at(&path, error))?;
        let metadata = file.metadata().map_err(|error| at(&path, error))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(wrong(format!(
                "mode {mode:04o} lets others read the key; it must be 0600 (chmod 600)"
            )));
        }
        let bytes = files::read_from(file, KEY_FILE_BYTES_MAX).map_err(|error| at(&path, error))?;
        // serde's message could quote the line; a seed must not end up in a terminal.
        let stored: KeyFile = serde_json::from_slice(&bytes).map_err(|error| {
            wrong(format!(
                "not a witness's key: line {}, column {}",
                error.line(),
                error.column()
            ))
        })?;
        let mut seed = [0; 32];
        let decoded = hex::decode_to_slice(&stored.seed, &mut seed);
        let key = SigningKey::from_bytes(&seed);
        let sound = decoded.is_ok() && PublicKey::of(&key) == stored.public_key;
        if stored.format != FORMAT || !sound {
            return Err(wrong(format!("not a key of format {FORMAT}")));
        }
        Ok(WitnessKey {
            name: stored.name.parse()?,
            key,
            database: stored.database,
        })
    }

    /// Learns a log from a policy: its keys, and the quorum that must have cosigned.
    ///
    /// # Errors
    /// [`HomeError`] if the policy is for other than one log, or the log is known and must be kept.
    pub fn add_log(&self, policy: &Policy, existing: Existing) -> Result<KeyName, HomeError> {
        let origin = origin_of(policy)?;
        let logs = self.path(LOGS);
        let path = logs.join(format!("{}.policy", origin_hash(&origin)));
        if path.exists() && existing == Existing::Keep {
            return Err(HomeError::Known(origin));
        }
        if !path.exists() && self.logs()?.len() >= WITNESS_LOGS_MAX {
            return Err(HomeError::TooManyLogs);
        }
        let text = policy.to_text();
        files::write(&path, text.as_bytes(), Access::Public, Existing::Replace)
            .map_err(|error| at(&path, error))?;
        Ok(origin)
    }

    /// The logs and their policies.
    ///
    /// # Errors
    /// [`HomeError`] if one cannot be read.
    pub fn logs(&self) -> Result<Vec<(KeyName, Policy)>, HomeError> {
        let mut logs = Vec::new();
        for path in entries(&self.path(LOGS))? {
            if path.extension().is_none_or(|kind| kind != "policy") {
                continue;
            }
            let bytes = files::read(&path, POLICY_BYTES_MAX).map_err(|error| at(&path, error))?;
            let policy = std::str::from_utf8(&bytes)
                .map_err(|_| PolicyError::NotText)
                .and_then(Policy::from_text)
                .map_err(|source| HomeError::Policy { path, source })?;
            logs.push((origin_of(&policy)?, policy));
        }
        Ok(logs)
    }

    /// Keeps a refused request; `None` if it was kept before, or there is no room for more of its
    /// kind. Each kind has its own room: anybody can send a good checkpoint with a bad proof, only
    /// the log can sign a fork.
    pub(super) fn keep_evidence(
        &self,
        what: &str,
        request: &AddCheckpoint,
    ) -> io::Result<Option<PathBuf>> {
        let folder = self.path("evidence");
        fs::create_dir_all(&folder)?;
        let checkpoint = &request.checkpoint.checkpoint;
        let TreeHash([a, b, c, d, ..]) = leaf_hash(checkpoint.text().as_bytes());
        let id = hex::encode([a, b, c, d]);
        let path = folder.join(format!("{what}-{}-{id}.add-checkpoint", checkpoint.size));
        let mut kept = 0;
        for entry in fs::read_dir(&folder)? {
            kept += usize::from(entry?.file_name().to_string_lossy().starts_with(what));
        }
        if path.exists() || kept >= EVIDENCE_MAX {
            return Ok(None);
        }
        let text = request.to_string();
        files::write(&path, text.as_bytes(), Access::Public, Existing::Replace)?;
        Ok(Some(path))
    }
}

/// The one log whose keys a policy has.
fn origin_of(policy: &Policy) -> Result<KeyName, HomeError> {
    let mut names: Vec<_> = policy.log_keys().map(|key| key.name().clone()).collect();
    names.dedup();
    match names.as_slice() {
        [origin] => Ok(origin.clone()),
        names => {
            let names: Vec<_> = names.iter().map(KeyName::as_str).collect();
            Err(HomeError::OneLog(names.join(", ")))
        }
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, HomeError> {
    let entries = fs::read_dir(folder).map_err(|error| at(folder, error))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(|error| at(folder, error))?;
    paths.sort();
    Ok(paths)
}

pub(super) fn at(path: &Path, source: io::Error) -> HomeError {
    let path = path.to_owned();
    HomeError::Io { path, source }
}
