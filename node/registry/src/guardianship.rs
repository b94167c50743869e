//! Guardians and what they are permitted (rule 21).

use crate::apply::Case;
use crate::deed::Deed;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::verdict::Verdict;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::rejection::Code;

pub(crate) fn appoint(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::party::Guardianship,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn permit(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::GuardianPermission,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn open(_view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    Ok(Vec::new())
}

/// Rule 21: who represents a ward does not deal with them.
pub(crate) fn check_conflict(
    _case: &Case<'_, '_>,
    _deed: &Deed,
    _represented: &PartyId,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}
