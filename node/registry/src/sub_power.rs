//! Powers that are passed on (rule 16; Civil Code 169): an agent lets another act for the principal.
//!
//! A chain of powers never grows beyond its limit and never comes back to anybody in it, so that
//! every walk along it ends.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{Power, PowerOfAttorney, Scope};
use deedbook_schemas::limits::POWER_DEPTH_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::power;
use crate::state::{self, StateError, StateRead};
use crate::verdict::Codes;

/// The powers that a power is part of, the nearest first; none of a power by its principal.
pub(crate) fn ancestors(state: &dyn StateRead, power: &Power) -> Result<Vec<Power>, StateError> {
    let mut ancestors: Vec<Power> = Vec::new();
    let mut above = power.parent;
    while let Some(id) = above {
        let parent = state::power(state, &id)?
            .filter(|_| ancestors.len() < POWER_DEPTH_MAX)
            .ok_or_else(|| StateError::Inconsistent(format!("{id} is no parent of a power")))?;
        above = parent.parent;
        ancestors.push(parent);
    }
    Ok(ancestors)
}

/// Everyone who acts, or passed on, under a power: its agent first.
pub(crate) fn agents(state: &dyn StateRead, power: &Power) -> Result<Vec<PartyId>, StateError> {
    let ancestors = ancestors(state, power)?;
    let passed_on = ancestors.iter().map(|ancestor| ancestor.agent);
    Ok(std::iter::once(power.agent).chain(passed_on).collect())
}

/// The power that a new one is part of, if it says so and that one exists.
pub(crate) fn parent(
    case: &Case<'_, '_>,
    body: &PowerOfAttorney,
    law: &mut Codes,
) -> Result<Option<Power>, StateError> {
    let Some(id) = &body.parent else {
        return Ok(None);
    };
    let parent = state::power(case.state, id)?;
    law.require(parent.is_some(), Code::PowerUnknown); // Rule 18.
    Ok(parent)
}

/// What the parent says about a new sub-power that `giver` gives to `agent`.
pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &PowerOfAttorney,
    parent: &Power,
    giver: &PartyId,
    agent: &PartyId,
    law: &mut Codes,
) -> Result<(), StateError> {
    // Rule 16, Civil Code 169: passed on by its agent.
    law.require(*giver == parent.agent, Code::PowerNotAgent);
    // Rule 17, Civil Code 170: while it is in force, with all that it is part of.
    let ended = power::power_in_force(case.state, parent, case.now)?;
    law.require(ended.is_empty(), Code::PowerParent);
    // Rule 16: only if allowed, and once less each time; no deeper than the profile and the ledger
    // allow.
    let chain = ancestors(case.state, parent)?;
    let left = |scope: &Scope| scope.substitutions.unwrap_or(0);
    let depth = chain.len().saturating_add(1);
    law.require(
        left(&body.scope) < left(&parent.scope)
            && depth <= usize::from(case.profile.substitutions_max).min(POWER_DEPTH_MAX),
        Code::PowerNoSubstitution,
    );
    // Rule 16: for no more than the parent is for.
    law.require(is_within(&body.scope, &parent.scope), Code::PowerWider);
    // Rule 16: not for longer, if it says how long; see `longest`.
    let longer = body.expires.is_some_and(|end| end > parent.expires);
    law.require(!longer, Code::PowerLonger);
    // Rule 16: to somebody new.
    let known = chain.iter().chain(std::iter::once(parent));
    let known = known.flat_map(|power| [power.principal, power.agent]);
    law.require(known.into_iter().all(|p| p != *agent), Code::PowerCycle);
    Ok(())
}

/// A sub-power that states no term ends with its parent at the latest.
pub(crate) fn longest(parent: Option<&Power>, expires: Seconds) -> Seconds {
    parent.map_or(expires, |parent| parent.expires.min(expires))
}

/// Whether a scope covers nothing that another one does not.
fn is_within(scope: &Scope, parent: &Scope) -> bool {
    fn listed<T: Ord>(list: Option<&[T]>, within: Option<&[T]>) -> bool {
        within.is_none_or(|within| {
            list.is_some_and(|list| list.iter().all(|item| within.contains(item)))
        })
    }
    let floor = |floor: &Money| {
        scope
            .price_floor
            .as_ref()
            .is_some_and(|own| own.currency == floor.currency && own.minor >= floor.minor)
    };
    listed(Some(&scope.acts), Some(&parent.acts))
        && listed(scope.properties.as_deref(), parent.properties.as_deref())
        && listed(
            scope.counterparties.as_deref(),
            parent.counterparties.as_deref(),
        )
        && parent.price_floor.as_ref().is_none_or(floor)
        && (parent.self_dealing || !scope.self_dealing)
}
