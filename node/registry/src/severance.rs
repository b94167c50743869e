//! Severance of joint ownership (rule 5).

use crate::apply::Case;
use crate::state::StateError;
use crate::verdict::Codes;
use deedbook_schemas::instrument::Transfer;
use deedbook_schemas::property::Title;

pub(crate) fn check(
    _case: &Case<'_, '_>,
    _body: &Transfer,
    _title: Option<&Title>,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}
