//! What waits is looked at again when what it waits for may have ended: lenders' instruments with every
//! change of their title, guardians' with the parties that they are torn by, and what finds no room on a
//! list on the next day. A pending instrument has an open requirement, or a clock.

use deedbook_registry::next_deadline;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::{ActRole, Status, Transfer};
use deedbook_schemas::limits::{ENCUMBRANCES_MAX, WAITING_MAX};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::proceeding::Order;
use deedbook_schemas::record::Body;

use crate::courts::{PRICE, sell};
use crate::lenders::{
    FLAT, assigned, assignment, burden, caveat, firm, gives_up, gives_up_with, lender_of,
    lets_pass, lodge, mortgaged, postponement, ranks, sign, status, terms, town,
};
use crate::world::{BEFORE, COURT, DAY, World, id, record_id};

fn ends(outcomes: &[Outcome]) -> Vec<(RecordId, Status)> {
    outcomes.iter().map(|o| (o.record, o.status)).collect()
}

/// A flat with three mortgages.
fn three() -> (World, [RecordId; 3]) {
    let mut world = town();
    let all =
        ["Halyk", "Kaspi", "Otbasy"].map(|lender| mortgaged(&mut world, FLAT, "Aida", lender));
    (world, all)
}

/// Lodged by a lender, and signed by all.
fn signed(world: &mut World, body: Body, from: &str, to: &[&str]) -> RecordId {
    let deed = lodge(world, from, FLAT, body);
    sign(world, &deed, &[from], to);
    deed
}

/// A sale of the flat that all lenders let pass.
fn sold(world: &mut World, from: &str, to: &str, last: bool) -> (RecordId, Vec<u8>) {
    let body = world.sale_body(FLAT, &[(from, "1/1")], &[(to, "1/1")]);
    let deed = lodge(world, from, FLAT, Body::Transfer(body));
    let mortgages = ranks(world, FLAT);
    for mortgage in mortgages {
        let lender = lender_of(world, FLAT, &mortgage).unwrap();
        let names = ["Halyk", "Kaspi", "Otbasy", "Clara"];
        let name = names.iter().find(|name| id(name) == lender).unwrap();
        let record = lets_pass(world, name, &deed, &mortgage);
        world.accept(&record);
    }
    sign(world, &deed, &[from], &[]);
    let act = world.buys(to, &deed);
    if last {
        world.accept(&act);
        assert_eq!(status(world, &deed), Status::Registered);
    }
    (deed, act)
}

/// A lenders' instrument that all have signed, what is open, and what ends that.
struct Waits {
    what: &'static str,
    begin: fn(&mut World, [RecordId; 3]) -> RecordId,
    code: &'static str,
    lift: fn(&mut World, [RecordId; 3]) -> Vec<Outcome>,
}

const LENDERS: &[Waits] = &[
    Waits {
        what: "an assignment of a mortgage that has passed to another, and comes back",
        begin: |world, [a, ..]| {
            let deed = lodge(world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
            sign(world, &deed, &["Halyk"], &[]);
            assigned(world, &a, "Halyk", "Kaspi");
            sign(world, &deed, &[], &["Clara"]);
            deed
        },
        code: "mortgage.not_mortgagee",
        lift: |world, [a, ..]| {
            let back = lodge(world, "Kaspi", FLAT, assignment(&a, "Kaspi", "Halyk"));
            sign(world, &back, &["Kaspi"], &[]);
            let act = world.buys("Halyk", &back);
            world.accept(&act)
        },
    },
    Waits {
        what: "an assignment to who has bought the property, and sells it again",
        begin: |world, [a, ..]| {
            let deed = lodge(world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
            sign(world, &deed, &["Halyk"], &[]);
            sold(world, "Aida", "Clara", true);
            sign(world, &deed, &[], &["Clara"]);
            deed
        },
        code: "mortgage.terms",
        lift: |world, _| {
            let (_, act) = sold(world, "Clara", "Bolat", false);
            world.accept(&act)
        },
    },
    Waits {
        what: "an assignment to who bought the property, which a correction takes from them",
        begin: |world, [a, ..]| {
            let deed = lodge(world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
            sign(world, &deed, &["Halyk"], &[]);
            sold(world, "Aida", "Clara", true);
            sign(world, &deed, &[], &["Clara"]);
            deed
        },
        code: "mortgage.terms",
        lift: |world, _| {
            let order = world.order(COURT, FLAT, Order::Correct, BEFORE);
            world.accept(&order);
            let record = world.gives_it_to(FLAT, "Bolat", record_id(&order));
            world.accept(&record)
        },
    },
    Waits {
        what: "an assignment to who bought the property, which a court sells",
        begin: |world, [a, ..]| {
            let deed = lodge(world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
            sign(world, &deed, &["Halyk"], &[]);
            sold(world, "Aida", "Clara", true);
            sign(world, &deed, &[], &["Clara"]);
            deed
        },
        code: "mortgage.terms",
        lift: |world, _| {
            let order = world.orders(FLAT, sell("Clara", "Bolat", PRICE, &[]));
            let body = world.court_sale(FLAT, ("Clara", "1/1"), "Bolat", order);
            let court = lodge(world, "Bolat", FLAT, Body::Transfer(body));
            let act = world.buys("Bolat", &court);
            world.accept(&act)
        },
    },
    Waits {
        what: "a postponement whose lender in between has assigned, and is back",
        begin: |world, [a, b, c]| {
            let body = postponement(&a, &c, "Halyk", &["Kaspi", "Otbasy"]);
            let deed = lodge(world, "Halyk", FLAT, body);
            sign(world, &deed, &["Halyk"], &["Kaspi"]);
            assigned(world, &b, "Kaspi", "Clara");
            sign(world, &deed, &[], &["Otbasy"]);
            deed
        },
        code: "mortgage.rank",
        lift: |world, [_, b, _]| {
            let back = lodge(world, "Clara", FLAT, assignment(&b, "Clara", "Kaspi"));
            sign(world, &back, &["Clara"], &[]);
            let act = world.buys("Kaspi", &back);
            world.accept(&act)
        },
    },
    Waits {
        what: "a postponement past a mortgage that came in between, and is given up",
        begin: |world, [a, b, c]| {
            let body = postponement(&b, &c, "Kaspi", &["Otbasy"]);
            let deed = lodge(world, "Kaspi", FLAT, body);
            sign(world, &deed, &["Kaspi"], &[]);
            signed(
                world,
                postponement(&a, &b, "Halyk", &["Kaspi"]),
                "Halyk",
                &["Kaspi"],
            );
            assert_eq!(ranks(world, FLAT), [b, a, c]);
            sign(world, &deed, &[], &["Otbasy"]);
            deed
        },
        code: "mortgage.rank",
        lift: |world, [a, ..]| {
            let record = gives_up(world, "Halyk", &a);
            world.accept(&record)
        },
    },
    Waits {
        what: "a postponement past a mortgage that goes with a sale",
        begin: |world, [a, b, c]| {
            let body = postponement(&b, &c, "Kaspi", &["Otbasy"]);
            let deed = lodge(world, "Kaspi", FLAT, body);
            sign(world, &deed, &["Kaspi"], &[]);
            signed(
                world,
                postponement(&a, &b, "Halyk", &["Kaspi"]),
                "Halyk",
                &["Kaspi"],
            );
            sign(world, &deed, &[], &["Otbasy"]);
            deed
        },
        code: "mortgage.rank",
        lift: |world, [a, b, c]| {
            let body = Transfer {
                discharges: Some(vec![a]),
                ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
            };
            let sale = lodge(world, "Aida", FLAT, Body::Transfer(body));
            sign(world, &sale, &["Aida"], &["Bolat"]);
            let goes = gives_up_with(world, "Halyk", &a, &sale);
            let passes = lets_pass(world, "Kaspi", &sale, &b);
            let last = lets_pass(world, "Otbasy", &sale, &c);
            world.accept(&goes);
            world.accept(&passes);
            world.accept(&last)
        },
    },
    Waits {
        what: "a postponement past a mortgage that a court strikes off",
        begin: |world, [a, b, c]| {
            let body = postponement(&b, &c, "Kaspi", &["Otbasy"]);
            let deed = lodge(world, "Kaspi", FLAT, body);
            sign(world, &deed, &["Kaspi"], &[]);
            signed(
                world,
                postponement(&a, &b, "Halyk", &["Kaspi"]),
                "Halyk",
                &["Kaspi"],
            );
            sign(world, &deed, &[], &["Otbasy"]);
            deed
        },
        code: "mortgage.rank",
        lift: |world, [a, ..]| {
            let order = world.order(COURT, FLAT, Order::Correct, BEFORE);
            world.accept(&order);
            let record = world.strikes_off(FLAT, a, record_id(&order));
            world.accept(&record)
        },
    },
    Waits {
        what: "a postponement that was done otherwise, and undone",
        begin: |world, [a, b, _]| {
            let deed = lodge(
                world,
                "Halyk",
                FLAT,
                postponement(&a, &b, "Halyk", &["Kaspi"]),
            );
            sign(world, &deed, &["Halyk"], &[]);
            signed(
                world,
                postponement(&a, &b, "Halyk", &["Kaspi"]),
                "Halyk",
                &["Kaspi"],
            );
            sign(world, &deed, &[], &["Kaspi"]);
            deed
        },
        code: "mortgage.rank",
        lift: |world, [a, b, _]| {
            let back = lodge(
                world,
                "Kaspi",
                FLAT,
                postponement(&b, &a, "Kaspi", &["Halyk"]),
            );
            sign(world, &back, &["Kaspi"], &[]);
            let act = world.buys("Halyk", &back);
            world.accept(&act)
        },
    },
];

#[test]
fn what_lenders_agreed_registers_in_the_step_in_which_it_becomes_possible_again() {
    for waits in LENDERS {
        println!("{}", waits.what);
        let (mut world, all) = three();
        let deed = (waits.begin)(&mut world, all);
        assert_eq!(world.open(&deed), [waits.code]);
        let outcomes = (waits.lift)(&mut world, all);
        assert!(
            ends(&outcomes).contains(&(deed, Status::Registered)),
            "{outcomes:?}, {:?}",
            world.open(&deed)
        );
    }
}

#[test]
fn what_one_of_them_brings_about_may_be_what_the_next_one_waits_for() {
    let (mut world, [a, b, c]) = three();
    // Each is possible only after the one before it: a steps behind b, then b behind a, …
    let there = postponement(&a, &b, "Halyk", &["Kaspi"]);
    let back = postponement(&b, &a, "Kaspi", &["Halyk"]);
    let first = lodge(&mut world, "Halyk", FLAT, there.clone());
    sign(&mut world, &first, &["Halyk"], &[]);
    let third = lodge(&mut world, "Halyk", FLAT, there.clone());
    sign(&mut world, &third, &["Halyk"], &[]);
    signed(&mut world, there, "Halyk", &["Kaspi"]);
    assert_eq!(ranks(&world, FLAT), [b, a, c]);
    for waits in [&first, &third] {
        sign(&mut world, waits, &[], &["Kaspi"]);
        assert_eq!(world.open(waits), ["mortgage.rank"]);
    }
    let second = lodge(&mut world, "Kaspi", FLAT, back.clone());
    sign(&mut world, &second, &["Kaspi"], &[]);
    let fourth = lodge(&mut world, "Kaspi", FLAT, back);
    sign(&mut world, &fourth, &["Kaspi"], &["Halyk"]);
    // [a, b]: the first of those that wait takes it to [b, a].
    assert_eq!(status(&world, &fourth), Status::Registered);
    assert_eq!(status(&world, &first), Status::Registered);
    assert_eq!(status(&world, &third), Status::Pending);
    assert_eq!(ranks(&world, FLAT), [b, a, c]);
    let act = world.buys("Halyk", &second);
    let outcomes = world.accept(&act);
    assert_eq!(
        ends(&outcomes),
        [(second, Status::Registered), (third, Status::Registered)]
    );
}

#[test]
fn a_bank_s_new_rule_completes_what_one_of_its_officers_signed() {
    let more = WAITING_MAX + 1;
    let mut world = town();
    firm(&mut world, "Bank", &["Bolat", "Dana"], 1);
    let mut mortgages = Vec::new();
    for _ in 0..more {
        let body = crate::lenders::mortgage_body(&world, FLAT, &["Aida"], "Bank");
        let mortgage = lodge(&mut world, "Aida", FLAT, Body::Mortgage(body));
        sign(&mut world, &mortgage, &["Aida"], &[]);
        let act = world.act_for("Bolat", &mortgage, ActRole::Acquirer, "Bank");
        world.accept(&act);
        assert_eq!(status(&world, &mortgage), Status::Registered);
        mortgages.push(mortgage);
    }
    firm(&mut world, "Bank", &["Bolat", "Dana"], 2);
    let mut deeds = Vec::new();
    for mortgage in &mortgages {
        let deed = lodge(
            &mut world,
            "Bolat",
            FLAT,
            assignment(mortgage, "Bank", "Clara"),
        );
        sign(&mut world, &deed, &[], &["Clara"]);
        let act = world.act_for("Bolat", &deed, ActRole::Disponor, "Bank");
        world.accept(&act);
        assert_eq!(world.open(&deed), ["act.disponor"]);
        deeds.push(deed);
    }
    firm(&mut world, "Bank", &["Bolat", "Dana"], 1);
    for deed in &deeds[..WAITING_MAX] {
        assert_eq!(status(&world, deed), Status::Registered);
    }
    // The list is bounded: who found no room on it has a clock instead.
    let late = deeds[WAITING_MAX];
    assert_eq!(status(&world, &late), Status::Pending);
    let clock = next_deadline(&world.state).unwrap().unwrap();
    assert!(clock.0 <= world.now().0 + DAY, "within a day");
    world.time_ms = clock.0 * 1000;
    world.block(&[]);
    assert_eq!(ends(&world.began), [(late, Status::Registered)]);
}

#[test]
fn a_clock_of_a_day_comes_again_until_there_is_room() {
    let more = WAITING_MAX + 2;
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    firm(&mut world, "Firm", &["Bolat", "Dana"], 2);
    let mut deeds = Vec::new();
    for number in 0..more {
        let property = format!("20-313-024-{}", 200 + number);
        world.property(&property, &[("Firm", "1/1")]);
        let mut body = world.sale_body(&property, &[("Firm", "1/1")], &[("Clara", "1/1")]);
        crate::lenders::as_gift(&mut body);
        let deed = lodge(&mut world, "Clara", &property, Body::Transfer(body));
        let act = world.buys("Clara", &deed);
        world.accept(&act);
        let act = world.act_for("Bolat", &deed, ActRole::Disponor, "Firm");
        world.accept(&act);
        deeds.push(deed);
    }
    for _ in 0..3 {
        world.pass(DAY + 3600);
        world.block(&[]);
        assert_eq!(world.began, []);
    }
    firm(&mut world, "Firm", &["Bolat", "Dana"], 1);
    world.pass(DAY + 3600);
    world.block(&[]);
    let registered = deeds.iter().filter(|deed| world.is_registered(deed));
    assert_eq!(registered.count(), more);
}

/// Timur's flat is sold to Bolat, or to a firm, by his guardian Gulnara, with a permission; the buyer
/// has not signed.
fn of_a_ward(buyer: &str) -> (World, RecordId) {
    let mut world = World::of_singles(&["Timur", "Gulnara", "Bolat", "Clara", "Zarina"]);
    world.is_minor("Timur", 100);
    world.property(FLAT, &[("Timur", "1/1")]);
    world.appoints("Timur", Some("Gulnara"));
    firm(&mut world, "Firm", &["Zarina"], 1);
    let body = world.sale_body(FLAT, &[("Timur", "1/1")], &[(buyer, "1/1")]);
    let record = world.transfer("Clara", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    world.permits(&deed, "Timur");
    let act = world.act_for("Gulnara", &deed, ActRole::Disponor, "Timur");
    world.accept(&act);
    (world, deed)
}

#[test]
fn a_guardian_who_is_torn_no_longer_is_noticed() {
    println!("married to the buyer, and divorced");
    let (mut world, deed) = of_a_ward("Bolat");
    let marriage = world.marry("Gulnara", "Bolat", world.now());
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["guardian.conflict"]);
    let from = world.now();
    let divorce = world.status(&marriage.to_string(), CivilStatus::Divorce { from });
    let outcomes = world.accept(&divorce);
    assert_eq!(ends(&outcomes), [(deed, Status::Registered)]);

    println!("an officer of the buyer, and dismissed");
    let (mut world, deed) = of_a_ward("Firm");
    firm(&mut world, "Firm", &["Gulnara", "Zarina"], 1);
    let act = world.act_for("Zarina", &deed, ActRole::Acquirer, "Firm");
    world.accept(&act);
    assert_eq!(world.open(&deed), ["guardian.conflict"]);
    firm(&mut world, "Firm", &["Zarina"], 1);
    assert_eq!(status(&world, &deed), Status::Registered);

    println!("married to an officer of the buyer, who dies");
    let (mut world, deed) = of_a_ward("Firm");
    firm(&mut world, "Firm", &["Bolat", "Zarina"], 1);
    world.marry("Gulnara", "Bolat", world.now());
    let act = world.act_for("Zarina", &deed, ActRole::Acquirer, "Firm");
    world.accept(&act);
    assert_eq!(world.open(&deed), ["guardian.conflict"]);
    world.dies("Bolat");
    assert_eq!(status(&world, &deed), Status::Registered);
}

/// A court sells Clara's flat to the ward Timur, for whom Gulnara signs, who is then appointed guardian
/// of Clara.
fn of_two_wards(minor: bool) -> (World, RecordId) {
    let mut world = World::of_singles(&["Timur", "Gulnara", "Clara", "Zarina"]);
    world.is_minor("Timur", 100);
    world.appoints("Timur", Some("Gulnara"));
    world.property(FLAT, &[("Clara", "1/1")]);
    let order = world.orders(FLAT, sell("Clara", "Timur", PRICE, &[]));
    let body = world.court_sale(FLAT, ("Clara", "1/1"), "Timur", order);
    let deed = lodge(&mut world, "Zarina", FLAT, Body::Transfer(body));
    let asked = world.asks(&deed);
    let act = world.act_for("Gulnara", &deed, ActRole::Acquirer, "Timur");
    world.accept(&act);
    if minor {
        world.is_minor("Clara", 5);
    } else {
        world.becomes_incapable("Clara");
    }
    world.appoints("Clara", Some("Gulnara"));
    let answer = world.answers("Zarina", &deed, asked);
    world.accept(&answer);
    let decision = world.decides(crate::world::REGISTRAR, &deed, asked, true);
    world.accept(&decision);
    assert_eq!(world.open(&deed), ["guardian.conflict"]);
    (world, deed)
}

#[test]
fn a_guardian_of_both_sides_is_one_no_longer() {
    println!("another guardian is appointed");
    let (mut world, deed) = of_two_wards(false);
    let body = deedbook_schemas::party::Guardianship {
        guardian: Some(id("Zarina")),
    };
    let subject = id("Clara").to_string();
    let record = world.plain(crate::world::GUARDIANS, &subject, Body::Guardianship(body));
    let outcomes = world.accept(&record);
    assert_eq!(ends(&outcomes), [(deed, Status::Registered)]);

    println!("the ward is found to be capable");
    let (mut world, deed) = of_two_wards(false);
    let from = world.now();
    let record = world.status(&subject, CivilStatus::Capacity { from });
    let outcomes = world.accept(&record);
    assert_eq!(ends(&outcomes), [(deed, Status::Registered)]);

    println!("the ward comes of age");
    let (mut world, deed) = of_two_wards(true);
    world.pass(5 * DAY + 3600);
    world.block(&[]);
    assert_eq!(ends(&world.began), [(deed, Status::Registered)]);
}

#[test]
fn the_end_of_a_reservation_makes_room_for_who_waits_for_it() {
    let mut world = town();
    let private = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    world.all_act(&private, &["Aida"], &[]);
    let notice = world.reserve("Clara", &private);
    world.accept(&notice);
    let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
    let body = Transfer {
        mortgage: Some(terms("Kaspi")),
        ..world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order)
    };
    let court = lodge(&mut world, "Bolat", FLAT, Body::Transfer(body));
    world.all_act(&court, &[], &["Bolat"]);
    let now = world.now();
    for mark in 1..ENCUMBRANCES_MAX {
        let right: Right = caveat("Dana", &now);
        burden(&mut world, FLAT, u8::try_from(mark).unwrap(), right);
    }
    let act = world.act("Kaspi", &court, ActRole::Mortgagee);
    world.accept(&act);
    assert_eq!(world.open(&court), ["encumbrance.too_many"]);
    let record = world.withdraws("Clara", &private);
    let outcomes = world.accept(&record);
    assert_eq!(
        ends(&outcomes),
        [(private, Status::Withdrawn), (court, Status::Registered)]
    );
}
