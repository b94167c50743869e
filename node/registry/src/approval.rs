//! An officer approves beforehand what another one will sign for their legal entity, so that a record
//! that one signature makes effective has as many as the entity's rule asks for (rule 23; Civil Code
//! 37).
//!
//! An approval is for one record, whoever else signs it: of this kind, about this subject, with this
//! body. It counts while its officer is in office without a break, until it is used, withdrawn or as old
//! as an instrument may be pending. It lapses without an outcome, as a consent does.
//!
//! Does not live here: the rule that several sign (`representation`), the acts of the parties to an
//! instrument, which each officer does (`act`).

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{BodyDigest, RecordId};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::party::{Nature, OfficerApproval, PartyId};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;
use minicbor::{CborLen, Decode, Encode};

use crate::apply::Case;
use crate::identity::Evidence;
use crate::overlay::Overlay;
use crate::schedule::{Due, days_after};
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, representation};

/// An approval as the register holds it, until it is used, withdrawn or over.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub(crate) struct Approval {
    /// Who approved.
    #[n(0)]
    pub(crate) officer: PartyId,
    /// The officer's turn in which they did.
    #[n(1)]
    officer_turn: u32,
    /// For which legal entity.
    #[n(2)]
    entity: PartyId,
    /// The entity's turn.
    #[n(3)]
    entity_turn: u32,
    /// What is approved.
    #[n(4)]
    approves: BodyDigest,
    /// Until when: a full hour.
    #[n(5)]
    until: Seconds,
}

impl Approval {
    fn counts(&self, state: &dyn StateRead, now: Seconds) -> Result<bool, StateError> {
        let officer = (&self.officer, self.officer_turn);
        let entity = (&self.entity, self.entity_turn);
        Ok(now < self.until && representation::still_in_office(state, officer, entity, now)?)
    }
}

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &OfficerApproval) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let entity: Option<PartyId> = door::subject(case, &mut door);
    identity::check(case, Evidence::Required, &mut door)?;
    let (signer, entity) = door.door(signer.zip(entity), Code::FieldInvalid)?;

    let mut law = Codes::default();
    let officer = case.record.issuer();
    // Rule 23, Civil Code 37: of an active legal entity, by those in office.
    for code in representation::check(case.state, &officer, &entity, case.now)? {
        law.refuse(code);
    }
    let known = state::party(case.state, &entity)?;
    let is_legal = known
        .as_ref()
        .is_some_and(|party| matches!(party.nature, Nature::Legal(_)));
    law.require(is_legal, Code::EntityOfficer);
    // Rule 23: one officer is one, however often they approve.
    let (counting, over) = sorted_out(case, &entity, &body.approves)?;
    let repeated = counting
        .iter()
        .any(|(_, earlier)| earlier.officer == officer);
    law.require(!repeated, Code::ApprovalRepeated);
    let known = law.law(known, Code::EntityOfficer)?;

    let approval = Approval {
        officer,
        officer_turn: signer.turn,
        entity,
        entity_turn: known.turn,
        approves: body.approves,
        until: days_after(case.now, case.profile.pending_days),
    };
    let id = case.record.id;
    // Only those who are officers now keep a place: there is one for each of them.
    for gone in &over {
        case.state.delete(Key::Approval(gone))?;
    }
    let mut listed: Vec<RecordId> = counting.iter().map(|(id, _)| *id).collect();
    listed.push(id);
    case.state
        .put(Key::Approvals(&entity, &body.approves), &listed);
    case.state.put(Key::Approval(&id), &approval);
    case.state.schedule(approval.until, Due::Approval(id));
    Ok(vec![outcome(id, Status::Registered)])
}

fn listed(
    state: &dyn StateRead,
    entity: &PartyId,
    approves: &BodyDigest,
) -> Result<Vec<RecordId>, StateError> {
    Ok(state::read(state, Key::Approvals(entity, approves))?.unwrap_or_default())
}

/// Approvals of one act, with their ids.
type Given = Vec<(RecordId, Approval)>;

/// The approvals of one act that count now, and the ids of those that do not any more.
fn sorted_out(
    case: &Case<'_, '_>,
    entity: &PartyId,
    approves: &BodyDigest,
) -> Result<(Given, Vec<RecordId>), StateError> {
    let (mut counting, mut over) = (Vec::new(), Vec::new());
    for id in listed(case.state, entity, approves)? {
        match self::counting(case, &id)? {
            Some(approval) => counting.push((id, approval)),
            None => over.push(id),
        }
    }
    Ok((counting, over))
}

/// An approval that counts now.
pub(crate) fn counting(case: &Case<'_, '_>, id: &RecordId) -> Result<Option<Approval>, StateError> {
    let approval: Option<Approval> = state::read(case.state, Key::Approval(id))?;
    match approval {
        Some(approval) if approval.counts(case.state, case.now)? => Ok(Some(approval)),
        _ => Ok(None),
    }
}

/// The officers who approved the record that is judged, as far as it counts. Only what is used up by it
/// does: see [`spend`].
pub(crate) fn officers(
    case: &Case<'_, '_>,
    entity: &PartyId,
) -> Result<BTreeSet<PartyId>, StateError> {
    if case.record.body.binds() != Some(*entity) {
        return Ok(BTreeSet::new());
    }
    let approves = case.record.body.digest(case.record.subject());
    let (counting, _) = sorted_out(case, entity, &approves)?;
    let mut officers: BTreeSet<PartyId> = counting.iter().map(|(_, a)| a.officer).collect();
    // Rule 19, Civil Code 163: nobody helps to make themselves an agent.
    if let Body::PowerOfAttorney(_) = &case.record.body
        && let Ok(agent) = case.record.subject().parse()
    {
        officers.remove(&agent);
    }
    Ok(officers)
}

/// A record that was accepted uses up what approved it: the same again has to be approved again.
pub(crate) fn spend(state: &mut Overlay<'_>, record: &Record) -> Result<(), StateError> {
    let Some(entity) = record.body.binds() else {
        return Ok(());
    };
    let approves = record.body.digest(record.subject());
    let given = listed(state, &entity, &approves)?;
    if given.is_empty() {
        return Ok(());
    }
    for id in &given {
        state.delete(Key::Approval(id))?;
    }
    state.delete(Key::Approvals(&entity, &approves))
}

/// Whether an approval is there, so that it can lapse.
pub(crate) fn stands(state: &dyn StateRead, id: &RecordId) -> Result<bool, StateError> {
    Ok(state::look::<Approval>(state, Key::Approval(id))?.is_some())
}

/// Takes an approval away that is withdrawn, or whose time is over; one that is gone is no matter.
pub(crate) fn remove(state: &mut Overlay<'_>, id: &RecordId) -> Result<(), StateError> {
    let Some(approval) = state::look::<Approval>(state, Key::Approval(id))? else {
        return Ok(());
    };
    let list = Key::Approvals(&approval.entity, &approval.approves);
    let mut given = listed(state, &approval.entity, &approval.approves)?;
    given.retain(|listed| listed != id);
    state.delete(Key::Approval(id))?;
    if given.is_empty() {
        return state.delete(list);
    }
    state.put(list, &given);
    Ok(())
}
