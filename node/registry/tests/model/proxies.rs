//! How is written what is offered and waived by those who act for a co-owner.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{PreemptionNotice, PreemptionWaiver};
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::instrument::{Transfer, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};

use crate::deeds::held;
use crate::drafts::part;
use crate::memory::Model;
use crate::pen::{PEOPLE, PRICES, Paper, flat, latest, name, office, personal};
use crate::replies::mouth;
use crate::texts::Deed;
use crate::ventures::Venture;
use crate::world::{id, money};

/// Who offers for a holder, and whom they name.
fn offeror(model: &Model, party: PartyId, now: Seconds) -> Option<(&'static str, Option<PartyId>)> {
    let persons = model.persons(&party);
    // Now one of a group, now the other.
    let one = persons.get(model.events.len() % persons.len().max(1))?;
    let (signer, _, represents) = mouth(model, *one, now, false)?;
    if model.group(&party).is_some() {
        return Some((signer, Some(party)));
    }
    Some((signer, represents))
}

/// Somebody offers what a holder has.
pub(crate) fn offer(
    model: &Model,
    now: Seconds,
    property: &str,
    (party, share): (PartyId, Fraction),
    (price, terms): (Option<Money>, Option<String>),
) -> Option<Paper> {
    let (signer, represents) = offeror(model, party, now)?;
    let body = PreemptionNotice {
        share,
        price,
        terms,
        represents,
    };
    Some(personal(signer, property, Body::PreemptionNotice(body)))
}

/// The offer that a deed lacks of one of its givers.
pub(crate) fn offer_of(
    model: &Model,
    now: Seconds,
    deed: &Deed<'_>,
    party: PartyId,
) -> Option<Paper> {
    let text = deed.transfer()?;
    let legs = deed.legs();
    let leg = legs.iter().find(|leg| leg.gives.contains(&party))?;
    let share = leg.given(&party)?.share;
    let said = (text.price.clone(), text.terms.clone());
    offer(model, now, leg.property, (party, share), said)
}

/// A waiver for a co-owner of one of these offers.
pub(crate) fn waiver(
    model: &Model,
    now: Seconds,
    notice: &RecordId,
    party: PartyId,
) -> Option<Paper> {
    let (_, _, record) = model.find(notice)?;
    let Body::PreemptionNotice(offer) = &record.body else {
        return None;
    };
    let persons = model.persons(&party);
    let one = persons.get(model.events.len() % persons.len().max(1))?;
    let (signer, _, represents) = mouth(model, *one, now, false)?;
    let body = PreemptionWaiver {
        property: record.subject().to_owned(),
        price: offer.price.clone(),
        power: None,
        represents,
    };
    Some(personal(signer, notice, Body::PreemptionWaiver(body)))
}

/// A waiver of what holds a deed up.
pub(crate) fn waiver_of(
    model: &Model,
    now: Seconds,
    deed: &Deed<'_>,
    party: PartyId,
) -> Option<Paper> {
    let legs = deed.legs();
    let offers = legs.iter().flat_map(|leg| model.offers(leg.property));
    let offer = offers.last()?;
    waiver(model, now, &offer.id, party)
}

fn notices(model: &Model) -> Vec<&Record> {
    let records = model.done().map(|(_, _, record)| record);
    let kind = |record: &&Record| matches!(record.body, Body::PreemptionNotice(_));
    records.filter(kind).collect()
}

fn waives(model: &Model, now: Seconds, back: usize, who: usize, slip: usize) -> Option<Paper> {
    let notice = latest(&notices(model), back)?;
    let title = model.title(notice.subject())?;
    let Body::PreemptionNotice(offer) = &notice.body else {
        return None;
    };
    let mut holders: Vec<PartyId> = title.holds.iter().map(|hold| hold.party).collect();
    if slip > 3 {
        let giver = offer.represents.unwrap_or(notice.issuer());
        holders.retain(|holder| *holder != giver);
        let party = holders.get(who % holders.len().max(1))?;
        return waiver(model, now, &notice.id, *party);
    }
    let party = holders[who % holders.len()];
    let power = latest(&model.powers(), 0).map(|power| power.id);
    let body = PreemptionWaiver {
        property: notice.subject().to_owned(),
        price: offer.price.clone(),
        power: power.filter(|_| slip == 0),
        represents: (slip < 3).then_some(party),
    };
    let signer = PEOPLE[who];
    Some(personal(signer, notice.id, Body::PreemptionWaiver(body)))
}

/// What was offered is sold to somebody, as it was offered or not.
fn sell(model: &Model, back: usize, to: usize, slip: usize) -> Option<Paper> {
    let notice = latest(&notices(model), back)?;
    let Body::PreemptionNotice(offer) = &notice.body else {
        return None;
    };
    let title = model.title(notice.subject())?;
    let giver = offer.represents.unwrap_or(notice.issuer());
    let mut people = PEOPLE[..5].iter().cycle().skip(to).take(5);
    let taker = people.find(|name| id(name) != giver)?;
    let share = offer.share.to_string();
    let price = offer.price.clone().or(Some(money(PRICES[0])));
    let mut text = Transfer::new(
        TransferKind::Sale,
        title.number,
        vec![part(giver, &share)],
        vec![part(id(taker), &share)],
        price,
    );
    text.terms.clone_from(&offer.terms);
    match slip {
        0 => text.terms = Some("Paid over ten years.".to_owned()),
        1 => text.terms = None,
        2 => text.price = Some(money(PRICES[1] + 1)),
        _ => {}
    }
    Some(office(name(&giver), notice.subject(), Body::Transfer(text)))
}

pub(crate) fn proxied(model: &Model, now: Seconds, venture: &Venture) -> Option<Paper> {
    match venture {
        Venture::Offer {
            flat: n,
            who,
            price,
            terms,
            slip,
        } => {
            // Mostly of a flat that several hold.
            let shared = |property: &&str| {
                let title = model.title(property);
                title.is_some_and(|title| {
                    title.holds.iter().any(|h| h.party != title.holds[0].party)
                })
            };
            let mut flats = (0..4).map(|more| flat(model, n + more));
            let property = flats.find(|p| shared(p) || *slip == 3)?;
            let holds = model.title(property)?.holds;
            let party = holds[who % holds.len()].party;
            let share = held(&holds, &party).to_string().parse().unwrap();
            let price = PRICES.get(*price).map(|price| money(*price));
            let terms = terms.then(|| "Paid at once.".to_owned());
            if *slip > 2 {
                return offer(model, now, property, (party, share), (price, terms));
            }
            let body = PreemptionNotice {
                share,
                price,
                terms,
                represents: Some(party),
            };
            let body = Body::PreemptionNotice(body);
            Some(personal(PEOPLE[*who], property, body))
        }
        Venture::Waive { offer, who, slip } => waives(model, now, *offer, *who, *slip),
        Venture::Sell { offer, to, slip } => sell(model, *offer, *to, *slip),
        _ => None,
    }
}
