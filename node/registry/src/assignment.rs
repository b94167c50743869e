//! A mortgage passes to another mortgagee (rules 25, 26; Civil Code 339). It keeps its rank, and takes
//! no slot: the holders' right stays what it is. Of two assignments of one mortgage the first that is
//! complete wins; the other waits at the title, and registers only if the mortgage comes back to who
//! assigned it.

use std::collections::BTreeMap;

use deedbook_schemas::encumbrance::{Assignment, Encumbrance, Right};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::deed::{Deed, View};
use crate::requirements::Requirement;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::{discharge, encumbrance, ranks};

pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Assignment,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    if let Some(title) = titles.get(case.record.subject())
        && let Some(code) = unfit(title, &title.encumbrances, body)
    {
        law.refuse(code);
    }
    // Civil Code 339: to somebody else, who can give it up again.
    law.require(body.assignor != body.assignee, Code::MortgageTerms);
    let can_have = encumbrance::can_have(case.state, &body.assignee)?;
    law.require(can_have, Code::MortgageTerms);
    Ok(())
}

/// Why the mortgage cannot pass in this way.
fn unfit(title: &Title, encumbrances: &[Encumbrance], text: &Assignment) -> Option<Code> {
    match ranks::find(encumbrances, &text.mortgage) {
        None => Some(Code::MortgageUnknown),
        // Rule 25: by who holds it now.
        Some(found) if found.mortgagee != text.assignor => Some(Code::MortgageForeign),
        // Nobody has a mortgage of their own property.
        Some(_) if title.share_of(&text.assignee).is_some() => Some(Code::MortgageTerms),
        Some(_) => None,
    }
}

/// Judged again when the last signature arrives, and from then on whenever the title changes.
pub(crate) fn open(view: &View<'_>, text: &Assignment) -> Result<Vec<Requirement>, StateError> {
    let title = view.deed.title(&view.deed.property)?;
    let rest = discharge::remaining(view.deed, &view.deed.property)?;
    let open = unfit(title, &rest, text).map(|code| {
        let (mortgage, assignor, assignee) = (text.mortgage, text.assignor, text.assignee);
        let text = match code {
            Code::MortgageUnknown => format!("The mortgage {mortgage} is gone."),
            Code::MortgageForeign => {
                format!("The mortgage {mortgage} is not {assignor}'s any more.")
            }
            _ => format!("{assignee} holds the property now."),
        };
        Requirement::new(code, None, text)
    });
    Ok(open.into_iter().collect())
}

pub(crate) fn register(deed: &mut Deed, text: &Assignment) -> Result<(), StateError> {
    for encumbrance in &mut encumbrance::own_title(deed)?.encumbrances {
        if let Right::Mortgage { mortgagee, .. } = &mut encumbrance.right
            && encumbrance.id == text.mortgage
        {
            *mortgagee = text.assignee;
        }
    }
    Ok(())
}
