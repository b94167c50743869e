//! Who decides, as the model sees it (rule 47), and how changes of it are written.

use std::collections::BTreeSet;

use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::rejection::Code;
use deedbook_schemas::validators::{
    Validator, ValidatorAddress, ValidatorSet, ValidatorSetChange, approval_bytes,
};

use crate::doors::unless;
use crate::memory::{Codes, Model};
use crate::pen::{Paper, office};
use crate::ventures::Venture;
use crate::verdict::Reasons;
use crate::world::{COURT, SEATS, SUPERVISOR, id, seat, seating};

/// Who may come.
const COMING: [&str; 3] = ["university.example", "chamber.example", "archive.example"];

impl Model {
    /// The changes so far, and who decides after the last.
    fn seats(&self) -> (u32, Vec<Validator>) {
        let mut seats = (0, SEATS.map(|name| seat(name, 0)).to_vec());
        for (_, _, record) in self.done() {
            if let Body::ValidatorSetChange(change) = &record.body {
                seats = (seats.0 + 1, change.validators.clone());
            }
        }
        seats
    }

    /// Rule 47: the supervisor brings it, more than two thirds approve, and all who come.
    pub(crate) fn seating_reasons(&self, record: &Record, change: &ValidatorSetChange) -> Reasons {
        let mut door = self.authority_door(record, AuthorityRole::Supervisor);
        let itself = record.subject() == record.issuer().to_string();
        let named = change.validators.iter().all(|v| !v.name.contains(' '));
        let mut order: Vec<_> = change.approvals.iter().map(|a| a.validator).collect();
        order.sort();
        order.dedup();
        let given: Vec<_> = change.approvals.iter().map(|a| a.validator).collect();
        let formal = itself && named && given == order && !change.validators.is_empty();
        unless(formal, Code::FieldInvalid, &mut door);

        let mut law = Codes::new();
        let (number, present) = self.seats();
        unless(
            change.number == number + 1,
            Code::ValidatorsNumber,
            &mut law,
        );
        if !can_follow(&present, &change.validators) {
            law.insert(Code::ValidatorsInvalid);
            return (door, law);
        }
        let next = ValidatorSet::new(change.validators.clone()).unwrap();
        let said = approval_bytes(&record.ledger, change.number, next.id());
        let everybody = || present.iter().chain(&change.validators);
        let mut words = BTreeSet::new();
        for approval in &change.approvals {
            let known = everybody().find(|v| v.address() == approval.validator);
            let sound = known.is_some_and(|v| v.consensus_key.verify(&said, &approval.signature));
            unless(sound, Code::ValidatorsApproval, &mut law);
            if sound {
                words.insert(approval.validator);
            }
        }
        let power = |of: &[Validator]| of.iter().map(|v| u128::from(v.power)).sum::<u128>();
        let mut for_it = present.clone();
        for_it.retain(|v| words.contains(&v.address()));
        let enough = power(&for_it) * 3 > power(&present) * 2;
        unless(enough, Code::ValidatorsUnapproved, &mut law);
        let was: BTreeSet<ValidatorAddress> = present.iter().map(Validator::address).collect();
        let mut coming = change.validators.iter().map(Validator::address);
        let asked = coming.all(|address| was.contains(&address) || words.contains(&address));
        unless(asked, Code::ValidatorsUnasked, &mut law);
        (door, law)
    }
}

/// Of what histories write: sorted, nobody and nothing twice, equal powers, something new, and who stays
/// under the old name and note key.
fn can_follow(present: &[Validator], next: &[Validator]) -> bool {
    let names: BTreeSet<&str> = next.iter().map(|v| v.name.as_str()).collect();
    let keys = next
        .iter()
        .flat_map(|v| [v.consensus_key, v.note_key, v.log_share]);
    let keys: BTreeSet<_> = keys.collect();
    let stays = |v: &Validator| {
        let before = present.iter().find(|p| p.consensus_key == v.consensus_key);
        before.is_none_or(|p| p.name == v.name && p.note_key == v.note_key)
    };
    next.iter().map(Validator::address).is_sorted()
        && !next.is_empty()
        && names.len() == next.len()
        && keys.len() == 3 * next.len()
        && next.iter().all(|v| v.power == 1 && stays(v))
        && {
            let mut sorted = present.to_vec();
            sorted.sort_by_key(Validator::address);
            sorted != next
        }
}

/// Some of those who are there stay, some come, some approve.
pub(crate) fn reseat(model: &Model, venture: &Venture) -> Option<Paper> {
    let Venture::Reseat {
        stay,
        come,
        silent,
        slip,
    } = *venture
    else {
        return None;
    };
    let (number, present) = model.seats();
    let number = if slip == 0 { number } else { number + 1 };
    let mut next: Vec<Validator> = Vec::new();
    for (n, validator) in present.iter().enumerate() {
        if stay >> (n % 8) & 1 == 1 {
            next.push(seat(&validator.name, number));
        }
    }
    for (n, name) in COMING.iter().enumerate() {
        if come >> n & 1 == 1 && !next.iter().any(|v| v.name == *name) {
            next.push(seat(name, number));
        }
    }
    match (slip, next.first_mut()) {
        (1, Some(first)) => first.power = 0,
        (2, Some(first)) => first.note_key = first.consensus_key,
        (3, Some(first)) => first.name = "another.example".to_owned(),
        (4, Some(first)) => first.name = "an other".to_owned(),
        (5, _) => next = present.clone(),
        _ => {}
    }
    let mut names: BTreeSet<&str> = present.iter().map(|v| v.name.as_str()).collect();
    names.extend(
        COMING
            .iter()
            .filter(|name| next.iter().any(|v| v.name == **name)),
    );
    let approving = names.into_iter().enumerate();
    let approving = approving.filter(|(n, _)| silent >> (n % 8) & 1 == 0);
    let mut approving: Vec<&str> = approving.map(|(_, name)| name).collect();
    if slip == 6 {
        approving.push("stranger.example");
    }
    let mut change = seating(&model.ledger, number, next, &approving);
    match slip {
        7 => change.approvals.reverse(),
        8 => change.validators.reverse(),
        9 => change.number += 1,
        _ => {}
    }
    let subject = if slip == 10 { COURT } else { SUPERVISOR };
    let body = Body::ValidatorSetChange(change);
    Some(office(SUPERVISOR, id(subject), body))
}
