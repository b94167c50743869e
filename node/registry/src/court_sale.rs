//! Sales by order of a court (rules 27, 30, 44).

use crate::apply::Case;
use crate::deed::Deed;
use crate::state::Overlay;
use crate::state::StateError;
use crate::verdict::Codes;
use deedbook_schemas::instrument::Transfer;

pub(crate) fn check(
    _case: &Case<'_, '_>,
    _body: &Transfer,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}

/// Uses the order up, and clears the mortgages that it names.
pub(crate) fn carry_out(
    _state: &mut Overlay<'_>,
    _deed: &mut Deed,
    _text: &Transfer,
) -> Result<(), StateError> {
    Ok(())
}
