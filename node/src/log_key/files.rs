//! The ceremony as people hold it: files that they send to each other, and two secret ones that stay
//! beside a node's keys until it is over.
//!
//! Lives here: names, reading with limits, writing once. Does not live here: what is checked
//! (`ceremony`), and the files of a resharing (`resharing`). Nothing in the exchange folder is secret.

mod resharing;

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::LogKeys;
use super::ceremony::{
    self, Begun, CeremonyError, Dealt, Fingerprint, FirstPackage, SecondPackage,
};
use crate::keys::{KeyError, write_log_share};

pub use resharing::Resharing;

/// Bytes of one file. A first package of a resharing has 67 + 100 names of up to 64 bytes and 67
/// commitments of 32 in hexadecimal, 18 KiB; the secret one after dealing has those of 67 + 100
/// participants, 3 MiB, and the present shares, 16 KiB. A ceremony's are smaller.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

const BEGUN: &str = "ceremony-begun.secret";
const DEALT: &str = "ceremony-dealt.secret";

/// Why a step of a ceremony fails.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyFileError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// A file is too long, or not JSON of its shape.
    #[error("{path}: {message}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The step does not follow on what was done.
    #[error("{missing} is not there: {advice}")]
    Order {
        /// The file.
        missing: PathBuf,
        /// What to do first.
        advice: &'static str,
    },
    /// The ceremony itself.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// A next share of the log's key is there already.
    #[error(
        "{0} is there: if it is the share in force, rename it to log.key; if its validator set \
         will never be in force, remove it"
    )]
    NextShare(PathBuf),
    /// The key files cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// One participant's side of a ceremony.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// Folder of the node's keys.
    pub keys: PathBuf,
    /// Folder of what is exchanged.
    pub exchange: PathBuf,
}

impl Ceremony {
    /// First step; returns the file that goes to all others.
    ///
    /// # Errors
    /// [`CeremonyFileError`] if it was done already, or the participants are unfit.
    pub fn begin(&self, name: &str, participants: &[String]) -> Result<PathBuf, CeremonyFileError> {
        let begun = ceremony::begin(name, participants)?;
        write_json(&self.keys.join(BEGUN), &begun, 0o600)?;
        let path = self
            .exchange
            .join(first_name(&begun.own.participants, name));
        write_json(&path, &begun.own, 0o644)?;
        Ok(path)
    }

    /// Second step; returns what the participants read out to each other.
    ///
    /// # Errors
    /// [`CeremonyFileError`] names whose package is missing or wrong.
    pub fn compare(&self) -> Result<Fingerprint, CeremonyFileError> {
        let begun = self.begun()?;
        Ok(begun.compare(&self.firsts(&begun)?)?)
    }

    /// Third step; returns the files to send, each to the one whose name it bears.
    ///
    /// # Errors
    /// [`CeremonyFileError`] names whose package is missing or wrong.
    pub fn deal(&self, agreed: &Fingerprint) -> Result<Vec<PathBuf>, CeremonyFileError> {
        let begun = self.begun()?;
        let (dealt, seconds) = begun.deal(&self.firsts(&begun)?, agreed)?;
        write_json(&self.keys.join(DEALT), &dealt, 0o600)?;
        write_seconds(&self.exchange, &begun.own.participants, &seconds)
    }

    /// Last step: writes the share beside the node's keys and removes the ceremony's secrets.
    ///
    /// # Errors
    /// [`CeremonyFileError`] names whose package is missing or wrong.
    pub fn finish(&self) -> Result<LogKeys, CeremonyFileError> {
        let begun = self.begun()?;
        let advice = "deal first";
        let dealt: Dealt = read_step(&self.keys.join(DEALT), advice)?;
        let own = &begun.own;
        let seconds = read_seconds(&self.exchange, &own.participants, &own.from, |_| true)?;
        let (share, keys) = dealt.finish(&seconds)?;
        write_log_share(&self.keys, &share)?;
        remove(&self.keys, [BEGUN, DEALT])?;
        Ok(keys)
    }

    fn begun(&self) -> Result<Begun, CeremonyFileError> {
        read_step(&self.keys.join(BEGUN), "begin first")
    }

    fn firsts(&self, begun: &Begun) -> Result<Vec<FirstPackage>, CeremonyFileError> {
        read_firsts(&self.exchange, &begun.own.participants)
    }
}

/// Makes the share of a ledger with one validator and writes it beside its keys.
///
/// # Errors
/// [`CeremonyFileError`] if there is a share already, or the name is unfit.
pub fn alone(keys: &Path, name: &str) -> Result<LogKeys, CeremonyFileError> {
    let (share, public) = ceremony::alone(name)?;
    write_log_share(keys, &share)?;
    Ok(public)
}

/// Everybody's first package.
fn read_firsts<P: DeserializeOwned>(
    exchange: &Path,
    participants: &[String],
) -> Result<Vec<P>, CeremonyFileError> {
    let path = |name: &String| exchange.join(first_name(participants, name));
    participants
        .iter()
        .map(|name| read_package(&path(name), name))
        .collect()
}

/// Writes the packages that one participant sends to others; returns where.
fn write_seconds(
    exchange: &Path,
    participants: &[String],
    seconds: &[SecondPackage],
) -> Result<Vec<PathBuf>, CeremonyFileError> {
    let write = |second: &SecondPackage| {
        let path = exchange.join(second_name(participants, &second.from, &second.to));
        write_json(&path, second, 0o644).map(|()| path)
    };
    seconds.iter().map(write).collect()
}

/// What the others, of those who `deal`, sent to `to`.
fn read_seconds(
    exchange: &Path,
    participants: &[String],
    to: &str,
    deal: impl Fn(&str) -> bool,
) -> Result<Vec<SecondPackage>, CeremonyFileError> {
    let path = |from: &String| exchange.join(second_name(participants, from, to));
    participants
        .iter()
        .filter(|from| *from != to && deal(from))
        .map(|from| read_package(&path(from), from))
        .collect()
}

fn remove(folder: &Path, names: [&str; 2]) -> Result<(), CeremonyFileError> {
    for name in names {
        let path = folder.join(name);
        fs::remove_file(&path).map_err(|source| CeremonyFileError::Io { path, source })?;
    }
    Ok(())
}

fn first_name(participants: &[String], name: &str) -> String {
    format!("first.{}.json", file_name(participants, name))
}

fn second_name(participants: &[String], from: &str, to: &str) -> String {
    let (from, to) = (file_name(participants, from), file_name(participants, to));
    format!("second.{from}.for.{to}.json")
}

/// A participant in the name of a file: its place in the sorted list, and its name as far as file
/// names allow.
fn file_name(participants: &[String], name: &str) -> String {
    let place = participants
        .iter()
        .position(|other| other == name)
        .unwrap_or(0)
        + 1;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let name: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    format!("{place}-{name}")
}

fn write_json(path: &Path, value: &impl Serialize, mode: u32) -> Result<(), CeremonyFileError> {
    let failed = |source| CeremonyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let text = serde_json::to_vec_pretty(value).map_err(|error| failed(error.into()))?;
    let text = Zeroizing::new(text);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed)?;
    file.write_all(&text).map_err(failed)?;
    file.write_all(b"\n").map_err(failed)?;
    file.sync_all().map_err(failed)
}

fn read_step<T: DeserializeOwned>(
    path: &Path,
    advice: &'static str,
) -> Result<T, CeremonyFileError> {
    match read_json(path) {
        Err(CeremonyFileError::Io { path, source }) if source.kind() == io::ErrorKind::NotFound => {
            Err(CeremonyFileError::Order {
                missing: path,
                advice,
            })
        }
        other => other,
    }
}

/// A package of `from`: one that cannot be read is theirs to mend.
fn read_package<T: DeserializeOwned>(path: &Path, from: &str) -> Result<T, CeremonyFileError> {
    match read_json(path) {
        Err(CeremonyFileError::Io { path, source }) if source.kind() == io::ErrorKind::NotFound => {
            let from = format!("{from} ({})", path.display());
            Err(CeremonyError::Missing(from).into())
        }
        Err(CeremonyFileError::Malformed { message, .. }) => Err(CeremonyError::Package {
            from: from.to_owned(),
            reason: message,
        }
        .into()),
        other => other,
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, CeremonyFileError> {
    let failed = |source| CeremonyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let file = fs::File::open(path).map_err(failed)?;
    let mut text = Zeroizing::new(Vec::new());
    file.take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut text)
        .map_err(failed)?;
    let malformed = |message| CeremonyFileError::Malformed {
        path: path.to_owned(),
        message,
    };
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(malformed(format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))
}
