//! Caveats: a warning on the title that somebody claims an interest (rule 28). A caveat blocks
//! nothing, passes with the property, and lapses.
//!
//! Does not live here: its withdrawal by the claimant: see `discharge`.

use deedbook_schemas::encumbrance::{Caveat, Encumbrance, Right};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::CAVEATS_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::in_force;

use crate::apply::Case;
use crate::calendar::add_days;
use crate::identity::Evidence;
use crate::schedule::{Due, full_hour};
use crate::state::{self, Key};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Caveat) -> Verdict {
    let mut door = door::open(case);
    let claimant = door::person(case, &mut door)?;
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    identity::check(case, Evidence::Required, &mut door)?;
    let claimant = door.door(claimant, Code::SignerUnknown)?;

    let mut law = Codes::default();
    door::standing(&claimant, case.now, &mut law);
    let title = state::title(case.state, property)?;
    // Rule 7: on a registered property that has not become others.
    law.require(title.is_some(), Code::TitleUnknown);
    if let Some(title) = &title {
        law.require(!title.cancelled, Code::TitleCancelled);
        let claimants: Vec<PartyId> = title
            .encumbrances
            .iter()
            .filter(|encumbrance| in_force(&encumbrance.right, case.now))
            .filter_map(|encumbrance| match &encumbrance.right {
                Right::Caveat { claimant, .. } => Some(*claimant),
                _ => None,
            })
            .collect();
        law.require(claimants.len() < CAVEATS_MAX, Code::EncumbranceTooMany);
        // Rule 28, Law on Registration 26: one a claimant.
        let repeated = claimants.contains(&case.record.issuer());
        law.require(!repeated, Code::CaveatRepeated);
    }
    // Rule 28, Law on Registration 26: it lapses, and soon.
    let longest = add_days(case.now, case.profile.caveat_max_days);
    law.require(
        case.now < body.until && body.until <= longest,
        Code::CaveatTerm,
    );
    let mut title = law.law(title, Code::TitleUnknown)?;

    let until = full_hour(body.until);
    title.encumbrances.push(Encumbrance {
        id: case.record.id,
        registered: case.block.time,
        right: Right::Caveat {
            claimant: case.record.issuer(),
            interest: body.interest,
            until,
        },
    });
    case.state.put(Key::Title(property), &title);
    case.state.schedule(until, Due::Title(property.to_owned()));
    Ok(vec![outcome(case.record.id, Status::Registered)])
}
