//! The play: one record, one block, executed by the registry, from every state in which the record
//! is not refused at the door.
//!
//! All blocks have one height and, but for the step in which time passes, one time: the law looks
//! at nothing else that tells one order of the same records from another, and so orders that lead
//! to the same register are one state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use deedbook_registry::{
    Applied, ApplyError, BlockContext, Overlay, StateError, StateRead, apply, begin_block,
    end_block, open_requirements, state,
};
use deedbook_schemas::block::{BlockTime, Height};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use stateright::{Model, Property};

use crate::ledger::{Breach, Ledger};
use crate::promises;
use crate::stage::{Deed, RACE, RETURN, Stage, Step};
use crate::world::Memory;

type Written = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Where the play stands.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Moment {
    /// What the registry has written and deleted since the beginning.
    written: Written,
    marks: BTreeSet<[u8; 32]>,
    pub(crate) ledger: Ledger,
}

impl fmt::Debug for Moment {
    /// What a bystander knows: the rest is bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ledger.fmt(f)
    }
}

/// The register at a moment.
pub(crate) struct Register<'m> {
    beginning: &'m Memory,
    moment: &'m Moment,
}

impl StateRead for Register<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StateError> {
        match self.moment.written.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.beginning.get(key),
        }
    }

    fn seen(&self, mark: &[u8; 32]) -> Result<bool, StateError> {
        Ok(self.moment.marks.contains(mark) || self.beginning.seen(mark)?)
    }
}

pub(crate) struct Play {
    pub(crate) stage: Stage,
    steps: Vec<Step>,
    promises: fn() -> Vec<Property<Self>>,
}

impl Play {
    /// Of two titles and one consent.
    pub(crate) fn race() -> Self {
        Self {
            stage: Stage::new(),
            steps: RACE.to_vec(),
            promises: promises::of_the_race,
        }
    }

    /// Of one title and one consent; looks at blocks of two records too.
    pub(crate) fn return_of_the_flat() -> Self {
        Self {
            stage: Stage::new(),
            steps: RETURN.to_vec(),
            promises: promises::of_the_return,
        }
    }

    pub(crate) fn register<'m>(&'m self, moment: &'m Moment) -> Register<'m> {
        let beginning = &self.stage.state;
        Register { beginning, moment }
    }

    pub(crate) fn block(&self, late: bool) -> BlockContext {
        BlockContext {
            ledger: self.stage.ledger,
            height: Height(self.stage.height + 1),
            time: BlockTime(self.stage.time(late).0 * 1000),
        }
    }

    /// Executes a block of these records. `None` if one is refused at the door.
    pub(crate) fn execute(
        &self,
        moment: &Moment,
        steps: &[Step],
    ) -> Option<(Vec<Applied>, Moment)> {
        let register = self.register(moment);
        let block = self.block(moment.ledger.is_late());
        let mut overlay = Overlay::new(&register);
        let expired = begin_block(&mut overlay, &block).unwrap();
        assert!(expired.is_empty(), "no instrument's time runs out here");
        let mut answers = Vec::new();
        for step in steps {
            // Every signature was verified when the stage was set.
            match apply(&mut overlay, &block, &self.stage.records[step], &|_| true) {
                Ok(applied) => answers.push(applied),
                Err(ApplyError::Door(_)) => return None,
                Err(ApplyError::State(error)) => panic!("{error}"),
            }
        }
        end_block(&mut overlay, &block).unwrap();
        let mut next = moment.clone();
        next.marks.extend(overlay.marks());
        let changes = overlay.changes();
        next.written.extend(changes);
        for (step, applied) in steps.iter().zip(&answers) {
            let registered = self.registered(applied);
            let accepted = applied.refusal.is_none();
            next.ledger.note(*step, accepted, &registered);
        }
        let open = answers.iter().flat_map(|answer| self.registered(answer));
        if open.into_iter().any(|deed| self.is_open(&next, deed)) {
            next.ledger.broken.insert(Breach::Open);
        }
        Some((answers, next))
    }

    fn registered(&self, applied: &Applied) -> Vec<Deed> {
        let registered = applied
            .outcomes
            .iter()
            .filter(|outcome| outcome.title_version.is_some());
        registered
            .map(|outcome| self.deed(outcome.record))
            .collect()
    }

    fn deed(&self, id: RecordId) -> Deed {
        let mut deeds = self.stage.deeds.iter();
        let found = deeds.find(|(_, known)| **known == id);
        *found.expect("only these deeds are lodged").0
    }

    fn is_open(&self, moment: &Moment, deed: Deed) -> bool {
        let register = self.register(moment);
        let id = &self.stage.deeds[&deed];
        let instrument = state::instrument(&register, id).unwrap().unwrap();
        let now = self.stage.time(moment.ledger.is_late());
        let open = open_requirements(&register, now, id, &instrument).unwrap();
        instrument.status != Status::Registered || !open.is_empty()
    }

    /// Steps that were not taken yet.
    pub(crate) fn left(&self, moment: &Moment) -> impl Iterator<Item = Step> {
        let left = |step: &Step| !moment.ledger.is_taken(*step);
        self.steps.iter().copied().filter(left)
    }
}

impl Model for Play {
    type State = Moment;
    type Action = Step;

    fn init_states(&self) -> Vec<Moment> {
        vec![Moment::default()]
    }

    fn actions(&self, moment: &Moment, steps: &mut Vec<Step>) {
        steps.extend(self.left(moment));
    }

    fn next_state(&self, moment: &Moment, step: Step) -> Option<Moment> {
        if step == Step::TimePasses {
            let mut next = moment.clone();
            next.ledger.note(step, true, &[]);
            return Some(next);
        }
        self.execute(moment, &[step]).map(|(_, next)| next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        (self.promises)()
    }
}
