//! What time alone brings about: pending instruments expire or lose a clock, encumbrances and approvals
//! lapse, and what waited for that is looked at again.
//!
//! A time has lists of what is due at it, one for each block that scheduled any which was still
//! there at its end, so that a deed that arrives whole never touches them. Almost all times are full
//! hours, so that there are few. A block makes a bounded number of steps; the rest follows in the
//! next one. What is over is over from that moment on, swept or not: every rule looks at the time.

use std::collections::BTreeMap;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Instrument, Status};
use deedbook_schemas::limits::{EXPIRY_STEPS_MAX, SCHEDULE_DAYS_MAX};
use deedbook_schemas::outcome::Outcome;
use minicbor::{CborLen, Decode, Encode};

use crate::apply::BlockContext;
use crate::approval;
use crate::calendar::add_days;
use crate::deed::{self, Found};
use crate::lapse;
use crate::overlay::Overlay;
use crate::registration;
use crate::requisition;
use crate::state::{self, Key, StateError, StateRead};

const HOUR_S: u64 = 3600;
const DAY_S: u64 = 24 * HOUR_S;

/// The lists of one hour: those from `first` up to, but not including, `next` exist.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
struct Lists {
    #[n(0)]
    first: u32,
    #[n(1)]
    next: u32,
}

/// What is due at a time.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub(crate) enum Due {
    /// An instrument expires, loses a clock, or may be registered.
    #[n(0)]
    Instrument(#[n(0)] RecordId),
    /// Encumbrances of a title lapse.
    #[n(1)]
    Title(#[n(0)] String),
    /// Something that lies beyond the horizon is put into the calendar.
    #[n(2)]
    Later(#[n(0)] Seconds, #[n(1)] Box<Due>),
    /// An officer's approval lapses.
    #[n(3)]
    Approval(#[n(0)] RecordId),
}

/// The first full hour that is not before `time`.
pub(crate) fn full_hour(time: Seconds) -> Seconds {
    Seconds(time.0.div_ceil(HOUR_S).saturating_mul(HOUR_S))
}

/// So many days after `now`, at the next full hour.
pub(crate) fn days_after(now: Seconds, days: u16) -> Seconds {
    full_hour(add_days(now, days))
}

/// The next full day.
pub(crate) fn next_day(now: Seconds) -> Seconds {
    let day = (now.0 / DAY_S).saturating_add(1);
    Seconds(day.saturating_mul(DAY_S))
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

/// Begins a block: brings about what is due, in the order in which it was scheduled. To be called
/// once, before the first record.
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
            let due: Vec<Due> = state::read(overlay, list)?.unwrap_or_default();
            steps += 1 + due.len();
            for due in &due {
                outcomes.extend(come_due(overlay, block, due)?);
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

fn come_due(
    overlay: &mut Overlay<'_>,
    block: &BlockContext,
    due: &Due,
) -> Result<Vec<Outcome>, StateError> {
    match due {
        Due::Instrument(id) => instrument_due(overlay, block, id),
        Due::Title(property) => lapse::sweep(overlay, block, property),
        Due::Approval(id) => {
            approval::remove(overlay, id)?;
            Ok(Vec::new())
        }
        // The first block after a long silence reaches the horizon and what lies beyond it at once.
        Due::Later(time, due) if *time <= block.now() => come_due(overlay, block, due),
        Due::Later(time, due) => {
            overlay.schedule(*time, Due::clone(due));
            Ok(Vec::new())
        }
    }
}

fn instrument_due(
    overlay: &mut Overlay<'_>,
    block: &BlockContext,
    id: &RecordId,
) -> Result<Vec<Outcome>, StateError> {
    match deed::find(overlay, id, block.now())? {
        Found::Open(deed) => registration::look_again(overlay, block, *deed),
        Found::Nothing => Ok(Vec::new()),
        Found::Closed => {
            let Some(instrument) = state::instrument(overlay, id)? else {
                return Ok(Vec::new());
            };
            let Some(deed) = deed::load(overlay, *id, instrument)? else {
                return Ok(Vec::new());
            };
            match requisition::unanswered(&deed.pending, block.now()) {
                Some(codes) => deed.close(overlay, block, Status::Refused, codes),
                None => deed.close(overlay, block, Status::Expired, Vec::new()),
            }
        }
    }
}

/// Ends a block: puts what was scheduled in it and is still to come into the calendar. To be called
/// once, after the last record.
///
/// # Errors
/// [`StateError`] if the state cannot be read.
pub fn end_block(overlay: &mut Overlay<'_>, block: &BlockContext) -> Result<(), StateError> {
    // What is farther away than the horizon waits there, on full days, so that nobody can make the
    // calendar long.
    let horizon = Seconds(
        add_days(block.now(), SCHEDULE_DAYS_MAX)
            .0
            .div_ceil(DAY_S)
            .saturating_mul(DAY_S),
    );
    let mut times: BTreeMap<Seconds, Vec<Due>> = BTreeMap::new();
    for (time, due) in overlay.scheduled().to_vec() {
        let to_come = match &due {
            Due::Instrument(id) => state::look::<Instrument>(overlay, Key::Instrument(id))?
                .is_some_and(|instrument| instrument.pending.is_some()),
            Due::Approval(id) => approval::stands(overlay, id)?,
            Due::Title(_) | Due::Later(..) => true,
        };
        let (time, due) = if time > horizon {
            (horizon, Due::Later(time, Box::new(due)))
        } else {
            (time, due)
        };
        if to_come {
            times.entry(time).or_default().push(due);
        }
    }
    for (time, due) in times {
        schedule(overlay, time, &due)?;
    }
    Ok(())
}

fn schedule(overlay: &mut Overlay<'_>, time: Seconds, due: &Vec<Due>) -> Result<(), StateError> {
    let mut hours = hours(overlay)?;
    if let Err(place) = hours.binary_search(&time) {
        hours.insert(place, time);
        overlay.put(Key::Hours, &hours);
    }
    let mut lists: Lists = state::read(overlay, Key::Hour(time))?.unwrap_or_default();
    overlay.put(Key::Expiring(time, lists.next), due);
    lists.next = lists
        .next
        .checked_add(1)
        .ok_or_else(|| StateError::Inconsistent("an hour has 2^32 blocks".to_owned()))?;
    overlay.put(Key::Hour(time), &lists);
    Ok(())
}
