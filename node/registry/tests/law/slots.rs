//! Rules 2, 9, 31, 45, 46: races, slots, idempotency, determinism.

use deedbook_registry::ApplyError;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, Status};

use crate::world::{Answer, World, record_id};

const FLAT: &str = "20-313-024-118";

fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

/// Two sales of the same flat, with their acts.
fn two_sales(world: &mut World) -> ([RecordId; 2], Vec<Vec<u8>>) {
    let first = world.sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let second = world.sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let (one, two) = (record_id(&first), record_id(&second));
    let records = vec![
        first,
        second,
        world.sells("Aida", &one),
        world.sells("Aida", &two),
        world.buys("Bolat", &one),
        world.buys("Clara", &two),
    ];
    ([one, two], records)
}

fn codes(answer: &Answer) -> Vec<String> {
    match answer {
        Ok(applied) => applied
            .refusal
            .as_ref()
            .map(deedbook_schemas::rejection::Rejection::to_strings)
            .unwrap_or_default(),
        Err(ApplyError::Door(rejection)) => rejection.to_strings(),
        Err(ApplyError::State(error)) => panic!("{error}"),
    }
}

#[test]
fn of_two_deeds_in_one_block_exactly_one_wins() {
    let mut world = world();
    let ([one, two], records) = two_sales(&mut world);
    let answers = world.block(&records);
    let codes: Vec<_> = answers.iter().map(codes).collect();
    assert_eq!(codes[3], ["title.slot_taken"]);
    assert_eq!(codes[5], ["title.version_changed"]);
    assert_eq!(world.instrument(&one).status, Status::Registered);
    let second = world.instrument(&two);
    assert_eq!(second.status, Status::Refused);
    assert_eq!(second.codes, ["title.version_changed"]);
    let last = &answers[5].as_ref().unwrap().outcomes;
    assert_eq!(last.len(), 2, "the act and its instrument");
    assert_eq!((last[1].record, last[1].status), (two, Status::Refused));
}

#[test]
fn however_the_records_are_cut_into_blocks_the_titles_are_the_same() {
    let mut expected = None;
    for cuts in 0u32..32 {
        let mut world = world();
        let (ids, records) = two_sales(&mut world);
        let mut blocks = vec![Vec::new()];
        for (index, record) in records.into_iter().enumerate() {
            blocks.last_mut().unwrap().push(record);
            if index < 5 && cuts & (1 << index) != 0 {
                blocks.push(Vec::new());
            }
        }
        let mut answers = Vec::new();
        for block in blocks {
            answers.extend(world.block_after(1, &block).iter().map(codes));
        }
        let title = world.title(FLAT);
        let statuses = ids.map(|id| (world.instrument(&id).status, world.instrument(&id).codes));
        let seen = (answers, title.holdings, title.version, title.slot, statuses);
        assert_eq!(
            *expected.get_or_insert_with(|| seen.clone()),
            seen,
            "{cuts:b}"
        );
    }
}

#[test]
fn two_deeds_of_one_half_do_not_both_leave_one_half_holder() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Dana", "1/2")]);
    let one = world.lodge_gift(FLAT, &[("Aida", "1/2")], &[("Bolat", "1/2")]);
    let two = world.lodge_gift(FLAT, &[("Aida", "1/2")], &[("Clara", "1/2")]);
    let acts = [
        world.buys("Clara", &two),
        world.buys("Bolat", &one),
        world.sells("Aida", &two),
        world.sells("Aida", &one),
    ];
    let answers = world.block(&acts);
    assert_eq!(
        codes(&answers[3]),
        ["title.not_holder", "title.version_changed"]
    );
    assert_eq!(world.instrument(&two).status, Status::Registered);
    assert_eq!(world.instrument(&one).status, Status::Refused);
}

#[test]
fn a_strangers_lodging_blocks_nothing() {
    let mut world = world();
    let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    let squat = world.transfer("Dana", FLAT, body);
    world.accept(&squat);
    let act = world.buys("Dana", &record_id(&squat));
    world.accept(&act);
    assert_eq!(world.title(FLAT).slot, None);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn a_slot_blocks_later_instruments_until_it_is_given_up() {
    let mut world = world();
    let one = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let two = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let act = world.sells("Aida", &one);
    world.accept(&act);
    let later = world.sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    world.refuse(&later, &["title.slot_taken"]);
    let act = world.sells("Aida", &two);
    world.refuse(&act, &["title.slot_taken"]);
    assert_eq!(
        world.open(&two),
        ["title.slot_taken", "act.disponor", "act.acquirer"]
    );
    let by_stranger = world.withdraws("Clara", &one);
    world.refuse(&by_stranger, &["withdrawal.not_entitled"]);
    let by_disponor = world.withdraws("Aida", &one);
    let outcomes = world.accept(&by_disponor);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (one, Status::Withdrawn)
    );
    assert_eq!(world.title(FLAT).slot, None);
    // A withdrawn application keeps nothing, and a new one begins at the end.
    let late = world.buys("Bolat", &one);
    world.turn_away(&late, &["instrument.closed"]);
    let act = world.sells("Aida", &two);
    world.accept(&act);
    let again = world.sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    assert_ne!(record_id(&again), one);
    world.refuse(&again, &["title.slot_taken"]);
}

#[test]
fn a_slot_taken_under_a_power_ends_with_the_power() {
    let mut world = world();
    let power = world.empower("Aida", "Dana", &[ActKind::Sell]);
    let one = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let two = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let act = world.act_under("Dana", &one, ActRole::Disponor, power);
    world.accept(&act);
    let revocation = world.revokes("Aida", &power);
    world.accept(&revocation);
    assert_eq!(world.open(&one), ["act.disponor", "act.acquirer"]);
    let act = world.sells("Aida", &two);
    world.accept(&act);
    assert_eq!(world.title(FLAT).slot, Some(two));
    let act = world.sells("Aida", &one);
    world.refuse(&act, &["title.slot_taken"]);
    let act = world.buys("Clara", &two);
    world.accept(&act);
    assert_eq!(world.instrument(&two).status, Status::Registered);
}

#[test]
fn the_same_record_changes_nothing_the_second_time() {
    let mut world = world();
    let (_, records) = two_sales(&mut world);
    let mut twice = records.clone();
    twice.extend(records.iter().cloned());
    let answers = world.block(&twice);
    for answer in &answers[6..] {
        assert_eq!(codes(answer), ["record.duplicate"]);
    }
    for record in &records {
        world.turn_away(record, &["record.duplicate"]);
    }
    world.pass(100_000);
    world.turn_away(&records[0], &["record.duplicate"]);
}

#[test]
fn unknown_and_foreign_instruments_cannot_be_acted_on() {
    let mut world = world();
    let nothing = RecordId([9; 32]);
    let act = world.sells("Aida", &nothing);
    world.turn_away(&act, &["instrument.unknown"]);
    let withdrawal = world.withdraws("Aida", &nothing);
    world.turn_away(&withdrawal, &["instrument.unknown"]);
    let power = world.empower("Aida", "Dana", &[ActKind::Sell]);
    let act = world.sells("Aida", &power);
    world.turn_away(&act, &["instrument.unknown"]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Clara", &deed);
    world.refuse(&act, &["act.not_a_party"]);
    let act = world.sells("Bolat", &deed);
    world.refuse(&act, &["act.not_a_party"]);
}
