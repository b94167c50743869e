//! The model's verdict on what authorities say about people and properties.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::limits::{HOLDERS_MAX, STATUS_FACTS_MAX};
use deedbook_schemas::party::{AuthorityRole, CivilStatus, PartyId};
use deedbook_schemas::property::FirstRegistration;
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::Code;

use crate::doors::unless;
use crate::memory::{Codes, Model, Wedding};
use crate::shares::Share;
use crate::verdict::Reasons;

impl Model {
    pub(crate) fn first_reasons(
        &self,
        record: &Record,
        body: &FirstRegistration,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Registrar);
        let holdings = &body.holdings;
        let past = holdings.iter().all(|hold| hold.acquired <= now);
        let few = holdings.len() <= HOLDERS_MAX;
        unless(past && few, Code::FieldInvalid, &mut door);
        let mut law = Codes::new();
        let sum = holdings
            .iter()
            .fold(Share::NONE, |sum, hold| sum.plus(Share::of(hold.share)));
        unless(sum == Share::ALL, Code::TitleShares, &mut law);
        let known = holdings.iter().all(|hold| self.known(&hold.party));
        unless(known, Code::HolderUnknown, &mut law);
        let fresh = self.title(record.subject()).is_none();
        unless(fresh, Code::TitleExists, &mut law);
        (door, law)
    }

    pub(crate) fn status_reasons(
        &self,
        record: &Record,
        fact: &CivilStatus,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::CivilRegistry);
        let since = match fact {
            CivilStatus::Unmarried { from, .. }
            | CivilStatus::Marriage { from, .. }
            | CivilStatus::Divorce { from }
            | CivilStatus::SeparateProperty { from }
            | CivilStatus::Incapacity { from }
            | CivilStatus::Capacity { from } => *from,
            CivilStatus::Death { at } => *at,
            CivilStatus::Division { .. } | CivilStatus::Minority { .. } => now,
        };
        unless(since <= now, Code::FieldInvalid, &mut door);
        if let CivilStatus::Marriage { spouses, .. } = fact {
            unless(spouses[0] < spouses[1], Code::FieldInvalid, &mut door);
        }
        let mut law = Codes::new();
        unless(
            self.fits(record.subject(), fact, now),
            Code::StatusInvalid,
            &mut law,
        );
        (door, law)
    }

    /// Whether a fact can be true, given all that is known.
    fn fits(&self, subject: &str, fact: &CivilStatus, now: Seconds) -> bool {
        let person = || subject.parse::<PartyId>().ok().filter(|p| self.enrolled(p));
        let marriage = || subject.parse().ok().and_then(|id| self.wedding(&id));
        let alive = |party: &PartyId, at| self.died(party).is_none_or(|died| at <= died);
        match fact {
            CivilStatus::Unmarried { parties, from } => parties.iter().all(|party| {
                self.enrolled(party)
                    && alive(party, *from)
                    && !self
                        .weddings(party)
                        .iter()
                        .any(|w| self.married_at(w, *from))
                    && self.unmarried(party).len() < STATUS_FACTS_MAX
            }),
            CivilStatus::Marriage { spouses, from } => spouses.iter().all(|party| {
                let over = |w: &Wedding| w.from < *from && !self.married_at(w, *from);
                self.enrolled(party)
                    && alive(party, *from)
                    && self.unmarried(party).iter().all(|since| since < from)
                    && self.weddings(party).iter().all(over)
                    && self.weddings(party).len() < STATUS_FACTS_MAX
            }),
            CivilStatus::Divorce { from } => marriage()
                .is_some_and(|w| self.married_at(&w, *from) && self.divorced(&w).is_none()),
            CivilStatus::SeparateProperty { from } => marriage().is_some_and(|w| {
                self.married_at(&w, *from)
                    && self.divorced(&w).is_none()
                    && self.separate_from(&w).is_none()
            }),
            CivilStatus::Division { property, to } => marriage().is_some_and(|wedding| {
                let holds = self.title(property).map(|title| title.holds);
                let last = self.divisions(&wedding, property).last().map(|(at, _)| *at);
                let joint = holds.unwrap_or_default().iter().any(|hold| {
                    wedding.spouses.contains(&hold.party)
                        && hold.acquired >= wedding.from
                        && last.is_none_or(|last| hold.acquired > last)
                });
                joint && wedding.spouses.contains(to)
            }),
            CivilStatus::Death { at } => person().is_some_and(|party| {
                self.died(&party).is_none()
                    && self.unmarried(&party).iter().all(|since| since <= at)
                    && self.weddings(&party).iter().all(|w| w.from <= *at)
            }),
            CivilStatus::Incapacity { .. } => person().is_some_and(|party| {
                self.died(&party).is_none() && self.incapable(&party).is_none()
            }),
            CivilStatus::Capacity { from } => person().is_some_and(|party| {
                self.died(&party).is_none()
                    && self.incapable(&party).is_some_and(|since| since <= *from)
            }),
            CivilStatus::Minority { until } => person().is_some_and(|party| {
                self.died(&party).is_none() && self.of_age(&party).is_none() && *until > now
            }),
        }
    }
}
