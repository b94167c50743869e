//! Why an idle network does not grow: a height starts when somebody wants it.

use std::sync::Arc;

use deedbook_schemas::block::Height;
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
}
