//! Who reads and certifies somebody's rights (rule 49; Law on Personal Data 7–9): with that person's
//! live consent, or on an authority's legal ground. Each read is a record, for the person to see.

use std::sync::Arc;

use deedbook_schemas::access::{Access, AccessConsent, AccessEntry};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::TEXT_BYTES_MAX;
use deedbook_schemas::party::{Nature, Party, PartyId};
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::identity::Evidence;
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, representation};

/// A person lets somebody read.
pub(crate) fn consent(case: &mut Case<'_, '_>, body: &AccessConsent) -> Verdict {
    let mut door = door::open(case);
    let person = door::person(case, &mut door)?;
    let recipient: Option<PartyId> = door::subject(case, &mut door);
    identity::check(case, Evidence::Required, &mut door)?;
    let (person, recipient) = door.door(person.zip(recipient), Code::FieldInvalid)?;

    let mut law = Codes::default();
    door::standing(&person, case.now, &mut law);
    // Rule 49: to somebody else, whom the ledger knows.
    let known = state::party(case.state, &recipient)?.is_some()
        || state::authority(case.state, &recipient)?.is_some();
    let another = recipient != case.record.issuer();
    law.require(known && another, Code::AccessForeign);
    // Rule 49: not lapsed before it is given.
    law.require(case.now <= body.expires, Code::AccessExpired);
    law.lawful()?;

    let id = case.record.id;
    let access = Access {
        person: case.record.issuer(),
        recipient,
        consent: body.clone(),
        ended: None,
    };
    case.state.put(Key::Access(&id), &access);
    Ok(vec![outcome(id, Status::Registered)])
}

/// Somebody reads.
pub(crate) fn enter(case: &mut Case<'_, '_>, body: &AccessEntry) -> Verdict {
    let mut door = door::open(case);
    let reader = reader(case, &mut door)?;
    identity::forbid(case, &mut door);
    let subject: Option<PartyId> = door::subject(case, &mut door);
    let ground = body.legal_ground.as_deref().unwrap_or_default();
    door::text(ground, TEXT_BYTES_MAX, &mut door);
    // By consent or by law, not both.
    let one = body.consent.is_none() || body.legal_ground.is_none();
    door.require(one, Code::FieldInvalid);
    let (reader, subject) = door.door(reader.zip(subject), Code::FieldInvalid)?;

    let mut law = Codes::default();
    if let Reader::Person(person) = &reader {
        door::standing(person, case.now, &mut law);
    }
    let of = state::party(case.state, &subject)?;
    law.require(of.is_some(), Code::HolderUnknown);
    match &body.consent {
        Some(id) => check_consent(case, body, id, &subject, &mut law)?,
        // Rule 49, Law on Personal Data 9: by law an authority alone, which says by which.
        None => {
            let by_law = matches!(reader, Reader::Authority) && !ground.trim().is_empty();
            law.require(by_law, Code::AccessGround);
        }
    }
    law.lawful()?;
    Ok(Vec::new())
}

enum Reader {
    Authority,
    Person(Arc<Party>),
}

/// The signer as an authority in office, or as a person.
fn reader(case: &Case<'_, '_>, door: &mut Codes) -> Result<Option<Reader>, StateError> {
    let Some(authority) = state::authority(case.state, &case.record.issuer())? else {
        let person = door::person(case, door)?;
        return Ok(person.map(Reader::Person));
    };
    door::authority(case, authority.accreditation.role, door)?;
    Ok(Some(Reader::Authority))
}

fn check_consent(
    case: &Case<'_, '_>,
    body: &AccessEntry,
    id: &RecordId,
    subject: &PartyId,
    law: &mut Codes,
) -> Result<(), StateError> {
    let Some(access) = state::read::<Access>(case.state, Key::Access(id))? else {
        law.refuse(Code::AccessUnknown); // Rule 49.
        return Ok(());
    };
    // Rule 49, Law on Personal Data 7: by this person, to this reader, for this purpose.
    let to_reader = reads_for(case, &access.recipient)?;
    law.require(
        access.person == *subject && to_reader && access.consent.purpose == body.purpose,
        Code::AccessForeign,
    );
    // Rule 49: while it lasts.
    law.require(case.now <= access.consent.expires, Code::AccessExpired);
    // Rule 49, Law on Personal Data 8: not taken back; it ends with the person.
    let alive = state::party(case.state, &access.person)?.is_some_and(|p| p.died.is_none());
    law.require(access.ended.is_none() && alive, Code::AccessEnded);
    Ok(())
}

/// Whether the signer is the recipient, or an officer of the legal entity that is.
fn reads_for(case: &Case<'_, '_>, recipient: &PartyId) -> Result<bool, StateError> {
    let signer = case.record.issuer();
    if signer == *recipient {
        return Ok(true);
    }
    let party = state::party(case.state, recipient)?;
    if !party.is_some_and(|party| matches!(party.nature, Nature::Legal(_))) {
        return Ok(false);
    }
    Ok(representation::check(case.state, &signer, recipient, case.now)?.is_empty())
}
