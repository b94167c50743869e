//! Rules 9, 27, 31, 37: a private deed from which a court sale takes the slot waits for it. It ends with a
//! court sale that is carried out, and has its rank again, in the same step, after one that is not.

use deedbook_registry::Key;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, Status, Transfer};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::proceeding::Order;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::EscrowState;

use crate::courts::{PRICE, sell};
use crate::lenders::{FLAT, lodge, mortgage_body, terms};
use crate::preemption::{offer_of, waiver_at};
use crate::world::{BEFORE, COURT, DAY, ESCROW, REGISTRAR, World, id, record_id};

const HOUSE: &str = "20-313-024-119";
/// Aida and Dana have a half each.
const SHARED: &str = "20-313-024-120";

fn town() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana", "Kaspi", "Zarina"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    world.property(HOUSE, &[("Clara", "1/1")]);
    world.property(SHARED, &[("Aida", "1/2"), ("Dana", "1/2")]);
    world
}

/// A private deed that Aida has signed, and the last thing that it needs.
struct Private {
    what: &'static str,
    property: &'static str,
    begin: fn(&mut World) -> RecordId,
    last: fn(&mut World, &RecordId) -> Vec<u8>,
}

fn sale(world: &mut World, change: fn(&mut Transfer)) -> RecordId {
    let mut body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    change(&mut body);
    let deed = lodge(world, "Aida", FLAT, Body::Transfer(body));
    world.all_act(&deed, &["Aida"], &[]);
    deed
}

fn clara_signs(world: &mut World, deed: &RecordId) -> Vec<u8> {
    world.buys("Clara", deed)
}

const PRIVATE: &[Private] = &[
    Private {
        what: "a sale",
        property: FLAT,
        begin: |world| sale(world, |_| {}),
        last: clara_signs,
    },
    Private {
        what: "a sale that is paid for",
        property: FLAT,
        begin: |world| {
            let deed = sale(world, |t| {
                let (pays, receives) = ([("Clara", PRICE)], [("Aida", PRICE)]);
                t.settlement = Some(World::settlement(ESCROW, &pays, &receives));
            });
            world.fund(&deed);
            deed
        },
        last: clara_signs,
    },
    Private {
        what: "a sale that waits for the money",
        property: FLAT,
        begin: |world| {
            let deed = sale(world, |t| {
                let (pays, receives) = ([("Clara", PRICE)], [("Aida", PRICE)]);
                t.settlement = Some(World::settlement(ESCROW, &pays, &receives));
            });
            world.all_act(&deed, &[], &["Clara"]);
            deed
        },
        last: |world, deed| world.funding(ESCROW, deed, PRICE),
    },
    Private {
        what: "a sale for which the buyer has reserved the slot",
        property: FLAT,
        begin: |world| {
            let deed = sale(world, |_| {});
            let notice = world.reserve("Clara", &deed);
            world.accept(&notice);
            deed
        },
        last: clara_signs,
    },
    Private {
        what: "a sale with a purchase mortgage",
        property: FLAT,
        begin: |world| {
            let deed = sale(world, |t| t.mortgage = Some(terms("Kaspi")));
            world.all_act(&deed, &[], &["Clara"]);
            deed
        },
        last: |world, deed| world.act("Kaspi", deed, ActRole::Mortgagee),
    },
    Private {
        what: "a sale of a share on offer to the co-owner",
        property: SHARED,
        begin: |world| {
            world.offers("Aida", SHARED, offer_of("1/2", PRICE));
            let deed = world.lodge_sale(SHARED, &[("Aida", "1/2")], &[("Clara", "1/2")]);
            world.all_act(&deed, &["Aida"], &["Clara"]);
            deed
        },
        last: |world, _| {
            let notice = world.title(SHARED).encumbrances[0].id;
            let mut body = waiver_at(PRICE);
            body.property = SHARED.to_owned();
            world.waiver("Dana", &notice, body)
        },
    },
    Private {
        what: "an exchange",
        property: FLAT,
        begin: |world| {
            let (first, other) = ((FLAT, "Aida", "1/1"), (HOUSE, "Clara", "1/1"));
            let deed = world.lodge_exchange(first, other, |_| {});
            world.all_act(&deed, &["Aida", "Clara"], &["Aida"]);
            deed
        },
        last: clara_signs,
    },
    Private {
        what: "a mortgage",
        property: FLAT,
        begin: |world| {
            let body = Body::Mortgage(mortgage_body(world, FLAT, &["Aida"], "Kaspi"));
            let deed = lodge(world, "Aida", FLAT, body);
            world.all_act(&deed, &["Aida"], &[]);
            deed
        },
        last: |world, deed| world.buys("Kaspi", deed),
    },
    Private {
        what: "a sale with a requisition",
        property: FLAT,
        begin: |world| {
            let deed = sale(world, |_| {});
            let asked = world.asks(&deed);
            let answer = world.answers("Aida", &deed, asked);
            world.accept(&answer);
            world.all_act(&deed, &[], &["Clara"]);
            deed
        },
        last: |world, deed| {
            let asked = world.instrument(deed).pending.unwrap().supplements[0].record;
            world.decides(REGISTRAR, deed, asked, true)
        },
    },
];

/// Lodges a sale of Aida's holding to Bolat by order of a court, for which he pays through an agent.
fn court_lodges(world: &mut World, property: &str) -> RecordId {
    let share = world.title(property).share_of(&id("Aida")).unwrap();
    let order = world.orders(property, sell("Aida", "Bolat", PRICE, &[]));
    let (pays, receives) = ([("Bolat", PRICE)], [("Aida", PRICE)]);
    let body = Transfer {
        settlement: Some(World::settlement(ESCROW, &pays, &receives)),
        ..world.court_sale(property, ("Aida", &share.to_string()), "Bolat", order)
    };
    let record = world.transfer("Dana", property, body);
    world.accept(&record);
    record_id(&record)
}

fn bolat_signs(world: &mut World, court: &RecordId) {
    assert_eq!(world.open(court), ["act.acquirer", "escrow.not_funded"]);
    let act = world.buys("Bolat", court);
    assert_eq!(world.accept(&act), [], "nothing ends by it");
}

/// How a court sale ends unregistered, and how that is called.
type Ending = (
    &'static str,
    fn(&mut World, &RecordId) -> Vec<Outcome>,
    Status,
);

const UNREGISTERED: &[Ending] = &[
    (
        "withdrawn",
        |world, court| {
            let record = world.withdraws("Dana", court);
            world.accept(&record)
        },
        Status::Withdrawn,
    ),
    (
        "expired",
        |world, court| {
            let expires = world.instrument(court).pending.unwrap().expires;
            world.time_ms = expires.0 * 1000;
            world.block(&[]);
            world.began.clone()
        },
        Status::Expired,
    ),
    (
        "refused on a requisition",
        |world, court| {
            let asked = world.asks(court);
            let answer = world.answers("Dana", court, asked);
            world.accept(&answer);
            let record = world.decides(REGISTRAR, court, asked, false);
            world.accept(&record)
        },
        Status::Refused,
    ),
    (
        "refused on a requisition that nobody answered",
        |world, court| {
            world.asks(court);
            let due = deedbook_registry::next_deadline(&world.state).unwrap();
            world.time_ms = due.unwrap().0 * 1000;
            world.block(&[]);
            world.began.clone()
        },
        Status::Refused,
    ),
];

fn ends(outcomes: &[Outcome]) -> Vec<(RecordId, Status)> {
    outcomes.iter().map(|o| (o.record, o.status)).collect()
}

/// The record that funded a deed.
fn funding(world: &World, deed: &RecordId) -> Option<RecordId> {
    use deedbook_schemas::instrument::Matter;
    let pending = world.instrument(deed).pending?;
    let funded = |matter: &Matter| matches!(matter, Matter::Funding { .. });
    let mut supplements = pending.supplements.iter();
    supplements.find(|s| funded(&s.matter)).map(|s| s.record)
}

fn assert_nobody_waits(world: &World) {
    for property in [FLAT, HOUSE, SHARED] {
        let key = Key::Displaced(property).bytes();
        assert!(!world.state.values.contains_key(&key), "{property}");
    }
}

#[test]
fn complete_but_for_the_court_sale_it_registers_when_that_ends_unregistered() {
    for private in PRIVATE {
        for (how, end, status) in UNREGISTERED {
            println!("{}, and the court sale is {how}", private.what);
            let mut world = town();
            let court = court_lodges(&mut world, private.property);
            world.pass(2 * DAY);
            let deed = (private.begin)(&mut world);
            bolat_signs(&mut world, &court);
            assert_eq!(world.title(private.property).slot, Some(court));
            let waits_for = world.requirements(&deed).remove(0);
            assert_eq!(waits_for.code, "title.slot_taken");
            assert!(waits_for.text.contains(&court.to_string()));
            let last = (private.last)(&mut world, &deed);
            world.accept(&last);
            assert_eq!(world.open(&deed), ["title.slot_taken"]);
            let funding = funding(&world, &deed);
            let encumbrances = &world.title(private.property).encumbrances;
            let others: Vec<RecordId> = encumbrances.iter().map(|other| other.id).collect();

            let mut ends = ends(&end(&mut world, &court));
            // By some profiles a reservation has run out by then.
            ends.retain(|(record, _)| !others.contains(record));
            let mut expected = vec![(court, *status), (deed, Status::Registered)];
            expected.extend(funding.map(|funding| (funding, Status::Registered)));
            assert_eq!(ends, expected);
            if let Some(funding) = funding {
                assert_eq!(world.escrow(&funding).state, EscrowState::ReleaseOrdered);
            }
            assert_eq!(world.title(private.property).slot, None);
            assert_nobody_waits(&world);
        }
    }
}

#[test]
fn what_still_needs_something_has_its_rank_again_and_registers_with_it() {
    for private in PRIVATE {
        for (how, end, status) in UNREGISTERED {
            println!("{}, and the court sale is {how}", private.what);
            let mut world = town();
            let court = court_lodges(&mut world, private.property);
            world.pass(2 * DAY);
            let deed = (private.begin)(&mut world);
            let missing = world.open(&deed);
            bolat_signs(&mut world, &court);
            assert_eq!(world.open(&deed)[1..], missing);
            let outcomes = end(&mut world, &court);
            let ended = ends(&outcomes);
            assert!(ended.contains(&(court, *status)));
            if !ended.iter().any(|(record, _)| *record == deed) {
                assert_eq!(world.open(&deed), missing);
                assert_eq!(world.title(private.property).slot, Some(deed));
                let last = (private.last)(&mut world, &deed);
                world.accept(&last);
                assert!(world.is_registered(&deed));
            } else {
                // The period of the offer was over by then.
                assert_eq!(private.property, SHARED);
                assert!(world.is_registered(&deed));
            }
            assert_nobody_waits(&world);
        }
    }
}

#[test]
fn it_ends_with_a_court_sale_that_is_carried_out_and_the_money_goes_back() {
    for private in PRIVATE {
        for complete in [false, true] {
            println!("{}, complete: {complete}", private.what);
            let mut world = town();
            let deed = (private.begin)(&mut world);
            let court = court_lodges(&mut world, private.property);
            bolat_signs(&mut world, &court);
            if complete {
                let last = (private.last)(&mut world, &deed);
                world.accept(&last);
            }
            let funded = funding(&world, &deed);
            let price = world.funding(ESCROW, &court, PRICE);
            let outcomes = world.accept(&price);
            let mut expected = vec![
                (court, Status::Registered),
                (record_id(&price), Status::Registered),
                (deed, Status::Refused),
            ];
            expected.extend(funded.map(|funding| (funding, Status::Refused)));
            assert_eq!(ends(&outcomes), expected);
            assert_eq!(outcomes[2].codes, ["title.version_changed"]);
            assert_eq!(world.instrument(&deed).codes, ["title.version_changed"]);
            if let Some(funding) = funded {
                assert_eq!(world.escrow(&funding).state, EscrowState::RefundOrdered);
            }
            assert_nobody_waits(&world);
            for property in [FLAT, HOUSE, SHARED] {
                assert_eq!(world.title(property).slot, None, "it blocks nothing more");
            }
            // Neither does a reservation bind who bought from the court.
            let share = world
                .title(private.property)
                .share_of(&id("Bolat"))
                .unwrap();
            let share = share.to_string();
            let share = [("Bolat", share.as_str())];
            let gift = world.lodge_gift(private.property, &share, &[("Zarina", share[0].1)]);
            world.all_act(&gift, &["Bolat"], &["Zarina"]);
            assert!(world.is_registered(&gift));
        }
    }
}

#[test]
fn a_court_sale_that_registers_at_once_ends_it_too() {
    let mut world = town();
    let deed = (PRIVATE[1].begin)(&mut world);
    let funded = funding(&world, &deed).unwrap();
    let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
    let body = world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order);
    let record = world.transfer("Bolat", FLAT, body);
    world.accept(&record);
    let act = world.buys("Bolat", &record_id(&record));
    let outcomes = world.accept(&act);
    let expected = [
        (record_id(&record), Status::Registered),
        (deed, Status::Refused),
        (funded, Status::Refused),
    ];
    assert_eq!(ends(&outcomes), expected);
    assert_nobody_waits(&world);
}

#[test]
fn of_two_private_deeds_the_one_that_was_first_comes_back_first() {
    let mut world = town();
    let rival = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    let court = court_lodges(&mut world, FLAT);
    let first = sale(&mut world, |_| {});
    bolat_signs(&mut world, &court);
    let act = world.sells("Aida", &rival);
    world.refuse(&act, &["title.slot_taken"]);
    let record = world.withdraws("Dana", &court);
    assert_eq!(ends(&world.accept(&record)), [(court, Status::Withdrawn)]);
    assert_eq!(world.title(FLAT).slot, Some(first));
    let act = world.sells("Aida", &rival);
    world.refuse(&act, &["title.slot_taken"]);
    let act = world.buys("Clara", &first);
    world.accept(&act);
    assert!(world.is_registered(&first));
}

#[test]
fn what_no_longer_counts_when_the_court_sale_ends_blocks_nobody() {
    let mut world = town();
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let rival = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    let court = court_lodges(&mut world, FLAT);
    let first = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let act = world.act_under("Zarina", &first, ActRole::Disponor, power);
    world.accept(&act);
    bolat_signs(&mut world, &court);
    let act = world.buys("Clara", &first);
    world.accept(&act);
    let revocation = world.revokes("Aida", &power);
    world.accept(&revocation);
    assert_eq!(world.open(&first), ["title.slot_taken", "act.disponor"]);
    let record = world.withdraws("Dana", &court);
    assert_eq!(ends(&world.accept(&record)), [(court, Status::Withdrawn)]);
    assert_eq!(world.open(&first), ["act.disponor"]);
    world.all_act(&rival, &["Aida"], &["Dana"]);
    assert!(world.is_registered(&rival));
}

#[test]
fn it_may_end_by_itself_while_it_waits() {
    for (what, status) in [
        ("withdrawn", Status::Withdrawn),
        ("expired", Status::Expired),
    ] {
        println!("{what}");
        let mut world = town();
        let first = sale(&mut world, |_| {});
        world.pass(DAY);
        let court = court_lodges(&mut world, FLAT);
        bolat_signs(&mut world, &court);
        if status == Status::Withdrawn {
            let record = world.withdraws("Aida", &first);
            world.accept(&record);
        } else {
            let expires = world.instrument(&first).pending.unwrap().expires;
            world.time_ms = expires.0 * 1000;
            world.block(&[]);
        }
        assert_eq!(world.instrument(&first).status, status);
        assert_eq!(world.title(FLAT).slot, Some(court));
        assert_nobody_waits(&world);
        let record = world.withdraws("Dana", &court);
        assert_eq!(ends(&world.accept(&record)), [(court, Status::Withdrawn)]);
        assert_eq!(world.title(FLAT).slot, None);
    }
}

/// A court sale that Bolat's agent signed, whose power was revoked after that.
fn signed_by_agent(world: &mut World) -> RecordId {
    let power = world.empower("Bolat", "Zarina", &[ActKind::Acquire]);
    let court = court_lodges(world, FLAT);
    let act = world.act_under("Zarina", &court, ActRole::Acquirer, power);
    world.accept(&act);
    let revocation = world.revokes("Bolat", &power);
    world.accept(&revocation);
    court
}

#[test]
fn a_court_sale_keeps_what_it_took_until_it_ends() {
    let mut world = town();
    let rival = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    let first = sale(&mut world, |_| {});
    let court = signed_by_agent(&mut world);
    let act = world.buys("Clara", &first);
    world.accept(&act);
    assert_eq!(world.open(&court), ["act.acquirer", "escrow.not_funded"]);
    assert_eq!(world.open(&first), ["title.slot_taken"]);
    let act = world.sells("Aida", &rival);
    world.refuse(&act, &["title.slot_taken"]);
    // Another order stands before one that nobody carries out.
    let next = court_lodges(&mut world, FLAT);
    bolat_signs(&mut world, &next);
    assert_eq!(world.title(FLAT).slot, Some(next));
    let act = world.buys("Bolat", &court);
    world.refuse(&act, &["title.slot_taken"]);
    let record = world.withdraws("Dana", &court);
    assert_eq!(ends(&world.accept(&record)), [(court, Status::Withdrawn)]);
    assert_eq!(world.open(&first), ["title.slot_taken"]);
    let record = world.withdraws("Dana", &next);
    let expected = [(next, Status::Withdrawn), (first, Status::Registered)];
    assert_eq!(ends(&world.accept(&record)), expected);
    assert_nobody_waits(&world);
}

#[test]
fn a_private_reservation_does_not_hide_a_court_sale_from_another() {
    let mut world = town();
    let first = (PRIVATE[3].begin)(&mut world);
    let court = court_lodges(&mut world, FLAT);
    bolat_signs(&mut world, &court);
    let lodged = world.sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    world.refuse(&lodged, &["title.slot_taken"]);
    let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
    let body = world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order);
    let second = world.transfer("Dana", FLAT, body);
    world.refuse(&second, &["title.slot_taken"]);
    assert_eq!(world.open(&first), ["title.slot_taken", "act.acquirer"]);
    // Once the slot is theirs again, the reservation is what others meet.
    let record = world.withdraws("Dana", &court);
    world.accept(&record);
    let lodged = world.sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    world.refuse(&lodged, &["notice.reserved"]);
}

#[test]
fn an_exchange_waits_for_the_court_sales_of_both_of_its_properties() {
    for carried_out in [false, true] {
        println!("one of them is carried out: {carried_out}");
        let mut world = World::of_singles(&["Aida", "Bolat", "Dana"]);
        world.property(FLAT, &[("Aida", "1/2"), ("Dana", "1/2")]);
        world.property(HOUSE, &[("Aida", "1/2"), ("Dana", "1/2")]);
        let (first, other) = ((FLAT, "Aida", "1/2"), (HOUSE, "Dana", "1/2"));
        let deed = world.lodge_exchange(first, other, |_| {});
        world.all_act(&deed, &["Aida", "Dana"], &["Aida"]);
        let courts = [FLAT, HOUSE].map(|property| {
            let court = court_lodges(&mut world, property);
            bolat_signs(&mut world, &court);
            court
        });
        let act = world.buys("Dana", &deed);
        world.accept(&act);
        assert_eq!(world.open(&deed), ["title.slot_taken", "title.slot_taken"]);
        let record = world.withdraws("Dana", &courts[1]);
        world.accept(&record);
        assert_eq!(world.open(&deed), ["title.slot_taken"]);
        assert_eq!(world.title(HOUSE).slot, Some(deed));
        if carried_out {
            let price = world.funding(ESCROW, &courts[0], PRICE);
            world.accept(&price);
            assert_eq!(world.instrument(&deed).status, Status::Refused);
        } else {
            let record = world.withdraws("Dana", &courts[0]);
            world.accept(&record);
            assert!(world.is_registered(&deed));
        }
        assert_eq!(world.title(HOUSE).slot, None);
        assert_nobody_waits(&world);
    }
}

#[test]
fn a_correction_ends_the_court_sale_and_what_waits_for_it() {
    let mut world = town();
    let first = sale(&mut world, |_| {});
    let court = court_lodges(&mut world, FLAT);
    bolat_signs(&mut world, &court);
    let act = world.buys("Clara", &first);
    world.accept(&act);
    let order = world.order(COURT, FLAT, Order::Correct, BEFORE);
    world.accept(&order);
    let record = world.corrects_the_address(FLAT, record_id(&order));
    let outcomes = world.accept(&record);
    let expected = [
        (record_id(&record), Status::Registered),
        (first, Status::Refused),
        (court, Status::Refused),
    ];
    assert_eq!(ends(&outcomes), expected);
    assert_eq!(world.title(FLAT).version, 2);
    assert_eq!(world.title(FLAT).slot, None);
    assert_nobody_waits(&world);
}

#[test]
fn a_court_sale_whose_time_is_over_is_over_swept_or_not() {
    for counts in [true, false] {
        println!("the act of the private deed counts: {counts}");
        let mut world = town();
        let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
        // More than a block can end are due at the same hour, the court sale last.
        for _ in 0..3 {
            let records: Vec<_> = (0..900)
                .map(|_| world.sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]))
                .collect();
            world.block_after(10, &records);
        }
        let court = court_lodges(&mut world, FLAT);
        world.pass(2 * DAY);
        let rival = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
        let first = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
        let act = world.act_under("Zarina", &first, ActRole::Disponor, power);
        world.accept(&act);
        bolat_signs(&mut world, &court);
        let act = world.buys("Clara", &first);
        world.accept(&act);
        if !counts {
            let revocation = world.revokes("Aida", &power);
            world.accept(&revocation);
        }
        let expires = world.instrument(&court).pending.unwrap().expires;
        world.time_ms = (expires.0 - 1) * 1000;
        let act = world.sells("Aida", &rival);
        if counts {
            world.refuse(&act, &["title.slot_taken"]);
        } else {
            world.accept(&act);
        }
        assert_eq!(world.instrument(&court).status, Status::Pending, "unswept");
        world.block(&[]);
        let ended = ends(&world.began);
        assert!(ended.contains(&(court, Status::Expired)));
        assert_eq!(ended.contains(&(first, Status::Registered)), counts);
        let slot = (!counts).then_some(rival);
        assert_eq!(world.title(FLAT).slot, slot);
        assert_nobody_waits(&world);
    }
}
