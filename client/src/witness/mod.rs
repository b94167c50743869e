//! A witness (C2SP tlog-witness): cosigns a log's checkpoints, each only if it continues the last.
//!
//! Lives here: what is checked, in the order of the protocol, and what is refused. Does not live
//! here: the folder and the key (`home`), what is remembered (`database`), HTTP (`http`).
//!
//! A witness cosigns a checkpoint only if the log's policy accepts it: a log key signed it and the
//! policy's quorum, for a Deedbook network its validators, cosigned it. The quorum is our addition:
//! with it, no single validator can have a fork witnessed, whatever it signs in the log's name.

mod database;
pub mod home;
pub mod http;

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, CheckpointError, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::merkle::{ProofError, empty_root, verify_consistency};
use deedbook_schemas::note::{KeyName, VerifierKey};
use deedbook_schemas::policy::{EvaluationError, Policy};
use deedbook_schemas::witness::{AddCheckpoint, WitnessError, origin_hash};
use serde::Serialize;

use database::{Cosigned, Database};
use home::{Home, HomeError, WitnessKey};

/// How far the clock may stand behind the last cosignature. Within it the last time is given again,
/// as after a leap second; beyond it the clock is wrong, now or then, and nothing is signed.
const CLOCK_BACK_SECONDS_MAX: u64 = 60;

/// Why a checkpoint is not cosigned.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not a request.
    #[error("{0}")]
    Malformed(WitnessError),
    /// The old size exceeds the checkpoint's.
    #[error("old size {old_size} is above the checkpoint's {size}")]
    OldSize {
        /// The old size given.
        old_size: u64,
        /// Leaves of the checkpoint's tree.
        size: u64,
    },
    /// A log that this witness does not know.
    #[error("log {0} is not known to this witness")]
    UnknownLog(KeyName),
    /// The log's policy does not accept the checkpoint.
    #[error("{0}")]
    Policy(#[from] EvaluationError),
    /// The old size is not that of the last checkpoint cosigned.
    #[error("the newest cosigned checkpoint has {known} leaves, not {old_size}")]
    Conflict {
        /// The old size given.
        old_size: u64,
        /// The size cosigned last, 0 if none.
        known: u64,
    },
    /// The checkpoint does not continue the last one.
    #[error("the checkpoint does not continue the one of {known} leaves: {error}")]
    Inconsistent {
        /// The size cosigned last.
        known: u64,
        /// What does not hold.
        error: ProofError,
    },
    /// The tree without leaves cannot have another root.
    #[error("{0}")]
    EmptyRoot(CheckpointError),
    /// The clock stands before the last cosignature.
    #[error("the clock of this witness stands {0} s before its last cosignature")]
    Clock(u64),
    /// The disk refused. Nothing was cosigned.
    #[error("the witness cannot store: {0}")]
    Disk(io::Error),
}

/// What is counted of one log since the start.
#[derive(Debug, Default)]
struct Counts {
    cosigned: AtomicU64,
    refused: AtomicU64,
    inconsistent: AtomicU64,
}

/// A log and whose signatures count there.
#[derive(Debug)]
struct Log {
    policy: Policy,
    counts: Counts,
}

/// One log as [`Witness::status`] shows it.
#[derive(Debug, Clone, Serialize)]
pub struct LogStatus {
    /// The log.
    pub origin: KeyName,
    /// How its path on the monitoring address begins.
    pub origin_hash: String,
    /// Leaves of the newest cosigned tree; absent if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Its root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<TreeHash>,
    /// When it was cosigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Seconds>,
    /// Cosignatures given since the start.
    pub cosigned: u64,
    /// Requests refused since the start, conflicts included.
    pub refused: u64,
    /// Of these: signed by the log and not continuing what was cosigned. Any deserves a look.
    pub inconsistent: u64,
}

/// A witness at work: sole holder of its folder.
#[derive(Debug)]
pub struct Witness {
    home: Home,
    key: WitnessKey,
    verifier: VerifierKey,
    logs: BTreeMap<KeyName, Log>,
    database: Database,
}

impl Witness {
    /// Opens the folder of a witness, alone.
    ///
    /// # Errors
    /// [`HomeError`]: above all [`HomeError::Retired`] if the database is not the one this key
    /// cosigned with last.
    pub fn open(home: Home) -> Result<Self, HomeError> {
        let key = home.key()?;
        let verifier = key.verifier()?;
        let database = Database::open(&home, &key, &verifier)?;
        let mut logs = BTreeMap::new();
        for (origin, policy) in home.logs()? {
            let counts = Counts::default();
            logs.insert(origin, Log { policy, counts });
        }
        Ok(Self {
            home,
            key,
            verifier,
            logs,
            database,
        })
    }

    /// The key under which others know it.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The logs it knows, and where each stands.
    #[must_use]
    pub fn status(&self) -> Vec<LogStatus> {
        let status = self.logs.iter().map(|(origin, log)| {
            let newest = self.database.newest(origin);
            let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
            LogStatus {
                origin: origin.clone(),
                origin_hash: origin_hash(origin),
                size: newest.as_ref().map(Cosigned::size),
                root: newest.as_ref().map(|it| it.signed.checkpoint.root),
                time: newest.as_ref().map(|it| it.time),
                cosigned: count(&log.counts.cosigned),
                refused: count(&log.counts.refused),
                inconsistent: count(&log.counts.inconsistent),
            }
        });
        status.collect()
    }

    /// The newest cosigned checkpoint of the log with this [`origin_hash`]; `None` if there is
    /// none.
    #[must_use]
    pub fn newest(&self, hash: &str) -> Option<SignedCheckpoint> {
        let mut origins = self.logs.keys();
        let origin = origins.find(|origin| origin_hash(origin) == hash)?;
        self.database.newest(origin).map(|newest| newest.signed)
    }

    /// Answers one request, at the time of the witness's clock. The cosignature is durable, with
    /// what it is of, before this returns.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was cosigned.
    pub fn add_checkpoint(&self, body: &[u8], clock: Seconds) -> Result<Cosignature, Refusal> {
        let request = AddCheckpoint::parse(body).map_err(|error| match error {
            WitnessError::Checkpoint(error @ CheckpointError::EmptyRoot(_)) => {
                Refusal::EmptyRoot(error)
            }
            other => Refusal::Malformed(other),
        })?;
        let origin = &request.checkpoint.checkpoint.origin;
        let Some(log) = self.logs.get(origin) else {
            return Err(Refusal::UnknownLog(origin.clone()));
        };
        let result = self.judge(log, &request, clock);
        match &result {
            Ok(_) => log.counts.cosigned.fetch_add(1, Ordering::Relaxed),
            Err(_) => log.counts.refused.fetch_add(1, Ordering::Relaxed),
        };
        result
    }

    fn judge(
        &self,
        log: &Log,
        request: &AddCheckpoint,
        clock: Seconds,
    ) -> Result<Cosignature, Refusal> {
        let AddCheckpoint {
            old_size,
            checkpoint: signed,
            ..
        } = request;
        log.policy.verify(signed)?;
        let (old_size, checkpoint) = (*old_size, &signed.checkpoint);
        if old_size > checkpoint.size {
            let size = checkpoint.size;
            return Err(Refusal::OldSize { old_size, size });
        }
        // From the comparison with the last checkpoint to the durability of this one, alone.
        let mut database = self.database.lock();
        let newest = self.database.newest(&checkpoint.origin);
        let known = newest.as_ref().map_or(0, Cosigned::size);
        if old_size != known {
            if newest.as_ref().is_some_and(|it| it.forks(checkpoint)) {
                self.keep_evidence(log, "fork", request);
            }
            return Err(Refusal::Conflict { old_size, known });
        }
        if let Err(error) = continues(newest.as_ref(), request) {
            let fork = newest.as_ref().is_some_and(|it| it.forks(checkpoint));
            self.keep_evidence(log, if fork { "fork" } else { "inconsistent" }, request);
            return Err(Refusal::Inconsistent { known, error });
        }
        let time = time(clock, newest.as_ref())?;
        if let Some(again) = newest.filter(|it| it.is(checkpoint, time)) {
            return Ok(again.own);
        }
        let cosigned = self.cosign(log, signed, time);
        database.store(cosigned).map_err(Refusal::Disk)
    }

    /// The checkpoint with the signatures that were verified, and ours.
    fn cosign(&self, log: &Log, signed: &SignedCheckpoint, time: Seconds) -> Cosigned {
        let SignedCheckpoint {
            checkpoint,
            signatures,
        } = signed;
        let own = Cosignature::sign(self.verifier.name(), &self.key.key, checkpoint, time);
        let verified = signatures
            .iter()
            .filter(|line| log.policy.knows(line) && !self.verifier.claims(line));
        let signatures = verified.cloned().chain([own.to_line()]).collect();
        let checkpoint = checkpoint.clone();
        Cosigned {
            signed: SignedCheckpoint {
                checkpoint,
                signatures,
            },
            time,
            own,
        }
    }

    /// Keeps what the log signed and this witness refuses, and says so the first time. A fork is
    /// proof that the log has two histories; what is inconsistent is that, or a good checkpoint
    /// with the proof of somebody who made it up.
    fn keep_evidence(&self, log: &Log, what: &str, request: &AddCheckpoint) {
        log.counts.inconsistent.fetch_add(1, Ordering::Relaxed);
        let Checkpoint { origin, size, .. } = &request.checkpoint.checkpoint;
        let kept = match self.home.keep_evidence(what, request) {
            Ok(Some(path)) => format!("kept as {}", path.display()),
            Ok(None) => return,
            Err(error) => format!("NOT KEPT: {error}"),
        };
        eprintln!(
            "ALARM ({what}): {origin} signed a checkpoint of {size} leaves that was not shown to \
             continue what was cosigned; {kept}"
        );
    }
}

/// Whether the request's checkpoint continues the last one.
fn continues(newest: Option<&Cosigned>, request: &AddCheckpoint) -> Result<(), ProofError> {
    let old_root = newest.map_or_else(empty_root, |it| it.signed.checkpoint.root);
    let Checkpoint { size, root, .. } = &request.checkpoint.checkpoint;
    verify_consistency(request.old_size, *size, &old_root, root, &request.proof)
}

/// The time of the next cosignature: never before the last.
fn time(clock: Seconds, newest: Option<&Cosigned>) -> Result<Seconds, Refusal> {
    let last = newest.map_or(Seconds(0), |it| it.time);
    let behind = last.0.saturating_sub(clock.0);
    if behind > CLOCK_BACK_SECONDS_MAX {
        return Err(Refusal::Clock(behind));
    }
    Ok(clock.max(last))
}
