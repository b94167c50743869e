//! Rules 15, 19, 20: what an agent may do under a power.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, ActRole, Status};

use crate::powers::{Change, FLAT, OTHER, grant, lodge, sells_under, world};
use crate::world::{id, money, record_id};

#[test]
fn an_agent_sells_within_the_power() {
    let mut world = world();
    let mut body = world.power_body(&[ActKind::Sell]);
    body.scope.properties = Some(vec![FLAT.to_owned()]);
    body.scope.price_floor = Some(money(50_000_000));
    let mut buyers = vec![id("Bolat"), id("Clara")];
    buyers.sort();
    body.scope.counterparties = Some(buyers);
    let record = world.power("Aida", "Zarina", body);
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (record_id(&record), Status::Registered)
    );
    let deed = lodge(&mut world);
    let act = sells_under(&mut world, &deed, record_id(&record));
    world.accept(&act);
    assert_eq!(world.title(FLAT).slot, Some(deed));
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

const OUTSIDE: &[Change] = &[
    (
        "manage is not sell",
        |p| p.scope.acts = vec![ActKind::Manage],
        &["poa.out_of_scope"],
    ),
    (
        "give is not sell",
        |p| p.scope.acts = vec![ActKind::Give],
        &["poa.out_of_scope"],
    ),
    (
        "another parcel",
        |p| p.scope.properties = Some(vec![OTHER.to_owned()]),
        &["poa.out_of_scope"],
    ),
    (
        "below the floor",
        |p| p.scope.price_floor = Some(money(50_000_001)),
        &["poa.below_floor"],
    ),
    (
        "a floor in another currency",
        |p| {
            p.scope.price_floor = Some(Money {
                minor: 1,
                currency: "EUR".to_owned(),
            })
        },
        &["poa.out_of_scope"],
    ),
    (
        "another buyer",
        |p| p.scope.counterparties = Some(vec![id("Clara")]),
        &["poa.out_of_scope"],
    ),
    (
        "all of it",
        |p| {
            p.scope.acts = vec![ActKind::Manage];
            p.scope.price_floor = Some(money(60_000_000));
            p.starts = p.issued.map(|issued| Seconds(issued.0 + 500));
        },
        &["poa.not_yet", "poa.out_of_scope", "poa.below_floor"],
    ),
];

#[test]
fn an_act_outside_the_scope_is_refused() {
    for (what, change, codes) in OUTSIDE {
        println!("{what}");
        let mut world = world();
        let mut body = world.power_body(&[ActKind::Sell]);
        change(&mut body);
        let power = grant(&mut world, body);
        let deed = lodge(&mut world);
        let act = sells_under(&mut world, &deed, power);
        world.refuse(&act, codes);
        assert_eq!(world.instrument(&deed).status, Status::Pending);
    }
    let mut world = world();
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let gift = world.gift(FLAT, "Aida", "Bolat");
    let act = sells_under(&mut world, &gift, power);
    world.refuse(&act, &["poa.out_of_scope"]);
    let mut body = world.power_body(&[ActKind::Give]);
    body.scope.price_floor = Some(money(1));
    let power = grant(&mut world, body);
    let act = sells_under(&mut world, &gift, power);
    world.refuse(&act, &["poa.out_of_scope"]);
    let deed = lodge(&mut world);
    let act = sells_under(&mut world, &deed, RecordId([8; 32]));
    world.refuse(&act, &["act.not_a_party", "poa.unknown"]);
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let act = world.act_under("Clara", &deed, ActRole::Disponor, power);
    world.refuse(&act, &["poa.not_agent"]);
    let act = world.act_under("Zarina", &deed, ActRole::Acquirer, power);
    world.refuse(&act, &["act.not_a_party", "poa.out_of_scope"]);
}

#[test]
fn an_agent_buys_under_a_power_to_acquire_and_a_floor_binds_sales_only() {
    let mut world = world();
    let mut body = world.power_body(&[ActKind::Sell, ActKind::Acquire]);
    body.scope.price_floor = Some(money(90_000_000));
    let record = world.power("Bolat", "Zarina", body);
    world.accept(&record);
    let deed = lodge(&mut world);
    let act = world.act_under("Zarina", &deed, ActRole::Acquirer, record_id(&record));
    world.accept(&act);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn an_agent_deals_neither_with_themselves_nor_their_spouse_nor_on_both_sides() {
    // The agent buys.
    let mut world = world();
    let power = world.empower("Aida", "Bolat", &[ActKind::Sell]);
    let deed = lodge(&mut world);
    let act = world.act_under("Bolat", &deed, ActRole::Disponor, power);
    world.refuse(&act, &["poa.self_dealing"]);
    // The agent's spouse buys.
    world.marry("Bolat", "Zarina", world.now());
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let act = sells_under(&mut world, &deed, power);
    world.refuse(&act, &["poa.self_dealing"]);
    // Expressly allowed.
    let mut body = world.power_body(&[ActKind::Sell]);
    body.scope.self_dealing = true;
    let power = grant(&mut world, body);
    let act = sells_under(&mut world, &deed, power);
    world.accept(&act);
}

#[test]
fn an_agent_on_both_sides_needs_the_leave_of_both() {
    for (seller, buyer, lawful) in [
        (false, false, false),
        (true, false, false),
        (false, true, false),
        (true, true, true),
    ] {
        let mut world = world();
        let mut body = world.power_body(&[ActKind::Sell]);
        body.scope.self_dealing = seller;
        let to_sell = grant(&mut world, body);
        let mut body = world.power_body(&[ActKind::Acquire]);
        body.scope.self_dealing = buyer;
        let record = world.power("Bolat", "Zarina", body);
        world.accept(&record);
        let deed = lodge(&mut world);
        let act = sells_under(&mut world, &deed, to_sell);
        world.accept(&act);
        let act = world.act_under("Zarina", &deed, ActRole::Acquirer, record_id(&record));
        if lawful {
            world.accept(&act);
            assert_eq!(world.instrument(&deed).status, Status::Registered);
        } else {
            world.refuse(&act, &["poa.self_dealing"]);
        }
    }
}

#[test]
fn the_principal_holds_the_right_when_the_act_is_done() {
    let mut world = world();
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let late = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let deed = lodge(&mut world);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    let act = sells_under(&mut world, &late, power);
    world.refuse(&act, &["title.version_changed", "poa.principal_not_holder"]);
    assert_eq!(world.instrument(&late).status, Status::Refused);
}
