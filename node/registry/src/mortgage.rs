//! Mortgages: granted by the holders, or by those who buy with the money lent (rules 4, 25, 26; Civil
//! Code 299–302, 307, 311).
//!
//! A mortgage encumbers the whole property. Does not live here: how it passes (`assignment`), steps
//! back (`postponement`) or goes (`discharge`).

use std::collections::BTreeMap;

use deedbook_schemas::encumbrance::{Encumbrance, Mortgage, MortgageTerms, Right};
use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{Transfer, TransferKind};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::{BlockContext, Case};
use crate::deed::{Deed, View};
use crate::requirements::Requirement;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::{discharge, door, encumbrance};

pub(crate) fn fields(body: &Mortgage, door: &mut Codes) {
    encumbrance::fields(&body.mortgagors, door);
    door::money(Some(&body.terms.amount), door);
}

pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Mortgage,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    let terms = &body.terms;
    if let Some(title) = titles.get(case.record.subject()) {
        // Rule 4, Civil Code 299: by all who hold, to somebody else.
        law.require(
            encumbrance::is_by_all_to_another(title, &body.mortgagors, &terms.mortgagee),
            Code::MortgageTerms,
        );
        // One more in rank, without anybody's leave (Civil Code 311), as long as there is room.
        let room = encumbrance::has_room(&title.encumbrances, is_mortgage);
        law.require(room, Code::EncumbranceTooMany);
    }
    check_terms(case, terms, law)
}

/// Rule 26, Civil Code 307: it secures an amount, for one who can give it up again.
fn check_terms(
    case: &Case<'_, '_>,
    terms: &MortgageTerms,
    law: &mut Codes,
) -> Result<(), StateError> {
    law.require(terms.amount.minor > 0, Code::MortgageTerms);
    let can_have = encumbrance::can_have(case.state, &terms.mortgagee)?;
    law.require(can_have, Code::MortgageTerms);
    Ok(())
}

pub(crate) fn is_mortgage(right: &Right) -> bool {
    matches!(right, Right::Mortgage { .. })
}

pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let rest = discharge::remaining(view.deed, &view.deed.property)?;
    Ok(encumbrance::open_room(&rest, is_mortgage)
        .into_iter()
        .collect())
}

/// Rule 26: behind all that stay.
pub(crate) fn register(
    block: &BlockContext,
    deed: &mut Deed,
    terms: &MortgageTerms,
) -> Result<(), StateError> {
    let (mortgagee, amount) = (terms.mortgagee, terms.amount.clone());
    encumbrance::grant(block, deed, |rank| Right::Mortgage {
        mortgagee,
        amount,
        rank,
    })
}

pub(crate) fn purchase_fields(body: &Transfer, door: &mut Codes) {
    door::money(body.mortgage.as_ref().map(|terms| &terms.amount), door);
}

/// The mortgage with which the acquirers of a transfer pay. They acquire the property with the mortgage
/// on it: it takes away nothing that they, or their spouses, held before.
pub(crate) fn check_purchase(
    case: &Case<'_, '_>,
    body: &Transfer,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    let Some(terms) = &body.mortgage else {
        return Ok(());
    };
    // Rule 4, Civil Code 299, 307: those who pay for the whole property mortgage it, to somebody else.
    let pays = match body.kind {
        TransferKind::Sale | TransferKind::CourtSale => true,
        TransferKind::Exchange => body.price.is_some(),
        TransferKind::Gift | TransferKind::Inheritance | TransferKind::Severance => false,
    };
    let whole = Fraction::sum(body.acquirers.iter().map(|a| a.share)) == Some(Fraction::ONE);
    let another = body.acquirers.iter().all(|a| a.party != terms.mortgagee);
    law.require(pays && whole && another, Code::MortgageTerms);
    check_terms(case, terms, law)?;
    if let Some(title) = titles.get(case.record.subject()) {
        // Beside those that stay.
        let rest = staying(&title.encumbrances, body);
        let room = encumbrance::has_room(&rest, is_mortgage);
        law.require(room, Code::EncumbranceTooMany);
    }
    Ok(())
}

/// What stays on the title if the mortgages go that the text says do.
fn staying(encumbrances: &[Encumbrance], text: &Transfer) -> Vec<Encumbrance> {
    let listed = encumbrance::listed(text);
    let stays = |e: &&Encumbrance| !(is_mortgage(&e.right) && listed.contains(&e.id));
    encumbrances.iter().filter(stays).cloned().collect()
}

pub(crate) fn open_purchase(
    view: &View<'_>,
    text: &Transfer,
) -> Result<Vec<Requirement>, StateError> {
    if text.mortgage.is_none() {
        return Ok(Vec::new());
    }
    let rest = discharge::remaining(view.deed, &view.deed.property)?;
    let rest = staying(&rest, text);
    Ok(encumbrance::open_room(&rest, is_mortgage)
        .into_iter()
        .collect())
}

/// In the step in which the acquirers become holders, behind the mortgages that stay (rules 26, 36).
pub(crate) fn register_purchase(
    block: &BlockContext,
    deed: &mut Deed,
    text: &Transfer,
) -> Result<(), StateError> {
    match &text.mortgage {
        None => Ok(()),
        Some(terms) => register(block, deed, terms),
    }
}
