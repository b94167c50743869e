//! How an attempt becomes a signed record. Who is entitled to what, the attempts know from the model.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::encumbrance::{
    Caveat, Freeze, FreezeRelease, Interest, PreemptionNotice, PreemptionWaiver, SelfLock,
    SelfLockRelease,
};
use deedbook_schemas::fraction::{Fraction, Money};
use deedbook_schemas::instrument::{
    Act, ActKind, ActRole, Ending, PartyShare, PowerOfAttorney, Revocation, Scope, SpousalConsent,
    Transfer, TransferKind, Withdrawal,
};
use deedbook_schemas::party::{AuthorityRole, CivilStatus, PartyId};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{
    Destination, Duty, DutyKind, EscrowFunding, EscrowRefund, EscrowRelease, Settlement, Source,
};

use crate::deeds::{Deed, kind_of};
use crate::history::{Attempt, Fact, Flaw, Form, Limit, Spoil, Step};
use crate::memory::Model;
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
pub(crate) const OTHER_AGENT: &str = "other escrow agent";
const AGENTS: [&str; 3] = [ESCROW, OTHER_AGENT, TAX];
const FREEZERS: [&str; 6] = [COURT, HIGH_COURT, PROSECUTOR, MONITOR, REGISTRAR, TAX];
const OFFICES: [(&str, AuthorityRole); 4] = [
    (ESCROW, AuthorityRole::EscrowAgent),
    (TAX, AuthorityRole::TaxAuthority),
    (CIVIL, AuthorityRole::CivilRegistry),
    (RIVAL, AuthorityRole::IdentityProvider),
];
const PRICES: [u64; 3] = [50_000_000, 40_000_000, 60_000_000];
const SHARES: [&str; 5] = ["1/2", "1/3", "1/4", "1/6", "1/1"];

/// The `back`-th from the end.
fn latest<T: Clone>(list: &[T], back: usize) -> Option<T> {
    list.iter().rev().nth(back).cloned()
}

fn name(party: &PartyId) -> &'static str {
    PEOPLE.iter().find(|name| id(name) == *party).unwrap()
}

/// A record to sign.
struct Paper {
    signer: &'static str,
    subject: String,
    body: Body,
    personal: bool,
}

fn office(signer: &'static str, subject: impl ToString, body: Body) -> Paper {
    Paper {
        signer,
        subject: subject.to_string(),
        body,
        personal: false,
    }
}

fn personal(signer: &'static str, subject: impl ToString, body: Body) -> Paper {
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
        Attempt::Lodge { .. } | Attempt::LodgeWhole { .. } => lodging(model, &step.attempt)?,
        Attempt::Advance {
            deed,
            need,
            by_agent,
        } => advance(model, now, *deed, *need, *by_agent)?,
        Attempt::Act {
            deed,
            gives,
            who,
            power,
        } => {
            let deed = latest(&all_deeds(model), *deed)?;
            let power = power.and_then(|back| latest(&model.powers(), back));
            let role = if *gives {
                ActRole::Disponor
            } else {
                ActRole::Acquirer
            };
            act(PEOPLE[*who], &deed, role, power.map(|power| power.id))
        }
        Attempt::Empower { from, to, limit } => {
            let body = Body::PowerOfAttorney(power_body(now, *limit));
            personal(PEOPLE[*from], id(PEOPLE[*to]), body)
        }
        Attempt::End { .. } => ending(model, &step.attempt)?,
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
            let giver = model.deed(&id)?.text.disponors[0].party;
            let signer = who.map_or(name(&giver), |who| PEOPLE[who]);
            personal(signer, id, Body::Withdrawal(Withdrawal {}))
        }
        Attempt::Fund { .. } | Attempt::Settle { .. } | Attempt::Pay { .. } => {
            money_paper(model, &step.attempt)?
        }
        Attempt::Freeze { .. }
        | Attempt::Lift { .. }
        | Attempt::Caveat { .. }
        | Attempt::Lock { .. }
        | Attempt::Unlock { .. }
        | Attempt::Offer { .. }
        | Attempt::Waive { .. } => burden(model, now, &step.attempt)?,
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
    };
    Some(seal(world, model, paper, step.spoil))
}

/// Every deed that was lodged, open or not.
fn all_deeds(model: &Model) -> Vec<RecordId> {
    let deeds = model
        .logged()
        .filter(|r| matches!(r.body, Body::Transfer(_)));
    deeds
        .map(|r| r.id)
        .filter(|id| model.deed(id).is_some())
        .collect()
}

fn act(signer: &'static str, deed: &RecordId, role: ActRole, power: Option<RecordId>) -> Paper {
    let body = Act {
        role,
        power,
        represents: None,
    };
    personal(signer, deed, Body::Act(body))
}

fn part(party: PartyId, share: &str) -> PartyShare {
    PartyShare {
        party,
        share: share.parse().unwrap(),
    }
}

fn settlement(agent: &str, from: PartyId, to: PartyId, minor: u64) -> Settlement {
    Settlement {
        agent: id(agent),
        sources: vec![Source {
            payer: from,
            amount: money(minor),
        }],
        destinations: vec![Destination {
            payee: to,
            account: Commitment::new(&[9; 32], &to.0),
            amount: money(minor),
        }],
    }
}

fn lodging(model: &Model, attempt: &Attempt) -> Option<Paper> {
    let (flat, to, form, flaw) = match attempt {
        Attempt::Lodge {
            flat,
            to,
            form,
            flaw,
            ..
        } => (FLATS[*flat], *to, *form, *flaw),
        Attempt::LodgeWhole { flat, to, form } => (FLATS[*flat], *to, *form, Flaw::Nothing),
        _ => return None,
    };
    let title = model.title(flat)?;
    let mut disponors: Vec<PartyShare> = Vec::new();
    if let Attempt::Lodge { from, share, .. } = attempt {
        let giver = title.holds[from % title.holds.len()].party;
        let own = crate::deeds::held(&title.holds, &giver).to_string();
        disponors.push(part(giver, SHARES.get(*share).unwrap_or(&own.as_str())));
    } else {
        for hold in &title.holds {
            if disponors.iter().all(|given| given.party != hold.party) {
                let own = crate::deeds::held(&title.holds, &hold.party).to_string();
                disponors.push(part(hold.party, &own));
            }
        }
    }
    let total = Fraction::sum(disponors.iter().map(|given| given.share))?;
    let gives = |name: &str| disponors.iter().any(|given| given.party == id(name));
    let to = PEOPLE.iter().cycle().skip(to).find(|name| !gives(name))?;
    let mut text = Transfer::new(
        TransferKind::Sale,
        title.number,
        disponors,
        vec![part(id(to), &total.to_string())],
        Some(money(PRICES[form.price])),
    );
    shape(&mut text, form, flaw);
    let lodger = match flaw {
        Flaw::Lodger => PEOPLE[form.price + 2],
        _ => name(&text.disponors[0].party),
    };
    let property = if flaw == Flaw::UnknownFlat {
        "20-313-024-999"
    } else {
        flat
    };
    Some(office(lodger, property, Body::Transfer(text)))
}

fn shape(text: &mut Transfer, form: Form, flaw: Flaw) {
    let (giver, taker) = (text.disponors[0].party, text.acquirers[0].party);
    if form.gift {
        text.kind = TransferKind::Gift;
        text.price = None;
    } else if form.settled {
        text.settlement = Some(settlement(ESCROW, taker, giver, PRICES[form.price]));
    }
    let lines = text.settlement.as_mut();
    match flaw {
        Flaw::OtherVersion => text.title_version += 1,
        Flaw::Uneven => text.acquirers = vec![part(taker, "1/5")],
        Flaw::NoPrice => text.price = form.gift.then(|| money(1)),
        Flaw::ShortLine => lines
            .into_iter()
            .for_each(|l| l.sources[0].amount.minor -= 1),
        Flaw::OtherAgent => lines.into_iter().for_each(|l| l.agent = id(TAX)),
        Flaw::SameParty => text.acquirers[0].party = giver,
        Flaw::Nothing | Flaw::UnknownFlat | Flaw::Lodger => {}
    }
}

/// What somebody entitled does about one thing that a deed needs.
fn advance(model: &Model, now: Seconds, deed: usize, need: usize, by_agent: bool) -> Option<Paper> {
    let deed = latest(&model.pending(), deed)?;
    let needs = model.needs(&deed, now);
    let need = needs.get(need % needs.len().max(1))?;
    let power_of = |principal: PartyId| {
        let powers = model.powers();
        let own = powers
            .iter()
            .rev()
            .find(|power| power.principal == principal);
        own.filter(|_| by_agent)
            .map(|power| (name(&power.agent), power.id))
    };
    let giver = deed.text.disponors[0].party;
    Some(match (need.code, need.party) {
        ("act.disponor" | "act.acquirer", Some(party)) => {
            let role = if need.code == "act.disponor" {
                ActRole::Disponor
            } else {
                ActRole::Acquirer
            };
            match power_of(party) {
                Some((agent, power)) => act(agent, &deed.id, role, Some(power)),
                None => act(name(&party), &deed.id, role, None),
            }
        }
        ("consent.missing", Some(spouse)) => {
            let of = deed.text.disponors.iter().map(|given| given.party);
            let of = of.filter(|p| model.spouse(p, now) == Some(spouse)).last();
            let body = SpousalConsent {
                disponor: of.unwrap_or(giver),
                act: kind_of(deed.text),
                counterparty: None,
                price_floor: deed.text.price.clone(),
                expires: Seconds(now.0 + 10 * DAY),
                power: power_of(spouse).map(|(_, power)| power),
            };
            let signer = power_of(spouse).map_or(name(&spouse), |(agent, _)| agent);
            personal(signer, deed.property, Body::SpousalConsent(body))
        }
        ("marriage.undivided", _) => divide(model, &deed, giver)?,
        ("marriage.status_unknown", _) => {
            civil(model, now, Fact::Unmarried, [name(&giver); 2], 365)?
        }
        ("escrow.not_funded", Some(_)) => {
            let amount = deed.text.price.clone()?;
            office(
                ESCROW,
                deed.id,
                Body::EscrowFunding(EscrowFunding { amount }),
            )
        }
        ("duty.unpaid", _) => duty(&deed.id, false, by_agent),
        _ => return None,
    })
}

fn divide(model: &Model, deed: &Deed<'_>, to: PartyId) -> Option<Paper> {
    let wedding = model.weddings(&to).pop()?;
    let property = deed.property.to_owned();
    let fact = CivilStatus::Division { property, to };
    Some(office(CIVIL, wedding.id, Body::CivilStatus(fact)))
}

fn civil(model: &Model, now: Seconds, fact: Fact, names: [&str; 2], days: u64) -> Option<Paper> {
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
        Fact::Capacity => (one.to_string(), CivilStatus::Capacity { from: now }),
    };
    Some(office(CIVIL, subject, Body::CivilStatus(fact)))
}

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

fn power_body(now: Seconds, limit: Limit) -> PowerOfAttorney {
    let all = vec![
        ActKind::Sell,
        ActKind::Give,
        ActKind::Acquire,
        ActKind::Consent,
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

fn consent_body(now: Seconds, of: &str, limit: Limit, power: Option<RecordId>) -> SpousalConsent {
    let act = if limit.acts < 4 {
        ActKind::Sell
    } else {
        ActKind::Give
    };
    let sale = act == ActKind::Sell;
    let price_floor = sale.then(|| floor(limit).unwrap_or_else(|| money(1)));
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

fn ending(model: &Model, attempt: &Attempt) -> Option<Paper> {
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

fn duty(deed: &RecordId, fee: bool, exempt: bool) -> Paper {
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
            let mut amount = model.deed(&deed)?.text.price.clone()?;
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

/// The records of a kind that were accepted: their ids and subjects.
fn accepted(model: &Model, kind: fn(&Body) -> bool) -> Vec<(RecordId, String, PartyId)> {
    let records = model.done().map(|(_, _, record)| record);
    records
        .filter(|record| kind(&record.body))
        .map(|record| (record.id, record.subject().to_owned(), record.issuer()))
        .collect()
}

fn burden(model: &Model, now: Seconds, attempt: &Attempt) -> Option<Paper> {
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

/// Signs a paper, spoilt or not.
fn seal(world: &mut World, model: &Model, paper: Paper, spoil: Spoil) -> Vec<u8> {
    let mut sheet = world.sheet(paper.signer, &paper.subject, paper.body);
    if !paper.personal {
        sheet.attestation = None;
        sheet.draft.evidence = None;
    }
    if spoil == Spoil::WrongKey {
        sheet.signer = key_of("thief");
    }
    if spoil == Spoil::Stale {
        sheet.draft.issued_at = Seconds(sheet.draft.issued_at.0 - 901);
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
        Spoil::Nothing | Spoil::WrongKey | Spoil::Stale => {}
    }
    sheet.seal()
}
