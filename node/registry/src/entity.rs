//! Legal entities and groups (rules 4, 23).

use crate::apply::Case;
use crate::verdict::Verdict;
use deedbook_schemas::rejection::Code;

pub(crate) fn apply_entity(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::party::LegalEntity,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn apply_group(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::party::GroupParty,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}
