//! Rule 26: mortgages are assigned and step back, and their ranks stay 1, 2, 3 ….

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, Status};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;

use crate::lenders::{
    FLAT, OTHER, assigned, assignment, couple, gives_up, gives_up_with, lender_of, lodge,
    mortgaged, postponement, ranks, sign, status, town,
};
use crate::world::{World, id};

/// Three mortgages of Aida's flat, of Halyk, Kaspi and Otbasy in this order.
fn three() -> (World, [RecordId; 3]) {
    let mut world = town();
    let all =
        ["Halyk", "Kaspi", "Otbasy"].map(|lender| mortgaged(&mut world, FLAT, "Aida", lender));
    (world, all)
}

#[test]
fn an_assigned_mortgage_keeps_its_rank_and_its_holders_nothing_to_sign() {
    let (mut world, [a, b, c]) = three();
    let before = world.title(FLAT);
    let deed = assigned(&mut world, &b, "Kaspi", "Clara");
    assert_eq!(status(&world, &deed), Status::Registered);
    assert_eq!(ranks(&world, FLAT), [a, b, c]);
    assert_eq!(lender_of(&world, FLAT, &b), Some(id("Clara")));
    let after = world.title(FLAT);
    assert_eq!(
        (after.version, after.slot, after.holdings),
        (before.version, before.slot, before.holdings)
    );
}

#[test]
fn an_assignment_takes_no_slot_and_ends_no_sale() {
    let (mut world, [a, ..]) = three();
    let sale = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    sign(&mut world, &sale, &["Aida"], &[]);
    let deed = assigned(&mut world, &a, "Halyk", "Clara");
    assert_eq!(status(&world, &deed), Status::Registered);
    assert_eq!(world.title(FLAT).slot, Some(sale));
    assert_eq!(status(&world, &sale), Status::Pending);
}

#[test]
fn who_may_not_assign_is_refused() {
    let (mut world, [a, ..]) = three();
    couple(&mut world, "Couple", ["Clara", "Dana"]);
    let elsewhere = mortgaged(&mut world, OTHER, "Dana", "Halyk");
    let cases: [(&str, Body, &[&str]); 9] = [
        (
            "another lender",
            assignment(&a, "Kaspi", "Clara"),
            &["mortgage.not_mortgagee"],
        ),
        (
            "the owner",
            assignment(&a, "Aida", "Clara"),
            &["mortgage.not_mortgagee"],
        ),
        (
            "of nothing",
            assignment(&RecordId([5; 32]), "Halyk", "Clara"),
            &["mortgage.unknown"],
        ),
        (
            "of a mortgage of another property",
            assignment(&elsewhere, "Halyk", "Clara"),
            &["mortgage.unknown"],
        ),
        (
            "to themselves",
            assignment(&a, "Halyk", "Halyk"),
            &["mortgage.terms"],
        ),
        (
            "to the owner",
            assignment(&a, "Halyk", "Aida"),
            &["mortgage.terms"],
        ),
        (
            "to a group",
            assignment(&a, "Halyk", "Couple"),
            &["mortgage.terms"],
        ),
        (
            "to somebody unknown",
            assignment(&a, "Halyk", "Nobody"),
            &["transfer.acquirer_unknown"],
        ),
        (
            "to themselves, of another's",
            assignment(&a, "Kaspi", "Kaspi"),
            &["mortgage.not_mortgagee", "mortgage.terms"],
        ),
    ];
    for (what, body, codes) in cases {
        println!("{what}");
        let record = world.plain("Halyk", FLAT, body);
        world.refuse(&record, codes);
    }
    assert_eq!(lender_of(&world, FLAT, &a), Some(id("Halyk")));
}

#[test]
fn of_two_assignments_of_one_mortgage_one_wins() {
    let (mut world, [a, ..]) = three();
    let one = lodge(&mut world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
    let two = lodge(&mut world, "Halyk", FLAT, assignment(&a, "Halyk", "Dana"));
    let records = [
        world.sells("Halyk", &one),
        world.sells("Halyk", &two),
        world.buys("Dana", &two),
        world.buys("Clara", &one),
    ];
    for answer in world.block(&records) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    assert_eq!(status(&world, &two), Status::Registered);
    assert_eq!(world.open(&one), ["mortgage.not_mortgagee"]);
    assert_eq!(lender_of(&world, FLAT, &a), Some(id("Dana")));
}

#[test]
fn an_assignee_who_has_bought_the_property_meanwhile_has_no_mortgage_of_it() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = lodge(
        &mut world,
        "Halyk",
        FLAT,
        assignment(&mortgage, "Halyk", "Bolat"),
    );
    sign(&mut world, &deed, &["Halyk"], &[]);
    let sale = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = crate::lenders::lets_pass(&mut world, "Halyk", &sale, &mortgage);
    world.accept(&record);
    sign(&mut world, &sale, &["Aida"], &["Bolat"]);
    sign(&mut world, &deed, &[], &["Bolat"]);
    assert_eq!(world.open(&deed), ["mortgage.terms"]);
}

#[test]
fn an_agent_assigns_under_a_power_to_release() {
    let (mut world, [a, ..]) = three();
    let deed = lodge(&mut world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
    for (act, codes) in [
        (ActKind::Mortgage, &["poa.out_of_scope"][..]),
        (ActKind::Sell, &["poa.out_of_scope"][..]),
        (ActKind::Release, &[][..]),
    ] {
        let power = world.empower("Halyk", "Agent", &[act]);
        let act = world.act_under("Agent", &deed, ActRole::Disponor, power);
        if codes.is_empty() {
            world.accept(&act);
        } else {
            world.refuse(&act, codes);
        }
    }
}

#[test]
fn a_mortgage_steps_back_with_everyone_it_lets_pass() {
    let (mut world, [a, b, c]) = three();
    let body = postponement(&a, &c, "Halyk", &["Kaspi", "Otbasy"]);
    let deed = lodge(&mut world, "Halyk", FLAT, body);
    sign(&mut world, &deed, &["Halyk"], &["Kaspi"]);
    assert_eq!(world.open(&deed), ["act.acquirer"]);
    assert_eq!(ranks(&world, FLAT), [a, b, c]);
    sign(&mut world, &deed, &[], &["Otbasy"]);
    assert_eq!(ranks(&world, FLAT), [b, c, a]);
    let one_step = postponement(&b, &c, "Kaspi", &["Otbasy"]);
    let deed = lodge(&mut world, "Otbasy", FLAT, one_step);
    sign(&mut world, &deed, &["Kaspi"], &["Otbasy"]);
    assert_eq!(ranks(&world, FLAT), [c, b, a]);
}

#[test]
fn who_lends_on_both_sides_signs_once() {
    let mut world = town();
    let a = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let b = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let c = mortgaged(&mut world, FLAT, "Aida", "Kaspi");
    let twice = postponement(&a, &b, "Halyk", &["Halyk"]);
    let record = world.plain("Halyk", FLAT, twice);
    world.refuse(&record, &["mortgage.rank"]);
    let deed = lodge(
        &mut world,
        "Halyk",
        FLAT,
        postponement(&a, &b, "Halyk", &[]),
    );
    sign(&mut world, &deed, &["Halyk"], &[]);
    assert_eq!(ranks(&world, FLAT), [b, a, c]);
    let deed = lodge(
        &mut world,
        "Halyk",
        FLAT,
        postponement(&b, &c, "Halyk", &["Kaspi"]),
    );
    sign(&mut world, &deed, &["Halyk"], &["Kaspi"]);
    assert_eq!(ranks(&world, FLAT), [a, c, b]);
}

#[test]
fn a_mortgage_does_not_step_back_otherwise() {
    let (mut world, [a, b, c]) = three();
    let nothing = RecordId([5; 32]);
    let cases: [(&str, Body, &[&str]); 9] = [
        (
            "behind a higher one",
            postponement(&c, &a, "Otbasy", &["Halyk", "Kaspi"]),
            &["mortgage.rank"],
        ),
        (
            "behind itself",
            postponement(&a, &a, "Halyk", &[]),
            &["mortgage.rank"],
        ),
        (
            "without the lender in between",
            postponement(&a, &c, "Halyk", &["Otbasy"]),
            &["mortgage.rank"],
        ),
        (
            "without the last one",
            postponement(&a, &c, "Halyk", &["Kaspi"]),
            &["mortgage.rank"],
        ),
        (
            "with one that it does not pass",
            postponement(&a, &b, "Halyk", &["Kaspi", "Otbasy"]),
            &["mortgage.rank"],
        ),
        (
            "by another lender",
            postponement(&a, &c, "Kaspi", &["Otbasy"]),
            &["mortgage.not_mortgagee"],
        ),
        (
            "by the owner",
            postponement(&a, &b, "Aida", &["Kaspi"]),
            &["mortgage.not_mortgagee"],
        ),
        (
            "of nothing",
            postponement(&nothing, &b, "Halyk", &["Kaspi"]),
            &["mortgage.unknown"],
        ),
        (
            "behind nothing",
            postponement(&a, &nothing, "Halyk", &["Kaspi"]),
            &["mortgage.unknown"],
        ),
    ];
    for (what, body, codes) in cases {
        println!("{what}");
        let record = world.plain("Halyk", FLAT, body);
        world.refuse(&record, codes);
    }
    assert_eq!(ranks(&world, FLAT), [a, b, c]);
}

#[test]
fn a_malformed_postponement_is_turned_away() {
    let (mut world, [a, b, _]) = three();
    let lists: [Vec<PartyId>; 3] = [
        vec![id("Kaspi"), id("Kaspi")],
        {
            let mut two = crate::lenders::parties(&["Kaspi", "Otbasy"]);
            two.reverse();
            two
        },
        (0..17).map(|n| PartyId([n; 16])).collect(),
    ];
    for passed in lists {
        let Body::Postponement(mut body) = postponement(&a, &b, "Halyk", &[]) else {
            unreachable!("it is one");
        };
        body.passed = passed;
        let record = world.plain("Halyk", FLAT, Body::Postponement(body));
        world.turn_away(&record, &["record.field_invalid"]);
    }
}

#[test]
fn a_postponement_waits_if_the_ranks_or_lenders_have_changed() {
    type Change = fn(&mut World, [RecordId; 3]);
    let cases: [(&str, Change, &str); 5] = [
        (
            "the mortgage is gone",
            |world, [a, ..]| {
                let record = gives_up(world, "Halyk", &a);
                world.accept(&record);
            },
            "mortgage.unknown",
        ),
        (
            "the one to stand behind is gone",
            |world, [_, _, c]| {
                let record = gives_up(world, "Otbasy", &c);
                world.accept(&record);
            },
            "mortgage.unknown",
        ),
        (
            "one in between is gone",
            |world, [_, b, _]| {
                let record = gives_up(world, "Kaspi", &b);
                world.accept(&record);
            },
            "mortgage.rank",
        ),
        (
            "one in between is another's",
            |world, [_, b, _]| {
                assigned(world, &b, "Kaspi", "Clara");
            },
            "mortgage.rank",
        ),
        (
            "it is another's itself",
            |world, [a, ..]| {
                assigned(world, &a, "Halyk", "Clara");
            },
            "mortgage.not_mortgagee",
        ),
    ];
    for (what, change, code) in cases {
        println!("{what}");
        let (mut world, all) = three();
        let body = postponement(&all[0], &all[2], "Halyk", &["Kaspi", "Otbasy"]);
        let deed = lodge(&mut world, "Halyk", FLAT, body);
        sign(&mut world, &deed, &["Halyk"], &["Kaspi"]);
        change(&mut world, all);
        let before = ranks(&world, FLAT);
        sign(&mut world, &deed, &[], &["Otbasy"]);
        assert_eq!(world.open(&deed), [code]);
        assert_eq!(ranks(&world, FLAT), before);
    }
}

#[test]
fn of_two_postponements_in_one_block_the_second_is_judged_by_the_new_order() {
    let (mut world, [a, b, c]) = three();
    let one = lodge(
        &mut world,
        "Halyk",
        FLAT,
        postponement(&a, &b, "Halyk", &["Kaspi"]),
    );
    let two = lodge(
        &mut world,
        "Halyk",
        FLAT,
        postponement(&a, &c, "Halyk", &["Kaspi", "Otbasy"]),
    );
    sign(&mut world, &one, &["Halyk"], &[]);
    sign(&mut world, &two, &["Halyk"], &["Otbasy"]);
    let records = [world.buys("Kaspi", &one), world.buys("Kaspi", &two)];
    for answer in world.block(&records) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    assert_eq!(ranks(&world, FLAT), [b, a, c]);
    assert_eq!(world.open(&two), ["mortgage.rank"]);
}

#[test]
fn a_mortgage_given_up_with_its_own_assignment_is_not_assigned() {
    let (mut world, [a, b, c]) = three();
    let deed = lodge(&mut world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
    let record = gives_up_with(&mut world, "Halyk", &a, &deed);
    world.accept(&record);
    sign(&mut world, &deed, &["Halyk"], &["Clara"]);
    assert_eq!(world.open(&deed), ["mortgage.unknown"]);
    let other = lodge(&mut world, "Halyk", FLAT, assignment(&a, "Halyk", "Clara"));
    let record = gives_up_with(&mut world, "Kaspi", &b, &other);
    world.accept(&record);
    sign(&mut world, &other, &["Halyk"], &["Clara"]);
    assert_eq!(ranks(&world, FLAT), [a, c]);
}
