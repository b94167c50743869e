//! Facts of civil status, spoken by their registry (rules 11, 17, 22; Marriage Code 33–39): who is
//! unmarried, married, divorced, dead or incapable, and what was agreed or divided.
//!
//! A fact is recorded if it fits what is registered; correcting one is for another kind of record.

use std::sync::Arc;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::{STATUS_FACTS_MAX, STATUS_PARTIES_MAX};
use deedbook_schemas::party::{
    AuthorityRole, CivilStatus, Division, Marriage, Nature, Party, PartyId,
};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::is_ward;

use crate::apply::Case;
use crate::marriage::{holds_at, marriages_of, other};
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, No, Verdict};
use crate::{door, identity, waiting};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &CivilStatus) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::CivilRegistry, &mut door)?;
    identity::forbid(case, &mut door);
    check_fields(case, body, &mut door);
    let registry = case.record.issuer();
    let itself = Some(()).filter(|()| case.record.subject() == registry.to_string());
    // Whose instruments may have waited for this fact.
    let concerned = match body {
        CivilStatus::Unmarried { parties, from } => {
            door.door(itself, Code::FieldInvalid)?;
            unmarried(case, parties, *from)?
        }
        CivilStatus::Marriage { spouses, from } => {
            door.door(itself, Code::FieldInvalid)?;
            married(case, *spouses, *from)?
        }
        CivilStatus::Divorce { from } => {
            let id = subject(case, door)?;
            divorced(case, &id, *from)?
        }
        CivilStatus::SeparateProperty { from } => {
            let id = subject(case, door)?;
            separated(case, &id, *from)?
        }
        CivilStatus::Division { property, to } => {
            let id = subject(case, door)?;
            divided(case, &id, property, *to)?
        }
        CivilStatus::Death { at } => {
            let id = subject(case, door)?;
            died(case, &id, *at)?
        }
        CivilStatus::Incapacity { from } => {
            let id = subject(case, door)?;
            incapable(case, &id, *from)?
        }
        CivilStatus::Minority { until } => {
            let id = subject(case, door)?;
            minor(case, &id, *until)?
        }
        CivilStatus::Capacity { from } => {
            let id = subject(case, door)?;
            capable(case, &id, *from)?
        }
    };
    Ok(waiting::look_again(case.state, case.block, &concerned)?)
}

fn subject<T: std::str::FromStr>(case: &Case<'_, '_>, mut door: Codes) -> Result<T, No> {
    let id = door::subject(case, &mut door);
    door.door(id, Code::FieldInvalid)
}

fn check_fields(case: &Case<'_, '_>, body: &CivilStatus, door: &mut Codes) {
    let since = match body {
        CivilStatus::Unmarried { parties, from } => {
            let bounded = (1..=STATUS_PARTIES_MAX).contains(&parties.len());
            door.require(bounded && door::ascending(parties), Code::FieldInvalid);
            *from
        }
        CivilStatus::Marriage { spouses, from } => {
            door.require(door::ascending(spouses), Code::FieldInvalid);
            *from
        }
        CivilStatus::Divorce { from }
        | CivilStatus::SeparateProperty { from }
        | CivilStatus::Incapacity { from }
        | CivilStatus::Capacity { from } => *from,
        CivilStatus::Death { at } => *at,
        CivilStatus::Minority { .. } => case.now,
        CivilStatus::Division { property, .. } => {
            door::cadastral(property, door);
            case.now
        }
    };
    // A fact is a fact once it has happened.
    door.require(since <= case.now, Code::FieldInvalid);
}

type Concerned = Result<Vec<PartyId>, No>;

/// A person that a fact is about: enrolled, or the fact does not fit. Legal entities and groups have no
/// civil status.
fn enrolled(
    case: &Case<'_, '_>,
    id: &PartyId,
    law: &mut Codes,
) -> Result<Option<Party>, StateError> {
    let party = state::party(case.state, id)?.filter(|party| party.nature == Nature::Natural);
    law.require(party.is_some(), Code::StatusInvalid);
    Ok(party.map(Arc::unwrap_or_clone))
}

/// Not married then, nor dead before.
fn unmarried(case: &mut Case<'_, '_>, parties: &[PartyId], from: Seconds) -> Concerned {
    let mut law = Codes::default();
    let mut found = Vec::with_capacity(parties.len());
    for id in parties {
        let Some(mut party) = enrolled(case, id, &mut law)? else {
            continue;
        };
        for (_, marriage) in marriages_of(case.state, &party)? {
            let married = holds_at(case.state, &marriage, from)?;
            law.require(!married, Code::StatusInvalid);
        }
        let alive = party.died.is_none_or(|died| from <= died);
        let room = party.unmarried.len() < STATUS_FACTS_MAX;
        law.require(alive && room, Code::StatusInvalid);
        party.unmarried.push(from);
        found.push((*id, party));
    }
    law.lawful()?;
    for (id, party) in &found {
        case.state.put(Key::Party(id), party);
    }
    Ok(parties.to_vec())
}

/// Neither is married, dead, or known to be unmarried at any time since.
fn married(case: &mut Case<'_, '_>, spouses: [PartyId; 2], from: Seconds) -> Concerned {
    let mut law = Codes::default();
    let mut found = Vec::with_capacity(2);
    for id in &spouses {
        let Some(mut party) = enrolled(case, id, &mut law)? else {
            continue;
        };
        let single = party.unmarried.iter().all(|since| *since < from);
        let alive = party.died.is_none_or(|died| from <= died);
        let room = party.marriages.len() < STATUS_FACTS_MAX;
        law.require(single && alive && room, Code::StatusInvalid);
        for (_, earlier) in marriages_of(case.state, &party)? {
            let over = earlier.from < from && !holds_at(case.state, &earlier, from)?;
            law.require(over, Code::StatusInvalid);
        }
        party.marriages.push(case.record.id);
        found.push((*id, party));
    }
    law.lawful()?;
    for (id, party) in &found {
        case.state.put(Key::Party(id), party);
    }
    let marriage = Marriage {
        spouses,
        from,
        until: None,
        separate_from: None,
        divisions: Vec::new(),
    };
    case.state.put(Key::Marriage(&case.record.id), &marriage);
    Ok(spouses.to_vec())
}

/// A marriage that is in force at `at`, or the fact does not fit.
fn marriage_at(
    case: &Case<'_, '_>,
    id: &RecordId,
    at: Seconds,
    law: &mut Codes,
) -> Result<Option<Marriage>, StateError> {
    let marriage = state::marriage(case.state, id)?;
    if let Some(marriage) = &marriage {
        let holds = holds_at(case.state, marriage, at)?;
        law.require(holds && marriage.until.is_none(), Code::StatusInvalid);
    }
    Ok(marriage)
}

/// Marriage Code 17: of a marriage in force. It does not divide what is joint.
fn divorced(case: &mut Case<'_, '_>, id: &RecordId, from: Seconds) -> Concerned {
    let mut law = Codes::default();
    let found = marriage_at(case, id, from, &mut law)?;
    let mut marriage = law.law(found, Code::StatusInvalid)?;
    marriage.until = Some(from);
    case.state.put(Key::Marriage(id), &marriage);
    Ok(marriage.spouses.to_vec())
}

/// Marriage Code 39: one contract a marriage, for what is acquired later.
fn separated(case: &mut Case<'_, '_>, id: &RecordId, from: Seconds) -> Concerned {
    let mut law = Codes::default();
    let found = marriage_at(case, id, from, &mut law)?;
    let first = found.as_ref().is_none_or(|m| m.separate_from.is_none());
    law.require(first, Code::StatusInvalid);
    let mut marriage = law.law(found, Code::StatusInvalid)?;
    marriage.separate_from = Some(from);
    case.state.put(Key::Marriage(id), &marriage);
    Ok(marriage.spouses.to_vec())
}

/// Marriage Code 37: of a registered property that one of them holds, to one of them, once.
fn divided(case: &mut Case<'_, '_>, id: &RecordId, property: &str, to: PartyId) -> Concerned {
    let mut law = Codes::default();
    let found = state::marriage(case.state, id)?;
    let title = state::title(case.state, property)?;
    if let Some(marriage) = &found {
        let joint = |at: Seconds| {
            title.as_ref().is_some_and(|title| {
                title
                    .holdings
                    .iter()
                    .any(|h| marriage.spouses.contains(&h.party) && at <= h.acquired)
            })
        };
        let last = marriage.divisions.iter().rfind(|d| d.property == property);
        let undivided = last.is_none_or(|division| joint(Seconds(division.at.0.saturating_add(1))));
        law.require(
            joint(marriage.from)
                && undivided
                && marriage.spouses.contains(&to)
                && marriage.divisions.len() < STATUS_FACTS_MAX,
            Code::StatusInvalid,
        );
    }
    let mut marriage = law.law(found, Code::StatusInvalid)?;
    marriage.divisions.push(Division {
        property: property.to_owned(),
        to,
        at: case.now,
    });
    case.state.put(Key::Marriage(id), &marriage);
    Ok(marriage.spouses.to_vec())
}

/// Civil Code 13: once. Ends marriages, and every power from or to the party, by itself.
fn died(case: &mut Case<'_, '_>, id: &PartyId, at: Seconds) -> Concerned {
    let mut law = Codes::default();
    let found = enrolled(case, id, &mut law)?;
    let mut concerned = vec![*id];
    if let Some(party) = &found {
        law.require(party.died.is_none(), Code::StatusInvalid);
        let known = party.unmarried.iter().all(|since| *since <= at);
        law.require(known, Code::StatusInvalid);
        for (_, marriage) in marriages_of(case.state, party)? {
            law.require(marriage.from <= at, Code::StatusInvalid);
            concerned.push(other(&marriage, id));
        }
    }
    let mut party = law.law(found, Code::StatusInvalid)?;
    party.died = Some(at);
    case.state.put(Key::Party(id), &party);
    Ok(concerned)
}

/// Who acts for a person changes: what was done before ends (rule 17, Civil Code 170).
fn next_turn(party: &mut Party) {
    party.turn = party.turn.saturating_add(1);
    party.guardian = None;
}

/// Civil Code 26: of the living who are not incapable. A minor's guardian stays.
fn incapable(case: &mut Case<'_, '_>, id: &PartyId, from: Seconds) -> Concerned {
    let mut law = Codes::default();
    let found = enrolled(case, id, &mut law)?;
    if let Some(party) = &found {
        let able = party.incapable.is_none() && party.died.is_none();
        law.require(able, Code::StatusInvalid);
    }
    let mut party = law.law(found, Code::StatusInvalid)?;
    if !is_ward(&party, case.now) {
        next_turn(&mut party);
    }
    party.incapable = Some(from);
    case.state.put(Key::Party(id), &party);
    Ok(vec![*id])
}

/// Civil Code 22: once, of the living, until they come of age.
fn minor(case: &mut Case<'_, '_>, id: &PartyId, until: Seconds) -> Concerned {
    let mut law = Codes::default();
    let found = enrolled(case, id, &mut law)?;
    if let Some(party) = &found {
        let fits = party.minor_until.is_none() && party.died.is_none() && case.now < until;
        law.require(fits, Code::StatusInvalid);
    }
    let mut party = law.law(found, Code::StatusInvalid)?;
    if !is_ward(&party, case.now) {
        next_turn(&mut party);
    }
    party.minor_until = Some(until);
    case.state.put(Key::Party(id), &party);
    Ok(vec![*id])
}

/// Civil Code 26: of the incapable. What ended with the incapacity does not revive, and the guardian's
/// office ends, unless the person is still under age.
fn capable(case: &mut Case<'_, '_>, id: &PartyId, from: Seconds) -> Concerned {
    let mut law = Codes::default();
    let found = enrolled(case, id, &mut law)?;
    if let Some(party) = &found {
        let fits = party.incapable.is_some_and(|since| since <= from) && party.died.is_none();
        law.require(fits, Code::StatusInvalid);
    }
    let mut party = law.law(found, Code::StatusInvalid)?;
    party.incapable = None;
    if !is_ward(&party, case.now) {
        next_turn(&mut party);
    }
    case.state.put(Key::Party(id), &party);
    Ok(vec![*id])
}
