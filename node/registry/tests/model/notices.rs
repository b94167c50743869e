//! How freezes, caveats, locks and offers are written.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{
    Caveat, Freeze, FreezeRelease, Interest, PreemptionNotice, PreemptionWaiver, SelfLock,
    SelfLockRelease,
};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;

use crate::history::Attempt;
use crate::memory::Model;
use crate::pen::{FLATS, FREEZERS, PEOPLE, PRICES, Paper, SHARES, latest, name, office, personal};
use crate::world::{id, money};

/// The records of a kind that were accepted: their ids and subjects.
fn accepted(model: &Model, kind: fn(&Body) -> bool) -> Vec<(RecordId, String, PartyId)> {
    let records = model.done().map(|(_, _, record)| record);
    records
        .filter(|record| kind(&record.body))
        .map(|record| (record.id, record.subject().to_owned(), record.issuer()))
        .collect()
}

pub(crate) fn burden(model: &Model, now: Seconds, attempt: &Attempt) -> Option<Paper> {
    Some(match attempt {
        Attempt::Freeze { flat, by, hours } => {
            let body = Freeze {
                case: "case 12".to_owned(),
                until: hours.map(|hours| Seconds(now.0 + hours * 3600)),
            };
            office(FREEZERS[*by], FLATS[*flat], Body::Freeze(body))
        }
        Attempt::Lift { freeze, by } => {
            let freezes = accepted(model, |body| matches!(body, Body::Freeze(_)));
            let (freeze, property, authority) = latest(&freezes, *freeze)?;
            // Mostly by its own authority.
            let mut signer = FREEZERS[*by];
            if *by > 2 {
                signer = FREEZERS.iter().find(|name| id(name) == authority)?;
            }
            let body = Body::FreezeRelease(FreezeRelease { property });
            office(signer, freeze, body)
        }
        Attempt::Caveat { flat, who, hours } => {
            let body = Caveat {
                interest: Interest::Debt,
                until: Seconds(now.0 + hours * 3600),
            };
            personal(PEOPLE[*who], FLATS[*flat], Body::Caveat(body))
        }
        Attempt::Lock { flat, who } => {
            let holder = model.title(FLATS[*flat])?.holds.last()?.party;
            let signer = who.map_or(name(&holder), |who| PEOPLE[who]);
            personal(signer, FLATS[*flat], Body::SelfLock(SelfLock {}))
        }
        Attempt::Unlock { lock, who } => {
            let locks = accepted(model, |body| matches!(body, Body::SelfLock(_)));
            let (id, property, holder) = latest(&locks, *lock)?;
            let signer = who.map_or(name(&holder), |who| PEOPLE[who]);
            personal(
                signer,
                id,
                Body::SelfLockRelease(SelfLockRelease { property }),
            )
        }
        Attempt::Offer { .. } | Attempt::Waive { .. } => preemption(model, attempt)?,
        _ => return None,
    })
}

fn preemption(model: &Model, attempt: &Attempt) -> Option<Paper> {
    match attempt {
        Attempt::Offer {
            flat,
            who,
            share,
            price,
            any,
        } => {
            let holds = model.title(FLATS[*flat])?.holds;
            let holder = holds[who % holds.len()].party;
            let own = crate::deeds::held(&holds, &holder).to_string();
            let share = SHARES
                .get(*share)
                .filter(|_| *any)
                .unwrap_or(&own.as_str())
                .parse();
            let body = PreemptionNotice {
                share: share.unwrap(),
                price: Some(money(PRICES[*price])),
                terms: None,
                represents: None,
            };
            let signer = if *any { PEOPLE[*who] } else { name(&holder) };
            Some(personal(signer, FLATS[*flat], Body::PreemptionNotice(body)))
        }
        Attempt::Waive {
            offer,
            who,
            short,
            power,
            any,
        } => {
            let offers = accepted(model, |body| matches!(body, Body::PreemptionNotice(_)));
            let (id, property, _) = latest(&offers, *offer)?;
            let Body::PreemptionNotice(notice) = &model.find(&id)?.2.body else {
                return None;
            };
            let holds = model.title(&property)?.holds;
            let holder = name(&holds[who % holds.len()].party);
            let signer = if *any { PEOPLE[*who] } else { holder };
            let mut price = notice.price.clone();
            price
                .iter_mut()
                .for_each(|price| price.minor -= u64::from(*short));
            let power = power.and_then(|back| latest(&model.powers(), back));
            let body = PreemptionWaiver {
                property,
                price,
                power: power.map(|power| power.id),
                represents: None,
            };
            Some(personal(signer, id, Body::PreemptionWaiver(body)))
        }
        _ => None,
    }
}
