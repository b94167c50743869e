//! Requisitions (rule 33).

use crate::apply::Case;
use crate::deed::Deed;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::state::StateError;
use crate::verdict::Verdict;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::rejection::Code;

pub(crate) fn apply(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::Requisition,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn answer(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::RequisitionAnswer,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn decide(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::RequisitionDecision,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn open(_view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    Ok(Vec::new())
}

/// The codes for which an instrument is refused at `now`, if a requisition was not answered in time.
pub(crate) fn unanswered(_deed: &Deed, _now: Seconds) -> Option<Vec<String>> {
    None
}
