//! Evidence files against the records that name them.
//!
//! Lives here: which files were given, and which record of the log is about which of them. Does not
//! live here: hashing a file (`crate::evidence`). A file is known by its content alone: its name
//! does not matter, and one that was changed is no recording of any record.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use deedbook_schemas::digest::{EvidenceRoot, RecordId};
use deedbook_schemas::record::Record;
use serde::Serialize;

use crate::evidence::{EvidenceError, Hashed, hash};

/// Why a folder of evidence cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct UnreadableEvidence {
    path: PathBuf,
    reason: EvidenceError,
}

/// A file that was given, and what the log says about it.
#[derive(Debug, Clone, Serialize)]
pub struct Recording {
    /// The file.
    pub path: PathBuf,
    /// Its root and length, hashed anew.
    #[serde(flatten)]
    pub hashed: Hashed,
    /// Whether a record on the log names exactly this content.
    pub on_log: bool,
    /// That record, if this run came across it.
    pub record: Option<RecordId>,
    /// What the record says that the file is not.
    pub wrong: Option<String>,
}

/// The files given.
#[derive(Debug, Default)]
pub struct Recordings(HashMap<EvidenceRoot, Vec<Recording>>);

impl Recordings {
    /// Hashes every file below a folder; `progress` hears the bytes done, and may stop it.
    ///
    /// # Errors
    /// [`UnreadableEvidence`] names the file.
    pub fn of_folder(
        folder: &Path,
        progress: &mut dyn FnMut(u64) -> io::Result<()>,
    ) -> Result<Self, UnreadableEvidence> {
        let mut recordings = Self::default();
        let mut left = vec![folder.to_owned()];
        let mut before = 0;
        while let Some(path) = left.pop() {
            let unreadable = |reason: EvidenceError| UnreadableEvidence {
                path: path.clone(),
                reason,
            };
            if path.is_dir() {
                for entry in std::fs::read_dir(&path).map_err(|error| unreadable(error.into()))? {
                    left.push(entry.map_err(|error| unreadable(error.into()))?.path());
                }
                continue;
            }
            let file = File::open(&path).map_err(|error| unreadable(error.into()))?;
            let hashed = hash(&file, &mut |done| progress(before + done)).map_err(unreadable)?;
            before += hashed.bytes;
            recordings
                .0
                .entry(hashed.root)
                .or_default()
                .push(Recording {
                    path,
                    hashed,
                    on_log: false,
                    record: None,
                    wrong: None,
                });
        }
        Ok(recordings)
    }

    /// A record goes by.
    pub(super) fn see(&mut self, record: &Record) {
        let Some(manifest) = &record.evidence else {
            return;
        };
        for recording in self.0.get_mut(&manifest.root).into_iter().flatten() {
            recording.on_log = true;
            recording.record.get_or_insert(record.id);
            if recording.hashed.bytes != manifest.bytes {
                let (has, says) = (recording.hashed.bytes, manifest.bytes);
                recording.wrong = Some(format!("it has {has} bytes, the record says {says}"));
            }
        }
    }

    /// What became of every file, by path; `on_log` says whether a record before this run named it.
    pub(super) fn report(&self, on_log: impl Fn(&EvidenceRoot) -> bool) -> Vec<Recording> {
        let mut all: Vec<Recording> = self.0.values().flatten().cloned().collect();
        for recording in &mut all {
            recording.on_log |= on_log(&recording.hashed.root);
        }
        all.sort_by(|one, other| one.path.cmp(&other.path));
        all
    }
}
