//! The conversation with the engine: what each of its questions means for the ledger.
//!
//! The engine's connector asks one question at a time and waits for the answer, except after
//! `Decided` and `Finalized`. So answering in order, in one loop, loses nothing, and makes the
//! order of things plain: a block is durable before the engine hears of it, a decision before it
//! is announced, a commit before the next height starts.
//!
//! The answer to `Finalized` is the one that may wait, and that is how an idle network stands
//! still: the engine stays in its commit step, goes on serving sync and repeating its last votes,
//! and queues votes and proposals of the next height until [`IdleGate`] opens.
//!
//! Proposals are in `proposing`, sync is in `syncing`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::future::Future;
use std::sync::Arc;

use arc_malachitebft_app::consensus::VoteExtensionError;
use arc_malachitebft_app::engine::host::Next;
use arc_malachitebft_app::types::{MisbehaviorEvidence, PeerId};
use arc_malachitebft_app_channel::{AppMsg, NetworkMsg, Reply};
use arc_malachitebft_core_types::{CommitCertificate, HeightParams, LinearTimeouts, Round};
use deedbook_schemas::block::{Certificate, Height};
use deedbook_schemas::digest::BlockId;
use deedbook_schemas::validators::ValidatorAddress;
use tokio::sync::{broadcast, mpsc};

use super::context::{Ctx, EngineHeight, Members};
use super::parts::Assembler;
use super::signer::GuardedSigner;
use super::syncing::to_certificate;
use super::{Application, ConsensusEvent, IdleGate};
use crate::fatal::Fatal;

/// Runs `work` on the ledger off the async threads. A panic there is [`Fatal`].
pub(super) async fn blocking<T: Send + 'static>(
    application: &Arc<dyn Application>,
    work: impl FnOnce(&dyn Application) -> Result<T, Fatal> + Send + 'static,
) -> Result<T, Fatal> {
    let application = Arc::clone(application);
    tokio::task::spawn_blocking(move || work(&*application))
        .await
        .unwrap_or_else(|error| Err(Fatal::new(format!("the ledger did not answer: {error}"))))
}

/// Answers the engine. Nobody listens any more only when the engine is stopping.
pub(super) fn answer<T>(reply: Reply<T>, value: T) {
    if reply.send(value).is_err() {
        tracing::debug!("the engine did not wait for an answer");
    }
}

/// A round the engine never leaves out.
pub(super) fn defined(round: Round) -> Result<u32, Fatal> {
    round
        .as_u32()
        .ok_or_else(|| Fatal::new("the engine asked about no round"))
}

/// The height and round the engine works on, and what was proposed there.
#[derive(Debug, Default)]
pub(super) struct Work {
    height: Height,
    pub(super) round: u32,
    /// Blocks executed in this process for the height, by round.
    pub(super) checked: BTreeMap<u32, BTreeSet<BlockId>>,
}

impl Work {
    pub(super) fn move_to(&mut self, height: Height) {
        if self.height != height {
            *self = Self {
                height,
                ..Self::default()
            };
        }
    }
}

/// Answers the engine for one ledger and one validator.
pub(super) struct Driver {
    pub(super) application: Arc<dyn Application>,
    pub(super) signer: GuardedSigner,
    pub(super) own: ValidatorAddress,
    pub(super) gate: IdleGate,
    pub(super) network: mpsc::Sender<NetworkMsg<Ctx>>,
    pub(super) parts: Assembler,
    /// Streams published so far.
    pub(super) streams: u64,
    pub(super) work: Work,
    events: broadcast::Sender<ConsensusEvent>,
    timeouts: LinearTimeouts,
    /// The certificate as it was committed.
    committed: Option<Certificate>,
    /// The height to start as soon as somebody wants it.
    waiting: Option<(Height, Reply<Next<Ctx>>)>,
}

impl Driver {
    pub(super) fn new(
        application: Arc<dyn Application>,
        signer: GuardedSigner,
        gate: IdleGate,
        events: broadcast::Sender<ConsensusEvent>,
        timeouts: LinearTimeouts,
        publishers: HashSet<PeerId>,
        network: mpsc::Sender<NetworkMsg<Ctx>>,
    ) -> Self {
        let own = ValidatorAddress::of(&signer.guard.public_key());
        Self {
            application,
            signer,
            own,
            gate,
            network,
            parts: Assembler::new(publishers),
            streams: 0,
            work: Work::default(),
            events,
            timeouts,
            committed: None,
            waiting: None,
        }
    }

    /// Serves the engine until `shutdown` completes.
    pub(super) async fn run(
        mut self,
        mut questions: mpsc::Receiver<AppMsg<Ctx>>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), Fatal> {
        tokio::pin!(shutdown);
        loop {
            let next = self
                .waiting
                .as_ref()
                .map_or(Height(u64::MAX), |(height, _)| *height);
            let gate = self.gate.clone();
            tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                () = gate.reached(next), if self.waiting.is_some() => self.start_next().await?,
                question = questions.recv() => match question {
                    Some(question) => self.serve(question).await?,
                    None => return Err(Fatal::new("the consensus engine stopped; its log says why")),
                },
            }
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one match: every question and its answer"
    )]
    async fn serve(&mut self, question: AppMsg<Ctx>) -> Result<(), Fatal> {
        match question {
            AppMsg::ConsensusReady { reply } => {
                // A restarted node cannot know whether the others wait or work: it starts.
                let height = self.application.tip().next();
                answer(reply, (EngineHeight(height), self.params(height).await?));
                self.announce(ConsensusEvent::Starting(height));
            }
            AppMsg::StartedRound {
                height,
                round,
                reply_value,
                ..
            } => {
                answer(reply_value, self.started_round(height.0, round).await?);
            }
            AppMsg::GetValue {
                height,
                round,
                timeout,
                reply,
            } => {
                self.get_value(height.0, round, timeout, reply).await?;
            }
            AppMsg::ReceivedProposalPart {
                published_by,
                part,
                reply,
                ..
            } => {
                answer(reply, self.received_part(published_by, part).await?);
            }
            AppMsg::RestreamProposal {
                height, value_id, ..
            } => {
                self.restream(height.0, value_id).await?;
            }
            AppMsg::Decided {
                certificate, reply, ..
            } => {
                self.decided(&certificate).await?;
                answer(reply, ());
            }
            AppMsg::Finalized {
                certificate,
                evidence,
                reply,
                ..
            } => {
                self.finalized(&certificate, &evidence).await?;
                self.waiting = Some((certificate.height.0.next(), reply));
            }
            AppMsg::ProcessSyncedValue {
                height,
                round,
                proposer,
                value_bytes,
                reply,
            } => {
                answer(
                    reply,
                    self.synced(height.0, defined(round)?, proposer, value_bytes)
                        .await?,
                );
            }
            AppMsg::GetDecidedValues { range, reply } => {
                answer(reply, self.decided_values(range).await?);
            }
            AppMsg::GetHistoryMinHeight { reply } => {
                answer(reply, EngineHeight(self.application.history_min()));
            }
            AppMsg::ExtendVote { reply, .. } => answer(reply, None),
            AppMsg::VerifyVoteExtensions {
                extensions, reply, ..
            } => {
                // Extensions are disabled, so a vote that has one is none of ours.
                let refused = || Err(VoteExtensionError::InvalidVoteExtension);
                answer(
                    reply,
                    extensions
                        .into_iter()
                        .map(|(by, ())| (by, refused()))
                        .collect(),
                );
            }
        }
        Ok(())
    }

    fn announce(&self, event: ConsensusEvent) {
        // No receiver is no error: gossip and the API may not have started.
        self.events.send(event).ok();
    }

    pub(super) async fn members(&self, height: Height) -> Result<Members, Fatal> {
        let read = move |ledger: &dyn Application| ledger.validators(height);
        blocking(&self.application, read)
            .await
            .map(|validators| Members::from(&validators))
    }

    async fn params(&self, height: Height) -> Result<HeightParams<Ctx>, Fatal> {
        Ok(HeightParams::new(
            self.members(height).await?,
            self.timeouts,
            None,
        ))
    }

    async fn start_next(&mut self) -> Result<(), Fatal> {
        if let Some((height, reply)) = self.waiting.take() {
            answer(
                reply,
                Next::Start(EngineHeight(height), self.params(height).await?),
            );
            self.announce(ConsensusEvent::Starting(height));
        }
        Ok(())
    }

    /// Acknowledged only when durable.
    async fn decided(&mut self, certificate: &CommitCertificate<Ctx>) -> Result<(), Fatal> {
        let certificate = to_certificate(certificate)?;
        let Certificate {
            height,
            round,
            block,
            ..
        } = certificate;
        let committing = certificate.clone();
        blocking(&self.application, move |ledger| ledger.commit(&committing)).await?;
        tracing::info!(%height, round, %block, "decided");
        self.committed = Some(certificate);
        self.announce(ConsensusEvent::Decided(height));
        Ok(())
    }

    async fn finalized(
        &mut self,
        certificate: &CommitCertificate<Ctx>,
        evidence: &MisbehaviorEvidence<Ctx>,
    ) -> Result<(), Fatal> {
        let certificate = to_certificate(certificate)?;
        if !evidence.is_empty() {
            tracing::error!(height = %certificate.height, ?evidence, "validators signed twice");
        }
        let committed = self.committed.take();
        let signatures = committed.map_or(0, |committed| committed.signatures.len());
        if certificate.signatures.len() > signatures {
            let update = move |ledger: &dyn Application| ledger.update_certificate(&certificate);
            blocking(&self.application, update).await?;
        }
        Ok(())
    }
}
