//! Revocation and renunciation of powers, revocation of consents and approvals (rules 13, 16–18, 23,
//! 49; Civil Code 37, 169, 170). It works from its place in the ledger and carries no date, so none can be backdated.

use deedbook_schemas::access::Access;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Consent, Ended, Ending, Power, Revocation};
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::identity::Evidence;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict};
use crate::{approval, door, identity, representation, sub_power};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Revocation) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let id: Option<RecordId> = door::subject(case, &mut door);
    identity::check(case, Evidence::Required, &mut door)?;
    let (signer, id) = door.door(signer.zip(id), Code::FieldInvalid)?;

    let mut law = Codes::default();
    door::standing(&signer, case.now, &mut law);
    let ended = Some(Ended {
        ending: body.ending,
        record: case.record.id,
        at: case.block.time,
    });
    if let Some(power) = state::power(case.state, &id)? {
        check_power(case, body, &power, &mut law)?;
        law.lawful()?;
        case.state.put(Key::Power(&id), &Power { ended, ..power });
    } else if let Some(consent) = state::consent(case.state, &id)? {
        check_consent(case, body, &consent, &mut law);
        law.lawful()?;
        strike(case, &id, &consent)?;
        case.state
            .put(Key::Consent(&id), &Consent { ended, ..consent });
    } else if let Some(access) = state::read::<Access>(case.state, Key::Access(&id))? {
        check_access(case, body, &access, &mut law);
        law.lawful()?;
        case.state
            .put(Key::Access(&id), &Access { ended, ..access });
    } else if let Some(approval) = approval::counting(case, &id)? {
        // Rule 23: by the officer who gave it, until it is used.
        let own = body.ending == Ending::Revocation && approval.officer == case.record.issuer();
        law.require(own, Code::RevocationForeign);
        law.lawful()?;
        approval::remove(case.state, &id)?;
    } else {
        law.refuse(Code::PowerUnknown); // Rule 18.
        law.lawful()?;
    }
    Ok(Vec::new())
}

fn check_power(
    case: &Case<'_, '_>,
    body: &Revocation,
    power: &Power,
    law: &mut Codes,
) -> Result<(), StateError> {
    let signer = case.record.issuer();
    // Rules 16, 18, 23, Civil Code 169, 170: revoked by the principal, or by the agent who passed it
    // on; a legal entity's by any officer, as it binds the entity to nothing; renounced by its agent.
    let entitled = match body.ending {
        Ending::Revocation => {
            let ancestors = sub_power::ancestors(case.state, power)?;
            let passed_on = ancestors.first().map(|parent| parent.agent);
            passed_on == Some(signer)
                || representation::speaks_for(case.state, &signer, &power.principal, case.now)?
        }
        Ending::Renunciation => power.agent == signer,
    };
    law.require(entitled, Code::RevocationForeign);
    law.require(
        power.ended.is_none() && case.now < power.expires,
        Code::RevocationDone,
    );
    Ok(())
}

/// Rule 49, Law on Personal Data 8: by who gave it.
fn check_access(case: &Case<'_, '_>, body: &Revocation, access: &Access, law: &mut Codes) {
    law.require(
        body.ending == Ending::Revocation && access.person == case.record.issuer(),
        Code::RevocationForeign,
    );
    law.require(
        access.ended.is_none() && case.now <= access.consent.expires,
        Code::RevocationDone,
    );
}

fn check_consent(case: &Case<'_, '_>, body: &Revocation, consent: &Consent, law: &mut Codes) {
    // Rule 13, Marriage Code 34: by the spouse, until it is used.
    law.require(
        body.ending == Ending::Revocation && consent.spouse == case.record.issuer(),
        Code::RevocationForeign,
    );
    law.require(consent.ended.is_none(), Code::ConsentEnded);
    law.require(consent.used_by.is_none(), Code::ConsentUsed);
}

/// Takes a consent off its title.
fn strike(case: &mut Case<'_, '_>, id: &RecordId, consent: &Consent) -> Result<(), StateError> {
    if let Some(mut title) = state::title(case.state, &consent.property)? {
        title.consents.retain(|listed| listed != id);
        case.state.put(Key::Title(&consent.property), &title);
    }
    Ok(())
}
