//! Appeals, reading of others' rights, and recordings that courts hold, as the model sees them.

use deedbook_schemas::access::{AccessConsent, AccessEntry};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{EvidenceRoot, RecordId};
use deedbook_schemas::instrument::{Ending, Revocation};
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::proceeding::{Appeal, LegalHold};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::doors::{Recording, bare, unless};
use crate::memory::{Codes, Model, What};
use crate::texts::Deed;
use crate::verdict::Reasons;

/// What an appeal is about.
enum Contested<'m> {
    Pending(Deed<'m>),
    Over(Seconds, &'m Record),
}

impl Model {
    /// Whether an authority is above another one.
    fn is_above(&self, above: &PartyId, below: &PartyId) -> bool {
        let mut next = self.accreditation(below).and_then(|a| a.superior);
        while let Some(superior) = next {
            if superior == *above {
                return true;
            }
            next = self.accreditation(&superior).and_then(|a| a.superior);
        }
        false
    }

    fn contested(&self, id: &RecordId) -> Option<Contested<'_>> {
        if let Some(deed) = self.deed(id) {
            let ended = self.ended_when(id);
            let (_, _, record) = self.find(id)?;
            return Some(ended.map_or(Contested::Pending(deed), |at| Contested::Over(at, record)));
        }
        self.events.iter().find_map(|event| match &event.what {
            What::Refused(record) if record.id == *id && Deed::of(record, event.at).is_some() => {
                Some(Contested::Over(event.at, record.as_ref()))
            }
            _ => None,
        })
    }

    pub(crate) fn appeal_reasons(&self, record: &Record, body: &Appeal, now: Seconds) -> Reasons {
        let mut door = self.act_door(record, Recording::Needed, now);
        let signer = record.issuer();
        let mut law = self.standing(&signer, now);
        let id: RecordId = record.subject().parse().unwrap();
        let appealed = Record::decode(&body.record).ok().filter(|r| r.id == id);
        unless(appealed.is_some(), Code::FieldInvalid, &mut door);
        let Some(contested) = self.contested(&id) else {
            door.insert(Code::InstrumentUnknown);
            return (door, law);
        };
        let deed = match &contested {
            Contested::Pending(deed) => *deed,
            Contested::Over(at, record) => Deed::of(record, *at).unwrap(),
        };
        let mut everybody = deed.everybody().into_iter();
        let party =
            deed.lodger == signer || everybody.any(|party| self.speaks_for(&signer, &party, now));
        unless(party, Code::AppealStanding, &mut law);
        match contested {
            Contested::Pending(_) => drop(law.insert(Code::AppealEarly)),
            Contested::Over(at, _) => {
                let days = u64::from(self.law_of(&id).appeal_days);
                let in_time = now.0 <= at.0 + days * 86_400;
                unless(in_time, Code::AppealLate, &mut law);
            }
        }
        let court = self.accreditation(&body.court);
        let sits = court.is_some_and(|c| c.role == AuthorityRole::Court && !c.suspended);
        unless(sits, Code::AuthorityUnknown, &mut law);
        let subject = record.subject();
        let mut earlier = self.about(subject).filter_map(|(_, _, r)| match r.body {
            Body::Appeal(_) => Some(r.id),
            _ => None,
        });
        let open = earlier.any(|appeal| !self.is_decided(&appeal));
        unless(!open, Code::AppealOpen, &mut law);
        (door, law)
    }

    fn is_decided(&self, appeal: &RecordId) -> bool {
        self.about(appeal)
            .any(|(_, _, r)| matches!(r.body, Body::AppealDecision(_)))
    }

    pub(crate) fn ruling_reasons(&self, record: &Record) -> Reasons {
        let door = self.authority_door(record, AuthorityRole::Court);
        let mut law = Codes::new();
        let id: RecordId = record.subject().parse().unwrap();
        let court = self
            .find(&id)
            .and_then(|(_, _, appeal)| match &appeal.body {
                Body::Appeal(body) if !self.is_decided(&id) => Some(body.court),
                _ => None,
            });
        match court {
            None => drop(law.insert(Code::AppealUnknown)),
            Some(court) => {
                let judge = record.issuer();
                let competent = judge == court || self.is_above(&judge, &court);
                unless(competent, Code::AppealStanding, &mut law);
            }
        }
        (door, law)
    }

    pub(crate) fn letting_reasons(
        &self,
        record: &Record,
        body: &AccessConsent,
        now: Seconds,
    ) -> Reasons {
        let door = self.act_door(record, Recording::Needed, now);
        let mut law = self.standing(&record.issuer(), now);
        let reader: PartyId = record.subject().parse().unwrap();
        let known = self.known(&reader) || self.accreditation(&reader).is_some();
        let another = known && reader != record.issuer();
        unless(another, Code::AccessForeign, &mut law);
        unless(now <= body.expires, Code::AccessExpired, &mut law);
        (door, law)
    }

    /// Who let whom read, and what for.
    fn letting(&self, id: &RecordId) -> Option<(PartyId, PartyId, &AccessConsent)> {
        let (_, _, record) = self.find(id)?;
        match &record.body {
            Body::AccessConsent(body) => {
                Some((record.issuer(), record.subject().parse().unwrap(), body))
            }
            _ => None,
        }
    }

    pub(crate) fn reading_reasons(
        &self,
        record: &Record,
        body: &AccessEntry,
        now: Seconds,
    ) -> Reasons {
        let reader = record.issuer();
        let authority = self.accreditation(&reader);
        let (mut door, mut law) = match authority {
            Some(found) => (self.authority_door(record, found.role), Codes::new()),
            None => (self.person_door(record), self.standing(&reader, now)),
        };
        bare(record, &mut door);
        let one = body.consent.is_none() || body.legal_ground.is_none();
        unless(one, Code::FieldInvalid, &mut door);
        let subject: PartyId = record.subject().parse().unwrap();
        unless(self.known(&subject), Code::HolderUnknown, &mut law);
        match body.consent.as_ref().map(|id| (id, self.letting(id))) {
            None => {
                let said = body.legal_ground.as_deref().unwrap_or_default();
                let by_law = authority.is_some() && !said.trim().is_empty();
                unless(by_law, Code::AccessGround, &mut law);
            }
            Some((_, None)) => drop(law.insert(Code::AccessUnknown)),
            Some((id, Some((person, recipient, letting)))) => {
                let officer = self.entity(&recipient).is_some()
                    && self.out_of_office(&reader, &recipient, now).is_empty();
                let theirs = person == subject
                    && (reader == recipient || officer)
                    && letting.purpose == body.purpose;
                unless(theirs, Code::AccessForeign, &mut law);
                unless(now <= letting.expires, Code::AccessExpired, &mut law);
                let live = self.ended_by_will(id).is_none() && self.died(&person).is_none();
                unless(live, Code::AccessEnded, &mut law);
            }
        }
        (door, law)
    }

    /// What speaks against taking back that somebody may read; nothing if that is not what it is.
    pub(crate) fn taking_back_reasons(
        &self,
        id: &RecordId,
        signer: &PartyId,
        body: &Revocation,
        now: Seconds,
    ) -> Option<Codes> {
        let (person, _, letting) = self.letting(id)?;
        let mut law = Codes::new();
        let own = body.ending == Ending::Revocation && person == *signer;
        unless(own, Code::RevocationForeign, &mut law);
        let lasts = self.ended_by_will(id).is_none() && now <= letting.expires;
        unless(lasts, Code::RevocationDone, &mut law);
        Some(law)
    }

    /// The court that holds a recording.
    pub(crate) fn held_by(&self, root: &str) -> Option<PartyId> {
        let mut holds = self.about(root).filter_map(|(_, _, r)| match &r.body {
            Body::LegalHold(body) => Some(body.held.then_some(r.issuer())),
            _ => None,
        });
        holds.next_back().flatten()
    }

    pub(crate) fn hold_reasons(&self, record: &Record, body: &LegalHold) -> Reasons {
        let door = self.authority_door(record, AuthorityRole::Court);
        let mut law = Codes::new();
        let root: EvidenceRoot = record.subject().parse().unwrap();
        let court = record.issuer();
        let holder = self.held_by(record.subject());
        if body.held {
            unless(self.is_kept(&root), Code::EvidenceUnknown, &mut law);
            unless(holder.is_none(), Code::EvidenceHeld, &mut law);
        } else {
            let own = holder.is_some_and(|h| h == court || self.is_above(&court, &h));
            unless(own, Code::EvidenceForeign, &mut law);
        }
        (door, law)
    }
}
