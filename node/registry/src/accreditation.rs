//! Accreditation and suspension of authorities by the supervisor (rule 40).

use deedbook_schemas::limits::{LABEL_BYTES_MAX, SCOPE_LIST_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::{Accreditation, Authority, AuthorityRole, PartyId};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::text::is_identifier;

use crate::apply::Case;
use crate::state::{self, Key};
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
