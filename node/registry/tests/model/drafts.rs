//! How deeds are drafted and lodged.

use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{PartyShare, Transfer, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{Destination, Settlement, Source};

use crate::grants::terms;
use crate::history::{Attempt, Flaw, Form};
use crate::memory::Model;
use crate::pages::total;
use crate::pen::{BANK, FIRM, PEOPLE, PRICES, Paper, SHARES, name, office};
use crate::shares::Share;
use crate::world::{ESCROW, TAX, id, money};

pub(crate) fn part(party: PartyId, share: &str) -> PartyShare {
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

pub(crate) fn lodging(model: &Model, attempt: &Attempt) -> Option<Paper> {
    let (flat, to, form, flaw) = match attempt {
        Attempt::Lodge {
            flat,
            to,
            form,
            flaw,
            ..
        } => (crate::pen::flat(model, *flat), *to, *form, *flaw),
        Attempt::LodgeWhole { flat, to, form } => {
            (crate::pen::flat(model, *flat), *to, *form, Flaw::Nothing)
        }
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
    let to = if to == 5 && !gives(FIRM) {
        &FIRM
    } else {
        PEOPLE.iter().cycle().skip(to).find(|name| !gives(name))?
    };
    let mut text = Transfer::new(
        TransferKind::Sale,
        title.number,
        disponors,
        vec![part(id(to), &total.to_string())],
        Some(money(PRICES[form.price])),
    );
    shape(&mut text, form, flaw);
    let loans = model.page(flat);
    let loans = loans.mortgages();
    if form.clears && !loans.is_empty() {
        let mut listed: Vec<RecordId> = loans.iter().map(|loan| loan.id).collect();
        listed.sort();
        text.discharges = Some(listed);
    }
    if flaw == Flaw::OtherVersion {
        text.discharges = Some(vec![RecordId([9; 32])]);
    }
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
    // Mostly where it is lawful.
    if let Some(lender) = form.loan
        && (!form.gift && total(&text.acquirers) == Share::ALL || flaw != Flaw::Nothing)
    {
        let mut people = PEOPLE[..5].iter().cycle().skip(lender);
        let lender = if form.clears {
            people.find(|name| id(name) != taker || flaw != Flaw::Nothing)
        } else {
            Some(&BANK)
        };
        let lender = lender.unwrap_or(&PEOPLE[5]);
        text.mortgage = Some(terms(id(lender), 9_000));
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
