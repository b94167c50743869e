//! Legal entities and their officers, spoken by the business registry; groups of holders, by a
//! registrar (rules 4, 5, 23; Civil Code 33–50, 209, 218).
//!
//! Does not live here: who acts for them: see `representation`.

use std::collections::BTreeSet;

use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::limits::{GROUP_DEPTH_MAX, GROUP_MEMBERS_MAX, OFFICERS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::{
    AuthorityRole, GroupParty, LegalEntity, Nature, Party, PartyId, PartyMember,
};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::can_act;

use crate::apply::Case;
use crate::representation::since;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity, waiting};

pub(crate) fn apply_entity(case: &mut Case<'_, '_>, body: &LegalEntity) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::BusinessRegistry, &mut door)?;
    identity::forbid(case, &mut door);
    let id: Option<PartyId> = door::subject(case, &mut door);
    check_fields(body, &mut door);
    let id = door.door(id, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 20: an id that is nothing else; only the registry that entered an entity changes it.
    let known = state::party(case.state, &id)?;
    let own = known.as_ref().is_none_or(|party| {
        matches!(party.nature, Nature::Legal(_)) && party.provider == case.record.issuer()
    });
    let is_authority = state::authority(case.state, &id)?.is_some();
    law.require(own && !is_authority, Code::PartyExists);
    // Rule 23, Civil Code 50: what is dissolved stays so.
    let dissolved = known
        .as_ref()
        .is_some_and(|party| matches!(&party.nature, Nature::Legal(entity) if entity.dissolved));
    law.require(!dissolved, Code::EntityInvalid);
    // Rule 23, Civil Code 37: its officers are persons who can act.
    for officer in &body.officers {
        let fit = state::party(case.state, officer)?
            .is_some_and(|party| party.nature == Nature::Natural && can_act(&party, case.now));
        law.require(fit, Code::EntityInvalid);
    }
    law.lawful()?;

    let party = entered(case, known.as_deref(), body);
    case.state.put(Key::Party(&id), &party);
    // A rule that asks for fewer signatures may complete what waits for one.
    Ok(waiting::look_again(case.state, case.block, &[id])?)
}

fn check_fields(body: &LegalEntity, door: &mut Codes) {
    door.require(!body.name.is_empty(), Code::FieldInvalid);
    door::text(&body.name, TEXT_BYTES_MAX, door);
    let officers = body.officers.len();
    let (least, most) = if body.dissolved {
        (0, 0)
    } else {
        (1, OFFICERS_MAX)
    };
    door.require((least..=most).contains(&officers), Code::FieldInvalid);
    door.require(door::ascending(&body.officers), Code::FieldInvalid);
    door.require(
        (1..=officers.max(1)).contains(&usize::from(body.signatures)),
        Code::FieldInvalid,
    );
}

/// The entity as it stands from here on: who was an officer and is one has been without a break.
fn entered(case: &Case<'_, '_>, known: Option<&Party>, body: &LegalEntity) -> Party {
    let turn = known.map_or(0, |party| party.turn.saturating_add(1));
    let in_office = |officer: &PartyId| {
        let party = known?;
        match &party.nature {
            Nature::Legal(before) => since(party, before, officer),
            Nature::Natural | Nature::Group(_) => None,
        }
    };
    let in_office = body
        .officers
        .iter()
        .map(|officer| in_office(officer).unwrap_or(turn))
        .collect();
    Party {
        turn,
        in_office,
        ..impersonal(case, Nature::Legal(body.clone()))
    }
}

/// A party without keys and without the facts of a person's life.
fn impersonal(case: &Case<'_, '_>, nature: Nature) -> Party {
    Party {
        provider: case.record.issuer(),
        keys: Vec::new(),
        enrolment: case.record.id,
        marriages: Vec::new(),
        unmarried: Vec::new(),
        died: None,
        incapable: None,
        minor_until: None,
        guardian: None,
        nature,
        turn: 0,
        in_office: Vec::new(),
    }
}

pub(crate) fn apply_group(case: &mut Case<'_, '_>, body: &GroupParty) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Registrar, &mut door)?;
    identity::forbid(case, &mut door);
    let id: Option<PartyId> = door::subject(case, &mut door);
    let members: Vec<PartyId> = body.members.iter().map(|member| member.party).collect();
    let bounded = (2..=GROUP_MEMBERS_MAX).contains(&members.len());
    door.require(bounded && door::ascending(&members), Code::FieldInvalid);
    let id = door.door(id, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 20: an id that is nothing else. A group never changes: another group is another party. So
    // its members were there before it, and no group is within itself.
    let known = state::party(case.state, &id)?.is_some();
    let is_authority = state::authority(case.state, &id)?.is_some();
    law.require(!known && !is_authority, Code::PartyExists);
    // Rule 3, Civil Code 209: shares of exactly one, or joint ownership.
    check_shares(&body.members, &mut law);
    // Rule 4: everyone behind it exists, once.
    check_members(case.state, &members, &mut law)?;
    law.lawful()?;

    let party = impersonal(case, Nature::Group(body.clone()));
    case.state.put(Key::Party(&id), &party);
    Ok(Vec::new())
}

fn check_shares(members: &[PartyMember], law: &mut Codes) {
    let shares: Vec<Fraction> = members.iter().filter_map(|member| member.share).collect();
    if shares.is_empty() {
        return;
    }
    law.require(shares.len() == members.len(), Code::EntityInvalid);
    let sum = Fraction::sum(shares);
    law.require(sum == Some(Fraction::ONE), Code::TitleShares);
}

/// Walks down the groups within a new group. Reads at most 32 parties of each group within it, and
/// stops as soon as there are too many.
fn check_members(
    state: &dyn StateRead,
    members: &[PartyId],
    law: &mut Codes,
) -> Result<(), StateError> {
    let mut persons = BTreeSet::new();
    let mut level = members.to_vec();
    for _ in 0..GROUP_DEPTH_MAX {
        let mut next = Vec::new();
        for id in &level {
            let Some(party) = state::party(state, id)? else {
                law.refuse(Code::EntityInvalid);
                continue;
            };
            match &party.nature {
                Nature::Group(group) => {
                    next.extend(group.members.iter().map(|member| member.party));
                }
                // A ward may be one; neither the dead nor the dissolved.
                Nature::Natural => law.require(party.died.is_none(), Code::EntityInvalid),
                Nature::Legal(entity) => law.require(!entity.dissolved, Code::EntityInvalid),
            }
            let person = !matches!(party.nature, Nature::Group(_));
            law.require(!person || persons.insert(*id), Code::EntityInvalid);
        }
        if persons.len() + next.len() > GROUP_MEMBERS_MAX {
            law.refuse(Code::GroupTooDeep);
            return Ok(());
        }
        level = next;
    }
    law.require(level.is_empty(), Code::GroupTooDeep);
    Ok(())
}
