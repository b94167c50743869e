//! What the model remembers: everything that happened, in order, and nothing else. Every answer is
//! found by walking through all of it again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{EvidenceRoot, LedgerId, RecordId};
use deedbook_schemas::instrument::{Ending, PowerOfAttorney, SpousalConsent, Status};
use deedbook_schemas::party::{Accreditation, CivilStatus, PartyId};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::dates::years_later;
use crate::pages::Page;

pub(crate) type Codes = BTreeSet<Code>;

/// One thing that happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: Seconds,
    /// In which block.
    pub(crate) height: u64,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A record was accepted.
    Done(Box<Record>),
    /// A record was refused, and logged.
    Refused(Box<Record>),
    /// An instrument ended.
    Ended(End),
    /// Something on a title was over.
    Lapsed(RecordId, String),
}

/// How an instrument ended.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) deed: RecordId,
    pub(crate) status: Status,
    /// The consents that served.
    pub(crate) consents: Vec<RecordId>,
}

pub(crate) struct Model {
    pub(crate) ledger: LedgerId,
    /// The law at the beginning.
    pub(crate) profile: Profile,
    /// The height of the last block.
    pub(crate) height: u64,
    /// Who was accredited at the beginning.
    pub(crate) founders: Vec<(PartyId, Accreditation)>,
    pub(crate) events: Vec<Event>,
    /// Where in it what is: a record by its id, records by their subject, ends by the deed.
    pub(crate) register: Register,
    /// The titles as far as they were looked at: up to which event, and what was found.
    pub(crate) pages: RefCell<BTreeMap<String, (usize, Rc<Page>)>>,
}

/// What a record is about.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Card {
    Party(PartyId),
    Record(RecordId),
    Other(String),
}

impl From<&PartyId> for Card {
    fn from(party: &PartyId) -> Self {
        Self::Party(*party)
    }
}

impl From<&RecordId> for Card {
    fn from(record: &RecordId) -> Self {
        Self::Record(*record)
    }
}

impl From<&str> for Card {
    fn from(subject: &str) -> Self {
        let party = subject.parse().ok().map(Self::Party);
        let record = || subject.parse().ok().map(Self::Record);
        let other = || Self::Other(subject.to_owned());
        party.or_else(record).unwrap_or_else(other)
    }
}

/// A librarian's cards: where in the history to look.
#[derive(Debug, Default)]
pub(crate) struct Register {
    ids: BTreeMap<RecordId, usize>,
    subjects: BTreeMap<Card, Vec<usize>>,
    ends: BTreeMap<RecordId, usize>,
    laws: Vec<usize>,
}

/// A marriage.
#[derive(Debug, Clone)]
pub(crate) struct Wedding {
    pub(crate) id: RecordId,
    pub(crate) spouses: [PartyId; 2],
    pub(crate) from: Seconds,
}

/// A power of attorney.
#[derive(Debug, Clone)]
pub(crate) struct Poa<'m> {
    pub(crate) index: usize,
    pub(crate) id: RecordId,
    pub(crate) principal: PartyId,
    pub(crate) agent: PartyId,
    pub(crate) body: &'m PowerOfAttorney,
}

/// A consent.
#[derive(Debug, Clone)]
pub(crate) struct Given<'m> {
    pub(crate) index: usize,
    pub(crate) id: RecordId,
    pub(crate) spouse: PartyId,
    pub(crate) property: &'m str,
    pub(crate) body: &'m SpousalConsent,
}

/// What somebody was at some time.
#[derive(Debug, Clone)]
pub(crate) enum Marital {
    Unknown,
    Single,
    Married(Wedding),
}

impl Model {
    pub(crate) fn remember(&mut self, at: Seconds, what: What) {
        let place = self.events.len();
        match &what {
            What::Done(record) => {
                self.register.ids.insert(record.id, place);
                if matches!(record.body, Body::Profile(_)) {
                    self.register.laws.push(place);
                }
                let subject = Card::from(record.subject());
                self.register
                    .subjects
                    .entry(subject)
                    .or_default()
                    .push(place);
            }
            What::Ended(end) => drop(self.register.ends.insert(end.deed, place)),
            What::Refused(_) | What::Lapsed(..) => {}
        }
        let height = self.height;
        self.events.push(Event { at, height, what });
    }

    fn at(&self, place: usize) -> Option<(usize, Seconds, &Record)> {
        let event = self.events.get(place)?;
        match &event.what {
            What::Done(record) => Some((place, event.at, record.as_ref())),
            What::Refused(_) | What::Ended(_) | What::Lapsed(..) => None,
        }
    }

    /// The accepted records about something, with their places.
    pub(crate) fn about(
        &self,
        subject: impl Into<Card>,
    ) -> impl DoubleEndedIterator<Item = (usize, Seconds, &Record)> {
        let places = self.register.subjects.get(&subject.into());
        let places = places.map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.at(*place))
    }

    /// The changes of the law.
    pub(crate) fn changes_of_law(&self) -> impl Iterator<Item = (usize, Seconds, &Record)> {
        let places = self.register.laws.iter();
        places.filter_map(|place| self.at(*place))
    }

    /// The accepted records, with their places.
    pub(crate) fn done(&self) -> impl DoubleEndedIterator<Item = (usize, Seconds, &Record)> {
        self.events
            .iter()
            .enumerate()
            .filter_map(|(index, event)| match &event.what {
                What::Done(record) => Some((index, event.at, record.as_ref())),
                What::Refused(_) | What::Ended(_) | What::Lapsed(..) => None,
            })
    }

    /// Every record on the ledger.
    pub(crate) fn logged(&self) -> impl Iterator<Item = &Record> {
        self.events.iter().filter_map(|event| match &event.what {
            What::Done(record) | What::Refused(record) => Some(record.as_ref()),
            What::Ended(_) | What::Lapsed(..) => None,
        })
    }

    /// How a deed ended.
    pub(crate) fn end_of(&self, deed: &RecordId) -> Option<&End> {
        let place = self.register.ends.get(deed)?;
        match &self.events[*place].what {
            What::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// When a deed ended.
    pub(crate) fn ended_when(&self, deed: &RecordId) -> Option<Seconds> {
        let place = self.register.ends.get(deed)?;
        Some(self.events[*place].at)
    }

    pub(crate) fn find(&self, id: &RecordId) -> Option<(usize, Seconds, &Record)> {
        self.at(*self.register.ids.get(id)?)
    }

    pub(crate) fn recording_used(&self, root: &EvidenceRoot) -> bool {
        self.logged()
            .any(|r| r.evidence.as_ref().is_some_and(|e| e.root == *root))
    }

    /// The latest accreditation of an authority.
    pub(crate) fn accreditation(&self, id: &PartyId) -> Option<&Accreditation> {
        let mut later = self.about(id).filter_map(|(_, _, r)| match &r.body {
            Body::Accreditation(body) => Some(body),
            _ => None,
        });
        let founder = self.founders.iter().find(|(founder, _)| founder == id);
        later.next_back().or(founder.map(|(_, founder)| founder))
    }

    pub(crate) fn enrolment(&self, party: &PartyId) -> Option<&Record> {
        self.about(party)
            .map(|(_, _, record)| record)
            .find(|r| matches!(r.body, Body::Enrolment(_)))
    }

    pub(crate) fn enrolled(&self, party: &PartyId) -> bool {
        self.enrolment(party).is_some()
    }

    /// The facts about somebody or something, in order, with their places.
    pub(crate) fn facts(&self, subject: impl Into<Card>) -> Vec<(usize, &CivilStatus)> {
        let facts = self
            .about(subject)
            .filter_map(|(index, _, r)| match &r.body {
                Body::CivilStatus(fact) => Some((index, fact)),
                _ => None,
            });
        facts.collect()
    }

    pub(crate) fn died(&self, party: &PartyId) -> Option<Seconds> {
        let facts = self.facts(party);
        facts.iter().find_map(|(_, fact)| match fact {
            CivilStatus::Death { at } => Some(*at),
            _ => None,
        })
    }

    /// Since when somebody is incapable, if they are now.
    pub(crate) fn incapable(&self, party: &PartyId) -> Option<Seconds> {
        let mut since = None;
        for (_, fact) in self.facts(party) {
            match fact {
                CivilStatus::Incapacity { from } => since = Some(*from),
                CivilStatus::Capacity { .. } => since = None,
                _ => {}
            }
        }
        since
    }

    /// Whether a person can act in person.
    pub(crate) fn able(&self, party: &PartyId, now: Seconds) -> bool {
        self.enrolled(party) && self.standing(party, now).is_empty()
    }

    /// Why somebody may not act in person.
    pub(crate) fn standing(&self, party: &PartyId, now: Seconds) -> Codes {
        let dead = self.died(party).map(|_| Code::PartyDead);
        let incapable = self.incapable(party).map(|_| Code::PartyIncapable);
        let minor = self.of_age(party).filter(|until| now < *until);
        let minor = minor.map(|_| Code::PartyMinor);
        dead.into_iter().chain(incapable).chain(minor).collect()
    }

    pub(crate) fn powers(&self) -> Vec<Poa<'_>> {
        let records = self.done().map(|(_, _, record)| record);
        let powers = records.filter(|r| matches!(r.body, Body::PowerOfAttorney(_)));
        powers.filter_map(|r| self.power(&r.id)).collect()
    }

    pub(crate) fn power(&self, id: &RecordId) -> Option<Poa<'_>> {
        let (index, _, record) = self.find(id)?;
        let Body::PowerOfAttorney(body) = &record.body else {
            return None;
        };
        let principal = match &body.parent {
            Some(parent) => self.power(parent)?.principal,
            None => body.represents.unwrap_or(record.issuer()),
        };
        Some(Poa {
            index,
            id: *id,
            principal,
            agent: record.subject().parse().unwrap(),
            body,
        })
    }

    /// How a power or a consent was ended by somebody's will.
    pub(crate) fn ended_by_will(&self, id: &RecordId) -> Option<Ending> {
        self.about(id).find_map(|(_, _, r)| match &r.body {
            Body::Revocation(body) => Some(body.ending),
            _ => None,
        })
    }

    /// From when until when a power lasts by its own terms, or by the law under which it was given: under
    /// the first one a year if it says nothing, three at most.
    pub(crate) fn term(&self, id: &RecordId, body: &PowerOfAttorney) -> Option<(Seconds, Seconds)> {
        let law = self.law_of(id);
        let issued = body.issued?;
        let said = body
            .expires
            .unwrap_or(years_later(issued, law.power_default_years));
        let most = years_later(issued, law.power_max_years);
        let parent = body.parent.and_then(|id| self.power(&id));
        let above = parent.and_then(|parent| self.term(&parent.id, parent.body));
        let end = above.map_or(most, |(_, end)| most.min(end));
        Some((body.starts.unwrap_or(issued), said.min(end)))
    }

    /// Why a power carries nothing at `now`. What ended stays ended, with all that was part of it.
    pub(crate) fn lapsed(&self, power: &Poa<'_>, now: Seconds) -> Codes {
        let mut why = self.lapsed_alone(power, now);
        let chain = self.chain(power);
        let mut above = chain.iter().skip(1);
        if above.any(|parent| !self.lapsed_alone(parent, now).is_empty()) {
            why.insert(Code::PowerParent);
        }
        why
    }

    fn lapsed_alone(&self, power: &Poa<'_>, now: Seconds) -> Codes {
        let mut why = Codes::new();
        if power.body.parent.is_some() && self.certified(&power.id).is_none() {
            why.insert(Code::PowerUnnotarised);
        }
        let (starts, expires) = self.term(&power.id, power.body).unwrap();
        if now < starts {
            why.insert(Code::PowerNotYet);
        }
        if expires <= now {
            why.insert(Code::PowerExpired);
        }
        match self.ended_by_will(&power.id) {
            Some(Ending::Revocation) => drop(why.insert(Code::PowerRevoked)),
            Some(Ending::Renunciation) => drop(why.insert(Code::PowerRenounced)),
            None => {}
        }
        let sides = [&power.principal, &power.agent];
        if sides.iter().any(|side| self.broken(side, power.index, now)) {
            why.insert(Code::PowerDead);
        }
        why
    }

    pub(crate) fn consents(&self) -> Vec<Given<'_>> {
        let consents = self.done().filter_map(|(index, _, r)| match &r.body {
            Body::SpousalConsent(body) => Some(Given {
                index,
                id: r.id,
                spouse: match &body.power {
                    None => r.issuer(),
                    Some(power) => self.power(power).unwrap().principal,
                },
                property: r.subject(),
                body,
            }),
            _ => None,
        });
        consents.collect()
    }

    pub(crate) fn used(&self, consent: &RecordId) -> bool {
        self.events
            .iter()
            .any(|event| matches!(&event.what, What::Ended(end) if end.consents.contains(consent)))
    }
}
