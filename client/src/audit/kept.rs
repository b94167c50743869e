//! Checkpoints that are kept, and what it means when two of them cannot both be true.
//!
//! Does not live here: who is asked for checkpoints, and when (`follow`, `run`).

use std::path::{Path, PathBuf};

use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::TreeHash;
use serde::Serialize;

use crate::files::{self, Access, Existing};

/// A valid checkpoint, and who showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The node, mirror or witness that showed it.
    pub source: String,
    /// The checkpoint with its signatures.
    pub signed: SignedCheckpoint,
}

impl Kept {
    /// Leaves of its tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.signed.checkpoint.size
    }

    /// Root of its tree.
    #[must_use]
    pub fn root(&self) -> TreeHash {
        self.signed.checkpoint.root
    }
}

/// Two histories under one log's name: proof against those who signed both.
#[derive(Debug, thiserror::Error)]
#[error(
    "SPLIT VIEW: {one} vouches for root {} at {} leaves, {other} for {how}",
    first.root(), first.size(), one = first.source
)]
pub struct SplitView {
    /// The one history.
    pub first: Kept,
    /// Who shows the other.
    pub other: String,
    /// What the other is, and why both cannot be true.
    pub how: String,
    /// The other's checkpoint, if it is not the audited log itself.
    pub second: Option<Kept>,
}

/// A split view as a report names it.
#[derive(Debug, Clone, Serialize)]
pub struct SplitReport {
    /// Both sources.
    pub sources: [String; 2],
    /// Why both cannot be true.
    pub what: String,
    /// Files that hold the checkpoints.
    pub evidence: Vec<PathBuf>,
}

impl SplitView {
    /// The audited log has another root than somebody was shown.
    #[must_use]
    pub fn recomputed(first: Kept, size: u64, root: TreeHash) -> Self {
        Self {
            first,
            other: "the audited log".to_owned(),
            how: format!("root {root} at {size} leaves"),
            second: None,
        }
    }

    /// Two checkpoints; `root` is what the second's tree has at the first's size, if it has it.
    #[must_use]
    pub fn between(first: Kept, second: Kept, root: Option<TreeHash>) -> Self {
        let (size, other) = (second.size(), second.source.clone());
        let how = match root {
            Some(root) if size == first.size() => format!("root {root} at the same size"),
            Some(root) => format!("a log of {size} leaves whose root was {root} at that size"),
            None => format!(
                "root {} at {size} leaves, of which it gives no consistency proof",
                second.root()
            ),
        };
        Self {
            first,
            other,
            how,
            second: Some(second),
        }
    }

    /// Writes the checkpoints below a folder, which is made, one file each; never over another.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn keep(&self, folder: &Path) -> std::io::Result<SplitReport> {
        std::fs::create_dir_all(folder)?;
        let mut evidence = Vec::new();
        for kept in std::iter::once(&self.first).chain(&self.second) {
            let (size, root) = (kept.size(), kept.root().to_string());
            let short = root.get(..16).unwrap_or(&root);
            let path = folder.join(format!("checkpoint-{size}-{short}.txt"));
            let text = kept.signed.to_string();
            match files::write(&path, text.as_bytes(), Access::Public, Existing::Keep) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                written => written?,
            }
            evidence.push(path);
        }
        Ok(SplitReport {
            sources: [self.first.source.clone(), self.other.clone()],
            what: self.to_string(),
            evidence,
        })
    }
}
