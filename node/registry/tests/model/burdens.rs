//! What stands on a title besides its holders, as the model sees it: freezes, caveats, owners' locks.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Caveat, Freeze, FreezeRelease, SelfLockRelease};
use deedbook_schemas::instrument::TransferKind;
use deedbook_schemas::limits::{CAVEATS_MAX, ENCUMBRANCES_OF_A_KIND_MAX};
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::dates::hour_after;
use crate::deeds::{Deed, Need, held, need, parties};
use crate::doors::{Recording, unless};
use crate::memory::{Codes, Model, What};
use crate::verdict::Reasons;

const HOUR: u64 = 3600;
const FREEZERS: [AuthorityRole; 4] = [
    AuthorityRole::Court,
    AuthorityRole::Prosecutor,
    AuthorityRole::FinancialMonitor,
    AuthorityRole::Registrar,
];

/// Something on a title.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Burden {
    pub(crate) id: RecordId,
    index: usize,
    /// The authority, the claimant or the holder.
    pub(crate) whose: PartyId,
    /// When it is over by itself.
    pub(crate) ends: Option<Seconds>,
}

impl Model {
    /// Everything of one kind that was ever put on a property.
    pub(crate) fn put_on<'m>(
        &'m self,
        property: &str,
        kind: fn(&Body) -> bool,
    ) -> Vec<(usize, Seconds, &'m Record)> {
        let records = self.done();
        let of_kind = records.filter(|(_, _, r)| kind(&r.body) && r.subject() == property);
        of_kind.collect()
    }

    /// Freezes, lifted ones left out.
    pub(crate) fn freezes(&self, property: &str) -> Vec<Burden> {
        let put = self.put_on(property, |body| matches!(body, Body::Freeze(_)));
        let freezes = put.into_iter().map(|(index, _, record)| Burden {
            id: record.id,
            index,
            whose: record.issuer(),
            ends: match &record.body {
                Body::Freeze(freeze) => freeze.until.map(hour_after),
                _ => None,
            },
        });
        let lifted = |burden: &Burden| {
            let subject = burden.id.to_string();
            self.done()
                .any(|(_, _, r)| matches!(r.body, Body::FreezeRelease(_)) && r.subject() == subject)
        };
        freezes.filter(|freeze| !lifted(freeze)).collect()
    }

    pub(crate) fn caveats(&self, property: &str) -> Vec<Burden> {
        let put = self.put_on(property, |body| matches!(body, Body::Caveat(_)));
        let caveats = put.into_iter().map(|(index, _, record)| Burden {
            id: record.id,
            index,
            whose: record.issuer(),
            ends: match &record.body {
                Body::Caveat(caveat) => Some(hour_after(caveat.until)),
                _ => None,
            },
        });
        caveats.collect()
    }

    /// Locks of those who have held ever since.
    pub(crate) fn locks(&self, property: &str) -> Vec<Burden> {
        let versions = self.versions(property);
        let put = self.put_on(property, |body| matches!(body, Body::SelfLock(_)));
        let locks = put.into_iter().map(|(index, _, record)| Burden {
            id: record.id,
            index,
            whose: record.issuer(),
            ends: self.opens(&record.id),
        });
        let mut locks: Vec<Burden> = locks.collect();
        locks.retain(|lock| {
            versions
                .iter()
                .filter(|version| version.index > lock.index)
                .all(|version| !held(&version.holds, &lock.whose).is_nothing())
        });
        locks
    }

    /// When a lock opens that was asked to.
    fn opens(&self, lock: &RecordId) -> Option<Seconds> {
        let subject = lock.to_string();
        let (_, asked, _) = self.done().find(|(_, _, r)| {
            matches!(r.body, Body::SelfLockRelease(_)) && r.subject() == subject
        })?;
        let cooling = u64::from(self.profile.lock_cooling_hours) * HOUR;
        Some(hour_after(Seconds(asked.0 + cooling)))
    }

    /// Everything on a title that can be over by itself.
    fn lapsing(&self, property: &str) -> Vec<Burden> {
        let mut all = self.freezes(property);
        all.extend(self.caveats(property));
        all.extend(self.locks(property));
        all
    }

    fn has_lapsed(&self, id: &RecordId) -> bool {
        let mut events = self.events.iter();
        events.any(|event| matches!(event.what, What::Lapsed(lapsed) if lapsed == *id))
    }

    /// What has to be taken off the titles at `now`.
    pub(crate) fn over(&self, now: Seconds) -> Vec<RecordId> {
        let mut over = Vec::new();
        for property in self.properties() {
            for burden in self.lapsing(&property) {
                if burden.ends.is_some_and(|end| end <= now) && !self.has_lapsed(&burden.id) {
                    over.push(burden.id);
                }
            }
        }
        over
    }

    fn properties(&self) -> Vec<String> {
        let registered = self.done().map(|(_, _, record)| record);
        registered
            .filter(|r| matches!(r.body, Body::FirstRegistration(_)))
            .map(|r| r.subject().to_owned())
            .collect()
    }

    /// The ids of what is on a title at `now`.
    pub(crate) fn burdens(&self, property: &str, now: Seconds) -> BTreeSet<RecordId> {
        let lapsing = self.lapsing(property).into_iter();
        let standing = lapsing
            .filter(|burden| stands(burden, now))
            .map(|burden| burden.id);
        let offers = self.offers(property);
        standing
            .chain(offers.iter().map(|offer| offer.id))
            .collect()
    }

    /// What stands on the title in the way of a deed.
    pub(crate) fn in_the_way(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = Vec::new();
        for freeze in self.freezes(deed.property) {
            if stands(&freeze, now) {
                needs.push(need("freeze.in_force", Some(freeze.whose)));
            }
        }
        let givers = parties(&deed.text.disponors);
        for lock in self.locks(deed.property) {
            if stands(&lock, now) && givers.contains(&lock.whose) {
                needs.push(need("lock.in_force", Some(lock.whose)));
            }
        }
        if deed.text.kind == TransferKind::Sale {
            needs.extend(self.preemption(deed, now));
        }
        needs
    }

    pub(crate) fn freeze_reasons(&self, record: &Record, body: &Freeze, now: Seconds) -> Reasons {
        let door = self.authority_door_of(record, &FREEZERS);
        let mut law = Codes::new();
        let property = record.subject();
        let known = self.title(property).is_some();
        unless(known, Code::TitleUnknown, &mut law);
        let standing = self.freezes(property);
        let frozen = standing.iter().filter(|freeze| stands(freeze, now)).count();
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
        let standing = self.freezes(&body.property);
        let mut standing = standing.iter().filter(|freeze| stands(freeze, now));
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
        let mut law = self.standing(&record.issuer());
        let property = record.subject();
        unless(self.title(property).is_some(), Code::TitleUnknown, &mut law);
        let mut standing = self.caveats(property);
        standing.retain(|caveat| stands(caveat, now));
        let room = standing.len() < CAVEATS_MAX;
        unless(room, Code::EncumbranceTooMany, &mut law);
        let first = standing
            .iter()
            .all(|caveat| caveat.whose != record.issuer());
        unless(first, Code::CaveatRepeated, &mut law);
        let longest = now.0 + u64::from(self.profile.caveat_max_days) * 24 * HOUR;
        let fits = now < body.until && body.until.0 <= longest;
        unless(fits, Code::CaveatTerm, &mut law);
        (door, law)
    }

    pub(crate) fn lock_reasons(&self, record: &Record, now: Seconds) -> Reasons {
        let door = self.act_door(record, Recording::Needed, now);
        let signer = record.issuer();
        let mut law = self.standing(&signer);
        let Some(title) = self.title(record.subject()) else {
            law.insert(Code::TitleUnknown);
            return (door, law);
        };
        let holds = !held(&title.holds, &signer).is_nothing();
        unless(holds, Code::LockForeign, &mut law);
        let locks = self.locks(record.subject());
        let locked = locks
            .iter()
            .any(|lock| lock.whose == signer && stands(lock, now));
        unless(!locked, Code::LockRepeated, &mut law);
        (door, law)
    }

    pub(crate) fn opening_reasons(
        &self,
        record: &Record,
        body: &SelfLockRelease,
        now: Seconds,
    ) -> Reasons {
        let door = self.act_door(record, Recording::Needed, now);
        let mut law = self.standing(&record.issuer());
        let locks = self.locks(&body.property);
        let mut standing = locks.iter().filter(|lock| stands(lock, now));
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

fn stands(burden: &Burden, now: Seconds) -> bool {
    burden.ends.is_none_or(|end| now < end)
}
