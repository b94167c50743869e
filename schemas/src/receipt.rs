//! Receipts (C2SP tlog-proof v1, `.tlog-proof`): that an entry is in the log, provable offline to
//! somebody who holds nothing but a policy.
//!
//! Lives here: the file, strictly read, and its verification. Does not live here: what the entry
//! says, and what our receipts carry in their `extra` line (`carried`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::block::Seconds;
use crate::checkpoint::{CheckpointError, SignedCheckpoint, tree_hash, tree_number};
use crate::digest::TreeHash;
use crate::limits::{ENTRY_BYTES_MAX, PROOF_HASHES_MAX, RECEIPT_BYTES_MAX};
use crate::merkle::{ProofError, leaf_hash, verify_inclusion};
use crate::note::{KeyName, excerpt};
use crate::policy::{EvaluationError, Grade, Policy, Witnessed};

/// The first line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why a file is not a receipt, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Longer than [`RECEIPT_BYTES_MAX`].
    #[error("a receipt of {0} bytes; at most {RECEIPT_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("a receipt is UTF-8 text")]
    NotText,
    /// The first line is another.
    #[error("a receipt begins with the line {HEADER}")]
    Header,
    /// No `extra` or `index` line where one must be, or no blank line before the checkpoint.
    #[error(
        "a receipt has an extra line or none, an index line, hashes, a blank line, a checkpoint"
    )]
    Layout,
    /// Extra data that is empty, not base64, or longer than an entry.
    #[error("the extra line is not base64 of 1 to {ENTRY_BYTES_MAX} bytes")]
    Extra,
    /// Not a decimal leaf index.
    #[error("{0:?} is not a leaf index")]
    Index(String),
    /// Not a hash in base64.
    #[error("{0:?} is not a hash in base64")]
    Hash(String),
    /// More than [`PROOF_HASHES_MAX`] hashes.
    #[error("more than {PROOF_HASHES_MAX} hashes")]
    TooManyHashes,
    /// Not a signed checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is not one the policy accepts.
    #[error(transparent)]
    Policy(#[from] EvaluationError),
    /// The entry is not in the checkpoint's tree at the index.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

/// A receipt as read: well-formed, and nothing of it verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    extra: Option<Vec<u8>>,
    index: u64,
    hashes: Vec<TreeHash>,
    checkpoint: SignedCheckpoint,
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VerifiedReceipt {
    /// The log.
    pub origin: KeyName,
    /// Leaves of the log's tree.
    pub tree_size: u64,
    /// Root of the log's tree.
    pub root: TreeHash,
    /// The entry's leaf index.
    pub index: u64,
    /// Who vouches for the checkpoint beside the log, in the order of the policy.
    pub witnesses: Vec<Witnessed>,
    /// The policy's groups that vouch for it, in the order of the policy.
    pub groups: Vec<String>,
    /// What that is worth.
    pub grade: Grade,
}

impl VerifiedReceipt {
    /// The earliest time at which a cosigner vouched for the checkpoint.
    #[must_use]
    pub fn earliest(&self) -> Option<Seconds> {
        self.witnesses.iter().map(|witness| witness.time).min()
    }

    /// The latest time at which a cosigner vouched for the checkpoint.
    #[must_use]
    pub fn latest(&self) -> Option<Seconds> {
        self.witnesses.iter().map(|witness| witness.time).max()
    }
}

impl Receipt {
    /// A receipt for the entry at `index`. `extra` is what it carries, empty for nothing; `hashes`
    /// is the inclusion proof in the tree of `checkpoint`, the leaf's sibling first.
    #[must_use]
    pub fn new(
        extra: Vec<u8>,
        index: u64,
        hashes: Vec<TreeHash>,
        checkpoint: SignedCheckpoint,
    ) -> Self {
        let extra = (!extra.is_empty()).then_some(extra);
        Self {
            extra,
            index,
            hashes,
            checkpoint,
        }
    }

    /// Reads a receipt of at most [`RECEIPT_BYTES_MAX`] bytes. What parses formats back to the
    /// same bytes.
    ///
    /// # Errors
    /// [`ReceiptError`] says what is not as the format demands.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ReceiptError::NotText)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptError::Layout)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ReceiptError::Header);
        }
        let extra = lines.next_if(|line| line.starts_with("extra "));
        let extra = extra.map(parse_extra).transpose()?;
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.ok_or(ReceiptError::Layout)?;
        let index = tree_number(index).ok_or_else(|| ReceiptError::Index(excerpt(index)))?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() == PROOF_HASHES_MAX {
                return Err(ReceiptError::TooManyHashes);
            }
            hashes.push(tree_hash(line).ok_or_else(|| ReceiptError::Hash(excerpt(line)))?);
        }
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint,
        })
    }

    /// What the receipt carries. No hash and no signature covers it: it is worth what its reader
    /// checks against the entry.
    #[must_use]
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The claimed leaf index.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The claimed inclusion proof, the leaf's sibling first.
    #[must_use]
    pub fn hashes(&self) -> &[TreeHash] {
        &self.hashes
    }

    /// The checkpoint, unverified.
    #[must_use]
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Verifies that `entry` is in the log at the receipt's index, and that the policy accepts the
    /// checkpoint. What the receipt carries is not looked at.
    ///
    /// # Errors
    /// [`ReceiptError`] names the first thing that does not hold.
    pub fn verify(&self, entry: &[u8], policy: &Policy) -> Result<VerifiedReceipt, ReceiptError> {
        let checkpoint = &self.checkpoint.checkpoint;
        let leaf = leaf_hash(entry);
        verify_inclusion(
            &leaf,
            self.index,
            checkpoint.size,
            &self.hashes,
            &checkpoint.root,
        )?;
        let evaluation = policy.verify(&self.checkpoint)?;
        Ok(VerifiedReceipt {
            origin: checkpoint.origin.clone(),
            tree_size: checkpoint.size,
            root: checkpoint.root,
            index: self.index,
            grade: policy.grade(&evaluation),
            witnesses: evaluation.witnesses,
            groups: evaluation.groups,
        })
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, ReceiptError> {
    let data = line
        .strip_prefix("extra ")
        .and_then(|text| BASE64.decode(text).ok());
    data.filter(|data| (1..=ENTRY_BYTES_MAX).contains(&data.len()))
        .ok_or(ReceiptError::Extra)
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", BASE64.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", BASE64.encode(hash.0))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
