//! How an attempt becomes a signed record. Who is entitled to what, the attempts know from the model.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Act, ActRole, Withdrawal};
use deedbook_schemas::party::{AuthorityRole, CivilStatus, PartyId};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{Duty, DutyKind, EscrowFunding, EscrowRefund, EscrowRelease};

use crate::advance::advance;
use crate::appointments::by_office;
use crate::approvals::endorsed;
use crate::dealings::Dealing;
use crate::drafts::lodging;
use crate::foundings::{enter, founded, present_key, rekey, second_key};
use crate::grants::lodged;
use crate::history::{Attempt, Fact, Spoil, Step};
use crate::memory::Model;
use crate::notices::burden;
use crate::papers::{certify, consent_body, ending, pass_on, power_body};
use crate::proxies::proxied;
use crate::replies::said;
use crate::texts::Deed;
use crate::ventures::Venture;
use crate::world::{
    BEFORE, CIVIL, COURT, DAY, ESCROW, HIGH_COURT, MONITOR, PROSECUTOR, PROVIDER, REGISTRAR, RIVAL,
    SINCE, SUPERVISOR, TAX, World, accreditation, id, key_of, money,
};

/// The last one is never enrolled in the beginning.
pub(crate) const PEOPLE: [&str; 6] = ["Aida", "Bolat", "Clara", "Dana", "Erlan", "Farida"];
/// The last one is not registered in the beginning.
pub(crate) const FLATS: [&str; 4] = [
    "20-313-024-118",
    "20-313-024-119",
    "20-313-024-120",
    "20-313-024-121",
];
/// Numbers for what is made of them.
pub(crate) const NUMBERS: [&str; 8] = [
    "20-313-024-201",
    "20-313-024-202",
    "20-313-024-203",
    "20-313-024-204",
    "20-313-024-205",
    "20-313-024-206",
    "20-313-024-207",
    "20-313-024-208",
];
/// Legal entities: one buys, one lends.
pub(crate) const FIRM: &str = "firm";
pub(crate) const BANK: &str = "bank";
/// Is Erlan, and competent for two of the flats.
pub(crate) const LOCAL_NOTARY: &str = "local notary";
pub(crate) const OTHER_AGENT: &str = "other escrow agent";
pub(crate) const AGENTS: [&str; 3] = [ESCROW, OTHER_AGENT, TAX];
pub(crate) const FREEZERS: [&str; 6] = [COURT, HIGH_COURT, PROSECUTOR, MONITOR, REGISTRAR, TAX];
pub(crate) const OFFICES: [(&str, AuthorityRole); 4] = [
    (ESCROW, AuthorityRole::EscrowAgent),
    (TAX, AuthorityRole::TaxAuthority),
    (CIVIL, AuthorityRole::CivilRegistry),
    (RIVAL, AuthorityRole::IdentityProvider),
];
pub(crate) const PRICES: [u64; 3] = [50_000_000, 40_000_000, 60_000_000];
pub(crate) const SHARES: [&str; 5] = ["1/2", "1/3", "1/4", "1/6", "1/1"];

/// The `back`-th from the end.
pub(crate) fn latest<T: Clone>(list: &[T], back: usize) -> Option<T> {
    list.iter().rev().nth(back).cloned()
}

pub(crate) fn name(party: &PartyId) -> &'static str {
    // Somebody writes for an entity.
    known_name(party).unwrap_or(PEOPLE[3])
}

/// The name of one of the people.
pub(crate) fn known_name(party: &PartyId) -> Option<&'static str> {
    PEOPLE.iter().find(|name| id(name) == *party).copied()
}

/// One of the flats, or what was made of it.
pub(crate) fn flat(model: &Model, n: usize) -> &'static str {
    let flat = FLATS[n % FLATS.len()];
    if !model.page(flat).cancelled {
        return flat;
    }
    let made = NUMBERS.iter().filter(|number| {
        let page = model.page(number);
        !page.versions.is_empty() && !page.cancelled
    });
    let made: Vec<&&str> = made.collect();
    made.get(n % made.len().max(1))
        .map_or(flat, |number| number)
}

/// A record to sign.
pub(crate) struct Paper {
    signer: &'static str,
    subject: String,
    body: Body,
    personal: bool,
}

pub(crate) fn office(signer: &'static str, subject: impl ToString, body: Body) -> Paper {
    Paper {
        signer,
        subject: subject.to_string(),
        body,
        personal: false,
    }
}

pub(crate) fn personal(signer: &'static str, subject: impl ToString, body: Body) -> Paper {
    Paper {
        personal: true,
        ..office(signer, subject, body)
    }
}

/// Writes and signs what a step tries; nothing if there is nothing to try it on.
pub(crate) fn write(
    world: &mut World,
    model: &Model,
    step: &Step,
    sent: &[Vec<u8>],
) -> Option<Vec<u8>> {
    let now = world.now();
    let paper = match &step.attempt {
        Attempt::Again { back } => return latest(sent, *back),
        Attempt::Wait { hours } => {
            world.pass(hours * 3600);
            return None;
        }
        Attempt::Register { flat, who } => {
            let flat = FLATS[flat % FLATS.len()];
            let holder = PEOPLE[*who];
            let known = model.enrolled(&id(holder));
            let holder = if known { holder } else { PEOPLE[0] };
            return Some(world.registration(flat, &[(holder, "1/1", Ground::Purchase)]));
        }
        Attempt::Enrol { who } => {
            let again = model.enrolled(&id(PEOPLE[*who]));
            let provider = if again { RIVAL } else { PROVIDER };
            return Some(world.enrolment_with(provider, PEOPLE[*who], &key_of(PEOPLE[*who])));
        }
        Attempt::Venture(venture @ Venture::Enter { .. }) => return enter(world, model, venture),
        Attempt::Venture(venture @ Venture::Rekey { .. }) => return rekey(world, venture),
        attempt => paper(model, now, attempt, sent)?,
    };
    Some(seal(world, model, paper, step.spoil))
}

/// What an attempt has to say.
fn paper(model: &Model, now: Seconds, attempt: &Attempt, sent: &[Vec<u8>]) -> Option<Paper> {
    Some(match attempt {
        Attempt::Lodge { .. } | Attempt::LodgeWhole { .. } => lodging(model, attempt)?,
        Attempt::Advance {
            deed,
            need,
            by_agent,
        } => advance(model, now, *deed, *need, *by_agent)?,
        Attempt::Act { .. } => stray_act(model, attempt)?,
        Attempt::Empower { from, to, limit } => {
            let body = Body::PowerOfAttorney(power_body(now, *limit));
            personal(PEOPLE[*from], id(PEOPLE[*to]), body)
        }
        Attempt::End { .. } => ending(model, attempt)?,
        Attempt::Consent {
            flat,
            who,
            of,
            limit,
            power,
        } => {
            let power = power.and_then(|back| latest(&model.powers(), back));
            let body = consent_body(now, PEOPLE[*of], *limit, power.map(|power| power.id));
            personal(PEOPLE[*who], FLATS[*flat], Body::SpousalConsent(body))
        }
        Attempt::Withdraw { deed, who } => {
            let id = latest(&all_deeds(model), *deed)?;
            let giver = model.deed(&id)?.legs()[0].gives[0];
            let signer = who.map_or(name(&giver), |who| PEOPLE[who]);
            personal(signer, id, Body::Withdrawal(Withdrawal {}))
        }
        Attempt::Fund { .. } | Attempt::Settle { .. } | Attempt::Pay { .. } => {
            money_paper(model, attempt)?
        }
        Attempt::Freeze { .. }
        | Attempt::Lift { .. }
        | Attempt::Caveat { .. }
        | Attempt::Lock { .. }
        | Attempt::Unlock { .. }
        | Attempt::Offer { .. }
        | Attempt::Waive { .. } => burden(model, now, attempt)?,
        Attempt::Case(case) => crate::rulings::ruled(model, now, case, sent)?,
        Attempt::Deal(dealing) => deal(model, now, dealing)?,
        Attempt::Venture(venture) => {
            founded(model, now, venture, sent).or_else(|| proxied(model, now, venture))?
        }
        Attempt::Civil {
            fact,
            one,
            other,
            days,
        } => civil(model, now, *fact, [PEOPLE[*one], PEOPLE[*other]], *days)?,
        Attempt::Accredit { who, suspended } => {
            let (office_name, role) = OFFICES[*who];
            let body = accreditation(office_name, role, *suspended);
            office(SUPERVISOR, id(office_name), Body::Accreditation(body))
        }
        Attempt::Again { .. }
        | Attempt::Wait { .. }
        | Attempt::Register { .. }
        | Attempt::Enrol { .. } => return None,
    })
}

fn deal(model: &Model, now: Seconds, dealing: &Dealing) -> Option<Paper> {
    lodged(model, now, dealing)
        .or_else(|| said(model, now, dealing))
        .or_else(|| pass_on(model, now, dealing))
        .or_else(|| certify(model, dealing))
        .or_else(|| by_office(model, now, dealing))
        .or_else(|| endorsed(model, dealing))
}

/// Somebody signs something, entitled or not.
fn stray_act(model: &Model, attempt: &Attempt) -> Option<Paper> {
    let Attempt::Act {
        deed,
        gives,
        who,
        power,
    } = attempt
    else {
        return None;
    };
    let deed = latest(&all_deeds(model), *deed)?;
    let power = power.and_then(|back| latest(&model.powers(), back));
    let role = if *gives {
        ActRole::Disponor
    } else {
        ActRole::Acquirer
    };
    let entity = deed.0[0].is_multiple_of(8).then(|| id(FIRM));
    let power = power.map(|power| power.id);
    Some(act(PEOPLE[*who], &deed, role, power, entity))
}

/// Every deed that was lodged, open or not.
pub(crate) fn all_deeds(model: &Model) -> Vec<RecordId> {
    let deeds = model.done().filter_map(|(_, at, r)| Deed::of(r, at));
    deeds.map(|deed| deed.id).collect()
}

pub(crate) fn act(
    signer: &'static str,
    deed: &RecordId,
    role: ActRole,
    power: Option<RecordId>,
    represents: Option<PartyId>,
) -> Paper {
    let body = Act {
        role,
        power,
        represents,
    };
    personal(signer, deed, Body::Act(body))
}

pub(crate) fn civil(
    model: &Model,
    now: Seconds,
    fact: Fact,
    names: [&str; 2],
    days: u64,
) -> Option<Paper> {
    let [one, other] = names.map(id);
    // Long ago, lately, or now.
    let from = match days {
        0..100 => now,
        100..300 => Seconds(now.0 - days * DAY),
        300..350 => SINCE,
        _ => BEFORE,
    };
    let wedding = model
        .weddings(&one)
        .pop()
        .map(|wedding| wedding.id.to_string());
    let mut spouses = [one, other];
    spouses.sort();
    let (subject, fact) = match fact {
        Fact::Unmarried => {
            let parties = vec![one];
            (
                id(CIVIL).to_string(),
                CivilStatus::Unmarried { parties, from },
            )
        }
        Fact::Marriage => (
            id(CIVIL).to_string(),
            CivilStatus::Marriage { spouses, from },
        ),
        Fact::Divorce => (wedding?, CivilStatus::Divorce { from }),
        Fact::Separate => (wedding?, CivilStatus::SeparateProperty { from }),
        Fact::Division => {
            let flat = usize::try_from(days).unwrap() % FLATS.len();
            let property = FLATS[flat].to_owned();
            (
                wedding?,
                CivilStatus::Division {
                    property,
                    to: other,
                },
            )
        }
        Fact::Death => (one.to_string(), CivilStatus::Death { at: from }),
        Fact::Incapacity => (one.to_string(), CivilStatus::Incapacity { from }),
        Fact::Minority => {
            let until = Seconds(now.0 + days * 36_000);
            (one.to_string(), CivilStatus::Minority { until })
        }
        Fact::Capacity => (one.to_string(), CivilStatus::Capacity { from: now }),
    };
    Some(office(CIVIL, subject, Body::CivilStatus(fact)))
}

pub(crate) fn duty(deed: &RecordId, fee: bool, exempt: bool) -> Paper {
    let body = Duty {
        kind: if fee {
            DutyKind::RegistrationFee
        } else {
            DutyKind::TransferTax
        },
        paid: (!exempt).then(|| money(1)),
        exemption: exempt.then(|| "Tax Code, article 554".to_owned()),
    };
    office(TAX, deed, Body::Duty(body))
}

fn money_paper(model: &Model, attempt: &Attempt) -> Option<Paper> {
    match attempt {
        Attempt::Fund { deed, short, agent } => {
            let deed = latest(&all_deeds(model), *deed)?;
            let mut amount = model.deed(&deed)?.price().cloned()?;
            amount.minor -= u64::from(*short);
            let body = Body::EscrowFunding(EscrowFunding { amount });
            Some(office(AGENTS[*agent], deed, body))
        }
        Attempt::Settle {
            escrow,
            release,
            short,
            agent,
        } => {
            let fundings: Vec<_> = model
                .done()
                .filter_map(|(_, _, r)| match &r.body {
                    Body::EscrowFunding(funding) => Some((r.id, funding.amount.clone())),
                    _ => None,
                })
                .collect();
            let (funding, mut amount) = latest(&fundings, *escrow)?;
            amount.minor -= u64::from(*short);
            let body = if *release {
                Body::EscrowRelease(EscrowRelease { amount })
            } else {
                Body::EscrowRefund(EscrowRefund { amount })
            };
            Some(office(AGENTS[*agent], funding, body))
        }
        Attempt::Pay { deed, fee, exempt } => {
            Some(duty(&latest(&all_deeds(model), *deed)?, *fee, *exempt))
        }
        _ => None,
    }
}

/// Signs a paper, spoilt or not.
fn seal(world: &mut World, model: &Model, paper: Paper, spoil: Spoil) -> Vec<u8> {
    let mut sheet = world.sheet(paper.signer, &paper.subject, paper.body);
    if !paper.personal {
        sheet.attestation = None;
        sheet.draft.evidence = None;
    }
    if let Some(key) = present_key(model, paper.signer) {
        sheet.signer = key;
    }
    match spoil {
        Spoil::WrongKey => sheet.signer = key_of("thief"),
        Spoil::SecondKey => sheet.signer = second_key(paper.signer),
        Spoil::Stale => {
            // By one second, or only elsewhere.
            let window = if model.events.len().is_multiple_of(2) {
                901
            } else {
                700
            };
            sheet.draft.issued_at = Seconds(sheet.draft.issued_at.0 - window);
        }
        _ => {}
    }
    let Some(check) = sheet.attestation.as_mut() else {
        return sheet.seal();
    };
    match spoil {
        Spoil::NoCheck => sheet.attestation = None,
        Spoil::OtherPerson => sheet.attested = id("somebody else"),
        Spoil::LowLevel => check.assurance = 2,
        Spoil::OldCheck => check.time = Seconds(check.time.0 - 301),
        Spoil::RivalsMethod => {
            check.method = "iris".to_owned();
            sheet.provider = RIVAL.to_owned();
        }
        Spoil::NoFilm => sheet.draft.evidence = None,
        Spoil::OldFilm => {
            let old = model.logged().find_map(|r| r.evidence.clone());
            if let Some(film) = old {
                sheet.evidence().root = film.root;
            }
        }
        Spoil::SilentFilm => drop(sheet.evidence().statements.pop()),
        Spoil::Middling => {
            check.assurance = 2;
            check.liveness = 1;
            check.time = Seconds(check.time.0 - 110);
            sheet.evidence().retention_years = 10;
            sheet.evidence().statements.pop();
        }
        Spoil::EmptyFilm => sheet.evidence().bytes = 0,
        Spoil::LateWord => {
            let film = sheet.evidence();
            let end = film.duration_ms;
            for said in &mut film.statements {
                said.offset_ms += end;
            }
        }
        Spoil::NoLevel => check.liveness = 4,
        Spoil::BriefFilm => {
            sheet.evidence().retention_years = model.law().retention_years;
        }
        Spoil::Nothing | Spoil::WrongKey | Spoil::SecondKey | Spoil::Stale => {}
    }
    sheet.seal()
}
