//! Appeals (rule 50; Administrative Procedure Code 91, 92): against the end of an instrument, by a party
//! or its lodger, in time, one at a time. They change no title: a correction citing an order does.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Instrument, Status};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::proceeding::{Appeal, AppealDecision, AppealEnd, AppealState};
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::Code;

use crate::accreditation::is_above;
use crate::apply::Case;
use crate::calendar::add_days;
use crate::identity::Evidence;
use crate::lodging;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{deed, door, identity, representation, text};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Appeal) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let id: Option<RecordId> = door::subject(case, &mut door);
    // The record that it says it is: its id binds its text.
    let appealed = Record::decode(&body.record)
        .ok()
        .filter(|record| Some(record.id) == id);
    door.require(appealed.is_some(), Code::FieldInvalid);
    let instrument = match &id {
        Some(id) => state::instrument(case.state, id)?,
        None => None,
    };
    door.require(instrument.is_some(), Code::InstrumentUnknown);
    identity::check(case, Evidence::Required, &mut door)?;
    let found = signer.zip(appealed).zip(instrument);
    let ((signer, appealed), instrument) = door.door(found, Code::FieldInvalid)?;

    let mut law = Codes::default();
    door::standing(&signer, case.now, &mut law);
    // Rule 50: a party, or who lodged it.
    let entitled = is_party(case, &appealed)?;
    law.require(entitled, Code::AppealStanding);
    // Rule 50: against an end, while there is time.
    match end_of(&instrument, case.now) {
        None => law.refuse(Code::AppealEarly),
        Some(ended) => {
            // Rule 47: as long as was the law when it was lodged.
            let number = state::profile_at(case.state, instrument.lodged)?;
            let days = state::profile(case.state, number)?.appeal_days;
            law.require(case.now <= add_days(ended, days), Code::AppealLate);
        }
    }
    // Rule 50: to a court.
    let court = state::authority(case.state, &body.court)?;
    let court = court.as_ref().map(|court| &court.accreditation);
    let sits = court.is_some_and(|court| court.role == AuthorityRole::Court && !court.suspended);
    law.require(sits, Code::AuthorityUnknown);
    // Rule 50: one at a time.
    let undecided = latest(case.state, &appealed.id)?.is_some_and(|last| last.decision.is_none());
    law.require(!undecided, Code::AppealOpen);
    law.lawful()?;

    let appeal = AppealState {
        instrument: appealed.id,
        appellant: case.record.issuer(),
        court: body.court,
        decision: None,
    };
    case.state.put(Key::Appeal(&case.record.id), &appeal);
    case.state.put(Key::Appealed(&appealed.id), &case.record.id);
    Ok(vec![outcome(case.record.id, Status::Registered)])
}

/// Whether the signer lodged the instrument, is a party to it, or stands for one.
fn is_party(case: &Case<'_, '_>, appealed: &Record) -> Result<bool, StateError> {
    let issuer = case.record.issuer();
    if appealed.issuer() == issuer {
        return Ok(true);
    }
    let Some(text) = lodging::text_of(&appealed.body) else {
        return Ok(false);
    };
    for party in text::all_parties(appealed.subject(), &text) {
        if representation::speaks_for(case.state, &issuer, &party, case.now)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// When an instrument ended; what has run out has ended, swept or not.
fn end_of(instrument: &Instrument, now: Seconds) -> Option<Seconds> {
    match &instrument.pending {
        None => Some(instrument.changed.seconds()),
        Some(pending) => deed::ended_at(pending, now),
    }
}

/// The latest appeal against an instrument's end.
fn latest(state: &dyn StateRead, instrument: &RecordId) -> Result<Option<AppealState>, StateError> {
    let Some(id) = state::read::<RecordId>(state, Key::Appealed(instrument))? else {
        return Ok(None);
    };
    state::read(state, Key::Appeal(&id))
}

/// The court decides. What has to change on a title follows by its order.
pub(crate) fn decide(case: &mut Case<'_, '_>, body: &AppealDecision) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Court, &mut door)?;
    identity::forbid(case, &mut door);
    let id: Option<RecordId> = door::subject(case, &mut door);
    let id = door.door(id, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 50: once.
    let appeal: Option<AppealState> = state::read(case.state, Key::Appeal(&id))?;
    let appeal = appeal.filter(|appeal| appeal.decision.is_none());
    law.require(appeal.is_some(), Code::AppealUnknown);
    if let Some(appeal) = &appeal {
        // Rule 50: by the court appealed to, or one above it.
        let issuer = case.record.issuer();
        let competent = issuer == appeal.court || is_above(case.state, &issuer, &appeal.court)?;
        law.require(competent, Code::AppealStanding);
    }
    let mut appeal = law.law(appeal, Code::AppealUnknown)?;

    appeal.decision = Some(AppealEnd {
        record: case.record.id,
        allowed: body.allowed,
    });
    case.state.put(Key::Appeal(&id), &appeal);
    Ok(vec![outcome(case.record.id, Status::Registered)])
}
