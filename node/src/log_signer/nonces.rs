//! Nonces: this node's own, and what others offer. Lives here: that none is used twice. Does not live
//! here: what is signed with them.
//!
//! A nonce used for two different messages gives the share away. So every one is drawn from the
//! system's randomness (and hedged with the share, RFC 9591 §4.1), lies in memory alone, is taken
//! out before it is used, and is gone when the node stops.

use std::collections::BTreeMap;

use deedbook_schemas::limits::LOG_NONCES_MAX;
use frost_ed25519::keys::SigningShare;
use frost_ed25519::round1::{SigningNonces, commit};
use rand_core::OsRng;

use super::message::{Commitments, Offer};

/// With so many left, a coordinator is given more.
const LOW: u64 = LOG_NONCES_MAX as u64 / 2;

/// The secret halves of one offer.
pub(super) struct Nonces {
    pub(super) note: SigningNonces,
    pub(super) cose: SigningNonces,
}

/// Fresh nonces and what is published of them.
pub(super) fn draw(share: &SigningShare, serial: u64) -> (Nonces, Offer) {
    loop {
        let (note, note_public) = commit(share, &mut OsRng);
        let (cose, cose_public) = commit(share, &mut OsRng);
        // One of them is zero once in 2^252 times.
        if let (Some(note_public), Some(cose_public)) =
            (Commitments::of(&note_public), Commitments::of(&cose_public))
        {
            let offer = Offer {
                serial,
                note: note_public,
                cose: cose_public,
            };
            return (Nonces { note, cose }, offer);
        }
    }
}

/// What this node holds ready for one coordinator.
pub(super) struct Held {
    live: BTreeMap<u64, (Nonces, Offer)>,
    next: u64,
    /// Serial of the coordinator's last word that it has none left.
    wanted: u64,
    /// Whether that word is unanswered.
    lost: bool,
    /// Whether the coordinator is to be told at the next tick.
    pub(super) tell: bool,
}

impl Held {
    /// Nothing yet; serials begin at `first`, above all of earlier starts of this node.
    pub(super) fn new(first: u64) -> Self {
        Self {
            live: BTreeMap::new(),
            next: first,
            wanted: 0,
            lost: false,
            tell: true,
        }
    }

    /// Takes the nonces of an offer out, for good.
    pub(super) fn take(&mut self, offer: &Offer) -> Option<Nonces> {
        // A serial that we never reached was offered before a restart and a clock set back.
        if offer.serial >= self.next {
            self.next = offer.serial.saturating_add(1);
            self.live.clear();
        }
        // What the coordinator passed over it will not come back to.
        let passed_over = offer.serial.saturating_sub(LOW);
        self.live.retain(|serial, _| *serial >= passed_over);
        let is_ours = self
            .live
            .get(&offer.serial)
            .is_some_and(|(_, ours)| ours == offer);
        let taken = if is_ours {
            self.live.remove(&offer.serial)
        } else {
            None
        };
        self.tell |= taken.is_none() || self.live.len() as u64 <= LOW;
        taken.map(|(nonces, _)| nonces)
    }

    /// The coordinator says, in its message `serial`, that it has none left: what we still hold was
    /// lost on the way, or is on its way. A message that comes again changes nothing.
    pub(super) fn wanted(&mut self, serial: u64) {
        if serial > self.wanted {
            self.wanted = serial;
            self.lost = true;
            self.tell = true;
        }
    }

    /// Lies more ready, as many as are missing, or, if the others were lost, as many as there may be;
    /// gives the newest. Those before stay good for a request that is on its way.
    pub(super) fn refill(&mut self, share: &SigningShare) -> Vec<Offer> {
        self.tell = false;
        let keep = if std::mem::take(&mut self.lost) {
            0
        } else {
            self.live.len()
        };
        for _ in keep..LOG_NONCES_MAX {
            self.live.insert(self.next, draw(share, self.next));
            self.next = self.next.saturating_add(1);
        }
        while self.live.len() > 2 * LOG_NONCES_MAX {
            self.live.pop_first();
        }
        let newest = self.live.values().rev().take(LOG_NONCES_MAX);
        newest.map(|(_, offer)| offer.clone()).collect()
    }
}

/// What one signer offers this node.
#[derive(Debug, Default)]
pub(super) struct Offers {
    /// The greatest serial that came; a repeated or older message has none above it.
    seen: u64,
    /// The greatest serial that was used.
    used: u64,
    list: BTreeMap<u64, Offer>,
}

impl Offers {
    /// Takes a signer's newest word about what it holds ready.
    pub(super) fn replace(&mut self, offers: Vec<Offer>) {
        let last = offers.iter().map(|offer| offer.serial).max().unwrap_or(0);
        if last > self.seen {
            self.seen = last;
            let fresh = offers.into_iter().filter(|offer| offer.serial > self.used);
            self.list = fresh.map(|offer| (offer.serial, offer)).collect();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes the oldest.
    pub(super) fn next(&mut self) -> Option<Offer> {
        let (serial, offer) = self.list.pop_first()?;
        self.used = serial;
        Some(offer)
    }
}
