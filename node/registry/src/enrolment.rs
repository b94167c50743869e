//! Enrolment of natural persons by an accredited identity provider (rules 20, 39, 40).

use std::sync::Arc;

use deedbook_schemas::limits::PARTY_KEYS_MAX;
use deedbook_schemas::party::{AuthorityRole, Enrolment, Nature, Party, PartyId, possession_bytes};
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::state::{self, Key};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Enrolment) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::IdentityProvider, &mut door)?;
    identity::forbid(case, &mut door);
    let party: Option<PartyId> = door::subject(case, &mut door);
    // Rule 39: a sound key, shown to be the party's own on this ledger.
    match body.key.admit() {
        Err(_) => door.refuse(Code::KeyInadmissible),
        Ok(key) => door.require(
            party.is_none_or(|party| {
                let message = possession_bytes(&case.block.ledger, &party, &body.key);
                key.verify(&message, &body.possession)
            }),
            Code::SignatureInvalid,
        ),
    }
    let id = door.door(party, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 20: one id is a person or an authority, never both.
    let is_authority = state::authority(case.state, &id)?.is_some();
    law.require(!is_authority, Code::PartyExists);
    // Rule 39: one key is of one party, for ever.
    let owner: Option<PartyId> = state::read(case.state, Key::Owner(&body.key))?;
    law.require(owner.is_none_or(|owner| owner == id), Code::KeyInadmissible);
    // Rule 40: only the provider that enrolled a party adds a key, and only to the living.
    let known = state::party(case.state, &id)?;
    if let Some(party) = &known {
        let own = party.provider == case.record.issuer() && party.nature == Nature::Natural;
        law.require(own, Code::PartyExists);
        law.require(party.died.is_none(), Code::PartyDead);
        law.require(party.keys.len() < PARTY_KEYS_MAX, Code::FieldInvalid);
    }
    law.lawful()?;

    let mut party = known.map(Arc::unwrap_or_clone).unwrap_or_else(|| Party {
        provider: case.record.issuer(),
        keys: Vec::new(),
        enrolment: case.record.id,
        marriages: Vec::new(),
        unmarried: Vec::new(),
        died: None,
        incapable: None,
        minor_until: None,
        guardian: None,
        nature: Nature::Natural,
        turn: 0,
        in_office: Vec::new(),
    });
    if !party.keys.contains(&body.key) {
        party.keys.push(body.key);
        case.state.put(Key::Owner(&body.key), &id);
        case.state.put(Key::Party(&id), &party);
    }
    Ok(Vec::new())
}
