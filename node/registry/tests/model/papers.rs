//! How powers and consents are written, and ended.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    ActKind, Ending, PowerOfAttorney, Revocation, Scope, SpousalConsent,
};
use deedbook_schemas::record::Body;

use crate::history::{Attempt, Limit};
use crate::memory::Model;
use crate::pen::{FLATS, PEOPLE, PRICES, Paper, latest, name, personal};
use crate::world::{DAY, id, money};

fn floor(limit: Limit) -> Option<Money> {
    match limit.floor {
        0 => None,
        1 => Some(money(PRICES[0])),
        2 => Some(money(PRICES[1])),
        _ => Some(Money {
            minor: 1,
            currency: "EUR".to_owned(),
        }),
    }
}

pub(crate) fn power_body(now: Seconds, limit: Limit) -> PowerOfAttorney {
    let all = vec![
        ActKind::Sell,
        ActKind::Give,
        ActKind::Acquire,
        ActKind::Consent,
        ActKind::Mortgage,
        ActKind::Exchange,
        ActKind::Servitude,
        ActKind::Lease,
        ActKind::Reparcel,
        ActKind::Release,
    ];
    let acts = match limit.acts {
        0..=2 => all,
        3 => vec![ActKind::Sell],
        4 => vec![ActKind::Acquire, ActKind::Consent],
        _ => Vec::new(),
    };
    let (issued, starts, expires) = match limit.term {
        0 => (Some(now), Some(Seconds(now.0 + 5 * DAY)), None),
        1 => (Some(now), None, Some(Seconds(now.0 + 3 * DAY))),
        2 => (Some(now), None, Some(Seconds(now.0 + 4000 * DAY))),
        3 => (Some(Seconds(now.0 - 1000)), None, None),
        4 => (Some(Seconds(now.0 + 10)), None, None),
        5 if limit.floor == 0 => (None, None, None),
        _ => (Some(now), None, None),
    };
    PowerOfAttorney {
        scope: Scope {
            acts,
            properties: limit.flat.map(|flat| vec![FLATS[flat].to_owned()]),
            price_floor: floor(limit).filter(|_| limit.floor == 1 || limit.acts == 0),
            counterparties: limit.with.map(|with| vec![id(PEOPLE[with])]),
            self_dealing: limit.self_dealing,
            substitutions: None,
        },
        issued,
        starts,
        expires,
        parent: None,
        represents: None,
    }
}

pub(crate) fn consent_body(
    now: Seconds,
    of: &str,
    limit: Limit,
    power: Option<RecordId>,
) -> SpousalConsent {
    let act = match (limit.acts, limit.self_dealing) {
        (0..4, _) => ActKind::Sell,
        (4, true) => ActKind::Mortgage,
        (4, false) => ActKind::Lease,
        (_, true) => ActKind::Exchange,
        (_, false) => ActKind::Give,
    };
    let price_floor = match act {
        ActKind::Sell => Some(floor(limit).unwrap_or_else(|| money(1))),
        ActKind::Exchange => floor(limit),
        _ => None,
    };
    SpousalConsent {
        disponor: id(of),
        act,
        counterparty: limit.with.map(|with| id(PEOPLE[with])),
        price_floor,
        expires: match limit.term {
            0 => Seconds(now.0 - 1),
            1 => now,
            term => Seconds(now.0 + u64::try_from(term).unwrap() * 5 * DAY),
        },
        power,
    }
}

pub(crate) fn ending(model: &Model, attempt: &Attempt) -> Option<Paper> {
    let Attempt::End {
        what,
        consent,
        who,
        renounces,
    } = attempt
    else {
        return None;
    };
    let (id, entitled) = if *consent {
        let consent = latest(&model.consents(), *what)?;
        (consent.id, consent.spouse)
    } else {
        let power = latest(&model.powers(), *what)?;
        let entitled = if *renounces {
            power.agent
        } else {
            power.principal
        };
        (power.id, entitled)
    };
    let ending = if *renounces {
        Ending::Renunciation
    } else {
        Ending::Revocation
    };
    let signer = who.map_or(name(&entitled), |who| PEOPLE[who]);
    Some(personal(
        signer,
        id,
        Body::Revocation(Revocation { ending }),
    ))
}
