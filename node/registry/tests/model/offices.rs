//! Who acts for others by office, as the model sees it: officers for legal entities, guardians for
//! those who cannot act themselves.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::{ActRole, TransferKind};
use deedbook_schemas::limits::OFFICERS_MAX;
use deedbook_schemas::party::{AuthorityRole, CivilStatus, Guardianship, LegalEntity, PartyId};
use deedbook_schemas::proceeding::GuardianPermission;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::deeds::{Need, Signed, need};
use crate::doors::unless;
use crate::memory::{Codes, Model};
use crate::texts::Deed;
use crate::verdict::Reasons;

/// What is known about who acts for somebody.
#[derive(Debug, Default)]
struct Life {
    guardian: Option<PartyId>,
    /// The places from which on others act for them, or they themselves again.
    turns: Vec<usize>,
}

impl Model {
    /// A legal entity as it is now.
    pub(crate) fn entity(&self, party: &PartyId) -> Option<&LegalEntity> {
        self.charters(party).pop().map(|(_, entity)| entity)
    }

    fn charters(&self, party: &PartyId) -> Vec<(usize, &LegalEntity)> {
        let charters = self.about(party).filter_map(|(index, _, r)| match &r.body {
            Body::LegalEntity(entity) => Some((index, entity)),
            _ => None,
        });
        charters.collect()
    }

    pub(crate) fn known(&self, party: &PartyId) -> bool {
        self.enrolled(party) || self.entity(party).is_some() || self.group(party).is_some()
    }

    /// When somebody comes of age, if they are said to be under it.
    pub(crate) fn of_age(&self, party: &PartyId) -> Option<Seconds> {
        self.about(party).find_map(|(_, _, r)| match &r.body {
            Body::CivilStatus(CivilStatus::Minority { until }) => Some(*until),
            _ => None,
        })
    }

    pub(crate) fn is_ward(&self, party: &PartyId, now: Seconds) -> bool {
        let minor = self.of_age(party).is_some_and(|until| now < until);
        self.incapable(party).is_some() || minor
    }

    fn life(&self, party: &PartyId) -> Life {
        let mut life = Life::default();
        let (mut incapable, mut minor_until) = (false, None);
        for (index, at, record) in self.about(party) {
            let ward = |incapable: bool, until: Option<Seconds>| {
                incapable || until.is_some_and(|until| at < until)
            };
            let before = ward(incapable, minor_until);
            let ends = match &record.body {
                Body::Guardianship(body) => {
                    if life.guardian != body.guardian {
                        life.turns.push(index);
                    }
                    life.guardian = body.guardian;
                    false
                }
                Body::CivilStatus(CivilStatus::Incapacity { .. }) => {
                    incapable = true;
                    !before
                }
                Body::CivilStatus(CivilStatus::Minority { until }) => {
                    minor_until = Some(*until);
                    !before
                }
                Body::CivilStatus(CivilStatus::Capacity { .. }) => {
                    incapable = false;
                    !ward(incapable, minor_until)
                }
                _ => false,
            };
            if ends {
                life.turns.push(index);
                life.guardian = None;
            }
        }
        life
    }

    pub(crate) fn guardian(&self, party: &PartyId) -> Option<PartyId> {
        self.life(party).guardian
    }

    fn turned_after(&self, party: &PartyId, place: usize) -> bool {
        self.life(party).turns.iter().any(|turn| *turn > place)
    }

    /// Whether somebody cannot act, or could not at some time since a place in the history. A legal
    /// entity stays the same, whoever its officers are.
    pub(crate) fn broken(&self, party: &PartyId, place: usize, now: Seconds) -> bool {
        match self.entity(party) {
            Some(entity) => entity.dissolved,
            None => !self.able(party, now) || self.turned_after(party, place),
        }
    }

    /// Why nobody can act for a party, or for one of those whom it consists of.
    pub(crate) fn stuck(&self, party: &PartyId, now: Seconds) -> Codes {
        let behind = self.persons(party).into_iter();
        behind.filter_map(|p| self.alone_stuck(&p, now)).collect()
    }

    fn alone_stuck(&self, party: &PartyId, now: Seconds) -> Option<Code> {
        if let Some(entity) = self.entity(party) {
            return entity.dissolved.then_some(Code::EntityInactive);
        }
        if !self.enrolled(party) {
            return Some(Code::PartyDead);
        }
        let guardian = self.guardian(party);
        let guarded = guardian.is_some_and(|guardian| self.able(&guardian, now));
        let alone = self.died(party).is_some() || !guarded;
        let standing = self.standing(party, now).into_iter();
        standing.take(1).find(|_| alone)
    }

    /// Why somebody does not act for a party by office.
    pub(crate) fn out_of_office(&self, signer: &PartyId, party: &PartyId, now: Seconds) -> Codes {
        let mut why = self.standing(signer, now);
        if let Some(entity) = self.entity(party) {
            unless(!entity.dissolved, Code::EntityInactive, &mut why);
            let officer = entity.officers.contains(signer);
            unless(officer, Code::EntityOfficer, &mut why);
        } else if self.enrolled(party) {
            unless(self.died(party).is_none(), Code::PartyDead, &mut why);
            let theirs = self.guardian(party) == Some(*signer) && self.is_ward(party, now);
            unless(theirs, Code::GuardianForeign, &mut why);
        } else {
            why.insert(Code::EntityOfficer);
        }
        why
    }

    /// The same, of what one signature brings about, with those who approved it.
    pub(crate) fn not_alone(&self, record: &Record, party: &PartyId, now: Seconds) -> Codes {
        let mut why = self.out_of_office(&record.issuer(), party, now);
        let enough = self.entity(party).is_none_or(|entity| {
            let mut behind = self.approvers(record, party, now);
            behind.insert(record.issuer());
            behind.retain(|officer| entity.officers.contains(officer));
            entity.signatures <= 1 || behind.len() >= usize::from(entity.signatures)
        });
        unless(enough, Code::EntitySignatures, &mut why);
        why
    }

    /// Whether somebody is a party, or acts for it by office.
    pub(crate) fn is_or_acts_for(&self, signer: &PartyId, party: &PartyId, now: Seconds) -> bool {
        signer == party || self.out_of_office(signer, party, now).is_empty()
    }

    /// Whether who acted by office is in it without a break since.
    pub(crate) fn still_in_office(&self, act: &Signed, now: Seconds) -> bool {
        self.in_office_since(act.index, &act.signer, &act.party, now)
    }

    /// Whether somebody is in office for a party without a break since a place in the history.
    pub(crate) fn in_office_since(
        &self,
        place: usize,
        signer: &PartyId,
        party: &PartyId,
        now: Seconds,
    ) -> bool {
        let stayed = if self.entity(party).is_some() {
            let charters = self.charters(party).into_iter();
            let mut later = charters.filter(|(index, _)| *index > place);
            later.all(|(_, entity)| entity.officers.contains(signer))
        } else {
            !self.turned_after(party, place)
        };
        stayed
            && self.out_of_office(signer, party, now).is_empty()
            && !self.turned_after(signer, place)
    }

    /// Whether enough was done for a party in a role: of a group, for each of those whom it consists of.
    pub(crate) fn has_acted(&self, acts: &[Signed], role: ActRole, party: &PartyId) -> bool {
        let mut behind = self.persons(party).into_iter();
        behind.all(|party| self.alone_acted(acts, role, &party))
    }

    fn alone_acted(&self, acts: &[Signed], role: ActRole, party: &PartyId) -> bool {
        let own = acts.iter().filter(|a| a.role == role && a.party == *party);
        let own: Vec<&Signed> = own.collect();
        let Some(entity) = self.entity(party) else {
            return !own.is_empty();
        };
        let officers = own.iter().filter(|act| act.by_office);
        let officers: BTreeSet<PartyId> = officers.map(|act| act.signer).collect();
        let together = !officers.is_empty() && officers.len() >= usize::from(entity.signatures);
        together || own.iter().any(|act| act.power.is_some())
    }

    /// Who deals with a ward in a deed; not who gives them something.
    fn against(&self, deed: &Deed<'_>, ward: &PartyId) -> Vec<PartyId> {
        let gift = deed
            .transfer()
            .is_some_and(|text| text.kind == TransferKind::Gift);
        let lender = deed.lender();
        let mut against = Vec::new();
        for leg in deed.legs() {
            if self.is_among(ward, &leg.gives) {
                against.extend(&leg.takes);
            }
            if self.is_among(ward, &leg.takes) {
                against.extend(lender);
                against.extend(leg.gives.iter().filter(|_| !gift));
            }
            if lender == Some(*ward) {
                against.extend(&leg.takes);
            }
        }
        against
            .iter()
            .flat_map(|party| self.persons(party))
            .collect()
    }

    /// Whether a guardian, or their spouse, has to do with the other side.
    fn conflict(&self, deed: &Deed<'_>, guardian: &PartyId, ward: &PartyId, now: Seconds) -> bool {
        if self.entity(ward).is_some() {
            return false;
        }
        let mut own = vec![*guardian];
        own.extend(self.spouse(guardian, now));
        let acts = self.counting(&deed.id, now);
        self.against(deed, ward).iter().any(|other| {
            let officer = |entity: &LegalEntity| own.iter().any(|o| entity.officers.contains(o));
            let guards = self.is_ward(other, now)
                && self.guardian(other).is_some_and(|one| own.contains(&one));
            let acted = acts
                .iter()
                .any(|a| a.party == *other && a.signer == *guardian);
            other != ward
                && (own.contains(other)
                    || guards
                    || acted
                    || self.entity(other).is_some_and(officer))
        })
    }

    pub(crate) fn conflict_reasons(
        &self,
        deed: &Deed<'_>,
        signer: &PartyId,
        party: &PartyId,
        in_office: bool,
        now: Seconds,
    ) -> bool {
        let acts = self.counting(&deed.id, now);
        let other_side = acts.iter().any(|act| {
            act.by_office
                && act.signer == *signer
                && act.party != *party
                && self.entity(&act.party).is_none()
                && self.against(deed, &act.party).contains(party)
        });
        other_side || (in_office && self.conflict(deed, signer, party, now))
    }

    /// What wards and guardians make a deed wait for.
    pub(crate) fn ward_needs(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = Vec::new();
        for act in self.counting(&deed.id, now) {
            if act.by_office && self.conflict(deed, &act.signer, &act.party, now) {
                needs.push(need("guardian.conflict", None));
            }
        }
        let mut wards = deed.side(ActRole::Disponor);
        if deed.lender().is_some() {
            wards.extend(deed.side(ActRole::Acquirer));
        }
        let mut wards: Vec<PartyId> = wards.iter().flat_map(|p| self.persons(p)).collect();
        wards.sort();
        wards.dedup();
        wards.retain(|party| self.is_ward(party, now));
        for ward in wards {
            let mut permitted = self.about(&deed.id).filter_map(|(_, _, r)| match &r.body {
                Body::GuardianPermission(body) if body.ward == ward => Some(body.expires),
                _ => None,
            });
            match permitted.next_back() {
                None => needs.push(need("guardian.permission_missing", None)),
                Some(until) if now <= until => {}
                Some(_) => needs.push(need("guardian.permission_expired", None)),
            }
        }
        needs
    }

    pub(crate) fn permission_reasons(
        &self,
        record: &Record,
        body: &GuardianPermission,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::GuardianshipAuthority);
        let id = record.subject().parse().unwrap();
        let Some(deed) = self.open_deed(&id, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut law = Codes::new();
        let alive = self.enrolled(&body.ward) && self.died(&body.ward).is_none();
        let ward = alive && self.is_ward(&body.ward, now);
        let everybody = self.with_members(&deed.everybody());
        let takes_part = everybody.contains(&body.ward);
        unless(ward && takes_part, Code::GuardianUnfit, &mut law);
        unless(now <= body.expires, Code::PermissionExpired, &mut law);
        (door, law)
    }

    pub(crate) fn appointment_reasons(
        &self,
        record: &Record,
        body: &Guardianship,
        now: Seconds,
    ) -> Reasons {
        let door = self.authority_door(record, AuthorityRole::GuardianshipAuthority);
        let ward: PartyId = record.subject().parse().unwrap();
        let alive = self.enrolled(&ward) && self.died(&ward).is_none();
        let fit = match &body.guardian {
            Some(guardian) => *guardian != ward && self.able(guardian, now),
            None => !self.known(&ward) || self.guardian(&ward).is_some(),
        };
        let mut law = Codes::new();
        let needed = alive && self.is_ward(&ward, now);
        unless(needed && fit, Code::GuardianUnfit, &mut law);
        (door, law)
    }

    pub(crate) fn charter_reasons(
        &self,
        record: &Record,
        body: &LegalEntity,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::BusinessRegistry);
        let officers = body.officers.len();
        let sound = !body.name.is_empty()
            && body.officers.windows(2).all(|pair| pair[0] < pair[1])
            && (officers == 0) == body.dissolved
            && officers <= OFFICERS_MAX
            && body.signatures >= 1
            && usize::from(body.signatures) <= officers.max(1);
        unless(sound, Code::FieldInvalid, &mut door);
        let id: PartyId = record.subject().parse().unwrap();
        let mut law = Codes::new();
        let other = self.enrolled(&id) || self.group(&id).is_some();
        let free = !other && self.accreditation(&id).is_none();
        unless(free, Code::PartyExists, &mut law);
        let over = self.entity(&id).is_some_and(|entity| entity.dissolved);
        let able = body.officers.iter().all(|officer| self.able(officer, now));
        unless(!over && able, Code::EntityInvalid, &mut law);
        (door, law)
    }
}
