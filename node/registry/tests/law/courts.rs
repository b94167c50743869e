//! Rules 27, 30, 44: what a court orders, and how its sales are carried out.

use deedbook_registry::{Key, state};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::{ActRole, Status, Transfer, TransferKind};
use deedbook_schemas::proceeding::{CourtOrder, Order, OrderState};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;

use crate::world::{BEFORE, COURT, DAY, NOTARY, REGISTRAR, World, id, money, record_id, shares};

pub(crate) const FLAT: &str = "20-313-024-118";
pub(crate) const OTHER: &str = "20-313-024-119";
pub(crate) const ALL: [&str; 4] = ["Aida", "Bolat", "Clara", "Dana"];

/// Aida holds a flat and another one, Bolat a half of neither.
pub(crate) fn world() -> World {
    let mut world = World::of_singles(&ALL);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    world
}

pub(crate) fn sell(debtor: &str, acquirer: &str, minor: u64, discharges: &[RecordId]) -> Order {
    Order::Sell {
        debtor: id(debtor),
        acquirer: id(acquirer),
        price: money(minor),
        discharges: discharges.to_vec(),
    }
}

impl World {
    pub(crate) fn order(
        &mut self,
        court: &str,
        property: &str,
        order: Order,
        final_from: Seconds,
    ) -> Vec<u8> {
        let body = CourtOrder {
            order,
            final_from,
            case: "2-118/2026".to_owned(),
        };
        self.plain(court, property, Body::CourtOrder(body))
    }

    /// An order that is final at once.
    pub(crate) fn orders(&mut self, property: &str, order: Order) -> RecordId {
        let record = self.order(COURT, property, order, BEFORE);
        let outcomes = self.accept(&record);
        assert_eq!(outcomes[0].status, Status::Registered);
        record_id(&record)
    }

    pub(crate) fn order_state(&self, order: &RecordId) -> OrderState {
        state::read(&self.state, Key::Order(order))
            .unwrap()
            .unwrap()
    }

    /// Sells all that somebody holds for 50,000,000 tiyn, by order.
    pub(crate) fn court_sale(
        &self,
        property: &str,
        from: (&str, &str),
        to: &str,
        order: RecordId,
    ) -> Transfer {
        Transfer {
            kind: TransferKind::CourtSale,
            ground: Some(order),
            ..self.sale_body(property, &[from], &[(to, from.1)])
        }
    }
}

pub(crate) const PRICE: u64 = 50_000_000;

#[test]
fn a_court_sale_registers_with_the_act_of_the_acquirer_alone() {
    let mut world = world();
    let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
    let body = world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order);
    let record = world.transfer("Clara", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    assert_eq!(world.open(&deed), ["act.acquirer"]);
    let act = world.sells("Aida", &deed);
    world.refuse(&act, &["act.not_a_party"]);
    let act = world.buys("Bolat", &deed);
    let outcomes = world.accept(&act);
    assert_eq!(
        (outcomes[0].record, outcomes[0].title_version),
        (deed, Some(2))
    );
    assert_eq!(world.order_state(&order).used_by, Some(deed));
    let title = world.title(FLAT);
    assert_eq!(title.holdings[0].party, id("Bolat"));
    assert_eq!(title.holdings[0].ground, Ground::Purchase);
}

#[test]
fn nothing_private_and_no_lower_authority_stands_in_its_way() {
    let mut world = World::new();
    world.enrol(&["Aida", "Arman", "Bolat", "Clara", "Dana"]);
    world.marry("Aida", "Arman", BEFORE);
    world.property(FLAT, &[("Aida", "1/2"), ("Clara", "1/2")]);
    let mortgage = |rank| Right::Mortgage {
        mortgagee: id("Dana"),
        amount: money(1_000_000),
        rank,
    };
    for number in [1, 2, 3] {
        world.burden(FLAT, number, mortgage(number.into()));
    }
    let freeze = Right::Freeze {
        authority: id(crate::world::PROSECUTOR),
        until: None,
    };
    world.burden(FLAT, 4, freeze);
    for (number, holder) in [(5, "Aida"), (6, "Clara")] {
        let lock = Right::SelfLock {
            holder: id(holder),
            opens: None,
        };
        world.burden(FLAT, number, lock);
    }
    let cleared = [RecordId([1; 32]), RecordId([2; 32])];
    let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &cleared));
    let body = Transfer {
        discharges: Some(cleared.to_vec()),
        ..world.court_sale(FLAT, ("Aida", "1/2"), "Bolat", order)
    };
    let record = world.transfer("Bolat", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    world.all_act(&deed, &[], &["Bolat"]);
    assert!(world.is_registered(&deed));
    let left: Vec<_> = world
        .title(FLAT)
        .encumbrances
        .into_iter()
        .map(|e| (e.id.0[0], e.right))
        .collect();
    assert_eq!(
        left.len(),
        3,
        "the debtor's lock goes, what else there is stays"
    );
    assert_eq!(left[0], (3, mortgage(1)), "the ranks close up");
    assert_eq!((left[1].0, left[2].0), (4, 6));
}

#[test]
fn a_deed_that_the_debtor_lodged_before_does_not_keep_the_slot() {
    let mut world = world();
    let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
    let private = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    world.all_act(&private, &["Aida"], &[]);
    assert_eq!(world.title(FLAT).slot, Some(private));
    let body = world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order);
    let record = world.transfer("Bolat", FLAT, body.clone());
    world.accept(&record);
    let deed = record_id(&record);
    world.all_act(&deed, &[], &["Bolat"]);
    assert!(world.is_registered(&deed));
    let ended = world.instrument(&private);
    assert_eq!(ended.status, Status::Refused);
    assert_eq!(ended.codes, ["title.version_changed"]);
    let act = world.buys("Clara", &private);
    world.turn_away(&act, &["instrument.closed"]);
}

/// A way to spoil a court sale of the flat, and its codes.
type Case = (&'static str, fn(&mut Transfer), &'static [&'static str]);

const UNLAWFUL: &[Case] = &[
    (
        "without an order",
        |t| t.ground = None,
        &["transfer.ground"],
    ),
    (
        "by an order that nobody made",
        |t| t.ground = Some(RecordId([9; 32])),
        &["order.unknown"],
    ),
    (
        "to somebody else",
        |t| t.acquirers = shares(&[("Clara", "1/1")]),
        &["order.other_matter"],
    ),
    (
        "cheaper",
        |t| t.price = Some(money(PRICE - 1)),
        &["order.other_matter"],
    ),
    (
        "a part",
        |t| {
            t.disponors = shares(&[("Aida", "1/2")]);
            t.acquirers = shares(&[("Bolat", "1/2")]);
        },
        &["order.other_matter"],
    ),
    (
        "to two",
        |t| t.acquirers = shares(&[("Bolat", "1/2"), ("Clara", "1/2")]),
        &["order.other_matter"],
    ),
    (
        "clearing more than ordered",
        |t| t.discharges = Some(vec![RecordId([1; 32])]),
        &["order.other_matter"],
    ),
    (
        "a private sale on an order",
        |t| t.kind = TransferKind::Sale,
        &["transfer.ground"],
    ),
];

#[test]
fn a_court_sale_is_exactly_what_is_ordered() {
    for (what, spoil, codes) in UNLAWFUL {
        println!("{what}");
        let mut world = world();
        world.burden(
            FLAT,
            1,
            Right::Mortgage {
                mortgagee: id("Dana"),
                amount: money(1),
                rank: 1,
            },
        );
        let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
        let mut body = world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order);
        spoil(&mut body);
        let record = world.transfer("Bolat", FLAT, body);
        world.refuse(&record, codes);
    }
}

#[test]
fn an_order_is_for_one_title_and_one_purpose_final_and_carried_out_once() {
    let mut world = world();
    let lodge = |world: &mut World, property: &str, order| {
        let body = world.court_sale(property, ("Aida", "1/1"), "Bolat", order);
        world.transfer("Bolat", property, body)
    };
    let for_the_other = world.orders(OTHER, sell("Aida", "Bolat", PRICE, &[]));
    let record = lodge(&mut world, FLAT, for_the_other);
    world.refuse(&record, &["order.other_matter"]);
    let to_correct = world.orders(FLAT, Order::Correct);
    let record = lodge(&mut world, FLAT, to_correct);
    world.refuse(&record, &["order.other_matter"]);
    let of_another = world.orders(FLAT, sell("Clara", "Bolat", PRICE, &[]));
    let record = lodge(&mut world, FLAT, of_another);
    world.refuse(&record, &["order.other_matter"]);

    let final_from = Seconds(world.now().0 + DAY);
    let later = world.order(COURT, FLAT, sell("Aida", "Bolat", PRICE, &[]), final_from);
    world.accept(&later);
    let record = lodge(&mut world, FLAT, record_id(&later));
    world.refuse(&record, &["order.not_final"]);
    world.time_ms = (final_from.0 - 1) * 1000;
    let record = lodge(&mut world, FLAT, record_id(&later));
    world.accept(&record);
    assert_eq!(world.now(), final_from, "final in this very second");
    let deed = record_id(&record);
    world.all_act(&deed, &[], &["Bolat"]);
    assert!(world.is_registered(&deed));
    // Aida buys it back, and the order is not carried out again.
    let back = world.lodge_sale(FLAT, &[("Bolat", "1/1")], &[("Aida", "1/1")]);
    world.all_act(&back, &["Bolat"], &["Aida"]);
    let record = lodge(&mut world, FLAT, record_id(&later));
    world.refuse(&record, &["order.unknown"]);
}

#[test]
fn two_sales_on_one_order_in_one_block_do_not_both_register() {
    let mut world = world();
    let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
    let deeds: Vec<RecordId> = (0..2)
        .map(|_| {
            let body = world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order);
            let record = world.transfer("Bolat", FLAT, body);
            world.accept(&record);
            record_id(&record)
        })
        .collect();
    let acts = [
        world.act("Bolat", &deeds[0], ActRole::Acquirer),
        world.act("Bolat", &deeds[1], ActRole::Acquirer),
    ];
    let answers = world.block(&acts);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["title.version_changed"]);
    assert_eq!(world.order_state(&order).used_by, Some(deeds[0]));
    assert_eq!(world.title(FLAT).version, 2);
}

#[test]
fn only_a_court_orders_and_about_a_title() {
    let mut world = world();
    for who in ["Aida", REGISTRAR, NOTARY] {
        let record = world.order(who, FLAT, Order::Correct, BEFORE);
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let unknown = world.order(COURT, "20-000-000-1", Order::Correct, BEFORE);
    world.refuse(&unknown, &["title.unknown"]);
    let repeated = [RecordId([1; 32]), RecordId([1; 32])];
    let many: Vec<RecordId> = (0..17).map(|n| RecordId([n; 32])).collect();
    for order in [
        sell("Aida", "Aida", PRICE, &[]),
        sell("Aida", "Bolat", 0, &[]),
        sell("Aida", "Bolat", u64::MAX, &[]),
        sell("Aida", "Bolat", PRICE, &repeated),
        sell("Aida", "Bolat", PRICE, &many),
    ] {
        let record = world.order(COURT, FLAT, order, BEFORE);
        world.turn_away(&record, &["record.field_invalid"]);
    }
    let body = CourtOrder {
        order: Order::Correct,
        final_from: BEFORE,
        case: "in re 850101 300123".to_owned(),
    };
    let personal = world.plain(COURT, FLAT, Body::CourtOrder(body));
    world.turn_away(&personal, &["record.personal_data"]);
    let split = world.lodge_subdivision(FLAT, &[("20-1", 2_700), ("20-2", 2_700)]);
    world.all_act(&split, &["Aida"], &[]);
    let of_the_past = world.order(COURT, FLAT, Order::Correct, BEFORE);
    world.refuse(&of_the_past, &["title.cancelled"]);
}
