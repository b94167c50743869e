//! Who stands for a party: officers for a legal entity, a guardian for a ward, members for a group
//! (rules 4, 17, 21, 23; Civil Code 22–24, 37, 170).

use std::collections::BTreeSet;
use std::sync::Arc;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::{ActDone, ActRole, Text};
use deedbook_schemas::limits::GROUP_DEPTH_MAX;
use deedbook_schemas::party::{LegalEntity, Nature, Party, PartyId};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::{can_act, is_ward};

use crate::apply::Case;
use crate::state::{self, StateError, StateRead};
use crate::{approval, text};

/// Why a person cannot act for themselves, nor for anybody else (rules 17, 21, 22; Civil Code 13, 22,
/// 26).
pub(crate) fn unable(party: &Party, now: Seconds) -> impl Iterator<Item = Code> {
    let minor = party.minor_until.is_some_and(|until| now < until);
    [
        (party.died.is_some(), Code::PartyDead),
        (party.incapable.is_some(), Code::PartyIncapable),
        (minor, Code::PartyMinor),
    ]
    .into_iter()
    .filter_map(|(holds, code)| holds.then_some(code))
}

/// Why `signer` does not represent `party` by office at `now`; empty if they do.
pub(crate) fn check(
    state: &dyn StateRead,
    signer: &PartyId,
    party: &PartyId,
    now: Seconds,
) -> Result<BTreeSet<Code>, StateError> {
    let mut failed = BTreeSet::new();
    match state::party(state, signer)? {
        Some(signer) => failed.extend(unable(&signer, now)),
        None => drop(failed.insert(Code::SignerUnknown)),
    }
    let Some(represented) = state::party(state, party)? else {
        failed.insert(Code::EntityOfficer);
        return Ok(failed);
    };
    match &represented.nature {
        // Rule 23, Civil Code 37: an active entity, by those in office.
        Nature::Legal(entity) => {
            if entity.dissolved {
                failed.insert(Code::EntityInactive);
            }
            if !entity.officers.contains(signer) {
                failed.insert(Code::EntityOfficer);
            }
        }
        // Rule 21, Civil Code 22–24: a ward who still is one, by the guardian.
        Nature::Natural => {
            if represented.died.is_some() {
                failed.insert(Code::PartyDead);
            }
            if represented.guardian != Some(*signer) || !is_ward(&represented, now) {
                failed.insert(Code::GuardianForeign);
            }
        }
        // Rule 4: a group acts by its members.
        Nature::Group(_) => {
            failed.insert(Code::EntityOfficer);
        }
    }
    Ok(failed)
}

/// As [`check`], for a record that one signature makes effective: of a legal entity, by an officer who
/// binds it together with those who approved the record (rule 23, Civil Code 37).
pub(crate) fn check_alone(
    case: &Case<'_, '_>,
    party: &PartyId,
) -> Result<BTreeSet<Code>, StateError> {
    let signer = case.record.issuer();
    let mut failed = check(case.state, &signer, party, case.now)?;
    if let Some(found) = state::party(case.state, party)?
        && let Nature::Legal(entity) = &found.nature
        && entity.signatures > 1
    {
        let mut officers = approval::officers(case, party)?;
        if entity.officers.contains(&signer) {
            officers.insert(signer);
        }
        if officers.len() < usize::from(entity.signatures) {
            failed.insert(Code::EntitySignatures);
        }
    }
    Ok(failed)
}

/// Whether `signer` may take back what was begun for `party`, answer for it or appeal: the person, any
/// officer, the guardian, or who may for any member of the group.
pub(crate) fn speaks_for(
    state: &dyn StateRead,
    signer: &PartyId,
    party: &PartyId,
    now: Seconds,
) -> Result<bool, StateError> {
    for person in persons(state, party)? {
        if person == *signer || check(state, signer, &person, now)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The present turn of a party.
pub(crate) fn turn_of(state: &dyn StateRead, party: &PartyId) -> Result<u32, StateError> {
    Ok(state::party(state, party)?.map_or(0, |party| party.turn))
}

/// Somebody in the turn in which they did something, or in which it was done for them.
pub(crate) type Then<'t> = (&'t PartyId, u32);

/// Whether the officer or guardian who did something for a party has been in office without a break
/// since.
pub(crate) fn still_in_office(
    state: &dyn StateRead,
    (signer, signer_turn): Then<'_>,
    (id, party_turn): Then<'_>,
    now: Seconds,
) -> Result<bool, StateError> {
    if !check(state, signer, id, now)?.is_empty() || turn_of(state, signer)? != signer_turn {
        return Ok(false);
    }
    Ok(
        state::party(state, id)?.is_some_and(|party| match &party.nature {
            Nature::Legal(entity) => {
                since(&party, entity, signer).is_some_and(|turn| turn <= party_turn)
            }
            Nature::Natural => party.turn == party_turn,
            Nature::Group(_) => false,
        }),
    )
}

/// The turn from which on somebody has been an officer without a break.
pub(crate) fn since(party: &Party, entity: &LegalEntity, officer: &PartyId) -> Option<u32> {
    let place = entity.officers.binary_search(officer).ok()?;
    party.in_office.get(place).copied()
}

/// Who somebody is, and how the register holds them, if it does.
type Known = (PartyId, Option<Arc<Party>>);

/// Those who stand behind a party, as the register holds them: the members of a group, and of the groups
/// within it, that are no groups themselves; otherwise the party itself.
fn behind(state: &dyn StateRead, party: &PartyId) -> Result<Vec<Known>, StateError> {
    let known = state::party(state, party)?;
    let Some(Nature::Group(group)) = known.as_ref().map(|party| &party.nature) else {
        return Ok(vec![(*party, known)]);
    };
    let mut found = Vec::new();
    let mut level: Vec<PartyId> = group.members.iter().map(|member| member.party).collect();
    for _ in 0..GROUP_DEPTH_MAX {
        let mut next = Vec::new();
        for id in level {
            let party = state::party(state, &id)?;
            if let Some(Nature::Group(group)) = party.as_ref().map(|party| &party.nature) {
                next.extend(group.members.iter().map(|member| member.party));
            } else {
                found.push((id, party));
            }
        }
        level = next;
    }
    Ok(found)
}

/// Those who stand behind a party: the members of a group, and of the groups within it; otherwise
/// itself.
pub(crate) fn persons(state: &dyn StateRead, party: &PartyId) -> Result<Vec<PartyId>, StateError> {
    let behind = behind(state, party)?;
    Ok(behind.into_iter().map(|(id, _)| id).collect())
}

/// Whether `party` is `side`, or a member of it.
pub(crate) fn belongs(
    state: &dyn StateRead,
    side: &PartyId,
    party: &PartyId,
) -> Result<bool, StateError> {
    Ok(side == party || members(state, side)?.contains(party))
}

/// The members of a group, and of the groups within it, that are no groups themselves; of any other
/// party none.
pub(crate) fn members(
    state: &dyn StateRead,
    group: &PartyId,
) -> Result<BTreeSet<PartyId>, StateError> {
    let mut members = BTreeSet::from_iter(persons(state, group)?);
    members.remove(group);
    Ok(members)
}

/// Whether somebody is one of these parties, or one of a group among them.
fn is_among(state: &dyn StateRead, sides: &[PartyId], party: &PartyId) -> Result<bool, StateError> {
    for side in sides {
        if belongs(state, side, party)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whom a party deals with that takes part alone or in a group: the other side's parties of the legs in
/// which it does, without itself; the lender's, whoever acts in the other capacity.
pub(crate) fn facing(
    state: &dyn StateRead,
    property: &str,
    text: &Text,
    party: &PartyId,
    role: ActRole,
) -> Result<Vec<PartyId>, StateError> {
    let mut facing = Vec::new();
    for leg in text::legs(property, text) {
        let (own, other) = match role {
            ActRole::Acquirer => (leg.disponors, leg.acquirers),
            ActRole::Disponor | ActRole::Mortgagee => (leg.acquirers, leg.disponors),
        };
        if is_among(state, &own, party)? {
            facing.extend(other);
        }
    }
    if facing.is_empty() {
        facing = text::side(property, text, role);
    }
    facing.sort_unstable();
    facing.dedup();
    facing.retain(|other| other != party);
    Ok(facing)
}

/// Whether two parties are one, or give or receive together, alone or in a group, and nowhere deal with
/// each other. Joint owners who sever do.
pub(crate) fn are_together(
    state: &dyn StateRead,
    property: &str,
    text: &Text,
    one: &PartyId,
    other: &PartyId,
) -> Result<bool, StateError> {
    let mut beside = one == other;
    for leg in text::legs(property, text) {
        let among = |side: &[PartyId]| -> Result<[bool; 2], StateError> {
            Ok([is_among(state, side, one)?, is_among(state, side, other)?])
        };
        let (gives, takes) = (among(&leg.disponors)?, among(&leg.acquirers)?);
        let across = gives[0] && takes[1] || gives[1] && takes[0];
        if one != other && across {
            return Ok(false);
        }
        beside |= gives == [true; 2] || takes == [true; 2];
    }
    Ok(beside)
}

/// How many signatures it takes to bind all of these parties at once.
pub(crate) fn signatures(state: &dyn StateRead, parties: &[PartyId]) -> Result<usize, StateError> {
    let mut needed = 0;
    for party in parties {
        for (_, person) in behind(state, party)? {
            needed += match person.as_ref().map(|person| &person.nature) {
                Some(Nature::Legal(entity)) => usize::from(entity.signatures),
                _ => 1,
            };
        }
    }
    Ok(needed)
}

/// Whether enough has been done for `side` in a capacity: by the person, their agent or guardian; by
/// as many officers as the entity's rule asks for, or its agent; by every member of the group.
/// `acts` holds only acts that count.
pub(crate) fn has_acted(
    state: &dyn StateRead,
    acts: &[ActDone],
    role: ActRole,
    side: &PartyId,
) -> Result<bool, StateError> {
    let behind = behind(state, side)?;
    Ok(behind
        .iter()
        .all(|(id, party)| acted(acts, role, id, party.as_deref())))
}

fn acted(acts: &[ActDone], role: ActRole, id: &PartyId, party: Option<&Party>) -> bool {
    let own = || acts.iter().filter(|a| a.role == role && a.party == *id);
    let Some(Nature::Legal(entity)) = party.map(|party| &party.nature) else {
        return own().next().is_some();
    };
    let officers: BTreeSet<PartyId> = own()
        .filter(|act| act.by_office)
        .map(|act| act.signer)
        .collect();
    let by_agent = own().any(|act| act.power.is_some());
    let together = !officers.is_empty() && officers.len() >= usize::from(entity.signatures);
    by_agent || together
}

/// Legal entities for which some officers have signed, but not enough: a new rule of theirs may make
/// it enough. `acts` holds only acts that count.
pub(crate) fn short_of_officers(
    state: &dyn StateRead,
    acts: &[ActDone],
) -> Result<BTreeSet<PartyId>, StateError> {
    let mut short = BTreeSet::new();
    for act in acts.iter().filter(|act| act.by_office) {
        if !has_acted(state, acts, act.role, &act.party)? {
            short.insert(act.party);
        }
    }
    Ok(short)
}

/// Why nobody can act for a party any more, or for one of those who stand behind it; empty if somebody
/// can for each.
pub(crate) fn cannot_act(
    state: &dyn StateRead,
    party: &PartyId,
    now: Seconds,
) -> Result<BTreeSet<Code>, StateError> {
    let mut codes = BTreeSet::new();
    for (_, found) in behind(state, party)? {
        let Some(found) = found else {
            codes.insert(Code::PartyDead);
            continue;
        };
        let code = match &found.nature {
            Nature::Legal(entity) => entity.dissolved.then_some(Code::EntityInactive),
            Nature::Natural if found.died.is_some() => Some(Code::PartyDead),
            Nature::Natural if is_ward(&found, now) && !has_guardian(state, &found, now)? => {
                unable(&found, now).next()
            }
            Nature::Natural | Nature::Group(_) => None,
        };
        codes.extend(code);
    }
    Ok(codes)
}

/// Whether a ward has a guardian who can act.
fn has_guardian(state: &dyn StateRead, ward: &Party, now: Seconds) -> Result<bool, StateError> {
    let Some(guardian) = &ward.guardian else {
        return Ok(false);
    };
    Ok(state::party(state, guardian)?.is_some_and(|guardian| can_act(&guardian, now)))
}
