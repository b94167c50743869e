//! The page of a title, as the model sees it: what becomes of it with everything that happens.

use std::rc::Rc;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{PartyShare, Status, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::proceeding::Amendment;
use deedbook_schemas::property::{Ground, Holding};
use deedbook_schemas::record::{Body, Record};

use crate::dates::{business_days, hour_after};
use crate::deeds::{Hold, Version, after, held};
use crate::memory::{End, Model, What};
use crate::shares::Share;
use crate::texts::{Deed, Text};

/// What stands on a title besides its holders and their offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thing {
    pub(crate) id: RecordId,
    pub(crate) what: Sort,
    /// Whose it is: an authority's, a claimant's, a holder's, a lender's …
    pub(crate) whose: PartyId,
    /// When it is over by itself.
    pub(crate) ends: Option<Seconds>,
    /// Of a reservation: for which deed.
    pub(crate) deed: Option<RecordId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    Mortgage,
    Servitude,
    Lease,
    Freeze,
    Caveat,
    Lock,
    Reservation,
}

/// A title, from its beginning to some place in the history.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) versions: Vec<Version>,
    /// In the order in which they were put there; mortgages by rank.
    pub(crate) things: Vec<Thing>,
    /// The deeds that were signed by those who give there, as long as they are pending: the last private
    /// one, and behind it a court's.
    pub(crate) queue: Vec<RecordId>,
    /// What courts had struck off.
    pub(crate) struck: Vec<RecordId>,
    /// It has become others.
    pub(crate) cancelled: bool,
    pub(crate) area: u64,
}

impl Page {
    /// The deed that was signed last.
    pub(crate) fn slot(&self) -> Option<RecordId> {
        self.queue.last().copied()
    }

    pub(crate) fn standing(&self, what: Sort, now: Seconds) -> Vec<Thing> {
        let all = self.things.iter().filter(|thing| thing.what == what);
        all.filter(|thing| stands(thing, now)).cloned().collect()
    }

    pub(crate) fn mortgages(&self) -> Vec<&Thing> {
        let all = self.things.iter();
        all.filter(|thing| thing.what == Sort::Mortgage).collect()
    }

    fn put(&mut self, id: RecordId, what: Sort, whose: PartyId, ends: Option<Seconds>) {
        self.things.push(Thing {
            id,
            what,
            whose,
            ends,
            deed: None,
        });
    }

    fn strike(&mut self, id: &str) {
        self.things.retain(|thing| thing.id.to_string() != id);
    }
}

pub(crate) fn stands(thing: &Thing, now: Seconds) -> bool {
    thing.ends.is_none_or(|end| now < end)
}

impl Model {
    /// A title as everything that happened has made it. What was found is kept for the next time: the
    /// past does not change.
    pub(crate) fn page(&self, property: &str) -> Rc<Page> {
        let known = self.pages.borrow().get(property).cloned();
        let (from, page) = known.unwrap_or_default();
        if from == self.events.len() {
            return page;
        }
        let mut page = Page::clone(&page);
        for index in from..self.events.len() {
            self.turn(&mut page, property, index);
        }
        let page = Rc::new(page);
        let kept = (self.events.len(), Rc::clone(&page));
        self.pages.borrow_mut().insert(property.to_owned(), kept);
        page
    }

    /// A title as it was before something happened.
    pub(crate) fn page_before(&self, property: &str, index: usize) -> Page {
        let mut page = Page::default();
        for earlier in 0..index {
            self.turn(&mut page, property, earlier);
        }
        page
    }

    fn turn(&self, page: &mut Page, property: &str, index: usize) {
        let event = &self.events[index];
        match &event.what {
            What::Done(record) => self.written(page, property, index, record),
            What::Ended(end) => self.ended(page, property, index, end),
            What::Lapsed(id, of) if of == property => page.strike(&id.to_string()),
            What::Refused(_) | What::Lapsed(..) => {}
        }
    }

    fn written(&self, page: &mut Page, property: &str, index: usize, record: &Record) {
        let (id, signer, at) = (record.id, record.issuer(), self.events[index].at);
        let here = record.subject() == property;
        match &record.body {
            Body::FirstRegistration(first) if here => {
                page.area = first.unit.area_dm2;
                page.versions.push(Version {
                    index,
                    number: 1,
                    holds: holds_of(&first.holdings),
                    source: id,
                });
            }
            Body::Freeze(body) if here => {
                page.put(id, Sort::Freeze, signer, body.until.map(hour_after));
            }
            Body::Caveat(body) if here => {
                page.put(id, Sort::Caveat, signer, Some(hour_after(body.until)));
            }
            Body::SelfLock(_) if here => page.put(id, Sort::Lock, signer, None),
            Body::FreezeRelease(body) if body.property == property => {
                page.strike(record.subject());
            }
            Body::SelfLockRelease(body) if body.property == property => {
                let cooling =
                    u64::from(self.law_at(self.events[index].height).lock_cooling_hours) * 3600;
                let opens = hour_after(Seconds(at.0 + cooling));
                let subject = record.subject();
                let mut locks = page.things.iter_mut();
                if let Some(lock) = locks.find(|lock| lock.id.to_string() == subject) {
                    lock.ends = Some(opens);
                }
            }
            Body::Discharge(body) if body.property == property && body.with.is_none() => {
                page.strike(record.subject());
            }
            Body::PriorityNotice(_) => {
                let deed = self.deed(&record.subject().parse().unwrap()).unwrap();
                let mut legs = deed.legs().into_iter();
                if legs.any(|leg| leg.property == property && self.is_among(&signer, &leg.takes)) {
                    let law = self.law_of(&deed.id);
                    let until = business_days(at, law.priority_business_days, &law.calendar);
                    page.put(id, Sort::Reservation, signer, Some(until));
                    page.things.last_mut().unwrap().deed = Some(deed.id);
                }
            }
            Body::Act(act) => {
                let deed = self.deed(&record.subject().parse().unwrap()).unwrap();
                let party = self.speaks(record, act.power.as_ref(), act.represents);
                if deed.disposes() && self.takes_slot(&deed, property, act.role, &party) {
                    // A court's leaves the private one behind it, and nothing else.
                    let private = |id: &RecordId| self.deed(id).is_some_and(|d| !d.by_court());
                    page.queue.retain(|id| deed.by_court() && private(id));
                    page.queue.push(deed.id);
                }
            }
            _ => {
                if let Some((source, of, amendment)) = self.corrects(record)
                    && of == property
                {
                    amend(page, index, source, amendment);
                }
            }
        }
    }

    fn ended(&self, page: &mut Page, property: &str, index: usize, end: &End) {
        let deed = self.deed(&end.deed).unwrap();
        let legs = deed.legs();
        let about = legs.iter().find(|leg| leg.property == property);
        if end.status != Status::Registered {
            page.things.retain(|thing| thing.deed != Some(deed.id));
            page.queue.retain(|waiting| *waiting != deed.id);
            return;
        }
        if let Some(leg) = about {
            page.things
                .retain(|thing| !self.goes_with(&deed, property, thing));
            self.granted(page, &deed, property);
            if deed.disposes() {
                let last = page.versions.last().unwrap();
                let at = self.events[index].at;
                let holds = match (leg.shares, deed.transfer()) {
                    (Some((gives, takes)), Some(text)) => {
                        after(&last.holds, gives, takes, ground(text.kind), at)
                    }
                    _ => last.holds.clone(),
                };
                renew(page, index, deed.id, holds);
                if matches!(deed.text, Text::Split(_) | Text::Merger(_)) {
                    page.cancelled = true;
                    page.things.clear();
                }
            }
        }
        if let Some(new) = self.reparcelled(&deed, property, index) {
            *page = new;
        }
    }

    /// What a deed puts on the title that it is about, or changes there.
    fn granted(&self, page: &mut Page, deed: &Deed<'_>, property: &str) {
        if property != deed.property {
            return;
        }
        let id = deed.id;
        match deed.text {
            Text::Transfer(text) => {
                if text.kind == TransferKind::CourtSale {
                    let cleared = text.discharges.clone().unwrap_or_default();
                    page.things.retain(|thing| !cleared.contains(&thing.id));
                }
                if let Some(terms) = &text.mortgage {
                    page.put(id, Sort::Mortgage, terms.mortgagee, None);
                }
            }
            Text::Mortgage(text) => page.put(id, Sort::Mortgage, text.terms.mortgagee, None),
            Text::Servitude(text) => {
                page.put(id, Sort::Servitude, text.beneficiary, text.until);
            }
            Text::Lease(text) => page.put(id, Sort::Lease, text.lessee, Some(text.until)),
            Text::Assignment(text) => {
                let mut things = page.things.iter_mut();
                let passed = things.find(|thing| thing.id == text.mortgage);
                passed.unwrap().whose = text.assignee;
            }
            Text::Postponement(text) => {
                let from = page.things.iter().position(|t| t.id == text.mortgage);
                let stepping = page.things.remove(from.unwrap());
                let behind = page.things.iter().position(|t| t.id == text.behind);
                page.things.insert(behind.unwrap() + 1, stepping);
            }
            Text::Split(_) | Text::Merger(_) => {}
        }
    }

    /// Whose a thing is who can give it up, and gives it up with a deed.
    pub(crate) fn goes_with(&self, deed: &Deed<'_>, property: &str, thing: &Thing) -> bool {
        is_somebodys(thing.what)
            && self
                .about(&thing.id)
                .any(|(_, _, record)| match &record.body {
                    Body::Discharge(body) => {
                        body.with == Some(deed.id)
                            && body.property == property
                            && self.speaks(record, body.power.as_ref(), body.represents)
                                == thing.whose
                    }
                    _ => false,
                })
    }

    /// In whose name a record was signed.
    pub(crate) fn speaks(
        &self,
        record: &Record,
        power: Option<&RecordId>,
        represents: Option<PartyId>,
    ) -> PartyId {
        match power.map(|id| self.power(id).unwrap()) {
            Some(power) => power.principal,
            None => represents.unwrap_or(record.issuer()),
        }
    }
}

/// The next version of a title; what was reserved for its source has served, and who no longer holds
/// has nothing to lock.
fn renew(page: &mut Page, index: usize, source: RecordId, holds: Vec<Hold>) {
    page.things.retain(|thing| {
        let served = thing.deed == Some(source);
        let idle = thing.what == Sort::Lock && held(&holds, &thing.whose).is_nothing();
        !served && !idle
    });
    let number = page.versions.last().unwrap().number + 1;
    page.versions.push(Version {
        index,
        number,
        holds,
        source,
    });
    page.queue.clear();
}

/// Rule 44: a title put right.
fn amend(page: &mut Page, index: usize, source: RecordId, amendment: &Amendment) {
    let mut holds = page.versions.last().unwrap().holds.clone();
    match amendment {
        Amendment::Unit(amended) => page.area = amended.unit.area_dm2,
        Amendment::Holdings { holdings } => holds = holds_of(holdings),
        Amendment::Strike { encumbrance } => {
            page.things.retain(|thing| thing.id != *encumbrance);
            page.struck.push(*encumbrance);
        }
    }
    renew(page, index, source, holds);
}

/// Holdings as they are said to be, the oldest first.
fn holds_of(holdings: &[Holding]) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    for holding in holdings {
        holds.push(Hold {
            party: holding.party,
            share: Share::of(holding.share),
            acquired: holding.acquired,
            ground: holding.ground,
        });
    }
    holds.sort_by_key(|hold| hold.acquired);
    holds
}

/// Whether it is a private person's, who can give it up.
pub(crate) fn is_somebodys(what: Sort) -> bool {
    match what {
        Sort::Mortgage | Sort::Servitude | Sort::Lease | Sort::Caveat => true,
        Sort::Freeze | Sort::Lock | Sort::Reservation => false,
    }
}

/// On what ground those hold who receive.
pub(crate) fn ground(kind: TransferKind) -> Ground {
    match kind {
        TransferKind::Sale | TransferKind::Exchange | TransferKind::CourtSale => Ground::Purchase,
        TransferKind::Gift => Ground::Gift,
        TransferKind::Inheritance => Ground::Inheritance,
        TransferKind::Severance => Ground::Severance,
    }
}

/// What shares make together.
pub(crate) fn total(side: &[PartyShare]) -> Share {
    side.iter()
        .fold(Share::NONE, |sum, given| sum.plus(Share::of(given.share)))
}
