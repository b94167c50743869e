//! What a pending instrument still needs, and who can meet it. An instrument registers in the block
//! in which nothing is left here: a pending one always has an open requirement. Whatever lifts one
//! has the instrument looked at again:
//!
//! - a record about the instrument itself (an act, a supplement, a decision): `registration::conclude`;
//! - what comes off a title by a record or by time, a consent, a waiver: the instrument that
//!   holds the slot of the title (`registration::look_again_at`);
//! - the end of a court sale: the private deed that it displaced (`court_sale`);
//! - what registries say about parties, and for what lenders have among themselves any change of the
//!   title: bounded lists, and for who finds no room on one a clock of a day (`waiting`).
//!
//! What is drawn up for a title, a mortgage or a number that is no more needs what cannot come, says so,
//! and expires, unless its end is known before: with an act on it (`act`), a correction or a court sale.
//!
//! Lives here: the order of the requirements, and those that every instrument has. Does not live
//! here: what a mortgage, a freeze, a settlement … asks for: see their files.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActRole, Instrument};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::rejection::Code;

use crate::deed::{self, View};
use crate::state::{StateError, StateRead};
use crate::{
    duty, encumbrance, freeze, guardianship, marital, notarisation, parcel, preemption,
    representation, requisition, self_lock, settlement, text,
};

/// One thing that an instrument still needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Stable code: `act.disponor`, `act.acquirer`, `act.mortgagee`, or that of the rule which is not
    /// met.
    pub code: &'static str,
    /// Who can meet it, if it is a party or an authority.
    pub party: Option<PartyId>,
    /// Plain words.
    pub text: String,
}

impl Requirement {
    /// A requirement of a rule.
    pub(crate) fn new(code: Code, party: Option<PartyId>, text: String) -> Self {
        Self {
            code: code.as_str(),
            party,
            text,
        }
    }
}

/// What a rule asks of an instrument.
type Asked = Result<Vec<Requirement>, StateError>;

/// Every rule that may keep an instrument pending, in the order in which they are asked.
const RULES: [fn(&View<'_>) -> Asked; 13] = [
    priority,
    acts,
    marital::open,
    preemption::open,
    parcel::open,
    guardianship::open,
    encumbrance::open,
    freeze::open,
    self_lock::open,
    notarisation::open,
    requisition::open,
    settlement::open,
    duty::open,
];

/// What an instrument needs at `now` before it can be registered; empty if it is not pending.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn open_requirements(
    state: &dyn StateRead,
    now: Seconds,
    id: &RecordId,
    instrument: &Instrument,
) -> Result<Vec<Requirement>, StateError> {
    let Some(mut deed) = deed::load(state, *id, instrument.clone())? else {
        return Ok(Vec::new());
    };
    deed.pending.acts = deed::live_acts(state, &deed.pending, now)?;
    let view = deed.view(state, now)?;
    let mut open = Vec::new();
    for rule in RULES {
        open.extend(rule(&view)?);
    }
    Ok(open)
}

/// The first rule of which something is open; nothing if the instrument is complete. The deed's acts
/// are those that count.
pub(crate) fn first_open(view: &View<'_>) -> Asked {
    for rule in RULES {
        let open = rule(view)?;
        if !open.is_empty() {
            return Ok(open);
        }
    }
    Ok(Vec::new())
}

/// Rules 7, 9, 31, 32: the titles are those the parties saw, and no other instrument is before this
/// one.
fn priority(view: &View<'_>) -> Asked {
    let mut open = Vec::new();
    let deed = view.deed;
    for leg in &deed.legs {
        let title = deed.title(&leg.property)?;
        if let Some(version) = leg.version.filter(|version| *version != title.version) {
            let text = format!(
                "The title {} is at version {}, the instrument was drawn up for version {version}: lodge a new one.",
                leg.property, title.version
            );
            open.push(Requirement::new(Code::TitleVersion, None, text));
        }
        if title.cancelled {
            let text = format!("The title {} was cancelled.", leg.property);
            open.push(Requirement::new(Code::TitleCancelled, None, text));
        }
        if !text::disposes(&deed.pending.text) {
            continue;
        }
        let own = Some(&deed.id);
        let taken = deed::slot_refusal(
            view.state,
            &leg.property,
            title,
            &deed.pending.text,
            own,
            view.now,
        )?;
        if let Some(code) = taken
            && let Some(holder) = deed::slot_holder(view.state, &leg.property, title, view.now)?
        {
            let text = format!("The instrument {holder} holds the priority slot of this title.");
            open.push(Requirement::new(code, None, text));
        }
    }
    Ok(open)
}

/// Rules 4, 21, 23: every disponor, every acquirer and the lender of the price act.
pub(crate) fn acts(view: &View<'_>) -> Asked {
    let deed = view.deed;
    let mut open = Vec::new();
    for (role, code, what) in [
        (ActRole::Disponor, "act.disponor", "give"),
        (ActRole::Acquirer, "act.acquirer", "receive"),
        (ActRole::Mortgagee, "act.mortgagee", "lend the price of"),
    ] {
        for party in text::side_of(&deed.legs, &deed.pending.text, role) {
            let cannot = representation::cannot_act(view.state, &party, view.now)?;
            let is_able = cannot.is_empty();
            for code in cannot {
                let text = format!("{party} is to {what} the property and can no longer act.");
                open.push(Requirement::new(code, None, text));
            }
            if is_able && !representation::has_acted(view.state, &deed.pending.acts, role, &party)?
            {
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
