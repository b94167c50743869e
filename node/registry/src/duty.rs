//! Duties and fees of a transfer (rule 38; Tax Code 553): which are due, the profile says in force
//! when it was lodged.

use deedbook_schemas::instrument::{Matter, Pending, Supplement, Text};
use deedbook_schemas::limits::{SUPPLEMENTS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::settlement::{Duty, DutyKind};

use crate::act::open_deed;
use crate::apply::Case;
use crate::deed::View;
use crate::requirements::Requirement;
use crate::state::{self, StateError};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity, registration};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &Duty) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::TaxAuthority, &mut door)?;
    identity::forbid(case, &mut door);
    check_fields(body, &mut door);
    let deed = open_deed(case, &mut door)?;
    let mut deed = door.door(deed, Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    // Rule 38, Tax Code 553: due, and not settled so far.
    let profile = state::profile(case.state, deed.pending.profile)?;
    let unpaid = unpaid(&profile, &deed.pending).contains(&body.kind);
    law.require(unpaid, Code::DutyDone);
    let room = deed.pending.supplements.len() < SUPPLEMENTS_MAX;
    law.require(room, Code::RequisitionTooMany);
    law.lawful()?;

    deed.pending.supplements.push(Supplement {
        record: case.record.id,
        matter: Matter::Duty { duty: body.kind },
    });
    Ok(registration::conclude(case.state, case.block, *deed)?)
}

/// Either an amount that was paid, or the ground on which nothing is.
fn check_fields(body: &Duty, door: &mut Codes) {
    let amount = body.paid.as_ref();
    door::money(amount, door);
    let exemption = body.exemption.as_deref();
    door::text(exemption.unwrap_or_default(), TEXT_BYTES_MAX, door);
    let said = match (amount, exemption) {
        (Some(amount), None) => amount.minor > 0,
        (None, Some(ground)) => !ground.is_empty(),
        (None, None) | (Some(_), Some(_)) => false,
    };
    door.require(said, Code::FieldInvalid);
}

/// The duties of a transfer that are neither paid nor exempt. Nothing else has any.
fn unpaid(profile: &Profile, pending: &Pending) -> Vec<DutyKind> {
    let mut unpaid = match &pending.text {
        Text::Transfer(_) => profile.duties.clone(),
        _ => Vec::new(),
    };
    for supplement in &pending.supplements {
        if let Matter::Duty { duty } = supplement.matter {
            unpaid.retain(|kind| *kind != duty);
        }
    }
    unpaid
}

pub(crate) fn open(view: &View<'_>) -> Result<Vec<Requirement>, StateError> {
    let unpaid = unpaid(&view.profile, &view.deed.pending);
    let ask = |kind: &DutyKind| {
        let what = match kind {
            DutyKind::TransferTax => "the tax on the transfer",
            DutyKind::RegistrationFee => "the fee for the registration",
        };
        let text = format!("The tax authority has to say that {what} is paid or exempt.");
        Requirement::new(Code::DutyUnpaid, None, text)
    };
    Ok(unpaid.iter().map(ask).collect())
}
