//! The calendar itself: what lies far ahead does not make it long, and comes when it is due.

use deedbook_registry::{Key, state};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::Freeze;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::SCHEDULE_DAYS_MAX;
use deedbook_schemas::record::Body;

use crate::world::{DAY, REGISTRAR, World, record_id};

const FLAT: &str = "20-313-024-118";

#[test]
fn far_times_wait_at_the_horizon_and_come_to_their_hour() {
    let mut world = World::of_singles(&["Aida"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    let hour = |world: &World, days: u64| Seconds((world.now().0 / 3600 + 1) * 3600 + days * DAY);
    let ends: Vec<Seconds> = (0..10).map(|n| hour(&world, 150 + 17 * n)).collect();
    let mut freezes = Vec::new();
    for until in &ends {
        let body = Body::Freeze(Freeze {
            case: "Case 1".to_owned(),
            until: Some(*until),
        });
        let record = world.plain(REGISTRAR, FLAT, body);
        world.accept(&record);
        freezes.push(record_id(&record));
    }
    let times = |world: &World| -> Vec<Seconds> {
        state::read(&world.state, Key::Hours)
            .unwrap()
            .unwrap_or_default()
    };
    assert_eq!(times(&world).len(), 1, "all of them wait at one horizon");
    assert!(times(&world)[0].0 <= world.now().0 + (u64::from(SCHEDULE_DAYS_MAX) + 2) * DAY);
    let mut ended = Vec::new();
    for day in 0..320 {
        world.pass(DAY);
        world.block(&[]);
        for outcome in world.began.clone() {
            assert_eq!(outcome.status, Status::Expired);
            let at = freezes.iter().position(|id| *id == outcome.record).unwrap();
            assert!(ends[at] <= world.now(), "not before its time, day {day}");
            assert!(world.now().0 < ends[at].0 + DAY + 60, "and not a day later");
            ended.push(outcome.record);
        }
    }
    assert_eq!(ended, freezes, "each once, in order");
    assert_eq!(times(&world), []);
}

#[test]
fn the_first_block_after_a_silence_beyond_the_horizon_brings_about_all_that_is_due() {
    // Days after which a freeze ends, and days of silence.
    for (ends, silence, over) in [(101, 400, true), (399, 400, true), (401, 400, false)] {
        let mut world = World::of_singles(&["Aida"]);
        world.property(FLAT, &[("Aida", "1/1")]);
        let until = Some(Seconds(world.now().0 + ends * DAY));
        let case = "Case 1".to_owned();
        let body = Body::Freeze(Freeze { case, until });
        let record = world.plain(REGISTRAR, FLAT, body);
        world.accept(&record);
        world.pass(silence * DAY);
        world.block(&[]);
        let ended: Vec<_> = world.began.iter().map(|o| (o.record, o.status)).collect();
        let expected = (record_id(&record), Status::Expired);
        assert_eq!(ended.contains(&expected), over, "after {ends} of {silence}");
        assert_eq!(world.title(FLAT).encumbrances.is_empty(), over);
    }
}
