//! Titles and deeds as the model sees them: who holds what, who signed what, and which deed comes
//! first.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActRole, PartyShare};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::settlement::DutyKind;

use crate::dates::deadline;
use crate::memory::Model;
use crate::pages::Sort;
use crate::shares::Share;
use crate::texts::Deed;

/// One acquisition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) party: PartyId,
    pub(crate) share: Share,
    pub(crate) acquired: Seconds,
    pub(crate) ground: Ground,
}

/// A title from some place in the history on.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) index: usize,
    pub(crate) number: u64,
    pub(crate) holds: Vec<Hold>,
    pub(crate) source: RecordId,
}

/// An act that was accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed {
    pub(crate) index: usize,
    pub(crate) role: ActRole,
    pub(crate) signer: PartyId,
    pub(crate) party: PartyId,
    pub(crate) power: Option<RecordId>,
    pub(crate) by_office: bool,
}

/// What a deed still needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) code: &'static str,
    pub(crate) party: Option<PartyId>,
}

pub(crate) fn need(code: &'static str, party: Option<PartyId>) -> Need {
    Need { code, party }
}

/// What all of somebody's holdings make.
pub(crate) fn held(holds: &[Hold], party: &PartyId) -> Share {
    let own = holds.iter().filter(|hold| hold.party == *party);
    own.fold(Share::NONE, |sum, hold| sum.plus(hold.share))
}

/// Takes a share from somebody, oldest first: what is left of everything, and what was touched.
pub(crate) fn take(holds: &[Hold], from: &PartyId, share: Share) -> (Vec<Hold>, Vec<Hold>) {
    let mut wanted = share;
    let (mut left, mut touched) = (Vec::new(), Vec::new());
    for hold in holds {
        if hold.party != *from || wanted.is_nothing() {
            left.push(hold.clone());
            continue;
        }
        let part = wanted.smaller(hold.share);
        wanted = wanted.minus(part);
        touched.push(hold.clone());
        let rest = hold.share.minus(part);
        if !rest.is_nothing() {
            left.push(Hold {
                share: rest,
                ..hold.clone()
            });
        }
    }
    (left, touched)
}

/// What holdings look like after shares have passed.
pub(crate) fn after(
    holds: &[Hold],
    gives: &[PartyShare],
    takes: &[PartyShare],
    ground: Ground,
    at: Seconds,
) -> Vec<Hold> {
    let mut left = holds.to_vec();
    for given in gives {
        left = take(&left, &given.party, Share::of(given.share)).0;
    }
    left.extend(takes.iter().map(|received| Hold {
        party: received.party,
        share: Share::of(received.share),
        acquired: at,
        ground,
    }));
    left
}

impl Model {
    pub(crate) fn deed(&self, id: &RecordId) -> Option<Deed<'_>> {
        let (_, at, record) = self.find(id)?;
        Deed::of(record, at)
    }

    pub(crate) fn expires(&self, deed: &Deed<'_>) -> Seconds {
        deadline(deed.at, self.law_of(&deed.id).pending_days)
    }

    /// Deeds that have not ended, in the order of lodging.
    pub(crate) fn pending(&self) -> Vec<Deed<'_>> {
        let lodged = self.done().filter_map(|(_, at, r)| Deed::of(r, at));
        lodged
            .filter(|deed| self.end_of(&deed.id).is_none())
            .collect()
    }

    /// Whether time has left a deed open.
    pub(crate) fn is_open(&self, deed: &Deed<'_>, now: Seconds) -> bool {
        self.end_of(&deed.id).is_none()
            && now < self.expires(deed)
            && self.overdue(deed, now).is_none()
    }

    /// A title from its first registration to now.
    pub(crate) fn versions(&self, property: &str) -> Vec<Version> {
        self.page(property).versions.clone()
    }

    pub(crate) fn title(&self, property: &str) -> Option<Version> {
        self.page(property).versions.last().cloned()
    }

    pub(crate) fn acts(&self, deed: &RecordId) -> Vec<Signed> {
        let subject = deed;
        let acts = self
            .about(subject)
            .filter_map(|(index, _, r)| match &r.body {
                Body::Act(act) => Some(Signed {
                    index,
                    role: act.role,
                    signer: r.issuer(),
                    party: self.speaks(r, act.power.as_ref(), act.represents),
                    power: act.power,
                    by_office: act.represents.is_some(),
                }),
                _ => None,
            });
        acts.collect()
    }

    /// Whether an act counts: nothing that it rests on has ended since.
    pub(crate) fn counts(&self, act: &Signed, now: Seconds) -> bool {
        match &act.power {
            None if act.by_office => self.still_in_office(act, now),
            None => !self.broken(&act.party, act.index, now),
            Some(power) => self.lapsed(&self.power(power).unwrap(), now).is_empty(),
        }
    }

    pub(crate) fn counting(&self, deed: &RecordId, now: Seconds) -> Vec<Signed> {
        let mut acts = self.acts(deed);
        acts.retain(|act| self.counts(act, now));
        acts
    }

    /// The deed that was signed first on a property: an open one on which an act still counts by which
    /// it took the slot.
    pub(crate) fn signed_first(&self, property: &str, now: Seconds) -> Option<RecordId> {
        let deed = self.deed(&self.page(property).slot()?)?;
        let acts = self.counting(&deed.id, now);
        let mut takes = acts
            .iter()
            .map(|a| self.takes_slot(&deed, property, a.role, &a.party));
        (self.is_open(&deed, now) && takes.any(|takes| takes)).then_some(deed.id)
    }

    /// The open deed for which a buyer has reserved a property.
    pub(crate) fn reserved(&self, property: &str, now: Seconds) -> Option<RecordId> {
        let page = self.page(property);
        let reserved = page.standing(Sort::Reservation, now);
        let mut deeds = reserved.iter().filter_map(|thing| thing.deed);
        deeds.find(|id| self.deed(id).is_some_and(|deed| self.is_open(&deed, now)))
    }

    /// The private deeds that wait behind a court's.
    pub(crate) fn displaced(&self) -> BTreeSet<RecordId> {
        let pages = self.properties().into_iter().map(|of| self.page(&of));
        pages
            .flat_map(|page| page.queue.iter().rev().skip(1).copied().collect::<Vec<_>>())
            .collect()
    }

    /// The court's deed that was signed on a property and has not ended.
    fn court_first(&self, property: &str, now: Seconds) -> Option<RecordId> {
        let deed = self.deed(&self.page(property).slot()?)?;
        (deed.by_court() && self.is_open(&deed, now)).then_some(deed.id)
    }

    /// Why another deed is before this one on a property.
    pub(crate) fn behind(&self, deed: &Deed<'_>, property: &str, now: Seconds) -> Option<Code> {
        let reserved = self.reserved(property, now);
        let signed = self.signed_first(property, now);
        let first = if deed.by_court() {
            // No private deed is before a court's.
            let court = |id: &RecordId| self.deed(id).is_some_and(|deed| deed.by_court());
            reserved.filter(court).or(signed.filter(court))
        } else {
            let court = self.court_first(property, now);
            court.or(reserved).or(signed)
        };
        let first = first?;
        (first != deed.id).then_some(if reserved == Some(first) {
            Code::NoticeInForce
        } else {
            Code::TitleSlot
        })
    }

    pub(crate) fn funding(&self, deed: &RecordId) -> Option<RecordId> {
        let subject = deed;
        let fundings = self.about(subject).map(|(_, _, record)| record);
        let mut fundings = fundings.filter(|r| matches!(r.body, Body::EscrowFunding(_)));
        fundings.next().map(|record| record.id)
    }

    pub(crate) fn duties_due(&self, deed: &Deed<'_>) -> Vec<DutyKind> {
        let subject = &deed.id;
        let mut due = match deed.transfer() {
            Some(_) => self.law_of(&deed.id).duties.clone(),
            None => Vec::new(),
        };
        for (_, _, record) in self.about(subject) {
            if let Body::Duty(duty) = &record.body {
                due.retain(|kind| *kind != duty.kind);
            }
        }
        due
    }
}
