//! The law in force, as the model sees it: which profile judges what, and who changes it (rule 47).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::PROFILES_MAX;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::profile::{Profile, ProfileChange};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::doors::unless;
use crate::memory::{Codes, Event, Model, What};
use crate::verdict::Reasons;

impl Model {
    /// The laws, one after the other: from which block on each is in force.
    fn laws(&self) -> Vec<(u64, &Profile)> {
        let mut laws = vec![(0, &self.profile)];
        for (_, _, record) in self.changes_of_law() {
            if let Body::Profile(change) = &record.body {
                laws.push((change.from.0, &change.profile));
            }
        }
        laws
    }

    /// The law in force in a block.
    pub(crate) fn law_at(&self, height: u64) -> &Profile {
        let laws = self.laws();
        let mut begun = laws.iter().filter(|(from, _)| *from <= height);
        begun.next_back().unwrap().1
    }

    /// The present law.
    pub(crate) fn law(&self) -> &Profile {
        self.law_at(self.height)
    }

    /// The law in force when something was lodged: it judges what is lodged to its end. What is not
    /// on the ledger yet is lodged now.
    pub(crate) fn law_of(&self, id: &RecordId) -> &Profile {
        let refused = |event: &&Event| matches!(&event.what, What::Refused(r) if r.id == *id);
        let lodged = match self.find(id) {
            Some((place, _, _)) => self.events.get(place),
            None => self.events.iter().find(refused),
        };
        self.law_at(lodged.map_or(self.height, |event| event.height))
    }

    /// The law that judges what is said about a deed: the deed's as long as it is open.
    pub(crate) fn law_about(&self, deed: &RecordId, now: Seconds) -> &Profile {
        match self.deed(deed).filter(|deed| self.is_open(deed, now)) {
            Some(deed) => self.law_of(&deed.id),
            None => self.law(),
        }
    }

    /// Rule 47: the supervisor changes the law from a later block on, and after every other change.
    pub(crate) fn change_reasons(&self, record: &Record, change: &ProfileChange) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Supervisor);
        let itself = record.subject() == record.issuer().to_string();
        unless(itself, Code::FieldInvalid, &mut door);
        let mut law = Codes::new();
        let laws = self.laws();
        let later = laws.iter().all(|(from, _)| *from < change.from.0);
        let future = self.height < change.from.0;
        unless(later && future, Code::ProfilePast, &mut law);
        let possible = is_possible(&change.profile) && laws.len() < PROFILES_MAX;
        unless(possible, Code::ProfileInvalid, &mut law);
        (door, law)
    }
}

/// Whether the parameters that a history spoils are possible.
fn is_possible(profile: &Profile) -> bool {
    let days = [
        profile.pending_days,
        profile.preemption_days,
        profile.appeal_days,
        profile.caveat_max_days,
        profile.lock_cooling_hours,
        profile.priority_business_days,
        profile.requisition_business_days,
    ];
    days.iter().all(|days| *days > 0)
        && profile.power_default_years > 0
        && profile.power_default_years <= profile.power_max_years
        && (1..=3).contains(&profile.assurance_min)
        && profile.calendar.weekend.len() < 7
}
