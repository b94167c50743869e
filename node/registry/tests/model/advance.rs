//! What somebody entitled does about one thing that a deed needs.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, SpousalConsent};
use deedbook_schemas::party::{CivilStatus, PartyId};
use deedbook_schemas::proceeding::Notarisation;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::EscrowFunding;

use crate::appointments::{appoint, permit};
use crate::deeds::Need;
use crate::history::Fact;
use crate::memory::Model;
use crate::pen::{Paper, act, civil, duty, known_name, latest, name, office, personal};
use crate::proxies::{offer_of, waiver_of};
use crate::replies::{answer, decide, gives_up, lets_pass, mouth};
use crate::texts::Deed;
use crate::world::{CIVIL, DAY, ESCROW, NOTARY};

/// The first thing from `need` on that anybody can do something about.
pub(crate) fn advance(
    model: &Model,
    now: Seconds,
    deed: usize,
    need: usize,
    by_agent: bool,
) -> Option<Paper> {
    let deed = latest(&model.pending(), deed)?;
    let needs = model.needs(&deed, now);
    let from = need % needs.len().max(1);
    let mut turned = needs.iter().cycle().skip(from).take(needs.len());
    turned.find_map(|need| meet(model, now, &deed, need, by_agent))
}

fn meet(
    model: &Model,
    now: Seconds,
    deed: &Deed<'_>,
    need: &Need,
    by_agent: bool,
) -> Option<Paper> {
    let giver = deed.legs()[0].gives[0];
    match (need.code, need.party) {
        ("act.disponor", Some(party)) => {
            sign(model, now, deed, (ActRole::Disponor, party), by_agent)
        }
        ("act.acquirer", Some(party)) => {
            sign(model, now, deed, (ActRole::Acquirer, party), by_agent)
        }
        ("act.mortgagee", Some(party)) => {
            sign(model, now, deed, (ActRole::Mortgagee, party), by_agent)
        }
        ("consent.missing", Some(spouse)) => consent(model, now, deed, spouse, by_agent),
        ("mortgage.consent_missing" | "mortgage.discharge_missing", Some(lender)) => {
            lender_says(model, now, deed, (need.code, lender), by_agent)
        }
        ("marriage.undivided", _) => divide(model, deed, giver),
        ("marriage.status_unknown", _) => {
            civil(model, now, Fact::Unmarried, [known_name(&giver)?; 2], 365)
        }
        ("escrow.not_funded", Some(_)) => {
            let amount = deed.price()?.clone();
            let body = Body::EscrowFunding(EscrowFunding { amount });
            Some(office(ESCROW, deed.id, body))
        }
        ("party.minor" | "party.incapable", _) => guarded(model, now, deed),
        ("guardian.permission_missing" | "guardian.permission_expired", _) => {
            permitted(model, now, deed)
        }
        ("preemption.notice_missing", Some(party)) => offer_of(model, now, deed, party),
        ("preemption.period_running", Some(party)) => waiver_of(model, now, deed, party),
        ("notary.missing", _) => {
            let body = Body::Notarisation(Notarisation {});
            Some(office(NOTARY, deed.id, body))
        }
        ("duty.unpaid", _) => Some(duty(&deed.id, false, by_agent)),
        ("requisition.open", who) => {
            let asked = model.open_clock(&deed.id, who.is_none())?;
            Some(match who {
                Some(lodger) => answer(known_name(&lodger).unwrap_or(name(&giver)), deed.id, asked),
                None => decide(deed.id, asked, true),
            })
        }
        _ => None,
    }
}

fn sign(
    model: &Model,
    now: Seconds,
    deed: &Deed<'_>,
    (role, party): (ActRole, PartyId),
    by_agent: bool,
) -> Option<Paper> {
    // Of a group, somebody who has not signed yet.
    let acts = model.counting(&deed.id, now);
    let behind = model.persons(&party);
    let mut waiting = behind
        .iter()
        .filter(|one| !model.has_acted(&acts, role, one));
    let party = waiting.next().copied().unwrap_or(party);
    let (signer, power, represents) = mouth(model, party, now, by_agent)?;
    Some(act(signer, &deed.id, role, power, represents))
}

fn consent(
    model: &Model,
    now: Seconds,
    deed: &Deed<'_>,
    spouse: PartyId,
    by_agent: bool,
) -> Option<Paper> {
    let act = deed.kind().filter(|kind| *kind != ActKind::Sever)?;
    let mut given = Vec::new();
    for leg in deed.legs() {
        for giver in &leg.gives {
            if model.spouse(giver, now) == Some(spouse) {
                given.push((leg.property, *giver));
            }
        }
    }
    // Of an exchange now the one, now the other.
    let (property, disponor) = *given.get(model.events.len() % given.len().max(1))?;
    let (signer, power, _) = mouth(model, spouse, now, by_agent)?;
    let body = SpousalConsent {
        disponor,
        act,
        counterparty: None,
        price_floor: deed.price().filter(|_| act == ActKind::Sell).cloned(),
        expires: Seconds(now.0 + 10 * DAY),
        power,
    };
    Some(personal(signer, property, Body::SpousalConsent(body)))
}

fn lender_says(
    model: &Model,
    now: Seconds,
    deed: &Deed<'_>,
    (code, lender): (&str, PartyId),
    by_agent: bool,
) -> Option<Paper> {
    for leg in deed.legs() {
        let page = model.page(leg.property);
        for loan in page.mortgages() {
            let open = !model.goes_with(deed, leg.property, loan) && !model.lets_pass(deed, loan);
            if loan.whose != lender || !open {
                continue;
            }
            let mouth = mouth(model, lender, now, by_agent)?;
            let goes = code == "mortgage.discharge_missing" || model.events.len().is_multiple_of(3);
            let with: Option<RecordId> = Some(deed.id);
            return if goes {
                gives_up((leg.property, loan), with, None, Some(mouth))
            } else {
                lets_pass(&deed.id, loan, None, mouth)
            };
        }
    }
    None
}

fn divide(model: &Model, deed: &Deed<'_>, to: PartyId) -> Option<Paper> {
    let wedding = model.weddings(&to).pop()?;
    let property = deed.property.to_owned();
    let fact = CivilStatus::Division { property, to };
    Some(office(CIVIL, wedding.id, Body::CivilStatus(fact)))
}

fn guarded(model: &Model, now: Seconds, deed: &Deed<'_>) -> Option<Paper> {
    let everybody = model.with_members(&deed.everybody());
    let ward = everybody
        .iter()
        .find(|party| model.is_ward(party, now) && !model.stuck(party, now).is_empty())?;
    let mut able = crate::pen::PEOPLE[..5].iter();
    let guardian = able.find(|name| {
        let person = crate::world::id(name);
        !everybody.contains(&person) && model.able(&person, now)
    })?;
    Some(appoint(*ward, Some(crate::world::id(guardian))))
}

fn permitted(model: &Model, now: Seconds, deed: &Deed<'_>) -> Option<Paper> {
    let wards = model.with_members(&deed.everybody()).into_iter();
    let mut wards = wards.filter(|party| model.is_ward(party, now));
    Some(permit(deed.id, wards.next()?, Seconds(now.0 + 5 * DAY)))
}
