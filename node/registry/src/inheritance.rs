//! Inheritance (rule 22; Civil Code 1042, 1072): what the dead held passes to the heirs whom a notary
//! certified, and to nobody else.
//!
//! The dead do not act: the heirs do, as acquirers. Whether what the dead held has to be divided from
//! a spouse's half first: see `marital`.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{PartyShare, Status, Transfer, TransferKind};
use deedbook_schemas::limits::HOLDERS_MAX;
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::proceeding::{Succession, SuccessionCertificate};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::deed::Deed;
use crate::overlay::Overlay;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, notarisation};

pub(crate) fn certify(case: &mut Case<'_, '_>, body: &SuccessionCertificate) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Notary, &mut door)?;
    identity::forbid(case, &mut door);
    let deceased: Option<PartyId> = door::subject(case, &mut door);
    door::cadastral(&body.property, &mut door);
    let heirs: Vec<PartyId> = body.heirs.iter().map(|heir| heir.party).collect();
    door.require(
        (1..=HOLDERS_MAX).contains(&heirs.len()) && door::ascending(&heirs),
        Code::FieldInvalid,
    );
    let deceased = door.door(deceased, Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 24: in the notary's territory, for strangers.
    let property = std::slice::from_ref(&body.property);
    notarisation::check_territory(case, Some(property), &mut law)?;
    let parties: Vec<PartyId> = heirs.iter().copied().chain([deceased]).collect();
    notarisation::check_interest(case, &parties, &mut law)?;
    // Rule 22, Civil Code 1042: a succession opens with a registered death.
    let died = state::party(case.state, &deceased)?.and_then(|party| party.died);
    law.require(died.is_some(), Code::SuccessionAlive);
    let title = state::title(case.state, &body.property)?;
    law.require(title.is_some(), Code::TitleUnknown);
    if let Some(title) = &title {
        // Rule 7: not of one that has become others.
        law.require(!title.cancelled, Code::TitleCancelled);
        check_shares(title, &deceased, &body.heirs, &mut law);
    }
    // Rule 22: to the living, who are enrolled.
    for heir in &heirs {
        let enrolled = state::party(case.state, heir)?.is_some_and(|heir| heir.died.is_none());
        law.require(enrolled, Code::SuccessionHeirs);
    }
    law.lawful()?;

    let id = case.record.id;
    let succession = Succession {
        deceased,
        certificate: body.clone(),
        used_by: None,
    };
    case.state.put(Key::Succession(&id), &succession);
    Ok(vec![outcome(id, Status::Registered)])
}

/// Rule 22, Civil Code 1072: the heirs receive what the dead held, no less and no more.
fn check_shares(title: &Title, deceased: &PartyId, heirs: &[PartyShare], law: &mut Codes) {
    let held = title.share_of(deceased);
    law.require(held.is_some(), Code::TitleNotHolder);
    let given = Fraction::sum(heirs.iter().map(|heir| heir.share));
    law.require(held.is_none() || given == held, Code::SuccessionHeirs);
}

/// Rule 22: by a certificate, to its heirs.
pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Transfer,
    law: &mut Codes,
) -> Result<(), StateError> {
    // Rules 10, 22: for nothing, and with nothing else.
    law.require(body.counter.is_none(), Code::TransferCounter);
    let alone = body.settlement.is_none() && body.mortgage.is_none() && body.discharges.is_none();
    law.require(alone, Code::TransferPrice);
    let Some(id) = &body.ground else {
        law.refuse(Code::TransferGround);
        return Ok(());
    };
    let Some(succession) = unused(case.state, id)? else {
        law.refuse(Code::SuccessionUnknown);
        return Ok(());
    };
    let certificate = &succession.certificate;
    // Rule 22, Civil Code 1072: everything as the notary certified it, and all of it.
    let [given] = body.disponors.as_slice() else {
        law.refuse(Code::SuccessionHeirs);
        return Ok(());
    };
    let title = state::title(case.state, case.record.subject())?;
    let whole = title.is_none_or(|title| {
        let held = title.share_of(&given.party);
        held.is_none_or(|held| held == given.share)
    });
    law.require(
        given.party == succession.deceased
            && whole
            && certificate.property == case.record.subject()
            && certificate.heirs == body.acquirers,
        Code::SuccessionHeirs,
    );
    Ok(())
}

fn unused(state: &dyn StateRead, id: &RecordId) -> Result<Option<Succession>, StateError> {
    let found: Option<Succession> = state::read(state, Key::Succession(id))?;
    Ok(found.filter(|succession| succession.used_by.is_none()))
}

/// Rule 22: a certificate serves once.
pub(crate) fn use_certificate(
    state: &mut Overlay<'_>,
    deed: &Deed,
    text: &Transfer,
) -> Result<(), StateError> {
    let Some(id) = text
        .ground
        .as_ref()
        .filter(|_| text.kind == TransferKind::Inheritance)
    else {
        return Ok(());
    };
    let succession = unused(state, id)?.ok_or_else(|| {
        StateError::Inconsistent(format!("{}: the certificate {id} is used up", deed.id))
    })?;
    let used = Succession {
        used_by: Some(deed.id),
        ..succession
    };
    state.put(Key::Succession(id), &used);
    Ok(())
}
