//! The law re-run over the log: every record again, every outcome compared.
//!
//! Does not live here: signatures and certificates (`super`), which were checked before.

use std::collections::VecDeque;

use deedbook_registry::{ApplyError, BlockContext, Overlay, StateError};
use deedbook_schemas::block::Seal;
use deedbook_schemas::digest::{LedgerId, StateRoot};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::record::Record;

use super::Finding;
use super::reading::Content;
use super::state::{BlockChanges, MemoryState};

#[derive(Debug)]
pub(super) struct Law {
    ledger: LedgerId,
    state: MemoryState,
}

/// One block being executed again.
struct Execution<'a> {
    context: BlockContext,
    overlay: Overlay<'a>,
    /// Outcomes that the law brought about and the log has not shown yet.
    due: VecDeque<Outcome>,
}

impl Law {
    pub(super) fn new(ledger: LedgerId, state: MemoryState) -> Self {
        Self { ledger, state }
    }

    pub(super) fn root(&self) -> StateRoot {
        self.state.root()
    }

    pub(super) fn state(&self) -> &MemoryState {
        &self.state
    }

    /// Executes the entries before a seal at the seal's time, and compares what the law says with
    /// what the log says.
    pub(super) fn execute(
        &mut self,
        seal: &Seal,
        entries: &[(u64, Content)],
    ) -> Result<(), Finding> {
        let context = BlockContext {
            ledger: self.ledger,
            height: seal.height,
            time: seal.time,
        };
        let mut overlay = Overlay::new(&self.state);
        let begun = deedbook_registry::begin_block(&mut overlay, &context);
        let due = begun
            .map_err(|error| execution_failed(&context, &error))?
            .into();
        let mut execution = Execution {
            context,
            overlay,
            due,
        };
        for (index, content) in entries {
            execution.step(*index, content)?;
        }
        let changes = execution.end()?;
        self.state.commit(changes);
        Ok(())
    }
}

impl Execution<'_> {
    fn finding(&self, leaf: u64, what: String) -> Finding {
        Finding {
            leaf: Some(leaf),
            height: Some(self.context.height),
            record: None,
            what,
        }
    }

    fn step(&mut self, index: u64, content: &Content) -> Result<(), Finding> {
        match (self.due.pop_front(), content) {
            (None, Content::Record(record)) => self.apply(index, record),
            (Some(due), Content::Outcome(logged)) if due == *logged => Ok(()),
            (Some(due), Content::Outcome(logged)) => {
                let what = format!("the law says {}, the log {}", told(&due), told(logged));
                Err(Finding {
                    record: Some(logged.record),
                    ..self.finding(index, what)
                })
            }
            (Some(due), _) => {
                let what = format!("the law says {}, the log is silent on it", told(&due));
                Err(Finding {
                    record: Some(due.record),
                    ..self.finding(index, what)
                })
            }
            (None, Content::Outcome(logged)) => {
                let what = format!("the log says {}, the law does not", told(logged));
                Err(Finding {
                    record: Some(logged.record),
                    ..self.finding(index, what)
                })
            }
            (None, Content::Seal(..)) => Err(self.finding(index, "out of place".to_owned())),
        }
    }

    fn apply(&mut self, index: u64, record: &Record) -> Result<(), Finding> {
        // The signatures were verified when the entry was read.
        let verified = |_: &Record| true;
        match deedbook_registry::apply(&mut self.overlay, &self.context, record, &verified) {
            Ok(applied) => {
                self.due.extend(applied.outcomes);
                Ok(())
            }
            Err(ApplyError::Door(rejection)) => {
                let what = format!("the law does not let it on the log: {rejection}");
                Err(Finding {
                    record: Some(record.id),
                    ..self.finding(index, what)
                })
            }
            Err(ApplyError::State(error)) => Err(execution_failed(&self.context, &error)),
        }
    }

    fn end(mut self) -> Result<BlockChanges, Finding> {
        let height = Some(self.context.height);
        if let Some(due) = self.due.pop_front() {
            let what = format!("the law says {}, the log is silent on it", told(&due));
            return Err(Finding {
                leaf: None,
                height,
                record: Some(due.record),
                what,
            });
        }
        deedbook_registry::end_block(&mut self.overlay, &self.context)
            .map_err(|error| execution_failed(&self.context, &error))?;
        Ok(BlockChanges::of(&self.overlay))
    }
}

fn execution_failed(context: &BlockContext, error: &StateError) -> Finding {
    let what = format!("the law cannot be re-run: {error}");
    Finding {
        leaf: None,
        height: Some(context.height),
        record: None,
        what,
    }
}

/// An outcome in words.
fn told(outcome: &Outcome) -> String {
    let mut text = format!("{:?} of {}", outcome.status, outcome.record).to_lowercase();
    if !outcome.codes.is_empty() {
        text.push_str(&format!(" for {}", outcome.codes.join(", ")));
    }
    if let Some(version) = outcome.title_version {
        text.push_str(&format!(" as version {version} of the title"));
    }
    text
}
