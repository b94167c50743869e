//! What was received and waits for the node, bounded in all and for each peer.
//!
//! Lives here: the queue between the network task and the node. Does not live here: decoding
//! (`message`), or what happens with a message.

use std::collections::BTreeMap;
use std::sync::Arc;

use deedbook_schemas::limits::{GOSSIP_INBOX_MAX, GOSSIP_INBOX_PEER_MAX};
use libp2p::PeerId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::GossipMessage;

/// The receiving half: messages in order of arrival.
#[derive(Debug)]
pub struct GossipInbox {
    receiver: mpsc::Receiver<Delivery>,
}

impl GossipInbox {
    /// The next message and the peer that delivered it, which need not be its author: peers
    /// relay. `None` once the network has stopped.
    pub async fn recv(&mut self) -> Option<(PeerId, GossipMessage)> {
        self.receiver
            .recv()
            .await
            .map(|delivery| (delivery.from, delivery.message))
    }
}

#[derive(Debug)]
struct Delivery {
    from: PeerId,
    message: GossipMessage,
    /// The place in the peer's share, given back when the message is taken.
    _place: OwnedSemaphorePermit,
}

/// The network task's half.
pub(super) struct InboxSender {
    sender: mpsc::Sender<Delivery>,
    shares: BTreeMap<PeerId, Arc<Semaphore>>,
}

/// A queue with a share for each of `peers`.
pub(super) fn channel(peers: impl Iterator<Item = PeerId>) -> (InboxSender, GossipInbox) {
    let (sender, receiver) = mpsc::channel(GOSSIP_INBOX_MAX);
    let share = |peer| (peer, Arc::new(Semaphore::new(GOSSIP_INBOX_PEER_MAX)));
    (
        InboxSender {
            sender,
            shares: peers.map(share).collect(),
        },
        GossipInbox { receiver },
    )
}

impl InboxSender {
    /// Queues a message without waiting; false if there is no room. Bundles leave a quarter of
    /// the queue, and of the peer's share, to tips and cosignatures, which are small and urgent.
    pub(super) fn deliver(&self, from: PeerId, message: GossipMessage) -> bool {
        let Some(share) = self.shares.get(&from) else {
            return false;
        };
        let roomy = share.available_permits() > GOSSIP_INBOX_PEER_MAX / 4
            && self.sender.capacity() > GOSSIP_INBOX_MAX / 4;
        if matches!(message, GossipMessage::Bundles(_)) && !roomy {
            return false;
        }
        let Ok(place) = Arc::clone(share).try_acquire_owned() else {
            return false;
        };
        self.sender
            .try_send(Delivery {
                from,
                message,
                _place: place,
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deedbook_schemas::block::Height;

    fn tip() -> GossipMessage {
        GossipMessage::Tip { height: Height(1) }
    }

    fn bundle() -> GossipMessage {
        GossipMessage::Bundles(vec![vec![vec![1].into()]])
    }

    #[tokio::test]
    async fn one_peer_fills_its_share_and_no_more() {
        let (flooder, honest) = (PeerId::random(), PeerId::random());
        let (sender, mut inbox) = channel([flooder, honest].into_iter());
        let bundles = (0..1_000)
            .filter(|_| sender.deliver(flooder, bundle()))
            .count();
        assert_eq!(bundles, GOSSIP_INBOX_PEER_MAX * 3 / 4);
        let tips = (0..1_000)
            .filter(|_| sender.deliver(flooder, tip()))
            .count();
        assert_eq!(tips, GOSSIP_INBOX_PEER_MAX / 4);
        assert!(sender.deliver(honest, bundle()));
        assert!(
            !sender.deliver(PeerId::random(), tip()),
            "a stranger has no share"
        );

        assert_eq!(inbox.recv().await, Some((flooder, bundle())));
        assert!(sender.deliver(flooder, tip()), "what was taken makes room");
        drop(sender);
        let mut rest = 0;
        while inbox.recv().await.is_some() {
            rest += 1;
        }
        assert_eq!(rest, GOSSIP_INBOX_PEER_MAX + 1);
    }

    #[test]
    fn many_peers_fill_the_inbox_and_a_quarter_is_kept_for_small_messages() {
        let peers: Vec<PeerId> = (0..10).map(|_| PeerId::random()).collect();
        let (sender, _inbox) = channel(peers.iter().copied());
        let flood = |message: fn() -> GossipMessage| {
            let all = peers.iter().flat_map(|peer| (0..100).map(move |_| *peer));
            all.filter(|peer| sender.deliver(*peer, message())).count()
        };
        assert_eq!(flood(bundle), GOSSIP_INBOX_MAX * 3 / 4);
        assert_eq!(flood(tip), GOSSIP_INBOX_MAX / 4);
    }
}
