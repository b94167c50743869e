//! Guardians, and what they are permitted (rule 21; Civil Code 22–24, Marriage Code 119, 122).
//!
//! Does not live here: whether a guardian's act counts: see `representation`.

use std::collections::BTreeSet;
use std::sync::Arc;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::{
    ActRole, Matter, Pending, Status, Supplement, Text, TransferKind,
};
use deedbook_schemas::limits::SUPPLEMENTS_MAX;
use deedbook_schemas::party::{AuthorityRole, Guardianship, Nature, Party, PartyId};
use deedbook_schemas::proceeding::GuardianPermission;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::{can_act, is_ward};

use crate::act::open_deed;
use crate::apply::Case;
use crate::deed::{Deed, View};
use crate::representation;
use crate::requirements::Requirement;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, marriage, registration, text, waiting};

pub(crate) fn appoint(case: &mut Case<'_, '_>, body: &Guardianship) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::GuardianshipAuthority, &mut door)?;
    identity::forbid(case, &mut door);
    let id: Option<PartyId> = door::subject(case, &mut door);
    let id = door.door(id, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 21, Civil Code 22–24: of a minor or an incapable person.
    let ward = state::party(case.state, &id)?;
    let needs = ward.as_ref().is_some_and(|ward| {
        ward.nature == Nature::Natural && ward.died.is_none() && is_ward(ward, case.now)
    });
    law.require(needs, Code::GuardianUnfit);
    match &body.guardian {
        // Marriage Code 122: somebody else, who can act.
        Some(guardian) => {
            let fit = state::party(case.state, guardian)?
                .is_some_and(|party| party.nature == Nature::Natural && can_act(&party, case.now));
            law.require(fit && *guardian != id, Code::GuardianUnfit);
        }
        // Marriage Code 128: who is dismissed was appointed.
        None => law.require(
            ward.as_ref().is_none_or(|ward| ward.guardian.is_some()),
            Code::GuardianUnfit,
        ),
    }
    let ward = law.law(ward, Code::GuardianUnfit)?;

    let another = ward.guardian != body.guardian;
    let ward = Party {
        guardian: body.guardian,
        turn: ward.turn.saturating_add(another.into()),
        ..Arc::unwrap_or_clone(ward)
    };
    case.state.put(Key::Party(&id), &ward);
    Ok(waiting::look_again(case.state, case.block, &[id])?)
}

pub(crate) fn permit(case: &mut Case<'_, '_>, body: &GuardianPermission) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::GuardianshipAuthority, &mut door)?;
    identity::forbid(case, &mut door);
    let deed = open_deed(case, &mut door)?;
    let mut deed = door.door(deed, Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    // Rule 21, Civil Code 24: for a ward who is a party to this instrument.
    let ward = state::party(case.state, &body.ward)?;
    let is_ward = ward.is_some_and(|ward| ward.died.is_none() && is_ward(&ward, case.now));
    let mut takes_part = false;
    for party in text::all_parties(&deed.property, &deed.pending.text) {
        takes_part |= representation::belongs(case.state, &party, &body.ward)?;
    }
    law.require(is_ward && takes_part, Code::GuardianUnfit);
    // Not lapsed before it is given.
    law.require(case.now <= body.expires, Code::PermissionExpired);
    // A new permission takes the place of the earlier one.
    let supplements = &mut deed.pending.supplements;
    supplements.retain(|supplement| permission(supplement, &body.ward).is_none());
    let room = supplements.len() < SUPPLEMENTS_MAX;
    law.require(room, Code::RequisitionTooMany);
    law.lawful()?;

    supplements.push(Supplement {
        record: case.record.id,
        matter: Matter::GuardianPermission {
            ward: body.ward,
            expires: body.expires,
        },
    });
    let mut outcomes = vec![outcome(case.record.id, Status::Registered)];
    outcomes.extend(registration::conclude(case.state, case.block, *deed)?);
    Ok(outcomes)
}

/// Until when a supplement permits what is done for a ward, if it is about that.
fn permission(supplement: &Supplement, of: &PartyId) -> Option<Seconds> {
    match &supplement.matter {
        Matter::GuardianPermission { ward, expires } if ward == of => Some(*expires),
        _ => None,
    }
}

pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let mut open = Vec::new();
    let deed = view.deed;
    for act in deed.pending.acts.iter().filter(|act| act.by_office) {
        if conflict(view.state, deed, &act.signer, &act.party, view.now)? {
            let text = format!(
                "{} deals with their ward {}: the guardianship authority has to appoint somebody else.",
                act.signer, act.party
            );
            open.push(Requirement::new(Code::GuardianConflict, None, text));
        }
    }
    for ward in disposing_wards(view)? {
        open.extend(missing_permission(&deed.pending, &ward, view.now));
    }
    Ok(open)
}

/// Who may end the conflict that holds an instrument up, and when age does.
#[derive(Default)]
pub(crate) struct Torn {
    pub(crate) parties: BTreeSet<PartyId>,
    pub(crate) until: Option<Seconds>,
}

/// Guardians who are torn, and those on the other side: by divorce, other officers, another guardian, or
/// coming of age.
pub(crate) fn torn(view: &View<'_>) -> Result<Torn, StateError> {
    let mut torn = Torn::default();
    let deed = view.deed;
    for act in deed.pending.acts.iter().filter(|act| act.by_office) {
        if !conflict(view.state, deed, &act.signer, &act.party, view.now)? {
            continue;
        }
        torn.parties.insert(act.signer);
        for other in opposite(view.state, deed, &act.party)? {
            for person in representation::persons(view.state, &other)? {
                torn.parties.insert(person);
                let of_age = state::party(view.state, &person)?.and_then(|p| p.minor_until);
                let to_come = of_age.filter(|until| view.now < *until);
                torn.until = torn.until.into_iter().chain(to_come).min();
            }
        }
    }
    Ok(torn)
}

/// Rule 21, Civil Code 24, 159: bound to this instrument, and in force when it is registered.
fn missing_permission(pending: &Pending, ward: &PartyId, now: Seconds) -> Option<Requirement> {
    let until = pending
        .supplements
        .iter()
        .find_map(|supplement| permission(supplement, ward));
    match until {
        Some(until) if now <= until => None,
        Some(_) => Some(Requirement::new(
            Code::PermissionExpired,
            None,
            format!(
                "The permission for the ward {ward} has expired: the guardianship authority has to give a new one."
            ),
        )),
        None => Some(Requirement::new(
            Code::PermissionMissing,
            None,
            format!(
                "The guardianship authority has to permit what is disposed of for the ward {ward}."
            ),
        )),
    }
}

/// The wards for whom a right is given away or encumbered, by themselves or as members of a group.
fn disposing_wards(view: &View<'_>) -> Result<Vec<PartyId>, StateError> {
    let deed = view.deed;
    let mut disponors = text::side(&deed.property, &deed.pending.text, ActRole::Disponor);
    // What is bought with a mortgage is encumbered by who acquires it.
    if matches!(&deed.pending.text, Text::Transfer(text) if text.mortgage.is_some()) {
        disponors.extend(text::side(
            &deed.property,
            &deed.pending.text,
            ActRole::Acquirer,
        ));
    }
    let mut wards = Vec::new();
    for disponor in disponors {
        for person in representation::persons(view.state, &disponor)? {
            let ward = state::party(view.state, &person)?;
            if ward.is_some_and(|ward| is_ward(&ward, view.now)) && !wards.contains(&person) {
                wards.push(person);
            }
        }
    }
    Ok(wards)
}

/// Rule 21, Civil Code 24: who represents a ward deals neither with them nor, in the same instrument,
/// for the other side.
pub(crate) fn check_conflict(
    case: &Case<'_, '_>,
    deed: &Deed,
    party: &PartyId,
    represents: bool,
    law: &mut Codes,
) -> Result<(), StateError> {
    let signer = case.record.issuer();
    if represents && conflict(case.state, deed, &signer, party, case.now)? {
        law.refuse(Code::GuardianConflict);
    }
    for done in &deed.pending.acts {
        if done.by_office
            && done.signer == signer
            && done.party != *party
            && is_opposite(case.state, deed, &done.party, party)?
            && is_natural(case.state, &done.party)?
        {
            law.refuse(Code::GuardianConflict);
        }
    }
    Ok(())
}

fn is_natural(state: &dyn StateRead, party: &PartyId) -> Result<bool, StateError> {
    Ok(state::party(state, party)?.is_some_and(|party| party.nature == Nature::Natural))
}

fn is_opposite(
    state: &dyn StateRead,
    deed: &Deed,
    ward: &PartyId,
    party: &PartyId,
) -> Result<bool, StateError> {
    for other in opposite(state, deed, ward)? {
        if representation::belongs(state, &other, party)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a guardian, or their spouse, is on the side that deals with the ward, or has acted for it.
fn conflict(
    state: &dyn StateRead,
    deed: &Deed,
    guardian: &PartyId,
    ward: &PartyId,
    now: Seconds,
) -> Result<bool, StateError> {
    if !is_natural(state, ward)? {
        return Ok(false);
    }
    let spouse = marriage::present_spouse(state, guardian, now)?;
    let own: Vec<PartyId> = std::iter::once(*guardian).chain(spouse).collect();
    for other in opposite(state, deed, ward)? {
        for person in representation::persons(state, &other)? {
            if person == *ward {
                continue;
            }
            let acted = deed
                .pending
                .acts
                .iter()
                .any(|act| act.party == person && act.signer == *guardian);
            if acted || stands_behind(state, &person, &own, now)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether one of these is the person, an officer of the entity, or the guardian of the ward.
fn stands_behind(
    state: &dyn StateRead,
    person: &PartyId,
    own: &[PartyId],
    now: Seconds,
) -> Result<bool, StateError> {
    if own.contains(person) {
        return Ok(true);
    }
    let Some(party) = state::party(state, person)? else {
        return Ok(false);
    };
    Ok(match &party.nature {
        Nature::Legal(entity) => own.iter().any(|one| entity.officers.contains(one)),
        Nature::Natural => {
            is_ward(&party, now) && party.guardian.is_some_and(|one| own.contains(&one))
        }
        Nature::Group(_) => false,
    })
}

/// The parties that deal with a ward in an instrument. Who gives to a ward for nothing does not (Civil
/// Code 24).
fn opposite(
    state: &dyn StateRead,
    deed: &Deed,
    ward: &PartyId,
) -> Result<Vec<PartyId>, StateError> {
    let text = &deed.pending.text;
    let gift = matches!(text, Text::Transfer(text) if text.kind == TransferKind::Gift);
    let lenders = text::side(&deed.property, text, ActRole::Mortgagee);
    let mut opposite = Vec::new();
    for leg in &deed.legs {
        if any_is(state, &leg.disponors, ward)? {
            opposite.extend(&leg.acquirers);
        }
        if any_is(state, &leg.acquirers, ward)? {
            opposite.extend(lenders.iter().chain(leg.disponors.iter().filter(|_| !gift)));
        }
        if lenders.contains(ward) {
            opposite.extend(&leg.acquirers);
        }
    }
    Ok(opposite)
}

fn any_is(state: &dyn StateRead, side: &[PartyId], ward: &PartyId) -> Result<bool, StateError> {
    for party in side {
        if representation::belongs(state, party, ward)? {
            return Ok(true);
        }
    }
    Ok(false)
}
