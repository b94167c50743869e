//! Transfers: lodging and registration (rules 1–4, 9, 11–13, 31).

use std::collections::BTreeSet;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{
    Instrument, PartyShare, PendingTransfer, Status, Transfer, TransferKind,
};
use deedbook_schemas::limits::{HOLDERS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::record::Record;
use deedbook_schemas::rejection::{Code, Rejection};

use crate::apply::{BlockContext, Case};
use crate::deed::{self, Deed};
use crate::expiry::expires;
use crate::state::{self, Key, Overlay, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, requirements, shares, waiting};

pub(crate) fn lodge(case: &mut Case<'_, '_>, body: &Transfer) -> Verdict {
    let mut door = door::open(case);
    let lodger = door::person(case, &mut door)?;
    identity::forbid(case, &mut door);
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    door::money(body.price.as_ref(), &mut door);
    door::text(
        body.terms.as_deref().unwrap_or_default(),
        TEXT_BYTES_MAX,
        &mut door,
    );
    let sides = [&body.disponors, &body.acquirers];
    let within = sides.iter().all(|side| side.len() <= HOLDERS_MAX);
    door.require(within, Code::FieldInvalid);
    let lodger = door.door(lodger, Code::SignerUnknown)?;

    let mut law = Codes::default();
    door::standing(&lodger, &mut law);
    let title = state::title(case.state, property)?;
    if let Some(title) = &title {
        check_title(case, title, body, &mut law)?;
    }
    check_terms(body, &mut law);
    for acquirer in &body.acquirers {
        let known = state::party(case.state, &acquirer.party)?;
        let alive = known.is_some_and(|party| party.died.is_none());
        law.require(alive, Code::AcquirerUnknown);
    }
    law.law(title, Code::TitleUnknown)?;

    let instrument = Instrument {
        property: property.to_owned(),
        status: Status::Pending,
        lodged: case.block.height,
        changed: case.block.time,
        pending: Some(PendingTransfer {
            transfer: body.clone(),
            lodger: case.record.issuer(),
            expires: expires(case.now, &case.profile),
            acts: Vec::new(),
        }),
        codes: Vec::new(),
    };
    case.state
        .put(Key::Instrument(&case.record.id), &instrument);
    case.state.note_lodged(case.record.id);
    Ok(Vec::new())
}

/// What the title says about the transfer.
fn check_title(
    case: &Case<'_, '_>,
    title: &Title,
    body: &Transfer,
    law: &mut Codes,
) -> Result<(), StateError> {
    for given in &body.disponors {
        // Rule 1, Civil Code 188: who gives holds, now, by party id.
        let Some(share) = title.share_of(&given.party) else {
            law.refuse(Code::TitleNotHolder);
            continue;
        };
        // Rule 2: nobody conveys more than they hold, in all over all their holdings.
        let same = body.disponors.iter().filter(|d| d.party == given.party);
        let total = Fraction::sum(same.map(|d| d.share));
        law.require(total.is_some_and(|total| total <= share), Code::TitleExcess);
        // Rule 22: after a death only heirs dispose; rule 21: the incapable do not act.
        if let Some(party) = state::party(case.state, &given.party)? {
            door::standing(&party, law);
        }
    }
    // Rule 3: what results is exactly one, in exact fractions, and fits on a title.
    if !law.has(Code::TitleNotHolder)
        && !law.has(Code::TitleExcess)
        && let Err(code) = shares::after(title, body, case.now)
    {
        law.refuse(code);
    }
    // Rule 9: for the title as it is.
    law.require(body.title_version == title.version, Code::TitleVersion);
    // Rules 9, 31: behind nobody.
    let holder = deed::slot_holder(case.state, title, case.now)?;
    law.require(holder.is_none(), Code::TitleSlot);
    Ok(())
}

/// What the transfer says about itself.
fn check_terms(body: &Transfer, law: &mut Codes) {
    let sum = |side: &[PartyShare]| Fraction::sum(side.iter().map(|party| party.share));
    // Rule 3, Civil Code 209: given is exactly what is received.
    let (given, received) = (sum(&body.disponors), sum(&body.acquirers));
    law.require(
        given.is_some() && given == received,
        Code::TransferUnbalanced,
    );
    // Rules 3, 4: parties on both sides, each once.
    let parties: BTreeSet<PartyId> = body
        .disponors
        .iter()
        .chain(&body.acquirers)
        .map(|share| share.party)
        .collect();
    law.require(
        !body.disponors.is_empty()
            && !body.acquirers.is_empty()
            && parties.len() == body.disponors.len() + body.acquirers.len(),
        Code::TransferParties,
    );
    // Rule 10, Civil Code 406: a sale has a price, a gift has none.
    law.require(
        match body.kind {
            TransferKind::Sale => body.price.as_ref().is_some_and(|price| price.minor > 0),
            TransferKind::Gift => body.price.is_none(),
        },
        Code::TransferPrice,
    );
}

/// A refused instrument is kept, so that it can be asked about.
pub(crate) fn keep_refused(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    record: &Record,
    rejection: &Rejection,
) {
    let instrument = Instrument {
        property: record.subject().to_owned(),
        status: Status::Refused,
        lodged: block.height,
        changed: block.time,
        pending: None,
        codes: rejection.to_strings(),
    };
    state.put(Key::Instrument(&record.id), &instrument);
}

/// Registers the deed if its last requirement is met; otherwise, if nothing but a civil status or a
/// consent is missing, lets it wait for that. `deed` holds only acts that count.
pub(crate) fn register_if_complete(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
) -> Result<Option<Outcome>, StateError> {
    // Rules 9, 31: of the title the parties saw, and first in rank.
    let first = deed.title.slot == Some(deed.id)
        && deed.title.version == deed.pending.transfer.title_version;
    if !first || !requirements::acts(state, &deed.pending)?.is_empty() {
        return Ok(None);
    }
    let marital = requirements::marital(
        state,
        &deed.property,
        &deed.title,
        &deed.pending,
        block.now(),
    )?;
    if !marital.open.is_empty() {
        waiting::wait(state, deed.id, &marital.waiting)?;
        return Ok(None);
    }
    register(state, block, deed, &marital.consents).map(Some)
}

fn register(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &Deed,
    used: &BTreeSet<RecordId>,
) -> Result<Outcome, StateError> {
    let damaged = |what: String| StateError::Inconsistent(format!("{}: {what}", deed.id));
    let holdings = shares::after(&deed.title, &deed.pending.transfer, block.now())
        .map_err(|code| damaged(format!("cannot be registered any more: {code}")))?;
    let version = deed.title.version.saturating_add(1);
    let mut title = Title {
        version,
        holdings,
        source: deed.id,
        begin_lifespan_version: block.time,
        slot: None,
        ..deed.title.clone()
    };
    // Rule 13: a consent serves once, and none outlives the holding it was given for.
    let mut kept = Vec::new();
    for id in &title.consents {
        let mut consent = state::consent(state, id)?
            .ok_or_else(|| damaged(format!("the consent {id} is missing")))?;
        if used.contains(id) {
            consent.used_by = Some(deed.id);
            state.put(Key::Consent(id), &consent);
        } else if title.share_of(&consent.consent.disponor).is_some() {
            kept.push(*id);
        }
    }
    title.consents = kept;
    state.put(Key::Title(&deed.property), &title);
    let registered = Instrument {
        property: deed.property.clone(),
        status: Status::Registered,
        lodged: deed.lodged,
        changed: block.time,
        pending: None,
        codes: Vec::new(),
    };
    state.put(Key::Instrument(&deed.id), &registered);
    Ok(Outcome {
        title_version: Some(version),
        ..outcome(deed.id, Status::Registered)
    })
}
