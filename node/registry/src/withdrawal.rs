//! Withdrawal of a pending instrument by its lodger or a disponor (rule 31); while a buyer has it
//! reserved, by an acquirer alone (rule 32).

use deedbook_schemas::instrument::{ActRole, Status};
use deedbook_schemas::rejection::Code;

use crate::act::open_deed;
use crate::apply::Case;
use crate::identity::Evidence;
use crate::verdict::{Codes, Verdict};
use crate::{door, identity, priority_notice, representation, text};

pub(crate) fn apply(case: &mut Case<'_, '_>) -> Verdict {
    let mut door = door::open(case);
    let signer = door::person(case, &mut door)?;
    let deed = open_deed(case, &mut door)?;
    identity::check(case, Evidence::Optional, &mut door)?;
    let (signer, deed) = door.door(signer.zip(deed), Code::InstrumentUnknown)?;

    let mut law = Codes::default();
    door::standing(&signer, case.now, &mut law);
    // Rule 31: by the lodger, a disponor, one of the group that disposes, an officer of the disponor or
    // the ward's guardian.
    let issuer = case.record.issuer();
    let mut reserved = false;
    for title in deed.titles.values() {
        reserved |= priority_notice::reserved_for(case.state, title, case.now)? == Some(deed.id);
    }
    let role = if reserved {
        ActRole::Acquirer
    } else {
        ActRole::Disponor
    };
    let mut entitled = !reserved && deed.pending.lodger == issuer;
    for party in text::side(&deed.property, &deed.pending.text, role) {
        entitled |= representation::speaks_for(case.state, &issuer, &party, case.now)?;
    }
    law.require(entitled, Code::WithdrawalForeign);
    law.lawful()?;

    Ok(deed.close(case.state, case.block, Status::Withdrawn, Vec::new())?)
}
