//! The holder of an encumbrance gives it up, at once or with the registration of an instrument; a
//! mortgagee lets the property pass with the mortgage on it (rules 25–27, 29; Civil Code 315, 322).
//!
//! A freeze stands in nobody's way here: it holds the holders of the title, and never a release. What is
//! given up or consented to stays so until the instrument ends; it binds who gave it, not who has the
//! right after them.

use std::collections::BTreeMap;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Discharge, Encumbrance, MortgageeConsent};
use deedbook_schemas::instrument::{Matter, Status, Supplement, Transfer};
use deedbook_schemas::limits::{ENCUMBRANCES_OF_A_KIND_MAX, SUPPLEMENTS_MAX};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::in_force;

use crate::apply::Case;
use crate::deed::{self, Deed, Found};
use crate::identity::Evidence;
use crate::release::Release;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{act, door, encumbrance, identity, ranks, registration, text};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Discharge) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let encumbrance: Option<RecordId> = door::subject(case, &mut door);
    let title = state::title(case.state, &body.property)?;
    let release = Release {
        power: body.power,
        represents: body.represents,
        property: &body.property,
        favours: title.as_ref().map(encumbrance::holders).unwrap_or_default(),
    };
    release.fields(&mut door);
    let deed = match &body.with {
        None => None,
        Some(instrument) => deed_about(case, instrument, &body.property, &mut door)?,
    };
    identity::check(case, Evidence::Required, &mut door)?;
    let (signer, encumbrance) = door.door(signer.zip(encumbrance), Code::FieldInvalid)?;

    let mut law = Codes::default();
    let holder = release.speaks_for(case, &signer, &mut law)?;
    // Rule 7: off a title that is there.
    if let Some(title) = &title {
        law.require(!title.cancelled, Code::TitleCancelled);
        // Rule 29: what is on it and in force.
        let found = title
            .encumbrances
            .iter()
            .find(|e| e.id == encumbrance && in_force(&e.right, case.now));
        law.require(found.is_some(), Code::EncumbranceUnknown);
        // Rules 25, 26, 27, 29: by who has it now, not by a lender of another rank.
        let own = found.is_none_or(|found| encumbrance::holder(&found.right) == Some(holder));
        law.require(own, Code::EncumbranceForeign);
    }
    if let Some(deed) = &deed {
        let given = is_given(deed, &body.property, &encumbrance, &holder);
        check_supplement(deed, given, &mut law);
    }
    let title = law.law(title, Code::TitleUnknown)?;

    match deed {
        None => strike_at_once(case, &body.property, title, encumbrance),
        Some(deed) => {
            let matter = Matter::Discharge {
                encumbrance,
                holder,
                property: body.property.clone(),
            };
            supplement(case, deed, matter)
        }
    }
}

pub(crate) fn consent(case: &mut Case<'_, '_>, body: &MortgageeConsent) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let deed = act::open_deed(case, &mut door)?;
    identity::check(case, Evidence::Required, &mut door)?;
    let one = body.power.is_none() || body.represents.is_none();
    door.require(one, Code::FieldInvalid);
    let (signer, deed) = door.door(signer.zip(deed), Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    let found: Vec<(&String, PartyId)> = deed
        .titles
        .iter()
        .filter_map(|(property, title)| {
            let found = ranks::find(&title.encumbrances, &body.mortgage)?;
            Some((property, found.mortgagee))
        })
        .collect();
    let property = found
        .first()
        .map_or(&deed.property, |(property, _)| *property);
    let release = Release {
        power: body.power,
        represents: body.represents,
        property,
        favours: text::all_parties(&deed.property, &deed.pending.text),
    };
    let mortgagee = release.speaks_for(case, &signer, &mut law)?;
    // Rule 25, Civil Code 315: of a mortgage on this property, by who has it now.
    law.require(!found.is_empty(), Code::MortgageUnknown);
    let own = found.is_empty() || found.iter().any(|(_, present)| *present == mortgagee);
    law.require(own, Code::MortgageForeign);
    let matter = Matter::MortgageeConsent {
        mortgage: body.mortgage,
        mortgagee,
    };
    let given = deed.pending.supplements.iter().any(|s| s.matter == matter);
    check_supplement(&deed, given, &mut law);
    law.lawful()?;

    supplement(case, deed, matter)
}

/// The open instrument with which something is given up: one about that property. From here on the record
/// is judged as the instrument is (rule 47).
fn deed_about(
    case: &mut Case<'_, '_>,
    instrument: &RecordId,
    property: &str,
    door: &mut Codes,
) -> Result<Option<Box<Deed>>, StateError> {
    match deed::find(case.state, instrument, case.now)? {
        Found::Open(deed) if deed.titles.contains_key(property) => {
            case.judged_by = deed.pending.profile;
            case.profile = state::profile(case.state, case.judged_by)?;
            return Ok(Some(deed));
        }
        Found::Open(_) | Found::Nothing => door.refuse(Code::InstrumentUnknown),
        Found::Closed => door.refuse(Code::InstrumentClosed),
    }
    Ok(None)
}

/// Once, and as long as there is room for it.
fn check_supplement(deed: &Deed, given: bool, law: &mut Codes) {
    law.require(!given, Code::DischargeRepeated);
    let room = deed.pending.supplements.len() < SUPPLEMENTS_MAX;
    law.require(room, Code::RequisitionTooMany);
}

fn supplement(case: &mut Case<'_, '_>, mut deed: Box<Deed>, matter: Matter) -> Verdict {
    deed.pending.supplements.push(Supplement {
        record: case.record.id,
        matter,
    });
    Ok(registration::conclude(case.state, case.block, *deed)?)
}

/// Takes it off the title, and registers the instrument that waited for that.
fn strike_at_once(
    case: &mut Case<'_, '_>,
    property: &str,
    mut title: Title,
    encumbrance: RecordId,
) -> Verdict {
    strike(&mut title, &encumbrance);
    case.state.put(Key::Title(property), &title);
    let mut outcomes = vec![outcome(case.record.id, Status::Registered)];
    outcomes.extend(registration::look_again_at(
        case.state, case.block, property,
    )?);
    Ok(outcomes)
}

/// The mortgages that a transfer discharges: a short list in order.
pub(crate) fn fields(body: &Transfer, door: &mut Codes) {
    let listed = encumbrance::listed(body);
    door.require(
        listed.len() <= 2 * ENCUMBRANCES_OF_A_KIND_MAX && door::ascending(listed),
        Code::FieldInvalid,
    );
}

/// Rule 25: the mortgages that the text says go are on its titles.
pub(crate) fn check_listed(body: &Transfer, titles: &BTreeMap<String, Title>, law: &mut Codes) {
    for id in encumbrance::listed(body) {
        let on = |title: &Title| ranks::find(&title.encumbrances, id).is_some();
        law.require(titles.values().any(on), Code::MortgageUnknown);
    }
}

/// Whether `by` gives up an encumbrance of `property` with the deed.
pub(crate) fn is_given(deed: &Deed, property: &str, id: &RecordId, by: &PartyId) -> bool {
    deed.pending.supplements.iter().any(|supplement| {
        matches!(&supplement.matter,
            Matter::Discharge { encumbrance, holder, property: of }
                if encumbrance == id && holder == by && of == property)
    })
}

/// What is on a title once that is gone which is given up with the deed.
pub(crate) fn remaining(deed: &Deed, property: &str) -> Result<Vec<Encumbrance>, StateError> {
    let stays = |e: &&Encumbrance| {
        encumbrance::holder(&e.right).is_none_or(|holder| !is_given(deed, property, &e.id, &holder))
    };
    let title = deed.title(property)?;
    let mut rest: Vec<Encumbrance> = title.encumbrances.iter().filter(stays).cloned().collect();
    ranks::close_up(&mut rest);
    Ok(rest)
}

/// Takes off the titles what is given up with the deed.
pub(crate) fn apply_supplements(deed: &mut Deed) -> Result<(), StateError> {
    if deed.pending.supplements.is_empty() {
        return Ok(());
    }
    for leg in &deed.legs {
        let rest = remaining(deed, &leg.property)?;
        if let Some(title) = deed.titles.get_mut(&leg.property) {
            title.encumbrances = rest;
        }
    }
    Ok(())
}

/// Takes an encumbrance off a title, and lets the mortgages behind it move up (rule 26). One that is
/// gone already is no matter.
pub(crate) fn strike(title: &mut Title, encumbrance: &RecordId) {
    title.encumbrances.retain(|e| e.id != *encumbrance);
    ranks::close_up(&mut title.encumbrances);
}
