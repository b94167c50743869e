//! Servitudes and leases, and what every encumbrance asks of a disposal (rules 25, 29).

use crate::apply::BlockContext;
use crate::apply::Case;
use crate::deed::Deed;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::state::Overlay;
use crate::state::StateError;
use crate::verdict::Codes;
use deedbook_schemas::encumbrance::Lease;
use deedbook_schemas::encumbrance::Servitude;
use deedbook_schemas::property::Title;
use std::collections::BTreeMap;

pub(crate) fn open(_view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    Ok(Vec::new())
}

pub(crate) fn servitude_fields(_body: &Servitude, _door: &mut Codes) {}

pub(crate) fn lease_fields(_body: &Lease, _door: &mut Codes) {}

pub(crate) fn check_servitude(
    _case: &Case<'_, '_>,
    _body: &Servitude,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) {
}

pub(crate) fn check_lease(
    _case: &Case<'_, '_>,
    _body: &Lease,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) {
}

pub(crate) fn register_servitude(
    _block: &BlockContext,
    _deed: &mut Deed,
    _text: &Servitude,
) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn register_lease(
    _state: &mut Overlay<'_>,
    _block: &BlockContext,
    _deed: &mut Deed,
    _text: &Lease,
) -> Result<(), StateError> {
    Ok(())
}
