//! Titles, pending deeds, powers and parties in which no two are alike: what certificates are about.

use deedbook_schemas::block::{BlockTime, Height, Seconds};
use deedbook_schemas::digest::{RecordId, derive};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::encumbrance::{Encumbrance, Interest, Right, ServitudeKind};
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::instrument::{
    ActDone, ActKind, ActRole, Ended, Ending, Instrument, Matter, Pending, Power, Scope, Status,
    Supplement, Text,
};
use deedbook_schemas::party::{LegalEntity, Nature, Party, PartyId};
use deedbook_schemas::property::{Ground, Holding, LandUse, SpatialUnit, Title};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::title_certificate::{instrument_key, party_key, power_key, title_key};

use crate::certificates::{NOW, Object};
use crate::random::Random;
use crate::receipts::records;

fn id(name: &str) -> RecordId {
    RecordId(derive("deedbook 2026 test vectors", &[name.as_bytes()]))
}

fn party(number: usize) -> PartyId {
    PartyId([u8::try_from(number).unwrap(); 16])
}

fn tenge(minor: usize) -> Money {
    Money {
        minor: u64::try_from(minor).unwrap(),
        currency: "KZT".to_owned(),
    }
}

fn around(random: &mut Random) -> Seconds {
    // Of what is over at the very second, every verifier must say that it is over.
    Seconds(*random.pick(&[NOW - 86_400, NOW - 1, NOW, NOW + 1, NOW + 86_400]))
}

fn sometimes<T>(random: &mut Random, of: impl FnOnce(&mut Random) -> T) -> Option<T> {
    random.once_in(2).then(|| of(random))
}

fn some_party(random: &mut Random) -> PartyId {
    party(1 + random.below(9))
}

/// The texts of every instrument of the vectors.
fn texts() -> Vec<Text> {
    let bodies = records().into_iter().map(|signed| {
        let Record { body, .. } = Record::decode(&signed.record).unwrap();
        body
    });
    let texts = bodies.filter_map(|body| match body {
        Body::Transfer(text) => Some(Text::Transfer(Box::new(text))),
        Body::Mortgage(text) => Some(Text::Mortgage(text)),
        Body::Servitude(text) => Some(Text::Servitude(text)),
        Body::Lease(text) => Some(Text::Lease(text)),
        Body::Assignment(text) => Some(Text::Assignment(text)),
        Body::Postponement(text) => Some(Text::Postponement(text)),
        Body::Subdivision(text) => Some(Text::Subdivision(text)),
        Body::Consolidation(text) => Some(Text::Consolidation(text)),
        _ => None,
    });
    texts.collect()
}

fn right(kind: usize, instrument: RecordId, random: &mut Random) -> Right {
    let one = some_party(random);
    match kind {
        0 => Right::Mortgage {
            mortgagee: one,
            amount: tenge(random.below(1_000_000_000)),
            rank: 1,
        },
        1 => Right::Servitude {
            beneficiary: one,
            kind: *random.pick(&[
                ServitudeKind::Way,
                ServitudeKind::Water,
                ServitudeKind::Utilities,
                ServitudeKind::Support,
            ]),
            until: sometimes(random, around),
        },
        2 => Right::Lease {
            lessee: one,
            until: around(random),
        },
        3 => Right::Freeze {
            authority: one,
            until: sometimes(random, around),
        },
        4 => Right::Caveat {
            claimant: one,
            interest: *random.pick(&[Interest::Ownership, Interest::Succession, Interest::Debt]),
            until: around(random),
        },
        5 => Right::SelfLock {
            holder: one,
            opens: sometimes(random, around),
        },
        6 => Right::PriorityNotice {
            buyer: one,
            instrument,
            until: around(random),
        },
        _ => Right::PreemptionNotice {
            disponor: one,
            share: Fraction::new(1, 2 + u64::try_from(random.below(9)).unwrap()).unwrap(),
            price: sometimes(random, |random| tenge(random.below(1_000))),
            terms: sometimes(random, |_| "Keys on the day.".to_owned()),
            until: around(random),
            waived: (0..random.below(3)).map(|_| some_party(random)).collect(),
        },
    }
}

/// A title with other holders, rights and slot at every turn.
fn title(turn: usize, pending: RecordId, noticed: RecordId, random: &mut Random) -> Title {
    let holders = 1 + turn % 5;
    let share = Fraction::new(1, u64::try_from(holders).unwrap()).unwrap();
    let grounds = [Ground::Purchase, Ground::Gift, Ground::Inheritance];
    let holding = |holder| Holding {
        party: party(1 + holder),
        share,
        acquired: Seconds(1_500_000_000 + u64::try_from(turn).unwrap()),
        ground: grounds[(turn + holder) % grounds.len()],
    };
    let uses = [
        LandUse::Flat,
        LandUse::House,
        LandUse::Land,
        LandUse::NonResidential,
    ];
    let encumbrances = (0..turn % 9).map(|place| Encumbrance {
        id: id(&format!("encumbrance {place} of {turn}")),
        registered: BlockTime(NOW * 1000 - 3_600_000),
        right: right((turn + place) % 8, noticed, random),
    });
    Title {
        version: u64::try_from(turn + 1).unwrap(),
        unit: SpatialUnit {
            land_use: uses[turn % uses.len()],
            area_dm2: 4_000 + 37 * u64::try_from(turn).unwrap(),
            address: format!("г. Алматы, ул. Розыбакиева, д. {turn}"),
        },
        holdings: (0..holders).map(holding).collect(),
        source: id(&format!("source of {turn}")),
        begin_lifespan_version: BlockTime(NOW * 1000 - 86_400_123),
        encumbrances: encumbrances.collect(),
        slot: (turn % 3 == 1).then_some(pending),
        consents: (0..turn % 3)
            .map(|one| id(&format!("consent {one}")))
            .collect(),
        parents: (0..turn % 4).map(|one| format!("KZ-OLD-{one}")).collect(),
        cancelled: turn % 10 == 9,
    }
}

fn instrument(property: &str, text: Option<&Text>, random: &mut Random) -> Instrument {
    let act = |role, random: &mut Random| ActDone {
        party: some_party(random),
        role,
        signer: some_party(random),
        record: id(&format!("act {}", random.byte())),
        power: sometimes(random, |_| id("power 0")),
        by_office: random.once_in(3),
        party_turn: 0,
        signer_turn: 2,
    };
    let supplement = Supplement {
        record: id("supplement"),
        matter: Matter::Requisition {
            due: around(random),
            answer: sometimes(random, |_| id("answer")),
        },
    };
    let status = if text.is_some() {
        Status::Pending
    } else {
        *random.pick(&[Status::Registered, Status::Refused, Status::Withdrawn])
    };
    Instrument {
        property: property.to_owned(),
        status,
        lodged: Height(5),
        changed: BlockTime(NOW * 1000 - 60_001),
        pending: text.map(|text| Pending {
            text: text.clone(),
            lodger: some_party(random),
            expires: Seconds(NOW + 30 * 86_400),
            acts: [ActRole::Disponor, ActRole::Acquirer, ActRole::Mortgagee]
                .into_iter()
                .take(1 + random.below(3))
                .map(|role| act(role, random))
                .collect(),
            profile: 3,
            supplements: vec![supplement],
        }),
        codes: match status {
            Status::Refused => vec!["title.version_changed".to_owned()],
            _ => Vec::new(),
        },
    }
}

/// The `place`th of a chain of powers, each part of the one before it.
fn power(place: usize, property: &str, random: &mut Random) -> Power {
    let acts = [
        ActKind::Sell,
        ActKind::Lease,
        ActKind::Give,
        ActKind::Manage,
    ];
    let elsewhere = ["KZ-OTHER".to_owned()];
    let here = [property.to_owned(), "KZ-ANOTHER".to_owned()];
    Power {
        principal: some_party(random),
        agent: some_party(random),
        scope: Scope {
            acts: acts[..1 + random.below(acts.len())].to_vec(),
            properties: sometimes(random, |random| {
                random
                    .pick::<&[String]>(&[&here[..], &elsewhere[..]])
                    .to_vec()
            }),
            price_floor: sometimes(random, |_| tenge(42)),
            counterparties: sometimes(random, |random| vec![some_party(random)]),
            self_dealing: random.once_in(2),
            substitutions: sometimes(random, |_| 1),
        },
        starts: around(random),
        expires: around(random),
        ended: random.once_in(4).then(|| Ended {
            ending: *random.pick(&[Ending::Revocation, Ending::Renunciation]),
            record: id("ending"),
            at: BlockTime(NOW * 1000 - 1_001),
        }),
        parent: place
            .checked_sub(1)
            .map(|parent| id(&format!("power {parent}"))),
        notarised: (place > 0 && !random.once_in(3)).then(|| id("notarisation")),
        principal_turn: 0,
        agent_turn: u32::from(random.once_in(4)),
    }
}

fn holder(number: usize, random: &mut Random) -> Party {
    let nature = if number.is_multiple_of(4) {
        Nature::Legal(LegalEntity {
            name: format!("Bank {number}"),
            officers: vec![party(1)],
            signatures: 1,
            dissolved: random.once_in(2),
        })
    } else {
        Nature::Natural
    };
    Party {
        provider: party(77),
        keys: Vec::new(),
        enrolment: id(&format!("enrolment {number}")),
        marriages: Vec::new(),
        unmarried: vec![Seconds(1_300_000_000)],
        died: random.once_in(9).then_some(Seconds(NOW - 1)),
        incapable: random.once_in(9).then_some(Seconds(NOW)),
        minor_until: random.once_in(9).then(|| around(random)),
        guardian: None,
        nature,
        turn: u32::from(random.once_in(4)),
        in_office: Vec::new(),
    }
}

/// What a certificate of the `turn`th property proves: its title or that there is none, the deeds in its
/// slot and noticed, and powers in chains of up to five, with everybody in them.
pub(crate) fn made(turn: usize) -> Vec<Object> {
    let mut random = Random::new(u64::try_from(turn).unwrap());
    let texts = texts();
    let property = format!("KZ-ALA-{turn}-{}", random.below(1_000_000));
    let (pending, noticed) = (id(&format!("pending {turn}")), id("noticed"));
    let held = title(turn, pending, noticed, &mut random);
    let mut objects = vec![(title_key(&property), (turn % 7 != 5).then(|| encode(&held)))];
    if turn % 7 != 5 {
        let calls: Vec<RecordId> = deedbook_schemas::title_certificate::pending_of(&held)
            .into_iter()
            .collect();
        for (place, call) in calls.into_iter().enumerate() {
            let text = (!random.once_in(4)).then(|| &texts[(turn + place) % texts.len()]);
            let value = instrument(&property, text, &mut random);
            objects.push((instrument_key(&call), Some(encode(&value))));
        }
    }
    let mut people = Vec::new();
    for place in 0..(turn / 2) % 6 {
        let power = power(place, &property, &mut random);
        people.extend([power.principal, power.agent]);
        let key = power_key(&id(&format!("power {place}")));
        objects.push((key, Some(encode(&power))));
    }
    people.sort();
    people.dedup();
    for one in people {
        let number = usize::from(one.0[0]);
        let value = (!random.once_in(7)).then(|| encode(&holder(number, &mut random)));
        objects.push((party_key(&one), value));
    }
    if turn % 4 == 3 {
        objects.push((power_key(&id("never registered")), None));
    }
    objects.sort();
    objects
}
