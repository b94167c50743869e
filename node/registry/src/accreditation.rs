//! Accreditation and suspension of authorities by the supervisor (rule 40).

use deedbook_schemas::limits::{LABEL_BYTES_MAX, SCOPE_LIST_MAX, SUPERIORS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::{Accreditation, Authority, AuthorityRole, Nature, PartyId};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::text::is_identifier;

use crate::apply::Case;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Accreditation) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Supervisor, &mut door)?;
    identity::forbid(case, &mut door);
    let authority: Option<PartyId> = door::subject(case, &mut door);
    door.require(!body.name.is_empty(), Code::FieldInvalid);
    door::text(&body.name, TEXT_BYTES_MAX, &mut door);
    check_methods(body, &mut door);
    door.require(body.is_territory_well_formed(), Code::FieldInvalid);
    for beginning in body.territory.as_deref().unwrap_or_default() {
        door::cadastral(beginning, &mut door);
    }
    door.require(body.key.admit().is_ok(), Code::KeyInadmissible);
    let authority = door.door(authority, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 40: a supervisor may take a new key, and cannot take itself out of office.
    let in_office = body.role == AuthorityRole::Supervisor && !body.suspended;
    law.require(
        authority != case.record.issuer() || in_office,
        Code::AuthoritySuspended,
    );
    // Rule 20: one id is a person or an authority, never both; rule 39: a key is of one.
    let is_person = state::party(case.state, &authority)?.is_some();
    law.require(!is_person, Code::PartyExists);
    let owner: Option<PartyId> = state::read(case.state, Key::Owner(&body.key))?;
    law.require(
        owner.is_none_or(|owner| owner == authority),
        Code::KeyInadmissible,
    );
    let placed = is_below_others(case.state, &authority, body)?;
    law.require(placed, Code::AuthorityInvalid);
    let personal = is_of_a_person(case.state, body)?;
    law.require(personal, Code::AuthorityInvalid);
    law.lawful()?;

    case.state.put(Key::Owner(&body.key), &authority);
    let accredited = Authority {
        accreditation: body.clone(),
        since: case.now,
    };
    case.state.put(Key::Authority(&authority), &accredited);
    Ok(Vec::new())
}

/// Methods are labels, sorted, and a provider's alone.
fn check_methods(body: &Accreditation, door: &mut Codes) {
    let methods = &body.methods;
    let provider = body.role == AuthorityRole::IdentityProvider;
    door.require(
        (provider || methods.is_empty())
            && methods.len() <= SCOPE_LIST_MAX
            && door::ascending(methods)
            && methods.iter().all(|m| is_identifier(m, LABEL_BYTES_MAX)),
        Code::FieldInvalid,
    );
    for method in methods {
        door::text(method, LABEL_BYTES_MAX, door);
    }
}

/// Rule 40: above an authority stand accredited ones, not too many, and never itself.
fn is_below_others(
    state: &dyn StateRead,
    authority: &PartyId,
    body: &Accreditation,
) -> Result<bool, StateError> {
    let mut above = body.superior;
    for _ in 0..SUPERIORS_MAX {
        let Some(id) = above else {
            return Ok(true);
        };
        let Some(found) = state::authority(state, &id)?.filter(|_| id != *authority) else {
            return Ok(false);
        };
        above = found.accreditation.superior;
    }
    Ok(above.is_none())
}

/// Rule 24: a notary is an enrolled natural person, or out of office; no other authority is one.
fn is_of_a_person(state: &dyn StateRead, body: &Accreditation) -> Result<bool, StateError> {
    if body.role != AuthorityRole::Notary {
        return Ok(body.person.is_none());
    }
    let enrolled = match &body.person {
        None => None,
        Some(person) => state::party(state, person)?,
    };
    Ok(body.suspended || enrolled.is_some_and(|party| party.nature == Nature::Natural))
}

/// Whether `above` is a superior of `below`, directly or not (rule 27). No authority is above itself.
pub(crate) fn is_above(
    state: &dyn StateRead,
    above: &PartyId,
    below: &PartyId,
) -> Result<bool, StateError> {
    let mut next = *below;
    for _ in 0..SUPERIORS_MAX {
        let superior = state::authority(state, &next)?.and_then(|a| a.accreditation.superior);
        match superior {
            None => return Ok(false),
            Some(superior) if superior == *above => return Ok(true),
            Some(superior) => next = superior,
        }
    }
    Ok(false)
}
