//! The act of signing an instrument, for oneself or under a power (rules 1, 2, 4, 9, 15, 17–20).

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Act, ActDone, ActKind, ActRole, Power, Status, TransferKind};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::{Code, Rejection};

use crate::apply::{BlockContext, Case};
use crate::deed::{self, Deed, Found};
use crate::identity::Evidence;
use crate::state::{self, Key, Overlay, StateError};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity, power, requirements, transfer};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Act) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let deed = open_deed(case, &mut door)?;
    let sale = deed
        .as_ref()
        .is_some_and(|deed| deed.pending.transfer.kind == TransferKind::Sale);
    let evidence = if sale {
        Evidence::WithPrice
    } else {
        Evidence::Required
    };
    identity::check(case, evidence, &mut door)?;
    let (signer, mut deed) = door.door(signer.zip(deed), Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    door::standing(&signer, &mut law);
    deed.pending.acts = deed::live_acts(case.state, &deed.pending, case.now)?;
    // Rule 9: on the title that the parties saw.
    let current = deed.title.version == deed.pending.transfer.title_version;
    law.require(current, Code::TitleVersion);
    // Rules 9, 31: a disponor's act takes the slot, and needs it.
    let holder = deed::slot_holder(case.state, &deed.title, case.now)?;
    let free = holder.is_none_or(|holder| holder == deed.id);
    law.require(body.role == ActRole::Acquirer || free, Code::TitleSlot);
    let power = match &body.power {
        None => None,
        Some(id) => {
            let power = state::power(case.state, id)?;
            law.require(power.is_some(), Code::PowerUnknown); // Rule 18.
            power
        }
    };
    let party = power.as_ref().map_or(case.record.issuer(), |p| p.principal);
    check_party(body, &deed, party, power.is_some(), &mut law);
    if let Some(power) = &power {
        check_power(case, body, &deed, power, &mut law)?;
    }
    law.lawful()?;

    deed.pending.acts.push(ActDone {
        party,
        role: body.role,
        signer: case.record.issuer(),
        record: case.record.id,
        power: body.power,
    });
    effect(case, body.role, deed)
}

/// Takes the slot, and registers the instrument if this was the last thing missing.
fn effect(case: &mut Case<'_, '_>, role: ActRole, mut deed: Box<Deed>) -> Verdict {
    let takes_slot = role == ActRole::Disponor && deed.title.slot != Some(deed.id);
    if takes_slot {
        deed.title.slot = Some(deed.id);
    }
    if let Some(outcome) = transfer::register_if_complete(case.state, case.block, &mut deed)? {
        return Ok(vec![outcome]);
    }
    if takes_slot {
        case.state.put(Key::Title(&deed.property), &deed.title);
    }
    deed.keep(case.state, case.block);
    Ok(Vec::new())
}

/// The open instrument that the record is about.
pub(crate) fn open_deed(
    case: &Case<'_, '_>,
    door: &mut Codes,
) -> Result<Option<Box<Deed>>, StateError> {
    let Some(id) = door::subject::<RecordId>(case, door) else {
        return Ok(None);
    };
    match deed::find(case.state, &id, case.now)? {
        Found::Open(deed) => return Ok(Some(deed)),
        Found::Nothing => door.refuse(Code::InstrumentUnknown),
        Found::Closed => door.refuse(Code::InstrumentClosed),
    }
    Ok(None)
}

fn check_party(body: &Act, deed: &Deed, party: PartyId, by_agent: bool, law: &mut Codes) {
    // Rule 4, Civil Code 212: a party to the instrument in this capacity, once.
    let share = deed.side(body.role).iter().find(|s| s.party == party);
    law.require(share.is_some(), Code::ActRoleForeign);
    let repeated = requirements::has_acted(&deed.pending.acts, body.role, &party);
    law.require(!repeated, Code::ActRepeated);
    let Some(given) = share.filter(|_| body.role == ActRole::Disponor) else {
        return;
    };
    // Rules 1, 2, 20, Civil Code 188: who gives holds at least that when the act is done.
    match deed.title.share_of(&party) {
        None if by_agent => law.refuse(Code::PrincipalNotHolder),
        None => law.refuse(Code::TitleNotHolder),
        Some(held) => law.require(given.share <= held, Code::TitleExcess),
    }
}

fn check_power(
    case: &Case<'_, '_>,
    body: &Act,
    deed: &Deed,
    power: &Power,
    law: &mut Codes,
) -> Result<(), StateError> {
    let transfer = &deed.pending.transfer;
    let (kind, facing) = match body.role {
        ActRole::Disponor => (transfer.kind.disposition(), ActRole::Acquirer),
        ActRole::Acquirer => (ActKind::Acquire, ActRole::Disponor),
    };
    let counterparties: Vec<PartyId> = deed.side(facing).iter().map(|s| s.party).collect();
    let act = power::Use {
        signer: case.record.issuer(),
        kind,
        property: &deed.property,
        price: transfer.price.as_ref(),
        counterparties: Some(&counterparties),
    };
    power::check_use(case.state, power, &act, case.now, law)?;
    // Rule 19, Civil Code 163: on both sides only if both principals allow it.
    for done in &deed.pending.acts {
        if done.role != facing || done.signer != case.record.issuer() {
            continue;
        }
        let other = match &done.power {
            None => None,
            Some(id) => state::power(case.state, id)?,
        };
        let allowed = power.scope.self_dealing && other.is_none_or(|p| p.scope.self_dealing);
        law.require(allowed, Code::PowerSelfDealing);
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
    Ok(vec![deed.close(state, block, Status::Refused, codes)])
}
