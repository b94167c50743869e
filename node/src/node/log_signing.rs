//! The task that signs in the log's name: it feeds the signer with durable trees, messages and time,
//! sends what it says, and begins with a new one when other validators are in office. Lives here: that. Does not live here: what is signed (`log_signer`).
//!
//! It has a task of its own because a signature takes a millisecond of arithmetic. Whatever goes
//! wrong in it, consensus goes on; receipts wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::{Node, flatten};
use crate::fatal::Fatal;
use crate::log_signer::{LogSigner, LogSigningError, LogSigningMessage, Step};
use crate::store::Tip;

/// How often time passes for the signer.
const TICK: Duration = Duration::from_millis(100);
/// Events that wait for the signer: 256 of at most 20 KB, 5 MB. What does not fit is said again.
pub(super) const EVENTS_WAITING: usize = 256;

/// What the signer hears.
pub(super) enum Event {
    /// A tree is durable and was hashed again.
    Durable(Tip),
    /// A peer delivered a message.
    Message(Box<LogSigningMessage>),
}

impl Node {
    /// Tells the signer something; it may be lost when too much waits.
    pub(super) fn tell_signer(&self, event: Event) {
        if self.log_events.try_send(event).is_err() {
            tracing::debug!("an event for the log's signer is dropped: too many wait");
        }
    }

    pub(super) async fn sign_log(
        self: Arc<Self>,
        mut signer: LogSigner,
        mut events: mpsc::Receiver<Event>,
    ) {
        let start = Instant::now();
        let mut office = self.api.ledger.tip().next_validators;
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let event = tokio::select! {
                event = events.recv() => match event {
                    Some(event) => Some(event),
                    None => return,
                },
                _ = ticks.tick() => None,
            };
            let node = Arc::clone(&self);
            let stepped = tokio::task::spawn_blocking(move || {
                if let Some(Event::Durable(tip)) = &event
                    && tip.next_validators != office
                {
                    let ledger = &node.api.ledger;
                    signer = node.seat.log_signer(ledger, &ledger.set_after(tip)?)?;
                    office = tip.next_validators;
                }
                node.step(&mut signer, event, start.elapsed());
                Ok::<_, Fatal>((signer, office))
            });
            match self.stop_on(flatten(stepped.await)).await {
                Some(back) => (signer, office) = back,
                None => return,
            }
        }
    }

    fn step(&self, signer: &mut LogSigner, event: Option<Event>, now: Duration) {
        let step = match event {
            None => Ok(signer.on_tick(now)),
            Some(Event::Durable(tip)) => signer.on_durable(tip.tree_size, tip.tree_root, now),
            Some(Event::Message(message)) => signer.on_message(*message, now),
        };
        let left_out = i64::try_from(signer.cheats().len()).unwrap_or(i64::MAX);
        self.api.metrics.log_signers_left_out.set(left_out);
        match step {
            Ok(step) => self.carry_out(step),
            Err(error @ LogSigningError::Fork { .. }) => {
                self.api.metrics.forks.inc();
                tracing::error!(%error, "the log's key signed another history");
            }
            Err(error) => tracing::warn!(%error, "a message about log signatures is refused"),
        }
    }

    fn carry_out(&self, step: Step) {
        if let Some(signature) = &step.signed {
            self.cosigner().on_log_signature(signature);
        }
        if step.peer_is_behind
            && let Some(cosignature) = self.cosigner().own()
        {
            self.publish_cosignature(cosignature);
        }
        for message in step.publish {
            if let Err(error) = self.api.gossip.publish_log_signing(message) {
                tracing::debug!(%error, "a message about log signatures is not sent");
            }
        }
    }
}
