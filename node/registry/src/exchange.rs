//! Exchanges: the other property, which passes the other way in the same step (rules 1–3, 10; Civil
//! Code 501).

use std::collections::{BTreeMap, BTreeSet};

use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::instrument::{CounterLeg, PartyShare, Transfer, TransferKind};
use deedbook_schemas::limits::HOLDERS_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::property::Title;
use deedbook_schemas::rejection::Code;

use crate::apply::{BlockContext, Case};
use crate::deed::Deed;
use crate::state::StateError;
use crate::verdict::Codes;
use crate::{door, severance, transfer};

/// What fails at the door.
pub(crate) fn fields(body: &Transfer, door: &mut Codes) {
    let Some(counter) = &body.counter else {
        return;
    };
    door::cadastral(&counter.property, door);
    let sides = [&counter.disponors, &counter.acquirers];
    let within = sides.iter().all(|side| side.len() <= HOLDERS_MAX);
    door.require(within, Code::FieldInvalid);
}

/// What fails by the law when it is lodged.
pub(crate) fn check(
    case: &Case<'_, '_>,
    body: &Transfer,
    titles: &BTreeMap<String, Title>,
    law: &mut Codes,
) -> Result<(), StateError> {
    // Rule 10, Civil Code 501: an exchange has another property, and nothing else has.
    let exchange = body.kind == TransferKind::Exchange;
    law.require(exchange == body.counter.is_some(), Code::TransferCounter);
    let Some(counter) = body.counter.as_ref().filter(|_| exchange) else {
        return Ok(());
    };
    // Rule 10: another one, given by who receives the first and received by who gives it.
    let other = counter.property != case.record.subject();
    law.require(other && is_mirrored(body, counter), Code::TransferCounter);
    // Rules 3, 4: each party once; given is exactly what is received.
    let once = |side: &[PartyShare]| parties(side).len() == side.len();
    law.require(
        once(&counter.disponors) && once(&counter.acquirers),
        Code::TransferParties,
    );
    let sum = |side: &[PartyShare]| Fraction::sum(side.iter().map(|party| party.share));
    let given = sum(&counter.disponors);
    law.require(
        given.is_some() && given == sum(&counter.acquirers),
        Code::TransferUnbalanced,
    );
    if let Some(title) = titles.get(&counter.property) {
        let (disponors, acquirers) = (&counter.disponors, &counter.acquirers);
        transfer::check_shares(case, title, disponors, acquirers, body.kind, law);
        severance::check_part(case, title, disponors, body.kind, law)?;
    }
    Ok(())
}

fn parties(side: &[PartyShare]) -> BTreeSet<PartyId> {
    side.iter().map(|share| share.party).collect()
}

fn is_mirrored(body: &Transfer, counter: &CounterLeg) -> bool {
    parties(&counter.disponors) == parties(&body.acquirers)
        && parties(&counter.acquirers) == parties(&body.disponors)
}

/// Passes the other property the other way.
pub(crate) fn convey(
    block: &BlockContext,
    deed: &mut Deed,
    text: &Transfer,
) -> Result<(), StateError> {
    let Some(counter) = &text.counter else {
        return Ok(());
    };
    let (disponors, acquirers) = (&counter.disponors, &counter.acquirers);
    transfer::convey(
        block,
        deed,
        &counter.property,
        disponors,
        acquirers,
        text.kind,
    )
}
