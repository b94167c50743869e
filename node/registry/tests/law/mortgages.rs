//! Rules 4, 25, 26: who mortgages what, and what a mortgage asks of those who dispose of the property.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::encumbrance::{Interest, Mortgage, Right};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, ActRole, Status, Transfer};
use deedbook_schemas::limits::{ENCUMBRANCES_MAX, HOLDERS_MAX, MONEY_MINOR_MAX};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;

use crate::lenders::{
    FLAT, as_gift, assigned, burden, consent_body, consents, couple, discharge_body, discharges,
    gives_up_with, lease_body, lender_of, lets_pass, lodge, mortgage_body, mortgaged, on_title,
    parties, ranks, servitude_body, sign, signed_sale, status, terms, town,
};
use crate::world::{DAY, World, id, money, record_id};

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
fn a_mortgaged_property_is_sold_with_the_lenders_consent_and_stays_mortgaged() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = signed_sale(&mut world, |_| {});
    let open = world.requirements(&deed);
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].code, open[0].party),
        ("mortgage.consent_missing", Some(id("Halyk")))
    );
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    let outcomes = world.accept(&record);
    assert_eq!(outcomes.len(), 1, "a consent has no outcome of its own");
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (deed, Status::Registered)
    );
    assert_eq!(ranks(&world, FLAT), [mortgage]);
    assert_eq!(lender_of(&world, FLAT, &mortgage), Some(id("Halyk")));
}

#[test]
fn a_consent_may_come_before_every_signature() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    assert_eq!(world.accept(&record), []);
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    assert_eq!(status(&world, &deed), Status::Registered);
}

#[test]
fn every_disposal_needs_the_lender_and_each_lender_for_themselves() {
    type Disposal = fn(&World) -> Body;
    let cases: [(&str, Disposal); 4] = [
        ("a gift", |world| {
            let mut body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
            as_gift(&mut body);
            Body::Transfer(body)
        }),
        ("a share", |world| {
            Body::Transfer(world.sale_body(FLAT, &[("Aida", "1/2")], &[("Bolat", "1/2")]))
        }),
        ("a servitude", |world| {
            Body::Servitude(servitude_body(world, "Bolat"))
        }),
        ("a lease", |world| Body::Lease(lease_body(world, "Bolat"))),
    ];
    for (what, disposal) in cases {
        println!("{what}");
        let mut world = town();
        let first = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let second = mortgaged(&mut world, FLAT, "Aida", "Kaspi");
        let body = disposal(&world);
        let deed = lodge(&mut world, "Aida", FLAT, body);
        sign(&mut world, &deed, &["Aida"], &["Bolat"]);
        assert_eq!(
            world.open(&deed),
            ["mortgage.consent_missing", "mortgage.consent_missing"]
        );
        // The second lender speaks for their own mortgage only.
        let record = lets_pass(&mut world, "Kaspi", &deed, &first);
        world.refuse(&record, &["mortgage.not_mortgagee"]);
        let record = lets_pass(&mut world, "Kaspi", &deed, &second);
        world.accept(&record);
        assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
        let record = gives_up_with(&mut world, "Halyk", &first, &deed);
        world.accept(&record);
        assert_eq!(status(&world, &deed), Status::Registered);
        assert_eq!(ranks(&world, FLAT), [second]);
    }
}

#[test]
fn a_consent_that_does_not_count_is_refused() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = signed_sale(&mut world, |_| {});
    for stranger in ["Aida", "Bolat", "Kaspi"] {
        let record = lets_pass(&mut world, stranger, &deed, &mortgage);
        world.refuse(&record, &["mortgage.not_mortgagee"]);
    }
    let record = lets_pass(&mut world, "Halyk", &deed, &deed);
    world.refuse(&record, &["mortgage.unknown"]);
    let record = lets_pass(&mut world, "Halyk", &mortgage, &mortgage);
    world.turn_away(&record, &["instrument.closed"]);
    let record = lets_pass(&mut world, "Halyk", &record_id(&record), &mortgage);
    world.turn_away(&record, &["instrument.unknown"]);
    let unattested = world.plain(
        "Halyk",
        &deed.to_string(),
        Body::MortgageeConsent(consent_body(&mortgage)),
    );
    world.turn_away(&unattested, &["attestation.missing", "evidence.missing"]);
    let mut body = consent_body(&mortgage);
    body.power = Some(mortgage);
    let record = consents(&mut world, "Agent", &deed, body.clone());
    world.refuse(&record, &["mortgage.not_mortgagee", "poa.unknown"]);
    body.represents = Some(id("Halyk"));
    let record = consents(&mut world, "Agent", &deed, body);
    world.turn_away(&record, &["record.field_invalid"]);
    assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
}

#[test]
fn a_consent_is_for_one_deed_and_given_once() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let other = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &other, &mortgage);
    world.accept(&record);
    let again = lets_pass(&mut world, "Halyk", &other, &mortgage);
    world.refuse(&again, &["discharge.repeated"]);
    let deed = signed_sale(&mut world, |_| {});
    assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
}

#[test]
fn the_consent_of_a_lender_who_assigned_the_mortgage_away_is_worth_nothing() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.accept(&record);
    assigned(&mut world, &mortgage, "Halyk", "Kaspi");
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    let open = world.requirements(&deed);
    assert_eq!(
        (open[0].code, open[0].party),
        ("mortgage.consent_missing", Some(id("Kaspi")))
    );
    let late = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.refuse(&late, &["mortgage.not_mortgagee", "discharge.repeated"]);
    let record = lets_pass(&mut world, "Kaspi", &deed, &mortgage);
    world.accept(&record);
    assert_eq!(status(&world, &deed), Status::Registered);
}

#[test]
fn a_mortgage_that_comes_back_brings_its_lenders_consent_back() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.accept(&record);
    assigned(&mut world, &mortgage, "Halyk", "Kaspi");
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    assert_eq!(status(&world, &deed), Status::Pending);
    assigned(&mut world, &mortgage, "Kaspi", "Halyk");
    assert_eq!(status(&world, &deed), Status::Registered);
}

#[test]
fn consent_and_assignment_in_one_block_are_decided_by_their_order() {
    for assigned_first in [true, false] {
        let mut world = town();
        let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let deed = signed_sale(&mut world, |_| {});
        let body = crate::lenders::assignment(&mortgage, "Halyk", "Kaspi");
        let assignment = lodge(&mut world, "Halyk", FLAT, body);
        sign(&mut world, &assignment, &["Halyk"], &[]);
        let mut records = vec![
            lets_pass(&mut world, "Halyk", &deed, &mortgage),
            world.buys("Kaspi", &assignment),
        ];
        if assigned_first {
            records.reverse();
        }
        let answers = world.block(&records);
        assert_eq!(status(&world, &assignment), Status::Registered);
        let consent = answers[usize::from(assigned_first)].as_ref().unwrap();
        if assigned_first {
            let refusal = consent.refusal.as_ref().unwrap();
            assert_eq!(refusal.to_strings(), ["mortgage.not_mortgagee"]);
            assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
        } else {
            assert_eq!(status(&world, &deed), Status::Registered);
        }
    }
}

#[test]
fn sale_discharge_and_purchase_mortgage_are_one_step_or_nothing() {
    let pieces = ["seller", "buyer", "new lender", "old lender"];
    for missing in [None, Some(0), Some(1), Some(2), Some(3)] {
        println!("without {:?}", missing.map(|piece: usize| pieces[piece]));
        let mut world = town();
        let old = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let kept = mortgaged(&mut world, FLAT, "Aida", "Otbasy");
        let body = Transfer {
            discharges: Some(vec![old]),
            mortgage: Some(terms("Kaspi")),
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
        ];
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
            continue;
        };
        let open = [
            "act.disponor",
            "act.acquirer",
            "act.mortgagee",
            "mortgage.discharge_missing",
        ];
        assert_eq!(world.open(&deed), [open[piece]]);
        let title = world.title(FLAT);
        assert_eq!(title.holdings, before.holdings);
        assert_eq!(title.encumbrances, before.encumbrances);
        world.pass(31 * DAY);
        world.block(&[]);
        assert_eq!(status(&world, &deed), Status::Expired);
        assert_eq!(world.title(FLAT).encumbrances, before.encumbrances);
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
