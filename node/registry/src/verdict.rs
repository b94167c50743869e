//! What the law answers: the failed rules collected, and the three kinds of no.

use std::collections::BTreeSet;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::rejection::{Code, Rejection};

use crate::state::StateError;

/// Why a record is not accepted.
pub(crate) enum No {
    /// The signer may not submit it at all: never logged.
    Door(Rejection),
    /// Authentic but unlawful: logged, with its codes.
    Law(Rejection),
    /// The state is unreadable: the node must stop.
    State(StateError),
}

impl From<StateError> for No {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// What an act brings about, or why it does not.
pub(crate) type Verdict = Result<Vec<Outcome>, No>;

/// All rules that failed so far.
#[derive(Default)]
pub(crate) struct Codes(BTreeSet<Code>);

impl Codes {
    pub(crate) fn refuse(&mut self, code: Code) {
        self.0.insert(code);
    }

    pub(crate) fn require(&mut self, holds: bool, code: Code) {
        if !holds {
            self.refuse(code);
        }
    }

    pub(crate) fn has(&self, code: Code) -> bool {
        self.0.contains(&code)
    }

    /// `value` if nothing failed; `missing` stands for an absent value that nothing else explains.
    fn judge<T>(mut self, value: Option<T>, missing: Code) -> Result<T, Rejection> {
        if value.is_none() && self.0.is_empty() {
            self.refuse(missing);
        }
        Rejection::check(self.0)?;
        value.ok_or_else(|| Rejection::one(missing))
    }

    /// Lets through the door with `value`.
    pub(crate) fn door<T>(self, value: Option<T>, missing: Code) -> Result<T, No> {
        self.judge(value, missing).map_err(No::Door)
    }

    /// Grants, by the law, with `value`; if it is absent, that is one more failed rule.
    pub(crate) fn law<T>(mut self, value: Option<T>, missing: Code) -> Result<T, No> {
        self.require(value.is_some(), missing);
        self.judge(value, missing).map_err(No::Law)
    }

    /// Grants, by the law, with `value`; its absence may have been explained by another failed rule.
    pub(crate) fn explained<T>(self, value: Option<T>, missing: Code) -> Result<T, No> {
        self.judge(value, missing).map_err(No::Law)
    }

    /// Grants, by the law.
    pub(crate) fn lawful(self) -> Result<(), No> {
        Rejection::check(self.0).map_err(No::Law)
    }
}

/// An outcome without codes and without a title.
pub(crate) fn outcome(record: RecordId, status: Status) -> Outcome {
    Outcome {
        record,
        status,
        codes: Vec::new(),
        title_version: None,
    }
}

/// The outcome of a refused record.
pub(crate) fn refused(record: RecordId, rejection: &Rejection) -> Outcome {
    Outcome {
        codes: rejection.to_strings(),
        ..outcome(record, Status::Refused)
    }
}
