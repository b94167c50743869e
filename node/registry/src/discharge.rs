//! Discharges and consents of mortgagees (rules 25, 29).

use crate::apply::Case;
use crate::deed::Deed;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::verdict::Verdict;
use deedbook_schemas::instrument::Transfer;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

pub(crate) fn apply(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::encumbrance::Discharge,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn consent(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::encumbrance::MortgageeConsent,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

pub(crate) fn fields(_body: &Transfer, _door: &mut Codes) {}

/// Rule 25: the mortgages that the text says go are on the title.
pub(crate) fn check_listed(_body: &Transfer, _title: Option<&Title>, _law: &mut Codes) {}

/// Takes off the titles what was given up with the deed.
pub(crate) fn apply_supplements(_deed: &mut Deed) -> Result<(), StateError> {
    Ok(())
}
