//! Sales by order of a court (rules 27, 30, 44; Civil Code 319). The debtor does not act; the acquirer
//! acts, and takes the slot.
//!
//! Does not live here: that freezes, locks, spouses, co-owners and mortgagees do not stand in its way:
//! each rule says so itself.

use deedbook_schemas::instrument::{Transfer, TransferKind};
use deedbook_schemas::proceeding::{Order, OrderState};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::deed::Deed;
use crate::state::{self, Key, Overlay, StateError};
use crate::verdict::Codes;
use crate::{court_order, discharge};

/// What its text must say.
pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Transfer,
    title: Option<&Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    // Rule 44: by an order, which is there, of this title, final.
    let Some(ground) = &body.ground else {
        law.refuse(Code::TransferGround);
        return Ok(());
    };
    let found = court_order::find(case, ground, case.record.subject(), law)?;
    // Rule 44, Civil Code 319: exactly what is ordered.
    if let Some((order, title)) = found.zip(title) {
        law.require(carries_out(&order.order, body, title), Code::OrderOther);
    }
    Ok(())
}

/// Whether a transfer sells all that the debtor holds, to whom and at which price the court says, and
/// clears the mortgages that it says.
fn carries_out(order: &Order, body: &Transfer, title: &Title) -> bool {
    let Order::Sell {
        debtor,
        acquirer,
        price,
        discharges,
    } = order
    else {
        return false;
    };
    let [given] = body.disponors.as_slice() else {
        return false;
    };
    let [received] = body.acquirers.as_slice() else {
        return false;
    };
    given.party == *debtor
        && title.share_of(debtor) == Some(given.share)
        && received.party == *acquirer
        && body.price.as_ref() == Some(price)
        && body.discharges.as_deref().unwrap_or_default() == discharges.as_slice()
}

/// Uses the order up, and clears the mortgages that it names.
pub(crate) fn carry_out(
    state: &mut Overlay<'_>,
    deed: &mut Deed,
    text: &Transfer,
) -> Result<(), StateError> {
    if text.kind != TransferKind::CourtSale {
        return Ok(());
    }
    let missing = || StateError::Inconsistent(format!("{}: the order is missing", deed.id));
    let ground = text.ground.ok_or_else(missing)?;
    let mut order: OrderState = state::read(state, Key::Order(&ground))?.ok_or_else(missing)?;
    order.used_by = Some(deed.id);
    state.put(Key::Order(&ground), &order);
    if let Some(title) = deed.titles.get_mut(&deed.property) {
        for mortgage in text.discharges.iter().flatten() {
            discharge::strike(title, mortgage);
        }
    }
    Ok(())
}
