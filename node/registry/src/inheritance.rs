//! Inheritance (rule 22).

use crate::apply::Case;
use crate::deed::Deed;
use crate::state::Overlay;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::verdict::Verdict;
use deedbook_schemas::instrument::Transfer;
use deedbook_schemas::rejection::Code;

pub(crate) fn certify(
    case: &mut Case<'_, '_>,
    _body: &deedbook_schemas::proceeding::SuccessionCertificate,
) -> Verdict {
    let mut door = crate::door::open(case);
    door.refuse(Code::FieldInvalid);
    door.door(None, Code::FieldInvalid)
}

/// Rule 22: by a certificate, to its heirs.
pub(crate) fn check(
    _case: &Case<'_, '_>,
    _body: &Transfer,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}

/// Uses the certificate up.
pub(crate) fn use_certificate(
    _state: &mut Overlay<'_>,
    _deed: &Deed,
    _text: &Transfer,
) -> Result<(), StateError> {
    Ok(())
}
