//! What time alone brings about: pending instruments expire.
//!
//! Instruments expire at full hours. An hour has lists of instruments, one for each block that
//! lodged any which were still pending at its end, so that a deed that arrives whole never touches
//! them. A block makes a bounded number of steps; the rest follows in the next one. An instrument
//! whose time has run out is closed from that moment on, swept or not.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::genesis::Profile;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::EXPIRY_STEPS_MAX;
use deedbook_schemas::outcome::Outcome;
use minicbor::{CborLen, Decode, Encode};

use crate::apply::BlockContext;
use crate::calendar::add_days;
use crate::deed::{Deed, title_of};
use crate::state::{self, Key, Overlay, StateError, StateRead};

const HOUR_S: u64 = 3600;

/// The lists of one hour: those from `first` up to, but not including, `next` exist.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
struct Lists {
    #[n(0)]
    first: u32,
    #[n(1)]
    next: u32,
}

/// When an instrument lodged at `now` expires: after the profile's days, at the next full hour.
pub(crate) fn expires(now: Seconds, profile: &Profile) -> Seconds {
    let hours = add_days(now, profile.pending_days).0.div_ceil(HOUR_S);
    Seconds(hours.saturating_mul(HOUR_S))
}

/// The next time at which time alone brings something about; a node that has nothing else to do
/// makes a block then. In the past if a block left something over.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn next_deadline(state: &dyn StateRead) -> Result<Option<Seconds>, StateError> {
    Ok(hours(state)?.first().copied())
}

fn hours(state: &dyn StateRead) -> Result<Vec<Seconds>, StateError> {
    Ok(state::read(state, Key::Hours)?.unwrap_or_default())
}

/// Begins a block: ends the pending instruments whose time has run out, in the order in which they
/// were lodged. To be called once, before the first record.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn begin_block(
    overlay: &mut Overlay<'_>,
    block: &BlockContext,
) -> Result<Vec<Outcome>, StateError> {
    let mut outcomes = Vec::new();
    let mut steps = 0;
    while steps < EXPIRY_STEPS_MAX {
        let mut hours = hours(overlay)?;
        let Some(hour) = hours.first().copied().filter(|hour| *hour <= block.now()) else {
            break;
        };
        let mut lists: Lists = state::read(overlay, Key::Hour(hour))?.unwrap_or_default();
        while steps < EXPIRY_STEPS_MAX && lists.first < lists.next {
            let list = Key::Expiring(hour, lists.first);
            let ids: Vec<RecordId> = state::read(overlay, list)?.unwrap_or_default();
            steps += 1 + ids.len();
            for id in &ids {
                outcomes.extend(expire(overlay, block, id)?);
            }
            overlay.delete(list)?;
            lists.first += 1;
        }
        if lists.first < lists.next {
            overlay.put(Key::Hour(hour), &lists);
        } else {
            overlay.delete(Key::Hour(hour))?;
            hours.remove(0);
            overlay.put(Key::Hours, &hours);
        }
    }
    Ok(outcomes)
}

fn expire(
    overlay: &mut Overlay<'_>,
    block: &BlockContext,
    id: &RecordId,
) -> Result<Option<Outcome>, StateError> {
    let Some(instrument) = state::instrument(overlay, id)? else {
        return Ok(None);
    };
    let Some(pending) = instrument.pending else {
        return Ok(None);
    };
    let title = title_of(overlay, &instrument.property)?;
    let deed = Deed {
        id: *id,
        property: instrument.property,
        lodged: instrument.lodged,
        pending,
        title,
    };
    Ok(Some(deed.close(
        overlay,
        block,
        Status::Expired,
        Vec::new(),
    )))
}

/// Ends a block: puts the instruments that were lodged in it and are still pending into the
/// calendar. To be called once, after the last record.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn end_block(overlay: &mut Overlay<'_>, block: &BlockContext) -> Result<(), StateError> {
    let mut pending = Vec::new();
    for id in overlay.lodged() {
        let found = state::instrument(overlay, id)?;
        if found.is_some_and(|instrument| instrument.pending.is_some()) {
            pending.push(*id);
        }
    }
    if pending.is_empty() {
        return Ok(());
    }
    // All were lodged at this block's time, under one profile.
    let hour = expires(block.now(), &state::profile(overlay)?);
    let mut hours = hours(overlay)?;
    if let Err(place) = hours.binary_search(&hour) {
        hours.insert(place, hour);
        overlay.put(Key::Hours, &hours);
    }
    let mut lists: Lists = state::read(overlay, Key::Hour(hour))?.unwrap_or_default();
    overlay.put(Key::Expiring(hour, lists.next), &pending);
    lists.next = lists
        .next
        .checked_add(1)
        .ok_or_else(|| StateError::Inconsistent("an hour has 2^32 blocks".to_owned()))?;
    overlay.put(Key::Hour(hour), &lists);
    Ok(())
}
