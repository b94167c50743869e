//! Rules 25, 26, 36: those who buy with borrowed money, in one step with everything else.

use deedbook_schemas::instrument::{ActKind, ActRole, Status, Transfer};
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::EscrowState;

use crate::lenders::{
    FLAT, as_gift, couple, gives_up_with, lender_of, lets_pass, lodge, mortgaged, ranks,
    signed_sale, status, terms, town,
};
use crate::settlement::PRICE;
use crate::world::{ESCROW, World, id, money, record_id};

/// Of the price: what the new lender lends, and what the seller still owes the old one.
const LOAN: u64 = PRICE / 4 * 3;
const OWED: u64 = PRICE / 5;

#[test]
fn sale_discharge_new_mortgage_and_money_are_one_step_or_nothing() {
    let pieces = ["seller", "buyer", "new lender", "old lender", "money"];
    for missing in [None, Some(0), Some(1), Some(2), Some(3), Some(4)] {
        println!("without {:?}", missing.map(|piece: usize| pieces[piece]));
        let mut world = town();
        let old = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let kept = mortgaged(&mut world, FLAT, "Aida", "Otbasy");
        let body = Transfer {
            discharges: Some(vec![old]),
            mortgage: Some(terms("Kaspi")),
            settlement: Some(World::settlement(
                ESCROW,
                &[("Bolat", PRICE - LOAN), ("Kaspi", LOAN)],
                &[("Halyk", OWED), ("Aida", PRICE - OWED)],
            )),
            ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
        };
        let before = world.title(FLAT);
        let deed = lodge(&mut world, "Aida", FLAT, Body::Transfer(body));
        let record = lets_pass(&mut world, "Otbasy", &deed, &kept);
        world.accept(&record);
        let records = [
            world.sells("Aida", &deed),
            world.buys("Bolat", &deed),
            world.act("Kaspi", &deed, ActRole::Mortgagee),
            gives_up_with(&mut world, "Halyk", &old, &deed),
            world.funding(ESCROW, &deed, PRICE),
        ];
        let funding = record_id(&records[4]);
        for (index, record) in records.iter().enumerate() {
            if missing != Some(index) {
                world.accept(record);
            }
        }
        let Some(piece) = missing else {
            assert_eq!(status(&world, &deed), Status::Registered);
            assert_eq!(ranks(&world, FLAT), [kept, deed]);
            assert_eq!(lender_of(&world, FLAT, &deed), Some(id("Kaspi")));
            assert_eq!(world.title(FLAT).version, before.version + 1);
            assert_eq!(world.escrow(&funding).state, EscrowState::ReleaseOrdered);
            continue;
        };
        let open = [
            "act.disponor",
            "act.acquirer",
            "act.mortgagee",
            "mortgage.discharge_missing",
            "escrow.not_funded",
        ];
        assert_eq!(world.open(&deed), [open[piece]]);
        let title = world.title(FLAT);
        assert_eq!(title.holdings, before.holdings);
        assert_eq!(title.encumbrances, before.encumbrances);
        world.outlast_periods();
        world.block(&[]);
        assert_eq!(status(&world, &deed), Status::Expired);
        assert_eq!(world.title(FLAT).encumbrances, before.encumbrances);
        if pieces[piece] != "money" {
            assert_eq!(world.escrow(&funding).state, EscrowState::RefundOrdered);
        }
    }
}

#[test]
fn who_may_not_buy_with_a_mortgage_is_refused() {
    type Change = fn(&mut Transfer);
    let cases: &[(&str, Change, &[&str])] = &[
        ("a gift", as_gift, &["mortgage.terms"]),
        (
            "a share",
            |t| {
                t.disponors[0].share = "1/2".parse().unwrap();
                t.acquirers[0].share = "1/2".parse().unwrap();
            },
            &["mortgage.terms"],
        ),
        (
            "from the buyer",
            |t| t.mortgage = Some(terms("Bolat")),
            &["mortgage.terms"],
        ),
        (
            "for nothing",
            |t| t.mortgage.as_mut().unwrap().amount = money(0),
            &["mortgage.terms"],
        ),
        (
            "from a group",
            |t| t.mortgage = Some(terms("Couple")),
            &["mortgage.terms"],
        ),
        (
            "from somebody unknown",
            |t| t.mortgage = Some(terms("Nobody")),
            &["transfer.acquirer_unknown"],
        ),
    ];
    for (what, change, codes) in cases {
        println!("{what}");
        let mut world = town();
        couple(&mut world, "Couple", ["Clara", "Dana"]);
        let mut body = Transfer {
            mortgage: Some(terms("Kaspi")),
            ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
        };
        change(&mut body);
        let record = world.transfer("Aida", FLAT, body);
        world.refuse(&record, codes);
    }
    let mut world = town();
    let mut body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    body.mortgage = Some(terms("Kaspi"));
    body.mortgage.as_mut().unwrap().amount = money(u64::MAX);
    let record = world.transfer("Aida", FLAT, body);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn the_seller_may_lend_the_price() {
    let mut world = town();
    let deed = signed_sale(&mut world, |sale| sale.mortgage = Some(terms("Aida")));
    let act = world.act("Aida", &deed, ActRole::Mortgagee);
    world.accept(&act);
    assert_eq!(ranks(&world, FLAT), [deed]);
    assert_eq!(lender_of(&world, FLAT, &deed), Some(id("Aida")));
}

#[test]
fn who_buys_for_another_with_borrowed_money_needs_a_power_for_both() {
    let mut world = town();
    let body = Transfer {
        mortgage: Some(terms("Kaspi")),
        ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
    };
    let deed = lodge(&mut world, "Aida", FLAT, Body::Transfer(body));
    let buys = world.empower("Bolat", "Agent", &[ActKind::Acquire]);
    let act = world.act_under("Agent", &deed, ActRole::Acquirer, buys);
    world.refuse(&act, &["poa.out_of_scope"]);
    let both = world.empower("Bolat", "Agent", &[ActKind::Acquire, ActKind::Mortgage]);
    let act = world.act_under("Agent", &deed, ActRole::Acquirer, both);
    world.accept(&act);
}
