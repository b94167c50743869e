//! Priority notices (rule 32): a buyer reserves the slot for the deed that a disponor has signed, for
//! some business days. Once for a deed and once for a buyer while the title stays as it is, so that
//! nobody holds a slot by notice after notice.
//!
//! Does not live here: whose slot it is while reserved: see `deed`.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Encumbrance, PriorityNotice, Right};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::ENCUMBRANCES_OF_A_KIND_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;
use minicbor::{CborLen, Decode, Encode};

use crate::act::open_deed;
use crate::apply::Case;
use crate::calendar::end_of_business_days;
use crate::deed::{self, Deed};
use crate::identity::Evidence;
use crate::schedule::Due;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, representation};

/// The reservations of one version of a title, in force or over.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
struct Reserved {
    #[n(0)]
    version: u64,
    #[n(1)]
    by: Vec<Reservation>,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
struct Reservation {
    #[n(0)]
    buyer: PartyId,
    #[n(1)]
    instrument: RecordId,
}

pub(crate) fn apply(case: &mut Case<'_, '_>, _body: &PriorityNotice) -> Verdict {
    let mut door = door::open(case);
    let buyer = door::person(case, &mut door)?;
    let deed = open_deed(case, &mut door)?;
    identity::check(case, Evidence::Required, &mut door)?;
    let (buyer, deed) = door.door(buyer.zip(deed), Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    door::standing(&buyer, case.now, &mut law);
    // Rule 32: by the buyer, in person.
    let bought = bought(case, &deed)?;
    law.require(!bought.is_empty(), Code::NoticeForeign);
    // Rule 32: for a deed that holds the slot by a disponor's act, on every title it is about.
    for leg in &deed.legs {
        let title = deed.title(&leg.property)?;
        let holder = deed::signed_holder(case.state, &leg.property, title, case.now)?;
        law.require(holder == Some(deed.id), Code::NoticeUnsigned);
    }
    for property in &bought {
        check_title(case, &deed, property, &mut law)?;
    }
    law.lawful()?;

    // Rule 32: until the end of the last business day, by the calendar that judges the deed.
    let days = case.profile.priority_business_days;
    let until = end_of_business_days(case.now, days, &case.profile.calendar);
    for property in &bought {
        reserve(case, &deed, property, until)?;
    }
    Ok(vec![outcome(case.record.id, Status::Registered)])
}

/// The properties that the signer, or a group that they belong to, acquires by the deed.
fn bought(case: &Case<'_, '_>, deed: &Deed) -> Result<Vec<String>, StateError> {
    let mut bought = Vec::new();
    for leg in &deed.legs {
        for acquirer in &leg.acquirers {
            let own = representation::belongs(case.state, acquirer, &case.record.issuer())?;
            if own && !bought.contains(&leg.property) {
                bought.push(leg.property.clone());
            }
        }
    }
    Ok(bought)
}

fn check_title(
    case: &Case<'_, '_>,
    deed: &Deed,
    property: &str,
    law: &mut Codes,
) -> Result<(), StateError> {
    let title = deed.title(property)?;
    // Rule 32: not under another buyer's notice.
    let reserved = reserved_for(case.state, title, case.now)?;
    let free = reserved.is_none_or(|instrument| instrument == deed.id);
    law.require(free, Code::NoticeInForce);
    // Rule 32: not twice for a deed, nor twice by a buyer.
    let earlier = reservations(case.state, property, title)?.by;
    let stacked = earlier
        .iter()
        .any(|one| one.instrument == deed.id || one.buyer == case.record.issuer());
    law.require(!stacked, Code::NoticeStacked);
    law.require(
        earlier.len() < ENCUMBRANCES_OF_A_KIND_MAX,
        Code::EncumbranceTooMany,
    );
    Ok(())
}

fn reserve(
    case: &mut Case<'_, '_>,
    deed: &Deed,
    property: &str,
    until: Seconds,
) -> Result<(), StateError> {
    let mut title = deed.title(property)?.clone();
    let mut reserved = reservations(case.state, property, &title)?;
    reserved.by.push(Reservation {
        buyer: case.record.issuer(),
        instrument: deed.id,
    });
    title.encumbrances.push(Encumbrance {
        id: case.record.id,
        registered: case.block.time,
        right: Right::PriorityNotice {
            buyer: case.record.issuer(),
            instrument: deed.id,
            until,
        },
    });
    case.state.put(Key::Title(property), &title);
    case.state.put(Key::Reserved(property), &reserved);
    case.state.schedule(until, Due::Title(property.to_owned()));
    Ok(())
}

/// The reservations of a title in its present version.
fn reservations(
    state: &dyn StateRead,
    property: &str,
    title: &Title,
) -> Result<Reserved, StateError> {
    let found: Option<Reserved> = state::read(state, Key::Reserved(property))?;
    let none = Reserved {
        version: title.version,
        by: Vec::new(),
    };
    Ok(found
        .filter(|reserved| reserved.version == title.version)
        .unwrap_or(none))
}

/// The open instrument for which a buyer's notice reserves the slot at `now`. A notice ends with its
/// instrument.
pub(crate) fn reserved_for(
    state: &dyn StateRead,
    title: &Title,
    now: Seconds,
) -> Result<Option<RecordId>, StateError> {
    for encumbrance in &title.encumbrances {
        let Right::PriorityNotice {
            instrument, until, ..
        } = &encumbrance.right
        else {
            continue;
        };
        let pending = state::instrument(state, instrument)?.and_then(|found| found.pending);
        if now < *until && pending.is_some_and(|pending| deed::is_open(&pending, now)) {
            return Ok(Some(*instrument));
        }
    }
    Ok(None)
}
