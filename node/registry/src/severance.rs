//! Joint ownership (rule 5; Civil Code 220): it has no share to dispose of until its owners turn it
//! into shares, which are each one's own from then on.
//!
//! Joint are the holdings of a group whose members have no shares, and what spouses acquired (rule 11).
//! Does not live here: that a spouse gives no part of what is joint: see `marital`, which looks at it
//! until registration, as a marriage can be recorded meanwhile; a group never changes.

use std::collections::BTreeSet;

use deedbook_schemas::instrument::{ActKind, PartyShare, Transfer, TransferKind};
use deedbook_schemas::party::{Nature, PartyId};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::marital::Disposal;
use crate::marriage::{self, Claim};
use crate::state::{self, StateError, StateRead};
use crate::verdict::Codes;

/// What a severance must say.
pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Transfer,
    title: Option<&Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    law.require(body.ground.is_none(), Code::TransferGround);
    let Some(title) = title else {
        return Ok(());
    };
    // Rule 5, Civil Code 220: the whole of one joint holding, to all of its owners and nobody else.
    let sound = match body.disponors.as_slice() {
        [given] if title.share_of(&given.party) == Some(given.share) => {
            let acquirers: BTreeSet<PartyId> = body.acquirers.iter().map(|a| a.party).collect();
            joint_owners(case, title, given)? == Some(acquirers)
        }
        _ => false,
    };
    law.require(sound, Code::SeveranceInvalid);
    Ok(())
}

/// Who owns a holding jointly; `None` if nobody does.
fn joint_owners(
    case: &Case<'_, '_>,
    title: &Title,
    given: &PartyShare,
) -> Result<Option<BTreeSet<PartyId>>, StateError> {
    if let Some(members) = joint_members(case.state, &given.party)? {
        return Ok(Some(members));
    }
    let disposal = Disposal {
        property: case.record.subject().to_owned(),
        title,
        given: given.clone(),
        whole: true,
        kind: ActKind::Sever,
        price: None,
        acquirers: Vec::new(),
    };
    let claims = marriage::claims(case.state, &disposal, case.now)?;
    Ok(match claims.as_slice() {
        [Claim::Joint(spouse)] => Some(BTreeSet::from([given.party, *spouse])),
        _ => None,
    })
}

/// The members of a group that holds without shares; `None` of anybody else.
fn joint_members(
    state: &dyn StateRead,
    party: &PartyId,
) -> Result<Option<BTreeSet<PartyId>>, StateError> {
    let party = state::party(state, party)?;
    Ok(match party.as_ref().map(|party| &party.nature) {
        Some(Nature::Group(group)) if group.members.iter().all(|m| m.share.is_none()) => {
            Some(group.members.iter().map(|member| member.party).collect())
        }
        _ => None,
    })
}

/// Rule 5: a group without shares gives all that it holds, or nothing.
pub(crate) fn check_part(
    case: &Case<'_, '_>,
    title: &Title,
    disponors: &[PartyShare],
    kind: TransferKind,
    law: &mut Codes,
) -> Result<(), StateError> {
    for given in disponors {
        let part = title
            .share_of(&given.party)
            .is_some_and(|held| given.share < held);
        if part
            && kind != TransferKind::Severance
            && joint_members(case.state, &given.party)?.is_some()
        {
            law.refuse(Code::TitleJoint);
        }
    }
    Ok(())
}
