//! Instruments that wait for something that no record about themselves brings. They stand on bounded
//! lists, and are looked at again when it may have come, so that an instrument registers in the block in
//! which its last requirement is met:
//!
//! - at a party: for what the registries say about its civil status, its officers or its guardian. There
//!   wait an instrument that holds its title's slot, for its disponors; one that some officers of an
//!   entity have signed; and one whose guardian is torn, for the guardian and the other side.
//! - at a title: what lenders have among themselves and all of them have signed. It takes no slot, and
//!   waits for the mortgages or the holders to be again as it says.
//!
//! An instrument that finds no room on a list is looked at once a day instead. What holds a slot is looked
//! at with its title (`registration`), what a court sale has displaced with the sale (`court_sale`), and
//! everything with each record about itself.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::WAITING_MAX;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::PartyId;

use crate::apply::BlockContext;
use crate::deed::View;
use crate::overlay::Overlay;
use crate::schedule::{Due, full_hour, next_day};
use crate::state::{self, Key, StateError};
use crate::{guardianship, registration, representation, requirements, text};

/// What an incomplete instrument waits for.
pub(crate) struct Waits {
    parties: BTreeSet<PartyId>,
    title: Option<String>,
    /// When time may end what holds it up.
    clock: Option<Seconds>,
}

/// What the instrument waits for besides records about itself. Its acts are those that count.
pub(crate) fn of(view: &View<'_>) -> Result<Waits, StateError> {
    let deed = view.deed;
    let mut parties = view.marital.waiting.clone();
    parties.extend(representation::short_of_officers(
        view.state,
        &deed.pending.acts,
    )?);
    let torn = guardianship::torn(view)?;
    parties.extend(torn.parties);
    let lenders = !text::disposes(&deed.pending.text) && requirements::acts(view)?.is_empty();
    Ok(Waits {
        parties,
        title: lenders.then(|| deed.property.clone()),
        clock: torn.until,
    })
}

/// Puts an instrument on the lists on which it waits.
pub(crate) fn wait(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    instrument: RecordId,
    waits: &Waits,
) -> Result<(), StateError> {
    let mut room = true;
    for party in &waits.parties {
        room &= enlist(state, Key::Waiting(party), instrument)?;
    }
    if let Some(property) = &waits.title {
        room &= enlist(state, Key::WaitingAt(property), instrument)?;
    }
    let daily = (!room).then(|| next_day(block.now()));
    for time in daily.into_iter().chain(waits.clock.map(full_hour)) {
        state.schedule_once(time, Due::Instrument(instrument));
    }
    Ok(())
}

/// Whether there is room on a list for an instrument, which is on it then.
fn enlist(state: &mut Overlay<'_>, key: Key<'_>, instrument: RecordId) -> Result<bool, StateError> {
    let mut list = list(state, key)?;
    if list.contains(&instrument) {
        return Ok(true);
    }
    if list.len() >= WAITING_MAX {
        list = still_pending(state, list)?;
    }
    let room = list.len() < WAITING_MAX;
    if room {
        list.push(instrument);
        state.put(key, &list);
    }
    Ok(room)
}

fn list(state: &Overlay<'_>, key: Key<'_>) -> Result<Vec<RecordId>, StateError> {
    Ok(state::read(state, key)?.unwrap_or_default())
}

fn still_pending(state: &Overlay<'_>, list: Vec<RecordId>) -> Result<Vec<RecordId>, StateError> {
    let mut pending = Vec::new();
    for id in list {
        let found = state::instrument(state, &id)?;
        if found.is_some_and(|instrument| instrument.pending.is_some()) {
            pending.push(id);
        }
    }
    Ok(pending)
}

/// Looks again at what waits for these parties, in order.
pub(crate) fn look_again(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    parties: &[PartyId],
) -> Result<Vec<Outcome>, StateError> {
    let mut outcomes = Vec::new();
    for party in parties {
        outcomes.extend(look_down(state, block, Key::Waiting(party))?);
    }
    Ok(outcomes)
}

/// Looks again at what lenders have among themselves and waits at a title.
pub(crate) fn look_again_at(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    property: &str,
) -> Result<Vec<Outcome>, StateError> {
    look_down(state, block, Key::WaitingAt(property))
}

/// Empties a list: what still waits puts itself on it again.
fn look_down(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    key: Key<'_>,
) -> Result<Vec<Outcome>, StateError> {
    let list = list(state, key)?;
    if list.is_empty() {
        return Ok(Vec::new());
    }
    state.delete(key)?;
    let mut outcomes = Vec::new();
    for id in list {
        outcomes.extend(registration::look_again_by_id(state, block, &id)?);
    }
    Ok(outcomes)
}
