//! The order of the mortgages of one title (rule 26; Civil Code 311): ranks are 1, 2, 3 … without a
//! gap and without a tie, whatever happens to one of them.
//!
//! Does not live here: who may change the order: see `postponement` and `discharge`.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Encumbrance, Right};
use deedbook_schemas::party::PartyId;

/// A mortgage, as the order of a title knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ranked {
    pub(crate) id: RecordId,
    pub(crate) mortgagee: PartyId,
    rank: u16,
}

/// The mortgages of a title, first in rank first.
pub(crate) fn mortgages(encumbrances: &[Encumbrance]) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = encumbrances
        .iter()
        .filter_map(|encumbrance| match &encumbrance.right {
            Right::Mortgage {
                mortgagee, rank, ..
            } => Some(Ranked {
                id: encumbrance.id,
                mortgagee: *mortgagee,
                rank: *rank,
            }),
            _ => None,
        })
        .collect();
    ranked.sort_by_key(|mortgage| mortgage.rank);
    ranked
}

/// One mortgage of a title.
pub(crate) fn find(encumbrances: &[Encumbrance], id: &RecordId) -> Option<Ranked> {
    mortgages(encumbrances)
        .into_iter()
        .find(|mortgage| mortgage.id == *id)
}

/// Closes the gaps that mortgages which went have left.
pub(crate) fn close_up(encumbrances: &mut [Encumbrance]) {
    let order: Vec<RecordId> = mortgages(encumbrances).iter().map(|m| m.id).collect();
    set_order(encumbrances, &order);
}

/// Puts a new mortgage behind those that are there.
pub(crate) fn append(
    encumbrances: &mut Vec<Encumbrance>,
    mortgage: impl FnOnce(u16) -> Encumbrance,
) {
    encumbrances.push(mortgage(u16::MAX));
    close_up(encumbrances);
}

/// The mortgages that `mortgage` lets pass when it steps directly behind `behind`; `None` if one of
/// them is not there, or `behind` is not the lower one.
pub(crate) fn passed(
    encumbrances: &[Encumbrance],
    mortgage: &RecordId,
    behind: &RecordId,
) -> Option<Vec<Ranked>> {
    let ranked = mortgages(encumbrances);
    let from = ranked.iter().position(|m| m.id == *mortgage)?;
    let to = ranked.iter().position(|m| m.id == *behind)?;
    (from < to).then(|| {
        let between = ranked.iter().skip(from + 1).take(to - from);
        between.copied().collect()
    })
}

/// Puts `mortgage` directly behind `behind`; false if [`passed`] has no answer.
pub(crate) fn step_behind(
    encumbrances: &mut [Encumbrance],
    mortgage: &RecordId,
    behind: &RecordId,
) -> bool {
    if passed(encumbrances, mortgage, behind).is_none() {
        return false;
    }
    let mut order = Vec::new();
    for ranked in mortgages(encumbrances) {
        if ranked.id != *mortgage {
            order.push(ranked.id);
        }
        if ranked.id == *behind {
            order.push(*mortgage);
        }
    }
    set_order(encumbrances, &order);
    true
}

fn set_order(encumbrances: &mut [Encumbrance], order: &[RecordId]) {
    for (place, id) in (1..).zip(order) {
        for encumbrance in encumbrances.iter_mut().filter(|e| e.id == *id) {
            if let Right::Mortgage { rank, .. } = &mut encumbrance.right {
                *rank = place;
            }
        }
    }
}
