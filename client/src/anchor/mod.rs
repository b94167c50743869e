//! Anchors: checkpoints that somebody outside the network has stamped with a time (RFC 3161).
//!
//! Lives here: a folder of anchors, and the state of each. Does not live here: what a timestamp
//! proves (`token`), asking for one (`authority`).
//!
//! An anchor of a tree of SIZE leaves is `SIZE.checkpoint`, the signed checkpoint byte for byte,
//! `SIZE.json`, whom it was sent to and what came of it, and `SIZE.tsr`, the answer as it came.
//! Nothing is believed from `SIZE.json`: an anchor is confirmed if its answer verifies again.

mod authority;
mod token;

use std::io;
use std::path::{Path, PathBuf};

use deedbook_schemas::checkpoint::{CheckpointError, SignedCheckpoint};
use deedbook_schemas::limits::{CHECKPOINT_BYTES_MAX, TIMESTAMP_BYTES_MAX};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};

use crate::files::{self, Access, Existing};

pub use authority::{AuthorityError, ask};
pub use token::{Timestamp, TimestampError, query, verify};

/// Bytes of `SIZE.json`: an address and a reason.
const NOTE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a file of trusted certificates: a few hundred of them.
const AUTHORITIES_BYTES_MAX: usize = 1024 * 1024;

/// Why a folder of anchors cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file does not hold what its name says.
    #[error("{path}: {reason}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The tree of this size is anchored with another root.
    #[error("a checkpoint of {0} leaves with another root is anchored here: two histories")]
    OtherRoot(u64),
}

/// What became of an anchor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// No answer has come yet; asking again may help.
    Pending {
        /// Why not.
        reason: String,
    },
    /// A trusted authority stamped it.
    Confirmed(Timestamp),
    /// What came proves nothing.
    Failed {
        /// Why not.
        reason: String,
    },
}

/// Whom it was sent to, and why no answer stands beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    authority: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

/// One anchor as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The checkpoint, not verified under any policy.
    pub checkpoint: SignedCheckpoint,
    /// The authority's address.
    pub authority: String,
    /// What became of it.
    pub state: State,
}

/// A folder of anchors.
#[derive(Debug, Clone)]
pub struct Anchors {
    folder: PathBuf,
}

impl Anchors {
    /// The anchors in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Puts a checkpoint there, pending; keeps the one that is there if it has the same root.
    ///
    /// # Errors
    /// [`AnchorError::OtherRoot`] is proof of two histories; otherwise files failed.
    pub fn add(&self, bytes: &[u8], authority: &str) -> Result<u64, AnchorError> {
        std::fs::create_dir_all(&self.folder).map_err(|error| at(&self.folder, error))?;
        let signed = SignedCheckpoint::parse(bytes);
        let signed = signed.map_err(|error| unreadable(&self.folder, &error))?;
        let size = signed.checkpoint.size;
        let path = self.path(size, "checkpoint");
        match files::write(&path, bytes, Access::Public, Existing::Keep) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if self.checkpoint(size)?.1.checkpoint != signed.checkpoint {
                    return Err(AnchorError::OtherRoot(size));
                }
            }
            written => written.map_err(|error| at(&path, error))?,
        }
        if !self.path(size, "json").exists() {
            self.note(
                size,
                authority,
                State::Pending {
                    reason: "not sent yet".to_owned(),
                },
            )?;
        }
        Ok(size)
    }

    /// Tree sizes of the anchors, ascending.
    ///
    /// # Errors
    /// [`AnchorError`] if the folder cannot be read.
    pub fn sizes(&self) -> Result<Vec<u64>, AnchorError> {
        let entries = std::fs::read_dir(&self.folder).map_err(|error| at(&self.folder, error))?;
        let mut sizes = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| at(&self.folder, error))?.file_name();
            let name = name
                .to_str()
                .and_then(|name| name.strip_suffix(".checkpoint"));
            sizes.extend(name.and_then(|size| size.parse::<u64>().ok()));
        }
        sizes.sort_unstable();
        Ok(sizes)
    }

    /// An anchor, its answer verified again under `authorities`.
    ///
    /// # Errors
    /// [`AnchorError`] if its files cannot be read.
    pub fn get(
        &self,
        size: u64,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Anchor, AnchorError> {
        let (bytes, checkpoint) = self.checkpoint(size)?;
        if checkpoint.checkpoint.size != size {
            let reason = format!("it is of {} leaves", checkpoint.checkpoint.size);
            let path = self.path(size, "checkpoint");
            return Err(AnchorError::Content { path, reason });
        }
        let path = self.path(size, "json");
        let note = files::read(&path, NOTE_BYTES_MAX).map_err(|error| at(&path, error))?;
        let note: Note =
            serde_json::from_slice(&note).map_err(|error| unreadable(&path, &error))?;
        let path = self.path(size, "tsr");
        let state = match files::read(&path, TIMESTAMP_BYTES_MAX) {
            Ok(answer) => match verify(&answer, &bytes, None, authorities) {
                Ok(timestamp) => State::Confirmed(timestamp),
                Err(error) => State::Failed {
                    reason: error.to_string(),
                },
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => match note.failed {
                Some(reason) => State::Failed { reason },
                None => State::Pending {
                    reason: note.pending.unwrap_or_default(),
                },
            },
            Err(error) => return Err(at(&path, error)),
        };
        Ok(Anchor {
            checkpoint,
            authority: note.authority,
            state,
        })
    }

    /// Asks the authority for a timestamp of an anchor and keeps what comes of it. An anchor that
    /// is confirmed already is left as it is.
    ///
    /// # Errors
    /// [`AnchorError`] if files failed; that no answer came is a state.
    pub async fn send(
        &self,
        size: u64,
        authorities: &[CertificateDer<'static>],
    ) -> Result<Anchor, AnchorError> {
        let anchor = self.get(size, authorities)?;
        if matches!(anchor.state, State::Confirmed(_)) {
            return Ok(anchor);
        }
        let (bytes, _) = self.checkpoint(size)?;
        let state = match stamp(&anchor.authority, &bytes, authorities).await {
            Ok((answer, timestamp)) => {
                let path = self.path(size, "tsr");
                files::write(&path, &answer, Access::Public, Existing::Replace)
                    .map_err(|error| at(&path, error))?;
                State::Confirmed(timestamp)
            }
            Err(error) if error.may_pass() => State::Pending {
                reason: error.to_string(),
            },
            Err(error) => State::Failed {
                reason: error.to_string(),
            },
        };
        self.note(size, &anchor.authority, state)?;
        self.get(size, authorities)
    }

    fn note(&self, size: u64, authority: &str, state: State) -> Result<(), AnchorError> {
        let (pending, failed) = match state {
            State::Pending { reason } => (Some(reason), None),
            State::Failed { reason } => (None, Some(reason)),
            State::Confirmed(_) => (None, None),
        };
        let note = Note {
            authority: authority.to_owned(),
            pending,
            failed,
        };
        let path = self.path(size, "json");
        let bytes = serde_json::to_vec_pretty(&note).map_err(|error| unreadable(&path, &error))?;
        files::write(&path, &bytes, Access::Public, Existing::Replace)
            .map_err(|error| at(&path, error))
    }

    fn checkpoint(&self, size: u64) -> Result<(Vec<u8>, SignedCheckpoint), AnchorError> {
        let path = self.path(size, "checkpoint");
        let bytes = files::read(&path, CHECKPOINT_BYTES_MAX).map_err(|error| at(&path, error))?;
        let signed: Result<_, CheckpointError> = SignedCheckpoint::parse(&bytes);
        let signed = signed.map_err(|error| unreadable(&path, &error))?;
        Ok((bytes, signed))
    }

    fn path(&self, size: u64, kind: &str) -> PathBuf {
        self.folder.join(format!("{size}.{kind}"))
    }
}

/// A fresh timestamp of `bytes`, verified: the answer as it came, and what it proves.
async fn stamp(
    authority: &str,
    bytes: &[u8],
    authorities: &[CertificateDer<'static>],
) -> Result<(Vec<u8>, Timestamp), AuthorityError> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(|error| AuthorityError::Setup(error.to_string()))?;
    let answer = ask(authority, query(bytes, nonce)?).await?;
    let timestamp = verify(&answer, bytes, Some(nonce), authorities)?;
    Ok((answer, timestamp))
}

/// Reads the certificates (PEM) of the authorities that somebody trusts.
///
/// # Errors
/// [`AnchorError`] if there is none, or the file cannot be read.
pub fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, AnchorError> {
    let bytes = files::read(path, AUTHORITIES_BYTES_MAX).map_err(|error| at(path, error))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable(path, &error))?;
    if certificates.is_empty() {
        return Err(unreadable(path, &"there is no certificate in it (PEM)"));
    }
    Ok(certificates)
}

fn at(path: &Path, error: io::Error) -> AnchorError {
    AnchorError::File {
        path: path.to_owned(),
        error,
    }
}

fn unreadable(path: &Path, reason: &dyn ToString) -> AnchorError {
    AnchorError::Content {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
