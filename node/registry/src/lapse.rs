//! Encumbrances that lapse: when their time is over they leave the title, and what they held up is
//! looked at again (rules 27, 28, 29, 30, 32).

use deedbook_schemas::instrument::Status;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::standing::in_force;

use crate::apply::BlockContext;
use crate::overlay::Overlay;
use crate::registration;
use crate::state::{self, Key, StateError};
use crate::verdict::outcome;

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
