//! Who is entered as an authority or a person, and with which keys, as the model sees it.

use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::limits::{PARTY_KEYS_MAX, SUPERIORS_MAX};
use deedbook_schemas::party::{Accreditation, AuthorityRole, Enrolment, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;

use crate::doors::unless;
use crate::memory::{Codes, Model};
use crate::verdict::Reasons;

impl Model {
    /// Whose a key is, or was.
    fn owner_of(&self, key: &PublicKey) -> Option<PartyId> {
        let mut founders = self.founders.iter();
        let founder = founders.find(|(_, founder)| founder.key == *key);
        let entered = self.done().find(|(_, _, record)| match &record.body {
            Body::Accreditation(body) => body.key == *key,
            Body::Enrolment(body) => body.key == *key,
            _ => false,
        });
        let entered = entered.map(|(_, _, record)| record.subject().parse().unwrap());
        founder.map(|(id, _)| *id).or(entered)
    }

    /// The keys that somebody may sign with.
    pub(crate) fn keys(&self, party: &PartyId) -> Vec<PublicKey> {
        let mut keys = Vec::new();
        for (_, _, record) in self.about(party) {
            if let Body::Enrolment(body) = &record.body
                && !keys.contains(&body.key)
            {
                keys.push(body.key);
            }
        }
        keys
    }

    /// Rules 20, 39, 40: the supervisor accredits under an id and a key that are nobody else's.
    pub(crate) fn accreditation_reasons(&self, record: &Record, body: &Accreditation) -> Reasons {
        let door = self.authority_door(record, AuthorityRole::Supervisor);
        let mut law = Codes::new();
        let authority: PartyId = record.subject().parse().unwrap();
        let in_office = body.role == AuthorityRole::Supervisor && !body.suspended;
        let may = authority != record.issuer() || in_office;
        unless(may, Code::AuthoritySuspended, &mut law);
        unless(!self.known(&authority), Code::PartyExists, &mut law);
        let owner = self.owner_of(&body.key);
        let own = owner.is_none_or(|owner| owner == authority);
        unless(own, Code::KeyInadmissible, &mut law);
        let notary = match &body.person {
            None => body.role != AuthorityRole::Notary || body.suspended,
            Some(person) => {
                body.role == AuthorityRole::Notary && (body.suspended || self.enrolled(person))
            }
        };
        unless(notary, Code::AuthorityInvalid, &mut law);
        let below = self.is_below(&authority, body.superior);
        unless(below, Code::AuthorityInvalid, &mut law);
        (door, law)
    }

    /// Whether those above an authority are accredited, few, and not the authority itself.
    fn is_below(&self, authority: &PartyId, superior: Option<PartyId>) -> bool {
        let mut above = Vec::new();
        let mut next = superior;
        while let Some(one) = next {
            let Some(found) = self.accreditation(&one) else {
                return false;
            };
            if one == *authority || above.len() >= SUPERIORS_MAX {
                return false;
            }
            above.push(one);
            next = found.superior;
        }
        true
    }

    /// Rules 20, 39, 40: a provider enrols somebody, and adds keys to whom it enrolled.
    pub(crate) fn enrolment_reasons(&self, record: &Record, body: &Enrolment) -> Reasons {
        let door = self.authority_door(record, AuthorityRole::IdentityProvider);
        let mut law = Codes::new();
        let party: PartyId = record.subject().parse().unwrap();
        let free = self.accreditation(&party).is_none();
        unless(free, Code::PartyExists, &mut law);
        let owner = self.owner_of(&body.key);
        let own = owner.is_none_or(|owner| owner == party);
        unless(own, Code::KeyInadmissible, &mut law);
        if self.known(&party) {
            let first = self.enrolment(&party).map(Record::issuer);
            let same = first == Some(record.issuer());
            unless(same, Code::PartyExists, &mut law);
            unless(self.died(&party).is_none(), Code::PartyDead, &mut law);
            let room = self.keys(&party).len() < PARTY_KEYS_MAX;
            unless(room, Code::FieldInvalid, &mut law);
        }
        (door, law)
    }
}
