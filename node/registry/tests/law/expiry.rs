//! What time alone brings about: pending instruments expire, once, in the first block that reaches
//! the time, and an idle network is woken for it.

use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::Status;

use crate::world::{DAY, START, World, record_id};

const FLAT: &str = "20-313-024-118";

fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

/// Seconds that an instrument may be pending.
fn pending(world: &World) -> u64 {
    u64::from(world.profile().pending_days) * DAY
}

#[test]
fn a_pending_instrument_expires_at_its_hour_and_frees_the_slot() {
    let mut world = world();
    assert_eq!(next_deadline(&world.state).unwrap(), None);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let expires = Seconds(START + pending(&world) + 3600);
    assert_eq!(world.instrument(&deed).pending.unwrap().expires, expires);
    assert_eq!(next_deadline(&world.state).unwrap(), Some(expires));
    world.time_ms = (expires.0 - 2) * 1000;
    world.block(&[]);
    assert_eq!(world.began, []);
    world.block(&[]);
    let outcomes: Vec<_> = world.began.iter().map(|o| (o.record, o.status)).collect();
    assert_eq!(outcomes, [(deed, Status::Expired)]);
    assert_eq!(world.title(FLAT).slot, None);
    assert_eq!(next_deadline(&world.state).unwrap(), None);
    world.block(&[]);
    assert_eq!(world.began, []);
    let act = world.buys("Bolat", &deed);
    world.turn_away(&act, &["instrument.closed"]);
}

#[test]
fn closed_instruments_are_passed_over_and_hours_come_in_order() {
    let mut world = world();
    let withdrawn = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = world.withdraws("Aida", &withdrawn);
    world.accept(&record);
    world.pass(7200);
    let late = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    world.pass(7200);
    let later = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    world.pass(pending(&world) + 10 * DAY);
    world.block(&[]);
    let outcomes: Vec<_> = world.began.iter().map(|o| (o.record, o.status)).collect();
    assert_eq!(
        outcomes,
        [(late, Status::Expired), (later, Status::Expired)]
    );
    assert!(
        !world
            .state
            .values
            .keys()
            .any(|key| matches!(key.first(), Some(b'H' | b'E')))
    );
}

#[test]
fn more_than_one_block_can_end_are_ended_in_order_by_the_next_ones() {
    let mut world = world();
    let mut lodged = Vec::new();
    for _ in 0..3 {
        let records: Vec<_> = (0..900)
            .map(|_| world.sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]))
            .collect();
        lodged.extend(records.iter().map(|record| record_id(record)));
        world.block_after(10, &records);
    }
    world.pass(pending(&world) + DAY);
    world.block(&[]);
    let mut ended: Vec<_> = world.began.iter().map(|o| o.record).collect();
    assert_eq!(
        ended.len(),
        2700,
        "the third list begins below the limit of steps"
    );
    world.block(&[]);
    ended.extend(world.began.iter().map(|o| o.record));
    assert_eq!(ended, lodged);
    assert_eq!(next_deadline(&world.state).unwrap(), None);
}
