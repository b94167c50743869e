//! Orders of courts (rule 44; Civil Procedure Code 240).
//!
//! Does not live here: what carries them out: see `court_sale` and `correction`.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::ENCUMBRANCES_OF_A_KIND_MAX;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::proceeding::{CourtOrder, Order, OrderState};
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &CourtOrder) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Court, &mut door)?;
    identity::forbid(case, &mut door);
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    door::case_number(&body.case, &mut door);
    check_fields(&body.order, &mut door);
    door.door(Some(()), Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 7: about a property that is one.
    let title = state::title(case.state, property)?;
    law.require(title.is_some(), Code::TitleUnknown);
    let cancelled = title.is_some_and(|title| title.cancelled);
    law.require(!cancelled, Code::TitleCancelled);
    law.lawful()?;

    let order = OrderState {
        court: case.record.issuer(),
        property: property.to_owned(),
        order: body.clone(),
        used_by: None,
    };
    case.state.put(Key::Order(&case.record.id), &order);
    Ok(vec![outcome(case.record.id, Status::Registered)])
}

fn check_fields(order: &Order, door: &mut Codes) {
    let Order::Sell {
        debtor,
        acquirer,
        price,
        discharges,
    } = order
    else {
        return;
    };
    door::money(Some(price), door);
    let sound = debtor != acquirer
        && price.minor > 0
        && discharges.len() <= ENCUMBRANCES_OF_A_KIND_MAX
        && door::ascending(discharges);
    door.require(sound, Code::FieldInvalid);
}

/// An order that is there to be carried out on `property`. What it orders is the caller's to look at.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub(crate) fn find(
    case: &Case<'_, '_>,
    id: &RecordId,
    property: &str,
    law: &mut Codes,
) -> Result<Option<CourtOrder>, StateError> {
    // Rule 44: once.
    let order: Option<OrderState> = state::read(case.state, Key::Order(id))?;
    let Some(order) = order.filter(|order| order.used_by.is_none()) else {
        law.refuse(Code::OrderUnknown);
        return Ok(None);
    };
    // Rule 44: of this title.
    law.require(order.property == property, Code::OrderOther);
    // Rule 44, Civil Procedure Code 240: final.
    law.require(order.order.final_from <= case.now, Code::OrderNotFinal);
    Ok(Some(order.order))
}
