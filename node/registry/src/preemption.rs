//! Pre-emption of co-owners (rule 6; Civil Code 216): a share goes to a stranger only on the price and
//! terms on which it was offered to the others before, and after they waived or their time is over.
//!
//! An offer is served by being on the title. It is gone when somebody becomes a co-owner whom it was
//! not served on, and when its holder no longer has the share.

use std::collections::BTreeSet;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Encumbrance, PreemptionNotice, PreemptionWaiver, Right};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, PartyShare, Status, Text, Transfer, TransferKind};
use deedbook_schemas::limits::TEXT_BYTES_MAX;
use deedbook_schemas::party::{Nature, Party, PartyId};
use deedbook_schemas::property::{Holding, Title};
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::deed::View;
use crate::identity::Evidence;
use crate::requirements::Requirement;
use crate::schedule::{Due, days_after};
use crate::state::{self, Key, StateError, StateRead};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, power, registration, representation};

fn evidence(price: Option<&Money>) -> Evidence {
    if price.is_some() {
        Evidence::WithPrice
    } else {
        Evidence::Required
    }
}

/// A co-owner offers a share to the others. It binds nobody: it begins their time.
pub(crate) fn offer(case: &mut Case<'_, '_>, body: &PreemptionNotice) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    door::money(body.price.as_ref(), &mut door);
    let terms = body.terms.as_deref().unwrap_or_default();
    door::text(terms, TEXT_BYTES_MAX, &mut door);
    identity::check(case, evidence(body.price.as_ref()), &mut door)?;
    let signer = door.door(signer, Code::SignerUnknown)?;

    let mut law = Codes::default();
    let party = body.represents.unwrap_or(case.record.issuer());
    check_offeror(case, &signer, body, &mut law)?;
    let title = state::title(case.state, property)?;
    // Rule 7: of a title that is one.
    law.require(
        title.as_ref().is_none_or(|title| !title.cancelled),
        Code::TitleCancelled,
    );
    let title = match title {
        Some(title) => title,
        None => return law.law(None, Code::TitleUnknown),
    };
    // Rule 6, Civil Code 216: a co-owner, to other co-owners.
    let held = title.share_of(&party);
    let alone = title.holdings.iter().all(|h| h.party == party);
    law.require(held.is_some() && !alone, Code::PreemptionForeign);
    // Rules 2, 6: no more than they hold.
    law.require(
        held.is_none_or(|held| body.share <= held),
        Code::PreemptionTerms,
    );
    // Rule 6: one offer at a time, so that the others know what they decide on.
    let running = title.encumbrances.iter().any(|e| {
        matches!(&e.right, Right::PreemptionNotice { disponor, until, .. }
            if *disponor == party && case.now < *until)
    });
    law.require(!running, Code::PreemptionWaived);
    law.lawful()?;

    put_on_offer(case, body, party, title);
    Ok(vec![outcome(case.record.id, Status::Registered)])
}

/// Rules 4, 21, 23: the holder in person, somebody who acts for them by office or is one of them, or
/// acts by office for one of them.
fn check_offeror(
    case: &Case<'_, '_>,
    signer: &Party,
    body: &PreemptionNotice,
    law: &mut Codes,
) -> Result<(), StateError> {
    let issuer = case.record.issuer();
    let Some(represented) = &body.represents else {
        door::standing(signer, case.now, law);
        return Ok(());
    };
    let members = representation::members(case.state, represented)?;
    if members.contains(&issuer) {
        door::standing(signer, case.now, law);
        return Ok(());
    }
    // Whoever stands for one of a group, too: a firm in it has nobody else.
    for member in &members {
        if representation::check(case.state, &issuer, member, case.now)?.is_empty() {
            return Ok(());
        }
    }
    let failed = representation::check(case.state, &issuer, represented, case.now)?;
    failed.into_iter().for_each(|code| law.refuse(code));
    Ok(())
}

/// Replaces the holder's earlier offer, whose time is over.
fn put_on_offer(
    case: &mut Case<'_, '_>,
    body: &PreemptionNotice,
    party: PartyId,
    mut title: Title,
) {
    let property = case.record.subject();
    let until = days_after(case.now, case.profile.preemption_days);
    title.encumbrances.retain(
        |e| !matches!(&e.right, Right::PreemptionNotice { disponor, .. } if *disponor == party),
    );
    title.encumbrances.push(Encumbrance {
        id: case.record.id,
        registered: case.block.time,
        right: Right::PreemptionNotice {
            disponor: party,
            share: body.share,
            price: body.price.clone(),
            terms: body.terms.clone(),
            until,
            waived: Vec::new(),
        },
    });
    case.state.put(Key::Title(property), &title);
    // A deed that waits for the period alone is registered when it is over.
    case.state.schedule(until, Due::Title(property.to_owned()));
}

/// Another co-owner lets the share pass.
pub(crate) fn waive(case: &mut Case<'_, '_>, body: &PreemptionWaiver) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let notice: Option<RecordId> = door::subject(case, &mut door);
    door::cadastral(&body.property, &mut door);
    door::money(body.price.as_ref(), &mut door);
    // Under a power or by office, not both.
    let one = body.power.is_none() || body.represents.is_none();
    door.require(one, Code::FieldInvalid);
    identity::check(case, evidence(body.price.as_ref()), &mut door)?;
    let (signer, notice) = door.door(signer.zip(notice), Code::SignerUnknown)?;

    let mut law = Codes::default();
    let mut title = state::title(case.state, &body.property)?;
    let party = check_waiver(case, &signer, body, title.as_ref(), &notice, &mut law)?;
    let holders: Vec<Holding> = title
        .iter()
        .flat_map(|title| title.holdings.clone())
        .collect();
    let found = title
        .iter_mut()
        .flat_map(|title| &mut title.encumbrances)
        .find(|e| e.id == notice);
    if let Some(Right::PreemptionNotice {
        disponor,
        price,
        waived,
        ..
    }) = found.map(|found| &mut found.right)
    {
        // Rule 6, Civil Code 216: another one of those to whom it is offered.
        let mut co_owner = false;
        for holding in holders.iter().filter(|h| h.party != *disponor) {
            co_owner |= representation::belongs(case.state, &holding.party, &party)?;
        }
        law.require(co_owner, Code::PreemptionForeign);
        // Rule 6: a waiver is of one price.
        law.require(body.price == *price, Code::PreemptionTerms);
        law.require(!waived.contains(&party), Code::PreemptionWaived);
        waived.push(party);
    } else {
        law.refuse(Code::PreemptionUnknown);
    }
    let title = law.law(title, Code::PreemptionUnknown)?;

    case.state.put(Key::Title(&body.property), &title);
    Ok(registration::look_again_at(
        case.state,
        case.block,
        &body.property,
    )?)
}

/// Rules 15–18, 20, 21, 23: who waives, in person, under a power, or by office.
fn check_waiver(
    case: &Case<'_, '_>,
    signer: &Party,
    body: &PreemptionWaiver,
    title: Option<&Title>,
    notice: &RecordId,
    law: &mut Codes,
) -> Result<PartyId, StateError> {
    let issuer = case.record.issuer();
    if let Some(represented) = &body.represents {
        let failed = representation::check_alone(case, represented)?;
        failed.into_iter().for_each(|code| law.refuse(code));
        // Civil Code 24: no guardian gives up a ward's right without the authority; its permissions are
        // for instruments. The ward's time runs out instead.
        let ward = state::party(case.state, represented)?
            .is_some_and(|party| party.nature == Nature::Natural);
        law.require(!ward, Code::PermissionMissing);
        return Ok(*represented);
    }
    let Some(id) = &body.power else {
        door::standing(signer, case.now, law);
        return Ok(issuer);
    };
    let Some(power) = state::power(case.state, id)? else {
        law.refuse(Code::PowerUnknown);
        return Ok(issuer);
    };
    let offeror = title.and_then(|title| {
        let offer = title.encumbrances.iter().find(|e| e.id == *notice)?;
        match &offer.right {
            Right::PreemptionNotice { disponor, .. } => Some(*disponor),
            _ => None,
        }
    });
    let act = power::Use {
        signer: issuer,
        kind: ActKind::Release,
        property: &body.property,
        price: body.price.as_ref(),
        counterparties: offeror.as_ref().map(std::slice::from_ref),
    };
    power::check_use(case.state, &power, &act, case.now, law)?;
    Ok(power.principal)
}

/// What pre-emption asks of a deed. Only who sells or exchanges a share to a stranger, while others
/// keep theirs, has to offer it: not donors, heirs, courts, and co-owners among themselves.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let Text::Transfer(text) = &view.deed.pending.text else {
        return Ok(Vec::new());
    };
    if !matches!(text.kind, TransferKind::Sale | TransferKind::Exchange) {
        return Ok(Vec::new());
    }
    let mut open = Vec::new();
    let property = &view.deed.property;
    let first = (property, &text.disponors, &text.acquirers);
    let counter = text
        .counter
        .as_ref()
        .map(|c| (&c.property, &c.disponors, &c.acquirers));
    for (property, disponors, acquirers) in std::iter::once(first).chain(counter) {
        let title = view.deed.title(property)?;
        let parties = |side: &[PartyShare]| side.iter().map(|s| s.party).collect::<BTreeSet<_>>();
        let (givers, takers) = (parties(disponors), parties(acquirers));
        let others: BTreeSet<PartyId> = title
            .holdings
            .iter()
            .map(|holding| holding.party)
            .filter(|party| !givers.contains(party) && !takers.contains(party))
            .collect();
        if !others.is_empty() && any_stranger(view.state, title, &takers)? {
            open.extend(open_of(view, text, title, disponors, &others)?);
        }
    }
    Ok(open)
}

/// Whether somebody acquires, alone or in a group, who is no co-owner yet, alone or in a group.
fn any_stranger(
    state: &dyn StateRead,
    title: &Title,
    acquirers: &BTreeSet<PartyId>,
) -> Result<bool, StateError> {
    let mut strangers = BTreeSet::new();
    for acquirer in acquirers {
        strangers.extend(representation::persons(state, acquirer)?);
    }
    let holders: BTreeSet<PartyId> = title.holdings.iter().map(|h| h.party).collect();
    for holder in &holders {
        if strangers.is_empty() {
            return Ok(false);
        }
        for person in representation::persons(state, holder)? {
            strangers.remove(&person);
        }
    }
    Ok(!strangers.is_empty())
}

/// A share on offer, as a rule looks at it.
struct Offer<'o> {
    price: Option<&'o Money>,
    until: Seconds,
    waived: &'o [PartyId],
}

/// The offer of exactly this share on exactly these terms.
fn offer_of<'o>(title: &'o Title, given: &PartyShare, terms: Option<&str>) -> Option<Offer<'o>> {
    title.encumbrances.iter().find_map(|e| match &e.right {
        Right::PreemptionNotice {
            disponor,
            share,
            price,
            terms: offered,
            until,
            waived,
        } if *disponor == given.party && *share == given.share && offered.as_deref() == terms => {
            Some(Offer {
                price: price.as_ref(),
                until: *until,
                waived,
            })
        }
        _ => None,
    })
}

fn open_of(
    view: &View<'_>,
    text: &Transfer,
    title: &Title,
    disponors: &[PartyShare],
    others: &BTreeSet<PartyId>,
) -> Result<Vec<Requirement>, StateError> {
    let terms = text.terms.as_deref();
    let offers: Vec<_> = disponors
        .iter()
        .map(|given| (given, offer_of(title, given, terms)))
        .collect();
    // Rule 6: neither cheaper nor dearer; what several offer apart sums to what they sell for together.
    let prices: Vec<_> = offers
        .iter()
        .filter_map(|(_, offer)| offer.as_ref().map(|offer| offer.price))
        .collect();
    let same_price = prices.len() < offers.len() || sums_to(&prices, text.price.as_ref());
    let mut open = Vec::new();
    for (given, offer) in &offers {
        if !same_price || offer.is_none() {
            let (party, share) = (given.party, given.share);
            let text = format!(
                "{party} has to offer {share} to the co-owners first, on the price and terms of this deed."
            );
            open.push(Requirement::new(Code::PreemptionMissing, Some(party), text));
        }
    }
    if !open.is_empty() {
        return Ok(open);
    }
    // What is over at its time is over, swept or not.
    let running: Vec<_> = offers
        .iter()
        .filter_map(|(_, offer)| offer.as_ref().filter(|offer| view.now < offer.until))
        .collect();
    for other in others {
        let mut waived = true;
        for offer in &running {
            waived &= has_waived(view.state, offer.waived, other)?;
        }
        if !waived {
            let text = format!(
                "{other} has pre-emption in what is sold, until the period of the offer is over or they waive it."
            );
            open.push(Requirement::new(
                Code::PreemptionRunning,
                Some(*other),
                text,
            ));
        }
    }
    Ok(open)
}

/// Whether prices are, together and in one currency, this one; none are if there is none.
fn sums_to(prices: &[Option<&Money>], price: Option<&Money>) -> bool {
    let Some(price) = price else {
        return prices.iter().all(Option::is_none);
    };
    let sum: Option<u128> = prices
        .iter()
        .map(|part| {
            let part = part.filter(|part| part.currency == price.currency)?;
            Some(u128::from(part.minor))
        })
        .sum();
    sum == Some(price.minor.into())
}

/// A co-owner has waived; a group, by all of its members.
fn has_waived(
    state: &dyn StateRead,
    waived: &[PartyId],
    party: &PartyId,
) -> Result<bool, StateError> {
    if waived.contains(party) {
        return Ok(true);
    }
    let members = representation::members(state, party)?;
    Ok(!members.is_empty() && members.iter().all(|member| waived.contains(member)))
}

/// Takes the offers off a changed title that its new holders were not served, and those of shares
/// that are no longer held. The state still has the title as it was.
pub(crate) fn drop_stale(
    state: &dyn StateRead,
    property: &str,
    title: &mut Title,
) -> Result<(), StateError> {
    let on_offer = |e: &Encumbrance| matches!(e.right, Right::PreemptionNotice { .. });
    if !title.encumbrances.iter().any(on_offer) {
        return Ok(());
    }
    let before = state::title(state, property)?.map(|title| title.holdings);
    let held = |holdings: &[Holding]| holdings.iter().map(|h| h.party).collect::<BTreeSet<_>>();
    let served = held(&before.unwrap_or_default());
    let newcomer = !held(&title.holdings).is_subset(&served);
    let after = title.clone();
    title.encumbrances.retain(|e| match &e.right {
        Right::PreemptionNotice {
            disponor, share, ..
        } => !newcomer && after.share_of(disponor).is_some_and(|held| *share <= held),
        _ => true,
    });
    Ok(())
}
