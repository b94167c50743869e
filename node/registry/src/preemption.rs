//! Pre-emption of co-owners (rule 6).

use crate::apply::Case;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::state::StateError;
use crate::verdict::Verdict;
use deedbook_schemas::rejection::Code;

pub(crate) fn offer(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::encumbrance::PreemptionNotice,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn waive(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::encumbrance::PreemptionWaiver,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn open(_view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    Ok(Vec::new())
}
