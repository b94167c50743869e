//! Leases: the property is let for a time, whoever holds it (rules 4, 25, 29; Civil Code 540, 559). One
//! survives every transfer until the lessee gives it up or its term is over.

use std::collections::BTreeMap;

use deedbook_schemas::encumbrance::{Lease, Right};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::{BlockContext, Case};
use crate::deed::{Deed, View};
use crate::overlay::Overlay;
use crate::requirements::Requirement;
use crate::schedule::{Due, full_hour};
use crate::state::StateError;
use crate::verdict::Codes;
use crate::{discharge, door, encumbrance};

pub(crate) fn fields(body: &Lease, door: &mut Codes) {
    encumbrance::fields(&body.lessors, door);
    door::money(Some(&body.rent), door);
}

pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Lease,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    if let Some(title) = titles.get(case.record.subject()) {
        // Rule 4: by all who hold, to somebody else.
        law.require(
            encumbrance::is_by_all_to_another(title, &body.lessors, &body.lessee),
            Code::EncumbranceTerms,
        );
        let room = encumbrance::has_room(&title.encumbrances, is_lease);
        law.require(room, Code::EncumbranceTooMany);
    }
    let can_have = encumbrance::can_have(case.state, &body.lessee)?;
    law.require(can_have, Code::EncumbranceTerms);
    // Rule 29, Civil Code 540: for rent, and for a time that is still to come.
    law.require(body.rent.minor > 0, Code::EncumbranceTerms);
    law.require(case.now < body.until, Code::EncumbranceTerms);
    Ok(())
}

fn is_lease(right: &Right) -> bool {
    matches!(right, Right::Lease { .. })
}

pub(crate) fn open(view: &View<'_>, text: &Lease) -> Result<Vec<Requirement>, StateError> {
    let mut open = Vec::new();
    if text.until <= view.now {
        let text = "The lease would be over before it begins.".to_owned();
        open.push(Requirement::new(Code::EncumbranceTerms, None, text));
    }
    let rest = discharge::remaining(view.deed, &view.deed.property)?;
    open.extend(encumbrance::open_room(&rest, is_lease));
    Ok(open)
}

/// It is over at the very second that it says, and leaves the title at the next full hour.
pub(crate) fn register(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    deed: &mut Deed,
    text: &Lease,
) -> Result<(), StateError> {
    encumbrance::grant(block, deed, |_| Right::Lease {
        lessee: text.lessee,
        until: text.until,
    })?;
    state.schedule(full_hour(text.until), Due::Title(deed.property.clone()));
    Ok(())
}
