//! How much a verified checkpoint is worth: decided by the validators, and seen by somebody else.
//!
//! Does not live here: whether a checkpoint is accepted at all (`Policy::verify`).

use std::collections::BTreeSet;

use super::{Evaluation, PUBLIC_GROUP, Policy, VALIDATORS_GROUP};

/// The grade of what a policy accepts, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// The policy accepts it, and says nothing of validators: it has no group `validators`, or that
    /// group is not satisfied.
    Accepted,
    /// The policy's group `validators` is satisfied: the network decided it.
    Committed,
    /// Committed, and seen by witnesses outside the network: the policy's group `public` is
    /// satisfied; if it has no such group, one of its witnesses that is no member of `validators`,
    /// directly or through groups, cosigned.
    Witnessed,
}

impl std::fmt::Display for Grade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Committed => "committed",
            Self::Witnessed => "witnessed",
        })
    }
}

impl Policy {
    /// The grade of a checkpoint that this policy accepted with `evaluation`.
    #[must_use]
    pub fn grade(&self, evaluation: &Evaluation) -> Grade {
        let satisfied = |name: &str| evaluation.groups.iter().any(|group| group == name);
        if !satisfied(VALIDATORS_GROUP) {
            return Grade::Accepted;
        }
        let witnessed = if self.groups.iter().any(|group| group.name == PUBLIC_GROUP) {
            satisfied(PUBLIC_GROUP)
        } else {
            let own = self.members(VALIDATORS_GROUP);
            let mut cosigned = evaluation.witnesses.iter();
            cosigned.any(|witness| !own.contains(witness.name.as_str()))
        };
        if witnessed {
            Grade::Witnessed
        } else {
            Grade::Committed
        }
    }

    /// Everybody in a group, and in the groups within it. A group names only earlier ones.
    fn members<'a>(&'a self, group: &'a str) -> BTreeSet<&'a str> {
        let mut members = BTreeSet::from([group]);
        for group in self.groups.iter().rev() {
            if members.contains(group.name.as_str()) {
                members.extend(group.members.iter().map(String::as_str));
            }
        }
        members
    }
}
