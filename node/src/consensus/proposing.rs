//! The driver's work on proposals: building, publishing, receiving, judging.
//!
//! A block is durable here before the engine hears of it: the engine's log keeps votes and ids
//! only, and may decide a block from its log alone after a restart.

use std::collections::BTreeMap;
use std::time::Duration;

use arc_malachitebft_app::engine::util::streaming::StreamMessage;
use arc_malachitebft_app::types::{LocallyProposedValue, PeerId, ProposedValue};
use arc_malachitebft_app_channel::{NetworkMsg, Reply};
use arc_malachitebft_core_types::{Round, Validity};
use deedbook_schemas::block::{Block, Height};
use deedbook_schemas::digest::BlockId;
use deedbook_schemas::limits::{PROPOSALS_EXECUTED_PER_ROUND_MAX, ROUNDS_AHEAD_MAX};
use deedbook_schemas::validators::ValidatorAddress;

use super::Source;
use super::context::{Address, Ctx, EngineHeight, Value};
use super::driver::{Driver, answer, blocking, defined};
use super::parts::{Assembled, Part, split};
use super::signer::parts_bytes;
use crate::fatal::Fatal;
use crate::store::guard::{Position, SignError, Step};
use crate::store::proposal::StoredProposal;

impl Driver {
    /// The lawful blocks already here for this round: kept before a restart, or complete before
    /// their height started.
    pub(super) async fn started_round(
        &mut self,
        height: Height,
        round: Round,
    ) -> Result<Vec<ProposedValue<Ctx>>, Fatal> {
        self.work.move_to(height);
        self.work.round = defined(round)?;
        let mut offered = BTreeMap::new();
        for assembled in self.parts.take(height) {
            offered.extend(
                self.judge(assembled)
                    .await?
                    .map(|value| (value.value, value)),
            );
        }
        for proposal in self.kept(height).await? {
            let StoredProposal {
                round,
                proposer,
                block,
                bytes,
                ..
            } = proposal;
            let known = self
                .work
                .checked
                .get(&round)
                .is_some_and(|blocks| blocks.contains(&block));
            // Also those of other rounds: the engine may decide one from its log alone.
            if known || self.check(bytes, Source::Proposed).await?.is_ok() {
                self.work.checked.entry(round).or_default().insert(block);
                let value = proposed(height, round, proposer, block, Validity::Valid);
                offered.insert(value.value, value);
            }
        }
        Ok(offered
            .into_values()
            .filter(|value| value.round == round)
            .collect())
    }

    /// Proposes: persisted, then announced to the engine, then sent to the peers.
    pub(super) async fn get_value(
        &mut self,
        height: Height,
        round: Round,
        timeout: Duration,
        reply: Reply<LocallyProposedValue<Ctx>>,
    ) -> Result<(), Fatal> {
        let Some(proposal) = self.proposal(height, defined(round)?, timeout).await? else {
            // The engine's timer for this round runs on; no answer is the answer.
            return Ok(());
        };
        let value = Value(proposal.block);
        answer(
            reply,
            LocallyProposedValue::new(EngineHeight(height), round, value),
        );
        self.publish(&proposal).await
    }

    /// The block this validator proposes: the one it already built for this round, the one it is
    /// locked on, or a new one. Nothing if the signing guard refuses; the round then times out.
    pub(super) async fn proposal(
        &mut self,
        height: Height,
        round: u32,
        timeout: Duration,
    ) -> Result<Option<StoredProposal>, Fatal> {
        let kept = self.kept(height).await?;
        let own = |one: &&StoredProposal| {
            one.round == round && one.proposer == self.own && one.signature.is_some()
        };
        if let Some(proposal) = kept.iter().find(own) {
            return Ok(Some(proposal.clone()));
        }
        let lock = self.signer.guard.inherited_lock(height);
        let locked = kept.into_iter().find(|one| Some(one.block) == lock);
        let (bytes, block) = match locked {
            Some(proposal) => (proposal.bytes, proposal.block),
            None => {
                // Half the timeout for work to come, half to build and send. Only after a restart,
                // or when a peer asked for the height, is there nothing to do at this point.
                let patience = tokio::time::timeout(timeout / 2, self.gate.reached(height));
                let idle = patience.await.is_err();
                tracing::debug!(%height, round, idle, "building a block");
                let own = self.own;
                blocking(&self.application, move |ledger| ledger.build(height, own)).await?
            }
        };
        let position = Position {
            height,
            round,
            step: Step::Parts,
        };
        let message = parts_bytes(&self.signer.ledger, height, round, &block, &bytes);
        let signature = match self.signer.sign(position, Some(block), message).await {
            Ok(signature) => Some(signature),
            Err(SignError::Refused(refusal)) => {
                tracing::warn!(%height, round, %refusal, "no proposal: the signing guard refused");
                return Ok(None);
            }
            Err(error) => return Err(Fatal::new(error.to_string())),
        };
        // Crash here: the guard knows the block, nobody has it. This round stays without one.
        let proposal = StoredProposal {
            height,
            round,
            proposer: self.own,
            block,
            bytes,
            signature,
        };
        self.work.checked.entry(round).or_default().insert(block);
        self.keep(proposal.clone()).await?;
        Ok(Some(proposal))
    }

    async fn kept(&self, height: Height) -> Result<Vec<StoredProposal>, Fatal> {
        blocking(&self.application, move |ledger| ledger.proposals(height)).await
    }

    pub(super) async fn keep(&self, proposal: StoredProposal) -> Result<(), Fatal> {
        blocking(&self.application, move |ledger| {
            ledger.keep_proposal(&proposal)
        })
        .await
    }

    pub(super) async fn publish(&mut self, proposal: &StoredProposal) -> Result<(), Fatal> {
        self.streams = self.streams.saturating_add(1);
        for part in split(proposal, self.streams) {
            let sent = self
                .network
                .send(NetworkMsg::PublishProposalPart(part))
                .await;
            sent.map_err(|_| Fatal::new("the consensus network stopped; its log says why"))?;
        }
        Ok(())
    }

    /// Publishes a proposal again as its proposer signed it, so that peers who missed the parts
    /// can follow a lock.
    pub(super) async fn restream(&mut self, height: Height, block: BlockId) -> Result<(), Fatal> {
        let kept = self.kept(height).await?;
        match kept
            .iter()
            .find(|one| one.block == block && one.signature.is_some())
        {
            Some(proposal) => self.publish(proposal).await,
            None => {
                tracing::info!(%height, %block, "nothing to stream again");
                Ok(())
            }
        }
    }

    pub(super) async fn received_part(
        &mut self,
        publisher: Option<PeerId>,
        part: StreamMessage<Part>,
    ) -> Result<Option<ProposedValue<Ctx>>, Fatal> {
        let Some(publisher) = publisher else {
            tracing::warn!("a proposal part without a publisher");
            return Ok(None);
        };
        match self
            .parts
            .add(publisher, part, self.application.tip().next())
        {
            Ok(Some(assembled)) => self.judge(assembled).await,
            Ok(None) => Ok(None),
            Err(error) => {
                tracing::debug!(%publisher, %error, "a proposal part was not taken");
                Ok(None)
            }
        }
    }

    /// Checks a block for the height after the tip, cheapest first: turn, bounds, signature, hash,
    /// execution. A lawful one is durable before the engine hears of it.
    async fn judge(&mut self, assembled: Assembled) -> Result<Option<ProposedValue<Ctx>>, Fatal> {
        let Assembled { init, bytes } = assembled;
        let (height, round, block) = (init.height, init.round, init.block);
        let members = self.members(height).await?;
        let proposer = members.proposer(height, round);
        let message = parts_bytes(&self.signer.ledger, height, round, &block, &bytes);
        self.work.move_to(height);
        let current = self.work.round;
        let checked = self.work.checked.entry(round).or_default();
        let room = checked.contains(&block) || checked.len() < PROPOSALS_EXECUTED_PER_ROUND_MAX;
        if proposer.address.0 != init.proposer
            || round > current.saturating_add(ROUNDS_AHEAD_MAX)
            || !room
            || !proposer.key.verify(&message, &init.signature)
            || !is_encoding_of(&bytes, height, block)
        {
            tracing::warn!(%height, round, %block, proposer = %init.proposer, "not a proposal");
            return Ok(None);
        }
        // An idle node: the height has begun elsewhere.
        self.gate.wake(height);
        checked.insert(block);
        let verdict = self.check(bytes.clone(), Source::Proposed).await?;
        let validity = match verdict {
            Ok(id) if id == block => Validity::Valid,
            Ok(id) => return Err(Fatal::new(format!("block {block} was executed as {id}"))),
            Err(reason) => {
                tracing::warn!(%height, round, %block, reason, "an unlawful block was proposed");
                Validity::Invalid
            }
        };
        if validity.is_valid() {
            let (proposer, signature) = (init.proposer, Some(init.signature));
            self.keep(StoredProposal {
                height,
                round,
                proposer,
                block,
                bytes,
                signature,
            })
            .await?;
        }
        Ok(Some(proposed(
            height,
            round,
            init.proposer,
            block,
            validity,
        )))
    }

    pub(super) async fn check(
        &self,
        bytes: Vec<u8>,
        source: Source,
    ) -> Result<Result<BlockId, String>, Fatal> {
        blocking(&self.application, move |ledger| {
            ledger.check(&bytes, source)
        })
        .await
    }
}

/// Whether `bytes` are a block of `height` whose header hashes to `block`.
fn is_encoding_of(bytes: &[u8], height: Height, block: BlockId) -> bool {
    Block::decode(bytes)
        .is_ok_and(|decoded| decoded.header.height == height && decoded.header.id() == block)
}

pub(super) fn proposed(
    height: Height,
    round: u32,
    proposer: ValidatorAddress,
    block: BlockId,
    validity: Validity,
) -> ProposedValue<Ctx> {
    ProposedValue {
        height: EngineHeight(height),
        round: Round::new(round),
        valid_round: Round::Nil,
        proposer: Address(proposer),
        value: Value(block),
        validity,
    }
}

#[cfg(test)]
#[path = "proposing_tests.rs"]
mod tests;
