//! Instruments that wait for what a registry says about a party, its civil status or how many officers
//! sign: when that is recorded, they are looked at again, so that an instrument registers in the
//! block in which its last requirement is met.
//!
//! Only an instrument that holds its title's slot waits: for its disponors, once all acts are done,
//! and for entities of which some officers have signed. The list of a party is bounded; an instrument that finds no room is looked at again
//! when the next act or consent arrives.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::limits::WAITING_MAX;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::PartyId;

use crate::apply::BlockContext;
use crate::registration;
use crate::state::{self, Key, Overlay, StateError};

/// Puts an instrument on the lists of these parties.
pub(crate) fn wait<'p>(
    state: &mut Overlay<'_>,
    instrument: RecordId,
    parties: impl IntoIterator<Item = &'p PartyId>,
) -> Result<(), StateError> {
    for party in parties {
        let mut list = list(state, party)?;
        if list.contains(&instrument) {
            continue;
        }
        if list.len() >= WAITING_MAX {
            list = still_pending(state, list)?;
        }
        if list.len() < WAITING_MAX {
            list.push(instrument);
            state.put(Key::Waiting(party), &list);
        }
    }
    Ok(())
}

fn list(state: &Overlay<'_>, party: &PartyId) -> Result<Vec<RecordId>, StateError> {
    Ok(state::read(state, Key::Waiting(party))?.unwrap_or_default())
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
        let list = list(state, party)?;
        if list.is_empty() {
            continue;
        }
        state.delete(Key::Waiting(party))?;
        for id in list {
            outcomes.extend(registration::look_again_by_id(state, block, &id)?);
        }
    }
    Ok(outcomes)
}
