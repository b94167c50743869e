//! An auditor with its memory, and the work of an audit.
//!
//! Lives here: reading ahead while all cores verify and one thread re-runs the law, and when progress is
//! written. Does not live here: which checkpoint an audit goes to (`run`), the file of its progress
//! (`saved`), and any check of a leaf (`reading`, `auditor`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::TILE_WIDTH;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc;

use super::Report;
use super::auditor::Auditor;
use super::kept::Kept;
use super::reading::Prepared;
use super::run::{AuditError, Options, Stage, Stop};
use super::saved;
use super::source::{Bundle, Source};
use super::tiles::compare_upper;

/// Bundles fetched at once.
const BUNDLES_AT_ONCE: usize = 8;
/// Bundles prepared together: 4,096 leaves, some 5,000 signatures, 15 MiB decoded.
const BUNDLES_A_PART: usize = 16;
/// Parts prepared at once: while one is put in order by a single thread, another keeps the cores busy.
const PARTS_AT_ONCE: usize = 2;
/// Prepared parts that wait for the law.
const PARTS_AHEAD: usize = 2;
/// Checkpoints remembered: the first, and the newest of all sources.
const KEPT_MAX: usize = 1_000;

/// An auditor with its memory.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) auditor: Auditor,
    pub(super) kept: Vec<Kept>,
    state: Option<PathBuf>,
    save_every: Duration,
    stop: Stop,
    saved: Instant,
}

impl Session {
    pub(super) fn begin(genesis: &Genesis, options: Options) -> Result<Self, AuditError> {
        let mut auditor = Auditor::new(genesis, options.signatures)?;
        let mut kept = Vec::new();
        if let Some(path) = &options.state {
            kept = saved::read(path, &mut auditor)?.unwrap_or_default();
        }
        *auditor.recordings() = options.recordings;
        for kept in &kept {
            if kept.size() > auditor.size() {
                auditor.expected.insert(kept.size(), kept.clone());
            }
        }
        Ok(Self {
            auditor,
            kept,
            state: options.state,
            save_every: options.save_every,
            stop: options.stop,
            saved: Instant::now(),
        })
    }

    /// Remembers where the auditor stands, if there is a file for it.
    pub(super) fn save(&mut self) -> Result<(), AuditError> {
        if let Some(path) = &self.state {
            saved::write(path, &self.auditor, &self.kept)?;
        }
        self.saved = Instant::now();
        Ok(())
    }

    /// Remembers a checkpoint; in place of an earlier one by the same source about the same tree.
    pub(super) fn keep(&mut self, kept: Kept) {
        let same = |old: &Kept| {
            (&old.source, old.size(), old.root()) == (&kept.source, kept.size(), kept.root())
        };
        self.kept.retain(|old| !same(old));
        self.kept.push(kept);
        if self.kept.len() > KEPT_MAX {
            // The first stays: nothing is as old.
            self.kept.remove(1);
        }
    }

    /// The newest checkpoint kept of at most as many leaves as were audited.
    pub(super) fn newest_audited(&self) -> Option<&Kept> {
        let audited = |kept: &&Kept| kept.size() <= self.auditor.size();
        self.kept.iter().filter(audited).max_by_key(|it| it.size())
    }

    fn feed(&mut self, part: Prepared) -> Result<(), AuditError> {
        let fed = self.auditor.feed(part);
        let stopped = self.stop.is_asked();
        if self.saved.elapsed() >= self.save_every {
            self.save()?;
        }
        fed?;
        if stopped {
            let leaves = self.auditor.sealed.frontier.size();
            let saved = self.state.is_some();
            return Err(AuditError::Stopped { leaves, saved });
        }
        Ok(())
    }

    /// Audits on to `target`, from a source. The session comes back however that ends.
    pub(super) async fn advance(
        self,
        source: &Source,
        target: &Checkpoint,
        mut progress: impl FnMut(Stage),
    ) -> Result<(Self, Result<Report, AuditError>), AuditError> {
        let total = target.size;
        let from = self.auditor.size();
        let width = u64::from(TILE_WIDTH);
        let bundles = stream::iter(from / width..total.div_ceil(width))
            .map(|index| source.bundle(index, total))
            .buffered(BUNDLES_AT_ONCE)
            .try_chunks(BUNDLES_A_PART)
            .map_err(|error| AuditError::from(error.1));
        let done = |done| progress(Stage { done, total });
        let (mut session, through) = self.through(bundles, from, done).await?;
        let finished = match through {
            Ok(()) => session.finish(source, target).await,
            Err(error) => Err(error),
        };
        session.save()?;
        Ok((session, finished))
    }

    async fn finish(&self, source: &Source, target: &Checkpoint) -> Result<Report, AuditError> {
        let report = self.auditor.finish(target)?;
        compare_upper(source, target.size, &self.auditor.row).await?;
        Ok(report)
    }

    /// Fetching, preparing and the law at once.
    async fn through(
        self,
        bundles: impl futures::Stream<Item = Result<Vec<Bundle>, AuditError>>,
        from: u64,
        mut progress: impl FnMut(u64),
    ) -> Result<(Self, Result<(), AuditError>), AuditError> {
        let (parts, waiting) = mpsc::channel::<Prepared>(PARTS_AHEAD);
        let (done, mut reached) = mpsc::unbounded_channel();
        let reader = self.auditor.reader();
        progress(from);
        let law = tokio::task::spawn_blocking(move || self.re_run(waiting, &done));
        let prepared = bundles.map(|part| {
            let reader = reader.clone();
            async move {
                let part = part?;
                let work = tokio::task::spawn_blocking(move || reader.prepare(part, from));
                work.await.map_err(broken)
            }
        });
        let prepare = async move {
            let mut prepared = std::pin::pin!(prepared.buffered(PARTS_AT_ONCE));
            while let Some(part) = prepared.try_next().await? {
                if parts.send(part).await.is_err() {
                    // The law has stopped and says why.
                    return Ok(());
                }
            }
            Ok(())
        };
        let report = async {
            while let Some(size) = reached.recv().await {
                progress(size);
            }
        };
        let (prepared, law, ()) = tokio::join!(prepare, law, report);
        let (session, fed) = law.map_err(broken)?;
        Ok((session, fed.and(prepared)))
    }

    /// Takes what was prepared, part by part, and says how far it is.
    fn re_run(
        mut self,
        mut waiting: mpsc::Receiver<Prepared>,
        done: &mpsc::UnboundedSender<u64>,
    ) -> (Self, Result<(), AuditError>) {
        while let Some(part) = waiting.blocking_recv() {
            if let Err(error) = self.feed(part) {
                return (self, Err(error));
            }
            // Nobody listens any more if the audit was given up.
            let _given_up = done.send(self.auditor.size());
        }
        (self, Ok(()))
    }
}

fn broken(error: tokio::task::JoinError) -> AuditError {
    AuditError::Broken(error.to_string())
}
