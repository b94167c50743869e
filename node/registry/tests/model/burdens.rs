//! What stands on a title besides its holders, as the model sees it: freezes, caveats, owners' locks.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Caveat, Freeze, FreezeRelease, SelfLockRelease};
use deedbook_schemas::instrument::ActKind;
use deedbook_schemas::limits::{CAVEATS_MAX, ENCUMBRANCES_OF_A_KIND_MAX};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::deeds::{Need, held, need};
use crate::doors::{Recording, unless};
use crate::memory::{Codes, Model};
use crate::pages::{Sort, stands};
use crate::texts::{Deed, Text};
use crate::verdict::Reasons;

const FREEZERS: [AuthorityRole; 4] = [
    AuthorityRole::Court,
    AuthorityRole::Prosecutor,
    AuthorityRole::FinancialMonitor,
    AuthorityRole::Registrar,
];

impl Model {
    /// Everything of one kind that was ever put on a property.
    pub(crate) fn put_on<'m>(
        &'m self,
        property: &str,
        kind: fn(&Body) -> bool,
    ) -> Vec<(usize, Seconds, &'m Record)> {
        let records = self.about(property);
        let of_kind = records.filter(|(_, _, r)| kind(&r.body));
        of_kind.collect()
    }

    /// What has to be taken off the titles at `now`: what, and off which.
    pub(crate) fn over(&self, now: Seconds) -> Vec<(RecordId, String)> {
        let mut over = Vec::new();
        for property in self.properties() {
            for thing in &self.page(&property).things {
                if !stands(thing, now) {
                    over.push((thing.id, property.clone()));
                }
            }
        }
        over
    }

    /// Every number that ever stood for a title.
    pub(crate) fn properties(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for (_, at, record) in self.done() {
            if matches!(record.body, Body::FirstRegistration(_)) {
                all.insert(record.subject().to_owned());
            }
            match Deed::of(record, at).map(|deed| deed.text) {
                Some(Text::Split(text)) => {
                    all.extend(text.into.iter().map(|new| new.property.clone()));
                }
                Some(Text::Merger(_)) => drop(all.insert(record.subject().to_owned())),
                _ => {}
            }
        }
        all.retain(|property| self.title(property).is_some());
        all
    }

    /// The ids of what is on a title.
    pub(crate) fn burdens(&self, property: &str) -> BTreeSet<RecordId> {
        let page = self.page(property);
        let things = page.things.iter().map(|thing| thing.id);
        let offers = self.offers(property);
        things.chain(offers.iter().map(|offer| offer.id)).collect()
    }

    /// What stands on the titles in the way of a deed.
    pub(crate) fn in_the_way(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = Vec::new();
        if !deed.disposes() {
            return needs;
        }
        for leg in deed.legs() {
            let page = self.page(leg.property);
            let freezes = page.standing(Sort::Freeze, now);
            for freeze in freezes.iter().filter(|_| !deed.by_court()) {
                needs.push(need("freeze.in_force", Some(freeze.whose)));
            }
            for lock in page.standing(Sort::Lock, now) {
                if deed.kind().is_some() && leg.gives.contains(&lock.whose) {
                    needs.push(need("lock.in_force", Some(lock.whose)));
                }
            }
            if matches!(deed.kind(), Some(ActKind::Sell | ActKind::Exchange)) {
                needs.extend(self.preemption(deed, &leg, now));
            }
        }
        needs
    }

    pub(crate) fn freeze_reasons(&self, record: &Record, body: &Freeze, now: Seconds) -> Reasons {
        let door = self.authority_door_of(record, &FREEZERS);
        let mut law = Codes::new();
        let property = record.subject();
        let known = self.title(property).is_some();
        unless(known, Code::TitleUnknown, &mut law);
        let page = self.page(property);
        unless(!page.cancelled, Code::TitleCancelled, &mut law);
        let frozen = page.standing(Sort::Freeze, now).len();
        let room = frozen < ENCUMBRANCES_OF_A_KIND_MAX;
        unless(room, Code::EncumbranceTooMany, &mut law);
        let future = body.until.is_none_or(|until| until > now);
        unless(future, Code::FreezeTerm, &mut law);
        (door, law)
    }

    pub(crate) fn lifting_reasons(
        &self,
        record: &Record,
        body: &FreezeRelease,
        now: Seconds,
    ) -> Reasons {
        let door = self.authority_door_of(record, &FREEZERS);
        let mut law = Codes::new();
        let standing = self.page(&body.property).standing(Sort::Freeze, now);
        let mut standing = standing.iter();
        match standing.find(|freeze| freeze.id.to_string() == record.subject()) {
            None => drop(law.insert(Code::FreezeUnknown)),
            Some(freeze) => {
                let signer = record.issuer();
                let by = self.accreditation(&freeze.whose);
                let above = by.is_some_and(|by| by.superior == Some(signer));
                let court = self
                    .accreditation(&signer)
                    .is_some_and(|signer| signer.role == AuthorityRole::Court);
                let entitled = freeze.whose == signer || (above && court);
                unless(entitled, Code::FreezeForeign, &mut law);
            }
        }
        (door, law)
    }

    pub(crate) fn caveat_reasons(&self, record: &Record, body: &Caveat, now: Seconds) -> Reasons {
        let door = self.act_door(record, Recording::Needed, now);
        let mut law = self.standing(&record.issuer(), now);
        let property = record.subject();
        unless(self.title(property).is_some(), Code::TitleUnknown, &mut law);
        let page = self.page(property);
        unless(!page.cancelled, Code::TitleCancelled, &mut law);
        let standing = page.standing(Sort::Caveat, now);
        let room = standing.len() < CAVEATS_MAX;
        unless(room, Code::EncumbranceTooMany, &mut law);
        let first = standing
            .iter()
            .all(|caveat| caveat.whose != record.issuer());
        unless(first, Code::CaveatRepeated, &mut law);
        let longest = now.0 + u64::from(self.law().caveat_max_days) * 24 * 3600;
        let fits = now < body.until && body.until.0 <= longest;
        unless(fits, Code::CaveatTerm, &mut law);
        (door, law)
    }

    pub(crate) fn lock_reasons(&self, record: &Record, now: Seconds) -> Reasons {
        let door = self.act_door(record, Recording::Needed, now);
        let signer = record.issuer();
        let mut law = self.standing(&signer, now);
        let Some(title) = self.title(record.subject()) else {
            law.insert(Code::TitleUnknown);
            return (door, law);
        };
        let holds = !held(&title.holds, &signer).is_nothing();
        unless(holds, Code::LockForeign, &mut law);
        let page = self.page(record.subject());
        unless(!page.cancelled, Code::TitleCancelled, &mut law);
        let locks = page.standing(Sort::Lock, now);
        let locked = locks.iter().any(|lock| lock.whose == signer);
        unless(!locked, Code::LockRepeated, &mut law);
        (door, law)
    }

    pub(crate) fn opening_reasons(
        &self,
        record: &Record,
        body: &SelfLockRelease,
        now: Seconds,
    ) -> Reasons {
        let mut high = self.law().clone();
        high.assurance_min = high.assurance_min.max(high.lock_assurance);
        let door = self.act_door_under(record, Recording::Needed, now, &high);
        let mut law = self.standing(&record.issuer(), now);
        let standing = self.page(&body.property).standing(Sort::Lock, now);
        let mut standing = standing.iter();
        match standing.find(|lock| lock.id.to_string() == record.subject()) {
            None => drop(law.insert(Code::LockUnknown)),
            Some(lock) => {
                unless(lock.whose == record.issuer(), Code::LockForeign, &mut law);
                unless(lock.ends.is_none(), Code::LockRepeated, &mut law);
            }
        }
        (door, law)
    }
}
