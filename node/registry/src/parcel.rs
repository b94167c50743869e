//! Subdivision and consolidation (rule 8).

use crate::apply::BlockContext;
use crate::apply::Case;
use crate::deed::Deed;
use crate::state::Overlay;
use crate::state::StateError;
use crate::verdict::Codes;
use deedbook_schemas::parcel::Consolidation;
use deedbook_schemas::parcel::Subdivision;
use deedbook_schemas::property::Title;
use std::collections::BTreeMap;

pub(crate) fn subdivision_fields(_body: &Subdivision, _door: &mut Codes) {}

pub(crate) fn consolidation_fields(_body: &Consolidation, _door: &mut Codes) {}

pub(crate) fn check_subdivision(
    _case: &Case<'_, '_>,
    _body: &Subdivision,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn check_consolidation(
    _case: &Case<'_, '_>,
    _body: &Consolidation,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn subdivide(
    _state: &mut Overlay<'_>,
    _block: &BlockContext,
    _deed: &mut Deed,
    _text: &Subdivision,
) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn consolidate(
    _state: &mut Overlay<'_>,
    _block: &BlockContext,
    _deed: &mut Deed,
    _text: &Consolidation,
) -> Result<(), StateError> {
    Ok(())
}
