//! What officers approve for one another, as the model sees it (rule 23), and how they try it.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{BodyDigest, RecordId};
use deedbook_schemas::instrument::{Ending, Revocation};
use deedbook_schemas::party::{OfficerApproval, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::dates::deadline;
use crate::dealings::Dealing;
use crate::doors::{Recording, unless};
use crate::memory::{Codes, Model};
use crate::pen::{BANK, FIRM, PEOPLE, Paper, latest, name, personal};
use crate::verdict::Reasons;
use crate::world::id;

/// An approval that serves.
pub(crate) struct Endorsement {
    pub(crate) officer: PartyId,
    approves: BodyDigest,
}

impl Model {
    /// An approval that serves now: neither over, nor withdrawn, nor used, and its officer never left.
    pub(crate) fn approval(&self, id: &RecordId, now: Seconds) -> Option<Endorsement> {
        let (place, at, record) = self.find(id)?;
        let Body::OfficerApproval(body) = &record.body else {
            return None;
        };
        let entity: PartyId = record.subject().parse().unwrap();
        let officer = record.issuer();
        let over = deadline(at, self.law_of(id).pending_days) <= now;
        let withdrawn = self.ended_by_will(id).is_some();
        let used = self.done().any(|(later, _, done)| {
            later > place
                && done.body.binds() == Some(entity)
                && done.body.digest(done.subject()) == body.approves
        });
        let stayed = self.in_office_since(place, &officer, &entity, now);
        (!over && !withdrawn && !used && stayed).then_some(Endorsement {
            officer,
            approves: body.approves,
        })
    }

    /// Whether an id is that of an approval.
    pub(crate) fn is_approval(&self, id: &str) -> bool {
        let found = id.parse().ok().and_then(|id| self.find(&id));
        found.is_some_and(|(_, _, record)| matches!(record.body, Body::OfficerApproval(_)))
    }

    /// Who approved something for an entity, so that it serves.
    fn endorsers(&self, approves: BodyDigest, entity: &PartyId, now: Seconds) -> BTreeSet<PartyId> {
        let given = self.about(entity).map(|(_, _, record)| record.id);
        let serving = given.filter_map(|id| self.approval(&id, now));
        let same = serving.filter(|given| given.approves == approves);
        same.map(|given| given.officer).collect()
    }

    /// Who approved a record. Who becomes an agent by it does not count.
    pub(crate) fn approvers(
        &self,
        record: &Record,
        entity: &PartyId,
        now: Seconds,
    ) -> BTreeSet<PartyId> {
        let approves = record.body.digest(record.subject());
        let mut officers = self.endorsers(approves, entity, now);
        if matches!(record.body, Body::PowerOfAttorney(_)) {
            officers.remove(&record.subject().parse().unwrap());
        }
        officers
    }

    pub(crate) fn endorsement_reasons(
        &self,
        record: &Record,
        body: &OfficerApproval,
        now: Seconds,
    ) -> Reasons {
        let mut door = self.act_door(record, Recording::Needed, now);
        let Ok(entity) = record.subject().parse::<PartyId>() else {
            door.insert(Code::FieldInvalid);
            return (door, Codes::new());
        };
        let officer = record.issuer();
        let mut law = self.out_of_office(&officer, &entity, now);
        let legal = self.entity(&entity).is_some();
        unless(legal, Code::EntityOfficer, &mut law);
        let first = !self
            .endorsers(body.approves, &entity, now)
            .contains(&officer);
        unless(first, Code::ApprovalRepeated, &mut law);
        (door, law)
    }

    /// What was tried for an entity with one signature.
    fn tried(&self) -> Vec<&Record> {
        let papers = self.logged().filter(|record| {
            let party = record.body.binds();
            party.is_some_and(|party| self.entity(&party).is_some())
        });
        papers.collect()
    }
}

/// An officer approves what another one tried; or what it says is tried again.
pub(crate) fn endorsed(model: &Model, dealing: &Dealing) -> Option<Paper> {
    match *dealing {
        Dealing::Endorse { back, who, slip } => {
            let tried = latest(&model.tried(), back)?;
            let mut entity = tried.body.binds()?;
            let officers = &model.entity(&entity)?.officers;
            let mut others = officers
                .iter()
                .filter(|officer| **officer != tried.issuer());
            let other = others.nth(who % officers.len().saturating_sub(1).max(1));
            let mut signer = name(other.unwrap_or(&tried.issuer()));
            let mut approves = tried.body.digest(tried.subject());
            match slip {
                0 => signer = PEOPLE[who],
                1 => signer = name(&tried.issuer()),
                2 => approves = tried.body.digest("another"),
                3 => entity = id(if entity == id(BANK) { FIRM } else { BANK }),
                4 => entity = tried.issuer(),
                _ => {}
            }
            let body = OfficerApproval { approves };
            Some(personal(signer, entity, Body::OfficerApproval(body)))
        }
        Dealing::Retry { back, who } => {
            let tried = latest(&model.tried(), back)?;
            let signer = who.map_or(name(&tried.issuer()), |who| PEOPLE[who]);
            Some(personal(signer, tried.subject(), tried.body.clone()))
        }
        Dealing::Rescind { back, who } => {
            let given = model.done().map(|(_, _, record)| record);
            let given = given.filter(|r| matches!(r.body, Body::OfficerApproval(_)));
            let given = latest(&given.collect::<Vec<_>>(), back)?;
            let signer = who.map_or(name(&given.issuer()), |who| PEOPLE[who]);
            let ending = match who {
                Some(5) => Ending::Renunciation,
                _ => Ending::Revocation,
            };
            let body = Body::Revocation(Revocation { ending });
            Some(personal(signer, given.id, body))
        }
        _ => None,
    }
}
