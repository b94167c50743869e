//! Mortgages (rules 25, 26).

use crate::apply::BlockContext;
use crate::apply::Case;
use crate::deed::Deed;
use crate::state::StateError;
use crate::verdict::Codes;
use deedbook_schemas::encumbrance::Assignment;
use deedbook_schemas::encumbrance::Mortgage;
use deedbook_schemas::encumbrance::Postponement;
use deedbook_schemas::instrument::Transfer;
use deedbook_schemas::property::Title;
use std::collections::BTreeMap;

pub(crate) fn fields(_body: &Mortgage, _door: &mut Codes) {}

pub(crate) fn check(
    _case: &Case<'_, '_>,
    _body: &Mortgage,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) {
}

/// The mortgage with which the acquirers of a transfer pay.
pub(crate) fn check_purchase(
    _case: &Case<'_, '_>,
    _body: &Transfer,
    _law: &mut Codes,
) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn check_assignment(
    _case: &Case<'_, '_>,
    _body: &Assignment,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) {
}

pub(crate) fn postponement_fields(_body: &Postponement, _door: &mut Codes) {}

pub(crate) fn check_postponement(
    _case: &Case<'_, '_>,
    _body: &Postponement,
    _titles: &BTreeMap<String, Title>,
    _law: &mut Codes,
) {
}

pub(crate) fn register(
    _block: &BlockContext,
    _deed: &mut Deed,
    _text: &Mortgage,
) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn register_purchase(
    _block: &BlockContext,
    _deed: &mut Deed,
    _text: &Transfer,
) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn assign(_deed: &mut Deed, _text: &Assignment) -> Result<(), StateError> {
    Ok(())
}

pub(crate) fn postpone(_deed: &mut Deed, _text: &Postponement) -> Result<(), StateError> {
    Ok(())
}
