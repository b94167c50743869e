//! Encumbrances that lapse: when their time is over they leave the title, and what they held up is
//! looked at again (rules 27, 28, 29, 30, 32).

use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::outcome::Outcome;

use crate::apply::BlockContext;
use crate::registration;
use crate::state::{self, Key, Overlay, StateError};
use crate::verdict::outcome;

/// When a right ends by time; `None` if it does not. An offer to the co-owners stands after its
/// period: it is what the disponor waited for.
pub(crate) fn ends(right: &Right) -> Option<Seconds> {
    match right {
        Right::Servitude { until, .. } | Right::Freeze { until, .. } => *until,
        Right::Lease { until, .. }
        | Right::Caveat { until, .. }
        | Right::PriorityNotice { until, .. } => Some(*until),
        Right::SelfLock { opens, .. } => *opens,
        Right::Mortgage { .. } | Right::PreemptionNotice { .. } => None,
    }
}

/// Whether a right is in force: swept or not, it is over when its time is.
pub(crate) fn in_force(right: &Right, now: Seconds) -> bool {
    ends(right).is_none_or(|end| now < end)
}

/// Takes what has lapsed off a title, and looks again at the instrument that may have waited for it.
pub(crate) fn sweep(
    state: &mut Overlay<'_>,
    block: &BlockContext,
    property: &str,
) -> Result<Vec<Outcome>, StateError> {
    let Some(mut title) = state::title(state, property)? else {
        return Ok(Vec::new());
    };
    let (kept, lapsed): (Vec<_>, Vec<_>) = title
        .encumbrances
        .into_iter()
        .partition(|encumbrance| in_force(&encumbrance.right, block.now()));
    title.encumbrances = kept;
    let mut outcomes: Vec<Outcome> = lapsed
        .iter()
        .map(|encumbrance| outcome(encumbrance.id, Status::Expired))
        .collect();
    if !lapsed.is_empty() {
        state.put(Key::Title(property), &title);
    }
    outcomes.extend(registration::look_again_at(state, block, property)?);
    Ok(outcomes)
}
