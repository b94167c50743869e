//! One history, played to the register and to the model at once. They must agree on every verdict,
//! and the register must keep its promises.

use std::collections::{BTreeMap, BTreeSet};

use deedbook_registry::{
    ApplyError, BlockContext, Overlay, apply, begin_block, end_block, open_requirements, state,
};
use deedbook_schemas::block::{BlockTime, Height, Seconds};
use deedbook_schemas::digest::{LedgerId, RecordId};
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{Instrument, Status};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::{Nature, PartyId};
use deedbook_schemas::property::Title;
use deedbook_schemas::record::{Body, Record};

use crate::deeds::{Hold, Need};
use crate::memory::Model;
use crate::pen::{FLATS, NUMBERS};
use crate::shares::Share;
use crate::texts::Deed;
use crate::verdict::Answer;
use crate::world::Memory;

/// The register: its state, and the time of its last block.
#[derive(Clone)]
pub(crate) struct Register {
    pub(crate) ledger: LedgerId,
    pub(crate) state: Memory,
    pub(crate) height: u64,
    pub(crate) time_ms: u64,
}

impl Register {
    /// Executes a block. Signatures are taken as verified.
    pub(crate) fn block(
        &mut self,
        now: Seconds,
        records: &[Record],
    ) -> (Vec<Outcome>, Vec<(Answer, Vec<Outcome>)>) {
        self.height += 1;
        self.time_ms = (self.time_ms + 1).max(now.0 * 1000);
        assert_eq!(
            self.time_ms / 1000,
            now.0,
            "the second has room for the block"
        );
        let block = BlockContext {
            ledger: self.ledger,
            height: Height(self.height),
            time: BlockTime(self.time_ms),
        };
        let mut overlay = Overlay::new(&self.state);
        let began = begin_block(&mut overlay, &block).unwrap();
        let mut answers = Vec::new();
        for record in records {
            answers.push(match apply(&mut overlay, &block, record, &|_| true) {
                Ok(applied) => match applied.refusal {
                    None => (Answer::Accepted, applied.outcomes),
                    Some(why) => (Answer::Refused(why.codes().collect()), applied.outcomes),
                },
                Err(ApplyError::Door(why)) => {
                    (Answer::TurnedAway(why.codes().collect()), Vec::new())
                }
                Err(ApplyError::State(error)) => panic!("{error}"),
            });
        }
        end_block(&mut overlay, &block).unwrap();
        let (changes, marks) = (overlay.changes(), overlay.marks().clone());
        for (key, value) in changes {
            match value {
                Some(value) => drop(self.state.values.insert(key, value)),
                None => drop(self.state.values.remove(&key)),
            }
        }
        self.state.marks.extend(marks);
        (began, answers)
    }

    pub(crate) fn title(&self, flat: &str) -> Option<Title> {
        state::title(&self.state, flat).unwrap()
    }

    /// What everybody has of a share who is behind a party, one by one; of what is joint each as much.
    fn in_the_end(&self, party: &PartyId, share: Share) -> Vec<Share> {
        let found = state::party(&self.state, party).unwrap().unwrap();
        let Nature::Group(group) = &found.nature else {
            return vec![share];
        };
        let alike = Share::ALL.divided_by(i128::try_from(group.members.len()).unwrap());
        let members = group.members.iter().flat_map(|member| {
            let inner = member.share.map_or(alike, Share::of);
            self.in_the_end(&member.party, share.times(inner))
        });
        members.collect()
    }

    fn instrument(&self, id: &RecordId) -> Instrument {
        state::instrument(&self.state, id).unwrap().unwrap()
    }

    fn needs(&self, id: &RecordId, now: Seconds) -> Vec<Need> {
        let open = open_requirements(&self.state, now, id, &self.instrument(id)).unwrap();
        let needs = open.into_iter().map(|open| Need {
            code: open.code,
            party: open.party,
        });
        needs.collect()
    }
}

/// Outcomes without their order: that of deeds which end at once is the register's own.
fn sorted(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    outcomes.sort_by_key(|outcome| outcome.record.0);
    outcomes
}

fn holds(title: &Title) -> Vec<Hold> {
    let holds = title.holdings.iter().map(|holding| Hold {
        party: holding.party,
        share: Share::of(holding.share),
        acquired: holding.acquired,
        ground: holding.ground,
    });
    holds.collect()
}

/// What went in and out of an escrow, by the records that were accepted.
#[derive(Debug, Default)]
struct Flow {
    paid_in: u64,
    paid_out: Vec<u64>,
}

/// The mortgages of a title by their ranks, which have neither gap nor tie.
fn ranks(title: &Title) -> Vec<RecordId> {
    let mut ranked: Vec<(u16, RecordId)> = Vec::new();
    for encumbrance in &title.encumbrances {
        if let Right::Mortgage { rank, .. } = &encumbrance.right {
            ranked.push((*rank, encumbrance.id));
        }
    }
    ranked.sort_unstable();
    let places = ranked.iter().zip(1..);
    let kept = places.filter(|((rank, _), place)| rank == place);
    kept.map(|((_, id), _)| *id).collect()
}

pub(crate) struct Game {
    pub(crate) register: Register,
    pub(crate) model: Model,
    /// Everything that was submitted, with the time and the height of its block.
    pub(crate) submitted: Vec<(Seconds, u64, Record)>,
    /// How often each kind was accepted, each code refused with, each status an end.
    pub(crate) tally: BTreeMap<String, usize>,
    flows: BTreeMap<RecordId, Flow>,
    ended_powers: BTreeSet<RecordId>,
}

impl Game {
    pub(crate) fn new(register: Register, model: Model) -> Self {
        Self {
            register,
            model,
            submitted: Vec::new(),
            tally: BTreeMap::new(),
            flows: BTreeMap::new(),
            ended_powers: BTreeSet::new(),
        }
    }

    /// Submits a record to both, in a block of its own.
    ///
    /// # Errors
    /// On what they do not agree, or which promise is broken.
    pub(crate) fn submit(&mut self, now: Seconds, record: Record) -> Result<(), String> {
        let before: BTreeMap<String, Title> = self.titles();
        let expected_beginning = sorted(self.model.begin(now));
        let displaced = self.model.displaced();
        let (expected, ends) = self.model.judge(&record, now);
        let (began, mut answers) = self.register.block(now, std::slice::from_ref(&record));
        let (answer, outcomes) = answers.remove(0);
        let same = self.telling(&began) == self.telling(&expected_beginning);
        if !same {
            return Err(format!(
                "the block begins with {began:?}, not with {expected_beginning:?}"
            ));
        }
        if answer != expected || sorted(outcomes.clone()) != sorted(ends.clone()) {
            return Err(format!(
                "{:?} {:?}\n the register: {answer:?} {outcomes:?}\n the model: {expected:?} {ends:?}",
                record.body,
                record.subject(),
            ));
        }
        let all: Vec<Outcome> = began.iter().chain(&outcomes).cloned().collect();
        self.keeps_its_promises(&before, &all)?;
        self.waits_for_something(now)?;
        if answer == Answer::Accepted {
            self.note(&record)?;
        }
        self.count(&record, &answer, began.iter().chain(&outcomes));
        self.notice(&record, &displaced, &all);
        self.submitted.push((now, self.register.height, record));
        Ok(())
    }

    /// What a block begins with. Whether a reservation is over by itself or with the deed that it was for,
    /// if both end in one block, is nobody's concern.
    fn telling(&self, outcomes: &[Outcome]) -> Vec<Outcome> {
        let ended: BTreeSet<String> = outcomes.iter().map(|o| o.record.to_string()).collect();
        let moot = |outcome: &Outcome| {
            self.model
                .find(&outcome.record)
                .is_some_and(|(_, _, record)| {
                    matches!(record.body, Body::PriorityNotice(_))
                        && ended.contains(record.subject())
                })
        };
        sorted(outcomes.iter().filter(|o| !moot(o)).cloned().collect())
    }

    fn titles(&self) -> BTreeMap<String, Title> {
        let all = FLATS.iter().chain(&NUMBERS);
        all.filter_map(|flat| Some(((*flat).to_owned(), self.register.title(flat)?)))
            .collect()
    }

    /// Rules 3, 48: shares sum to one; a title changes by a registered deed alone, and its versions
    /// meet end to begin.
    fn keeps_its_promises(
        &self,
        before: &BTreeMap<String, Title>,
        outcomes: &[Outcome],
    ) -> Result<(), String> {
        for (flat, title) in &self.titles() {
            let before = before.get(flat);
            let sum = Fraction::sum(title.holdings.iter().map(|holding| holding.share));
            if sum != Some(Fraction::ONE) {
                return Err(format!("the shares of {flat} sum to {sum:?}"));
            }
            let parts = title.holdings.iter();
            let parts = parts.map(|h| self.register.in_the_end(&h.party, Share::of(h.share)));
            let whole = parts.flatten().fold(Share::NONE, Share::plus);
            if whole != Share::ALL {
                return Err(format!("with its groups' {flat} sums to {whole}"));
            }
            let on_it: BTreeSet<RecordId> = title.encumbrances.iter().map(|e| e.id).collect();
            let burdens = self.model.burdens(flat);
            if on_it != burdens {
                return Err(format!(
                    "on {flat} are, by the register: {:?}, by the model: {burdens:?}",
                    title.encumbrances
                ));
            }
            let expected = self
                .model
                .title(flat)
                .ok_or("the model has no such title")?;
            let page = self.model.page(flat);
            let order: Vec<RecordId> = page.mortgages().iter().map(|loan| loan.id).collect();
            if holds(title) != expected.holds
                || ranks(title) != order
                || title.cancelled != page.cancelled
                || title.version != expected.number
                || title.source != expected.source
            {
                return Err(format!("the register: {title:?}\n the model: {expected:?}"));
            }
            let Some(before) = before else { continue };
            if title.holdings == before.holdings && title.version == before.version {
                continue;
            }
            let by_deed = outcomes.iter().any(|outcome| {
                outcome.record == title.source
                    && outcome.status == Status::Registered
                    && (outcome.title_version == Some(title.version)
                        || self
                            .model
                            .deed(&outcome.record)
                            .is_some_and(|d| d.property != flat))
            });
            let next = title.version == before.version + 1
                && title.begin_lifespan_version > before.begin_lifespan_version
                && title.begin_lifespan_version == BlockTime(self.register.time_ms);
            if !by_deed || !next {
                return Err(format!(
                    "{flat} changed from {before:?} to {title:?} by itself"
                ));
            }
        }
        for outcome in outcomes
            .iter()
            .filter(|outcome| outcome.title_version.is_some())
            .filter(|outcome| self.model.deed(&outcome.record).is_some())
        {
            let registered = self.register.instrument(&outcome.record);
            if registered.status != Status::Registered || registered.pending.is_some() {
                return Err(format!("{} registered and is pending", outcome.record));
            }
        }
        Ok(())
    }

    /// What is pending needs something.
    fn waits_for_something(&self, now: Seconds) -> Result<(), String> {
        for deed in self.model.pending() {
            if self.model.is_open(&deed, now) && self.register.needs(&deed.id, now).is_empty() {
                return Err(format!("{} is pending and needs nothing", deed.id));
            }
        }
        Ok(())
    }

    /// Counts what was looked at again because of something else.
    fn notice(&mut self, record: &Record, displaced: &BTreeSet<RecordId>, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let deed = self.model.deed(&outcome.record);
            let lenders = deed.is_some_and(|deed| !deed.disposes());
            let itself = record.subject() == outcome.record.to_string();
            let what = if displaced.contains(&outcome.record) {
                "displaced"
            } else if lenders && !itself && outcome.status == Status::Registered {
                "lenders'"
            } else {
                continue;
            };
            let seen = format!("{what} {:?}", outcome.status);
            *self.tally.entry(seen).or_default() += 1;
        }
    }

    /// Rules 17, 37: an ended power never acts; no more money leaves an escrow than came in, and once.
    fn note(&mut self, record: &Record) -> Result<(), String> {
        let subject = || record.subject().parse::<RecordId>().unwrap();
        match &record.body {
            Body::Revocation(_) => drop(self.ended_powers.insert(subject())),
            Body::Act(act) if act.power.is_some_and(|p| self.ended_powers.contains(&p)) => {
                return Err(format!("an ended power acted in {}", record.id));
            }
            Body::EscrowFunding(body) => {
                self.flows.entry(record.id).or_default().paid_in = body.amount.minor;
            }
            Body::EscrowRelease(body) => {
                let flow = self.flows.entry(subject()).or_default();
                flow.paid_out.push(body.amount.minor);
            }
            Body::EscrowRefund(body) => {
                let flow = self.flows.entry(subject()).or_default();
                flow.paid_out.push(body.amount.minor);
            }
            _ => {}
        }
        let balanced = |flow: &Flow| flow.paid_out.is_empty() || flow.paid_out == [flow.paid_in];
        match self.flows.iter().find(|(_, flow)| !balanced(flow)) {
            Some((escrow, flow)) => Err(format!("the escrow {escrow} has {flow:?}")),
            None => Ok(()),
        }
    }

    /// What every pending deed still needs, by the register and by the model.
    ///
    /// # Errors
    /// On what they do not agree.
    pub(crate) fn agree_on_needs(&self, now: Seconds) -> Result<(), String> {
        for deed in self.model.pending() {
            if !self.model.is_open(&deed, now) {
                continue;
            }
            let mut expected = self.model.needs(&deed, now);
            let mut needs = self.register.needs(&deed.id, now);
            expected.sort();
            needs.sort();
            if needs != expected {
                return Err(format!(
                    "{:?} needs, by the register: {needs:?}, by the model: {expected:?}",
                    deed.text
                ));
            }
        }
        Ok(())
    }

    /// The same records at the same times, each time's in one block as far as one law judges them, end in
    /// the same titles.
    ///
    /// # Errors
    /// What differs.
    pub(crate) fn agree_however_cut(&self, mut other: Register) -> Result<(), String> {
        let law = |height: u64| std::ptr::from_ref(self.model.law_at(height));
        let times = self
            .submitted
            .chunk_by(|one, next| one.0 == next.0 && law(one.1) == law(next.1));
        for records in times {
            let (now, height, _) = records.last().ok_or("a time without records")?;
            let block: Vec<Record> = records.iter().map(|(_, _, r)| r.clone()).collect();
            other.height = height - 1;
            other.block(*now, &block);
        }
        let plain = |title: Option<Title>| {
            title.map(|mut title| {
                title.begin_lifespan_version = BlockTime(0);
                for encumbrance in &mut title.encumbrances {
                    encumbrance.registered = BlockTime(0);
                }
                // Parcels list what they inherit by block.
                title.encumbrances.sort_by_key(|encumbrance| encumbrance.id);
                title
            })
        };
        for flat in FLATS.iter().chain(&NUMBERS) {
            let (one, two) = (self.register.title(flat), other.title(flat));
            if plain(one.clone()) != plain(two.clone()) {
                return Err(format!("cut otherwise, {flat} is {two:?} and not {one:?}"));
            }
        }
        for (_, _, record) in &self.submitted {
            if Deed::of(record, Seconds(0)).is_none() {
                continue;
            }
            let status = |register: &Register| {
                let found = state::instrument(&register.state, &record.id).unwrap();
                found.map(|instrument| (instrument.status, instrument.codes))
            };
            if status(&self.register) != status(&other) {
                return Err(format!("cut otherwise, {} ends otherwise", record.id));
            }
        }
        Ok(())
    }
}
