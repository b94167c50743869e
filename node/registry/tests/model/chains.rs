//! Powers that are passed on, and notaries, as the model sees them.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{PowerOfAttorney, Scope};
use deedbook_schemas::limits::{POWER_DEPTH_MAX, SUPPLEMENTS_MAX};
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::deeds::{Need, need};
use crate::doors::unless;
use crate::memory::{Codes, Model, Poa};
use crate::texts::Deed;
use crate::verdict::Reasons;

impl Model {
    /// A power and those that it is part of, the nearest first.
    pub(crate) fn chain<'m>(&'m self, power: &Poa<'m>) -> Vec<Poa<'m>> {
        let mut chain = vec![power.clone()];
        while let Some(above) = chain.last().unwrap().body.parent {
            chain.push(self.power(&above).unwrap());
        }
        chain
    }

    /// Everybody who acts or passed on under a power.
    pub(crate) fn agents(&self, power: &Poa<'_>) -> Vec<PartyId> {
        let chain = self.chain(power);
        chain.iter().map(|power| power.agent).collect()
    }

    /// The record by which a notary certified a power or a deed.
    pub(crate) fn certified(&self, what: &RecordId) -> Option<&Record> {
        let mut records = self.about(what).map(|(_, _, record)| record);
        records.find(|r| matches!(r.body, Body::Notarisation(_)))
    }

    /// Why nobody may pass a power on like this.
    pub(crate) fn passing_on_reasons(
        &self,
        record: &Record,
        body: &PowerOfAttorney,
        now: Seconds,
    ) -> Codes {
        let mut law = Codes::new();
        let Some(id) = &body.parent else {
            return law;
        };
        let Some(parent) = self.power(id) else {
            law.insert(Code::PowerUnknown);
            return law;
        };
        let agent: PartyId = record.subject().parse().unwrap();
        let chain = self.chain(&parent);
        unless(
            parent.agent == record.issuer(),
            Code::PowerNotAgent,
            &mut law,
        );
        let works = self.lapsed(&parent, now).is_empty();
        unless(works, Code::PowerParent, &mut law);
        let left = |scope: &Scope| scope.substitutions.unwrap_or(0);
        let depth = usize::from(self.law().substitutions_max).min(POWER_DEPTH_MAX);
        let may = left(&body.scope) < left(&parent.body.scope) && chain.len() <= depth;
        unless(may, Code::PowerNoSubstitution, &mut law);
        let within = narrower(&body.scope, &parent.body.scope);
        unless(within, Code::PowerWider, &mut law);
        let (_, end) = self.term(&parent.id, parent.body).unwrap();
        let shorter = body.expires.is_none_or(|expires| expires <= end);
        unless(shorter, Code::PowerLonger, &mut law);
        let new = chain
            .iter()
            .all(|power| power.agent != agent && power.principal != agent);
        unless(new, Code::PowerCycle, &mut law);
        law
    }

    fn is_notarial(&self, deed: &Deed<'_>) -> bool {
        let acts = &self.law_of(&deed.id).notarial_acts;
        deed.kind().is_some_and(|kind| acts.contains(&kind))
    }

    pub(crate) fn notary_needs(&self, deed: &Deed<'_>) -> Option<Need> {
        let missing = self.is_notarial(deed) && self.certified(&deed.id).is_none();
        missing.then(|| need("notary.missing", None))
    }

    fn person_of(&self, notary: &PartyId) -> Option<PartyId> {
        self.accreditation(notary)?.person
    }

    /// Rule 24: nobody acts on what they certified.
    pub(crate) fn certified_it(&self, deed: &RecordId, signer: &PartyId) -> bool {
        let notary = self.certified(deed).map(Record::issuer);
        notary.is_some_and(|notary| self.person_of(&notary) == Some(*signer))
    }

    /// Rule 24: in their territory, and for strangers.
    pub(crate) fn notary_reasons(
        &self,
        notary: &PartyId,
        properties: Option<&[String]>,
        parties: &[PartyId],
        now: Seconds,
    ) -> Codes {
        let mut law = Codes::new();
        let territory = self.accreditation(notary).and_then(|n| n.territory.clone());
        if let Some(territory) = territory {
            let inside =
                |property: &String| territory.iter().any(|part| property.starts_with(part));
            let all = properties.is_some_and(|properties| properties.iter().all(inside));
            unless(all, Code::NotaryTerritory, &mut law);
        }
        let Some(person) = self.person_of(notary) else {
            law.insert(Code::NotaryInterested);
            return law;
        };
        law.extend(self.standing(&person, now));
        let spouse = self.spouse(&person, now);
        let guardian = self.guardian(&person);
        let own = |party: &PartyId| {
            let entity = self.entity(party);
            [Some(person), spouse, guardian].contains(&Some(*party))
                || self.guardian(party) == Some(person)
                || entity.is_some_and(|entity| entity.officers.contains(&person))
        };
        let everybody = self.with_members(parties);
        unless(!everybody.iter().any(own), Code::NotaryInterested, &mut law);
        law
    }

    pub(crate) fn notarisation_reasons(&self, record: &Record, now: Seconds) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Notary);
        let id: RecordId = record.subject().parse().unwrap();
        let notary = record.issuer();
        let first = self.certified(&id).is_none();
        if let Some(power) = self.power(&id) {
            let mut parties = self.agents(&power);
            parties.push(power.principal);
            let properties = power.body.scope.properties.as_deref();
            let mut law = self.notary_reasons(&notary, properties, &parties, now);
            let due = power.body.parent.is_some() && first;
            unless(due, Code::NotaryDone, &mut law);
            let mut ended = self.lapsed(&power, now);
            ended.remove(&Code::PowerUnnotarised);
            ended.remove(&Code::PowerNotYet);
            law.extend(ended);
            return (door, law);
        }
        let Some(deed) = self.open_deed(&id, now, &mut door) else {
            return (door, Codes::new());
        };
        let mut properties = vec![deed.property.to_owned()];
        properties.extend(deed.legs().iter().map(|leg| leg.property.to_owned()));
        let mut parties: Vec<PartyId> = deed.everybody().into_iter().collect();
        for act in self.counting(&deed.id, now) {
            parties.push(act.signer);
            if let Some(power) = act.power {
                parties.extend(self.agents(&self.power(&power).unwrap()));
            }
        }
        let mut law = self.notary_reasons(&notary, Some(&properties), &parties, now);
        let asked = self.is_notarial(&deed) && first;
        unless(asked, Code::NotaryDone, &mut law);
        let room = self.supplements(&deed.id) < SUPPLEMENTS_MAX;
        unless(room, Code::RequisitionTooMany, &mut law);
        (door, law)
    }
}

/// Whether a scope covers nothing that another one does not.
fn narrower(scope: &Scope, parent: &Scope) -> bool {
    fn listed<T: PartialEq>(list: Option<&[T]>, within: Option<&[T]>) -> bool {
        match (list, within) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(list), Some(within)) => list.iter().all(|item| within.contains(item)),
        }
    }
    let dear = match (&scope.price_floor, &parent.price_floor) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(own), Some(floor)) => own.currency == floor.currency && own.minor >= floor.minor,
    };
    scope.acts.iter().all(|act| parent.acts.contains(act))
        && listed(scope.properties.as_deref(), parent.properties.as_deref())
        && listed(
            scope.counterparties.as_deref(),
            parent.counterparties.as_deref(),
        )
        && dear
        && (parent.self_dealing || !scope.self_dealing)
}
