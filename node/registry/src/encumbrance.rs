//! What all encumbrances have in common: whose they are, how many fit on a title, and what the
//! mortgages on it ask of an instrument (rules 25, 26, 29; Civil Code 315).
//!
//! Does not live here: what each kind of encumbrance needs: see its file.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Encumbrance, Right};
use deedbook_schemas::instrument::{Matter, Text, Transfer, TransferKind};
use deedbook_schemas::limits::{ENCUMBRANCES_MAX, ENCUMBRANCES_OF_A_KIND_MAX, HOLDERS_MAX};
use deedbook_schemas::party::{Nature, PartyId};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::BlockContext;
use crate::deed::{Deed, View};
use crate::requirements::Requirement;
use crate::state::{self, StateError, StateRead};
use crate::verdict::Codes;
use crate::{assignment, discharge, door, lease, mortgage, postponement, ranks, servitude};

/// What the encumbrances of its titles ask of an instrument, and what it asks of them itself.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let mut open = discharges(view)?;
    match &view.deed.pending.text {
        Text::Transfer(text) => open.extend(mortgage::open_purchase(view, text)?),
        Text::Mortgage(_) => open.extend(mortgage::open(view)?),
        Text::Servitude(text) => open.extend(servitude::open(view, text)?),
        Text::Lease(text) => open.extend(lease::open(view, text)?),
        Text::Assignment(text) => open.extend(assignment::open(view, text)?),
        Text::Postponement(text) => open.extend(postponement::open(view, text)?),
        Text::Subdivision(_) | Text::Consolidation(_) => {}
    }
    Ok(open)
}

/// Rule 25, Civil Code 315: who disposes of a mortgaged property, lets it or grants a servitude needs
/// each mortgagee's consent or discharge. Nobody needs it to mortgage the property once more (Civil
/// Code 311: the first mortgage keeps its rank), to subdivide or consolidate it (the mortgage stays on
/// what comes of it), to inherit it (the heirs take it as it is), or to sell it by order of a court.
fn needs_mortgagee(text: &Text) -> bool {
    match text {
        Text::Transfer(transfer) => transfer.kind.disposition().is_some(),
        Text::Servitude(_) | Text::Lease(_) => true,
        Text::Mortgage(_)
        | Text::Assignment(_)
        | Text::Postponement(_)
        | Text::Subdivision(_)
        | Text::Consolidation(_) => false,
    }
}

/// Rule 25: each mortgage on the titles has what it asks for, from who holds it now. One that the text
/// says goes needs its discharge; that it is gone already serves as well. What a court clears is the
/// order's.
fn discharges(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let deed = view.deed;
    let asked = needs_mortgagee(&deed.pending.text);
    let mut open = Vec::new();
    for leg in &deed.legs {
        let title = deed.title(&leg.property)?;
        for found in ranks::mortgages(&title.encumbrances) {
            let (id, mortgagee) = (found.id, found.mortgagee);
            if discharge::is_given(deed, &leg.property, &id, &mortgagee) {
                continue;
            }
            if must_go(&deed.pending.text, &id) {
                let text = format!("{mortgagee} has to discharge the mortgage {id} with the deed.");
                open.push(Requirement::new(
                    Code::MortgageDischarge,
                    Some(mortgagee),
                    text,
                ));
            } else if asked && !has_consent(deed, &id, &mortgagee) {
                let text = format!(
                    "{mortgagee} has to let the property pass with the mortgage {id}, or to discharge it with the deed."
                );
                open.push(Requirement::new(
                    Code::MortgageConsent,
                    Some(mortgagee),
                    text,
                ));
            }
        }
    }
    Ok(open)
}

fn must_go(text: &Text, mortgage: &RecordId) -> bool {
    match text {
        Text::Transfer(transfer) if transfer.kind != TransferKind::CourtSale => {
            listed(transfer).contains(mortgage)
        }
        _ => false,
    }
}

/// The mortgages that a transfer's text says go.
pub(crate) fn listed(text: &Transfer) -> &[RecordId] {
    text.discharges.as_deref().unwrap_or_default()
}

/// A consent binds who gave it: it is worth nothing once they have assigned the mortgage away.
fn has_consent(deed: &Deed, id: &RecordId, by: &PartyId) -> bool {
    deed.pending.supplements.iter().any(|supplement| {
        matches!(&supplement.matter,
            Matter::MortgageeConsent { mortgage, mortgagee } if mortgage == id && mortgagee == by)
    })
}

/// Whose an encumbrance is: who may give it up. What binds or warns the holders on behalf of others is
/// nobody's to give up.
pub(crate) fn holder(right: &Right) -> Option<PartyId> {
    match right {
        Right::Mortgage { mortgagee, .. } => Some(*mortgagee),
        Right::Servitude { beneficiary, .. } => Some(*beneficiary),
        Right::Lease { lessee, .. } => Some(*lessee),
        Right::Caveat { claimant, .. } => Some(*claimant),
        Right::Freeze { .. }
        | Right::SelfLock { .. }
        | Right::PriorityNotice { .. }
        | Right::PreemptionNotice { .. } => None,
    }
}

/// Whether one more of a kind fits beside what is there.
pub(crate) fn has_room(encumbrances: &[Encumbrance], kind: fn(&Right) -> bool) -> bool {
    let of_kind = encumbrances.iter().filter(|e| kind(&e.right)).count();
    of_kind < ENCUMBRANCES_OF_A_KIND_MAX && encumbrances.len() < ENCUMBRANCES_MAX
}

/// A title that fills up while an instrument waits keeps it waiting until there is room again.
pub(crate) fn open_room(
    encumbrances: &[Encumbrance],
    kind: fn(&Right) -> bool,
) -> Option<Requirement> {
    (!has_room(encumbrances, kind)).then(|| {
        let text = "The title has no room for one more encumbrance of this kind.".to_owned();
        Requirement::new(Code::EncumbranceTooMany, None, text)
    })
}

/// The list of those who grant: short and in order.
pub(crate) fn fields(grantors: &[PartyId], door: &mut Codes) {
    door.require(
        grantors.len() <= HOLDERS_MAX && door::ascending(grantors),
        Code::FieldInvalid,
    );
}

/// Rule 4: an encumbrance of the whole property is granted by all of its holders, to somebody else.
pub(crate) fn is_by_all_to_another(title: &Title, grantors: &[PartyId], to: &PartyId) -> bool {
    let holders = holders(title);
    grantors == holders.as_slice() && !holders.contains(to)
}

/// The holders, sorted, each once.
pub(crate) fn holders(title: &Title) -> Vec<PartyId> {
    let mut holders: Vec<PartyId> = title.holdings.iter().map(|h| h.party).collect();
    holders.sort_unstable();
    holders.dedup();
    holders
}

/// Whether a party can have an encumbrance. A group cannot: nobody could give it up for all of its
/// members. One that is not enrolled is refused as such.
pub(crate) fn can_have(state: &dyn StateRead, party: &PartyId) -> Result<bool, StateError> {
    let found = state::party(state, party)?;
    Ok(!found.is_some_and(|party| matches!(party.nature, Nature::Group(_))))
}

/// Puts what an instrument grants on the title that it is about.
pub(crate) fn grant(
    block: &BlockContext,
    deed: &mut Deed,
    right: impl FnOnce(u16) -> Right,
) -> Result<(), StateError> {
    let (id, registered) = (deed.id, block.time);
    ranks::append(&mut own_title(deed)?.encumbrances, |rank| Encumbrance {
        id,
        registered,
        right: right(rank),
    });
    Ok(())
}

/// The title that the instrument's subject names.
pub(crate) fn own_title(deed: &mut Deed) -> Result<&mut Title, StateError> {
    let (id, property) = (deed.id, deed.property.clone());
    deed.titles
        .get_mut(&property)
        .ok_or_else(|| StateError::Inconsistent(format!("{id} is not about {property}")))
}
