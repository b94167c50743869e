//! How is written what lenders, registrars and buyers say about deeds.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::encumbrance::{Discharge, MortgageeConsent, PriorityNotice};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::proceeding::{Requisition, RequisitionAnswer, RequisitionDecision};
use deedbook_schemas::record::Body;

use crate::dealings::Dealing;
use crate::grants::loans;
use crate::memory::Model;
use crate::pages::Thing;
use crate::pen::{PEOPLE, Paper, all_deeds, known_name, latest, name, office, personal};
use crate::texts::Deed;
use crate::world::{REGISTRAR, SECOND_REGISTRAR};

/// Who signs, under which power, and for whom by office.
pub(crate) type Mouth = (&'static str, Option<RecordId>, Option<PartyId>);

/// Somebody, or their agent, officer or guardian.
pub(crate) fn mouth(model: &Model, party: PartyId, now: Seconds, by_agent: bool) -> Option<Mouth> {
    let powers = model.powers();
    let mut own = powers.iter().rev().filter(|p| p.principal == party);
    if let Some(power) = own.next().filter(|_| by_agent) {
        return Some((name(&power.agent), Some(power.id), None));
    }
    if let Some(entity) = model.entity(&party) {
        let turn = model.events.len() % entity.officers.len().max(1);
        return Some((name(entity.officers.get(turn)?), None, Some(party)));
    }
    match model
        .guardian(&party)
        .filter(|_| model.is_ward(&party, now))
    {
        Some(guardian) => Some((name(&guardian), None, Some(party))),
        None => Some((known_name(&party)?, None, None)),
    }
}

pub(crate) fn gives_up(
    (property, thing): (&str, &Thing),
    with: Option<RecordId>,
    who: Option<usize>,
    mouth: Option<Mouth>,
) -> Option<Paper> {
    let (signer, power, represents) = mouth.or_else(|| Some((PEOPLE[who?], None, None)))?;
    let body = Body::Discharge(Discharge {
        property: property.to_owned(),
        with,
        power,
        represents,
    });
    let signer = who.map_or(signer, |who| PEOPLE[who]);
    Some(personal(signer, thing.id, body))
}

pub(crate) fn lets_pass(
    deed: &RecordId,
    loan: &Thing,
    who: Option<usize>,
    (signer, power, represents): Mouth,
) -> Option<Paper> {
    let body = Body::MortgageeConsent(MortgageeConsent {
        mortgage: loan.id,
        power,
        represents,
    });
    let signer = who.map_or(signer, |who| PEOPLE[who]);
    Some(personal(signer, deed, body))
}

/// Everything on any title, with its property.
fn things(model: &Model) -> Vec<(String, Thing)> {
    let mut all = loans(model);
    for property in model.properties() {
        for thing in &model.page(&property).things {
            all.push((property.clone(), thing.clone()));
        }
    }
    all
}

/// Every requisition, with its deed.
fn asked(model: &Model) -> Vec<(RecordId, RecordId)> {
    let all = model.done().filter_map(|(_, _, r)| match r.body {
        Body::Requisition(_) => Some((r.id, r.subject().parse().unwrap())),
        _ => None,
    });
    all.collect()
}

pub(crate) fn answer(signer: &'static str, deed: RecordId, requisition: RecordId) -> Paper {
    let body = Body::RequisitionAnswer(RequisitionAnswer {
        requisition,
        document: Commitment::new(&[4; 32], &requisition.0),
    });
    personal(signer, deed, body)
}

pub(crate) fn decide(deed: RecordId, requisition: RecordId, cured: bool) -> Paper {
    let body = Body::RequisitionDecision(RequisitionDecision { requisition, cured });
    office(SECOND_REGISTRAR, deed, body)
}

fn taker(deed: &Deed<'_>) -> Option<PartyId> {
    deed.legs().first()?.takes.first().copied()
}

pub(crate) fn said(model: &Model, now: Seconds, dealing: &Dealing) -> Option<Paper> {
    match dealing {
        Dealing::GiveUp {
            what,
            with,
            who,
            by_agent,
        } => {
            let (property, thing) = latest(&things(model), *what)?;
            let with = match with {
                None => None,
                Some(back) => Some(latest(&all_deeds(model), *back)?),
            };
            gives_up(
                (&property, &thing),
                with,
                *who,
                mouth(model, thing.whose, now, *by_agent),
            )
        }
        Dealing::LetPass {
            deed,
            loan,
            who,
            by_agent,
        } => {
            let deed = latest(&all_deeds(model), *deed)?;
            let (_, loan) = latest(&loans(model), *loan)?;
            lets_pass(
                &deed,
                &loan,
                *who,
                mouth(model, loan.whose, now, *by_agent)?,
            )
        }
        Dealing::Ask { deed, mute } => {
            let deed = latest(&all_deeds(model), *deed)?;
            let request = if *mute { "" } else { "Show the passport." };
            let body = Body::Requisition(Requisition {
                request: request.to_owned(),
            });
            Some(office(REGISTRAR, deed, body))
        }
        Dealing::Reply { asked: back, who } => {
            let (requisition, deed) = latest(&asked(model), *back)?;
            let lodger = model.deed(&deed)?.lodger;
            let signer = who.map(|who| PEOPLE[who]).or(known_name(&lodger))?;
            Some(answer(signer, deed, requisition))
        }
        Dealing::Decide { asked: back, cured } => {
            let (requisition, deed) = latest(&asked(model), *back)?;
            Some(decide(deed, requisition, *cured))
        }
        Dealing::Reserve { deed, who } => {
            let id = latest(&all_deeds(model), *deed)?;
            let buyer = taker(&model.deed(&id)?);
            let signer = who.map_or(name(&buyer?), |who| PEOPLE[who]);
            Some(personal(
                signer,
                id,
                Body::PriorityNotice(PriorityNotice {}),
            ))
        }
        _ => None,
    }
}
