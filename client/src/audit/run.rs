//! One audit of one source, from genesis or from where an earlier one stood.
//!
//! Lives here: which checkpoint it goes to, whether that is of the log audited before, how it ends. Does
//! not live here: the work in between (`session`), and any check of a leaf (`reading`, `auditor`).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::certified::Certified;
use deedbook_schemas::checkpoint::{Checkpoint, SignedCheckpoint};
use deedbook_schemas::genesis::{Genesis, GenesisError};
use deedbook_schemas::limits::TILE_WIDTH;
use deedbook_schemas::note::{KeyName, NoteError};
use deedbook_schemas::outcome::Entry;
use deedbook_schemas::policy::Policy;

use super::auditor::Stopped;
use super::evidence::{Recording, Recordings};
use super::kept::{Kept, SplitView};
use super::saved::SavedError;
use super::session::Session;
use super::signatures::Signatures;
use super::source::{Source, SourceError};
use super::tiles::root_at;
use super::trusted::{NotValid, relied_on};
use super::{Finding, Report};

/// Why an audit does not end well.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The source does not give what is needed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The genesis cannot begin a ledger.
    #[error("the genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The genesis' origin is no name of a log.
    #[error("the genesis: {0}")]
    Origin(#[from] NoteError),
    /// The checkpoint is not one to rely on.
    #[error("the checkpoint of {source_name}: {reason}")]
    Checkpoint {
        /// The source.
        source_name: String,
        /// Why not.
        reason: NotValid,
    },
    /// The log is shorter than it was.
    #[error(
        "the checkpoint of {source_name} has {size} leaves; {audited} were audited before: the log shrank"
    )]
    Shrunken {
        /// The source.
        source_name: String,
        /// Leaves of its checkpoint.
        size: u64,
        /// Leaves audited before.
        audited: u64,
    },
    /// Progress cannot be read or written.
    #[error(transparent)]
    Saved(#[from] SavedError),
    /// The auditor itself failed.
    #[error("the audit broke off: {0}")]
    Broken(String),
    /// Somebody stopped it.
    #[error("stopped after {leaves} leaves{}", if *saved { "; progress is kept" } else { "" })]
    Stopped {
        /// Leaves gone through.
        leaves: u64,
        /// Whether they are remembered.
        saved: bool,
    },
    /// Something on the log is wrong.
    #[error(transparent)]
    Finding(#[from] Finding),
    /// Two histories under one name.
    #[error(transparent)]
    Split(#[from] Box<SplitView>),
}

impl From<Stopped> for AuditError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Finding(finding) => Self::Finding(finding),
            Stopped::Split(split) => Self::Split(split),
        }
    }
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Leaves checked.
    pub done: u64,
    /// Leaves in all.
    pub total: u64,
}

/// Asks an audit to stop at the next opportunity. Clones ask the same audit.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How an audit is made.
#[derive(Debug)]
pub struct Options {
    /// How signatures are verified.
    pub signatures: Signatures,
    /// Where progress is remembered.
    pub state: Option<PathBuf>,
    /// How often: as much work is lost at most, and the time to write it.
    pub save_every: Duration,
    /// Evidence to compare the records with.
    pub recordings: Recordings,
    /// The present, against which the times of cosignatures are held.
    pub now: Seconds,
    /// Stops it.
    pub stop: Stop,
}

/// What an audit ended with.
#[derive(Debug)]
pub struct Audited {
    /// What it went through.
    pub report: Report,
    /// Who vouches for the log's root.
    pub vouched_by: Vec<String>,
    /// What became of the evidence files.
    pub evidence: Vec<Recording>,
}

impl Session {
    /// Whether a checkpoint is of a log that goes on where this audit stands.
    pub(super) async fn check_extends(
        &self,
        source: &Source,
        target: &Checkpoint,
        shown: Option<&Kept>,
    ) -> Result<(), AuditError> {
        let audited = self.auditor.size();
        if audited == 0 {
            return Ok(());
        }
        if target.size < audited {
            return Err(AuditError::Shrunken {
                source_name: source.name().to_owned(),
                size: target.size,
                audited,
            });
        }
        let root = match root_at(source, audited, target.size, &target.root).await {
            Ok(root) if root == self.auditor.root() => return Ok(()),
            Ok(root) => Some(root),
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(error) => match shown {
                None => return Err(error.into()),
                Some(_) => None,
            },
        };
        let Some(kept) = self.newest_audited().cloned() else {
            return Err(Finding::of_log(format!(
                "the log of {} is not the one audited before, which had root {} at {audited} leaves",
                source.name(),
                self.auditor.root()
            ))
            .into());
        };
        Err(match (shown, root) {
            (Some(shown), root) => Box::new(SplitView::between(kept, shown.clone(), root)).into(),
            (None, root) => {
                let root = root.unwrap_or(target.root);
                let mut split = SplitView::recomputed(kept, audited, root);
                source.name().clone_into(&mut split.other);
                Box::new(split).into()
            }
        })
    }

    /// Compares what was remembered with the sealed and certified block that it ends with.
    pub(super) async fn check_resumed(&self, source: &Source, size: u64) -> Result<(), AuditError> {
        let audited = self.auditor.size();
        let Some(last) = audited.checked_sub(1) else {
            return Ok(());
        };
        let width = u64::from(TILE_WIDTH);
        let bundle = source.bundle(last / width, size).await?;
        let place = usize::try_from(last % width).unwrap_or(usize::MAX);
        let wrong = |what: String| -> AuditError {
            Finding::of_log(format!(
                "what was audited before is not on this log: {what}"
            ))
            .into()
        };
        let seal = match bundle.entries.get(place).map(|entry| Entry::decode(entry)) {
            Some(Ok(Entry::Seal(seal))) => seal,
            _ => return Err(wrong(format!("leaf {last} is no seal"))),
        };
        let block = bundle
            .blocks
            .iter()
            .find(|it| it.header.height == seal.height);
        let Some(Certified {
            header,
            certificate,
        }) = block
        else {
            return Err(wrong(format!("block {} has no certificate", seal.height)));
        };
        certificate
            .verify(&self.auditor.ledger, &self.auditor.sealed.decided_by.set)
            .map_err(|error| wrong(error.to_string()))?;
        let facts = [
            (
                "block",
                certificate.block.to_string(),
                header.id().to_string(),
            ),
            (
                "block",
                header.id().to_string(),
                self.auditor.sealed.previous.to_string(),
            ),
            (
                "tree root",
                header.tree_root.to_string(),
                self.auditor.root().to_string(),
            ),
            (
                "state root",
                header.state_root.to_string(),
                self.auditor.state_root().to_string(),
            ),
        ];
        match facts.into_iter().find(|(_, got, want)| got != want) {
            None => Ok(()),
            Some((what, got, want)) => Err(wrong(format!(
                "the {what} after {audited} leaves is {got}, it was {want}"
            ))),
        }
    }
}

/// Where an audit goes, and who says so.
async fn target(
    source: &Source,
    genesis: &Genesis,
    policy: &Policy,
    now: Seconds,
) -> Result<(Checkpoint, Option<SignedCheckpoint>, Vec<String>), AuditError> {
    let bytes = source.checkpoint().await?;
    if let Some(bytes) = bytes {
        let relied = relied_on(&bytes, &genesis.origin, policy, now);
        let (signed, vouching) = relied.map_err(|reason| AuditError::Checkpoint {
            source_name: source.name().to_owned(),
            reason,
        })?;
        return Ok((signed.checkpoint.clone(), Some(signed), vouching));
    }
    // A folder without a checkpoint: its last block's certificate vouches for the root.
    let size = source.held()?;
    let last = size.checked_sub(1).ok_or_else(|| {
        source.malformed("checkpoint", "neither a checkpoint nor an entry is there")
    })?;
    let bundle = source.bundle(last / u64::from(TILE_WIDTH), size).await?;
    let Some(Certified { header, .. }) = bundle.blocks.last() else {
        let reason = "the last bundle ends no block, and there is no checkpoint";
        return Err(source.malformed("tile/blocks", reason).into());
    };
    let origin: KeyName = genesis.origin.parse()?;
    let checkpoint = Checkpoint {
        origin,
        size,
        root: header.tree_root,
    };
    let vouching = format!(
        "the certificate of its last block, {}; there is no checkpoint",
        header.height
    );
    Ok((checkpoint, None, vec![vouching]))
}

/// Audits the log of a source, up to its present checkpoint, against a genesis; `policy` says whose
/// word counts for the checkpoint.
///
/// # Errors
/// [`AuditError`]: [`AuditError::Finding`] names the first bad leaf or record.
pub async fn audit(
    source: &Source,
    genesis: &Genesis,
    policy: &Policy,
    options: Options,
    progress: impl FnMut(Stage),
) -> Result<Audited, AuditError> {
    let now = options.now;
    let mut session = Session::begin(genesis, options)?;
    let (checkpoint, signed, vouched_by) = target(source, genesis, policy, now).await?;
    let shown = signed.map(|signed| Kept {
        source: source.name().to_owned(),
        signed,
    });
    let extends = session.check_extends(source, &checkpoint, shown.as_ref());
    extends.await?;
    session.check_resumed(source, checkpoint.size).await?;
    if let Some(shown) = shown {
        session.keep(shown);
    }
    let (session, report) = session.advance(source, &checkpoint, progress).await?;
    let report = report?;
    let auditor = &session.auditor;
    let marks = auditor.law.state().marks();
    let on_log = |root: &_| marks.contains(&deedbook_registry::state::evidence_mark(root));
    let evidence = auditor.recordings.report(on_log);
    Ok(Audited {
        report,
        vouched_by,
        evidence,
    })
}
