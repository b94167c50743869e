//! Rule 29: how long servitudes and leases last, and how many a title has room for.

use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::{Lease, Right, Servitude};
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::SECONDS_MAX;
use deedbook_schemas::record::Body;

use crate::lenders::{
    FLAT, gives_up, lease_body, let_until, lodge, mortgaged, on_title, servitude_body, sign,
    status, town, way,
};
use crate::world::{DAY, id};

#[test]
fn the_last_year_is_a_term_like_any_other() {
    let mut world = town();
    let lease = let_until(&mut world, Seconds(SECONDS_MAX));
    let servitude = way(&mut world, Some(Seconds(SECONDS_MAX)));
    assert_eq!(on_title(&world, FLAT), [lease, servitude]);
}

#[test]
fn a_term_that_ends_before_the_last_signature_leaves_it_pending() {
    for servitude in [false, true] {
        for late in [false, true] {
            let mut world = town();
            let until = Seconds(world.now().0 + 5);
            let body = if servitude {
                Body::Servitude(Servitude {
                    until: Some(until),
                    ..servitude_body(&world, "Clara")
                })
            } else {
                Body::Lease(Lease {
                    until,
                    ..lease_body(&world, "Clara")
                })
            };
            let deed = lodge(&mut world, "Aida", FLAT, body);
            sign(&mut world, &deed, &["Aida"], &[]);
            let act = world.buys("Clara", &deed);
            world.pass(if late { 2 } else { 1 });
            world.accept(&act);
            if late {
                assert_eq!(world.now(), until, "the second at which it is over");
                assert_eq!(world.open(&deed), ["encumbrance.terms"]);
            } else {
                assert_eq!(status(&world, &deed), Status::Registered);
            }
        }
    }
}

#[test]
fn they_are_over_at_their_second_and_leave_the_title_at_the_next_full_hour() {
    let mut world = town();
    let until = Seconds(world.now().0 + DAY + 1234);
    let lease = let_until(&mut world, until);
    let servitude = way(&mut world, Some(until));
    let hour = Seconds(until.0.div_ceil(3600) * 3600);
    assert_eq!(next_deadline(&world.state).unwrap(), Some(hour));
    world.pass(until.0 - 1 - world.now().0 - 1);
    let early = gives_up(&mut world, "Bolat", &lease);
    world.refuse(&early, &["encumbrance.not_holder"]);
    assert_eq!(world.now().0, until.0 - 1);
    let over = gives_up(&mut world, "Clara", &lease);
    world.refuse(&over, &["encumbrance.unknown"]);
    assert_eq!(world.now(), until);
    assert_eq!(on_title(&world, FLAT), [lease, servitude]);
    world.pass(hour.0 - world.now().0 - 1);
    world.block(&[]);
    assert_eq!(world.now(), hour);
    let ended: Vec<_> = world
        .began
        .iter()
        .map(|outcome| (outcome.record, outcome.status))
        .collect();
    assert_eq!(
        ended,
        [(lease, Status::Expired), (servitude, Status::Expired)]
    );
    assert!(world.title(FLAT).encumbrances.is_empty());
}

#[test]
fn sixteen_of_a_kind_and_one_more() {
    let mut world = town();
    for _ in 0..16 {
        way(&mut world, None);
    }
    let body = Body::Servitude(servitude_body(&world, "Bolat"));
    let record = world.plain("Aida", FLAT, body);
    world.refuse(&record, &["encumbrance.too_many"]);
    // Leases and mortgages have room of their own.
    let until = Seconds(world.now().0 + DAY);
    for _ in 0..16 {
        let_until(&mut world, until);
    }
    let body = Body::Lease(lease_body(&world, "Bolat"));
    let record = world.plain("Aida", FLAT, body);
    world.refuse(&record, &["encumbrance.too_many"]);
    mortgaged(&mut world, FLAT, "Aida", "Halyk");
    assert_eq!(on_title(&world, FLAT).len(), 33);
}

#[test]
fn a_full_title_lets_a_lease_wait_until_another_is_over() {
    let mut world = town();
    let until = Seconds(world.now().0 + DAY);
    let mut all: Vec<_> = (0..15).map(|_| let_until(&mut world, until)).collect();
    let body = Body::Lease(lease_body(&world, "Bolat"));
    let last = lodge(&mut world, "Aida", FLAT, body);
    let spare = all[0];
    // Room is filled without an instrument, as a court would.
    crate::lenders::burden(
        &mut world,
        FLAT,
        1,
        Right::Lease {
            lessee: id("Dana"),
            until: Seconds(until.0 + 30 * DAY),
        },
    );
    sign(&mut world, &last, &["Aida"], &["Bolat"]);
    assert_eq!(world.open(&last), ["encumbrance.too_many"]);
    let record = gives_up(&mut world, "Clara", &spare);
    world.accept(&record);
    assert_eq!(status(&world, &last), Status::Registered);
    all.push(last);
    assert_eq!(on_title(&world, FLAT).len(), 16);
}
