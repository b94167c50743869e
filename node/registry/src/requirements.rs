//! What a pending instrument still needs, and who can meet it. An instrument registers in the block
//! in which nothing is left here.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActDone, ActRole, Instrument, PendingTransfer};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::deed;
use crate::marriage::{self, Claim};
use crate::power::can_act;
use crate::state::{self, StateError, StateRead};

/// One thing that an instrument still needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Stable code: `act.disponor`, `act.acquirer`, or that of the rule which is not met.
    pub code: &'static str,
    /// Who can meet it, if it is a party.
    pub party: Option<PartyId>,
    /// Plain words.
    pub text: String,
}

fn requirement(code: Code, party: Option<PartyId>, text: String) -> Requirement {
    Requirement {
        code: code.as_str(),
        party,
        text,
    }
}

/// What an instrument needs at `now` before it can be registered; empty if it is not pending.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn open_requirements(
    state: &dyn StateRead,
    now: Seconds,
    instrument: &Instrument,
) -> Result<Vec<Requirement>, StateError> {
    let Some(pending) = &instrument.pending else {
        return Ok(Vec::new());
    };
    let title = deed::title_of(state, &instrument.property)?;
    let mut pending = pending.clone();
    pending.acts = deed::live_acts(state, &pending, now)?;
    let mut open = priority(state, &pending, &title, now)?;
    open.extend(acts(state, &pending)?);
    open.extend(marital(state, &instrument.property, &title, &pending, now)?.open);
    Ok(open)
}

/// Rules 9, 31: the title is the one the parties saw, and no other instrument is before this one.
fn priority(
    state: &dyn StateRead,
    pending: &PendingTransfer,
    title: &Title,
    now: Seconds,
) -> Result<Vec<Requirement>, StateError> {
    let mut open = Vec::new();
    let expected = pending.transfer.title_version;
    if title.version != expected {
        let text = format!(
            "The title is at version {}, the instrument was drawn up for version {expected}: lodge a new one.",
            title.version
        );
        open.push(requirement(Code::TitleVersion, None, text));
    }
    let acted = pending.acts.iter().any(|act| act.role == ActRole::Disponor);
    if let Some(holder) = deed::slot_holder(state, title, now)?.filter(|_| !acted) {
        let text = format!("The instrument {holder} holds the priority slot of this title.");
        open.push(requirement(Code::TitleSlot, None, text));
    }
    Ok(open)
}

/// Rule 4: every disponor and every acquirer acts. `pending` holds only acts that count.
pub(crate) fn acts(
    state: &dyn StateRead,
    pending: &PendingTransfer,
) -> Result<Vec<Requirement>, StateError> {
    let mut open = Vec::new();
    for (role, code, what) in [
        (ActRole::Disponor, "act.disponor", "give"),
        (ActRole::Acquirer, "act.acquirer", "receive"),
    ] {
        for party in deed::side(pending, role).iter().map(|share| share.party) {
            let known = state::party(state, &party)?;
            if !known.as_ref().is_some_and(can_act) {
                let dead = known.is_none_or(|party| party.died.is_some());
                let code = if dead {
                    Code::PartyDead
                } else {
                    Code::PartyIncapable
                };
                let text = format!("{party} is to {what} the property and can no longer act.");
                open.push(requirement(code, None, text));
            } else if !has_acted(&pending.acts, role, &party) {
                let text = format!(
                    "{party} is to {what} the property and has not signed, in person or by an agent in power."
                );
                open.push(Requirement {
                    code,
                    party: Some(party),
                    text,
                });
            }
        }
    }
    Ok(open)
}

/// Whether a party has acted in a capacity.
pub(crate) fn has_acted(acts: &[ActDone], role: ActRole, party: &PartyId) -> bool {
    acts.iter()
        .any(|act| act.role == role && act.party == *party)
}

/// What the law of marriage asks of a transfer.
#[derive(Default)]
pub(crate) struct Marital {
    /// What is open.
    pub(crate) open: Vec<Requirement>,
    /// Disponors whose civil status may close it.
    pub(crate) waiting: BTreeSet<PartyId>,
    /// The consents that serve.
    pub(crate) consents: BTreeSet<RecordId>,
}

/// Rules 11–13, Marriage Code 33–37. `pending` holds only acts that count.
pub(crate) fn marital(
    state: &dyn StateRead,
    property: &str,
    title: &Title,
    pending: &PendingTransfer,
    now: Seconds,
) -> Result<Marital, StateError> {
    let mut marital = Marital::default();
    for given in &pending.transfer.disponors {
        let disponor = given.party;
        for claim in marriage::claims(state, property, title, given, now)? {
            let before = marital.open.len();
            match claim {
                Claim::Unknown => marital.open.push(requirement(
                    Code::StatusUnknown,
                    None,
                    format!("The civil registry has to say whether {disponor} was married when they acquired the property."),
                )),
                Claim::Undivided => marital.open.push(requirement(
                    Code::StatusUndivided,
                    None,
                    format!("The property is joint with a former, deceased or preferred spouse of {disponor}: the civil registry has to record its division in their favour."),
                )),
                Claim::Joint(spouse) => {
                    let found =
                        marriage::consents(state, title, &pending.transfer, &disponor, &spouse, now)?;
                    if let Some(consent) = found.serves {
                        marital.consents.insert(consent);
                    } else if !signed_in_person(&pending.acts, &spouse) {
                        marital.open.extend(missing_consent(disponor, spouse, found));
                    }
                }
            }
            if marital.open.len() > before {
                marital.waiting.insert(disponor);
            }
        }
    }
    Ok(marital)
}

/// A spouse who signs the instrument as a party to it consents by doing so. An agent's signature
/// is no consent of the principal's.
fn signed_in_person(acts: &[ActDone], spouse: &PartyId) -> bool {
    acts.iter()
        .any(|act| act.party == *spouse && act.signer == *spouse)
}

fn missing_consent(
    disponor: PartyId,
    spouse: PartyId,
    found: marriage::Consents,
) -> Vec<Requirement> {
    let mut open = vec![requirement(
        Code::ConsentMissing,
        Some(spouse),
        format!("The property is joint: {spouse} has to consent to its disposal by {disponor}."),
    )];
    if found.out_of_scope {
        let text = format!("A consent of {spouse} is for another act, counterparty or price.");
        open.push(requirement(Code::ConsentScope, Some(spouse), text));
    }
    if found.expired {
        let text = format!("A consent of {spouse} has expired.");
        open.push(requirement(Code::ConsentExpired, Some(spouse), text));
    }
    open
}
