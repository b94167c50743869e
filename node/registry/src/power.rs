//! Powers of attorney: issue, and use (rules 14, 15, 17–20; Civil Code 163, 167–170).
//!
//! Does not live here: what a power passed on owes to the one it is part of (`sub_power`).

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, Power, PowerOfAttorney, Scope, Status};
use deedbook_schemas::limits::SCOPE_LIST_MAX;
use deedbook_schemas::party::{Nature, PartyId};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::{can_act, power_codes};

use crate::apply::Case;
use crate::calendar::add_years;
use crate::identity::Evidence;
use crate::representation;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, marriage, sub_power};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &PowerOfAttorney) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let agent: Option<PartyId> = door::subject(case, &mut door);
    check_fields(&body.scope, &mut door);
    // Passed on by an agent, or given by an officer; not both.
    let one = body.parent.is_none() || body.represents.is_none();
    door.require(one, Code::FieldInvalid);
    identity::check(case, Evidence::Required, &mut door)?;
    let (signer, agent) = door.door(signer.zip(agent), Code::FieldInvalid)?;

    let mut law = Codes::default();
    door::standing(&signer, case.now, &mut law);
    let principal = body.represents.unwrap_or(case.record.issuer());
    if body.represents.is_some() {
        check_entity(case, &principal, &mut law)?;
    }
    // Rule 14, Civil Code 168: its dates.
    let parent = sub_power::parent(case, body, &mut law)?;
    let term = term(case, body, parent.as_ref(), &mut law);
    // Rule 15, Civil Code 167: a scope that can be read.
    law.require(is_readable(&body.scope), Code::PowerScopeEmpty);
    // Rule 19, Civil Code 163: nobody is their own agent.
    let giver = case.record.issuer();
    let other = agent != giver && agent != principal;
    law.require(other, Code::PowerSelf);
    // Rule 16, Civil Code 169: within the power that it passes on.
    if let Some(parent) = &parent {
        sub_power::check(case, body, parent, &giver, &agent, &mut law)?;
    }
    // Rule 20: the agent is a person who can act, never a name.
    let able = state::party(case.state, &agent)?
        .is_some_and(|agent| agent.nature == Nature::Natural && can_act(&agent, case.now));
    law.require(able, Code::PowerAgentUnknown);
    let (starts, expires) = law.explained(term, Code::PowerDates)?;
    let principal = parent.map_or(principal, |parent| parent.principal);

    let power = Power {
        principal,
        agent,
        principal_turn: representation::turn_of(case.state, &principal)?,
        agent_turn: representation::turn_of(case.state, &agent)?,
        scope: body.scope.clone(),
        starts,
        expires,
        ended: None,
        parent: body.parent,
        notarised: None,
    };
    case.state.put(Key::Power(&case.record.id), &power);
    Ok(vec![outcome(case.record.id, Status::Registered)])
}

/// Rule 23, Civil Code 37: a legal entity's power is given by an officer who binds it, alone or with
/// those who approved it. For a ward nobody gives one (rule 21, Civil Code 163).
fn check_entity(
    case: &Case<'_, '_>,
    principal: &PartyId,
    law: &mut Codes,
) -> Result<(), StateError> {
    for code in representation::check_alone(case, principal)? {
        law.refuse(code);
    }
    if let Some(party) = state::party(case.state, principal)?
        && party.nature == Nature::Natural
    {
        door::standing(&party, case.now, law);
        law.refuse(Code::EntityOfficer);
    }
    Ok(())
}

/// From when until when a power lasts, if it is not void (rule 14, Civil Code 168).
fn term(
    case: &Case<'_, '_>,
    body: &PowerOfAttorney,
    parent: Option<&Power>,
    law: &mut Codes,
) -> Option<(Seconds, Seconds)> {
    let Some(issued) = body.issued else {
        law.refuse(Code::PowerNoDate);
        return None;
    };
    // Neither from the future nor backdated: it is issued when it is signed.
    let signed_at = case.record.statement.header.issued_at;
    let window = u64::from(case.profile.record_window_s);
    law.require(
        issued <= case.now && issued.0.abs_diff(signed_at.0) <= window,
        Code::PowerDates,
    );
    let longest = add_years(issued, case.profile.power_max_years);
    let expires = match body.expires {
        Some(expires) => expires.min(longest),
        None => add_years(issued, case.profile.power_default_years).min(longest),
    };
    let expires = sub_power::longest(parent, expires);
    let starts = body.starts.unwrap_or(issued);
    law.require(
        issued <= starts && starts < expires && case.now < expires,
        Code::PowerDates,
    );
    Some((starts, expires))
}

fn check_fields(scope: &Scope, door: &mut Codes) {
    let properties = scope.properties.as_deref().unwrap_or_default();
    let counterparties = scope.counterparties.as_deref().unwrap_or_default();
    door.require(
        [scope.acts.len(), properties.len(), counterparties.len()]
            .iter()
            .all(|len| *len <= SCOPE_LIST_MAX),
        Code::FieldInvalid,
    );
    for property in properties {
        door::cadastral(property, door);
    }
    door::money(scope.price_floor.as_ref(), door);
    door.require(scope.substitutions != Some(0), Code::FieldInvalid);
}

/// Every list present is sorted, without repetition and not empty: an empty list would permit
/// nothing, and must not be read as everything.
fn is_readable(scope: &Scope) -> bool {
    fn fit<T: Ord>(list: &[T]) -> bool {
        !list.is_empty() && door::ascending(list)
    }
    fit(&scope.acts)
        && scope.properties.as_deref().is_none_or(fit)
        && scope.counterparties.as_deref().is_none_or(fit)
}

/// Why a power is not in force at `now`; empty if it is (rules 14, 16–18; Civil Code 168–170).
/// What ended never revives: neither is the end of a power ever taken back, nor does it outlast an
/// incapacity that ends.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn power_in_force(
    state: &dyn StateRead,
    power: &Power,
    now: Seconds,
) -> Result<Vec<Code>, StateError> {
    let mut codes = in_force_alone(state, power, now)?;
    // Rules 16, 17: with every power that it is part of.
    for ancestor in sub_power::ancestors(state, power)? {
        if !in_force_alone(state, &ancestor, now)?.is_empty() {
            codes.insert(Code::PowerParent);
        }
    }
    Ok(codes.into_iter().collect())
}

/// Why a power is not in force by itself, whatever it is part of.
fn in_force_alone(
    state: &dyn StateRead,
    power: &Power,
    now: Seconds,
) -> Result<BTreeSet<Code>, StateError> {
    let principal = state::party(state, &power.principal)?;
    let agent = state::party(state, &power.agent)?;
    Ok(power_codes(
        power,
        principal.as_deref(),
        agent.as_deref(),
        now,
    ))
}

/// What an agent is about to do under a power.
pub(crate) struct Use<'u> {
    pub(crate) signer: PartyId,
    pub(crate) kind: ActKind,
    pub(crate) property: &'u str,
    pub(crate) price: Option<&'u Money>,
    /// With whom; `None` is anyone.
    pub(crate) counterparties: Option<&'u [PartyId]>,
}

/// Whether the power carries the act (rules 14, 15, 17–19).
pub(crate) fn check_use(
    state: &dyn StateRead,
    power: &Power,
    act: &Use<'_>,
    now: Seconds,
    law: &mut Codes,
) -> Result<(), StateError> {
    let scope = &power.scope;
    // Rule 15, Civil Code 167: by its agent.
    law.require(act.signer == power.agent, Code::PowerNotAgent);
    // Rules 14, 17, 18, Civil Code 168, 170: in force at this place in the ledger.
    for code in power_in_force(state, power, now)? {
        law.refuse(code);
    }
    // Rule 15: "manage" does not sell, "sell" does not give away.
    law.require(scope.acts.contains(&act.kind), Code::PowerScope);
    // Rule 15: of the listed properties, whenever acquired.
    let property = scope.properties.as_ref();
    law.require(
        property.is_none_or(|list| list.iter().any(|listed| listed == act.property)),
        Code::PowerScope,
    );
    // Rule 15: with the listed counterparties; "anyone" is more than any list.
    let counterparties = scope.counterparties.as_ref().is_none_or(|allowed| {
        act.counterparties
            .is_some_and(|parties| parties.iter().all(|party| allowed.contains(party)))
    });
    law.require(counterparties, Code::PowerScope);
    check_floor(scope, act, law);
    // Rule 19, Civil Code 163: not with themselves, nor with their spouse, nor with those of whoever
    // passed the power on.
    if !scope.self_dealing {
        for agent in sub_power::agents(state, power)? {
            let own = deals_with_own(state, &agent, act, now)?;
            law.require(!own, Code::PowerSelfDealing);
        }
    }
    Ok(())
}

/// Rule 15: not below the floor, in its currency. A floor binds whoever disposes or consents to
/// it; a floor without a price to compare is outside the scope.
fn check_floor(scope: &Scope, act: &Use<'_>, law: &mut Codes) {
    let Some(floor) = scope.price_floor.as_ref() else {
        return;
    };
    match act.price {
        _ if act.kind == ActKind::Acquire => {}
        Some(price) if price.currency == floor.currency => {
            law.require(price.minor >= floor.minor, Code::PowerPrice);
        }
        _ => law.refuse(Code::PowerScope),
    }
}

fn deals_with_own(
    state: &dyn StateRead,
    agent: &PartyId,
    act: &Use<'_>,
    now: Seconds,
) -> Result<bool, StateError> {
    let spouse = marriage::present_spouse(state, agent, now)?;
    for counterparty in act.counterparties.unwrap_or_default() {
        for own in std::iter::once(agent).chain(&spouse) {
            if representation::belongs(state, counterparty, own)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
