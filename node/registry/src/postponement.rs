//! A mortgage steps back behind a lower one, with everyone whose mortgage it lets pass (rule 26; Civil
//! Code 311).
//!
//! The ranks and lenders are those that everyone signed for, when it is lodged and again when the last
//! signature arrives: if they have changed, it waits at the title for them to be so again.

use std::collections::BTreeMap;

use deedbook_schemas::encumbrance::{Encumbrance, Postponement};
use deedbook_schemas::limits::ENCUMBRANCES_OF_A_KIND_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::deed::{Deed, View};
use crate::requirements::Requirement;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::{discharge, door, encumbrance, ranks};

pub(crate) fn fields(body: &Postponement, door: &mut Codes) {
    door.require(
        body.passed.len() <= ENCUMBRANCES_OF_A_KIND_MAX && door::ascending(&body.passed),
        Code::FieldInvalid,
    );
}

pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Postponement,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) {
    if let Some(title) = titles.get(case.record.subject())
        && let Some(code) = unfit(&title.encumbrances, body)
    {
        law.refuse(code);
    }
}

/// Why the mortgage cannot step back in this way.
fn unfit(encumbrances: &[Encumbrance], text: &Postponement) -> Option<Code> {
    let found = ranks::find(encumbrances, &text.mortgage);
    let Some(found) = found.filter(|_| ranks::find(encumbrances, &text.behind).is_some()) else {
        return Some(Code::MortgageUnknown);
    };
    // Rule 25: by who holds it now.
    if found.mortgagee != text.mortgagee {
        return Some(Code::MortgageForeign);
    }
    // Rule 26: behind a lower one, with every lender that it lets pass. One who lends on both sides
    // signs once, as the one who steps back.
    let passed = ranks::passed(encumbrances, &text.mortgage, &text.behind).map(|passed| {
        let mut lenders: Vec<PartyId> = passed.iter().map(|m| m.mortgagee).collect();
        lenders.retain(|lender| *lender != text.mortgagee);
        lenders.sort_unstable();
        lenders.dedup();
        lenders
    });
    (passed.as_ref() != Some(&text.passed)).then_some(Code::MortgageRank)
}

/// Judged again when the last signature arrives, and from then on whenever the title changes.
pub(crate) fn open(view: &View<'_>, text: &Postponement) -> Result<Vec<Requirement>, StateError> {
    let rest = discharge::remaining(view.deed, &view.deed.property)?;
    let open = unfit(&rest, text).map(|code| {
        let text = format!(
            "The mortgages have changed: {} can no longer step behind {} in this way.",
            text.mortgage, text.behind
        );
        Requirement::new(code, None, text)
    });
    Ok(open.into_iter().collect())
}

pub(crate) fn register(deed: &mut Deed, text: &Postponement) -> Result<(), StateError> {
    let id = deed.id;
    let encumbrances = &mut encumbrance::own_title(deed)?.encumbrances;
    if ranks::step_behind(encumbrances, &text.mortgage, &text.behind) {
        Ok(())
    } else {
        Err(StateError::Inconsistent(format!(
            "{id}: the mortgage {} is not above {}",
            text.mortgage, text.behind
        )))
    }
}
