//! Corrections (rule 44).

use crate::apply::Case;
use crate::verdict::Verdict;
use deedbook_schemas::rejection::Code;

pub(crate) fn apply(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::Correction,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn approve(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::CorrectionApproval,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}
