//! Notaries: what they certify, where, and for whom not (rules 16, 24; Civil Code 154, 169; Law on
//! Notaries 27).
//!
//! A certificate stands from its place in the ledger on, whatever becomes of the notary later.

use std::collections::BTreeSet;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Matter, Pending, Power, Supplement, Text};
use deedbook_schemas::limits::SUPPLEMENTS_MAX;
use deedbook_schemas::party::{AuthorityRole, Nature, PartyId};
use deedbook_schemas::proceeding::Notarisation;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::deed::{self, Deed, View};
use crate::requirements::Requirement;
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict};
use crate::{act, door, identity, marriage, power, registration, representation, sub_power, text};

pub(crate) fn apply(case: &mut Case<'_, '_>, _body: &Notarisation) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Notary, &mut door)?;
    identity::forbid(case, &mut door);
    let id: Option<RecordId> = case.record.subject().parse().ok();
    let power = match &id {
        Some(id) => state::power(case.state, id)?,
        None => None,
    };
    if let Some((id, power)) = id.zip(power) {
        door.door(Some(()), Code::FieldInvalid)?;
        return certify_power(case, id, power);
    }
    let deed = act::open_deed(case, &mut door)?;
    let deed = door.door(deed, Code::InstrumentUnknown)?;
    certify_instrument(case, *deed)
}

/// Rule 16, Civil Code 169: a sub-power works once it is certified.
fn certify_power(case: &mut Case<'_, '_>, id: RecordId, power: Power) -> Verdict {
    let mut law = Codes::default();
    // Rule 24: in its territory; a power over all properties has no bounds.
    let properties = power.scope.properties.as_deref();
    check_territory(case, properties, &mut law)?;
    // Rule 24: for others.
    let mut parties = sub_power::agents(case.state, &power)?;
    parties.push(power.principal);
    check_interest(case, &parties, &mut law)?;
    // Rule 16: a power passed on, once.
    let due = power.parent.is_some() && power.notarised.is_none();
    law.require(due, Code::NotaryDone);
    // Rule 17: what has ended is not brought to life.
    for code in power::power_in_force(case.state, &power, case.now)? {
        law.require(
            matches!(code, Code::PowerUnnotarised | Code::PowerNotYet),
            code,
        );
    }
    law.lawful()?;

    let certified = Power {
        notarised: Some(case.record.id),
        ..power
    };
    case.state.put(Key::Power(&id), &certified);
    Ok(Vec::new())
}

/// Rule 24, Civil Code 154: an instrument of a kind that the profile names.
fn certify_instrument(case: &mut Case<'_, '_>, mut deed: Deed) -> Verdict {
    let mut law = Codes::default();
    // Rule 24: in its territory, with everything the instrument is about.
    let legs = deed.legs.iter().map(|leg| leg.property.clone());
    let mut properties: Vec<String> = legs.collect();
    properties.push(deed.property.clone());
    check_territory(case, Some(&properties), &mut law)?;
    // Rule 24: for others: the parties, and those who act for them. What no longer counts (rules 17, 18)
    // is not certified, and who did it has nothing to do with what is.
    deed.pending.acts = deed::live_acts(case.state, &deed.pending, case.now)?;
    let mut parties = text::all_parties(&deed.property, &deed.pending.text);
    for done in &deed.pending.acts {
        parties.push(done.signer);
        if let Some(power) = &done.power
            && let Some(power) = state::power(case.state, power)?
        {
            parties.extend(sub_power::agents(case.state, &power)?);
        }
    }
    check_interest(case, &parties, &mut law)?;
    // Rule 24: where one is asked for, once.
    let profile = state::profile(case.state, deed.pending.profile)?;
    let asked = is_asked_for(&profile, &deed.pending.text);
    let first = certified_by(&deed.pending).is_none();
    law.require(asked && first, Code::NotaryDone);
    let room = deed.pending.supplements.len() < SUPPLEMENTS_MAX;
    law.require(room, Code::RequisitionTooMany);
    law.lawful()?;

    let notary = case.record.issuer();
    deed.pending.supplements.push(Supplement {
        record: case.record.id,
        matter: Matter::Notarisation { notary },
    });
    Ok(registration::conclude(case.state, case.block, deed)?)
}

fn certified_by(pending: &Pending) -> Option<PartyId> {
    pending
        .supplements
        .iter()
        .find_map(|supplement| match &supplement.matter {
            Matter::Notarisation { notary } => Some(*notary),
            _ => None,
        })
}

fn is_asked_for(profile: &Profile, text: &Text) -> bool {
    text::disposition(text).is_some_and(|kind| profile.notarial_acts.contains(&kind))
}

/// Rule 24: whether the notary who signed is competent for these properties; `None` is all there are.
pub(crate) fn check_territory(
    case: &Case<'_, '_>,
    properties: Option<&[String]>,
    law: &mut Codes,
) -> Result<(), StateError> {
    let notary = state::authority(case.state, &case.record.issuer())?;
    let Some(territory) = notary
        .as_ref()
        .and_then(|notary| notary.accreditation.territory.as_ref())
    else {
        return Ok(());
    };
    let inside = |property: &String| {
        territory
            .iter()
            .any(|beginning| property.starts_with(beginning))
    };
    law.require(
        properties.is_some_and(|properties| properties.iter().all(inside)),
        Code::NotaryTerritory,
    );
    Ok(())
}

/// Rule 24: whether the notary who signed is known, can act, and is a stranger to these parties.
pub(crate) fn check_interest(
    case: &Case<'_, '_>,
    parties: &[PartyId],
    law: &mut Codes,
) -> Result<(), StateError> {
    let person = person_of(case.state, &case.record.issuer())?;
    let Some(person) = person else {
        // Of a notary whom nobody knows nobody can say that they are a stranger.
        law.refuse(Code::NotaryInterested);
        return Ok(());
    };
    if let Some(found) = state::party(case.state, &person)? {
        door::standing(&found, case.now, law);
    }
    let interested = is_interested(case, &person, parties)?;
    law.require(!interested, Code::NotaryInterested);
    Ok(())
}

/// Rule 24: nobody acts, for whomever, on what they have certified as a notary.
pub(crate) fn check_signer(
    case: &Case<'_, '_>,
    deed: &Deed,
    law: &mut Codes,
) -> Result<(), StateError> {
    if let Some(notary) = certified_by(&deed.pending) {
        let person = person_of(case.state, &notary)?;
        let other = person != Some(case.record.issuer());
        law.require(other, Code::NotaryInterested);
    }
    Ok(())
}

fn person_of(state: &dyn StateRead, notary: &PartyId) -> Result<Option<PartyId>, StateError> {
    let notary = state::authority(state, notary)?;
    Ok(notary.and_then(|notary| notary.accreditation.person))
}

/// Whether a person is one of these parties, a member, an officer, the spouse, the guardian or the ward
/// of one.
fn is_interested(
    case: &Case<'_, '_>,
    person: &PartyId,
    parties: &[PartyId],
) -> Result<bool, StateError> {
    let guardian = state::party(case.state, person)?.and_then(|party| party.guardian);
    let spouse = marriage::present_spouse(case.state, person, case.now)?;
    let mut all: BTreeSet<PartyId> = parties.iter().copied().collect();
    for party in parties {
        all.extend(representation::members(case.state, party)?);
    }
    for id in &all {
        if [Some(*person), guardian, spouse].contains(&Some(*id)) {
            return Ok(true);
        }
        let Some(party) = state::party(case.state, id)? else {
            continue;
        };
        let officer = match &party.nature {
            Nature::Legal(entity) => entity.officers.contains(person),
            Nature::Natural | Nature::Group(_) => false,
        };
        if officer || party.guardian == Some(*person) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Rule 24, Civil Code 154: a notary certifies what the profile says.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    if !is_asked_for(&view.profile, &view.deed.pending.text)
        || certified_by(&view.deed.pending).is_some()
    {
        return Ok(Vec::new());
    }
    let text = "A notary in whose territory the property is has to certify the instrument.";
    Ok(vec![Requirement::new(
        Code::NotaryMissing,
        None,
        text.to_owned(),
    )])
}
