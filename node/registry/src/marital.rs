//! What the law of marriage asks of an instrument (rules 5, 11–13; Marriage Code 33–37).

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::instrument::{ActDone, ActKind, PartyShare, Text, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::deed::{Deed, View};
use crate::marriage::{self, Claim};
use crate::requirements::Requirement;
use crate::state::{StateError, StateRead};
use crate::text;

/// What one party disposes of in one title.
pub(crate) struct Disposal<'d> {
    pub(crate) property: String,
    pub(crate) title: &'d Title,
    pub(crate) given: PartyShare,
    /// Whether it is all that the party holds.
    pub(crate) whole: bool,
    pub(crate) kind: ActKind,
    pub(crate) price: Option<&'d Money>,
    pub(crate) acquirers: Vec<PartyId>,
}

/// What the holders dispose of by their own will. Mortgagees who pass on their mortgage hold nothing
/// in the title, and dispose of nothing of it.
pub(crate) fn disposals(deed: &Deed) -> Result<Vec<Disposal<'_>>, StateError> {
    let text = &deed.pending.text;
    let Some(kind) = text::disposition(text).filter(|_| text::disposes(text)) else {
        return Ok(Vec::new());
    };
    let mut disposals = Vec::new();
    for leg in &deed.legs {
        let title = deed.title(&leg.property)?;
        for party in &leg.disponors {
            let Some(held) = title.share_of(party) else {
                continue;
            };
            let share = given(&deed.property, text, &leg.property, party).unwrap_or(held);
            disposals.push(Disposal {
                property: leg.property.clone(),
                title,
                given: PartyShare {
                    party: *party,
                    share,
                },
                whole: share == held,
                kind,
                price: text::price(text),
                acquirers: leg.acquirers.clone(),
            });
        }
    }
    Ok(disposals)
}

/// What the dead leave: only what is theirs alone, so that what was joint is divided first (Marriage
/// Code 37; Civil Code 1079). As personal as a gift.
fn inherited(deed: &Deed) -> Result<Vec<Disposal<'_>>, StateError> {
    let Text::Transfer(transfer) = &deed.pending.text else {
        return Ok(Vec::new());
    };
    if transfer.kind != TransferKind::Inheritance {
        return Ok(Vec::new());
    }
    let title = deed.title(&deed.property)?;
    let disposal = |given: &PartyShare| Disposal {
        property: deed.property.clone(),
        title,
        given: given.clone(),
        whole: true,
        kind: ActKind::Give,
        price: None,
        acquirers: Vec::new(),
    };
    Ok(transfer.disponors.iter().map(disposal).collect())
}

/// The share that a transfer's text says a party gives of one property.
pub(crate) fn given(
    subject: &str,
    text: &Text,
    property: &str,
    party: &PartyId,
) -> Option<Fraction> {
    let Text::Transfer(transfer) = text else {
        return None;
    };
    let first = (property == subject).then_some(&transfer.disponors);
    let counter = transfer
        .counter
        .as_ref()
        .filter(|counter| counter.property == property)
        .map(|counter| &counter.disponors);
    first
        .or(counter)?
        .iter()
        .find(|given| given.party == *party)
        .map(|given| given.share)
}

/// What the law of marriage asks of a deed.
#[derive(Default)]
pub(crate) struct Marital {
    /// What is open.
    pub(crate) open: Vec<Requirement>,
    /// Disponors whose civil status may close it.
    pub(crate) waiting: BTreeSet<PartyId>,
    /// The consents that serve.
    pub(crate) consents: BTreeSet<RecordId>,
}

/// What of it is open.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    Ok(view.marital.open.clone())
}

/// Looks at every disposal. The deed's acts are those that count.
pub(crate) fn look(
    state: &dyn StateRead,
    deed: &Deed,
    now: Seconds,
) -> Result<Marital, StateError> {
    let mut marital = Marital::default();
    let inherited = inherited(deed)?;
    for disposal in disposals(deed)?.into_iter().chain(inherited) {
        let before = marital.open.len();
        for claim in marriage::claims(state, &disposal, now)? {
            look_at_claim(
                state,
                &deed.pending.acts,
                now,
                &disposal,
                claim,
                &mut marital,
            )?;
        }
        if marital.open.len() > before {
            marital.waiting.insert(disposal.given.party);
        }
    }
    Ok(marital)
}

fn look_at_claim(
    state: &dyn StateRead,
    acts: &[ActDone],
    now: Seconds,
    disposal: &Disposal<'_>,
    claim: Claim,
    marital: &mut Marital,
) -> Result<(), StateError> {
    let disponor = disposal.given.party;
    let mut open = |code, party, text| marital.open.push(Requirement::new(code, party, text));
    match claim {
        Claim::Unknown => open(
            Code::StatusUnknown,
            None,
            format!(
                "The civil registry has to say whether {disponor} was married when they acquired the property."
            ),
        ),
        Claim::Undivided => open(
            Code::StatusUndivided,
            None,
            format!(
                "The property is joint with a former, deceased or preferred spouse of {disponor}: the civil registry has to record its division in their favour."
            ),
        ),
        // Rule 5: what is joint passes as a whole, or is severed first.
        Claim::Joint(spouse) if !disposal.whole => open(
            Code::TitleJoint,
            Some(spouse),
            format!(
                "The property is joint of {disponor} and {spouse}: no share of it can be given away before it is severed."
            ),
        ),
        Claim::Joint(spouse) => {
            let found = marriage::consents(state, disposal, &spouse, now)?;
            if let Some(consent) = found.serves {
                marital.consents.insert(consent);
            } else if !signed_in_person(acts, &spouse) {
                marital
                    .open
                    .extend(missing_consent(disponor, spouse, found));
            }
        }
    }
    Ok(())
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
    let mut open = vec![Requirement::new(
        Code::ConsentMissing,
        Some(spouse),
        format!("The property is joint: {spouse} has to consent to its disposal by {disponor}."),
    )];
    if found.out_of_scope {
        let text = format!("A consent of {spouse} is for another act, counterparty or price.");
        open.push(Requirement::new(Code::ConsentScope, Some(spouse), text));
    }
    if found.expired {
        let text = format!("A consent of {spouse} has expired.");
        open.push(Requirement::new(Code::ConsentExpired, Some(spouse), text));
    }
    open
}
