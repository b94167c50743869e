//! Titles that are divided and merged, as the model sees them.

use std::collections::{BTreeMap, BTreeSet};

use deedbook_schemas::block::Seconds;
use deedbook_schemas::limits::{
    CAVEATS_MAX, ENCUMBRANCES_MAX, ENCUMBRANCES_OF_A_KIND_MAX, HOLDERS_MAX, PARCELS_MAX,
};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::rejection::Code;

use crate::deeds::{Hold, Need, Version, held, need};
use crate::doors::unless;
use crate::memory::{Codes, Model};
use crate::pages::{Page, Sort, Thing, stands};
use crate::shares::Share;
use crate::texts::{Deed, Text};

/// What everybody holds on a page.
fn shares(page: &Page) -> BTreeMap<PartyId, String> {
    let holds = &page.versions.last().unwrap().holds;
    let of = |hold: &Hold| (hold.party, held(holds, &hold.party).to_string());
    holds.iter().map(of).collect()
}

/// What goes over to new titles, each once, the earliest first.
fn united(pages: &[&Page], now: Seconds) -> Vec<Thing> {
    let mut united: Vec<Thing> = Vec::new();
    for page in pages {
        for thing in &page.things {
            let passes = thing.what != Sort::Reservation && stands(thing, now);
            if passes && united.iter().all(|known| known.id != thing.id) {
                united.push(thing.clone());
            }
        }
    }
    united
}

/// The holdings of what is made of several titles, each of which counts alike.
fn merged(pages: &[&Page]) -> Vec<Hold> {
    let parts = i128::try_from(pages.len()).unwrap();
    let mut merged: Vec<Hold> = Vec::new();
    for hold in pages.iter().flat_map(|p| &p.versions.last().unwrap().holds) {
        let share = hold.share.divided_by(parts);
        let same = merged.iter_mut().find(|known| {
            known.party == hold.party
                && known.acquired == hold.acquired
                && known.ground == hold.ground
        });
        match same {
            Some(known) => known.share = known.share.plus(share),
            None => merged.push(Hold {
                share,
                ..hold.clone()
            }),
        }
    }
    merged.sort_by_key(|hold| (hold.acquired, hold.party));
    merged
}

fn fits(things: &[Thing]) -> bool {
    let count = |what| things.iter().filter(|thing| thing.what == what).count();
    let kinds = [Sort::Mortgage, Sort::Servitude, Sort::Lease, Sort::Freeze];
    things.len() <= ENCUMBRANCES_MAX
        && kinds
            .map(count)
            .iter()
            .all(|n| *n <= ENCUMBRANCES_OF_A_KIND_MAX)
        && count(Sort::Caveat) <= CAVEATS_MAX
}

/// Within so many thousandths, if the old ones are known.
fn conserved(old: &[u64], new: &[u64], permille: u16) -> bool {
    if old.contains(&0) {
        return true;
    }
    let (before, after): (u64, u64) = (old.iter().sum(), new.iter().sum());
    !new.contains(&0) && before.abs_diff(after) * 1000 <= before * u64::from(permille)
}

fn several(count: usize) -> bool {
    (2..PARCELS_MAX).contains(&count)
}

impl Model {
    /// The page that begins with a deed, if it makes one of this number.
    pub(crate) fn reparcelled(
        &self,
        deed: &Deed<'_>,
        property: &str,
        index: usize,
    ) -> Option<Page> {
        let at = self.events[index].at;
        let (old, area) = match deed.text {
            Text::Split(text) => {
                let new = text.into.iter().find(|new| new.property == property)?;
                (vec![deed.property], new.unit.area_dm2)
            }
            Text::Merger(text) if property == deed.property => {
                let old = text.from.iter().map(|old| old.property.as_str());
                (old.collect(), text.unit.area_dm2)
            }
            _ => return None,
        };
        let old: Vec<Page> = old.iter().map(|p| self.page_before(p, index)).collect();
        // What was given up with the deed is gone.
        let mut old = old;
        for (page, leg) in old.iter_mut().zip(deed.legs()) {
            page.things
                .retain(|thing| !self.goes_with(deed, leg.property, thing));
        }
        let old: Vec<&Page> = old.iter().collect();
        let holds = match deed.text {
            Text::Merger(_) => merged(&old),
            _ => old[0].versions.last().unwrap().holds.clone(),
        };
        Some(Page {
            versions: vec![Version {
                index,
                number: 1,
                holds,
                source: deed.id,
            }],
            things: united(&old, at),
            queue: Vec::new(),
            struck: Vec::new(),
            cancelled: false,
            area,
        })
    }

    /// Numbers that a deed gives to new properties.
    fn new_numbers(deed: &Deed<'_>) -> Vec<String> {
        match deed.text {
            Text::Split(text) => text.into.iter().map(|new| new.property.clone()).collect(),
            Text::Merger(_) => vec![deed.property.to_owned()],
            _ => Vec::new(),
        }
    }

    fn any_used(&self, numbers: &[String]) -> bool {
        numbers.iter().any(|number| self.title(number).is_some())
    }

    pub(crate) fn parcel_needs(&self, deed: &Deed<'_>, now: Seconds) -> Vec<Need> {
        let mut needs = Vec::new();
        if self.any_used(&Self::new_numbers(deed)) {
            needs.push(need("parcel.number_used", None));
        }
        if matches!(deed.text, Text::Merger(_)) {
            let pages = deed.legs().into_iter().map(|leg| self.page(leg.property));
            let pages: Vec<_> = pages.collect();
            let pages: Vec<&Page> = pages.iter().map(AsRef::as_ref).collect();
            if !fits(&united(&pages, now)) {
                needs.push(need("encumbrance.too_many", None));
            }
        }
        needs
    }

    /// What the law says about a new deed that divides or merges.
    pub(crate) fn parcel_reasons(&self, deed: &Deed<'_>, now: Seconds) -> Codes {
        let mut law = Codes::new();
        let numbers = Self::new_numbers(deed);
        let distinct: BTreeSet<&String> = numbers.iter().collect();
        let fresh = distinct.len() == numbers.len() && !self.any_used(&numbers);
        let legs = deed.legs();
        let known = legs.iter().filter(|leg| self.title(leg.property).is_some());
        let pages: Vec<_> = known.map(|leg| self.page(leg.property)).collect();
        let pages: Vec<&Page> = pages.iter().map(AsRef::as_ref).collect();
        let old: Vec<u64> = pages.iter().map(|page| page.area).collect();
        let permille = self.law_of(&deed.id).area_tolerance_permille;
        match deed.text {
            Text::Split(text) => {
                unless(several(text.into.len()), Code::ParcelCount, &mut law);
                unless(fresh, Code::ParcelNumber, &mut law);
                if let [page] = pages.as_slice() {
                    let all = shares(page).into_keys().eq(text.holders.iter().copied());
                    unless(all, Code::ParcelHolders, &mut law);
                    let new: Vec<u64> = text.into.iter().map(|new| new.unit.area_dm2).collect();
                    let same = conserved(&old, &new, permille);
                    unless(same, Code::ParcelArea, &mut law);
                }
            }
            Text::Merger(text) => {
                unless(several(text.from.len()), Code::ParcelCount, &mut law);
                unless(fresh, Code::ParcelNumber, &mut law);
                let all = pages.iter().all(|page| {
                    shares(page).keys().eq(text.holders.iter()) && shares(page) == shares(pages[0])
                });
                unless(all, Code::ParcelHolders, &mut law);
                let same = conserved(&old, &[text.unit.area_dm2], permille);
                unless(same, Code::ParcelArea, &mut law);
                unless(one_order(&pages), Code::ParcelRanks, &mut law);
                let room = fits(&united(&pages, now));
                unless(room, Code::EncumbranceTooMany, &mut law);
                let few = !all || merged(&pages).len() <= HOLDERS_MAX;
                unless(few, Code::TransferHoldings, &mut law);
                let whole = merged(&pages)
                    .iter()
                    .fold(Share::NONE, |sum, hold| sum.plus(hold.share));
                unless(
                    !all || whole == Share::ALL,
                    Code::TransferUnbalanced,
                    &mut law,
                );
            }
            _ => {}
        }
        law
    }
}

/// At most one of them is mortgaged, or all that are in the same way.
fn one_order(pages: &[&Page]) -> bool {
    let mut mortgaged: Vec<Vec<&Thing>> = pages.iter().map(|page| page.mortgages()).collect();
    mortgaged.retain(|mortgages| !mortgages.is_empty());
    mortgaged.iter().all(|other| *other == mortgaged[0])
}
