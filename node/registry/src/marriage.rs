//! Marriage and property (rules 11–13; Marriage Code 33–37, 39): who was married when, what is
//! joint, and whose consent a disposal needs.
//!
//! Does not live here: recording of facts (`civil_status`) and of consents (`consent`).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Consent;
use deedbook_schemas::party::{Marriage, Nature, Party, PartyId};
use deedbook_schemas::property::{Ground, Holding};
use deedbook_schemas::standing::unbroken;

use crate::marital::Disposal;
use crate::shares;
use crate::state::{self, StateError, StateRead};

/// A party's marital status at some time, as far as the register knows.
pub(crate) enum StatusAt {
    /// Not registered: a requisition, not a guess.
    Unknown,
    /// Not married.
    Unmarried,
    /// Married.
    Married(Marriage),
}

/// Whether a marriage had begun, and neither divorce nor a death had ended it.
pub(crate) fn holds_at(
    state: &dyn StateRead,
    marriage: &Marriage,
    at: Seconds,
) -> Result<bool, StateError> {
    if at < marriage.from || marriage.until.is_some_and(|until| until <= at) {
        return Ok(false);
    }
    for spouse in &marriage.spouses {
        let died = state::party(state, spouse)?.and_then(|party| party.died);
        if died.is_some_and(|died| died <= at) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The marriages of a party.
pub(crate) fn marriages_of(
    state: &dyn StateRead,
    party: &Party,
) -> Result<Vec<(RecordId, Marriage)>, StateError> {
    let known = |id: &RecordId| {
        let marriage = state::marriage(state, id)?;
        marriage
            .map(|marriage| (*id, marriage))
            .ok_or_else(|| StateError::Inconsistent(format!("there is no marriage {id}")))
    };
    party.marriages.iter().map(known).collect()
}

/// The status of a party at `at`. Known to be unmarried is who was said to be so, or whose earlier
/// marriage had ended, and who had not married since.
pub(crate) fn status_at(
    state: &dyn StateRead,
    party: &Party,
    at: Seconds,
) -> Result<StatusAt, StateError> {
    let mut known = party.unmarried.iter().any(|since| *since <= at);
    for (_, marriage) in marriages_of(state, party)? {
        if holds_at(state, &marriage, at)? {
            return Ok(StatusAt::Married(marriage));
        }
        known |= marriage.from <= at;
    }
    Ok(if known {
        StatusAt::Unmarried
    } else {
        StatusAt::Unknown
    })
}

/// The other spouse.
pub(crate) fn other(marriage: &Marriage, party: &PartyId) -> PartyId {
    let [first, second] = marriage.spouses;
    if first == *party { second } else { first }
}

/// Whom a party is married to.
pub(crate) fn present_spouse(
    state: &dyn StateRead,
    party: &PartyId,
    now: Seconds,
) -> Result<Option<PartyId>, StateError> {
    let Some(found) = state::party(state, party)? else {
        return Ok(None);
    };
    Ok(match status_at(state, &found, now)? {
        StatusAt::Married(marriage) => Some(other(&marriage, party)),
        StatusAt::Unknown | StatusAt::Unmarried => None,
    })
}

/// What stands between a holder and the free disposal of a holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    /// The holder's status at acquisition is not known.
    Unknown,
    /// Joint with a former or deceased spouse, or given to the other one, and not divided so far.
    Undivided,
    /// Joint with this spouse.
    Joint(PartyId),
}

/// Rule 11, Marriage Code 33: the status at acquisition decides, whoever is named on the title.
fn claim(
    state: &dyn StateRead,
    property: &str,
    holding: &Holding,
    now: Seconds,
) -> Result<Option<Claim>, StateError> {
    // Marriage Code 35: gifts and inheritances are personal; a severed share is each one's own.
    if holding.ground != Ground::Purchase {
        return Ok(None);
    }
    let party = state::party(state, &holding.party)?.ok_or_else(|| {
        StateError::Inconsistent(format!("the holder {} is not enrolled", holding.party))
    })?;
    // Legal entities and groups do not marry.
    if party.nature != Nature::Natural {
        return Ok(None);
    }
    let marriage = match status_at(state, &party, holding.acquired)? {
        StatusAt::Unknown => return Ok(Some(Claim::Unknown)),
        StatusAt::Unmarried => return Ok(None),
        StatusAt::Married(marriage) => marriage,
    };
    // Marriage Code 39: a contract keeps it separate.
    if marriage
        .separate_from
        .is_some_and(|from| from <= holding.acquired)
    {
        return Ok(None);
    }
    // Marriage Code 37: a division gives it to one of them.
    let division = marriage
        .divisions
        .iter()
        .rfind(|division| division.property == property && holding.acquired <= division.at);
    if let Some(division) = division {
        return Ok((division.to != holding.party).then_some(Claim::Undivided));
    }
    Ok(Some(if holds_at(state, &marriage, now)? {
        Claim::Joint(other(&marriage, &holding.party))
    } else {
        Claim::Undivided
    }))
}

/// The claims on what a disponor gives away, each once, in order.
pub(crate) fn claims(
    state: &dyn StateRead,
    disposal: &Disposal<'_>,
    now: Seconds,
) -> Result<Vec<Claim>, StateError> {
    let holdings = &disposal.title.holdings;
    let touched = shares::taken(holdings, &disposal.given).unwrap_or_default();
    let mut claims = std::collections::BTreeSet::new();
    for taken in touched {
        if let Some(holding) = holdings.get(taken.index) {
            claims.extend(claim(state, &disposal.property, holding, now)?);
        }
    }
    Ok(claims.into_iter().collect())
}

/// How a spouse's consents on a title relate to a disposal.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Consents {
    /// The first that serves.
    pub(crate) serves: Option<RecordId>,
    /// There is one in force for another act, counterparty or price.
    pub(crate) out_of_scope: bool,
    /// There is one that has expired.
    pub(crate) expired: bool,
}

/// Rules 12, 13, Marriage Code 34: the consents of `spouse` to what a disponor gives away.
pub(crate) fn consents(
    state: &dyn StateRead,
    disposal: &Disposal<'_>,
    spouse: &PartyId,
    now: Seconds,
) -> Result<Consents, StateError> {
    let mut found = Consents::default();
    for id in &disposal.title.consents {
        let consent = state::consent(state, id)?.ok_or_else(|| {
            StateError::Inconsistent(format!("there is no consent {id} of a title"))
        })?;
        let given = consent.spouse == *spouse && consent.consent.disponor == disposal.given.party;
        if !given || consent.ended.is_some() || consent.used_by.is_some() {
            continue;
        }
        // Rules 12, 17: by somebody who could still take it back.
        let spouse = state::party(state, spouse)?;
        if !spouse.is_some_and(|spouse| unbroken(&spouse, consent.spouse_turn, now)) {
            continue;
        }
        if consent.consent.expires < now {
            found.expired = true;
        } else if !permits(&consent, disposal) {
            found.out_of_scope = true;
        } else if found.serves.is_none() {
            found.serves = Some(*id);
        }
    }
    Ok(found)
}

/// Rule 12: this kind of act, this counterparty or any, not below the floor in its currency.
fn permits(consent: &Consent, disposal: &Disposal<'_>) -> bool {
    let consent = &consent.consent;
    let counterparty = consent
        .counterparty
        .is_none_or(|allowed| disposal.acquirers.iter().all(|party| *party == allowed));
    let price = match (&consent.price_floor, disposal.price) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(floor), Some(price)) => {
            price.currency == floor.currency && price.minor >= floor.minor
        }
    };
    consent.act == disposal.kind && counterparty && price
}
