//! How groups, laws, keys and deletions are written.

use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::instrument::{Transfer, TransferKind};
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::party::{AuthorityRole, GroupParty, PartyId, PartyMember};
use deedbook_schemas::proceeding::EvidenceDeletion;
use deedbook_schemas::profile::{BusinessCalendar, Profile, ProfileChange};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::settlement::DutyKind;

use deedbook_schemas::evidence::Topic;
use deedbook_schemas::instrument::ActKind;

use crate::deeds::held;
use crate::drafts::part;
use crate::history::Form;
use crate::memory::Model;
use crate::pen::{
    BANK, FIRM, FLATS, LOCAL_NOTARY, NUMBERS, PEOPLE, PRICES, Paper, flat, latest, name, office,
};
use crate::seats;
use crate::shares::Share;
use crate::ventures::Venture;
use crate::world::{
    CIVIL, COURT, ESCROW, GUARDIANS, HIGH_COURT, NOTARY, PROSECUTOR, PROVIDER, REGISTRAR, RIVAL,
    SUPERVISOR, TAX, World, accreditation, id, key_of, money,
};

/// What is entered as a group.
pub(crate) const GROUPS: [&str; 4] = ["family", "partners", "heirs", "circle"];

const AUTHORITIES: [(&str, AuthorityRole); 10] = [
    (ESCROW, AuthorityRole::EscrowAgent),
    (TAX, AuthorityRole::TaxAuthority),
    (CIVIL, AuthorityRole::CivilRegistry),
    (RIVAL, AuthorityRole::IdentityProvider),
    (COURT, AuthorityRole::Court),
    (HIGH_COURT, AuthorityRole::Court),
    (NOTARY, AuthorityRole::Notary),
    (LOCAL_NOTARY, AuthorityRole::Notary),
    (GUARDIANS, AuthorityRole::GuardianshipAuthority),
    (PROSECUTOR, AuthorityRole::Prosecutor),
];

/// The second key of somebody.
pub(crate) fn second_key(name: &str) -> SigningKey {
    key_of(&format!("{name} again"))
}

/// The key that an authority signs with: the one that it is accredited with. A person who has two takes
/// now the one, now the other.
pub(crate) fn present_key(model: &Model, name: &str) -> Option<SigningKey> {
    let present = id(name);
    let Some(accredited) = model.accreditation(&present).map(|found| found.key) else {
        let several = model.keys(&id(name)).len() > 1;
        let turn = several && model.events.len().is_multiple_of(2);
        return turn.then(|| second_key(name));
    };
    let mut founders = model.founders.iter();
    let founder = founders.find(|(founder, _)| *founder == present);
    let first = founder.is_none_or(|(_, founder)| founder.key == accredited);
    (!first || founder.is_none() && PublicKey::of(&second_key(name)) == accredited)
        .then(|| second_key(name))
}

/// One law of several, each of which differs from the others in what a history can come upon.
pub(crate) fn law(n: usize) -> Profile {
    let here = Profile::kazakhstan();
    match n {
        0 => here,
        1 => Profile {
            name: "elsewhere".to_owned(),
            power_default_years: 2,
            power_max_years: 5,
            pending_days: 60,
            record_window_s: 600,
            attestation_window_s: 120,
            assurance_min: 2,
            liveness_min: 1,
            topics: vec![Topic::Identity, Topic::FreeWill, Topic::Object],
            retention_years: 10,
            preemption_days: 45,
            priority_business_days: 7,
            requisition_business_days: 4,
            appeal_days: 30,
            lock_cooling_hours: 25,
            caveat_max_days: 30,
            substitutions_max: 1,
            area_tolerance_permille: 20,
            calendar: BusinessCalendar {
                utc_offset_h: -3,
                weekend: vec![5, 6],
                holidays: vec![20_516, 20_520],
            },
            ..here
        },
        2 => Profile {
            name: "strict".to_owned(),
            pending_days: 3,
            preemption_days: 1,
            appeal_days: 2,
            lock_cooling_hours: 1,
            substitutions_max: 0,
            area_tolerance_permille: 0,
            duties: vec![DutyKind::TransferTax, DutyKind::RegistrationFee],
            notarial_acts: vec![ActKind::Sell, ActKind::Give, ActKind::Lease],
            ..here
        },
        _ => Profile {
            name: "forgetful".to_owned(),
            retention_years: 1,
            assurance_min: 2,
            lock_assurance: 3,
            ..here
        },
    }
}

pub(crate) fn govern(model: &Model, n: usize, ahead: u64, slip: usize) -> Paper {
    let mut profile = law(n);
    match slip {
        2 => profile.pending_days = 0,
        3 => profile.assurance_min = 4,
        4 => profile.calendar.weekend = (1..=7).collect(),
        5 => profile.power_default_years = profile.power_max_years + 1,
        _ => {}
    }
    // The next block is the one in which it is judged.
    let from = model.height + 1 + if slip == 0 { 0 } else { ahead };
    let body = Body::Profile(ProfileChange {
        from: Height(from),
        profile,
    });
    let subject = if slip == 1 { COURT } else { SUPERVISOR };
    office(SUPERVISOR, id(subject), body)
}

/// Of the people, an entity, the group before this one and the first those whose bits are set.
fn chosen(which: usize, members: u8) -> Vec<&'static str> {
    let before = GROUPS[which.saturating_sub(1)];
    let all = [
        PEOPLE[0], PEOPLE[1], PEOPLE[2], PEOPLE[3], PEOPLE[4], FIRM, before, GROUPS[0],
    ];
    let chosen = all.into_iter().enumerate();
    let chosen = chosen.filter(|(n, _)| members >> n & 1 == 1);
    chosen.map(|(_, name)| name).take(5).collect()
}

pub(crate) fn group(members: &[&str], shares: bool) -> GroupParty {
    let count = members.len();
    let members = members.iter().map(|name| PartyMember {
        party: id(name),
        share: shares.then(|| format!("1/{count}").parse().unwrap()),
    });
    let mut members: Vec<PartyMember> = members.collect();
    members.sort_by_key(|member| member.party);
    GroupParty { members }
}

fn found(model: &Model, now: Seconds, venture: &Venture) -> Option<Paper> {
    let Venture::Found {
        which,
        members,
        shares,
        slip,
    } = *venture
    else {
        return None;
    };
    let mut list = chosen(which, members);
    if list.len() < 2 && slip > 0 {
        list = vec![PEOPLE[which], PEOPLE[which + 1]];
    }
    // Mostly of those who can be in it, once.
    if slip > 3 {
        let mut known = Vec::new();
        list.retain(|name| {
            let persons = model.persons(&id(name));
            let fresh = persons
                .iter()
                .all(|p| !known.contains(p) && model.stuck(p, now).is_empty());
            known.extend(persons);
            fresh && *name != GROUPS[which]
        });
        if list.len() < 2 {
            list = vec![PEOPLE[which], PEOPLE[which + 1]];
        }
    }
    let mut body = group(&list, shares);
    match slip {
        1 => body.members[0].share = None,
        2 => body.members[0].share = Some("1/7".parse().unwrap()),
        3 => body.members.reverse(),
        _ => {}
    }
    // Mostly one that is new.
    let mut free = GROUPS.iter().cycle().skip(which).take(4);
    let new = free.find(|name| !model.known(&id(name)));
    let name = match slip {
        4 => FIRM,
        5 => COURT,
        6 => PEOPLE[0],
        _ => new.unwrap_or(&GROUPS[which]),
    };
    Some(office(REGISTRAR, id(name), Body::GroupParty(body)))
}

/// A group that is there, if there is one.
fn known_group(model: &Model, n: usize) -> Option<&'static str> {
    let known = GROUPS
        .iter()
        .filter(|name| model.group(&id(name)).is_some());
    let known: Vec<&&str> = known.collect();
    known.get(n % known.len().max(1)).map(|name| **name)
}

/// A registrar enters a property.
pub(crate) fn enter(world: &mut World, model: &Model, venture: &Venture) -> Option<Vec<u8>> {
    let Venture::Enter {
        group,
        beside,
        slip,
    } = venture
    else {
        return None;
    };
    let group = known_group(model, *group)?;
    let mut fresh = std::iter::once(&FLATS[3]).chain(&NUMBERS);
    let number = fresh.find(|number| model.title(number).is_none());
    let number = number.filter(|_| *slip > 0).unwrap_or(&FLATS[0]);
    let bought = Ground::Purchase;
    let holders = match beside {
        None => vec![(group, "1/1", bought)],
        Some(who) => {
            let rest = if *slip == 1 { "1/3" } else { "1/2" };
            let beside = if *who == 5 { FIRM } else { PEOPLE[*who] };
            vec![(group, "1/2", bought), (beside, rest, bought)]
        }
    };
    Some(world.registration(number, &holders))
}

/// Somebody gets another key, mostly their second.
pub(crate) fn rekey(world: &mut World, venture: &Venture) -> Option<Vec<u8>> {
    let Venture::Rekey { who, slip } = venture else {
        return None;
    };
    let name = PEOPLE[*who];
    Some(match slip {
        0 => world.enrolment_with(PROVIDER, name, &key_of(PEOPLE[(who + 1) % 6])),
        1 => world.enrolment_with(RIVAL, name, &second_key(name)),
        2 => world.enrolment_with(PROVIDER, FIRM, &second_key(FIRM)),
        3 => world.enrolment_with(PROVIDER, COURT, &second_key(name)),
        4 => world.enrolment_with(PROVIDER, GROUPS[0], &second_key(GROUPS[0])),
        _ => world.enrolment_with(PROVIDER, name, &second_key(name)),
    })
}

fn accredit(venture: &Venture) -> Option<Paper> {
    let Venture::Accredit {
        who,
        superior,
        person,
        suspended,
        slip,
    } = venture
    else {
        return None;
    };
    let (mut name, role) = AUTHORITIES[*who];
    let mut body = accreditation(name, role, *suspended);
    let courts = [COURT, HIGH_COURT, "nobody", TAX, NOTARY, GUARDIANS];
    body.superior = superior.map(|n| id(courts[n]));
    body.person = person.map(|n| id(PEOPLE[n]));
    if role == AuthorityRole::Notary && *slip > 3 {
        body.person = body.person.or(Some(id(PEOPLE[4])));
    } else if *slip > 3 {
        body.person = None;
    }
    match slip {
        0 => body.key = PublicKey::of(&key_of(PEOPLE[0])),
        1 => name = PEOPLE[1],
        2 => {
            name = SUPERVISOR;
            body.key = PublicKey::of(&key_of(SUPERVISOR));
        }
        3 => name = GROUPS[0],
        4..8 => body.key = PublicKey::of(&second_key(name)),
        _ => {}
    }
    Some(office(SUPERVISOR, id(name), Body::Accreditation(body)))
}

/// A provider deletes a recording of something that was submitted.
fn delete(sent: &[Vec<u8>], back: usize, slip: usize) -> Option<Paper> {
    let filmed = sent.iter().filter_map(|bytes| {
        let record = Record::decode(bytes).unwrap();
        let root = record.evidence?.root;
        Some((root, bytes.clone()))
    });
    let filmed: Vec<_> = filmed.collect();
    let (root, mut record) = latest(&filmed, back)?;
    match slip {
        0 => record = latest(&filmed, back + 1)?.1,
        1 => drop(record.pop()),
        2 => record = sent.first()?.clone(),
        _ => {}
    }
    let signer = if slip == 3 { RIVAL } else { PROVIDER };
    let body = Body::EvidenceDeletion(EvidenceDeletion { record });
    Some(office(signer, root, body))
}

/// Everything, or a part of what the first holder has, to a group or a person.
fn bring(model: &Model, n: usize, to: usize, small: bool, form: Form) -> Option<Paper> {
    let property = flat(model, n);
    let title = model.title(property)?;
    let to = match to {
        0..5 => known_group(model, to)?,
        5 => FIRM,
        6 => BANK,
        _ => PEOPLE[to - 6],
    };
    let mut givers: Vec<PartyId> = title.holds.iter().map(|hold| hold.party).collect();
    givers.sort();
    givers.dedup();
    if small {
        givers.truncate(1);
    }
    givers.retain(|giver| *giver != id(to));
    let mut disponors = Vec::new();
    let mut total = Share::NONE;
    for giver in givers {
        let owned = held(&title.holds, &giver);
        let given = if small { owned.divided_by(2) } else { owned };
        total = total.plus(given);
        disponors.push(part(giver, &given.to_string()));
    }
    let lodger = name(&disponors.first()?.party);
    let kind = if form.gift {
        TransferKind::Gift
    } else {
        TransferKind::Sale
    };
    let text = Transfer::new(
        kind,
        title.number,
        disponors,
        vec![part(id(to), &total.to_string())],
        (!form.gift).then(|| money(PRICES[form.price])),
    );
    Some(office(lodger, property, Body::Transfer(text)))
}

/// The first group without shares on a title gives all that it holds to its members.
fn sever(model: &Model, n: usize, slip: usize) -> Option<Paper> {
    let property = flat(model, n);
    let title = model.title(property)?;
    let mut holders = title.holds.iter().map(|hold| hold.party);
    let group = holders.find(|party| model.group(party).is_some())?;
    let members = model.group(&group)?.members.iter();
    let mut members: Vec<PartyId> = members.map(|member| member.party).collect();
    if slip == 0 {
        members.pop();
    }
    let owned = held(&title.holds, &group);
    let given = if slip == 1 {
        owned.divided_by(2)
    } else {
        owned
    };
    let parts = i128::try_from(members.len()).unwrap();
    let each = given.divided_by(parts).to_string();
    let text = Transfer::new(
        TransferKind::Severance,
        title.number,
        vec![part(group, &given.to_string())],
        members.iter().map(|member| part(*member, &each)).collect(),
        None,
    );
    Some(office(PEOPLE[3], property, Body::Transfer(text)))
}

pub(crate) fn founded(
    model: &Model,
    now: Seconds,
    venture: &Venture,
    sent: &[Vec<u8>],
) -> Option<Paper> {
    match venture {
        Venture::Found { .. } => found(model, now, venture),
        Venture::Bring {
            flat,
            to,
            part,
            form,
        } => bring(model, *flat, *to, *part, *form),
        Venture::Sever { flat, slip } => sever(model, *flat, *slip),
        Venture::Govern { law, ahead, slip } => Some(govern(model, *law, *ahead, *slip)),
        Venture::Reseat { .. } => seats::reseat(model, venture),
        Venture::Delete { back, slip } => delete(sent, *back, *slip),
        Venture::Accredit { .. } => accredit(venture),
        _ => None,
    }
}
