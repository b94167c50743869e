//! Subdivision and consolidation (rules 7, 8; Land Code 50): holders, encumbrances and area are
//! conserved; the old titles are cancelled and their numbers never used again, so that no title can
//! come to be its own ancestor.

use std::collections::{BTreeMap, BTreeSet};

use deedbook_schemas::block::{BlockTime, Seconds};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Encumbrance, Right};
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::Text;
use deedbook_schemas::limits::{
    CAVEATS_MAX, ENCUMBRANCES_MAX, ENCUMBRANCES_OF_A_KIND_MAX, HOLDERS_MAX, PARCELS_MAX,
    TEXT_BYTES_MAX,
};
use deedbook_schemas::parcel::{Consolidation, Subdivision};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::{Holding, SpatialUnit, Title};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::{ends, in_force};

use crate::apply::{BlockContext, Case};
use crate::deed::{Deed, View};
use crate::door;
use crate::overlay::Overlay;
use crate::requirements::Requirement;
use crate::schedule::{Due, full_hour};
use crate::state::{self, StateError, StateRead};
use crate::verdict::Codes;

pub(crate) fn subdivision_fields(body: &Subdivision, door: &mut Codes) {
    // Bounded, whatever it says; in order, so that there is one way to write it.
    let ordered = body.into.is_sorted_by(|a, b| a.property <= b.property);
    door.require(
        body.into.len() <= PARCELS_MAX && ordered,
        Code::FieldInvalid,
    );
    for new in body.into.iter().take(PARCELS_MAX) {
        door::cadastral(&new.property, door);
        door::text(&new.unit.address, TEXT_BYTES_MAX, door);
    }
    holders(&body.holders, door);
}

pub(crate) fn consolidation_fields(body: &Consolidation, door: &mut Codes) {
    let ordered = body.from.is_sorted_by(|a, b| a.property < b.property);
    door.require(
        body.from.len() <= PARCELS_MAX && ordered,
        Code::FieldInvalid,
    );
    for old in body.from.iter().take(PARCELS_MAX) {
        door::cadastral(&old.property, door);
    }
    door::text(&body.unit.address, TEXT_BYTES_MAX, door);
    holders(&body.holders, door);
}

fn holders(holders: &[PartyId], door: &mut Codes) {
    let sound = holders.len() <= HOLDERS_MAX && door::ascending(holders);
    door.require(sound, Code::FieldInvalid);
}

/// One old and at least two new titles, or the other way round, are all that one instrument changes.
fn is_count(parcels: usize) -> bool {
    (2..PARCELS_MAX).contains(&parcels)
}

pub(crate) fn check_subdivision(
    case: &Case<'_, '_>,
    body: &Subdivision,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    law.require(is_count(body.into.len()), Code::ParcelCount);
    if let Some(title) = titles.get(case.record.subject()) {
        // Rule 8: all of its holders, and nobody else.
        let all = shares_of(title)
            .into_keys()
            .eq(body.holders.iter().copied());
        law.require(all, Code::ParcelHolders);
        // Rule 8, Land Code 50: together as large as it was.
        let areas: Vec<u64> = body.into.iter().map(|new| new.unit.area_dm2).collect();
        let tolerance = case.profile.area_tolerance_permille;
        let conserved = is_conserved(&[title.unit.area_dm2], &areas, tolerance);
        law.require(conserved, Code::ParcelArea);
    }
    // Rules 7, 8: under numbers that never stood for anything.
    let numbers = new_numbers(case.record.subject(), &Text::Subdivision(body.clone()));
    let distinct: BTreeSet<&String> = numbers.iter().collect();
    let used = used_number(case.state, &numbers)?;
    law.require(
        distinct.len() == numbers.len() && used.is_none(),
        Code::ParcelNumber,
    );
    Ok(())
}

pub(crate) fn check_consolidation(
    case: &Case<'_, '_>,
    body: &Consolidation,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    law.require(is_count(body.from.len()), Code::ParcelCount);
    let old: Vec<&Title> = titles.values().collect();
    // Rule 8: the same holders with the same shares in each, and nobody else.
    let same = old.iter().all(|title| {
        let shares = shares_of(title);
        shares.keys().eq(&body.holders) && Some(shares) == old.first().map(|t| shares_of(t))
    });
    law.require(same, Code::ParcelHolders);
    // Rule 8, Land Code 50: as large as they were together.
    let areas: Vec<u64> = old.iter().map(|title| title.unit.area_dm2).collect();
    let tolerance = case.profile.area_tolerance_permille;
    let conserved = is_conserved(&areas, &[body.unit.area_dm2], tolerance);
    law.require(conserved, Code::ParcelArea);
    // Rules 7, 8: under a number that never stood for anything.
    let number = [case.record.subject().to_owned()];
    let used = used_number(case.state, &number)?;
    law.require(used.is_none(), Code::ParcelNumber);
    // Rule 26: mortgages keep their one order.
    law.require(has_one_order(&old), Code::ParcelRanks);
    // Rule 29: there is room for all that burdens them.
    let united = united(&old, case.now);
    law.require(is_within(&united), Code::EncumbranceTooMany);
    // Rule 3: shares that can be written, and fit on a title.
    if !law.has(Code::ParcelHolders)
        && let Err(code) = merged(&old)
    {
        law.refuse(code);
    }
    Ok(())
}

/// What each holder holds in all.
fn shares_of(title: &Title) -> BTreeMap<PartyId, Option<Fraction>> {
    let of = |holding: &Holding| (holding.party, title.share_of(&holding.party));
    title.holdings.iter().map(of).collect()
}

/// Whether new areas are together as large as the old ones, within so many thousandths of these. If an
/// old one is not known there is nothing to conserve; if it is, every new one has to be known.
fn is_conserved(old: &[u64], new: &[u64], permille: u16) -> bool {
    if old.contains(&0) {
        return true;
    }
    // At most 16 areas below 2^64, times 1,000: below 2^78.
    let sum = |areas: &[u64]| areas.iter().map(|area| u128::from(*area)).sum::<u128>();
    let (before, after) = (sum(old), sum(new));
    !new.contains(&0) && before.abs_diff(after) * 1000 <= before * u128::from(permille)
}

/// The numbers that an instrument gives to new properties.
fn new_numbers(subject: &str, text: &Text) -> Vec<String> {
    match text {
        Text::Subdivision(text) => text.into.iter().map(|new| new.property.clone()).collect(),
        Text::Consolidation(_) => vec![subject.to_owned()],
        _ => Vec::new(),
    }
}

/// The first of these numbers under which there is, or was, a title.
fn used_number(state: &dyn StateRead, numbers: &[String]) -> Result<Option<String>, StateError> {
    for number in numbers {
        if state::title(state, number)?.is_some() {
            return Ok(Some(number.clone()));
        }
    }
    Ok(None)
}

/// What may have changed since an instrument was lodged without a new version of its titles: somebody
/// else was faster to use a number, or a title was burdened.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let deed = view.deed;
    let mut open = Vec::new();
    let numbers = new_numbers(&deed.property, &deed.pending.text);
    if let Some(number) = used_number(view.state, &numbers)? {
        let text =
            format!("The number {number} has been given to another property: lodge a new text.");
        open.push(Requirement::new(Code::ParcelNumber, None, text));
    }
    if matches!(deed.pending.text, Text::Consolidation(_)) {
        let old: Vec<&Title> = deed.titles.values().collect();
        if !is_within(&united(&old, view.now)) {
            let text = "The titles together have more encumbrances than one can have.".to_owned();
            open.push(Requirement::new(Code::EncumbranceTooMany, None, text));
        }
    }
    Ok(open)
}

/// What goes over to the new titles: all that is in force. A share on offer and a slot reserved were
/// for the old one.
fn passes_over(encumbrance: &Encumbrance, now: Seconds) -> bool {
    let bound = matches!(
        encumbrance.right,
        Right::PriorityNotice { .. } | Right::PreemptionNotice { .. }
    );
    !bound && in_force(&encumbrance.right, now)
}

/// The mortgages of a title, in their order.
fn mortgages(title: &Title) -> Vec<&Encumbrance> {
    let mortgage = |e: &&Encumbrance| matches!(e.right, Right::Mortgage { .. });
    title.encumbrances.iter().filter(mortgage).collect()
}

/// Whether at most one of the titles is mortgaged, or all that are in the same way: parcels that were
/// one when they were mortgaged.
fn has_one_order(old: &[&Title]) -> bool {
    let mut mortgaged = old
        .iter()
        .map(|title| mortgages(title))
        .filter(|m| !m.is_empty());
    let first = mortgaged.next();
    mortgaged.all(|other| Some(&other) == first.as_ref())
}

/// Everything that burdens any of the titles, once, in the order of registration. What is locked or
/// frozen is not merged, so that what has one id says one thing.
fn united(old: &[&Title], now: Seconds) -> Vec<Encumbrance> {
    let in_force = |e: &&Encumbrance| passes_over(e, now);
    let united: BTreeMap<(BlockTime, RecordId), Encumbrance> = old
        .iter()
        .flat_map(|title| title.encumbrances.iter().filter(in_force))
        .map(|e| ((e.registered, e.id), e.clone()))
        .collect();
    united.into_values().collect()
}

/// Whether encumbrances fit on one title, all of them and of each kind.
fn is_within(encumbrances: &[Encumbrance]) -> bool {
    let count = |kind: fn(&Right) -> bool| encumbrances.iter().filter(|e| kind(&e.right)).count();
    let kinds = [
        count(|right| matches!(right, Right::Mortgage { .. })),
        count(|right| matches!(right, Right::Servitude { .. })),
        count(|right| matches!(right, Right::Lease { .. })),
        count(|right| matches!(right, Right::Freeze { .. })),
    ];
    encumbrances.len() <= ENCUMBRANCES_MAX
        && kinds
            .iter()
            .all(|count| *count <= ENCUMBRANCES_OF_A_KIND_MAX)
        && count(|right| matches!(right, Right::Caveat { .. })) <= CAVEATS_MAX
}

/// The holdings of what is made of several titles. Each of them counts alike, and every acquisition
/// stays what it was, in time and ground: whatever a spouse had a claim on, they have a claim on a
/// part of the new property, which is not disposed of without them (rule 11).
fn merged(old: &[&Title]) -> Result<Vec<Holding>, Code> {
    let parts = u64::try_from(old.len()).map_err(|_| Code::ParcelCount)?;
    let mut merged: Vec<Holding> = Vec::new();
    for holding in old.iter().flat_map(|title| &title.holdings) {
        let share = holding.share.divided_by(parts);
        let share = share.ok_or(Code::TransferUnbalanced)?;
        let same = merged.iter_mut().find(|known| {
            (known.party, known.acquired, known.ground)
                == (holding.party, holding.acquired, holding.ground)
        });
        if let Some(known) = same {
            let sum = known.share.checked_add(share);
            known.share = sum.ok_or(Code::TransferUnbalanced)?;
        } else {
            merged.push(Holding {
                share,
                ..holding.clone()
            });
        }
    }
    merged.sort_by_key(|holding| (holding.acquired, holding.party));
    if merged.len() > HOLDERS_MAX {
        return Err(Code::TransferHoldings);
    }
    if Fraction::sum(merged.iter().map(|holding| holding.share)) != Some(Fraction::ONE) {
        return Err(Code::TransferUnbalanced);
    }
    Ok(merged)
}

/// Rules 7, 8, 48: the new titles begin where the old one ends.
pub(crate) fn subdivide(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
    text: &Subdivision,
) -> Result<(), StateError> {
    let old = deed.title(&deed.property)?.clone();
    let encumbrances = united(&[&old], block.now());
    deed.titles.values_mut().for_each(cancel);
    for new in &text.into {
        let title = Title {
            parents: vec![deed.property.clone()],
            ..first_version(deed, block, &new.unit, &old.holdings, &encumbrances)
        };
        add(state, deed, &new.property, title);
    }
    Ok(())
}

/// Rules 7, 8, 48: the new title begins where the old ones end.
pub(crate) fn consolidate(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
    text: &Consolidation,
) -> Result<(), StateError> {
    let old: Vec<&Title> = deed.titles.values().collect();
    let holdings = merged(&old).map_err(|code| {
        let what = format!("{} cannot be registered any more: {code}", deed.id);
        StateError::Inconsistent(what)
    })?;
    let encumbrances = united(&old, block.now());
    let title = Title {
        parents: deed.titles.keys().cloned().collect(),
        ..first_version(deed, block, &text.unit, &holdings, &encumbrances)
    };
    deed.titles.values_mut().for_each(cancel);
    let property = deed.property.clone();
    add(state, deed, &property, title);
    Ok(())
}

fn first_version(
    deed: &Deed,
    block: &BlockContext,
    unit: &SpatialUnit,
    holdings: &[Holding],
    encumbrances: &[Encumbrance],
) -> Title {
    Title {
        version: 1,
        unit: unit.clone(),
        holdings: holdings.to_vec(),
        source: deed.id,
        begin_lifespan_version: block.time,
        slot: None,
        consents: Vec::new(),
        encumbrances: encumbrances.to_vec(),
        parents: Vec::new(),
        cancelled: false,
    }
}

/// A title that has become others keeps its last holders, and nothing that others could still give up
/// or lose in it: that has gone over.
fn cancel(title: &mut Title) {
    title.cancelled = true;
    title.encumbrances.clear();
}

/// Adds a new title to those that the registration writes; what is on it lapses there too.
fn add(state: &mut Overlay<'_>, deed: &mut Deed, property: &str, title: Title) {
    let ends: BTreeSet<Seconds> = title
        .encumbrances
        .iter()
        .filter_map(|encumbrance| ends(&encumbrance.right))
        .map(full_hour)
        .collect();
    for end in ends {
        state.schedule(end, Due::Title(property.to_owned()));
    }
    deed.titles.insert(property.to_owned(), title);
}
