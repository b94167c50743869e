//! First registration of a property by the registrar (rules 3, 7).

use deedbook_schemas::fraction::Fraction;
use deedbook_schemas::limits::{HOLDERS_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::property::{FirstRegistration, Title};
use deedbook_schemas::rejection::Code;

use crate::apply::Case;
use crate::state::{self, Key};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &FirstRegistration) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Registrar, &mut door)?;
    identity::forbid(case, &mut door);
    let cadastral = case.record.subject();
    door::cadastral(cadastral, &mut door);
    door::text(&body.unit.address, TEXT_BYTES_MAX, &mut door);
    let holdings = &body.holdings;
    door.require(holdings.len() <= HOLDERS_MAX, Code::FieldInvalid);
    // Nobody holds from the future.
    let past = holdings.iter().all(|holding| holding.acquired <= case.now);
    door.require(past, Code::FieldInvalid);
    door.door(Some(()), Code::FieldInvalid)?;

    let mut law = Codes::default();
    // Rule 7, Law on Registration 21: one title a property.
    let exists = state::title(case.state, cadastral)?.is_some();
    law.require(!exists, Code::TitleExists);
    // Rule 3, Civil Code 209: exactly one, in exact fractions; what overflows is not one.
    let sum = Fraction::sum(holdings.iter().map(|holding| holding.share));
    law.require(sum == Some(Fraction::ONE), Code::TitleShares);
    // Rule 20: holders are parties, never names.
    for holding in holdings {
        let enrolled = state::party(case.state, &holding.party)?.is_some();
        law.require(enrolled, Code::HolderUnknown);
    }
    law.lawful()?;

    let mut holdings = holdings.clone();
    holdings.sort_by_key(|holding| holding.acquired);
    let title = Title {
        version: 1,
        unit: body.unit.clone(),
        holdings,
        source: case.record.id,
        begin_lifespan_version: case.block.time,
        slot: None,
        consents: Vec::new(),
        encumbrances: Vec::new(),
        parents: Vec::new(),
        cancelled: false,
    };
    case.state.put(Key::Title(cadastral), &title);
    Ok(Vec::new())
}
