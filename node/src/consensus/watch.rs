//! Listening to the engine beside the driver: who needs this node awake, and what the engine's
//! log still knows.
//!
//! The engine hands votes of a later height to nobody while it waits for that height to start, so
//! an idle node would sleep through them. It does announce every message it receives: one signed
//! by a validator, for a height that has not started here, opens the gate. That covers a height
//! somebody started for a record this node has not seen, and one the others decided while this
//! node was cut off (idle engines repeat their last votes once a second). A single dishonest
//! validator can keep a network awake this way, with empty blocks at the pace of the propose
//! timeout; strangers and unsigned messages cannot.

use std::sync::Arc;

use arc_malachitebft_app::consensus::Input;
use arc_malachitebft_app::engine::util::events::{Event, RxEvent};
use arc_malachitebft_app::types::SignedConsensusMsg;
use arc_malachitebft_core_types::{SignedVote, ValidatorSet as _, VoteType};
use deedbook_schemas::block::Height;
use deedbook_schemas::validators::ValidatorAddress;
use tokio::sync::broadcast::error::RecvError;

use super::context::{Address, Ctx, Members};
use super::driver::blocking;
use super::signer::{GuardedSigner, StrictVerifier};
use super::{Application, IdleGate};
use crate::fatal::Fatal;

/// The listener. Missing an event is harmless: messages are repeated, and a lock that is not
/// recalled only keeps the guard stricter.
pub(super) struct Watcher {
    pub(super) application: Arc<dyn Application>,
    pub(super) signer: GuardedSigner,
    pub(super) gate: IdleGate,
}

impl Watcher {
    pub(super) async fn run(self, mut events: RxEvent<Ctx>) {
        loop {
            match events.recv().await {
                Ok(Event::Received(message)) => {
                    if let Err(error) = self.received(message).await {
                        tracing::error!(%error, "a received message could not be judged");
                    }
                }
                Ok(Event::WalReplayEntry(Input::Vote(vote))) => self.replayed(&vote),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Opens the gate for a validator's message of a later height.
    async fn received(&self, message: SignedConsensusMsg<Ctx>) -> Result<(), Fatal> {
        let (height, tip) = (message.height().0, self.application.tip());
        if height <= tip || self.gate.wanted() >= height {
            return Ok(());
        }
        let members = blocking(&self.application, move |application| {
            application
                .validators(tip.next())
                .map(|validators| Members::from(&validators))
        });
        if self.is_genuine(&message, &members.await?) {
            self.gate.follow(tip, height);
        }
        Ok(())
    }

    fn is_genuine(&self, message: &SignedConsensusMsg<Ctx>, members: &Members) -> bool {
        let verifier = StrictVerifier {
            ledger: self.signer.ledger,
        };
        match message {
            SignedConsensusMsg::Vote(vote) => members
                .get_by_address(&vote.message.validator)
                .is_some_and(|by| verifier.vote(&vote.message, &vote.signature, &by.key)),
            SignedConsensusMsg::Proposal(proposal) => members
                .get_by_address(&proposal.message.proposer)
                .is_some_and(|by| {
                    verifier.proposal(&proposal.message, &proposal.signature, &by.key)
                }),
        }
    }

    /// The engine's log shows a vote. If it is this validator's lock, the guard need not stand in.
    fn replayed(&self, vote: &SignedVote<Ctx>) {
        let own = Address(ValidatorAddress::of(&self.signer.guard.public_key()));
        let vote = &vote.message;
        if let (VoteType::Precommit, Some(round), Some(block)) =
            (vote.kind, vote.round.as_u32(), vote.block())
            && vote.validator == own
        {
            let Height(height) = vote.height.0;
            tracing::info!(height, round, %block, "the engine's log still holds this precommit");
            self.signer.guard.recall(vote.height.0, round, block);
        }
    }
}
