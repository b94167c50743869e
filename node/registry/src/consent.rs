//! A spouse's consent to a disposal (rules 12, 13; Marriage Code 34).

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, Consent, Power, SpousalConsent, Status};
use deedbook_schemas::limits::CONSENTS_PER_HOLDER_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::calendar::add_days;
use crate::identity::Evidence;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, marriage, power, registration, representation, sub_power};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &SpousalConsent) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    check_fields(body, &mut door);
    let evidence = if body.price_floor.is_some() {
        Evidence::WithPrice
    } else {
        Evidence::Required
    };
    identity::check(case, evidence, &mut door)?;
    let signer = door.door(signer, Code::SignerUnknown)?;

    let mut law = Codes::default();
    door::standing(&signer, case.now, &mut law);
    let title = state::title(case.state, property)?;
    // Rule 12: given by the spouse, or by their agent, who is not the disponor.
    let spouse = match &body.power {
        None => Some(case.record.issuer()),
        Some(id) => {
            let power = state::power(case.state, id)?;
            law.require(power.is_some(), Code::PowerUnknown);
            if let Some(power) = &power {
                check_power(case, body, power, &mut law)?;
            }
            power.map(|power| power.principal)
        }
    };
    law.require(
        case.record.issuer() != body.disponor,
        Code::ConsentByDisponor,
    );
    // Rule 7: to the disposal of a registered property.
    law.require(title.is_some(), Code::TitleUnknown);
    if let Some(title) = &title {
        check_spouse(case, body, title, spouse, &mut law)?;
    }
    // Rule 12: not lapsed before it is given.
    law.require(case.now <= body.expires, Code::ConsentExpired);
    let mut in_force = Vec::new();
    if let Some(title) = &title {
        let (kept, own) = prune(case, title, &body.disponor)?;
        law.require(own < CONSENTS_PER_HOLDER_MAX, Code::ConsentTooMany);
        in_force = kept;
    }
    let title = law.law(title, Code::TitleUnknown)?;
    in_force.push(case.record.id);
    let spouse = spouse.unwrap_or(case.record.issuer());
    effect(
        case,
        body,
        spouse,
        Title {
            consents: in_force,
            ..title
        },
    )
}

/// Records the consent, and registers the instrument on this title if it waited for it.
fn effect(
    case: &mut Case<'_, '_>,
    body: &SpousalConsent,
    spouse: PartyId,
    title: Title,
) -> Verdict {
    let id = case.record.id;
    let property = case.record.subject();
    let spouse_turn = representation::turn_of(case.state, &spouse)?;
    let consent = Consent {
        spouse,
        spouse_turn,
        property: property.to_owned(),
        consent: body.clone(),
        ended: None,
        used_by: None,
        contest_until: add_days(case.now, case.profile.contest_days),
    };
    case.state.put(Key::Consent(&id), &consent);
    case.state.put(Key::Title(property), &title);
    let mut outcomes = vec![outcome(id, Status::Registered)];
    outcomes.extend(registration::look_again_at(
        case.state, case.block, property,
    )?);
    Ok(outcomes)
}

/// Rule 12: to a disposal; to a sale with a floor, to a gift without.
fn check_fields(body: &SpousalConsent, door: &mut Codes) {
    door::money(body.price_floor.as_ref(), door);
    let complete = match body.act {
        ActKind::Sell => body.price_floor.is_some(),
        ActKind::Give
        | ActKind::Mortgage
        | ActKind::Servitude
        | ActKind::Lease
        | ActKind::Reparcel => body.price_floor.is_none(),
        ActKind::Exchange => true,
        ActKind::Acquire
        | ActKind::Consent
        | ActKind::Manage
        | ActKind::Release
        | ActKind::Sever => false,
    };
    door.require(complete, Code::FieldInvalid);
}

fn check_power(
    case: &Case<'_, '_>,
    body: &SpousalConsent,
    power: &Power,
    law: &mut Codes,
) -> Result<(), StateError> {
    let act = power::Use {
        signer: case.record.issuer(),
        kind: ActKind::Consent,
        property: case.record.subject(),
        price: body.price_floor.as_ref(),
        counterparties: body.counterparty.as_ref().map(std::slice::from_ref),
    };
    power::check_use(case.state, power, &act, case.now, law)?;
    // Rule 12: nor by somebody to whom the disponor passed the spouse's power on.
    let through = sub_power::agents(case.state, power)?.contains(&body.disponor);
    law.require(!through, Code::ConsentByDisponor);
    Ok(())
}

/// Rule 12: by the present spouse of a holder; not a former one, nor after a death.
fn check_spouse(
    case: &Case<'_, '_>,
    body: &SpousalConsent,
    title: &Title,
    spouse: Option<PartyId>,
    law: &mut Codes,
) -> Result<(), StateError> {
    let married = marriage::present_spouse(case.state, &body.disponor, case.now)?;
    let holds = title.share_of(&body.disponor).is_some();
    let is_spouse = married.is_some() && married == spouse;
    law.require(
        holds && (is_spouse || spouse.is_none()),
        Code::ConsentNotSpouse,
    );
    Ok(())
}

/// The title's consents without those that have expired, and how many are for `disponor`.
fn prune(
    case: &Case<'_, '_>,
    title: &Title,
    disponor: &PartyId,
) -> Result<(Vec<RecordId>, usize), StateError> {
    let mut kept = Vec::new();
    let mut own = 0;
    for id in &title.consents {
        let consent =
            state::consent(case.state, id)?.filter(|consent| case.now <= consent.consent.expires);
        if let Some(consent) = consent {
            kept.push(*id);
            own += usize::from(consent.consent.disponor == *disponor);
        }
    }
    Ok((kept, own))
}
