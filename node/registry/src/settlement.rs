//! Escrow and settlement (rules 35–37).

use crate::apply::Case;
use crate::deed::Deed;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::state::Overlay;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::verdict::Verdict;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::instrument::Transfer;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::rejection::Code;

pub(crate) fn fund(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::settlement::EscrowFunding,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn release(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::settlement::EscrowRelease,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn refund(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::settlement::EscrowRefund,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn open(_view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    Ok(Vec::new())
}

pub(crate) fn fields(_body: &Transfer, _door: &mut Codes) {}

pub(crate) fn check(
    _case: &Case<'_, '_>,
    _body: &Transfer,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}

/// Rules 36, 37: orders the release on registration, the refund on any other end of the deed.
pub(crate) fn end(
    _state: &mut Overlay<'_>,
    _deed: &Deed,
    _status: Status,
) -> Result<Vec<Outcome>, StateError> {
    Ok(Vec::new())
}
