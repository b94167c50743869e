//! Counts of what the gossip network did. Lives here: the counters. Does not live here: how they
//! are exposed (metrics).

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GossipStats {
    /// Messages sent to the network.
    pub published: u64,
    /// Messages that no peer could take.
    pub unsent: u64,
    /// Messages received, duplicates not counted.
    pub received: u64,
    /// Bytes of them.
    pub received_bytes: u64,
    /// Messages received that are not messages: a faulty peer.
    pub malformed: u64,
    /// Messages received for which the inbox had no room.
    pub dropped: u64,
    /// Messages released for relaying to peers that do not have them yet.
    pub relayed: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) published: AtomicU64,
    pub(super) unsent: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) received_bytes: AtomicU64,
    pub(super) malformed: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) relayed: AtomicU64,
}

impl Counters {
    pub(super) fn snapshot(&self) -> GossipStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        GossipStats {
            published: read(&self.published),
            unsent: read(&self.unsent),
            received: read(&self.received),
            received_bytes: read(&self.received_bytes),
            malformed: read(&self.malformed),
            dropped: read(&self.dropped),
            relayed: read(&self.relayed),
        }
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
