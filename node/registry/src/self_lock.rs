//! Owners' locks (rule 30).

use crate::apply::Case;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::state::StateError;
use crate::verdict::Verdict;
use deedbook_schemas::rejection::Code;

pub(crate) fn apply(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::encumbrance::SelfLock,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn release(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::encumbrance::SelfLockRelease,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn open(_view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    Ok(Vec::new())
}
