//! Rule 28: a caveat names its claimant and interest, blocks nothing, and lapses.

use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::{Caveat, Interest, Right};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::CAVEATS_MAX;
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::record::Body;

use crate::world::{COURT, DAY, REGISTRAR, World, id, record_id};

const FLAT: &str = "20-313-024-118";

impl World {
    pub(crate) fn caveat(&mut self, claimant: &str, property: &str, until: Seconds) -> Vec<u8> {
        let interest = Interest::Contract;
        let body = Body::Caveat(Caveat { interest, until });
        self.attested(claimant, property, body)
    }
}

fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

/// So many seconds after the next block.
fn in_seconds(world: &World, seconds: u64) -> Seconds {
    Seconds(world.now().0 + 1 + seconds)
}

fn longest(world: &World) -> u64 {
    u64::from(world.profile().caveat_max_days) * DAY
}

#[test]
fn a_caveat_warns_blocks_nothing_and_passes_with_the_property() {
    let mut world = world();
    let until = in_seconds(&world, 10 * DAY);
    let record = world.caveat("Clara", FLAT, until);
    let outcomes = world.accept(&record);
    let caveat = record_id(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (caveat, Status::Registered)
    );
    let until = Seconds(until.0.div_ceil(3600) * 3600);
    let right = Right::Caveat {
        claimant: id("Clara"),
        interest: Interest::Contract,
        until,
    };
    assert_eq!(world.title(FLAT).encumbrances[0].right, right);
    assert_eq!(world.title(FLAT).version, 1);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&deed).status, Status::Registered);
    assert_eq!(world.title(FLAT).encumbrances[0].right, right);
    assert_eq!(next_deadline(&world.state).unwrap(), Some(until));
    world.time_ms = (until.0 - 2) * 1000;
    world.block(&[]);
    assert_eq!(world.title(FLAT).encumbrances.len(), 1, "one second before");
    world.block(&[]);
    let began: Vec<_> = world.began.iter().map(|o| (o.record, o.status)).collect();
    assert_eq!(began, [(caveat, Status::Expired)]);
    assert!(world.title(FLAT).encumbrances.is_empty());
    world.block(&[]);
    assert_eq!(world.began, [], "once");
}

#[test]
fn a_caveat_begins_and_does_not_last_longer_than_the_profile_says() {
    let mut world = world();
    let longest = longest(&world);
    for (seconds, lawful) in [(0, false), (longest + 1, false), (longest, true)] {
        let until = in_seconds(&world, seconds);
        let record = world.caveat("Clara", FLAT, until);
        if lawful {
            world.accept(&record);
        } else {
            world.refuse(&record, &["caveat.term"]);
        }
    }
    let record = world.caveat("Bolat", FLAT, Seconds(0));
    world.refuse(&record, &["caveat.term"]);
    let until = in_seconds(&world, 1);
    let record = world.caveat("Bolat", FLAT, until);
    world.accept(&record);
}

#[test]
fn a_claimant_has_one_caveat_on_a_title_and_another_after_it_lapsed() {
    let mut world = world();
    let until = in_seconds(&world, 3600);
    let record = world.caveat("Clara", FLAT, until);
    world.accept(&record);
    let again = world.caveat("Clara", FLAT, until);
    world.refuse(&again, &["caveat.repeated"]);
    let both = world.caveat("Clara", FLAT, Seconds(1));
    world.refuse(&both, &["caveat.term", "caveat.repeated"]);
    let other = world.caveat("Bolat", FLAT, until);
    world.accept(&other);
    let hour = Seconds(until.0.div_ceil(3600) * 3600);
    world.time_ms = (hour.0 - 1) * 1000;
    let until = in_seconds(&world, DAY);
    let record = world.caveat("Clara", FLAT, until);
    world.accept(&record);
    assert_eq!(world.title(FLAT).encumbrances.len(), 1);
}

#[test]
fn two_caveats_of_one_claimant_in_one_block_are_one() {
    let mut world = world();
    let until = in_seconds(&world, DAY);
    let records = [
        world.caveat("Clara", FLAT, until),
        world.caveat("Clara", FLAT, until),
    ];
    let answers = world.block(&records);
    assert_eq!(answers[0].as_ref().unwrap().refusal, None);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["caveat.repeated"]);
}

#[test]
fn there_is_room_for_a_few_claimants() {
    let names: Vec<String> = (0..=CAVEATS_MAX).map(|n| format!("claimant {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = world();
    world.enrol(&names);
    let until = in_seconds(&world, DAY);
    for name in &names[..CAVEATS_MAX] {
        let record = world.caveat(name, FLAT, until);
        world.accept(&record);
    }
    let record = world.caveat(names[CAVEATS_MAX], FLAT, until);
    world.refuse(&record, &["encumbrance.too_many"]);
}

#[test]
fn who_may_not_warn_does_not() {
    let mut world = world();
    let until = in_seconds(&world, DAY);
    for stranger in ["Nobody", COURT, REGISTRAR] {
        let record = world.caveat(stranger, FLAT, until);
        world.turn_away(&record, &["party.unknown"]);
    }
    let interest = Interest::Debt;
    let body = || Body::Caveat(Caveat { interest, until });
    let record = world.plain("Clara", FLAT, body());
    world.turn_away(&record, &["attestation.missing", "evidence.missing"]);
    let mut sheet = world.sheet("Clara", FLAT, body());
    sheet.attested = id("Bolat");
    world.turn_away(&sheet.seal(), &["attestation.wrong_subject"]);
    let record = world.caveat("Clara", "850101300123", until);
    world.turn_away(&record, &["record.personal_data"]);
    let record = world.caveat("Clara", "20-000-000-1", until);
    world.refuse(&record, &["title.unknown"]);
    world.becomes_incapable("Clara");
    let record = world.caveat("Clara", FLAT, until);
    world.refuse(&record, &["party.incapable"]);
    let minor = CivilStatus::Minority { until };
    let record = world.status(&id("Bolat").to_string(), minor);
    world.accept(&record);
    let record = world.caveat("Bolat", FLAT, until);
    world.refuse(&record, &["party.minor"]);
    assert!(world.title(FLAT).encumbrances.is_empty());
}
