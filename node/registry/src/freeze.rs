//! Freezes by a court, a prosecutor, the financial monitor or a registrar (rule 27; Civil Procedure
//! Code 156). A frozen property may be dealt with on paper; nothing that disposes of it registers.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Encumbrance, Freeze, FreezeRelease, Right};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::ENCUMBRANCES_OF_A_KIND_MAX;
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::in_force;

use crate::apply::Case;
use crate::calendar::in_words;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::schedule::{Due, full_hour};
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{accreditation, door, identity, registration, text};

/// Who may freeze.
const FREEZERS: [AuthorityRole; 4] = [
    AuthorityRole::Court,
    AuthorityRole::Prosecutor,
    AuthorityRole::FinancialMonitor,
    AuthorityRole::Registrar,
];

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Freeze) -> Verdict {
    let mut door = door::open(case);
    door::authority_of(case, &FREEZERS, &mut door)?;
    identity::forbid(case, &mut door);
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    door.require(!body.case.is_empty(), Code::FieldInvalid);
    door::case_number(&body.case, &mut door);
    door.door(Some(()), Code::FieldInvalid)?;

    let mut law = Codes::default();
    let title = state::title(case.state, property)?;
    // Rule 7: of a registered property that has not become others.
    law.require(title.is_some(), Code::TitleUnknown);
    if let Some(title) = &title {
        law.require(!title.cancelled, Code::TitleCancelled);
        let frozen = freezes(title, case.now).count();
        law.require(
            frozen < ENCUMBRANCES_OF_A_KIND_MAX,
            Code::EncumbranceTooMany,
        );
    }
    // Rule 27, Civil Procedure Code 156: not for a time that is over.
    let runs = body.until.is_none_or(|until| case.now < until);
    law.require(runs, Code::FreezeTerm);
    let mut title = law.law(title, Code::TitleUnknown)?;

    let until = body.until.map(full_hour);
    title.encumbrances.push(Encumbrance {
        id: case.record.id,
        registered: case.block.time,
        right: Right::Freeze {
            authority: case.record.issuer(),
            until,
        },
    });
    case.state.put(Key::Title(property), &title);
    if let Some(until) = until {
        case.state.schedule(until, Due::Title(property.to_owned()));
    }
    Ok(vec![outcome(case.record.id, Status::Registered)])
}

pub(crate) fn release(case: &mut Case<'_, '_>, body: &FreezeRelease) -> Verdict {
    let mut door = door::open(case);
    let role = door::authority_of(case, &FREEZERS, &mut door)?;
    identity::forbid(case, &mut door);
    let id: Option<RecordId> = door::subject(case, &mut door);
    door::cadastral(&body.property, &mut door);
    let (role, id) = door.door(role.zip(id), Code::FieldInvalid)?;

    let mut law = Codes::default();
    let title = state::title(case.state, &body.property)?;
    let of = title
        .as_ref()
        .and_then(|title| freezes(title, case.now).find(|freeze| freeze.id == id))
        .map(|freeze| freeze.authority);
    // Rule 27: a freeze that is in force.
    law.require(of.is_some(), Code::FreezeUnknown);
    if let Some(of) = of {
        // Rule 27, Civil Procedure Code 159: by its own authority, or a court above it.
        let issuer = case.record.issuer();
        let entitled = issuer == of
            || (role == AuthorityRole::Court && accreditation::is_above(case.state, &issuer, &of)?);
        law.require(entitled, Code::FreezeForeign);
    }
    let mut title = law.law(title, Code::FreezeUnknown)?;

    title
        .encumbrances
        .retain(|encumbrance| encumbrance.id != id);
    case.state.put(Key::Title(&body.property), &title);
    Ok(registration::look_again_at(
        case.state,
        case.block,
        &body.property,
    )?)
}

/// A freeze that is in force.
struct InForce {
    id: RecordId,
    authority: PartyId,
    until: Option<Seconds>,
}

fn freezes(title: &Title, now: Seconds) -> impl Iterator<Item = InForce> + '_ {
    title
        .encumbrances
        .iter()
        .filter(move |encumbrance| in_force(&encumbrance.right, now))
        .filter_map(|encumbrance| match &encumbrance.right {
            Right::Freeze { authority, until } => Some(InForce {
                id: encumbrance.id,
                authority: *authority,
                until: *until,
            }),
            _ => None,
        })
}

/// Rule 27: a frozen property is not disposed of, unless a court sells it. What mortgagees do among
/// themselves disposes of nothing.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let deed = view.deed;
    let mut open = Vec::new();
    if !text::disposes(&deed.pending.text) || text::by_court(&deed.pending.text) {
        return Ok(open);
    }
    for leg in &deed.legs {
        for freeze in freezes(deed.title(&leg.property)?, view.now) {
            let until = freeze
                .until
                .map_or_else(|| "it is lifted".to_owned(), in_words);
            let text = format!(
                "{} is frozen by {} until {until}: the freeze {} has to be lifted or to end.",
                leg.property, freeze.authority, freeze.id
            );
            let authority = Some(freeze.authority);
            open.push(Requirement::new(Code::FreezeInForce, authority, text));
        }
    }
    Ok(open)
}
