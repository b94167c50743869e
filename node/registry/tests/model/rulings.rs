//! How is written what courts, notaries of the dead, registrars and readers say.

use deedbook_schemas::access::{AccessConsent, AccessEntry, Purpose};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Ending, Revocation, Transfer, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::proceeding::{
    AmendedUnit, Amendment, Appeal, AppealDecision, Correction, CorrectionApproval, CourtOrder,
    LegalHold, Order, SuccessionCertificate,
};
use deedbook_schemas::property::{Ground, Holding, LandUse, SpatialUnit};
use deedbook_schemas::record::{Body, Record};

use crate::cases::Case;
use crate::deeds::held;
use crate::drafts::part;
use crate::foundings::GROUPS;
use crate::memory::{Model, What};
use crate::pen::{
    FIRM, LOCAL_NOTARY, PEOPLE, PRICES, Paper, flat, known_name, latest, name, office, personal,
};
use crate::shares::Share;
use crate::texts::Deed;
use crate::world::{
    COURT, DAY, HIGH_COURT, LONG_AGO, NOTARY, PROSECUTOR, REGISTRAR, SECOND_REGISTRAR, TAX, id,
    money,
};

/// The accepted records of a kind.
fn accepted(model: &Model, kind: fn(&Body) -> bool) -> Vec<&Record> {
    let records = model.done().map(|(_, _, record)| record);
    records.filter(|record| kind(&record.body)).collect()
}

pub(crate) fn ruled(model: &Model, now: Seconds, case: &Case, sent: &[Vec<u8>]) -> Option<Paper> {
    match case {
        Case::Certify { .. } => certificate(model, case),
        Case::Inherit { back, slip } => inheritance(model, *back, *slip),
        Case::Order { .. } => order(model, now, case),
        Case::CourtSale { back, slip } => court_sale(model, *back, *slip),
        Case::Correct { .. } => correction(model, now, case),
        Case::Approve { back, second } => {
            let slips = accepted(model, |body| matches!(body, Body::Correction(_)));
            let slip = latest(&slips, *back)?;
            let signer = if *second { SECOND_REGISTRAR } else { REGISTRAR };
            let body = Body::CorrectionApproval(CorrectionApproval {});
            Some(office(signer, slip.id, body))
        }
        Case::Appeal { .. } => appeal(model, case, sent),
        Case::Rule { back, high, slip } => {
            let appeals = accepted(model, |body| matches!(body, Body::Appeal(_)));
            let appeal = latest(&appeals, *back)?;
            let court = if *high { HIGH_COURT } else { COURT };
            let signer = if *slip == 0 { PROSECUTOR } else { court };
            let body = Body::AppealDecision(AppealDecision { allowed: *high });
            Some(office(signer, appeal.id, body))
        }
        Case::Let { .. } | Case::Read { .. } | Case::TakeBack { .. } => reading(model, now, case),
        Case::Hold { back, held, high } => {
            let films = model.logged().filter_map(|r| r.evidence.as_ref());
            let films: Vec<_> = films.map(|film| film.root).collect();
            let court = if *high { HIGH_COURT } else { COURT };
            let body = Body::LegalHold(LegalHold { held: *held });
            Some(office(court, latest(&films, *back)?, body))
        }
    }
}

fn certificate(model: &Model, case: &Case) -> Option<Paper> {
    let Case::Certify {
        flat: n,
        who,
        heirs,
        slip,
    } = case
    else {
        return None;
    };
    // Mostly of a dead holder.
    let mut flats = (0..4).map(|more| flat(model, n + more));
    let dead = flats.find_map(|property| {
        let title = model.title(property)?;
        let mut holders = title.holds.iter().map(|hold| hold.party);
        let dead = holders.find(|party| model.died(party).is_some())?;
        Some((property, dead))
    });
    let (property, deceased) = match dead {
        Some(found) => found,
        None if *slip < 3 => (flat(model, *n), id(PEOPLE[*who])),
        None => return None,
    };
    let mut owned = held(&model.title(property)?.holds, &deceased);
    if owned.is_nothing() {
        owned = Share::ALL;
    }
    let mut living = PEOPLE[..5].iter().cycle().skip(*heirs).take(5);
    let heir = living.find(|name| model.died(&id(name)).is_none())?;
    let mut list = vec![part(id(heir), &owned.to_string())];
    if *slip % 2 == 0 {
        let half = owned.divided_by(2).to_string();
        let other = if *slip == 10 { GROUPS[0] } else { FIRM };
        list = vec![part(id(heir), &half), part(id(other), &half)];
        list.sort_by_key(|heir| heir.party);
    }
    if *slip == 0 {
        list[0].share = "1/7".parse().unwrap();
    }
    let body = SuccessionCertificate {
        property: property.to_owned(),
        heirs: list,
    };
    let signer = if *slip == 1 { LOCAL_NOTARY } else { NOTARY };
    Some(office(signer, deceased, Body::SuccessionCertificate(body)))
}

/// What somebody holds, as a share to write down; everything if they no longer hold anything.
fn whole(model: &Model, property: &str, party: &PartyId) -> Option<String> {
    let owned = held(&model.title(property)?.holds, party);
    let owned = if owned.is_nothing() {
        Share::ALL
    } else {
        owned
    };
    Some(owned.to_string())
}

fn inheritance(model: &Model, back: usize, slip: usize) -> Option<Paper> {
    let kind = |body: &Body| matches!(body, Body::SuccessionCertificate(_));
    let certificates = accepted(model, kind);
    let certificate = latest(&certificates, back)?;
    let Body::SuccessionCertificate(body) = &certificate.body else {
        return None;
    };
    let deceased: PartyId = certificate.subject().parse().unwrap();
    let given = whole(model, &body.property, &deceased)?;
    let mut text = Transfer::new(
        TransferKind::Inheritance,
        model.title(&body.property)?.number,
        vec![part(deceased, &given)],
        body.heirs.clone(),
        None,
    );
    text.ground = (slip != 0).then_some(certificate.id);
    match slip {
        1 => text.price = Some(money(1)),
        2 => text.ground = Some(RecordId([9; 32])),
        3 => text.acquirers[0].party = id(PEOPLE[0]),
        _ => {}
    }
    let lodger = known_name(&body.heirs[0].party).unwrap_or(PEOPLE[3]);
    Some(office(lodger, &body.property, Body::Transfer(text)))
}

fn order(model: &Model, now: Seconds, case: &Case) -> Option<Paper> {
    let Case::Order {
        flat: n,
        who,
        to,
        sells,
        slip,
    } = case
    else {
        return None;
    };
    let property = flat(model, *n);
    let title = model.title(property)?;
    let debtor = title.holds[who % title.holds.len()].party;
    let page = model.page(property);
    let mut discharges: Vec<RecordId> = page.mortgages().iter().map(|m| m.id).collect();
    discharges.sort();
    let mut people = PEOPLE[..5].iter().cycle().skip(*to);
    let acquirer = people.find(|name| id(name) != debtor || *slip == 0)?;
    let order = if *sells {
        Order::Sell {
            debtor,
            acquirer: id(if *slip == 9 { GROUPS[0] } else { acquirer }),
            price: money(PRICES[slip % 3]),
            discharges,
        }
    } else {
        Order::Correct
    };
    let body = CourtOrder {
        order,
        final_from: Seconds(now.0 + if *slip == 1 { 2 * DAY } else { 0 }),
        case: "case 7".to_owned(),
    };
    Some(office(COURT, property, Body::CourtOrder(body)))
}

fn court_sale(model: &Model, back: usize, slip: usize) -> Option<Paper> {
    let sales = accepted(
        model,
        |body| matches!(body, Body::CourtOrder(order) if matches!(order.order, Order::Sell { .. })),
    );
    let order = latest(&sales, back)?;
    let Body::CourtOrder(body) = &order.body else {
        return None;
    };
    let Order::Sell {
        debtor,
        acquirer,
        price,
        discharges,
    } = &body.order
    else {
        return None;
    };
    let share = whole(model, order.subject(), debtor)?;
    let mut text = Transfer::new(
        TransferKind::CourtSale,
        model.title(order.subject())?.number,
        vec![part(*debtor, &share)],
        vec![part(*acquirer, &share)],
        Some(price.clone()),
    );
    text.discharges = Some(discharges.clone()).filter(|list| !list.is_empty());
    text.ground = (slip != 0).then_some(order.id);
    match slip {
        1 => text.price = Some(money(1)),
        2 => text.ground = Some(RecordId([9; 32])),
        3 => text.title_version += 1,
        _ => {}
    }
    let lodger = name(acquirer);
    Some(office(lodger, order.subject(), Body::Transfer(text)))
}

fn correction(model: &Model, now: Seconds, case: &Case) -> Option<Paper> {
    let Case::Correct {
        flat: n,
        what,
        order,
        slip,
    } = case
    else {
        return None;
    };
    let mut property = flat(model, *n).to_owned();
    let orders = accepted(model, |body| {
        matches!(body, Body::CourtOrder(order)
            if matches!(order.order, Order::Correct))
    });
    let order = order.and_then(|back| latest(&orders, back));
    if let Some(order) = order.filter(|_| *slip != 0) {
        property = order.subject().to_owned();
    }
    let title = model.title(&property)?;
    let amendment = match what {
        0 => Amendment::Unit(AmendedUnit {
            unit: SpatialUnit {
                land_use: LandUse::Flat,
                area_dm2: 5_000,
                address: "14 Abay Avenue".to_owned(),
            },
        }),
        1 => {
            let holding = |name: &str, share: &str| Holding {
                party: id(name),
                share: share.parse().unwrap(),
                acquired: if slip % 2 == 0 { LONG_AGO } else { now },
                ground: Ground::Purchase,
            };
            let other = if *slip == 1 { "1/3" } else { "1/2" };
            let holdings = vec![
                holding(
                    if *slip == 6 {
                        GROUPS[0]
                    } else {
                        PEOPLE[slip % 5]
                    },
                    "1/2",
                ),
                holding(PEOPLE[(slip + 1) % 5], other),
            ];
            Amendment::Holdings { holdings }
        }
        _ => {
            let burdens: Vec<RecordId> = model.burdens(&property).into_iter().collect();
            let encumbrance = latest(&burdens, 0).unwrap_or(RecordId([9; 32]));
            Amendment::Strike { encumbrance }
        }
    };
    let body = Correction {
        title_version: title.number + u64::from(*slip == 2),
        amendment,
        order: order.map(|order| order.id),
    };
    Some(office(REGISTRAR, property, Body::Correction(body)))
}

fn appeal(model: &Model, case: &Case, sent: &[Vec<u8>]) -> Option<Paper> {
    let Case::Appeal { back, who, slip } = case else {
        return None;
    };
    let deeds = model.events.iter().filter_map(|event| match &event.what {
        What::Done(record) | What::Refused(record) => Deed::of(record, event.at),
        _ => None,
    });
    let deeds: Vec<Deed<'_>> = deeds.collect();
    // Mostly one that is over.
    let over = deeds.iter().filter(|deed| model.end_of(&deed.id).is_some());
    let over: Vec<&Deed<'_>> = over.collect();
    let deed = if *slip < 3 {
        latest(&deeds, *back)?
    } else {
        **over.iter().rev().nth(*back)?
    };
    let of = |bytes: &&Vec<u8>| Record::decode(bytes).unwrap().id == deed.id;
    let record = sent.iter().find(of)?.clone();
    let court = match slip {
        1 => TAX,
        2 => HIGH_COURT,
        _ => COURT,
    };
    let signer = who.map_or(name(&deed.lodger), |who| PEOPLE[who]);
    let body = Appeal {
        court: id(court),
        record: if *slip == 0 { vec![1] } else { record },
    };
    Some(personal(signer, deed.id, Body::Appeal(body)))
}

fn reading(model: &Model, now: Seconds, case: &Case) -> Option<Paper> {
    let letting = |back: usize| {
        let lettings = accepted(model, |body| matches!(body, Body::AccessConsent(_)));
        latest(&lettings, back)
    };
    match case {
        Case::Let { who, to, days } => {
            let reader = [TAX, FIRM, GROUPS[0], PEOPLE[1], PEOPLE[2], "nobody"][*to];
            let body = AccessConsent {
                purpose: Purpose::Credit,
                expires: Seconds(now.0 + days * DAY - u64::from(*days == 0)),
            };
            Some(personal(
                PEOPLE[*who],
                id(reader),
                Body::AccessConsent(body),
            ))
        }
        Case::Read { back, slip } => {
            let found = letting(*back);
            let by_law = *slip > 7 || found.is_none();
            let other = if *slip == 10 {
                GROUPS[0]
            } else {
                PEOPLE[*back]
            };
            let subject = found.map_or(id(other), Record::issuer);
            let reader = found.map(Record::subject).and_then(|subject| {
                let reader: PartyId = subject.parse().unwrap();
                let officers = model.entity(&reader).map(|entity| entity.officers.clone());
                let officer = officers.and_then(|officers| officers.first().map(name));
                officer.or(known_name(&reader))
            });
            let signer = match slip {
                0 => PEOPLE[3],
                _ if by_law => TAX,
                _ => reader.unwrap_or(TAX),
            };
            let body = AccessEntry {
                purpose: if *slip == 1 {
                    Purpose::Tax
                } else {
                    Purpose::Credit
                },
                consent: found.filter(|_| !by_law || *slip == 9).map(|r| r.id),
                legal_ground: by_law.then(|| "Tax Code, article 30".to_owned()),
            };
            Some(office(signer, subject, Body::AccessEntry(body)))
        }
        Case::TakeBack { back, slip } => {
            let found = letting(*back)?;
            let signer = if *slip == 0 {
                PEOPLE[3]
            } else {
                name(&found.issuer())
            };
            let body = Body::Revocation(Revocation {
                ending: Ending::Revocation,
            });
            Some(personal(signer, found.id, body))
        }
        _ => None,
    }
}
