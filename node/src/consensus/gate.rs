//! Why an idle network does not grow: a height starts when somebody wants it.

use std::sync::Arc;

use deedbook_schemas::block::Height;
use deedbook_schemas::limits::IDLE_HEIGHTS_AHEAD_MAX;
use tokio::sync::watch;

/// The highest height that anybody wants to see started. Clones share it.
#[derive(Debug, Clone)]
pub struct IdleGate(Arc<watch::Sender<Height>>);

impl Default for IdleGate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Height(0))))
    }
}

impl IdleGate {
    /// Somebody wants `height` to start: a record waits, a deadline is due, or a peer is there.
    /// Asking for a height that has started already does nothing.
    pub fn wake(&self, height: Height) {
        self.0.send_if_modified(|wanted| {
            let later = height > *wanted;
            *wanted = height.max(*wanted);
            later
        });
    }

    /// A peer says that `claimed` has started or is decided there. Opens the gate up to it, but at
    /// most [`IDLE_HEIGHTS_AHEAD_MAX`] heights above this node's `tip`: a lie does not open it for
    /// ever, and the truth opens it far enough to catch up at the pace of sync.
    pub fn follow(&self, tip: Height, claimed: Height) {
        let furthest = Height(tip.0.saturating_add(IDLE_HEIGHTS_AHEAD_MAX));
        self.wake(claimed.min(furthest));
    }

    /// The highest height wanted so far.
    #[must_use]
    pub fn wanted(&self) -> Height {
        *self.0.borrow()
    }

    /// Waits until `height` is wanted.
    pub async fn reached(&self, height: Height) {
        let waited = self
            .0
            .subscribe()
            .wait_for(|wanted| *wanted >= height)
            .await
            .map(|_| ());
        debug_assert!(waited.is_ok(), "this gate holds the sender");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_gate_opens_for_every_height_up_to_the_one_wanted_and_never_closes_again() {
        let gate = IdleGate::default();
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.reached(Height(3)).await }
        });
        gate.wake(Height(2));
        assert_eq!(gate.wanted(), Height(2));
        assert!(!waiting.is_finished());
        gate.wake(Height(4));
        waiting.await.unwrap();
        gate.wake(Height(1));
        assert_eq!(gate.wanted(), Height(4));
    }

    #[test]
    fn a_claim_opens_the_gate_no_further_than_it_says_and_no_further_than_the_limit() {
        let gate = IdleGate::default();
        gate.follow(Height(10), Height(9));
        assert_eq!(gate.wanted(), Height(9), "which has started already");
        gate.follow(Height(10), Height(12));
        assert_eq!(gate.wanted(), Height(12));
        gate.follow(Height(10), Height(u64::MAX));
        assert_eq!(gate.wanted(), Height(10 + IDLE_HEIGHTS_AHEAD_MAX));
    }
}
