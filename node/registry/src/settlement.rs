//! Settlement through an escrow agent (rules 35–37; Law on Payments 25): title and money change
//! together or not at all.
//!
//! An escrow is what one funding put into the agent's hands. The end of its instrument orders what
//! becomes of it, and the agent says once that it was done. A suspended agent says nothing: the
//! supervisor accredits the same agent with another key, which settles. A funding stands whatever
//! becomes of its agent later, as every act of an authority does.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{Matter, Pending, Status, Supplement, Text, Transfer};
use deedbook_schemas::limits::{SETTLEMENT_LINES_MAX, SUPPLEMENTS_MAX};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::settlement::{
    Escrow, EscrowFunding, EscrowRefund, EscrowRelease, EscrowState, Settlement,
};

use crate::act::open_deed;
use crate::apply::Case;
use crate::deed::{Deed, View};
use crate::overlay::Overlay;
use crate::requirements::Requirement;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, registration, text};

/// The lines of a settlement: the sources', then the destinations'.
fn sides(settlement: &Settlement) -> [Vec<&Money>; 2] {
    [
        settlement.sources.iter().map(|line| &line.amount).collect(),
        settlement
            .destinations
            .iter()
            .map(|line| &line.amount)
            .collect(),
    ]
}

/// What fails at the door: amounts that are none.
pub(crate) fn fields(body: &Transfer, door: &mut Codes) {
    let settlement = body.settlement.as_ref();
    for amount in settlement.iter().flat_map(|lines| sides(lines)).flatten() {
        door::money(Some(amount), door);
    }
}

/// What fails by the law when the transfer is lodged.
pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Transfer,
    law: &mut Codes,
) -> Result<(), StateError> {
    let Some(settlement) = &body.settlement else {
        return Ok(());
    };
    for side in sides(settlement) {
        // Rule 35: lines that each move money, in the currency of the price.
        let bounded = (1..=SETTLEMENT_LINES_MAX).contains(&side.len());
        let price = body.price.as_ref();
        let sound = side.iter().all(|line| {
            line.minor > 0 && price.is_none_or(|price| price.currency == line.currency)
        });
        law.require(bounded && sound, Code::SettlementLines);
        // Rule 35: sources equal destinations equal the price, to the unit.
        let total: u128 = side.iter().map(|line| u128::from(line.minor)).sum();
        let balanced = price.is_some_and(|price| u128::from(price.minor) == total);
        law.require(balanced, Code::SettlementUnbalanced);
    }
    // Rule 36, Law on Payments 25: held by an accredited agent.
    let agent = state::authority(case.state, &settlement.agent)?;
    let accredited = agent.is_some_and(|agent| {
        agent.accreditation.role == AuthorityRole::EscrowAgent && !agent.accreditation.suspended
    });
    law.require(accredited, Code::EscrowAgent);
    Ok(())
}

/// How a pending instrument is settled, if it is through an agent.
fn of(pending: &Pending) -> Option<&Settlement> {
    match &pending.text {
        Text::Transfer(text) => text.settlement.as_ref(),
        _ => None,
    }
}

/// The record that funded it.
fn funding(pending: &Pending) -> Option<RecordId> {
    let mut supplements = pending.supplements.iter();
    supplements
        .find(|supplement| matches!(supplement.matter, Matter::Funding { .. }))
        .map(|supplement| supplement.record)
}

pub(crate) fn fund(case: &mut Case<'_, '_>, body: &EscrowFunding) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::EscrowAgent, &mut door)?;
    identity::forbid(case, &mut door);
    door::money(Some(&body.amount), &mut door);
    let deed = open_deed(case, &mut door)?;
    let mut deed = door.door(deed, Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    let agent = case.record.issuer();
    match of(&deed.pending) {
        // Rule 36: what asks for no funding gets none.
        None => law.refuse(Code::EscrowFunded),
        Some(settlement) => {
            // Rule 36, Law on Payments 25: by the agent that the parties chose.
            law.require(settlement.agent == agent, Code::EscrowAgent);
            // Rule 36: the whole price, no more and no less.
            let price = text::price(&deed.pending.text);
            law.require(price == Some(&body.amount), Code::EscrowAmount);
        }
    }
    // Rule 36: once.
    let funded = funding(&deed.pending).is_some();
    law.require(!funded, Code::EscrowFunded);
    let room = deed.pending.supplements.len() < SUPPLEMENTS_MAX;
    law.require(room, Code::RequisitionTooMany);
    law.lawful()?;

    let escrow = Escrow {
        instrument: deed.id,
        agent,
        amount: body.amount.clone(),
        state: EscrowState::Funded,
        settled: None,
    };
    case.state.put(Key::Escrow(&case.record.id), &escrow);
    deed.pending.supplements.push(Supplement {
        record: case.record.id,
        matter: Matter::Funding { agent },
    });
    Ok(registration::conclude(case.state, case.block, *deed)?)
}

pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let pending = &view.deed.pending;
    let unfunded = of(pending).filter(|_| funding(pending).is_none());
    let ask = |settlement: &Settlement| {
        let text = format!(
            "The escrow agent {} has to say that it holds the price.",
            settlement.agent
        );
        Requirement::new(Code::EscrowMissing, Some(settlement.agent), text)
    };
    Ok(unfunded.map(ask).into_iter().collect())
}

/// Rules 36, 37: orders the release on registration, the refund on any other end of the deed. The
/// outcome of the funding is that order.
pub(crate) fn end(
    state: &mut Overlay<'_>,
    deed: &Deed,
    status: Status,
) -> Result<Vec<Outcome>, StateError> {
    let Some(id) = funding(&deed.pending) else {
        return Ok(Vec::new());
    };
    let mut escrow: Escrow = state::read(state, Key::Escrow(&id))?.ok_or_else(|| {
        StateError::Inconsistent(format!("{}: the escrow {id} is missing", deed.id))
    })?;
    escrow.state = match status {
        Status::Registered => EscrowState::ReleaseOrdered,
        Status::Pending | Status::Refused | Status::Withdrawn | Status::Expired => {
            EscrowState::RefundOrdered
        }
    };
    state.put(Key::Escrow(&id), &escrow);
    Ok(vec![outcome(id, status)])
}

pub(crate) fn release(case: &mut Case<'_, '_>, body: &EscrowRelease) -> Verdict {
    let (ordered, done) = (EscrowState::ReleaseOrdered, EscrowState::Released);
    settle(case, &body.amount, ordered, done)
}

pub(crate) fn refund(case: &mut Case<'_, '_>, body: &EscrowRefund) -> Verdict {
    let (ordered, done) = (EscrowState::RefundOrdered, EscrowState::Refunded);
    settle(case, &body.amount, ordered, done)
}

/// Records that what was ordered is done.
fn settle(
    case: &mut Case<'_, '_>,
    amount: &Money,
    ordered: EscrowState,
    done: EscrowState,
) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::EscrowAgent, &mut door)?;
    identity::forbid(case, &mut door);
    door::money(Some(amount), &mut door);
    let id: Option<RecordId> = door::subject(case, &mut door);
    let id = door.door(id, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 37: of an escrow that was funded.
    let found: Option<Escrow> = state::read(case.state, Key::Escrow(&id))?;
    if let Some(escrow) = &found {
        // Rule 36, Law on Payments 25: by the agent that holds it.
        law.require(escrow.agent == case.record.issuer(), Code::EscrowAgent);
        // Rule 35: money in equals money out.
        law.require(escrow.amount == *amount, Code::EscrowAmount);
        // Rule 37: once, and as the end of the instrument ordered.
        match escrow.state {
            EscrowState::Released | EscrowState::Refunded => law.refuse(Code::EscrowSettled),
            state => law.require(state == ordered, Code::EscrowNotOrdered),
        }
    }
    let escrow = law.law(found, Code::EscrowUnknown)?;

    let settled = Escrow {
        state: done,
        settled: Some(case.record.id),
        ..escrow
    };
    case.state.put(Key::Escrow(&id), &settled);
    Ok(Vec::new())
}
