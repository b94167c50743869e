//! Whom to rely on for a log signature. Lives here: who was late, who cheated. It decides only whom
//! this node asks first, so nodes need not agree on it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long somebody who was late is asked last. One who delays on purpose costs one wait in this
/// time.
const PROBATION: Duration = Duration::from_secs(30);

/// Since when somebody is late, and whether they said anything since.
#[derive(Debug)]
struct Late {
    since: Duration,
    heard: bool,
}

/// Who was late, who cheated.
#[derive(Debug, Default)]
pub(super) struct Standing {
    late: BTreeMap<String, Late>,
    cheats: BTreeSet<String>,
}

impl Standing {
    /// A verified message by `name` came.
    pub(super) fn heard(&mut self, name: &str) {
        if let Some(late) = self.late.get_mut(name) {
            late.heard = true;
        }
    }

    /// `name` did not do its part in time.
    pub(super) fn late(&mut self, name: &str, now: Duration) {
        let late = Late {
            since: now,
            heard: false,
        };
        self.late.insert(name.to_owned(), late);
    }

    /// `name` sent a share that is wrong, under its own signature: it is never asked again.
    pub(super) fn cheated(&mut self, name: &str) {
        self.cheats.insert(name.to_owned());
    }

    pub(super) fn is_cheat(&self, name: &str) -> bool {
        self.cheats.contains(name)
    }

    pub(super) fn cheats(&self) -> &BTreeSet<String> {
        &self.cheats
    }

    /// Whether `name` is asked among the first.
    pub(super) fn is_trusted(&self, name: &str, now: Duration) -> bool {
        !self.is_cheat(name) && self.late_since(name, now).is_none()
    }

    /// Since when `name` is asked last, if it is. Among those who are, whoever failed longest ago comes
    /// first: so all of them have their turn, and no one can spoil every attempt.
    pub(super) fn late_since(&self, name: &str, now: Duration) -> Option<Duration> {
        let late = self.late.get(name)?;
        let over = late.heard && now >= late.since + PROBATION;
        (!over).then_some(late.since)
    }
}
