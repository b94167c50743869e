//! The act of signing an instrument, for oneself, under a power or by office (rules 1, 2, 4, 9, 15,
//! 17–21, 23).

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Act, ActDone, ActKind, ActRole, Power, Status};
use deedbook_schemas::limits::ACTS_MAX;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::{Code, Rejection};

use crate::apply::{BlockContext, Case};
use crate::deed::{self, Deed, Found};
use crate::identity::Evidence;
use crate::overlay::Overlay;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict};
use crate::{
    court_sale, door, guardianship, identity, marital, notarisation, power, registration,
    representation, sub_power, text,
};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Act) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let deed = open_deed(case, &mut door)?;
    let priced = deed
        .as_ref()
        .is_some_and(|deed| text::price(&deed.pending.text).is_some());
    let evidence = if priced {
        Evidence::WithPrice
    } else {
        Evidence::Required
    };
    identity::check(case, evidence, &mut door)?;
    // Under a power or by office, not both.
    let one = body.power.is_none() || body.represents.is_none();
    door.require(one, Code::FieldInvalid);
    let (signer, mut deed) = door.door(signer.zip(deed), Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    deed.pending.acts = deed::live_acts(case.state, &deed.pending, case.now)?;
    check_titles(case, body, &deed, &mut law)?;
    let power = match &body.power {
        None => None,
        Some(id) => {
            let power = state::power(case.state, id)?;
            law.require(power.is_some(), Code::PowerUnknown); // Rule 18.
            power
        }
    };
    let party = power
        .as_ref()
        .map(|power| power.principal)
        .or(body.represents)
        .unwrap_or(case.record.issuer());
    match &body.represents {
        None => door::standing(&signer, case.now, &mut law),
        Some(represented) => {
            // Rules 21, 23: by those in office, who deal with others.
            let failed =
                representation::check(case.state, &case.record.issuer(), represented, case.now)?;
            failed.into_iter().for_each(|code| law.refuse(code));
            check_agency(case, body, &deed, represented, &mut law)?;
        }
    }
    let represents = body.represents.is_some();
    let in_office = represents && !law.has(Code::GuardianForeign);
    guardianship::check_conflict(case, &deed, &party, in_office, &mut law)?;
    check_party(case, body, &deed, party, &mut law)?;
    notarisation::check_signer(case, &deed, &mut law)?;
    if let Some(power) = &power {
        check_power(case, body, &deed, power, &mut law)?;
    }
    law.lawful()?;

    let in_person = party == case.record.issuer();
    let party_turn = if in_person {
        signer.turn
    } else {
        representation::turn_of(case.state, &party)?
    };
    deed.pending.acts.push(ActDone {
        party,
        role: body.role,
        signer: case.record.issuer(),
        record: case.record.id,
        power: body.power,
        by_office: represents,
        party_turn,
        signer_turn: signer.turn,
    });
    effect(case, deed)
}

fn check_titles(
    case: &Case<'_, '_>,
    body: &Act,
    deed: &Deed,
    law: &mut Codes,
) -> Result<(), StateError> {
    let takes = body.role == text::slot_role(&deed.pending.text);
    for leg in &deed.legs {
        let title = deed.title(&leg.property)?;
        // Rules 7, 9: on the title that the parties saw.
        let current = leg.version.is_none_or(|version| version == title.version);
        law.require(current && !title.cancelled, Code::TitleVersion);
        // Rules 9, 31, 32: a disponor's act takes the slot, and needs it.
        if takes && text::disposes(&deed.pending.text) {
            let taken = deed::slot_refusal(
                case.state,
                &leg.property,
                title,
                &deed.pending.text,
                Some(&deed.id),
                case.now,
            )?;
            taken.into_iter().for_each(|code| law.refuse(code));
        }
    }
    Ok(())
}

/// Takes the slots that the act takes, and registers the instrument if this was the last thing missing.
fn effect(case: &mut Case<'_, '_>, mut deed: Box<Deed>) -> Verdict {
    let mut taken = Vec::new();
    if let Some(act) = deed.pending.acts.last() {
        for (property, title) in &deed.titles {
            let takes = deed::takes_slot(case.state, &deed.property, &deed.pending, property, act)?;
            if takes && title.slot != Some(deed.id) {
                taken.push(property.clone());
            }
        }
    }
    for property in &taken {
        court_sale::displace(case.state, &deed, property)?;
        if let Some(title) = deed.titles.get_mut(property) {
            title.slot = Some(deed.id);
        }
    }
    let outcomes = registration::register_if_complete(case.state, case.block, &mut deed)?;
    if outcomes.is_empty() {
        for property in &taken {
            case.state.put(Key::Title(property), deed.title(property)?);
        }
        deed.keep(case.state, case.block);
    }
    Ok(outcomes)
}

/// The open instrument that the record is about. From here on the record is judged by the profile that
/// judges the instrument (rule 47).
pub(crate) fn open_deed(
    case: &mut Case<'_, '_>,
    door: &mut Codes,
) -> Result<Option<Box<Deed>>, StateError> {
    let Some(id) = door::subject::<RecordId>(case, door) else {
        return Ok(None);
    };
    match deed::find(case.state, &id, case.now)? {
        Found::Open(deed) => {
            if deed.pending.profile != case.judged_by {
                case.judged_by = deed.pending.profile;
                case.profile = state::profile(case.state, case.judged_by)?;
            }
            return Ok(Some(deed));
        }
        Found::Nothing => door.refuse(Code::InstrumentUnknown),
        Found::Closed => door.refuse(Code::InstrumentClosed),
    }
    Ok(None)
}

fn check_party(
    case: &Case<'_, '_>,
    body: &Act,
    deed: &Deed,
    party: PartyId,
    law: &mut Codes,
) -> Result<(), StateError> {
    // Rule 4, Civil Code 212: a party to the instrument in this capacity, or a member of one.
    let mut own = Vec::new();
    for side in text::side_of(&deed.legs, &deed.pending.text, body.role) {
        if representation::belongs(case.state, &side, &party)? {
            own.push(side);
        }
    }
    law.require(!own.is_empty(), Code::ActRoleForeign);
    // Rules 4, 23: once; of a legal entity, once by each of the officers that it takes.
    let acts = &deed.pending.acts;
    let signer = case.record.issuer();
    let earlier = || {
        acts.iter()
            .filter(|a| a.role == body.role && a.party == party)
    };
    let repeated = earlier().any(|act| act.signer == signer)
        || earlier().next().is_some()
            && representation::has_acted(case.state, acts, body.role, &party)?;
    law.require(!repeated, Code::ActRepeated);
    // Rule 4: as many as an instrument has room for.
    law.require(acts.len() < ACTS_MAX, Code::GroupTooDeep);
    if body.role == ActRole::Disponor && text::disposes(&deed.pending.text) {
        check_holding(body, deed, &own, law)?;
    }
    Ok(())
}

/// Rules 1, 2, 20, Civil Code 188: who gives, and every group for which they do, holds at least that when
/// the act is done.
fn check_holding(
    body: &Act,
    deed: &Deed,
    own: &[PartyId],
    law: &mut Codes,
) -> Result<(), StateError> {
    for leg in &deed.legs {
        let title = deed.title(&leg.property)?;
        for side in own.iter().filter(|side| leg.disponors.contains(side)) {
            match title.share_of(side) {
                None if body.power.is_some() => law.refuse(Code::PrincipalNotHolder),
                None => law.refuse(Code::TitleNotHolder),
                Some(held) => {
                    let text = &deed.pending.text;
                    let given = marital::given(&deed.property, text, &leg.property, side);
                    law.require(given.is_none_or(|given| given <= held), Code::TitleExcess);
                }
            }
        }
    }
    Ok(())
}

/// The other side.
fn facing(role: ActRole) -> ActRole {
    match role {
        ActRole::Disponor | ActRole::Mortgagee => ActRole::Acquirer,
        ActRole::Acquirer => ActRole::Disponor,
    }
}

/// Rule 19, Civil Code 163: who acts for one side under a power acts for the other by office only if
/// that power allows it.
fn check_agency(
    case: &Case<'_, '_>,
    body: &Act,
    deed: &Deed,
    represented: &PartyId,
    law: &mut Codes,
) -> Result<(), StateError> {
    for done in &deed.pending.acts {
        let other = done.role == facing(body.role) && done.party != *represented;
        if let Some(id) = done.power.as_ref().filter(|_| other)
            && done.signer == case.record.issuer()
        {
            let power = state::power(case.state, id)?;
            let allowed = power.is_none_or(|power| power.scope.self_dealing);
            law.require(allowed, Code::PowerSelfDealing);
        }
    }
    Ok(())
}

fn check_power(
    case: &Case<'_, '_>,
    body: &Act,
    deed: &Deed,
    power: &Power,
    law: &mut Codes,
) -> Result<(), StateError> {
    let text = &deed.pending.text;
    let kind = match body.role {
        ActRole::Disponor => text::disposition(text).unwrap_or(ActKind::Manage),
        ActRole::Acquirer | ActRole::Mortgagee => ActKind::Acquire,
    };
    // Rule 15: who buys with borrowed money also mortgages what is bought.
    let also = (body.role == ActRole::Acquirer && text::lends(text)).then_some(ActKind::Mortgage);
    let facing = facing(body.role);
    let counterparties =
        representation::facing(case.state, &deed.property, text, &power.principal, facing)?;
    for (leg, kind) in deed.legs.iter().flat_map(|leg| {
        [Some(kind), also]
            .into_iter()
            .flatten()
            .map(move |k| (leg, k))
    }) {
        let act = power::Use {
            signer: case.record.issuer(),
            kind,
            property: &leg.property,
            price: text::price(text),
            counterparties: Some(&counterparties),
        };
        power::check_use(case.state, power, &act, case.now, law)?;
    }
    // Rule 19, Civil Code 163: on both sides only if both principals allow it; who passed a power on
    // is on its side too.
    let own = sub_power::agents(case.state, power)?;
    for done in deed.pending.acts.iter().filter(|act| act.role == facing) {
        let other = match &done.power {
            None => None,
            Some(id) => state::power(case.state, id)?,
        };
        let theirs = match &other {
            None => vec![done.signer],
            Some(other) => sub_power::agents(case.state, other)?,
        };
        let both = theirs.iter().any(|agent| own.contains(agent));
        let principal = &power.principal;
        let same =
            representation::are_together(case.state, &deed.property, text, &done.party, principal)?;
        let allowed = power.scope.self_dealing && other.is_none_or(|p| p.scope.self_dealing);
        law.require(!both || same || allowed, Code::PowerSelfDealing);
    }
    Ok(())
}

/// Any change of the title ends the instruments drawn up for an earlier version (rule 9): the first
/// act that comes upon it says so.
pub(crate) fn end_outdated(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    record: &Record,
    rejection: &Rejection,
) -> Result<Vec<Outcome>, StateError> {
    let outdated = rejection.codes().any(|code| code == Code::TitleVersion);
    let Some(id) = record.subject().parse().ok().filter(|_| outdated) else {
        return Ok(Vec::new());
    };
    let Found::Open(deed) = deed::find(state, &id, block.now())? else {
        return Ok(Vec::new());
    };
    let codes = Rejection::one(Code::TitleVersion).to_strings();
    deed.close(state, block, Status::Refused, codes)
}
