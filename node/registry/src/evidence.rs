//! Keeping and deleting recordings (rule 43).

use crate::apply::Case;
use crate::verdict::Verdict;
use deedbook_schemas::rejection::Code;

pub(crate) fn hold(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::LegalHold,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn delete(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::EvidenceDeletion,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}
