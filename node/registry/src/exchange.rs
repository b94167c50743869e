//! Exchanges (rule 10; Civil Code 501).

use crate::apply::BlockContext;
use crate::apply::Case;
use crate::deed::Deed;
use crate::state::StateError;
use crate::verdict::Codes;
use deedbook_schemas::instrument::Transfer;
use deedbook_schemas::property::Title;
use std::collections::BTreeMap;

pub(crate) fn fields(_body: &Transfer, _door: &mut Codes) {}

pub(crate) fn check(
    _case: &Case<'_, '_>,
    _body: &Transfer,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) {
}

/// Passes the other property the other way.
pub(crate) fn convey(
    _block: &BlockContext,
    _deed: &mut Deed,
    _text: &Transfer,
) -> Result<(), StateError> {
    Ok(())
}
