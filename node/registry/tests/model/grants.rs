//! How deeds are written that are no sales and gifts of one flat.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{
    Assignment, Lease, Mortgage, MortgageTerms, Postponement, Servitude, ServitudeKind,
};
use deedbook_schemas::instrument::{CounterLeg, PartyShare, Transfer, TransferKind};
use deedbook_schemas::parcel::{Consolidation, NewUnit, OldUnit, Subdivision};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::{LandUse, SpatialUnit};
use deedbook_schemas::record::Body;

use crate::dealings::{Dealing, Granted, Slip};
use crate::deeds::{Version, held};
use crate::drafts::part;
use crate::foundings::GROUPS;
use crate::memory::Model;
use crate::pages::Thing;
use crate::pen::{BANK, NUMBERS, PEOPLE, PRICES, Paper, flat, latest, name, office};
use crate::world::{REGISTRAR, id, money};

/// The holders of a title, in order.
pub(crate) fn holders(title: &Version) -> Vec<PartyId> {
    let mut holders: Vec<PartyId> = title.holds.iter().map(|hold| hold.party).collect();
    holders.sort();
    holders.dedup();
    holders
}

/// The first of the people from one on who is not among some.
fn somebody_else(from: usize, not: &[PartyId]) -> PartyId {
    if from == 0 && !not.contains(&id(BANK)) {
        return id(BANK);
    }
    let mut people = PEOPLE[..5].iter().cycle().skip(from).take(5);
    let found = people.find(|name| !not.contains(&id(name)));
    id(found.unwrap_or(&PEOPLE[5]))
}

/// Every mortgage on any title, with its property.
pub(crate) fn loans(model: &Model) -> Vec<(String, Thing)> {
    let mut loans = Vec::new();
    for property in model.properties() {
        for loan in model.page(&property).mortgages() {
            loans.push((property.clone(), loan.clone()));
        }
    }
    loans
}

pub(crate) fn terms(to: PartyId, minor: u64) -> MortgageTerms {
    MortgageTerms {
        mortgagee: to,
        amount: money(minor),
    }
}

pub(crate) fn lodged(model: &Model, now: Seconds, dealing: &Dealing) -> Option<Paper> {
    match dealing {
        Dealing::Grant { .. } => grant(model, now, dealing),
        Dealing::Assign { loan, to, slip } => {
            let (property, loan) = latest(&loans(model), *loan)?;
            let title = model.title(&property)?;
            let mut not = holders(&title);
            not.push(loan.whose);
            let mut body = Assignment {
                mortgage: loan.id,
                assignor: loan.whose,
                assignee: somebody_else(*to, &not),
            };
            match slip {
                Slip::Nothing => {}
                Slip::OtherVersion => body.mortgage = RecordId([9; 32]),
                Slip::Stranger => body.assignor = somebody_else(*to, &[loan.whose]),
                Slip::Order => body.assignee = title.holds[0].party,
                Slip::Amount => body.assignee = body.assignor,
            }
            let signer = name(&loan.whose);
            Some(office(signer, property, Body::Assignment(body)))
        }
        Dealing::Postpone { loan, behind, slip } => postpone(model, *loan, *behind, *slip),
        Dealing::Swap { .. } => swap(model, dealing),
        Dealing::Sever { flat: n, slip } => sever(model, now, flat(model, *n), *slip),
        Dealing::Split {
            flat: n,
            parts,
            slip,
        } => split(model, flat(model, *n), *parts, *slip),
        Dealing::Merge { one, other, slip } => merge(model, *one, *other, *slip),
        _ => None,
    }
}

fn grant(model: &Model, now: Seconds, dealing: &Dealing) -> Option<Paper> {
    let Dealing::Grant {
        flat: n,
        what,
        to,
        hours,
        slip,
    } = dealing
    else {
        return None;
    };
    let property = flat(model, *n);
    let title = model.title(property)?;
    let mut givers = holders(&title);
    let mut to = somebody_else(*to, &givers);
    let signer = name(&givers[0]);
    let title_version = title.number + u64::from(*slip == Slip::OtherVersion);
    match slip {
        Slip::Stranger => to = givers[0],
        Slip::Order if givers.len() > 1 => givers.reverse(),
        Slip::Order => givers.push(id(PEOPLE[5])),
        Slip::Nothing | Slip::OtherVersion | Slip::Amount => {}
    }
    if hours % 16 == 5 {
        to = id(GROUPS[n % GROUPS.len()]);
    }
    // Not only at full hours.
    let until = Seconds(now.0 + hours * 1800);
    let until = if *slip == Slip::Amount { now } else { until };
    let body = match what {
        Granted::Mortgage => Body::Mortgage(Mortgage {
            title_version,
            mortgagors: givers,
            terms: terms(to, if *slip == Slip::Amount { 0 } else { 7_000 }),
        }),
        Granted::Servitude => Body::Servitude(Servitude {
            title_version,
            grantors: givers,
            beneficiary: to,
            kind: ServitudeKind::Way,
            until: (*slip == Slip::Amount || hours % 3 > 0).then_some(until),
        }),
        Granted::Lease => Body::Lease(Lease {
            title_version,
            lessors: givers,
            lessee: to,
            rent: money(u64::from(*slip != Slip::Amount || hours % 2 == 0)),
            until,
        }),
    };
    Some(office(signer, property, body))
}

fn postpone(model: &Model, loan: usize, behind: usize, slip: Slip) -> Option<Paper> {
    // Mostly where there are several.
    let mut all = loans(model);
    if all.iter().any(|(p, _)| model.page(p).mortgages().len() > 1) && behind < 3 {
        all.retain(|(p, _)| model.page(p).mortgages().len() > 1);
    }
    let (property, _) = latest(&all, loan % all.len().max(1))?;
    let page = model.page(&property);
    let ranked = page.mortgages();
    // Mostly one in front of the other.
    let mut from = behind % ranked.len();
    let mut to = (from + 1 + loan % ranked.len()).min(ranked.len() - 1);
    if slip == Slip::Amount {
        (from, to) = (to, from);
    }
    let (first, last) = (ranked[from], ranked[to]);
    let between = ranked.iter().take(to + 1).skip(from + 1);
    let mut passed: Vec<PartyId> = between.map(|loan| loan.whose).collect();
    passed.retain(|lender| *lender != first.whose);
    passed.sort();
    passed.dedup();
    let mut body = Postponement {
        mortgage: first.id,
        behind: last.id,
        mortgagee: first.whose,
        passed,
    };
    match slip {
        Slip::OtherVersion => body.behind = RecordId([9; 32]),
        Slip::Stranger => body.mortgagee = somebody_else(loan, &[first.whose]),
        Slip::Order => drop(body.passed.pop()),
        Slip::Nothing | Slip::Amount => {}
    }
    let signer = name(&first.whose);
    Some(office(signer, property, Body::Postponement(body)))
}

fn all_of(title: &Version, party: PartyId) -> PartyShare {
    part(party, &held(&title.holds, &party).to_string())
}

fn swap(model: &Model, dealing: &Dealing) -> Option<Paper> {
    let Dealing::Swap {
        one,
        other,
        form,
        slip,
    } = dealing
    else {
        return None;
    };
    let (here, there) = (flat(model, *one), flat(model, *other));
    let (title, back) = (model.title(here)?, model.title(there)?);
    let giver = title.holds[form.price % title.holds.len()].party;
    let mut others = back.holds.iter().map(|hold| hold.party);
    let taker = others.find(|party| *party != giver)?;
    let (given, returned) = (all_of(&title, giver), all_of(&back, taker));
    let swapped = |party, part: &PartyShare| PartyShare {
        party,
        share: part.share,
    };
    let mut counter = CounterLeg {
        property: there.to_owned(),
        title_version: back.number,
        acquirers: vec![swapped(giver, &returned)],
        disponors: vec![returned],
    };
    let mut text = Transfer::new(
        TransferKind::Exchange,
        title.number,
        vec![given.clone()],
        vec![swapped(taker, &given)],
        form.settled.then(|| money(PRICES[form.price])),
    );
    match slip {
        Slip::OtherVersion => counter.title_version += 1,
        Slip::Stranger => counter.acquirers[0].party = somebody_else(*one, &[giver, taker]),
        Slip::Amount => counter.acquirers[0].share = "1/7".parse().unwrap(),
        Slip::Nothing | Slip::Order => {}
    }
    let lender = form.loan.map(|n| somebody_else(n, &[giver, taker]));
    text.mortgage = lender.map(|lender| terms(lender, 9_000));
    text.counter = (*slip != Slip::Order).then_some(counter);
    Some(office(name(&giver), here, Body::Transfer(text)))
}

fn sever(model: &Model, now: Seconds, property: &'static str, slip: Slip) -> Option<Paper> {
    let title = model.title(property)?;
    let married = title.holds.iter().map(|hold| hold.party);
    let mut married = married.filter_map(|party| Some((party, model.spouse(&party, now)?)));
    let (giver, mut spouse) = married.next()?;
    let given = all_of(&title, giver);
    let half = crate::shares::Share::of(given.share).divided_by(2);
    if slip == Slip::Stranger {
        spouse = somebody_else(0, &[giver, spouse]);
    }
    let share = if slip == Slip::Amount {
        "1/7".to_owned()
    } else {
        half.to_string()
    };
    let text = Transfer::new(
        TransferKind::Severance,
        title.number + u64::from(slip == Slip::OtherVersion),
        vec![given],
        vec![part(giver, &half.to_string()), part(spouse, &share)],
        (slip == Slip::Order).then(|| money(1)),
    );
    Some(office(name(&giver), property, Body::Transfer(text)))
}

fn unit(area_dm2: u64) -> SpatialUnit {
    SpatialUnit {
        land_use: LandUse::Flat,
        area_dm2,
        address: "12 Abay Avenue".to_owned(),
    }
}

/// Numbers that are free, or soon will not be.
fn fresh(model: &Model) -> Vec<&'static str> {
    let free = NUMBERS
        .iter()
        .filter(|number| model.title(number).is_none());
    free.copied().collect()
}

fn split(model: &Model, property: &'static str, parts: usize, slip: Slip) -> Option<Paper> {
    let title = model.title(property)?;
    let area = model.page(property).area;
    let mut free = fresh(model);
    if slip == Slip::Order {
        free.insert(0, NUMBERS[0]);
    }
    let parts = parts.max(1);
    let each = area / u64::try_from(parts).unwrap();
    let each = if slip == Slip::Amount { each / 2 } else { each };
    let into: Vec<NewUnit> = free
        .into_iter()
        .take(parts)
        .map(|number| NewUnit {
            property: number.to_owned(),
            unit: unit(each),
        })
        .collect();
    let mut all = holders(&title);
    if slip == Slip::Stranger {
        all.pop();
    }
    let body = Body::Subdivision(Subdivision {
        title_version: title.number + u64::from(slip == Slip::OtherVersion),
        holders: all,
        into,
    });
    Some(office(REGISTRAR, property, body))
}

fn merge(model: &Model, one: usize, other: usize, slip: Slip) -> Option<Paper> {
    // Mostly two parcels of the same holders.
    let live = model.properties().into_iter();
    let live: Vec<String> = live.filter(|p| !model.page(p).cancelled).collect();
    let of = |property: &String| holders(&model.title(property).unwrap());
    let twin = |p: &String| live.iter().any(|other| other != p && of(other) == of(p));
    let mut firsts: Vec<&String> = live.iter().filter(|p| twin(p)).collect();
    if firsts.is_empty() && other > 1 {
        firsts.extend(&live);
    }
    let first = (*firsts.get(one % firsts.len().max(1))?).clone();
    let like = live.iter().filter(|p| **p != first && of(p) == of(&first));
    let like: Vec<&String> = like.collect();
    let second = if like.is_empty() {
        live[other % live.len()].clone()
    } else {
        like[other % like.len()].clone()
    };
    let mut numbers = [first, second];
    if slip != Slip::Order {
        numbers.sort();
    }
    let area: u64 = numbers.iter().map(|p| model.page(p).area).sum();
    let from = numbers.iter().map(|property| OldUnit {
        property: property.clone(),
        title_version: model.title(property).unwrap().number
            + u64::from(slip == Slip::OtherVersion),
    });
    let mut all = of(&numbers[0]);
    if slip == Slip::Stranger {
        all = vec![somebody_else(other, &all)];
    }
    let body = Body::Consolidation(Consolidation {
        from: from.collect(),
        holders: all,
        unit: unit(if slip == Slip::Amount { area / 2 } else { area }),
    });
    let free = fresh(model);
    Some(office(REGISTRAR, free.last().unwrap_or(&NUMBERS[0]), body))
}
