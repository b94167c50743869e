//! Corrections (rule 44; Law on Registration 30): nothing is edited; a new version of the title cites a
//! court's order or, for a slip in the description of the property, two registrars.

use std::collections::BTreeSet;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::{HOLDERS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::proceeding::{
    Amendment, Correction, CorrectionApproval, Order, OrderState, PendingCorrection,
};
use deedbook_schemas::property::{Holding, Title};
use deedbook_schemas::rejection::{Code, Rejection};

use crate::apply::Case;
use crate::deed::{self, Found};
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{court_order, court_sale, discharge, door, identity, preemption, registration};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Correction) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Registrar, &mut door)?;
    identity::forbid(case, &mut door);
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    match &body.amendment {
        Amendment::Unit(amended) => {
            door::text(&amended.unit.address, TEXT_BYTES_MAX, &mut door);
        }
        Amendment::Holdings { holdings } => {
            door.require(holdings.len() <= HOLDERS_MAX, Code::FieldInvalid);
            // Nobody holds from the future.
            let past = holdings.iter().all(|holding| holding.acquired <= case.now);
            door.require(past, Code::FieldInvalid);
        }
        Amendment::Strike { .. } => {}
    }
    door.door(Some(()), Code::FieldInvalid)?;

    let mut law = Codes::default();
    let title = state::title(case.state, property)?;
    law.require(title.is_some(), Code::TitleUnknown);
    if let Some(title) = &title {
        check_title(title, body.title_version, &mut law);
    }
    match &body.amendment {
        Amendment::Unit(_) => {}
        Amendment::Holdings { holdings } => check_holdings(case, holdings, &mut law)?,
        Amendment::Strike { encumbrance } => {
            let found = title
                .as_ref()
                .is_some_and(|title| title.encumbrances.iter().any(|e| e.id == *encumbrance));
            law.require(found, Code::EncumbranceUnknown);
        }
    }
    let Some(order) = &body.order else {
        // Rule 44: without a court, only a slip.
        let slip = matches!(body.amendment, Amendment::Unit(_));
        law.require(slip, Code::CorrectionOrder);
        law.lawful()?;
        return Ok(wait_for_second(case, body));
    };
    if let Some(found) = court_order::find(case, order, property, &mut law)? {
        let corrects = matches!(found.order, Order::Correct);
        law.require(corrects, Code::OrderOther);
    }
    law.lawful()?;

    use_order(case, order)?;
    let id = case.record.id;
    amend(case, property, body, id)
}

/// Rules 7, 9: the title is one, and as the registrar saw it.
fn check_title(title: &Title, version: u64, law: &mut Codes) {
    law.require(!title.cancelled, Code::TitleCancelled);
    law.require(title.version == version, Code::TitleVersion);
}

/// Rules 3, 20: parties, whose shares sum to exactly one.
fn check_holdings(
    case: &Case<'_, '_>,
    holdings: &[Holding],
    law: &mut Codes,
) -> Result<(), StateError> {
    let sum = Fraction::sum(holdings.iter().map(|holding| holding.share));
    law.require(sum == Some(Fraction::ONE), Code::TitleShares);
    for holding in holdings {
        let enrolled = state::party(case.state, &holding.party)?.is_some();
        law.require(enrolled, Code::HolderUnknown);
    }
    Ok(())
}

fn wait_for_second(case: &mut Case<'_, '_>, body: &Correction) -> Vec<Outcome> {
    let pending = PendingCorrection {
        registrar: case.record.issuer(),
        property: case.record.subject().to_owned(),
        correction: body.clone(),
        approved_by: None,
    };
    case.state.put(Key::Correction(&case.record.id), &pending);
    Vec::new()
}

fn use_order(case: &mut Case<'_, '_>, id: &RecordId) -> Result<(), StateError> {
    let order: Option<OrderState> = state::read(case.state, Key::Order(id))?;
    if let Some(mut order) = order {
        order.used_by = Some(case.record.id);
        case.state.put(Key::Order(id), &order);
    }
    Ok(())
}

/// A second registrar approves the correction of a slip.
pub(crate) fn approve(case: &mut Case<'_, '_>, _body: &CorrectionApproval) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Registrar, &mut door)?;
    identity::forbid(case, &mut door);
    let id: Option<RecordId> = door::subject(case, &mut door);
    let id = door.door(id, Code::FieldInvalid)?;

    let mut law = Codes::default();
    let pending: Option<PendingCorrection> = state::read(case.state, Key::Correction(&id))?;
    let pending = pending.filter(|pending| pending.approved_by.is_none());
    // Rule 44: of a slip that waits for it.
    law.require(pending.is_some(), Code::CorrectionUnknown);
    if let Some(pending) = &pending {
        // Rule 44: two registrars are two.
        let other = pending.registrar != case.record.issuer();
        law.require(other, Code::CorrectionSame);
        let title = state::title(case.state, &pending.property)?;
        law.require(title.is_some(), Code::TitleUnknown);
        if let Some(title) = &title {
            check_title(title, pending.correction.title_version, &mut law);
        }
    }
    let mut pending = law.law(pending, Code::CorrectionUnknown)?;

    pending.approved_by = Some(case.record.id);
    case.state.put(Key::Correction(&id), &pending);
    amend(case, &pending.property, &pending.correction, id)
}

/// Rules 9, 48: the next version of the title. What was drawn up for the last one ends.
fn amend(case: &mut Case<'_, '_>, property: &str, body: &Correction, source: RecordId) -> Verdict {
    let ended = end_first_in_rank(case, property)?;
    let missing = || StateError::Inconsistent(format!("{source}: there is no title {property}"));
    let mut title = state::title(case.state, property)?.ok_or_else(missing)?;
    match &body.amendment {
        Amendment::Unit(amended) => title.unit = amended.unit.clone(),
        Amendment::Holdings { holdings } => {
            title.holdings.clone_from(holdings);
            title.holdings.sort_by_key(|holding| holding.acquired);
        }
        Amendment::Strike { encumbrance } => discharge::strike(&mut title, encumbrance),
    }
    preemption::drop_stale(case.state, property, &mut title)?;
    registration::next_version(&mut title, source, case.block);
    registration::use_consents(case.state, &mut title, source, &BTreeSet::new())?;
    case.state.put(Key::Title(property), &title);
    let mut outcomes = vec![Outcome {
        title_version: Some(title.version),
        ..outcome(source, Status::Registered)
    }];
    outcomes.extend(ended);
    let lenders = registration::look_again_at(case.state, case.block, property)?;
    outcomes.extend(lenders);
    Ok(outcomes)
}

/// The instrument that holds the slot, and one that waits for it to end, were drawn up for another
/// version: they can never be registered.
fn end_first_in_rank(case: &mut Case<'_, '_>, property: &str) -> Result<Vec<Outcome>, StateError> {
    let mut ended = court_sale::end_displaced(case.state, case.block, property)?;
    let slot = state::title(case.state, property)?.and_then(|title| title.slot);
    if let Some(id) = slot
        && let Found::Open(deed) = deed::find(case.state, &id, case.now)?
    {
        let codes = Rejection::one(Code::TitleVersion).to_strings();
        ended.extend(deed.close(case.state, case.block, Status::Refused, codes)?);
    }
    Ok(ended)
}
