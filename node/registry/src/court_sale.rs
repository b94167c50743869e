//! Sales by order of a court (rules 27, 30, 44; Civil Code 319). The debtor does not act; the acquirer
//! acts, and takes the slot, also of a private deed that has it. That deed waits: if the sale is carried
//! out, it ends in the same step, because it was drawn up for a title that is no more; if the sale ends
//! otherwise, it has its rank again (rule 31), and is looked at in the same step.
//!
//! Does not live here: that freezes, locks, spouses, co-owners and mortgagees do not stand in its way:
//! each rule says so itself.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Status, Transfer, TransferKind};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::proceeding::{Order, OrderState};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::{Code, Rejection};

use crate::apply::{BlockContext, Case};
use crate::deed::{self, Deed, Found};
use crate::overlay::Overlay;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::Codes;
use crate::{court_order, discharge, text};

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

/// Whether a pending instrument is a court sale.
pub(crate) fn is_one(state: &dyn StateRead, id: &RecordId) -> Result<bool, StateError> {
    let pending = state::instrument(state, id)?.and_then(|found| found.pending);
    Ok(pending.is_some_and(|pending| text::by_court(&pending.text)))
}

/// The pending private deed from which a court sale took the slot of a property. There is one at most:
/// no private deed takes a slot from a court sale.
pub(crate) fn displaced(
    state: &dyn StateRead,
    property: &str,
) -> Result<Option<RecordId>, StateError> {
    state::read(state, Key::Displaced(property))
}

/// Notes from whom a deed takes the slot of a property, if that is to have it again.
pub(crate) fn displace(
    state: &mut Overlay<'_>,
    by: &Deed,
    property: &str,
) -> Result<(), StateError> {
    let Some(before) = by.title(property)?.slot else {
        return Ok(());
    };
    let private = !is_one(state, &before)?;
    match text::by_court(&by.pending.text) {
        true if private => state.put(Key::Displaced(property), &before),
        false if !private => state.delete(Key::Displaced(property))?,
        _ => {}
    }
    Ok(())
}

/// Who has the slot again when a deed that had it ends unregistered.
pub(crate) fn give_back(
    state: &mut Overlay<'_>,
    by_court: bool,
    property: &str,
) -> Result<Option<RecordId>, StateError> {
    if !by_court {
        return Ok(None);
    }
    let displaced = displaced(state, property)?;
    if displaced.is_some() {
        state.delete(Key::Displaced(property))?;
    }
    Ok(displaced)
}

/// A deed that ends while it waits for a court sale has no slot to come back to.
pub(crate) fn forget(
    state: &mut Overlay<'_>,
    deed: &RecordId,
    property: &str,
) -> Result<(), StateError> {
    if displaced(state, property)? == Some(*deed) {
        state.delete(Key::Displaced(property))?;
    }
    Ok(())
}

/// Rule 9: ends the deed that waits for a court sale of a property which is being carried out, or whose
/// title is being corrected: it was drawn up for a version that is no more.
pub(crate) fn end_displaced(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    property: &str,
) -> Result<Vec<Outcome>, StateError> {
    let Some(id) = displaced(state, property)? else {
        return Ok(Vec::new());
    };
    state.delete(Key::Displaced(property))?;
    match deed::find(state, &id, block.now())? {
        Found::Open(deed) => {
            let codes = Rejection::one(Code::TitleVersion).to_strings();
            deed.close(state, block, Status::Refused, codes)
        }
        Found::Nothing | Found::Closed => Ok(Vec::new()),
    }
}
