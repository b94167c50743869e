//! Who decides (rule 47): more than two thirds of the validators let another set follow them, from the
//! next height on; the supervisor lodges it. Nobody is made a validator unasked.
//!
//! Does not live here: that the new shares are shares of the log's key, which every validator computes
//! before it approves; how blocks follow the set (`node`).

use std::collections::BTreeSet;

use deedbook_schemas::digest::LedgerId;
use deedbook_schemas::limits::VALIDATORS_MAX;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::rejection::Code;
use deedbook_schemas::validators::{
    Approval, Validator, ValidatorAddress, ValidatorSet, ValidatorSetChange, ValidatorsInOffice,
    approval_bytes,
};

use crate::apply::Case;
use crate::state::{self, Key};
use crate::verdict::{Codes, Verdict};
use crate::{door, identity};

pub(crate) fn apply(case: &mut Case<'_, '_>, body: &ValidatorSetChange) -> Verdict {
    let mut door = door::open(case);
    door::authority(case, AuthorityRole::Supervisor, &mut door)?;
    identity::forbid(case, &mut door);
    let itself = case.record.subject() == case.record.issuer().to_string();
    door.require(itself, Code::FieldInvalid);
    check_fields(body, &mut door);
    door.door(Some(()), Code::FieldInvalid)?;

    let mut law = Codes::default();
    let office = state::validators(case.state)?;
    let present = state::validator_set(case.state)?;
    // Rule 47: one change after the other, so that an approval serves once.
    law.require(
        office.number.checked_add(1) == Some(body.number),
        Code::ValidatorsNumber,
    );
    match next_set(&office, &present, body) {
        Some(next) => check_approvals(&case.block.ledger, &present, &next, body, &mut law),
        None => law.refuse(Code::ValidatorsInvalid),
    }
    law.lawful()?;

    let next = ValidatorsInOffice {
        number: body.number,
        log_key: office.log_key,
        validators: body.validators.clone(),
    };
    case.state.put(Key::Validators, &next);
    Ok(Vec::new())
}

fn check_fields(body: &ValidatorSetChange, door: &mut Codes) {
    door.require(
        (1..=VALIDATORS_MAX).contains(&body.validators.len())
            && body.validators.iter().all(Validator::has_key_name),
        Code::FieldInvalid,
    );
    // Each of the present ones and each of the next ones at most.
    door.require(
        body.approvals.len() <= 2 * VALIDATORS_MAX
            && body
                .approvals
                .is_sorted_by(|a, b| a.validator < b.validator),
        Code::FieldInvalid,
    );
    let admissible = body.validators.iter().all(Validator::has_admissible_keys);
    door.require(admissible, Code::KeyInadmissible);
}

/// The next set, if it can follow the present one: sorted, with powers that a number of validators
/// stands for, as the log's key is held by a number; another one than now; and who stays, by its
/// consensus key, keeps its name and note key.
fn next_set(
    office: &ValidatorsInOffice,
    present: &ValidatorSet,
    body: &ValidatorSetChange,
) -> Option<ValidatorSet> {
    let next = ValidatorSet::new(body.validators.clone()).ok()?;
    let stays_itself = |validator: &Validator| {
        present.get(&validator.address()).is_none_or(|before| {
            before.name == validator.name && before.note_key == validator.note_key
        })
    };
    let log_key_alone = |validator: &Validator| {
        ![validator.consensus_key, validator.note_key].contains(&office.log_key)
    };
    let fits = next.as_slice() == body.validators
        && next.counts_as_it_weighs()
        && next != *present
        && next.as_slice().iter().all(stays_itself)
        && next.as_slice().iter().all(log_key_alone);
    fits.then_some(next)
}

/// Rule 47: more than two thirds of the present power, and every validator that joins.
fn check_approvals(
    ledger: &LedgerId,
    present: &ValidatorSet,
    next: &ValidatorSet,
    body: &ValidatorSetChange,
    law: &mut Codes,
) {
    let message = approval_bytes(ledger, body.number, next.id());
    let mut power: u64 = 0;
    let mut given = BTreeSet::new();
    for Approval {
        validator: address,
        signature,
    } in &body.approvals
    {
        let known = present.get(address).or_else(|| next.get(address));
        let verifies = known.is_some_and(|known| known.consensus_key.verify(&message, signature));
        law.require(verifies, Code::ValidatorsApproval);
        if verifies {
            given.insert(*address);
            // Powers of one set: their sum is below 2^63.
            power += present.get(address).map_or(0, |validator| validator.power);
        }
    }
    law.require(present.is_quorum(power), Code::ValidatorsUnapproved);
    let joins = |address: &ValidatorAddress| present.get(address).is_none();
    let mut newcomers = next.as_slice().iter().map(Validator::address).filter(joins);
    law.require(
        newcomers.all(|address| given.contains(&address)),
        Code::ValidatorsUnasked,
    );
}
