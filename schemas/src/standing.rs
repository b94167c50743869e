//! What still counts at a time: whether a right on a title has ended, a party can act, a power is in
//! force.
//!
//! Lives here: rules that the register and everybody who verifies its state share, as pure functions
//! of stored objects and a time. Does not live here: reading these objects, and every rule that needs
//! more of the register (`deedbook-registry`).

use std::collections::BTreeSet;

use crate::block::Seconds;
use crate::encumbrance::Right;
use crate::instrument::{Ending, Power};
use crate::party::{Nature, Party};
use crate::rejection::Code;

/// When a right ends by time; `None` if it does not. An offer to the co-owners stands after its
/// period: it is what the disponor waited for.
#[must_use]
pub fn ends(right: &Right) -> Option<Seconds> {
    match right {
        Right::Servitude { until, .. } | Right::Freeze { until, .. } => *until,
        Right::Lease { until, .. }
        | Right::Caveat { until, .. }
        | Right::PriorityNotice { until, .. } => Some(*until),
        Right::SelfLock { opens, .. } => *opens,
        Right::Mortgage { .. } | Right::PreemptionNotice { .. } => None,
    }
}

/// Whether a right is in force: swept or not, it is over when its time is.
#[must_use]
pub fn in_force(right: &Right, now: Seconds) -> bool {
    ends(right).is_none_or(|end| now < end)
}

/// Whether a person is under age or incapable.
#[must_use]
pub fn is_ward(party: &Party, now: Seconds) -> bool {
    party.incapable.is_some() || party.minor_until.is_some_and(|until| now < until)
}

/// Whether a party can act: alive, of age and capable; a legal entity, not dissolved.
#[must_use]
pub fn can_act(party: &Party, now: Seconds) -> bool {
    let active = match &party.nature {
        Nature::Legal(entity) => !entity.dissolved,
        Nature::Natural | Nature::Group(_) => true,
    };
    active && party.died.is_none() && !is_ward(party, now)
}

/// Rule 17, Civil Code 170: whether a party can act at `now`, and could without a break since `turn`.
/// What a legal entity gave stays given, whoever its officers are.
#[must_use]
pub fn unbroken(party: &Party, turn: u32, now: Seconds) -> bool {
    can_act(party, now) && (party.nature != Nature::Natural || party.turn == turn)
}

/// Why a power is not in force at `now` by itself, whatever it is part of; empty if it is (rules 14,
/// 16, 17; Civil Code 168–170). Each of these adds its code, whatever the others say:
///
/// 1. It has a parent and no notarisation: `poa.not_notarised`.
/// 2. `now` is before `starts`: `poa.not_yet`.
/// 3. `now` is at or after `expires`: `poa.expired`.
/// 4. It was ended: `poa.revoked` or `poa.renounced`.
/// 5. The principal or the agent is not known, or is not [`unbroken`] since the turn that the power
///    notes: `poa.ended_by_death`.
#[must_use]
pub fn power_codes(
    power: &Power,
    principal: Option<&Party>,
    agent: Option<&Party>,
    now: Seconds,
) -> BTreeSet<Code> {
    let mut codes = BTreeSet::new();
    // Rule 16, Civil Code 169: passed on before a notary.
    if power.parent.is_some() && power.notarised.is_none() {
        codes.insert(Code::PowerUnnotarised);
    }
    if now < power.starts {
        codes.insert(Code::PowerNotYet);
    }
    if now >= power.expires {
        codes.insert(Code::PowerExpired);
    }
    if let Some(ended) = &power.ended {
        codes.insert(match ended.ending {
            Ending::Revocation => Code::PowerRevoked,
            Ending::Renunciation => Code::PowerRenounced,
        });
    }
    for (side, turn) in [(principal, power.principal_turn), (agent, power.agent_turn)] {
        if !side.is_some_and(|party| unbroken(party, turn, now)) {
            codes.insert(Code::PowerDead);
        }
    }
    codes
}
