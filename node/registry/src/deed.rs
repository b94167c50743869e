//! An open instrument together with its title: loading, keeping, closing, and the priority slot
//! (rules 9, 31).

use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{
    ActDone, ActRole, Instrument, PartyShare, PendingTransfer, Status,
};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::property::Title;

use crate::apply::BlockContext;
use crate::power::{can_act, power_in_force};
use crate::state::{self, Key, Overlay, StateError, StateRead};
use crate::verdict::outcome;

/// A pending instrument and the title it is about.
pub(crate) struct Deed {
    pub(crate) id: RecordId,
    pub(crate) property: String,
    pub(crate) lodged: Height,
    pub(crate) pending: PendingTransfer,
    pub(crate) title: Title,
}

/// What an instrument's id leads to.
pub(crate) enum Found {
    /// No instrument.
    Nothing,
    /// One that is no longer pending, or whose time has run out.
    Closed,
    /// One that may still be registered.
    Open(Box<Deed>),
}

/// Looks an instrument up.
pub(crate) fn find(
    state: &dyn StateRead,
    id: &RecordId,
    now: Seconds,
) -> Result<Found, StateError> {
    let Some(instrument) = state::instrument(state, id)? else {
        return Ok(Found::Nothing);
    };
    let Some(pending) = instrument.pending.filter(|pending| now < pending.expires) else {
        return Ok(Found::Closed);
    };
    let title = title_of(state, &instrument.property)?;
    Ok(Found::Open(Box::new(Deed {
        id: *id,
        property: instrument.property,
        lodged: instrument.lodged,
        pending,
        title,
    })))
}

/// The title of a pending instrument's property: it was there when the instrument was lodged, and
/// no title is ever deleted.
pub(crate) fn title_of(state: &dyn StateRead, property: &str) -> Result<Title, StateError> {
    state::title(state, property)?.ok_or_else(|| {
        StateError::Inconsistent(format!(
            "a pending instrument's title {property} is missing"
        ))
    })
}

impl Deed {
    /// The parties of one side.
    pub(crate) fn side(&self, role: ActRole) -> &[PartyShare] {
        side(&self.pending, role)
    }

    /// Writes the instrument as it is pending now.
    pub(crate) fn keep(&self, state: &mut Overlay<'_>, block: &BlockContext) {
        let instrument = Instrument {
            pending: Some(self.pending.clone()),
            ..self.ended(block, Status::Pending)
        };
        state.put(Key::Instrument(&self.id), &instrument);
    }

    fn ended(&self, block: &BlockContext, status: Status) -> Instrument {
        Instrument {
            property: self.property.clone(),
            status,
            lodged: self.lodged,
            changed: block.time,
            pending: None,
            codes: Vec::new(),
        }
    }

    /// Ends the instrument; it keeps no slot (rule 31).
    pub(crate) fn close(
        self,
        state: &mut Overlay<'_>,
        block: &BlockContext,
        status: Status,
        codes: Vec<String>,
    ) -> Outcome {
        let instrument = Instrument {
            codes: codes.clone(),
            ..self.ended(block, status)
        };
        state.put(Key::Instrument(&self.id), &instrument);
        if self.title.slot == Some(self.id) {
            let title = Title {
                slot: None,
                ..self.title
            };
            state.put(Key::Title(&self.property), &title);
        }
        Outcome {
            codes,
            ..outcome(self.id, status)
        }
    }
}

/// The parties of one side of a pending transfer.
pub(crate) fn side(pending: &PendingTransfer, role: ActRole) -> &[PartyShare] {
    match role {
        ActRole::Disponor => &pending.transfer.disponors,
        ActRole::Acquirer => &pending.transfer.acquirers,
    }
}

/// Whether an act still counts: its party lives and is capable, and the power it was done under is
/// in force. What has stopped counting never counts again.
pub(crate) fn is_live(
    state: &dyn StateRead,
    act: &ActDone,
    now: Seconds,
) -> Result<bool, StateError> {
    let Some(power) = &act.power else {
        return Ok(state::party(state, &act.party)?.is_some_and(|party| can_act(&party)));
    };
    let power = state::power(state, power)?.ok_or_else(|| {
        StateError::Inconsistent(format!("the power {power} of an act is missing"))
    })?;
    Ok(power_in_force(state, &power, now)?.is_empty())
}

/// The acts that count, in the order in which they were done.
pub(crate) fn live_acts(
    state: &dyn StateRead,
    pending: &PendingTransfer,
    now: Seconds,
) -> Result<Vec<ActDone>, StateError> {
    let mut live = Vec::with_capacity(pending.acts.len());
    for act in &pending.acts {
        if is_live(state, act, now)? {
            live.push(act.clone());
        }
    }
    Ok(live)
}

/// The instrument that holds a title's slot. A slot exists only from a disponor's act on, and so
/// only as long as one counts: an agent whose power was revoked blocks nobody.
pub(crate) fn slot_holder(
    state: &dyn StateRead,
    title: &Title,
    now: Seconds,
) -> Result<Option<RecordId>, StateError> {
    let Some(id) = title.slot else {
        return Ok(None);
    };
    let pending = state::instrument(state, &id)?.and_then(|instrument| instrument.pending);
    let Some(pending) = pending.filter(|pending| now < pending.expires) else {
        return Ok(None);
    };
    let held = live_acts(state, &pending, now)?
        .iter()
        .any(|act| act.role == ActRole::Disponor);
    Ok(held.then_some(id))
}
