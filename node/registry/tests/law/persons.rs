//! Legal entities, groups and the facts of a person's life, as their registries record them: what the
//! tests of rules 4, 17, 21 and 23 say.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Act, ActRole};
use deedbook_schemas::party::{CivilStatus, GroupParty, LegalEntity, PartyId, PartyMember};
use deedbook_schemas::record::Body;

use crate::world::{BUSINESS, PROVIDER, REGISTRAR, World, id, key_of};

pub(crate) const FLAT: &str = "20-313-024-118";
pub(crate) const PEOPLE: [&str; 6] = ["Aida", "Bolat", "Clara", "Dana", "Erlan", "Zarina"];

pub(crate) fn sorted(names: &[&str]) -> Vec<PartyId> {
    let mut ids: Vec<PartyId> = names.iter().map(|name| id(name)).collect();
    ids.sort();
    ids
}

pub(crate) fn firm(officers: &[&str], signatures: u8) -> LegalEntity {
    LegalEntity {
        name: "Kurylys LLP".to_owned(),
        officers: sorted(officers),
        signatures,
        dissolved: false,
    }
}

pub(crate) fn no_more() -> LegalEntity {
    LegalEntity {
        dissolved: true,
        ..firm(&[], 1)
    }
}

pub(crate) fn group(members: &[(&str, Option<&str>)]) -> GroupParty {
    let mut members: Vec<PartyMember> = members
        .iter()
        .map(|(name, share)| PartyMember {
            party: id(name),
            share: share.map(|share| share.parse().unwrap()),
        })
        .collect();
    members.sort_by_key(|member| member.party);
    GroupParty { members }
}

pub(crate) fn joint(names: &[&str]) -> GroupParty {
    let members: Vec<_> = names.iter().map(|name| (*name, None)).collect();
    group(&members)
}

impl World {
    pub(crate) fn entity_by(&mut self, registry: &str, name: &str, body: LegalEntity) -> Vec<u8> {
        self.plain(registry, &id(name).to_string(), Body::LegalEntity(body))
    }

    pub(crate) fn entity(&mut self, name: &str, officers: &[&str], signatures: u8) {
        let record = self.entity_by(BUSINESS, name, firm(officers, signatures));
        self.accept(&record);
    }

    pub(crate) fn dissolves(&mut self, name: &str) {
        let record = self.entity_by(BUSINESS, name, no_more());
        self.accept(&record);
    }

    pub(crate) fn group_of(&mut self, name: &str, body: GroupParty) -> Vec<u8> {
        self.plain(REGISTRAR, &id(name).to_string(), Body::GroupParty(body))
    }

    pub(crate) fn joins(&mut self, name: &str, members: &[&str]) {
        let record = self.group_of(name, joint(members));
        self.accept(&record);
    }

    /// The act of an officer or a guardian.
    pub(crate) fn act_for(
        &mut self,
        signer: &str,
        instrument: &RecordId,
        role: ActRole,
        represented: &str,
    ) -> Vec<u8> {
        let body = Body::Act(Act {
            role,
            power: None,
            represents: Some(id(represented)),
        });
        self.attested(signer, &instrument.to_string(), body)
    }

    pub(crate) fn fact(&mut self, name: &str, fact: CivilStatus) {
        let record = self.status(&id(name).to_string(), fact);
        self.accept(&record);
    }

    pub(crate) fn is_capable_again(&mut self, name: &str) {
        let from = self.now();
        self.fact(name, CivilStatus::Capacity { from });
    }

    pub(crate) fn second_key(&mut self, name: &str) {
        let key = key_of(&format!("{name}'s tablet"));
        let record = self.enrolment_with(PROVIDER, name, &key);
        self.accept(&record);
        self.keys.insert(name.to_owned(), key);
    }
}

pub(crate) fn officer(world: &mut World, name: &str, deed: &RecordId) -> Vec<u8> {
    world.act_for(name, deed, ActRole::Disponor, "Firm")
}

/// What somebody tries, and its codes.
pub(crate) type Signing = (
    &'static str,
    fn(&mut World, &RecordId) -> Vec<u8>,
    &'static [&'static str],
);
