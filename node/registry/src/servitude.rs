//! Servitudes: what somebody else may do on the property, whoever holds it (rules 4, 25, 29; Civil Code
//! 188). One survives every transfer until its holder gives it up or its term is over.

use std::collections::BTreeMap;

use deedbook_schemas::encumbrance::{Right, Servitude};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::{BlockContext, Case};
use crate::deed::{Deed, View};
use crate::overlay::Overlay;
use crate::requirements::Requirement;
use crate::schedule::{Due, full_hour};
use crate::state::StateError;
use crate::verdict::Codes;
use crate::{discharge, encumbrance};

pub(crate) fn fields(body: &Servitude, door: &mut Codes) {
    encumbrance::fields(&body.grantors, door);
}

pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Servitude,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    if let Some(title) = titles.get(case.record.subject()) {
        // Rule 4: by all who hold, to somebody else.
        law.require(
            encumbrance::is_by_all_to_another(title, &body.grantors, &body.beneficiary),
            Code::EncumbranceTerms,
        );
        let room = encumbrance::has_room(&title.encumbrances, is_servitude);
        law.require(room, Code::EncumbranceTooMany);
    }
    let can_have = encumbrance::can_have(case.state, &body.beneficiary)?;
    law.require(can_have, Code::EncumbranceTerms);
    // Rule 29: for ever, or for a time that is still to come.
    let to_come = body.until.is_none_or(|until| case.now < until);
    law.require(to_come, Code::EncumbranceTerms);
    Ok(())
}

fn is_servitude(right: &Right) -> bool {
    matches!(right, Right::Servitude { .. })
}

pub(crate) fn open(view: &View<'_>, text: &Servitude) -> Result<Vec<Requirement>, StateError> {
    let mut open = Vec::new();
    if text.until.is_some_and(|until| until <= view.now) {
        let text = "The servitude would be over before it begins.".to_owned();
        open.push(Requirement::new(Code::EncumbranceTerms, None, text));
    }
    let rest = discharge::remaining(view.deed, &view.deed.property)?;
    open.extend(encumbrance::open_room(&rest, is_servitude));
    Ok(open)
}

/// It is over at the very second that it says, and leaves the title at the next full hour.
pub(crate) fn register(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
    text: &Servitude,
) -> Result<(), StateError> {
    encumbrance::grant(block, deed, |_| Right::Servitude {
        beneficiary: text.beneficiary,
        kind: text.kind,
        until: text.until,
    })?;
    if let Some(until) = text.until {
        state.schedule(full_hour(until), Due::Title(deed.property.clone()));
    }
    Ok(())
}
