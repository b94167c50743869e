//! Who stands for a party: officers for a legal entity, a guardian for a ward, members for a group
//! (rules 4, 21, 23; Civil Code 22–24, 37).

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::{ActDone, ActRole};
use deedbook_schemas::limits::GROUP_DEPTH_MAX;
use deedbook_schemas::party::{Nature, Party, PartyId};
use deedbook_schemas::rejection::Code;

use crate::power::can_act;
use crate::state::{self, StateError, StateRead};

/// Why `signer` does not represent `party` by office at `now`; empty if they do.
pub(crate) fn check(
    state: &dyn StateRead,
    signer: &PartyId,
    party: &PartyId,
    now: Seconds,
) -> Result<BTreeSet<Code>, StateError> {
    let mut failed = BTreeSet::new();
    if let Some(signer) = state::party(state, signer)? {
        if signer.died.is_some() {
            failed.insert(Code::PartyDead);
        } else if !can_act(&signer, now) {
            failed.insert(Code::PartyIncapable);
        }
    } else {
        failed.insert(Code::SignerUnknown);
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

/// Whether a person is under age or incapable.
pub(crate) fn is_ward(party: &Party, now: Seconds) -> bool {
    party.incapable.is_some() || party.minor_until.is_some_and(|until| now < until)
}

/// Whether `party` is `side`, or a member of it.
pub(crate) fn belongs(
    state: &dyn StateRead,
    side: &PartyId,
    party: &PartyId,
) -> Result<bool, StateError> {
    if side == party {
        return Ok(true);
    }
    Ok(members(state, side)?.contains(party))
}

/// The members of a group, and of the groups within it, that are no groups themselves; of any other
/// party none.
pub(crate) fn members(
    state: &dyn StateRead,
    group: &PartyId,
) -> Result<BTreeSet<PartyId>, StateError> {
    let mut found = BTreeSet::new();
    let mut level = vec![*group];
    for depth in 0..=GROUP_DEPTH_MAX {
        let mut next = Vec::new();
        for id in &level {
            match state::party(state, id)?.map(|party| party.nature) {
                Some(Nature::Group(group)) => {
                    next.extend(group.members.iter().map(|member| member.party));
                }
                _ if depth > 0 => {
                    found.insert(*id);
                }
                _ => {}
            }
        }
        level = next;
    }
    Ok(found)
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
    let members = members(state, side)?;
    if members.is_empty() {
        return acted(state, acts, role, side);
    }
    for member in &members {
        if !acted(state, acts, role, member)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn acted(
    state: &dyn StateRead,
    acts: &[ActDone],
    role: ActRole,
    party: &PartyId,
) -> Result<bool, StateError> {
    let own = || acts.iter().filter(|a| a.role == role && a.party == *party);
    let entity = match state::party(state, party)?.map(|party| party.nature) {
        Some(Nature::Legal(entity)) => entity,
        _ => return Ok(own().next().is_some()),
    };
    let officers: BTreeSet<PartyId> = own()
        .filter(|act| act.by_office)
        .map(|act| act.signer)
        .collect();
    let by_agent = own().any(|act| act.power.is_some());
    Ok(by_agent || officers.len() >= usize::from(entity.signatures))
}

/// Why nobody can act for a party any more; `None` if somebody can.
pub(crate) fn cannot_act(
    state: &dyn StateRead,
    party: &PartyId,
    now: Seconds,
) -> Result<Option<Code>, StateError> {
    let mut parties = members(state, party)?;
    if parties.is_empty() {
        parties.insert(*party);
    }
    for id in &parties {
        let Some(found) = state::party(state, id)? else {
            return Ok(Some(Code::PartyDead));
        };
        let code = match &found.nature {
            Nature::Natural if found.died.is_some() => Some(Code::PartyDead),
            Nature::Natural if is_ward(&found, now) && found.guardian.is_none() => {
                Some(if found.incapable.is_some() {
                    Code::PartyIncapable
                } else {
                    Code::PartyMinor
                })
            }
            Nature::Legal(entity) if entity.dissolved => Some(Code::EntityInactive),
            Nature::Natural | Nature::Legal(_) | Nature::Group(_) => None,
        };
        if code.is_some() {
            return Ok(code);
        }
    }
    Ok(None)
}
