//! Watching: what is new is audited, and what everybody is shown is compared.
//!
//! Lives here: one round over all sources. Does not live here: how often there is one, and what an
//! alarm does (the command); how leaves are checked (`auditor`).
//!
//! A checkpoint that was signed in the log's name must agree with every other such one, whoever shows
//! it and whoever cosigned it. Those of trees already audited are compared with the audited log,
//! through tiles; larger ones are remembered until the audit reaches their size. So a history that
//! was shown to one alone is found as soon as two sources are watched, and one that was rewritten
//! as soon as the old checkpoint is remembered.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::ValidatorSetId;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::policy::{Policy, PolicyError};

use super::Report;
use super::kept::{Kept, SplitView};
use super::run::{AuditError, Options, Stage};
use super::session::Session;
use super::source::Source;
use super::tiles::root_at;
use super::trusted::signed_by_log;

/// Something that a round came across.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A source's checkpoint agrees with all others.
    Agrees {
        /// The source.
        source: String,
        /// Leaves of its checkpoint.
        size: u64,
    },
    /// New leaves were audited.
    Audited(Box<Report>),
    /// Other validators are in office; the policy that is watched with names them from now on.
    Validators {
        /// Their names, sorted.
        names: Vec<String>,
    },
    /// Something that is no alarm, and not as it should be.
    Warning {
        /// The source.
        source: String,
        /// What it is.
        what: String,
    },
}

/// What one round ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched {
    /// Leaves audited so far.
    pub audited: u64,
    /// Sources that showed a checkpoint that counts.
    pub shown: usize,
}

/// Watches sources.
#[derive(Debug)]
pub struct Follower {
    /// Absent only while it works, and after it failed for good.
    session: Option<Session>,
    sources: Vec<Source>,
    origin: String,
    /// Its validators are those that the audited log names.
    policy: Policy,
    office: ValidatorSetId,
    /// Whether what was remembered has been compared with a source.
    resumed: bool,
}

impl Follower {
    /// Begins to watch, from genesis or from where the state file says.
    ///
    /// # Errors
    /// [`AuditError`] if genesis or state file cannot be used.
    pub fn new(
        genesis: &Genesis,
        policy: Policy,
        sources: Vec<Source>,
        options: Options,
    ) -> Result<Self, AuditError> {
        let session = Session::begin(genesis, options)?;
        Ok(Self {
            office: genesis.check()?.id(),
            session: Some(session),
            sources,
            origin: genesis.origin.clone(),
            policy,
            resumed: false,
        })
    }

    /// Puts the validators that the audited log names into the policy, if they are others than before. A
    /// policy that names no validators is as it was.
    fn follow_validators(&mut self, seen: &mut impl FnMut(Seen)) {
        let Some(session) = &self.session else {
            return;
        };
        let known = session.auditor.validators();
        if known.id() == self.office {
            return;
        }
        self.office = known.id();
        match self.policy.with_validators(known.as_slice()) {
            Ok(policy) => {
                self.policy = policy;
                let names = known.as_slice().iter();
                let mut names: Vec<String> =
                    names.map(|validator| validator.name.clone()).collect();
                names.sort();
                seen(Seen::Validators { names });
            }
            Err(PolicyError::Unknown(_)) => {}
            Err(error) => seen(Seen::Warning {
                source: "the policy".to_owned(),
                what: format!("it cannot follow the validators: {error}"),
            }),
        }
    }

    /// Asks every source once, compares, and audits what is new.
    ///
    /// # Errors
    /// [`AuditError`]: a finding or a split view, which is the alarm; or the watch cannot go on.
    pub async fn round(
        &mut self,
        now: Seconds,
        mut seen: impl FnMut(Seen),
        progress: impl FnMut(Stage),
    ) -> Result<Watched, AuditError> {
        self.follow_validators(&mut seen);
        let mut shown = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            match self.ask(source, now).await {
                Ok(kept) => shown.push((index, kept)),
                Err(what) => seen(warning(source, what)),
            }
        }
        for (index, kept) in &shown {
            self.compare(*index, kept, &mut seen).await?;
        }
        self.advance(&shown, &mut seen, progress).await?;
        let session = self.session()?;
        for (_, kept) in &shown {
            session.keep(kept.clone());
        }
        session.save()?;
        Ok(Watched {
            audited: session.auditor.size(),
            shown: shown.len(),
        })
    }

    fn session(&mut self) -> Result<&mut Session, AuditError> {
        let ended = || AuditError::Broken("the watch has ended".to_owned());
        self.session.as_mut().ok_or_else(ended)
    }

    async fn ask(&self, source: &Source, now: Seconds) -> Result<Kept, String> {
        let bytes = source
            .checkpoint()
            .await
            .map_err(|error| error.to_string())?;
        let bytes = bytes.ok_or_else(|| "there is no checkpoint".to_owned())?;
        let signed = signed_by_log(&bytes, &self.origin, &self.policy, now);
        let signed = signed.map_err(|reason| format!("its checkpoint: {reason}"))?;
        let source = source.name().to_owned();
        Ok(Kept { source, signed })
    }

    /// Compares a checkpoint with the audited log, or with what others show beyond it.
    async fn compare(
        &mut self,
        index: usize,
        kept: &Kept,
        seen: &mut impl FnMut(Seen),
    ) -> Result<(), AuditError> {
        let auditor = &mut self.session()?.auditor;
        let (audited, root) = (auditor.size(), auditor.root());
        let (source, size) = (kept.source.clone(), kept.size());
        if size > audited {
            if let Some(other) = auditor.expected.get(&size)
                && other.root() != kept.root()
            {
                let other = other.clone();
                let root = Some(kept.root());
                return Err(Box::new(SplitView::between(other, kept.clone(), root)).into());
            }
            auditor.expected.insert(size, kept.clone());
            return Ok(());
        }
        let ours = if size == audited {
            Some(root)
        } else {
            self.root_before(index, size).await
        };
        match ours {
            None => {
                let what = format!("its checkpoint of {size} leaves cannot be compared now");
                seen(Seen::Warning { source, what });
                Ok(())
            }
            Some(ours) if ours == kept.root() => {
                self.note_shrunken(kept, seen);
                seen(Seen::Agrees { source, size });
                Ok(())
            }
            Some(ours) => Err(self.split(kept, ours)),
        }
    }

    /// The root that the audited log had at a smaller size, as anybody's tiles prove it.
    async fn root_before(
        &self,
        first: usize,
        size: u64,
    ) -> Option<deedbook_schemas::digest::TreeHash> {
        let session = self.session.as_ref()?;
        let (audited, root) = (session.auditor.size(), session.auditor.root());
        let own = self.sources.iter().skip(first).take(1);
        for source in own.chain(&self.sources).filter(|it| it.has_tiles()) {
            if let Ok(root) = root_at(source, size, audited, &root).await {
                return Some(root);
            }
        }
        None
    }

    /// A source that showed a larger tree before lags, or forgot.
    fn note_shrunken(&self, kept: &Kept, seen: &mut impl FnMut(Seen)) {
        let before = self.session.iter().flat_map(|session| &session.kept);
        let largest = before
            .filter(|old| old.source == kept.source)
            .map(Kept::size)
            .max();
        if let Some(largest) = largest.filter(|largest| *largest > kept.size()) {
            let what = format!(
                "its checkpoint shrank from {largest} to {} leaves; it agrees with the log",
                kept.size()
            );
            let source = kept.source.clone();
            seen(Seen::Warning { source, what });
        }
    }

    /// A checkpoint that the audited log contradicts, against the newest one that it agrees with.
    fn split(&self, kept: &Kept, ours: deedbook_schemas::digest::TreeHash) -> AuditError {
        let agreed = self.session.as_ref().and_then(Session::newest_audited);
        let mut split = SplitView::recomputed(kept.clone(), kept.size(), ours);
        if let Some(agreed) = agreed {
            split.other.clone_from(&agreed.source);
            split.how = format!(
                "a log of {} leaves whose root was {ours} at that size",
                agreed.size()
            );
            split.second = Some(agreed.clone());
        }
        Box::new(split).into()
    }

    /// Audits up to the largest checkpoint that the policy relies on and whose source has tiles.
    async fn advance(
        &mut self,
        shown: &[(usize, Kept)],
        seen: &mut impl FnMut(Seen),
        mut progress: impl FnMut(Stage),
    ) -> Result<(), AuditError> {
        let mut targets: Vec<_> = shown.iter().collect();
        targets.sort_by_key(|(_, kept)| std::cmp::Reverse(kept.size()));
        for (index, kept) in targets {
            let Some(source) = self.sources.get(*index).filter(|it| it.has_tiles()) else {
                continue;
            };
            if let Err(reason) = self.policy.verify(&kept.signed) {
                seen(warning(
                    source,
                    format!("its checkpoint is not relied on: {reason}"),
                ));
                continue;
            }
            let Some(session) = self.session.take_if(|it| kept.size() > it.auditor.size()) else {
                continue;
            };
            let checkpoint = &kept.signed.checkpoint;
            let extends = async {
                session
                    .check_extends(source, checkpoint, Some(kept))
                    .await?;
                if !self.resumed {
                    session.check_resumed(source, kept.size()).await?;
                }
                Ok(())
            };
            let extends = extends.await;
            let audited = match extends {
                Ok(()) => {
                    self.resumed = true;
                    let (session, audited) =
                        session.advance(source, checkpoint, &mut progress).await?;
                    self.session = Some(session);
                    audited
                }
                Err(error) => {
                    self.session = Some(session);
                    Err(error)
                }
            };
            match audited {
                Ok(report) => {
                    seen(Seen::Audited(Box::new(report)));
                    self.follow_validators(seen);
                }
                Err(AuditError::Source(error)) if error.is_passing() => {
                    seen(warning(source, error.to_string()));
                }
                Err(AuditError::Split(split)) => return Err(naming(*split, kept)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn warning(source: &Source, what: String) -> Seen {
    let source = source.name().to_owned();
    Seen::Warning { source, what }
}

/// The audited log was this source's.
fn naming(mut split: SplitView, kept: &Kept) -> AuditError {
    if split.second.is_none() {
        split.other.clone_from(&kept.source);
        split.second = Some(kept.clone());
    }
    Box::new(split).into()
}
