//! Transfers: what their text must say, and what they change (rules 1–4, 10; Civil Code 188, 209).

use std::collections::{BTreeMap, BTreeSet};

use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{PartyShare, Transfer, TransferKind};
use deedbook_schemas::limits::{HOLDERS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::{Ground, Title};
use deedbook_schemas::rejection::Code;

use crate::apply::{BlockContext, Case};
use crate::deed::Deed;
use crate::overlay::Overlay;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::{
    court_sale, discharge, door, exchange, inheritance, mortgage, settlement, severance, shares,
};

/// What fails at the door.
pub(crate) fn fields(body: &Transfer, door: &mut Codes) {
    door::money(body.price.as_ref(), door);
    let terms = body.terms.as_deref().unwrap_or_default();
    door::text(terms, TEXT_BYTES_MAX, door);
    let sides = [&body.disponors, &body.acquirers];
    let within = sides.iter().all(|side| side.len() <= HOLDERS_MAX);
    door.require(within, Code::FieldInvalid);
    exchange::fields(body, door);
    discharge::fields(body, door);
    mortgage::purchase_fields(body, door);
    settlement::fields(body, door);
}

/// What fails by the law when it is lodged. `titles` are those of its legs that exist.
pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Transfer,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    let title = titles.get(case.record.subject());
    if let Some(title) = title {
        check_shares(
            case,
            title,
            &body.disponors,
            &body.acquirers,
            body.kind,
            law,
        );
        severance::check_part(case, title, &body.disponors, body.kind, law)?;
    }
    check_terms(body, law);
    match body.kind {
        TransferKind::Sale | TransferKind::Gift => {
            law.require(body.ground.is_none(), Code::TransferGround);
        }
        TransferKind::Exchange => {
            law.require(body.ground.is_none(), Code::TransferGround);
        }
        TransferKind::Inheritance => inheritance::check(case, body, law)?,
        TransferKind::CourtSale => court_sale::check(case, body, title, law)?,
        TransferKind::Severance => severance::check(case, body, title, law)?,
    }
    exchange::check(case, body, titles, law)?;
    mortgage::check_purchase(case, body, titles, law)?;
    discharge::check_listed(body, titles, law);
    settlement::check(case, body, law)
}

/// What the title says about the shares given and received.
pub(crate) fn check_shares(
    case: &Case<'_, '_>,
    title: &Title,
    disponors: &[PartyShare],
    acquirers: &[PartyShare],
    kind: TransferKind,
    law: &mut Codes,
) {
    for given in disponors {
        // Rule 1, Civil Code 188: who gives holds, now, by party id; see `lodging`.
        let Some(share) = title.share_of(&given.party) else {
            continue;
        };
        // Rule 2: nobody conveys more than they hold, in all over all their holdings.
        let same = disponors.iter().filter(|d| d.party == given.party);
        let total = Fraction::sum(same.map(|d| d.share));
        law.require(total.is_some_and(|total| total <= share), Code::TitleExcess);
    }
    // Rule 3: what results is exactly one, in exact fractions, and fits on a title.
    if !law.has(Code::TitleNotHolder)
        && !law.has(Code::TitleExcess)
        && let Err(code) = shares::after(title, disponors, acquirers, ground(kind), case.now)
    {
        law.refuse(code);
    }
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
    // Rules 3, 4: parties on both sides, each once. Of a severance the joint owners are on both.
    let once = |side: &[PartyShare]| {
        let parties: BTreeSet<PartyId> = side.iter().map(|share| share.party).collect();
        (!side.is_empty() && parties.len() == side.len()).then_some(parties)
    };
    let sides = once(&body.disponors).zip(once(&body.acquirers));
    let apart = sides.is_some_and(|(disponors, acquirers)| {
        body.kind == TransferKind::Severance || disponors.is_disjoint(&acquirers)
    });
    law.require(apart, Code::TransferParties);
    // Rule 10, Civil Code 406: what is sold has a price; what is given, inherited or severed has none.
    let positive = body.price.as_ref().map(|price| price.minor > 0);
    law.require(
        match body.kind {
            TransferKind::Sale | TransferKind::CourtSale => positive == Some(true),
            TransferKind::Exchange => positive != Some(false),
            TransferKind::Gift | TransferKind::Inheritance | TransferKind::Severance => {
                positive.is_none()
            }
        },
        Code::TransferPrice,
    );
}

/// On what ground the acquirers hold.
pub(crate) fn ground(kind: TransferKind) -> Ground {
    match kind {
        TransferKind::Sale | TransferKind::Exchange | TransferKind::CourtSale => Ground::Purchase,
        TransferKind::Gift => Ground::Gift,
        TransferKind::Inheritance => Ground::Inheritance,
        TransferKind::Severance => Ground::Severance,
    }
}

/// Rules 1–3: the holdings after the transfer, and everything that is settled with it.
pub(crate) fn register(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
    text: &Transfer,
) -> Result<(), StateError> {
    let property = deed.property.clone();
    convey(
        block,
        deed,
        &property,
        &text.disponors,
        &text.acquirers,
        text.kind,
    )?;
    exchange::convey(block, deed, text)?;
    inheritance::use_certificate(state, deed, text)?;
    court_sale::carry_out(state, deed, text)?;
    mortgage::register_purchase(block, deed, text)
}

/// Passes shares of one title.
pub(crate) fn convey(
    block: &BlockContext,
    deed: &mut Deed,
    property: &str,
    disponors: &[PartyShare],
    acquirers: &[PartyShare],
    kind: TransferKind,
) -> Result<(), StateError> {
    let id = deed.id;
    let Some(title) = deed.titles.get_mut(property) else {
        return Err(StateError::Inconsistent(format!(
            "{id} is not about {property}"
        )));
    };
    title.holdings = shares::after(title, disponors, acquirers, ground(kind), block.now())
        .map_err(|code| {
            StateError::Inconsistent(format!("{id} cannot be registered any more: {code}"))
        })?;
    Ok(())
}
