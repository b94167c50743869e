//! What an audit remembers: where it stood, the state there, and every checkpoint it was shown.
//!
//! Lives here: the file. Does not live here: when it is written (`run`), and whether the log still is
//! the one it is about (`run` asks the source; the file alone proves nothing to anybody else).
//!
//! `"deedbook-audit/v1\n"`, the length of the head (u32 LE), the head (CBOR), the state's values
//! (count as u64 LE; each the hash of its key, a length as u32 LE, the value), the marks (count as
//! u64 LE; 32 bytes each), then BLAKE3 of all that. Written beside its place and renamed: a crash
//! leaves the old file or the new one. A file with one wrong bit is refused.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use deedbook_schemas::block::{BlockTime, Height};
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::{BlockId, LedgerId, StateRoot, TreeHash};
use deedbook_schemas::encoding::{decode, encode};
use deedbook_schemas::merkle::Frontier;
use deedbook_schemas::state_proof::StateKeyHash;
use deedbook_schemas::validators::{Validator, ValidatorSet};
use minicbor::{CborLen, Decode, Encode};

use super::auditor::{Auditor, Counts, Sealed};
use super::kept::Kept;
use super::reading::Known;
use super::signatures::Signatures;
use super::state::MemoryState;

const MAGIC: &[u8] = b"deedbook-audit/v1\n";
/// Bytes of the head: the upper hashes of 2^27 leaves are 17 MiB, a thousand checkpoints less.
const HEAD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of one value: a block's worth, which no object reaches.
const VALUE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Values put into the tree at once while reading.
const VALUES_AT_ONCE: usize = 65_536;

/// Why a file of progress cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// It is damaged, or no such file.
    #[error(
        "{}: {reason}; this progress cannot be relied on: remove the file to audit from genesis",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It is of another audit.
    #[error("{}: it is about {what} {got}, this audit is about {want}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// The file's.
        got: String,
        /// This audit's.
        want: String,
    },
}

#[derive(Debug, Encode, Decode, CborLen)]
struct Head {
    #[n(0)]
    ledger: LedgerId,
    #[n(1)]
    origin: String,
    #[n(2)]
    strict: bool,
    #[n(3)]
    size: u64,
    #[n(4)]
    edge: Vec<TreeHash>,
    #[n(5)]
    row: Vec<TreeHash>,
    #[n(6)]
    height: Height,
    #[n(7)]
    time: BlockTime,
    #[n(8)]
    previous: BlockId,
    #[n(9)]
    counts: Counts,
    #[n(10)]
    state_root: StateRoot,
    #[n(11)]
    kept: Vec<KeptRow>,
    /// Who decided the last block.
    #[n(12)]
    decided_by: Vec<Validator>,
}

#[derive(Debug, Encode, Decode, CborLen)]
struct KeptRow {
    #[n(0)]
    source: String,
    #[n(1)]
    note: String,
}

/// Hashes what goes through it.
struct Hashing<T> {
    inner: T,
    hasher: blake3::Hasher,
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes where the auditor stands after its last whole block.
pub(super) fn write(path: &Path, auditor: &Auditor, kept: &[Kept]) -> Result<(), SavedError> {
    try_write(path, auditor, kept).map_err(|reason| {
        let path = path.to_owned();
        SavedError::File { path, reason }
    })
}

fn try_write(path: &Path, auditor: &Auditor, kept: &[Kept]) -> io::Result<()> {
    let file = crate::files::NewFile::create(
        path,
        crate::files::Access::Public,
        crate::files::Existing::Replace,
    )?;
    let hasher = blake3::Hasher::new();
    let mut out = Hashing {
        inner: BufWriter::with_capacity(1 << 20, file),
        hasher,
    };
    out.write_all(MAGIC)?;
    let head = encode(&head(auditor, kept));
    let length = u32::try_from(head.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(&head)?;
    let state = auditor.law.state();
    let count = u64::try_from(state.values().count()).map_err(io::Error::other)?;
    out.write_all(&count.to_le_bytes())?;
    for (place, value) in state.values() {
        let length = u32::try_from(value.len()).map_err(io::Error::other)?;
        out.write_all(&place.0)?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(value)?;
    }
    let count = u64::try_from(state.marks().len()).map_err(io::Error::other)?;
    out.write_all(&count.to_le_bytes())?;
    for mark in state.marks() {
        out.write_all(mark)?;
    }
    let hash = out.hasher.finalize();
    let mut out = out.inner;
    out.write_all(hash.as_bytes())?;
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .finish()
}

fn head(auditor: &Auditor, kept: &[Kept]) -> Head {
    let Sealed {
        frontier,
        height,
        time,
        previous,
        decided_by,
        counts,
    } = &auditor.sealed;
    let whole = usize::try_from(frontier.size() >> 8).unwrap_or(usize::MAX);
    Head {
        ledger: auditor.ledger,
        origin: auditor.origin.clone(),
        strict: auditor.reader.how() == Signatures::Strict,
        size: frontier.size(),
        edge: frontier.edge().to_vec(),
        row: auditor.row.iter().take(whole).copied().collect(),
        height: *height,
        time: *time,
        previous: *previous,
        counts: *counts,
        state_root: auditor.state_root(),
        decided_by: decided_by.set.as_slice().to_vec(),
        kept: kept
            .iter()
            .map(|kept| KeptRow {
                source: kept.source.clone(),
                note: kept.signed.to_string(),
            })
            .collect(),
    }
}

/// Lets an auditor go on where a file says that it stood, and gives the checkpoints it was shown;
/// `None` if there is no file yet.
///
/// # Errors
/// [`SavedError`] if the file is damaged, or of another ledger or another kind of audit.
pub(super) fn read(path: &Path, auditor: &mut Auditor) -> Result<Option<Vec<Kept>>, SavedError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(reason) => {
            let path = path.to_owned();
            return Err(SavedError::File { path, reason });
        }
    };
    let damaged = |reason: String| SavedError::Damaged {
        path: path.to_owned(),
        reason,
    };
    check_hash(&file).map_err(&damaged)?;
    let mut file = BufReader::with_capacity(1 << 20, &file);
    io::Seek::rewind(&mut file).map_err(|error| damaged(error.to_string()))?;
    let head = read_head(&mut file).map_err(&damaged)?;
    check_ours(path, &head, auditor)?;
    let state = read_state(&mut file).map_err(|error| damaged(error.to_string()))?;
    if state.root() != head.state_root {
        let (got, want) = (state.root(), head.state_root);
        return Err(damaged(format!("its state has root {got}, not {want}")));
    }
    let mut edge = head.edge.iter().copied();
    let frontier = Frontier::load(head.size, |_, _| edge.next().ok_or("too few hashes"));
    let frontier = frontier.map_err(|error| damaged(error.to_string()))?;
    let kept: Result<Vec<Kept>, _> = head.kept.into_iter().map(read_kept).collect();
    let kept = kept.map_err(&damaged)?;
    let decided_by = ValidatorSet::new(head.decided_by);
    let decided_by = decided_by.map_err(|error| damaged(error.to_string()))?;
    let sealed = Sealed {
        frontier,
        decided_by: Known::new(decided_by),
        height: head.height,
        time: head.time,
        previous: head.previous,
        counts: head.counts,
    };
    let resumed = auditor.resume(sealed, head.row, state);
    resumed.map_err(|error| damaged(error.to_string()))?;
    Ok(Some(kept))
}

fn check_hash(file: &File) -> Result<(), String> {
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let body = length
        .checked_sub(32)
        .ok_or_else(|| "it is too short".to_owned())?;
    let mut file = BufReader::with_capacity(1 << 20, file);
    let mut hasher = blake3::Hasher::new();
    let copied = io::copy(&mut (&mut file).take(body), &mut hasher);
    copied.map_err(|error| error.to_string())?;
    let mut hash = [0; 32];
    file.read_exact(&mut hash)
        .map_err(|error| error.to_string())?;
    if *hasher.finalize().as_bytes() == hash {
        Ok(())
    } else {
        Err("it is damaged: its hash is not the one at its end".to_owned())
    }
}

fn read_head(file: &mut impl Read) -> Result<Head, String> {
    let mut magic = [0; MAGIC.len()];
    let short = |error: io::Error| error.to_string();
    file.read_exact(&mut magic).map_err(short)?;
    if magic != MAGIC {
        return Err("it is not the progress of an audit".to_owned());
    }
    let length = read_length(file, HEAD_BYTES_MAX).map_err(short)?;
    let mut head = vec![0; length];
    file.read_exact(&mut head).map_err(short)?;
    decode(&head, HEAD_BYTES_MAX).map_err(|error| error.to_string())
}

fn check_ours(path: &Path, head: &Head, auditor: &Auditor) -> Result<(), SavedError> {
    let kind = |strict| if strict { "strict" } else { "batched" };
    let strict = auditor.reader.how() == Signatures::Strict;
    let facts = [
        (
            "ledger",
            head.ledger.to_string(),
            auditor.ledger.to_string(),
        ),
        ("log", head.origin.clone(), auditor.origin.clone()),
        (
            "signatures verified",
            kind(head.strict).to_owned(),
            kind(strict).to_owned(),
        ),
    ];
    for (what, got, want) in facts {
        if got != want {
            let path = path.to_owned();
            return Err(SavedError::Foreign {
                path,
                what,
                got,
                want,
            });
        }
    }
    Ok(())
}

fn read_state(file: &mut impl Read) -> io::Result<MemoryState> {
    let mut state = MemoryState::default();
    let mut part = Vec::new();
    for _ in 0..read_count(file)? {
        let mut place = StateKeyHash([0; 32]);
        file.read_exact(&mut place.0)?;
        let mut value = vec![0; read_length(file, VALUE_BYTES_MAX)?];
        file.read_exact(&mut value)?;
        part.push((place, value));
        if part.len() >= VALUES_AT_ONCE {
            state.restore(part.drain(..));
        }
    }
    state.restore(part);
    for _ in 0..read_count(file)? {
        let mut mark = [0; 32];
        file.read_exact(&mut mark)?;
        state.mark(mark);
    }
    Ok(state)
}

fn read_count(file: &mut impl Read) -> io::Result<u64> {
    let mut count = [0; 8];
    file.read_exact(&mut count)?;
    Ok(u64::from_le_bytes(count))
}

fn read_length(file: &mut impl Read, max: usize) -> io::Result<usize> {
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok();
    length
        .filter(|length| *length <= max)
        .ok_or_else(|| io::Error::other("a length beyond its limit"))
}

fn read_kept(row: KeptRow) -> Result<Kept, String> {
    let signed = SignedCheckpoint::parse(row.note.as_bytes());
    Ok(Kept {
        source: row.source,
        signed: signed.map_err(|error| format!("a checkpoint in it: {error}"))?,
    })
}
