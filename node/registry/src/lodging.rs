//! Lodging: how every instrument begins (rules 1, 7, 9, 22, 31). Anybody lodges; it binds nobody until
//! its parties act on it. Subdivisions and consolidations are lodged by a registrar.
//!
//! Does not live here: what the text of each kind must say: see its file.

use std::collections::BTreeMap;

use deedbook_schemas::instrument::{ActRole, Instrument, Pending, Status, Text};
use deedbook_schemas::limits::ACTS_MAX;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::property::Title;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::{Code, Rejection};

use crate::apply::{BlockContext, Case};
use crate::deed;
use crate::overlay::Overlay;
use crate::schedule::{Due, days_after};
use crate::state::{self, Key, StateError};
use crate::text::{self, Leg};
use crate::verdict::{Codes, Verdict};
use crate::{
    assignment, door, identity, lease, mortgage, parcel, postponement, representation, servitude,
    transfer,
};

/// The text of an instrument that a record lodges, if it lodges one.
pub(crate) fn text_of(body: &Body) -> Option<Text> {
    Some(match body {
        Body::Transfer(text) => Text::Transfer(Box::new(text.clone())),
        Body::Mortgage(text) => Text::Mortgage(text.clone()),
        Body::Servitude(text) => Text::Servitude(text.clone()),
        Body::Lease(text) => Text::Lease(text.clone()),
        Body::Assignment(text) => Text::Assignment(text.clone()),
        Body::Postponement(text) => Text::Postponement(text.clone()),
        Body::Subdivision(text) => Text::Subdivision(text.clone()),
        Body::Consolidation(text) => Text::Consolidation(text.clone()),
        _ => return None,
    })
}

pub(crate) fn lodge(case: &mut Case<'_, '_>) -> Verdict {
    let mut door = door::open(case);
    let Some(text) = text_of(&case.record.body) else {
        door.refuse(Code::FieldInvalid);
        return door.door(None, Code::FieldInvalid);
    };
    let lodger = if matches!(text, Text::Subdivision(_) | Text::Consolidation(_)) {
        door::authority(case, AuthorityRole::Registrar, &mut door)?;
        None
    } else {
        door::person(case, &mut door)?
    };
    identity::forbid(case, &mut door);
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    match &text {
        Text::Transfer(text) => transfer::fields(text, &mut door),
        Text::Mortgage(text) => mortgage::fields(text, &mut door),
        Text::Servitude(text) => servitude::fields(text, &mut door),
        Text::Lease(text) => lease::fields(text, &mut door),
        Text::Assignment(_) => {}
        Text::Postponement(text) => postponement::fields(text, &mut door),
        Text::Subdivision(text) => parcel::subdivision_fields(text, &mut door),
        Text::Consolidation(text) => parcel::consolidation_fields(text, &mut door),
    }
    door.door(Some(()), Code::FieldInvalid)?;

    let mut law = Codes::default();
    if let Some(lodger) = &lodger {
        door::standing(lodger, case.now, &mut law);
    }
    let titles = check_legs(case, &text, &mut law)?;
    match &text {
        Text::Transfer(text) => transfer::check(case, text, &titles, &mut law)?,
        Text::Mortgage(text) => mortgage::check(case, text, &titles, &mut law)?,
        Text::Servitude(text) => servitude::check(case, text, &titles, &mut law)?,
        Text::Lease(text) => lease::check(case, text, &titles, &mut law)?,
        Text::Assignment(text) => assignment::check(case, text, &titles, &mut law)?,
        Text::Postponement(text) => postponement::check(case, text, &titles, &mut law),
        Text::Subdivision(text) => parcel::check_subdivision(case, text, &titles, &mut law)?,
        Text::Consolidation(text) => parcel::check_consolidation(case, text, &titles, &mut law)?,
    }
    law.lawful()?;

    let expires = days_after(case.now, case.profile.pending_days);
    let instrument = Instrument {
        property: property.to_owned(),
        status: Status::Pending,
        lodged: case.block.height,
        changed: case.block.time,
        pending: Some(Pending {
            text,
            lodger: case.record.issuer(),
            expires,
            acts: Vec::new(),
            profile: case.judged_by,
            supplements: Vec::new(),
        }),
        codes: Vec::new(),
    };
    let id = case.record.id;
    case.state.put(Key::Instrument(&id), &instrument);
    case.state.schedule(expires, Due::Instrument(id));
    Ok(Vec::new())
}

/// What the register says about the titles and the parties; gives the titles that exist.
fn check_legs(
    case: &Case<'_, '_>,
    text: &Text,
    law: &mut Codes,
) -> Result<BTreeMap<String, Title>, StateError> {
    let mut titles = BTreeMap::new();
    for leg in text::legs(case.record.subject(), text) {
        let title = state::title(case.state, &leg.property)?;
        // Rule 7, Law on Registration 21: on a registered property.
        law.require(title.is_some(), Code::TitleUnknown);
        if let Some(title) = title {
            check_leg(case, text, &leg, &title, law)?;
            titles.insert(leg.property.clone(), title);
        }
        check_parties(case, text, &leg, law)?;
    }
    for lender in text::side(case.record.subject(), text, ActRole::Mortgagee) {
        let able = representation::cannot_act(case.state, &lender, case.now)?.is_empty();
        law.require(able, Code::AcquirerUnknown);
    }
    // Rule 4: no more signers than an instrument has room for.
    let parties = text::all_parties(case.record.subject(), text);
    let needed = representation::signatures(case.state, &parties)?;
    law.require(needed <= ACTS_MAX, Code::GroupTooDeep);
    Ok(titles)
}

fn check_leg(
    case: &Case<'_, '_>,
    text: &Text,
    leg: &Leg,
    title: &Title,
    law: &mut Codes,
) -> Result<(), StateError> {
    // Rule 7: not one that has become others.
    law.require(!title.cancelled, Code::TitleCancelled);
    // Rule 9: for the title as it is.
    let current = leg.version.is_none_or(|version| version == title.version);
    law.require(current, Code::TitleVersion);
    if text::disposes(text) {
        // Rule 1, Civil Code 188: who gives holds, now, by party id.
        for party in &leg.disponors {
            let holds = title.share_of(party).is_some();
            law.require(holds, Code::TitleNotHolder);
        }
        // Rules 9, 31, 32: behind nobody.
        let taken = deed::slot_refusal(case.state, &leg.property, title, text, None, case.now)?;
        taken.into_iter().for_each(|code| law.refuse(code));
    }
    Ok(())
}

/// Rules 21–23: the parties are enrolled, and somebody can act for them.
fn check_parties(
    case: &Case<'_, '_>,
    text: &Text,
    leg: &Leg,
    law: &mut Codes,
) -> Result<(), StateError> {
    // Rule 22: the dead dispose by succession alone.
    let by_will = text::acts_by_will(text);
    for party in leg.disponors.iter().filter(|_| by_will) {
        if state::party(case.state, party)?.is_some() {
            let failed = representation::cannot_act(case.state, party, case.now)?;
            failed.into_iter().for_each(|code| law.refuse(code));
        }
    }
    for party in &leg.acquirers {
        let able = representation::cannot_act(case.state, party, case.now)?.is_empty();
        law.require(able, Code::AcquirerUnknown);
    }
    Ok(())
}

/// A refused instrument is kept, so that it can be asked about.
pub(crate) fn keep_refused(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    record: &Record,
    rejection: &Rejection,
) {
    let instrument = Instrument {
        property: record.subject().to_owned(),
        status: Status::Refused,
        lodged: block.height,
        changed: block.time,
        pending: None,
        codes: rejection.to_strings(),
    };
    state.put(Key::Instrument(&record.id), &instrument);
}
