//! Caveats (rule 28).

use crate::apply::Case;
use crate::verdict::Verdict;
use deedbook_schemas::rejection::Code;

pub(crate) fn apply(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::encumbrance::Caveat,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}
