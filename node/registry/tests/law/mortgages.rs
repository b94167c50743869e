//! Rules 4, 25, 26: who mortgages what, and what a mortgage asks of those who dispose of the property.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::{Interest, Mortgage, Right};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, ActRole, Status, Transfer};
use deedbook_schemas::limits::{ENCUMBRANCES_MAX, HOLDERS_MAX, MONEY_MINOR_MAX};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;

use crate::lenders::{
    FLAT, burden, couple, discharge_body, discharges, lodge, mortgage_body, mortgaged, on_title,
    parties, ranks, sign, status, terms, town,
};
use crate::world::{DAY, World, id, money};

#[test]
fn the_holders_mortgage_their_property_and_nothing_else_changes() {
    let mut world = town();
    let before = world.title(FLAT);
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let title = world.title(FLAT);
    assert_eq!((title.version, title.slot), (2, None));
    assert_eq!(title.holdings, before.holdings);
    let found = title.encumbrances.first().unwrap();
    assert_eq!(found.id, mortgage);
    assert_eq!(
        found.right,
        Right::Mortgage {
            mortgagee: id("Halyk"),
            amount: money(30_000_000),
            rank: 1
        }
    );
}

#[test]
fn co_owners_mortgage_together_and_the_lender_signs_too() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Halyk"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida", "Bolat"], "Halyk"));
    let mortgage = lodge(&mut world, "Aida", FLAT, body);
    sign(&mut world, &mortgage, &["Aida"], &[]);
    assert_eq!(world.open(&mortgage), ["act.disponor", "act.acquirer"]);
    sign(&mut world, &mortgage, &[], &["Halyk"]);
    assert_eq!(world.open(&mortgage), ["act.disponor"]);
    sign(&mut world, &mortgage, &["Bolat"], &[]);
    assert_eq!(ranks(&world, FLAT), [mortgage]);
}

#[test]
fn the_property_is_mortgaged_again_without_leave_of_the_first_lender_and_behind_it() {
    let mut world = town();
    let first = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let second = mortgaged(&mut world, FLAT, "Aida", "Kaspi");
    let third = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    assert_eq!(ranks(&world, FLAT), [first, second, third]);
}

#[test]
fn who_may_not_mortgage_is_refused() {
    type Change = fn(&mut Mortgage);
    let cases: &[(&str, Change, &[&str])] = &[
        (
            "one of two holders",
            |m| m.mortgagors = parties(&["Aida"]),
            &["mortgage.terms"],
        ),
        ("nobody", |m| m.mortgagors = Vec::new(), &["mortgage.terms"]),
        (
            "a stranger with them",
            |m| m.mortgagors = parties(&["Aida", "Bolat", "Clara"]),
            &["title.not_holder", "mortgage.terms"],
        ),
        (
            "a stranger alone",
            |m| m.mortgagors = parties(&["Clara"]),
            &["title.not_holder", "mortgage.terms"],
        ),
        (
            "to one of themselves",
            |m| m.terms.mortgagee = id("Bolat"),
            &["mortgage.terms"],
        ),
        (
            "for nothing",
            |m| m.terms.amount = money(0),
            &["mortgage.terms"],
        ),
        (
            "to a group",
            |m| m.terms.mortgagee = id("Couple"),
            &["mortgage.terms"],
        ),
        (
            "to somebody unknown",
            |m| m.terms.mortgagee = id("Nobody"),
            &["transfer.acquirer_unknown"],
        ),
        (
            "to the dead",
            |m| m.terms.mortgagee = id("Late"),
            &["transfer.acquirer_unknown"],
        ),
        (
            "another version",
            |m| m.title_version = 2,
            &["title.version_changed"],
        ),
    ];
    for (what, change, codes) in cases {
        println!("{what}");
        let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Halyk", "Late"]);
        world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
        couple(&mut world, "Couple", ["Clara", "Halyk"]);
        world.dies("Late");
        let mut body = mortgage_body(&world, FLAT, &["Aida", "Bolat"], "Halyk");
        change(&mut body);
        let record = world.plain("Aida", FLAT, Body::Mortgage(body));
        world.refuse(&record, codes);
    }
    let mut world = town();
    let body = mortgage_body(&world, FLAT, &["Aida"], "Halyk");
    let record = world.plain("Aida", "20-000-000-1", Body::Mortgage(body));
    world.refuse(&record, &["title.unknown"]);
}

#[test]
fn a_malformed_mortgage_is_turned_away() {
    type Change = fn(&mut Mortgage);
    let cases: &[(&str, Change)] = &[
        ("out of order", |m| m.mortgagors.reverse()),
        ("twice", |m| {
            let first = m.mortgagors[0];
            m.mortgagors.insert(0, first);
        }),
        ("too many", |m| {
            m.mortgagors = (0..=u8::try_from(HOLDERS_MAX).unwrap())
                .map(|n| PartyId([n; 16]))
                .collect();
        }),
        ("overflow", |m| {
            m.terms.amount = money(MONEY_MINOR_MAX + 1);
        }),
        ("the largest number", |m| {
            m.terms.amount = money(u64::MAX);
        }),
        ("no currency", |m| {
            m.terms.amount = Money {
                minor: 1,
                currency: "kzt".to_owned(),
            };
        }),
    ];
    for (what, change) in cases {
        println!("{what}");
        let mut world = town();
        let mut body = mortgage_body(&world, FLAT, &["Aida", "Bolat"], "Halyk");
        change(&mut body);
        let record = world.plain("Aida", FLAT, Body::Mortgage(body));
        world.turn_away(&record, &["record.field_invalid"]);
    }
}

#[test]
fn a_title_has_room_for_sixteen_mortgages_and_not_for_one_more() {
    let mut world = town();
    let mut all = Vec::new();
    for _ in 0..16 {
        all.push(mortgaged(&mut world, FLAT, "Aida", "Halyk"));
    }
    assert_eq!(ranks(&world, FLAT), all);
    let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida"], "Kaspi"));
    let record = world.plain("Aida", FLAT, body.clone());
    world.refuse(&record, &["encumbrance.too_many"]);
    let purchase = Transfer {
        mortgage: Some(terms("Kaspi")),
        ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
    };
    let record = world.transfer("Aida", FLAT, purchase.clone());
    world.refuse(&record, &["encumbrance.too_many"]);
    // The purchase that lets one go has room, and so has the next mortgage after it.
    let mut gone = vec![all[3]];
    gone.sort();
    let purchase = Transfer {
        discharges: Some(gone),
        ..purchase
    };
    lodge(&mut world, "Aida", FLAT, Body::Transfer(purchase));
    let record = discharges(&mut world, "Halyk", &all[0], discharge_body(FLAT, None));
    world.accept(&record);
    lodge(&mut world, "Aida", FLAT, body);
}

#[test]
fn what_finds_the_title_full_at_its_registration_waits_for_room() {
    let mut world = town();
    let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida"], "Halyk"));
    let mortgage = lodge(&mut world, "Aida", FLAT, body);
    let until = Seconds(world.now().0 + DAY);
    for mark in 0..u8::try_from(ENCUMBRANCES_MAX).unwrap() {
        let right = Right::Caveat {
            claimant: id("Clara"),
            interest: Interest::Debt,
            until,
        };
        burden(&mut world, FLAT, mark, right);
    }
    sign(&mut world, &mortgage, &["Aida"], &["Halyk"]);
    assert_eq!(world.open(&mortgage), ["encumbrance.too_many"]);
    let caveat = on_title(&world, FLAT)[5];
    let record = discharges(&mut world, "Clara", &caveat, discharge_body(FLAT, None));
    let outcomes = world.accept(&record);
    assert_eq!(outcomes[1].record, mortgage);
    assert_eq!(ranks(&world, FLAT), [mortgage]);
}

#[test]
fn an_agent_mortgages_only_under_a_power_to_mortgage() {
    let mut world = town();
    let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida"], "Halyk"));
    let mortgage = lodge(&mut world, "Aida", FLAT, body);
    for act in [ActKind::Sell, ActKind::Manage, ActKind::Release] {
        let power = world.empower("Aida", "Agent", &[act]);
        let act = world.act_under("Agent", &mortgage, ActRole::Disponor, power);
        world.refuse(&act, &["poa.out_of_scope"]);
    }
    let power = world.empower("Aida", "Agent", &[ActKind::Mortgage]);
    let act = world.act_under("Agent", &mortgage, ActRole::Disponor, power);
    world.accept(&act);
    sign(&mut world, &mortgage, &[], &["Halyk"]);
    assert_eq!(ranks(&world, FLAT), [mortgage]);
}

#[test]
fn of_a_mortgage_and_a_sale_in_one_block_the_first_wins() {
    let mut world = town();
    let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida"], "Halyk"));
    let mortgage = lodge(&mut world, "Aida", FLAT, body);
    let sale = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let records = [
        world.sells("Aida", &mortgage),
        world.sells("Aida", &sale),
        world.buys("Halyk", &mortgage),
        world.buys("Bolat", &sale),
    ];
    let answers = world.block(&records);
    let refusal = |index: usize| {
        let answer = answers[index].as_ref().unwrap();
        answer.refusal.as_ref().unwrap().to_strings()
    };
    assert_eq!(refusal(1), ["title.slot_taken"]);
    assert_eq!(refusal(3), ["title.version_changed"]);
    assert_eq!(ranks(&world, FLAT), [mortgage]);
    assert_eq!(status(&world, &sale), Status::Refused);
}
