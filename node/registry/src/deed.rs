//! An open instrument together with its titles: loading, keeping, closing, and the priority slot
//! (rules 9, 31).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::{ActDone, ActRole, Instrument, Pending, Status, Text};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::unbroken;

use crate::apply::BlockContext;
use crate::marital::{self, Marital};
use crate::overlay::Overlay;
use crate::power::power_in_force;
use crate::state::{self, Key, StateError, StateRead};
use crate::text::{self, Leg};
use crate::verdict::outcome;
use crate::{court_sale, priority_notice, registration, representation, requisition, settlement};

/// A pending instrument and the titles it is about.
pub(crate) struct Deed {
    pub(crate) id: RecordId,
    /// The record's subject.
    pub(crate) property: String,
    pub(crate) lodged: Height,
    pub(crate) pending: Pending,
    /// By cadastral number.
    pub(crate) titles: BTreeMap<String, Title>,
    /// The titles it is about, as its text names them.
    pub(crate) legs: Vec<Leg>,
}

/// A deed as the rules look at it.
pub(crate) struct View<'v> {
    pub(crate) state: &'v dyn StateRead,
    pub(crate) now: Seconds,
    pub(crate) deed: &'v Deed,
    /// The profile in force when it was lodged.
    pub(crate) profile: Arc<Profile>,
    /// What the law of marriage asks of it.
    pub(crate) marital: Marital,
}

/// What an instrument's id leads to.
pub(crate) enum Found {
    /// No instrument.
    Nothing,
    /// One that is no longer pending, or whose time has run out.
    Closed,
    /// One that may still be registered.
    Open(Box<Deed>),
}

/// Looks an instrument up.
pub(crate) fn find(
    state: &dyn StateRead,
    id: &RecordId,
    now: Seconds,
) -> Result<Found, StateError> {
    let Some(instrument) = state::instrument(state, id)? else {
        return Ok(Found::Nothing);
    };
    let open = instrument
        .pending
        .as_ref()
        .is_some_and(|pending| is_open(pending, now));
    Ok(match load(state, *id, instrument)? {
        Some(deed) if open => Found::Open(Box::new(deed)),
        _ => Found::Closed,
    })
}

/// Whether time has left a pending instrument open: neither has it expired, nor was a requisition left
/// unanswered for too long (rule 33).
pub(crate) fn is_open(pending: &Pending, now: Seconds) -> bool {
    ended_at(pending, now).is_none()
}

/// When time ended a pending instrument, swept or not.
pub(crate) fn ended_at(pending: &Pending, now: Seconds) -> Option<Seconds> {
    let expired = Some(pending.expires).filter(|expires| *expires <= now);
    expired
        .into_iter()
        .chain(requisition::overdue(pending, now))
        .min()
}

/// A pending instrument with its titles, whether or not its time has run out.
pub(crate) fn load(
    state: &dyn StateRead,
    id: RecordId,
    instrument: Instrument,
) -> Result<Option<Deed>, StateError> {
    let Some(pending) = instrument.pending else {
        return Ok(None);
    };
    let mut titles = BTreeMap::new();
    let legs = text::legs(&instrument.property, &pending.text);
    for leg in &legs {
        let title = title_of(state, &leg.property)?;
        titles.insert(leg.property.clone(), title);
    }
    Ok(Some(Deed {
        id,
        property: instrument.property,
        lodged: instrument.lodged,
        pending,
        titles,
        legs,
    }))
}

/// The title of a pending instrument's property: it was there when the instrument was lodged, and
/// no title is ever deleted.
fn title_of(state: &dyn StateRead, property: &str) -> Result<Title, StateError> {
    state::title(state, property)?.ok_or_else(|| {
        StateError::Inconsistent(format!(
            "a pending instrument's title {property} is missing"
        ))
    })
}

impl Deed {
    /// The title of one of its legs.
    pub(crate) fn title(&self, property: &str) -> Result<&Title, StateError> {
        self.titles.get(property).ok_or_else(|| {
            StateError::Inconsistent(format!("{} is not about the title {property}", self.id))
        })
    }

    /// How the rules look at it.
    pub(crate) fn view<'v>(
        &'v self,
        state: &'v dyn StateRead,
        now: Seconds,
    ) -> Result<View<'v>, StateError> {
        Ok(View {
            state,
            now,
            deed: self,
            profile: state::profile(state, self.pending.profile)?,
            marital: marital::look(state, self, now)?,
        })
    }

    /// Writes the instrument as it is pending now.
    pub(crate) fn keep(&self, state: &mut Overlay<'_>, block: &BlockContext) {
        let instrument = Instrument {
            pending: Some(self.pending.clone()),
            ..self.ended(block, Status::Pending)
        };
        state.put(Key::Instrument(&self.id), &instrument);
    }

    /// The instrument without anything pending.
    pub(crate) fn ended(&self, block: &BlockContext, status: Status) -> Instrument {
        Instrument {
            property: self.property.clone(),
            status,
            lodged: self.lodged,
            changed: block.time,
            pending: None,
            codes: Vec::new(),
        }
    }

    /// Ends the instrument otherwise than by registration; it keeps no slot and no reservation (rule
    /// 31), and what was funded goes back (rule 37). The private deed from which a court sale took a slot
    /// has it again, and is looked at.
    pub(crate) fn close(
        mut self,
        state: &mut Overlay<'_>,
        block: &BlockContext,
        status: Status,
        codes: Vec<String>,
    ) -> Result<Vec<Outcome>, StateError> {
        let instrument = Instrument {
            codes: codes.clone(),
            ..self.ended(block, status)
        };
        state.put(Key::Instrument(&self.id), &instrument);
        let by_court = text::by_court(&self.pending.text);
        let mut next = BTreeSet::new();
        for (property, title) in &mut self.titles {
            let reserved = title.encumbrances.len();
            title.encumbrances.retain(|encumbrance| {
                !matches!(&encumbrance.right,
                    Right::PriorityNotice { instrument, .. } if *instrument == self.id)
            });
            let held = title.slot == Some(self.id);
            if held {
                title.slot = court_sale::give_back(state, by_court, property)?;
                next.extend(title.slot);
            } else if title.slot.is_some() {
                court_sale::forget(state, &self.id, property)?;
            }
            let released = title.encumbrances.len() < reserved;
            if released {
                // What is before the title may have waited for room on it.
                next.extend(title.slot);
            }
            if held || released {
                state.put(Key::Title(property), title);
            }
        }
        let mut outcomes = vec![Outcome {
            codes,
            ..outcome(self.id, status)
        }];
        outcomes.extend(settlement::end(state, &self, status)?);
        for id in &next {
            outcomes.extend(registration::look_again_by_id(state, block, id)?);
        }
        Ok(outcomes)
    }
}

/// Whether an act still counts: its party can act, and the power or the office it was done under is
/// in force. What has stopped counting never counts again.
pub(crate) fn is_live(
    state: &dyn StateRead,
    act: &ActDone,
    now: Seconds,
) -> Result<bool, StateError> {
    if act.by_office {
        let signer = (&act.signer, act.signer_turn);
        let party = (&act.party, act.party_turn);
        return representation::still_in_office(state, signer, party, now);
    }
    let Some(power) = &act.power else {
        let party = state::party(state, &act.party)?;
        return Ok(party.is_some_and(|party| unbroken(&party, act.party_turn, now)));
    };
    let power = state::power(state, power)?.ok_or_else(|| {
        StateError::Inconsistent(format!("the power {power} of an act is missing"))
    })?;
    Ok(power_in_force(state, &power, now)?.is_empty())
}

/// The acts that count, in the order in which they were done.
pub(crate) fn live_acts(
    state: &dyn StateRead,
    pending: &Pending,
    now: Seconds,
) -> Result<Vec<ActDone>, StateError> {
    let mut live = Vec::with_capacity(pending.acts.len());
    for act in &pending.acts {
        if is_live(state, act, now)? {
            live.push(act.clone());
        }
    }
    Ok(live)
}

/// The instrument that holds a title's slot. A slot exists only from a disponor's act on, and so
/// only as long as one counts: an agent whose power was revoked blocks nobody. A buyer's reservation
/// holds it for its deed in any case (rule 32); before both is a sale by order of a court, which
/// keeps what it has taken until it ends.
pub(crate) fn slot_holder(
    state: &dyn StateRead,
    property: &str,
    title: &Title,
    now: Seconds,
) -> Result<Option<RecordId>, StateError> {
    let first = in_slot(state, property, title, now)?;
    if let Some((id, _, pending)) = &first
        && text::by_court(&pending.text)
    {
        return Ok(Some(*id));
    }
    match priority_notice::reserved_for(state, title, now)? {
        Some(id) => Ok(Some(id)),
        None => signed(state, property, first, now),
    }
}

/// Why the instrument `own`, or a new one of this text, finds the slot of a title taken; `None` if it
/// is free for it (rules 9, 31, 32).
pub(crate) fn slot_refusal(
    state: &dyn StateRead,
    property: &str,
    title: &Title,
    text: &Text,
    own: Option<&RecordId>,
    now: Seconds,
) -> Result<Option<Code>, StateError> {
    let holder = stands_before(state, property, title, text, now)?;
    if holder.is_none() || holder.as_ref() == own {
        return Ok(None);
    }
    let reserved = priority_notice::reserved_for(state, title, now)?;
    Ok(Some(if reserved == holder {
        Code::NoticeInForce
    } else {
        Code::TitleSlot
    }))
}

/// An open instrument by its id, with its subject.
type InSlot = (RecordId, String, Pending);

/// The open instrument that was the last to take a title's slot, whether its acts count or not. Where
/// that was a court sale whose time is over, the deed before it.
fn in_slot(
    state: &dyn StateRead,
    property: &str,
    title: &Title,
    now: Seconds,
) -> Result<Option<InSlot>, StateError> {
    let open = |id: RecordId| -> Result<Option<InSlot>, StateError> {
        let found = state::instrument(state, &id)?;
        Ok(found.and_then(|found| {
            let pending = found.pending.filter(|pending| is_open(pending, now))?;
            Some((id, found.property, pending))
        }))
    };
    let Some(id) = title.slot else {
        return Ok(None);
    };
    match open(id)? {
        None => court_sale::displaced(state, property)?.map_or(Ok(None), open),
        found => Ok(found),
    }
}

/// The instrument that holds a title's slot by an act that counts, reserved or not.
pub(crate) fn signed_holder(
    state: &dyn StateRead,
    property: &str,
    title: &Title,
    now: Seconds,
) -> Result<Option<RecordId>, StateError> {
    let first = in_slot(state, property, title, now)?;
    signed(state, property, first, now)
}

fn signed(
    state: &dyn StateRead,
    property: &str,
    first: Option<InSlot>,
    now: Seconds,
) -> Result<Option<RecordId>, StateError> {
    let Some((id, subject, pending)) = first else {
        return Ok(None);
    };
    for act in &pending.acts {
        if is_live(state, act, now)? && takes_slot(state, &subject, &pending, property, act)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The instrument that stands before one of this text on a title (rules 9, 31, 32). What private persons
/// lodged does not stand before a sale by order of a court: a debtor would lodge for ever. Before it
/// stands another one that is signed or reserved.
fn stands_before(
    state: &dyn StateRead,
    property: &str,
    title: &Title,
    text: &Text,
    now: Seconds,
) -> Result<Option<RecordId>, StateError> {
    if !text::by_court(text) {
        return slot_holder(state, property, title, now);
    }
    let reserved = priority_notice::reserved_for(state, title, now)?;
    let signed = signed_holder(state, property, title, now)?;
    for id in reserved.into_iter().chain(signed) {
        if court_sale::is_one(state, &id)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Whether an act takes the slot of `property`: it is by somebody who gives it away there, in person
/// or as a member of the group that does.
pub(crate) fn takes_slot(
    state: &dyn StateRead,
    subject: &str,
    pending: &Pending,
    property: &str,
    act: &ActDone,
) -> Result<bool, StateError> {
    let role = text::slot_role(&pending.text);
    if !text::disposes(&pending.text) || act.role != role {
        return Ok(false);
    }
    for leg in text::legs(subject, &pending.text) {
        let parties = match role {
            ActRole::Disponor => &leg.disponors,
            ActRole::Acquirer | ActRole::Mortgagee => &leg.acquirers,
        };
        for party in parties.iter().filter(|_| leg.property == property) {
            if representation::belongs(state, party, &act.party)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
