//! What a witness must never forget: the newest checkpoint it cosigned of every log.
//!
//! Lives here: the database file, the mark that is kept apart from it, and their agreement. Does
//! not live here: what is cosigned.
//!
//! To cosign is: write the database (beside its place, fsync, rename, fsync of the folder), write
//! the mark in the same way, answer. So
//!
//! * a crash before the mark leaves a database at least as new as the mark and an answer that was
//!   never given: the witness goes on from there;
//! * a database that is missing, damaged, of another id, or *older* than the mark (a backup put
//!   back) is not what this key cosigned with last: the witness is retired.
//!
//! Not detected: that the whole folder, mark and all, was put back (a snapshot of the machine). The
//! node that pushes notices it: the witness then names a smaller tree than it cosigned.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::limits::{CHECKPOINT_BYTES_MAX, WITNESS_LOGS_MAX};
use deedbook_schemas::note::{KeyName, VerifierKey};
use serde::{Deserialize, Serialize};

use super::home::{Home, HomeError, WitnessKey, at};
use crate::files::{self, Access, Existing};

const DATABASE: &str = "database";
const MARK: &str = "witness.mark";
/// Bytes of the database: every log's checkpoint, its newlines escaped as JSON does.
const DATABASE_BYTES_MAX: usize = 2 * WITNESS_LOGS_MAX * CHECKPOINT_BYTES_MAX;
/// Bytes of the mark: an id and a number.
const MARK_BYTES_MAX: usize = 1024;

/// A checkpoint that this witness cosigned.
#[derive(Debug, Clone)]
pub(super) struct Cosigned {
    /// With the signatures that were verified, and our own.
    pub(super) signed: SignedCheckpoint,
    pub(super) time: Seconds,
    pub(super) own: Cosignature,
}

impl Cosigned {
    pub(super) fn size(&self) -> u64 {
        self.signed.checkpoint.size
    }

    /// Whether another checkpoint cannot be of the same log: same size, other root.
    pub(super) fn forks(&self, other: &Checkpoint) -> bool {
        let ours = &self.signed.checkpoint;
        (ours.size, ours.root != other.root) == (other.size, true)
    }

    /// Whether it is this checkpoint, cosigned at this time.
    pub(super) fn is(&self, other: &Checkpoint, time: Seconds) -> bool {
        self.signed.checkpoint == *other && self.time == time
    }
}

/// The file, after a line with the hash of the rest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    id: String,
    /// Cosignatures given with this database, this one included.
    sequence: u64,
    /// Signed notes by origin.
    newest: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    id: String,
    sequence: u64,
}

/// The right to write, held by one request at a time.
#[derive(Debug)]
struct Writer {
    id: String,
    sequence: u64,
    database: PathBuf,
    mark: PathBuf,
}

/// The database, open.
#[derive(Debug)]
pub(super) struct Database {
    writer: Mutex<Writer>,
    newest: RwLock<BTreeMap<KeyName, Cosigned>>,
}

/// The database while one request compares and stores.
pub(super) struct Locked<'a> {
    writer: MutexGuard<'a, Writer>,
    newest: &'a RwLock<BTreeMap<KeyName, Cosigned>>,
}

impl Database {
    /// Writes an empty database and its mark for a new key.
    pub(super) fn create(home: &Home, key: &WitnessKey) -> Result<(), HomeError> {
        let writer = Writer::new(home, &key.database, 0);
        let written = writer.write(0, BTreeMap::new());
        written.map_err(|error| at(&writer.database, error))
    }

    /// Opens the database that `key` cosigned with last.
    pub(super) fn open(
        home: &Home,
        key: &WitnessKey,
        verifier: &VerifierKey,
    ) -> Result<Self, HomeError> {
        let (stored, mark) = read(home, key).map_err(|reason| retired(key, reason))?;
        if stored.sequence < mark.sequence {
            let (has, given) = (stored.sequence, mark.sequence);
            let reason =
                format!("the database ends with cosignature {has}, but {given} were given");
            return Err(retired(key, reason));
        }
        let mut newest = BTreeMap::new();
        for (origin, note) in &stored.newest {
            let cosigned = cosigned(note, verifier).filter(|it| {
                let name = &it.signed.checkpoint.origin;
                name.as_str() == origin
            });
            let damaged = || retired(key, format!("the database is damaged at log {origin}"));
            let cosigned = cosigned.ok_or_else(damaged)?;
            newest.insert(cosigned.signed.checkpoint.origin.clone(), cosigned);
        }
        Ok(Self {
            writer: Mutex::new(Writer::new(home, &key.database, stored.sequence)),
            newest: RwLock::new(newest),
        })
    }

    /// The newest checkpoint cosigned of a log.
    pub(super) fn newest(&self, origin: &KeyName) -> Option<Cosigned> {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        newest.get(origin).cloned()
    }

    /// Waits until no other request compares or stores.
    pub(super) fn lock(&self) -> Locked<'_> {
        Locked {
            writer: self.writer.lock().unwrap_or_else(PoisonError::into_inner),
            newest: &self.newest,
        }
    }
}

impl Locked<'_> {
    /// Stores a checkpoint as its log's newest. Only once it is durable is its cosignature given
    /// out; after an error nothing was, and the last checkpoint stands.
    pub(super) fn store(&mut self, cosigned: Cosigned) -> io::Result<Cosignature> {
        let sequence = self.writer.sequence + 1;
        let mut notes: BTreeMap<String, String> = {
            let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
            let notes = newest.iter();
            notes
                .map(|(origin, it)| (origin.to_string(), it.signed.to_string()))
                .collect()
        };
        let origin = cosigned.signed.checkpoint.origin.clone();
        notes.insert(origin.to_string(), cosigned.signed.to_string());
        self.writer.write(sequence, notes)?;
        self.writer.sequence = sequence;
        let own = cosigned.own.clone();
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        newest.insert(origin, cosigned);
        Ok(own)
    }
}

impl Writer {
    fn new(home: &Home, id: &str, sequence: u64) -> Self {
        Self {
            id: id.to_owned(),
            sequence,
            database: home.path(DATABASE),
            mark: home.path(MARK),
        }
    }

    fn write(&self, sequence: u64, newest: BTreeMap<String, String>) -> io::Result<()> {
        let id = self.id.clone();
        let body = serde_json::to_string_pretty(&Stored {
            id: id.clone(),
            sequence,
            newest,
        })?;
        let text = format!("{}\n{body}\n", blake3::hash(format!("{body}\n").as_bytes()));
        let write = |path, text: &str| {
            files::write(path, text.as_bytes(), Access::Owner, Existing::Replace)
        };
        write(&self.database, &text)?;
        // Crash here: the database is one ahead of the mark, and nobody has the cosignature.
        let mark = serde_json::to_string(&Mark { id, sequence })?;
        write(&self.mark, &mark)
    }
}

/// Reads both files; what is wrong is a reason to retire.
fn read(home: &Home, key: &WitnessKey) -> Result<(Stored, Mark), String> {
    let file = |name: &str, max| {
        let bytes = files::read(&home.path(name), max);
        bytes.map_err(|error| format!("{name} cannot be read ({error})"))
    };
    let mark: Mark = serde_json::from_slice(&file(MARK, MARK_BYTES_MAX)?)
        .map_err(|_| format!("{MARK} is damaged"))?;
    let damaged = || format!("{DATABASE} is damaged");
    let text = String::from_utf8(file(DATABASE, DATABASE_BYTES_MAX)?).map_err(|_| damaged())?;
    let (hash, body) = text.split_once('\n').ok_or_else(damaged)?;
    if blake3::hash(body.as_bytes()).to_string() != hash {
        return Err(damaged());
    }
    let stored: Stored = serde_json::from_str(body).map_err(|_| damaged())?;
    if [&mark.id, &stored.id] != [&key.database; 2] {
        return Err("the database is another one than this key's".to_owned());
    }
    Ok((stored, mark))
}

/// A stored note, if it carries our own cosignature.
fn cosigned(note: &str, verifier: &VerifierKey) -> Option<Cosigned> {
    let signed = SignedCheckpoint::parse(note.as_bytes()).ok()?;
    let line = signed
        .signatures
        .iter()
        .find(|line| verifier.claims(line))?;
    let own = Cosignature::from_line(line)?;
    let verifies = own.verify(verifier, &signed.checkpoint);
    verifies.then_some(Cosigned {
        time: own.time,
        own,
        signed,
    })
}

fn retired(key: &WitnessKey, reason: String) -> HomeError {
    HomeError::Retired {
        name: key.name.clone(),
        reason,
    }
}
