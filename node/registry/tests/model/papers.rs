//! How powers and consents are written, and ended.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{
    ActKind, Ending, PowerOfAttorney, Revocation, Scope, SpousalConsent,
};
use deedbook_schemas::proceeding::Notarisation;
use deedbook_schemas::record::Body;

use crate::dealings::{Dealing, Slip};
use crate::history::{Attempt, Limit};
use crate::memory::Model;
use crate::pen::{
    FLATS, LOCAL_NOTARY, PEOPLE, PRICES, Paper, all_deeds, latest, name, office, personal,
};
use crate::world::{DAY, NOTARY, id, money};

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
            substitutions: Some(limit.passes).filter(|times| *times > 0),
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

/// An agent passes a power on.
pub(crate) fn pass_on(model: &Model, now: Seconds, dealing: &Dealing) -> Option<Paper> {
    let Dealing::PassOn {
        power,
        to,
        who,
        slip,
    } = dealing
    else {
        return None;
    };
    let parent = latest(&model.powers(), *power)?;
    let mut scope = parent.body.scope.clone();
    let left = scope.substitutions.unwrap_or(0);
    scope.substitutions = left.checked_sub(1).filter(|left| *left > 0);
    let (_, end) = model.term(&parent.id, parent.body)?;
    let mut expires = None;
    match slip {
        Slip::Nothing => scope.self_dealing &= *to % 2 == 0,
        Slip::OtherVersion => expires = Some(Seconds(end.0 + 1)),
        Slip::Stranger => scope.properties = None,
        Slip::Order => scope.acts.push(ActKind::Sever),
        Slip::Amount => scope.price_floor = None,
    }
    let body = PowerOfAttorney {
        scope,
        issued: Some(now),
        starts: None,
        expires,
        parent: Some(parent.id),
        represents: None,
    };
    // Mostly to somebody who is not in the chain.
    let chain = model.chain(&parent);
    let known = |name: &str| {
        let known = chain
            .iter()
            .any(|p| p.agent == id(name) || p.principal == id(name));
        known && *slip == Slip::Nothing
    };
    let mut people = PEOPLE[..5].iter().cycle().skip(*to).take(5);
    let agent = people.find(|name| !known(name))?;
    let signer = who.map_or(name(&parent.agent), |who| PEOPLE[who]);
    Some(personal(signer, id(agent), Body::PowerOfAttorney(body)))
}

/// A notary certifies a deed or a power.
pub(crate) fn certify(model: &Model, dealing: &Dealing) -> Option<Paper> {
    let Dealing::Certify { what, power, local } = dealing else {
        return None;
    };
    let signer = if *local { LOCAL_NOTARY } else { NOTARY };
    let powers = model.powers();
    let passed_on = powers
        .iter()
        .filter(|p| p.body.parent.is_some() || *what > 2);
    let passed_on: Vec<RecordId> = passed_on.map(|power| power.id).collect();
    let subject = if *power {
        latest(&passed_on, *what)?
    } else {
        latest(&all_deeds(model), *what)?
    };
    Some(office(signer, subject, Body::Notarisation(Notarisation {})))
}
