//! What a log and a witness say to each other (C2SP tlog-witness): requests, sizes, cosignatures.
//!
//! Lives here: the three texts, strictly read. Does not live here: HTTP, whom a witness trusts
//! (`policy`), and what it remembers (the witness).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::checkpoint::{
    Checkpoint, CheckpointError, Cosignature, SignedCheckpoint, tree_hash, tree_number,
};
use crate::digest::TreeHash;
use crate::limits::{ADD_CHECKPOINT_BYTES_MAX, CONSISTENCY_HASHES_MAX, WITNESS_ANSWER_BYTES_MAX};
use crate::note::{KeyName, NoteError, SignatureLine, VerifierKey, excerpt};

/// Media type of the size that a witness answers a conflict with.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// Why something is not what a log and a witness say to each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// A request above [`ADD_CHECKPOINT_BYTES_MAX`].
    #[error("a request of {0} bytes; at most {ADD_CHECKPOINT_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("a request is UTF-8 text")]
    NotText,
    /// No blank line between the proof and the checkpoint.
    #[error("a request is an old size line, hashes, a blank line, a checkpoint")]
    Layout,
    /// Not `old` and a decimal tree size.
    #[error("{0:?} is not an old size line")]
    OldSize(String),
    /// Not 32 bytes in base64.
    #[error("{0:?} is not a hash in base64")]
    Hash(String),
    /// More than [`CONSISTENCY_HASHES_MAX`] hashes.
    #[error("more than {CONSISTENCY_HASHES_MAX} hashes")]
    TooManyHashes,
    /// Not a signed checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Not a tree size and a newline.
    #[error("{0:?} is not a tree size")]
    Size(String),
    /// An answer above [`WITNESS_ANSWER_BYTES_MAX`], or not lines of text.
    #[error("the answer is not signature lines of at most {WITNESS_ANSWER_BYTES_MAX} bytes")]
    Answer,
    /// A line that is not a signature line.
    #[error(transparent)]
    Line(#[from] NoteError),
    /// No line by the witness's key.
    #[error("the answer has no cosignature by {0}")]
    NoCosignature(KeyName),
    /// A line by the witness's key that does not verify, or two of them.
    #[error("the cosignature of {0} does not verify")]
    Cosignature(KeyName),
}

/// The body of `POST …/add-checkpoint`: a checkpoint, and that it continues a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Leaves of the tree that the witness is believed to know, 0 if none.
    pub old_size: u64,
    /// Consistency proof from that tree (RFC 9162 §2.1.4.1), at most [`CONSISTENCY_HASHES_MAX`].
    pub proof: Vec<TreeHash>,
    /// The checkpoint, unverified.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Reads a body of at most [`ADD_CHECKPOINT_BYTES_MAX`] bytes. What parses formats back to the
    /// same bytes.
    ///
    /// # Errors
    /// [`WitnessError`] says what is not as the format demands.
    pub fn parse(bytes: &[u8]) -> Result<Self, WitnessError> {
        if bytes.len() > ADD_CHECKPOINT_BYTES_MAX {
            return Err(WitnessError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| WitnessError::NotText)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(WitnessError::Layout)?;
        let mut lines = head.split('\n');
        let old = lines.next().unwrap_or_default();
        let old_size = old.strip_prefix("old ").and_then(tree_number);
        let old_size = old_size.ok_or_else(|| WitnessError::OldSize(excerpt(old)))?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == CONSISTENCY_HASHES_MAX {
                return Err(WitnessError::TooManyHashes);
            }
            proof.push(tree_hash(line).ok_or_else(|| WitnessError::Hash(excerpt(line)))?);
        }
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(Self {
            old_size,
            proof,
            checkpoint,
        })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        for hash in &self.proof {
            writeln!(f, "{}", BASE64.encode(hash.0))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// The body of a 409: the size of the newest tree that the witness cosigned.
#[must_use]
pub fn size_answer(size: u64) -> String {
    format!("{size}\n")
}

/// Reads the body of a 409.
///
/// # Errors
/// [`WitnessError::Size`].
pub fn parse_size_answer(bytes: &[u8]) -> Result<u64, WitnessError> {
    let text = std::str::from_utf8(bytes).ok();
    let size = text
        .and_then(|text| text.strip_suffix('\n'))
        .and_then(tree_number);
    size.ok_or_else(|| WitnessError::Size(excerpt(&String::from_utf8_lossy(bytes))))
}

/// Reads the body of a 200: the cosignature of `checkpoint` by `key`, verified. Lines by other
/// keys are ignored, as the format demands.
///
/// # Errors
/// [`WitnessError`] if there is none, or it does not verify.
pub fn parse_cosignature_answer(
    bytes: &[u8],
    key: &VerifierKey,
    checkpoint: &Checkpoint,
) -> Result<Cosignature, WitnessError> {
    if bytes.len() > WITNESS_ANSWER_BYTES_MAX {
        return Err(WitnessError::Answer);
    }
    let text = std::str::from_utf8(bytes).ok();
    let lines = text.and_then(|text| text.strip_suffix('\n'));
    let lines = lines.ok_or(WitnessError::Answer)?.split('\n');
    let lines: Vec<SignatureLine> = lines.map(str::parse).collect::<Result<_, _>>()?;
    let mut lines = lines.iter().filter(|line| key.claims(line));
    let line = lines
        .next()
        .ok_or_else(|| WitnessError::NoCosignature(key.name().clone()))?;
    let cosignature = Cosignature::from_line(line)
        .filter(|cosignature| cosignature.time.0 > 0 && cosignature.verify(key, checkpoint));
    match (cosignature, lines.next()) {
        (Some(cosignature), None) => Ok(cosignature),
        _ => Err(WitnessError::Cosignature(key.name().clone())),
    }
}

/// How a witness names a log in the paths of its monitoring address: SHA-256 of the origin, in
/// lower-case hexadecimal.
#[must_use]
pub fn origin_hash(origin: &KeyName) -> String {
    hex::encode(Sha256::digest(origin.as_str()))
}
