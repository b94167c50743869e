//! Registration: the one step in which an instrument takes effect, with everything that depends on it
//! (rules 9, 13, 31, 36, 48).
//!
//! Does not live here: what each kind of instrument changes: see its file.

use std::collections::BTreeSet;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::{Status, Text};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::property::Title;

use crate::apply::BlockContext;
use crate::deed::{self, Deed, Found};
use crate::overlay::Overlay;
use crate::state::{self, Key, StateError};
use crate::verdict::outcome;
use crate::{
    assignment, court_sale, discharge, lease, mortgage, parcel, postponement, preemption,
    requirements, servitude, settlement, text, transfer, waiting,
};

/// Registers the deed if its last requirement is met; otherwise lets it wait for what others than its
/// parties bring about. The deed's acts are those that count.
pub(crate) fn register_if_complete(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
) -> Result<Vec<Outcome>, StateError> {
    // Rules 9, 31: first in rank on every title it disposes of.
    let disposes = text::disposes(&deed.pending.text);
    if disposes
        && deed
            .titles
            .values()
            .any(|title| title.slot != Some(deed.id))
    {
        return Ok(Vec::new());
    }
    let view = deed.view(state, block.now())?;
    if !requirements::first_open(&view)?.is_empty() {
        let waits = waiting::of(&view)?;
        waiting::wait(state, block, deed.id, &waits)?;
        return Ok(Vec::new());
    }
    let used = view.marital.consents;
    register(state, block, deed, &used)
}

/// Looks again at a deed that nobody of its parties has acted on just now; keeps what has changed.
pub(crate) fn look_again(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    mut deed: Deed,
) -> Result<Vec<Outcome>, StateError> {
    let acts = deed.pending.acts.len();
    deed.pending.acts = deed::live_acts(state, &deed.pending, block.now())?;
    let outcomes = register_if_complete(state, block, &mut deed)?;
    if outcomes.is_empty() && deed.pending.acts.len() < acts {
        deed.keep(state, block);
    }
    Ok(outcomes)
}

/// Looks again at the instrument that holds the slot of a property, and at what its lenders have among
/// themselves.
pub(crate) fn look_again_at(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    property: &str,
) -> Result<Vec<Outcome>, StateError> {
    let Some(title) = state::title(state, property)? else {
        return Ok(Vec::new());
    };
    let mut outcomes = match &title.slot {
        Some(id) => look_again_by_id(state, block, id)?,
        None => Vec::new(),
    };
    outcomes.extend(look_again_at_lenders(state, block, property, &title)?);
    Ok(outcomes)
}

/// What lenders have among themselves is about a mortgage: where there is none, none comes back.
fn look_again_at_lenders(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    property: &str,
    title: &Title,
) -> Result<Vec<Outcome>, StateError> {
    let mortgaged = title.encumbrances.iter();
    if mortgaged.map(|e| &e.right).any(mortgage::is_mortgage) {
        waiting::look_again_at(state, block, property)
    } else {
        Ok(Vec::new())
    }
}

/// Looks again at an instrument, if it is open.
pub(crate) fn look_again_by_id(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    id: &RecordId,
) -> Result<Vec<Outcome>, StateError> {
    match deed::find(state, id, block.now())? {
        Found::Open(deed) => look_again(state, block, *deed),
        Found::Nothing | Found::Closed => Ok(Vec::new()),
    }
}

/// After a supplement was added: registers the deed if that was the last thing missing, and writes
/// what is pending otherwise.
pub(crate) fn conclude(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    mut deed: Deed,
) -> Result<Vec<Outcome>, StateError> {
    deed.pending.acts = deed::live_acts(state, &deed.pending, block.now())?;
    let outcomes = register_if_complete(state, block, &mut deed)?;
    if outcomes.is_empty() {
        deed.keep(state, block);
    }
    Ok(outcomes)
}

fn register(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
    used: &BTreeSet<RecordId>,
) -> Result<Vec<Outcome>, StateError> {
    discharge::apply_supplements(deed)?;
    match deed.pending.text.clone() {
        Text::Transfer(text) => transfer::register(state, block, deed, &text)?,
        Text::Mortgage(text) => mortgage::register(block, deed, &text.terms)?,
        Text::Servitude(text) => servitude::register(state, block, deed, &text)?,
        Text::Lease(text) => lease::register(state, block, deed, &text)?,
        Text::Assignment(text) => assignment::register(deed, &text)?,
        Text::Postponement(text) => postponement::register(deed, &text)?,
        Text::Subdivision(text) => parcel::subdivide(state, block, deed, &text)?,
        Text::Consolidation(text) => parcel::consolidate(state, block, deed, &text)?,
    }
    let disposes = text::disposes(&deed.pending.text);
    for leg in &deed.legs {
        if let Some(title) = deed.titles.get_mut(&leg.property).filter(|_| disposes) {
            preemption::drop_stale(state, &leg.property, title)?;
            next_version(title, deed.id, block);
            use_consents(state, title, deed.id, used)?;
        }
    }
    for (property, title) in &deed.titles {
        state.put(Key::Title(property), title);
    }
    let registered = deed.ended(block, Status::Registered);
    state.put(Key::Instrument(&deed.id), &registered);
    let version = deed.titles.get(&deed.property).filter(|_| disposes);
    let mut outcomes = vec![Outcome {
        title_version: version.map(|title| title.version),
        ..outcome(deed.id, Status::Registered)
    }];
    outcomes.extend(settlement::end(state, deed, Status::Registered)?);
    // Rule 9: what waited for a court sale was drawn up for another version.
    for property in deed
        .titles
        .keys()
        .filter(|_| text::by_court(&deed.pending.text))
    {
        outcomes.extend(court_sale::end_displaced(state, block, property)?);
    }
    // What lenders settled among themselves may be what the instrument before the title waited for, and
    // every change of a title what they wait for.
    for (property, title) in &deed.titles {
        outcomes.extend(if disposes {
            look_again_at_lenders(state, block, property, title)?
        } else {
            look_again_at(state, block, property)?
        });
    }
    Ok(outcomes)
}

/// Rule 48: the next version of a title begins where the last one ends. Its slot is free, and what was
/// reserved for this instrument has served.
pub(crate) fn next_version(title: &mut Title, source: RecordId, block: &BlockContext) {
    title.version = title.version.saturating_add(1);
    title.source = source;
    title.begin_lifespan_version = block.time;
    title.slot = None;
    let holdings = title.holdings.clone();
    let holds = |party| holdings.iter().any(|holding| holding.party == party);
    title
        .encumbrances
        .retain(|encumbrance| match &encumbrance.right {
            Right::PriorityNotice { instrument, .. } => *instrument != source,
            Right::SelfLock { holder, .. } => holds(*holder),
            Right::PreemptionNotice { disponor, .. } => holds(*disponor),
            Right::Mortgage { .. }
            | Right::Servitude { .. }
            | Right::Lease { .. }
            | Right::Freeze { .. }
            | Right::Caveat { .. } => true,
        });
}

/// Rule 13: a consent serves once, and none outlives the holding it was given for.
pub(crate) fn use_consents(
    state: &mut Overlay<'_>,
    title: &mut Title,
    deed: RecordId,
    used: &BTreeSet<RecordId>,
) -> Result<(), StateError> {
    let mut kept = Vec::new();
    for id in &title.consents {
        let mut consent = state::consent(state, id)?.ok_or_else(|| {
            StateError::Inconsistent(format!("{deed}: the consent {id} is missing"))
        })?;
        if used.contains(id) {
            consent.used_by = Some(deed);
            state.put(Key::Consent(id), &consent);
        } else if title.share_of(&consent.consent.disponor).is_some() {
            kept.push(*id);
        }
    }
    title.consents = kept;
    Ok(())
}
