//! Rule 47: who decides changes by governance; nobody is made a validator unasked, and nobody decides
//! alone who follows.

use deedbook_registry::state;
use deedbook_schemas::limits::VALIDATORS_MAX;
use deedbook_schemas::record::Body;
use deedbook_schemas::validators::{Approval, Validator, ValidatorSetChange};

use crate::world::{REGISTRAR, SEATS, SUPERVISOR, World, id, key_of, seat, seating};

const NEW: &str = "university.example";

impl World {
    fn seats(&mut self, by: &str, change: ValidatorSetChange) -> Vec<u8> {
        self.plain(by, &id(by).to_string(), Body::ValidatorSetChange(change))
    }

    /// A change with these members, all dealt new shares, approved by these.
    fn change(&self, members: &[&str], approving: &[&str]) -> ValidatorSetChange {
        let number = self.office_number() + 1;
        let next = members.iter().map(|name| seat(name, number)).collect();
        seating(&self.ledger, number, next, approving)
    }

    fn office_number(&self) -> u32 {
        state::validators(&self.state).unwrap().number
    }

    /// The names of those in office, sorted.
    fn in_office(&self) -> Vec<String> {
        let office = state::validators(&self.state).unwrap();
        let mut names: Vec<String> = office.validators.iter().map(|v| v.name.clone()).collect();
        names.sort();
        names
    }
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

const FIVE: [&str; 5] = [SEATS[0], SEATS[1], SEATS[2], SEATS[3], NEW];

#[test]
fn validators_join_leave_and_get_new_shares() {
    let mut world = World::new();
    assert_eq!(world.in_office(), sorted(&SEATS));
    // Three of four let a fifth join; the fourth says nothing.
    let change = world.change(&FIVE, &[SEATS[0], SEATS[1], SEATS[2], NEW]);
    let record = world.seats(SUPERVISOR, change);
    assert_eq!(world.accept(&record), []);
    assert_eq!(world.in_office(), sorted(&FIVE));
    // Four of five replace one of them, against its will.
    let stay = [SEATS[1], SEATS[2], SEATS[3], NEW];
    let change = world.change(&stay, &stay);
    let record = world.seats(SUPERVISOR, change);
    world.accept(&record);
    assert_eq!(world.in_office(), sorted(&stay));
    // The same four, with shares dealt anew.
    let change = world.change(&stay, &stay[..3]);
    let record = world.seats(SUPERVISOR, change);
    world.accept(&record);
    let office = state::validators(&world.state).unwrap();
    assert_eq!(office.number, 3);
    assert!(office.validators.contains(&seat(NEW, 3)));
    // Who left may come back, with the keys it had.
    let change = world.change(&FIVE, &FIVE);
    let record = world.seats(SUPERVISOR, change);
    world.accept(&record);
    assert_eq!(world.in_office(), sorted(&FIVE));
}

#[test]
fn a_block_may_hold_two_changes_one_after_the_other() {
    let mut world = World::new();
    let first = world.change(&FIVE, &FIVE);
    let second = seating(
        &world.ledger,
        2,
        SEATS.map(|name| seat(name, 2)).to_vec(),
        // Of five, three are not enough any more.
        &SEATS[..3],
    );
    let third = seating(
        &world.ledger,
        2,
        SEATS.map(|name| seat(name, 2)).to_vec(),
        &SEATS,
    );
    let records = [first, second, third].map(|change| world.seats(SUPERVISOR, change));
    let answers = world.block(&records);
    let refusals = answers.into_iter().map(|answer| {
        let refusal = answer.unwrap().refusal;
        refusal.map(|refusal| refusal.to_strings())
    });
    let refused = vec!["validators.not_approved".to_owned()];
    assert_eq!(refusals.collect::<Vec<_>>(), [None, Some(refused), None]);
    assert_eq!(world.in_office(), sorted(&SEATS));
}

#[test]
fn an_approval_serves_one_change_of_one_ledger() {
    let mut world = World::new();
    let change = world.change(&FIVE, &FIVE);
    let record = world.seats(SUPERVISOR, change.clone());
    world.accept(&record);
    let back = world.change(&SEATS, &FIVE);
    let record = world.seats(SUPERVISOR, back);
    world.accept(&record);
    // The first change once more, as it was and under the next number.
    let record = world.seats(SUPERVISOR, change.clone());
    world.refuse(&record, &["validators.number"]);
    let again = ValidatorSetChange {
        number: 3,
        ..change
    };
    let record = world.seats(SUPERVISOR, again);
    world.refuse(
        &record,
        &[
            "validators.approval_invalid",
            "validators.not_approved",
            "validators.newcomer_silent",
        ],
    );
    let next = FIVE.map(|name| seat(name, 3)).to_vec();
    let elsewhere = deedbook_schemas::digest::LedgerId([9; 32]);
    let record = world.seats(SUPERVISOR, seating(&elsewhere, 3, next, &FIVE));
    world.refuse(
        &record,
        &[
            "validators.approval_invalid",
            "validators.not_approved",
            "validators.newcomer_silent",
        ],
    );
}

#[test]
fn without_the_approvals_nobody_follows() {
    type Case<'c> = (&'c str, &'c [&'c str], &'c [&'c str], &'c [&'c str]);
    let cases: &[Case<'_>] = &[
        (
            "half of them",
            &SEATS,
            &SEATS[..2],
            &["validators.not_approved"],
        ),
        ("nobody", &SEATS, &[], &["validators.not_approved"]),
        (
            "a newcomer does not count among the present ones",
            &FIVE,
            &[SEATS[0], SEATS[1], NEW],
            &["validators.not_approved"],
        ),
        (
            "a newcomer unasked",
            &FIVE,
            &SEATS,
            &["validators.newcomer_silent"],
        ),
        (
            "half of them, and a newcomer unasked",
            &FIVE,
            &SEATS[..2],
            &["validators.not_approved", "validators.newcomer_silent"],
        ),
        (
            "a stranger approves beside all",
            &SEATS,
            &[SEATS[0], SEATS[1], SEATS[2], SEATS[3], "stranger.example"],
            &["validators.approval_invalid"],
        ),
    ];
    for (what, members, approving, codes) in cases {
        let mut world = World::new();
        let change = world.change(members, approving);
        let record = world.seats(SUPERVISOR, change);
        eprintln!("{what}");
        world.refuse(&record, codes);
        assert_eq!(world.in_office(), sorted(&SEATS));
    }
}

#[test]
fn so_many_approvals_are_looked_at_and_no_more() {
    let strangers: Vec<String> = (0..=2 * VALIDATORS_MAX).map(|n| format!("s{n}")).collect();
    let strangers: Vec<&str> = strangers.iter().map(String::as_str).collect();
    let mut world = World::new();
    let change = world.change(&SEATS, &strangers);
    let record = world.seats(SUPERVISOR, change);
    world.turn_away(&record, &["record.field_invalid"]);
    let change = world.change(&SEATS, &strangers[1..]);
    let record = world.seats(SUPERVISOR, change);
    world.refuse(
        &record,
        &["validators.approval_invalid", "validators.not_approved"],
    );
}

#[test]
fn power_is_counted_and_not_heads() {
    let mut world = World::new();
    let mut heavy = SEATS.map(|name| seat(name, 1));
    // 4 of 13 each but one: still any three are more than two thirds, and no two.
    for validator in &mut heavy[1..] {
        validator.power = 4;
    }
    heavy[0].power = 3;
    let change = seating(&world.ledger, 1, heavy.to_vec(), &SEATS);
    let record = world.seats(SUPERVISOR, change);
    world.accept(&record);
    // 3 + 4 + 4 of 15 are more than two thirds; 3 + 4 are not.
    let change = world.change(&SEATS, &SEATS[..2]);
    let record = world.seats(SUPERVISOR, change);
    world.refuse(&record, &["validators.not_approved"]);
    let change = world.change(&SEATS, &SEATS[..3]);
    let record = world.seats(SUPERVISOR, change);
    world.accept(&record);
}

#[test]
fn what_is_no_set_follows_nobody() {
    type Spoil = (&'static str, fn(&mut Vec<Validator>));
    let cases: &[Spoil] = &[
        ("nothing new", |set| {
            *set = SEATS.map(|name| seat(name, 0)).to_vec()
        }),
        ("one twice", |set| set.push(seat(SEATS[0], 2))),
        ("two of one name", |set| {
            set[4] = Validator {
                name: SEATS[0].to_owned(),
                ..seat(NEW, 1)
            };
        }),
        ("two with one share", |set| {
            set[4].log_share = set[0].log_share
        }),
        ("one key in two roles", |set| {
            set[4].note_key = set[4].consensus_key
        }),
        ("no power", |set| set[4].power = 0),
        ("powers without end", |set| set[4].power = u64::MAX),
        ("one of too much power", |set| set[4].power = 3),
        ("the log's key for votes", |set| {
            set[4].note_key = deedbook_schemas::keys::PublicKey::of(&key_of("the log"));
        }),
        ("another name for one who stays", |set| {
            set[0].name = "registry.example".to_owned();
        }),
        ("another note key for one who stays", |set| {
            set[0].note_key = seat("other.example", 1).note_key;
        }),
    ];
    for (what, spoil) in cases {
        let mut world = World::new();
        let mut next = FIVE.map(|name| seat(name, 1)).to_vec();
        spoil(&mut next);
        let change = seating(&world.ledger, 1, next, &FIVE);
        let record = world.seats(SUPERVISOR, change);
        eprintln!("{what}");
        world.refuse(&record, &["validators.invalid"]);
    }
    // The same set in another order.
    let mut world = World::new();
    let mut change = world.change(&FIVE, &FIVE);
    change.validators.swap(0, 1);
    let record = world.seats(SUPERVISOR, change);
    world.refuse(&record, &["validators.invalid"]);
    // And with another number too: both are told.
    let mut change = world.change(&SEATS, &SEATS);
    change.number = 7;
    change.validators[0].power = 9;
    let record = world.seats(SUPERVISOR, change);
    world.refuse(&record, &["validators.number", "validators.invalid"]);
}

#[test]
fn the_supervisor_lodges_it_in_proper_form() {
    let mut world = World::new();
    let change = world.change(&FIVE, &FIVE);
    for stranger in [REGISTRAR, "Nobody"] {
        let record = world.seats(stranger, change.clone());
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let body = Body::ValidatorSetChange(change.clone());
    let record = world.plain(SUPERVISOR, &id(REGISTRAR).to_string(), body.clone());
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.attested(SUPERVISOR, &id(SUPERVISOR).to_string(), body);
    world.turn_away(&record, &["record.field_invalid"]);

    type Spoil = (&'static str, &'static str, fn(&mut ValidatorSetChange));
    let cases: &[Spoil] = &[
        ("nobody", "record.field_invalid", |c| c.validators.clear()),
        ("too many", "record.field_invalid", |c| {
            c.validators = (0..=100).map(|n| seat(&format!("v{n}"), 1)).collect();
        }),
        ("a name with a space", "record.field_invalid", |c| {
            c.validators[0].name = "a b".to_owned();
        }),
        ("a word of policies", "record.field_invalid", |c| {
            c.validators[0].name = "none".to_owned();
        }),
        ("approvals out of order", "record.field_invalid", |c| {
            c.approvals.reverse()
        }),
        ("an approval twice", "record.field_invalid", |c| {
            let first: Approval = c.approvals[0].clone();
            c.approvals.insert(0, first);
        }),
        ("a weak key", "party.key_inadmissible", |c| {
            c.validators[0].consensus_key = deedbook_schemas::keys::PublicKey([0; 32]);
        }),
        ("a weak share", "party.key_inadmissible", |c| {
            c.validators[0].log_share = deedbook_schemas::keys::PublicKey([0; 32]);
        }),
    ];
    for (what, code, spoil) in cases {
        let mut change = change.clone();
        spoil(&mut change);
        let record = world.seats(SUPERVISOR, change);
        eprintln!("{what}");
        world.turn_away(&record, &[code]);
    }
}
