//! Jurisdiction profiles (rule 47): the supervisor plans the next one for a later block. What was
//! lodged before is judged by the one in force then: see `Pending::profile`.

use std::sync::Arc;

use deedbook_schemas::limits::{PROFILES_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::profile::ProfileChange;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &ProfileChange) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Supervisor, &mut door)?;
    identity::forbid(case, &mut door);
    let itself = case.record.subject() == case.record.issuer().to_string();
    door.require(itself, Code::FieldInvalid);
    door::text(&body.profile.name, TEXT_BYTES_MAX, &mut door);
    door.door(Some(()), Code::FieldInvalid)?;

    let mut law = Codes::default();
    let mut profiles = Arc::unwrap_or_clone(state::profiles(case.state)?);
    // Rule 47: from a later block on, and after every other change: none is ever taken back.
    let later = case.block.height < body.from && profiles.iter().all(|from| *from < body.from);
    law.require(later, Code::ProfilePast);
    // Rule 47: with parameters that are possible together.
    let possible = body.profile.is_well_formed() && profiles.len() < PROFILES_MAX;
    law.require(possible, Code::ProfileInvalid);
    law.lawful()?;

    let number = u32::try_from(profiles.len())
        .map_err(|_| StateError::Inconsistent("there are 2^32 profiles".to_owned()))?;
    profiles.push(body.from);
    case.state.put(Key::Profile(number), &body.profile);
    case.state.put(Key::Profiles, &profiles);
    Ok(Vec::new())
}
