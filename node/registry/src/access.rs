//! Access to rights (rule 49).

use crate::apply::Case;
use crate::verdict::Verdict;
use deedbook_schemas::rejection::Code;

pub(crate) fn consent(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::access::AccessConsent,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn enter(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::access::AccessEntry,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}
