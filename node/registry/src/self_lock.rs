//! Owners' locks (rule 30; Civil Code 188). A holder locks their own holding at will, in person, and
//! opens it only at high assurance and after a cooling-off. No agent does either: there is no
//! field for a power.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Encumbrance, Right, SelfLock, SelfLockRelease};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::standing::in_force;

use crate::apply::Case;
use crate::calendar::{add_hours, in_words};
use crate::deed::View;
use crate::identity::Evidence;
use crate::requirements::Requirement;
use crate::schedule::{Due, full_hour};
use crate::state::{self, Key, StateError};
use crate::verdict::{Codes, Verdict, outcome};
use crate::{door, identity, text};

pub(crate) fn apply(case: &mut Case<'_, '_>, _body: &SelfLock) -> Verdict {
    let mut door = door::open(case);
    let holder = door::person(case, &mut door)?;
    let property = case.record.subject();
    door::cadastral(property, &mut door);
    identity::check(case, Evidence::Required, &mut door)?;
    let holder = door.door(holder, Code::SignerUnknown)?;

    let mut law = Codes::default();
    door::standing(&holder, case.now, &mut law);
    let title = state::title(case.state, property)?;
    // Rule 7: on a registered property that has not become others.
    law.require(title.is_some(), Code::TitleUnknown);
    if let Some(title) = &title {
        law.require(!title.cancelled, Code::TitleCancelled);
        // Rule 30, Civil Code 188: their own holding.
        let holds = title.share_of(&case.record.issuer()).is_some();
        law.require(holds, Code::LockForeign);
        // Rule 30: once.
        let locked = locks(title, case.now).any(|lock| lock.holder == case.record.issuer());
        law.require(!locked, Code::LockRepeated);
    }
    let mut title = law.law(title, Code::TitleUnknown)?;

    title.encumbrances.push(Encumbrance {
        id: case.record.id,
        registered: case.block.time,
        right: Right::SelfLock {
            holder: case.record.issuer(),
            opens: None,
        },
    });
    case.state.put(Key::Title(property), &title);
    Ok(vec![outcome(case.record.id, Status::Registered)])
}

pub(crate) fn release(case: &mut Case<'_, '_>, body: &SelfLockRelease) -> Verdict {
    let mut door = door::open(case);
    let holder = door::person(case, &mut door)?;
    let id: Option<RecordId> = door::subject(case, &mut door);
    door::cadastral(&body.property, &mut door);
    // Rule 30: at high assurance.
    let assurance = case.profile.lock_assurance;
    identity::check_at(case, Evidence::Required, assurance, &mut door)?;
    let (holder, id) = door.door(holder.zip(id), Code::FieldInvalid)?;

    let mut law = Codes::default();
    door::standing(&holder, case.now, &mut law);
    let title = state::title(case.state, &body.property)?;
    let lock = title
        .as_ref()
        .and_then(|title| locks(title, case.now).find(|lock| lock.id == id));
    // Rule 30: a lock that is in force.
    law.require(lock.is_some(), Code::LockUnknown);
    if let Some(lock) = &lock {
        // Rule 30, Civil Code 188: by its holder.
        law.require(lock.holder == case.record.issuer(), Code::LockForeign);
        // Rule 30: once; asking again changes nothing.
        law.require(lock.opens.is_none(), Code::LockRepeated);
    }
    let mut title = law.law(title, Code::LockUnknown)?;

    // Rule 30: after a cooling-off. Until then it is in force.
    let opens = full_hour(add_hours(case.now, case.profile.lock_cooling_hours));
    for encumbrance in &mut title.encumbrances {
        if let Right::SelfLock { opens: at, .. } = &mut encumbrance.right
            && encumbrance.id == id
        {
            *at = Some(opens);
        }
    }
    case.state.put(Key::Title(&body.property), &title);
    case.state
        .schedule(opens, Due::Title(body.property.clone()));
    Ok(Vec::new())
}

/// A lock that is in force.
struct InForce {
    id: RecordId,
    holder: PartyId,
    opens: Option<Seconds>,
}

fn locks(title: &Title, now: Seconds) -> impl Iterator<Item = InForce> + '_ {
    title
        .encumbrances
        .iter()
        .filter(move |encumbrance| in_force(&encumbrance.right, now))
        .filter_map(|encumbrance| match &encumbrance.right {
            Right::SelfLock { holder, opens } => Some(InForce {
                id: encumbrance.id,
                holder: *holder,
                opens: *opens,
            }),
            _ => None,
        })
}

/// Rule 30: nobody disposes of a locked holding by the holder's will; a court and the law of succession
/// do. Others' holdings in the same property are not locked.
pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let deed = view.deed;
    let mut open = Vec::new();
    if !text::disposes(&deed.pending.text) || !text::acts_by_will(&deed.pending.text) {
        return Ok(open);
    }
    for leg in &deed.legs {
        for lock in locks(deed.title(&leg.property)?, view.now) {
            if !leg.disponors.contains(&lock.holder) {
                continue;
            }
            let what = match lock.opens {
                None => "they have to open it in person".to_owned(),
                Some(opens) => format!("it opens on {}", in_words(opens)),
            };
            let text = format!(
                "{} has locked their holding of {} ({}): {what}.",
                lock.holder, leg.property, lock.id
            );
            let holder = Some(lock.holder);
            open.push(Requirement::new(Code::LockInForce, holder, text));
        }
    }
    Ok(open)
}
