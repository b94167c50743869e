//! Requisitions (rule 33; Law on Registration 27): the registrar asks for something, a party answers
//! before a clock runs out, and a registrar decides. The text stays what was signed: a correction
//! of it is another instrument (rule 34).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Matter, Pending, Status, Supplement};
use deedbook_schemas::limits::{REQUISITIONS_MAX, SUPPLEMENTS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::proceeding::{Requisition, RequisitionAnswer, RequisitionDecision};
use deedbook_schemas::rejection::{Code, Rejection};

use crate::act::open_deed;
use crate::apply::Case;
use crate::calendar::{end_of_business_days, in_words};
use crate::deed::{Deed, View};
use crate::identity::Evidence;
use crate::requirements::Requirement;
use crate::schedule::Due;
use crate::state::StateError;
use crate::verdict::{Codes, Verdict};
use crate::{door, identity, registration, representation, text};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Requisition) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Registrar, &mut door)?;
    identity::forbid(case, &mut door);
    let deed = open_deed(case, &mut door)?;
    door.require(!body.request.is_empty(), Code::FieldInvalid);
    door::text(&body.request, TEXT_BYTES_MAX, &mut door);
    let mut deed = door.door(deed, Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    // Rule 33: not without end.
    let open = clocks(&deed.pending).count();
    let room = open < REQUISITIONS_MAX && deed.pending.supplements.len() < SUPPLEMENTS_MAX;
    law.require(room, Code::RequisitionTooMany);
    law.lawful()?;

    // Rule 33: with a clock, in business days of the calendar that judges the instrument.
    let days = case.profile.requisition_business_days;
    let due = end_of_business_days(case.now, days, &case.profile.calendar);
    deed.pending.supplements.push(Supplement {
        record: case.record.id,
        matter: Matter::Requisition { due, answer: None },
    });
    case.state.schedule(due, Due::Instrument(deed.id));
    Ok(registration::conclude(case.state, case.block, *deed)?)
}

pub(crate) fn answer(case: &mut Case<'_, '_>, body: &RequisitionAnswer) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let deed = open_deed(case, &mut door)?;
    identity::check(case, Evidence::Optional, &mut door)?;
    let (signer, mut deed) = door.door(signer.zip(deed), Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    door::standing(&signer, case.now, &mut law);
    // Rule 33: who lodged it, or is a party to it.
    let entitled = is_entitled(case, &deed)?;
    law.require(entitled, Code::RequisitionForeign);
    // Rule 33: a requisition that waits for an answer; a late one finds the instrument closed.
    let asked = answer_of(&mut deed.pending, &body.requisition).filter(|answer| answer.is_none());
    law.require(asked.is_some(), Code::RequisitionUnknown);
    if let Some(asked) = asked {
        *asked = Some(case.record.id);
    }
    law.lawful()?;
    Ok(registration::conclude(case.state, case.block, *deed)?)
}

pub(crate) fn decide(case: &mut Case<'_, '_>, body: &RequisitionDecision) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Registrar, &mut door)?;
    identity::forbid(case, &mut door);
    let deed = open_deed(case, &mut door)?;
    let mut deed = door.door(deed, Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    // Rule 33: a requisition that was answered.
    let answered =
        answer_of(&mut deed.pending, &body.requisition).is_some_and(|answer| answer.is_some());
    law.require(answered, Code::RequisitionUnknown);
    law.lawful()?;

    if !body.cured {
        let codes = Rejection::one(Code::RequisitionRefused).to_strings();
        return Ok(deed.close(case.state, case.block, Status::Refused, codes)?);
    }
    deed.pending
        .supplements
        .retain(|supplement| supplement.record != body.requisition);
    Ok(registration::conclude(case.state, case.block, *deed)?)
}

/// Whether the signer lodged the instrument, is a party to it, or stands for one by office.
fn is_entitled(case: &Case<'_, '_>, deed: &Deed) -> Result<bool, StateError> {
    let signer = case.record.issuer();
    if deed.pending.lodger == signer {
        return Ok(true);
    }
    for party in text::all_parties(&deed.property, &deed.pending.text) {
        if representation::speaks_for(case.state, &signer, &party, case.now)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The place for the answer to a requisition of this instrument.
fn answer_of<'p>(
    pending: &'p mut Pending,
    requisition: &RecordId,
) -> Option<&'p mut Option<RecordId>> {
    let supplements = pending.supplements.iter_mut();
    let mut found = supplements.filter(|supplement| supplement.record == *requisition);
    match &mut found.next()?.matter {
        Matter::Requisition { answer, .. } => Some(answer),
        _ => None,
    }
}

/// An undecided requisition.
struct Clock {
    record: RecordId,
    due: Seconds,
    answered: bool,
}

fn clocks(pending: &Pending) -> impl Iterator<Item = Clock> + '_ {
    pending
        .supplements
        .iter()
        .filter_map(|supplement| match &supplement.matter {
            Matter::Requisition { due, answer } => Some(Clock {
                record: supplement.record,
                due: *due,
                answered: answer.is_some(),
            }),
            _ => None,
        })
}

/// Rule 33: nothing registers over an open requisition.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let pending = &view.deed.pending;
    let ask = |clock: Clock| {
        let (record, due) = (clock.record, in_words(clock.due));
        if clock.answered {
            let text = format!("The requisition {record} was answered: a registrar has to decide.");
            Requirement::new(Code::RequisitionOpen, None, text)
        } else if view.now < clock.due {
            let text = format!(
                "The registrar asks for something by the requisition {record}: a party or the lodger has to answer before {due}."
            );
            Requirement::new(Code::RequisitionOpen, Some(pending.lodger), text)
        } else {
            let text = format!("The requisition {record} was not answered before {due}.");
            Requirement::new(Code::RequisitionUnanswered, None, text)
        }
    };
    Ok(clocks(pending).map(ask).collect())
}

/// When the first requisition was due that was not answered in time.
pub(crate) fn overdue(pending: &Pending, now: Seconds) -> Option<Seconds> {
    clocks(pending)
        .filter(|clock| !clock.answered && clock.due <= now)
        .map(|clock| clock.due)
        .min()
}

/// The codes for which an instrument is refused at `now`, if a requisition was not answered in time
/// while it was pending.
pub(crate) fn unanswered(pending: &Pending, now: Seconds) -> Option<Vec<String>> {
    overdue(pending, now)
        .filter(|due| *due <= pending.expires)
        .map(|_| Rejection::one(Code::RequisitionUnanswered).to_strings())
}
