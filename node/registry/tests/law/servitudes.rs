//! Rule 29: servitudes and leases, whoever holds the property, until their holder gives them up or
//! their term is over.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::{Lease, Right, Servitude, ServitudeKind};
use deedbook_schemas::instrument::{ActKind, ActRole, Status};
use deedbook_schemas::limits::{HOLDERS_MAX, SECONDS_MAX};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::{Body, Record};

use crate::lenders::{
    FLAT, couple, gives_up, gives_up_with, lease_body, let_until, lodge, on_title, parties,
    servitude_body, sign, signed_sale, status, town, way,
};
use crate::world::{BEFORE, DAY, World, id, money, record_id};

#[test]
fn the_holders_grant_and_the_title_says_so() {
    let mut world = town();
    let servitude = way(&mut world, None);
    let until = Seconds(world.now().0 + 30 * DAY);
    let lease = let_until(&mut world, until);
    let title = world.title(FLAT);
    assert_eq!((title.version, title.slot), (3, None));
    let rights: Vec<_> = title.encumbrances.iter().map(|e| &e.right).collect();
    assert_eq!(
        rights,
        [
            &Right::Servitude {
                beneficiary: id("Clara"),
                kind: ServitudeKind::Way,
                until: None
            },
            &Right::Lease {
                lessee: id("Clara"),
                until
            },
        ]
    );
    assert_eq!(on_title(&world, FLAT), [servitude, lease]);
}

#[test]
fn nothing_is_granted_without_the_one_who_receives() {
    let mut world = town();
    let body = Body::Lease(lease_body(&world, "Clara"));
    let lease = lodge(&mut world, "Aida", FLAT, body);
    sign(&mut world, &lease, &["Aida"], &[]);
    assert_eq!(world.open(&lease), ["act.acquirer"]);
    let act = world.buys("Bolat", &lease);
    world.refuse(&act, &["act.not_a_party"]);
}

#[test]
fn both_survive_a_sale_and_a_gift() {
    let mut world = town();
    let servitude = way(&mut world, None);
    let until = Seconds(world.now().0 + 30 * DAY);
    let lease = let_until(&mut world, until);
    let deed = signed_sale(&mut world, |_| {});
    assert_eq!(status(&world, &deed), Status::Registered);
    assert_eq!(on_title(&world, FLAT), [servitude, lease]);
    let gift = world.gift(FLAT, "Bolat", "Dana");
    sign(&mut world, &gift, &["Bolat"], &["Dana"]);
    assert_eq!(status(&world, &gift), Status::Registered);
    assert_eq!(on_title(&world, FLAT), [servitude, lease]);
}

#[test]
fn they_go_when_their_holder_says_so_and_with_the_sale_if_said_so() {
    let mut world = town();
    let servitude = way(&mut world, None);
    let until = Seconds(world.now().0 + 30 * DAY);
    let lease = let_until(&mut world, until);
    for stranger in ["Aida", "Bolat"] {
        let record = gives_up(&mut world, stranger, &servitude);
        world.refuse(&record, &["encumbrance.not_holder"]);
    }
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = gives_up_with(&mut world, "Clara", &lease, &deed);
    world.accept(&record);
    assert_eq!(on_title(&world, FLAT), [servitude, lease]);
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    assert_eq!(on_title(&world, FLAT), [servitude]);
    let record = gives_up(&mut world, "Clara", &servitude);
    world.accept(&record);
    assert!(world.title(FLAT).encumbrances.is_empty());
}

#[test]
fn who_may_not_grant_a_servitude_is_refused() {
    type Change = fn(&mut Servitude);
    let cases: &[(&str, Change, &[&str])] = &[
        (
            "one of two holders",
            |s| s.grantors = parties(&["Aida"]),
            &["encumbrance.terms"],
        ),
        (
            "nobody",
            |s| s.grantors = Vec::new(),
            &["encumbrance.terms"],
        ),
        (
            "a stranger",
            |s| s.grantors = parties(&["Clara"]),
            &["title.not_holder", "encumbrance.terms"],
        ),
        (
            "to one of themselves",
            |s| s.beneficiary = id("Bolat"),
            &["encumbrance.terms"],
        ),
        (
            "to a group",
            |s| s.beneficiary = id("Couple"),
            &["encumbrance.terms"],
        ),
        (
            "to somebody unknown",
            |s| s.beneficiary = id("Nobody"),
            &["transfer.acquirer_unknown"],
        ),
        (
            "until long ago",
            |s| s.until = Some(BEFORE),
            &["encumbrance.terms"],
        ),
        (
            "until the beginning of time",
            |s| s.until = Some(Seconds(0)),
            &["encumbrance.terms"],
        ),
        (
            "on another version",
            |s| s.title_version = 7,
            &["title.version_changed"],
        ),
    ];
    for (what, change, codes) in cases {
        println!("{what}");
        let mut world = pair();
        let mut body = servitude_body(&world, "Clara");
        body.grantors = parties(&["Aida", "Bolat"]);
        change(&mut body);
        let record = world.plain("Aida", FLAT, Body::Servitude(body));
        world.refuse(&record, codes);
    }
}

/// Aida and Bolat own a flat.
fn pair() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    couple(&mut world, "Couple", ["Clara", "Dana"]);
    world
}

#[test]
fn who_may_not_let_is_refused() {
    type Change = fn(&mut Lease);
    let cases: &[(&str, Change, &[&str])] = &[
        (
            "one of two holders",
            |l| l.lessors = parties(&["Bolat"]),
            &["encumbrance.terms"],
        ),
        (
            "a stranger with them",
            |l| l.lessors = parties(&["Aida", "Bolat", "Dana"]),
            &["title.not_holder", "encumbrance.terms"],
        ),
        (
            "to one of themselves",
            |l| l.lessee = id("Aida"),
            &["encumbrance.terms"],
        ),
        (
            "to a group",
            |l| l.lessee = id("Couple"),
            &["encumbrance.terms"],
        ),
        ("for nothing", |l| l.rent = money(0), &["encumbrance.terms"]),
        (
            "until long ago",
            |l| l.until = BEFORE,
            &["encumbrance.terms"],
        ),
        (
            "to somebody unknown",
            |l| l.lessee = id("Nobody"),
            &["transfer.acquirer_unknown"],
        ),
    ];
    for (what, change, codes) in cases {
        println!("{what}");
        let mut world = pair();
        let mut body = lease_body(&world, "Clara");
        body.lessors = parties(&["Aida", "Bolat"]);
        change(&mut body);
        let record = world.plain("Aida", FLAT, Body::Lease(body));
        world.refuse(&record, codes);
    }
}

#[test]
fn malformed_grants_are_turned_away() {
    let mut world = pair();
    let servitude = servitude_body(&world, "Clara");
    let lease = lease_body(&world, "Clara");
    let mut backwards = parties(&["Aida", "Bolat"]);
    backwards.reverse();
    let many: Vec<PartyId> = (0..=u8::try_from(HOLDERS_MAX).unwrap())
        .map(|n| PartyId([n; 16]))
        .collect();
    for list in [backwards, vec![id("Aida"), id("Aida")], many] {
        let body = Servitude {
            grantors: list.clone(),
            ..servitude.clone()
        };
        let record = world.plain("Aida", FLAT, Body::Servitude(body));
        world.turn_away(&record, &["record.field_invalid"]);
        let body = Lease {
            lessors: list,
            ..lease.clone()
        };
        let record = world.plain("Aida", FLAT, Body::Lease(body));
        world.turn_away(&record, &["record.field_invalid"]);
    }
    let body = Lease {
        rent: money(u64::MAX),
        lessors: parties(&["Aida", "Bolat"]),
        ..lease.clone()
    };
    let record = world.plain("Aida", FLAT, Body::Lease(body));
    world.turn_away(&record, &["record.field_invalid"]);
    for until in [Seconds(SECONDS_MAX + 1), Seconds(u64::MAX)] {
        let body = Lease {
            until,
            ..lease.clone()
        };
        let record = world.plain("Aida", FLAT, Body::Lease(body));
        assert!(Record::decode(&record).is_err(), "after the year 9999");
    }
}

#[test]
fn an_agent_grants_only_under_a_power_for_that() {
    for (body, right, wrong) in [
        (
            (|world: &World| Body::Servitude(servitude_body(world, "Clara"))) as fn(&World) -> Body,
            ActKind::Servitude,
            [ActKind::Lease, ActKind::Manage, ActKind::Sell],
        ),
        (
            |world| Body::Lease(lease_body(world, "Clara")),
            ActKind::Lease,
            [ActKind::Servitude, ActKind::Manage, ActKind::Sell],
        ),
    ] {
        let mut world = town();
        let body = body(&world);
        let deed = lodge(&mut world, "Aida", FLAT, body);
        for kind in wrong {
            let power = world.empower("Aida", "Agent", &[kind]);
            let act = world.act_under("Agent", &deed, ActRole::Disponor, power);
            world.refuse(&act, &["poa.out_of_scope"]);
        }
        let power = world.empower("Aida", "Agent", &[right]);
        let act = world.act_under("Agent", &deed, ActRole::Disponor, power);
        world.accept(&act);
        sign(&mut world, &deed, &[], &["Clara"]);
        assert_eq!(on_title(&world, FLAT), [deed]);
    }
}

#[test]
fn joint_property_is_let_and_mortgaged_with_the_spouses_consent_for_that() {
    for (kind, body) in [
        (
            ActKind::Lease,
            (|world: &World| Body::Lease(lease_body(world, "Clara"))) as fn(&World) -> Body,
        ),
        (ActKind::Servitude, |world| {
            Body::Servitude(servitude_body(world, "Clara"))
        }),
        (ActKind::Mortgage, |world| {
            Body::Mortgage(crate::lenders::mortgage_body(
                world,
                FLAT,
                &["Aida"],
                "Clara",
            ))
        }),
    ] {
        let mut world = World::new();
        world.enrol(&["Aida", "Arman", "Clara"]);
        world.unmarried(&["Clara"], BEFORE);
        world.marry("Aida", "Arman", BEFORE);
        world.property(FLAT, &[("Aida", "1/1")]);
        let body = body(&world);
        let deed = lodge(&mut world, "Aida", FLAT, body);
        sign(&mut world, &deed, &["Aida"], &["Clara"]);
        assert_eq!(world.open(&deed), ["consent.missing"]);
        let mut to_sell = world.consent_body("Aida");
        let record = world.consent("Arman", FLAT, to_sell.clone());
        world.accept(&record);
        assert_eq!(
            world.open(&deed),
            ["consent.missing", "consent.out_of_scope"]
        );
        to_sell.act = kind;
        to_sell.price_floor = None;
        let record = world.consent("Arman", FLAT, to_sell);
        world.accept(&record);
        assert_eq!(status(&world, &deed), Status::Registered);
    }
}

#[test]
fn of_two_leases_in_one_block_the_first_signed_wins() {
    let mut world = town();
    let one = Body::Lease(lease_body(&world, "Bolat"));
    let two = Body::Lease(lease_body(&world, "Clara"));
    let (one, two) = (
        lodge(&mut world, "Aida", FLAT, one),
        lodge(&mut world, "Aida", FLAT, two),
    );
    let records = [
        world.sells("Aida", &two),
        world.sells("Aida", &one),
        world.buys("Bolat", &one),
        world.buys("Clara", &two),
    ];
    let answers = world.block(&records);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["title.slot_taken"]);
    assert_eq!(on_title(&world, FLAT), [two]);
    assert_eq!(status(&world, &one), Status::Pending);
    let late = world.sells("Aida", &one);
    world.refuse(&late, &["title.version_changed"]);
    assert_eq!(status(&world, &one), Status::Refused);
    assert_ne!(record_id(&late), one);
}

#[test]
fn a_lease_is_for_a_time_that_is_still_to_come() {
    let mut world = town();
    for (seconds, lawful) in [(0, false), (1, true)] {
        let body = Lease {
            // The block in which it is judged is a second later.
            until: Seconds(world.now().0 + 1 + seconds),
            ..lease_body(&world, "Clara")
        };
        let record = world.plain("Aida", FLAT, Body::Lease(body));
        if lawful {
            world.accept(&record);
        } else {
            world.refuse(&record, &["encumbrance.terms"]);
        }
    }
}
