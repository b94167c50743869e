//! Exchanges (rules 1–4, 9, 10): two properties pass in one step, or neither does.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, CounterLeg, Status, Transfer, TransferKind};

use crate::world::{World, id, money, record_id, shares};

const FLAT: &str = "20-313-024-118";
const HOUSE: &str = "20-313-024-119";
const ALL: [&str; 4] = ["Aida", "Bolat", "Clara", "Dana"];

/// The flat is Aida's, the house is Bolat's.
fn world() -> World {
    let mut world = World::of_singles(&ALL);
    world.property(FLAT, &[("Aida", "1/1")]);
    world.property(HOUSE, &[("Bolat", "1/1")]);
    world
}

/// A property, who gives it, and how much.
type Given<'g> = (&'g str, &'g str, &'g str);

impl World {
    /// One gives the first and receives the other.
    pub(crate) fn exchange_body(&self, first: Given<'_>, other: Given<'_>) -> Transfer {
        let counter = CounterLeg {
            property: other.0.to_owned(),
            title_version: self.title(other.0).version,
            disponors: shares(&[(other.1, other.2)]),
            acquirers: shares(&[(first.1, other.2)]),
        };
        Transfer {
            kind: TransferKind::Exchange,
            price: None,
            counter: Some(counter),
            ..self.sale_body(first.0, &[(first.1, first.2)], &[(other.1, first.2)])
        }
    }

    /// Lodges an exchange, changed a little, that is accepted.
    pub(crate) fn lodge_exchange(
        &mut self,
        first: Given<'_>,
        other: Given<'_>,
        change: fn(&mut Transfer),
    ) -> RecordId {
        let mut body = self.exchange_body(first, other);
        change(&mut body);
        let record = self.transfer(first.1, first.0, body);
        self.accept(&record);
        record_id(&record)
    }
}

fn lodge(world: &mut World) -> RecordId {
    world.lodge_exchange((FLAT, "Aida", "1/1"), (HOUSE, "Bolat", "1/1"), |_| {})
}

fn one(name: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), "1/1".to_owned())]
}

#[test]
fn both_properties_pass_in_one_step() {
    let mut world = world();
    let deed = lodge(&mut world);
    world.all_act(&deed, &["Aida"], &["Aida"]);
    assert_eq!(world.title(FLAT).slot, Some(deed));
    assert_eq!(world.title(HOUSE).slot, None, "who gives it has not signed");
    world.all_act(&deed, &["Bolat"], &[]);
    assert_eq!(world.open(&deed), ["act.acquirer"]);
    let last = world.buys("Bolat", &deed);
    let outcomes = world.accept(&last);
    assert_eq!((outcomes.len(), outcomes[0].title_version), (1, Some(2)));
    for (property, holder) in [(FLAT, "Bolat"), (HOUSE, "Aida")] {
        assert_eq!(world.holders(property, &ALL), one(holder));
        let title = world.title(property);
        assert_eq!((title.version, title.slot, title.source), (2, None, deed));
    }
}

#[test]
fn money_may_be_paid_on_top() {
    let mut world = world();
    let first = (FLAT, "Aida", "1/1");
    let deed = world.lodge_exchange(first, (HOUSE, "Bolat", "1/1"), |t| {
        t.price = Some(money(5_000_000));
    });
    world.all_act(&deed, &["Aida", "Bolat"], &["Aida", "Bolat"]);
    assert!(world.is_registered(&deed));
}

/// A way to spoil an exchange, and its codes.
type Case = (&'static str, fn(&mut Transfer), &'static [&'static str]);

fn counter(t: &mut Transfer) -> &mut CounterLeg {
    t.counter.as_mut().unwrap()
}

const UNLAWFUL: &[Case] = &[
    (
        "nothing is given in return",
        |t| t.counter = None,
        &["transfer.counter"],
    ),
    (
        "a sale with something in return",
        |t| {
            t.kind = TransferKind::Sale;
            t.price = Some(money(1));
        },
        &["transfer.counter"],
    ),
    (
        "the other property is given by a stranger",
        |t| counter(t).disponors = shares(&[("Clara", "1/1")]),
        &["title.not_holder", "transfer.counter"],
    ),
    (
        "the other property goes to a stranger",
        |t| counter(t).acquirers = shares(&[("Clara", "1/1")]),
        &["transfer.counter"],
    ),
    (
        "for itself",
        |t| {
            t.counter = Some(CounterLeg {
                property: FLAT.to_owned(),
                title_version: 1,
                disponors: shares(&[("Bolat", "1/1")]),
                acquirers: shares(&[("Aida", "1/1")]),
            });
        },
        &["title.not_holder", "transfer.counter"],
    ),
    (
        "more of the other than is held",
        |t| {
            counter(t).disponors = shares(&[("Bolat", "1/2"), ("Bolat", "2/3")]);
        },
        &[
            "title.exceeds_share",
            "transfer.unbalanced",
            "transfer.parties",
        ],
    ),
    (
        "less of the other received than given",
        |t| counter(t).acquirers = shares(&[("Aida", "1/2")]),
        &["transfer.unbalanced"],
    ),
    (
        "the other title as it was",
        |t| counter(t).title_version = 2,
        &["title.version_changed"],
    ),
    (
        "a property that nobody knows",
        |t| counter(t).property = "20-000-000-1".to_owned(),
        &["title.unknown"],
    ),
    (
        "shares that overflow",
        |t| {
            counter(t).disponors = shares(&[
                ("Bolat", "1/9223372036854775807"),
                ("Bolat", "1/9223372036854775806"),
            ]);
        },
        &[
            "title.exceeds_share",
            "transfer.unbalanced",
            "transfer.parties",
        ],
    ),
    (
        "an exchange on a certificate",
        |t| t.ground = Some(RecordId([1; 32])),
        &["transfer.ground"],
    ),
    (
        "for nothing on top",
        |t| t.price = Some(money(0)),
        &["transfer.price"],
    ),
];

#[test]
fn an_unlawful_exchange_is_refused_with_every_failed_rule() {
    for (what, spoil, codes) in UNLAWFUL {
        println!("{what}");
        let mut world = world();
        let mut body = world.exchange_body((FLAT, "Aida", "1/1"), (HOUSE, "Bolat", "1/1"));
        spoil(&mut body);
        let record = world.transfer("Aida", FLAT, body);
        world.refuse(&record, codes);
    }
}

#[test]
fn a_list_that_is_too_long_is_turned_away() {
    let mut world = world();
    let mut body = world.exchange_body((FLAT, "Aida", "1/1"), (HOUSE, "Bolat", "1/1"));
    counter(&mut body).disponors = vec![counter(&mut body).disponors[0].clone(); 33];
    let record = world.transfer("Aida", FLAT, body.clone());
    world.turn_away(&record, &["record.field_invalid"]);
    counter(&mut body).disponors.truncate(1);
    counter(&mut body).property = "850101300123".to_owned();
    let record = world.transfer("Aida", FLAT, body);
    world.turn_away(&record, &["record.personal_data"]);
}

#[test]
fn a_sale_of_either_property_ends_the_exchange() {
    let mut world = world();
    let exchange = lodge(&mut world);
    world.all_act(&exchange, &["Aida"], &["Aida", "Bolat"]);
    let sale = world.lodge_sale(HOUSE, &[("Bolat", "1/1")], &[("Clara", "1/1")]);
    world.all_act(&sale, &["Bolat"], &["Clara"]);
    assert!(world.is_registered(&sale));
    let act = world.sells("Bolat", &exchange);
    world.refuse(&act, &["title.not_holder", "title.version_changed"]);
    assert_eq!(world.instrument(&exchange).status, Status::Refused);
    assert_eq!(world.title(FLAT).slot, None, "and frees what it held");
    assert_eq!(world.holders(FLAT, &ALL), one("Aida"));
}

#[test]
fn an_exchange_needs_the_slots_of_both_titles() {
    let mut world = world();
    let sale = world.lodge_sale(HOUSE, &[("Bolat", "1/1")], &[("Clara", "1/1")]);
    let exchange = lodge(&mut world);
    world.all_act(&sale, &["Bolat"], &[]);
    let act = world.sells("Bolat", &exchange);
    world.refuse(&act, &["title.slot_taken"]);
    let again = world.exchange_body((FLAT, "Aida", "1/1"), (HOUSE, "Bolat", "1/1"));
    let record = world.transfer("Aida", FLAT, again);
    world.refuse(&record, &["title.slot_taken"]);
}

#[test]
fn of_two_exchanges_in_one_block_one_wins() {
    let mut world = world();
    world.property("20-313-024-120", &[("Clara", "1/1")]);
    let one = lodge(&mut world);
    let first = ("20-313-024-120", "Clara", "1/1");
    let two = world.lodge_exchange(first, (HOUSE, "Bolat", "1/1"), |_| {});
    world.all_act(&one, &["Aida"], &["Aida", "Bolat"]);
    world.all_act(&two, &["Clara"], &["Clara", "Bolat"]);
    let acts = [world.sells("Bolat", &two), world.sells("Bolat", &one)];
    let answers = world.block(&acts);
    assert_eq!(answers[0].as_ref().unwrap().refusal, None);
    assert!(answers[1].as_ref().unwrap().refusal.is_some());
    assert!(world.is_registered(&two));
    assert_eq!(world.instrument(&one).status, Status::Refused);
    assert_eq!(world.title(FLAT).version, 1);
}

#[test]
fn agents_exchange_for_one_side_and_not_for_both() {
    let mut world = world();
    let hers = world.empower("Aida", "Dana", &[ActKind::Acquire, ActKind::Exchange]);
    let his = world.empower("Bolat", "Dana", &[ActKind::Acquire, ActKind::Exchange]);
    let selling = world.empower("Bolat", "Clara", &[ActKind::Sell, ActKind::Acquire]);
    let deed = lodge(&mut world);
    for role in [ActRole::Disponor, ActRole::Acquirer] {
        let act = world.act_under("Dana", &deed, role, hers);
        world.accept(&act);
    }
    let act = world.act_under("Dana", &deed, ActRole::Disponor, his);
    world.refuse(&act, &["poa.self_dealing"]);
    let act = world.act_under("Clara", &deed, ActRole::Disponor, selling);
    world.refuse(&act, &["poa.out_of_scope"]);
    world.all_act(&deed, &["Bolat"], &["Bolat"]);
    assert!(world.is_registered(&deed));
}

#[test]
fn those_who_give_together_have_one_agent_and_may_be_each_others() {
    let mut world = World::of_singles(&ALL);
    world.property(FLAT, &[("Aida", "1/2"), ("Clara", "1/2")]);
    world.property(HOUSE, &[("Bolat", "1/1")]);
    let body = Transfer {
        disponors: shares(&[("Aida", "1/2"), ("Clara", "1/2")]),
        acquirers: shares(&[("Bolat", "1/1")]),
        counter: Some(CounterLeg {
            property: HOUSE.to_owned(),
            title_version: 1,
            disponors: shares(&[("Bolat", "1/1")]),
            acquirers: shares(&[("Aida", "1/3"), ("Clara", "2/3")]),
        }),
        ..world.exchange_body((FLAT, "Aida", "1/1"), (HOUSE, "Bolat", "1/1"))
    };
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    let mut body = world.power_body(&[ActKind::Acquire, ActKind::Exchange]);
    body.scope.counterparties = Some(vec![id("Bolat")]);
    let record = world.power("Clara", "Aida", body);
    world.accept(&record);
    world.all_act(&deed, &["Aida"], &["Aida"]);
    for role in [ActRole::Disponor, ActRole::Acquirer] {
        let act = world.act_under("Aida", &deed, role, record_id(&record));
        world.accept(&act);
    }
    world.all_act(&deed, &["Bolat"], &["Bolat"]);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_share_of_what_is_joint_is_not_exchanged_on_either_side() {
    for joint in [FLAT, HOUSE] {
        let mut world = World::new();
        world.enrol(&["Aida", "Bolat", "Clara"]);
        let (married, single) = if joint == FLAT {
            ("Aida", "Bolat")
        } else {
            ("Bolat", "Aida")
        };
        world.marry(married, "Clara", crate::world::BEFORE);
        world.unmarried(&[single], crate::world::BEFORE);
        world.property(FLAT, &[("Aida", "1/1")]);
        world.property(HOUSE, &[("Bolat", "1/1")]);
        let share = |property| if property == joint { "1/2" } else { "1/1" };
        let first = (FLAT, "Aida", share(FLAT));
        let deed = world.lodge_exchange(first, (HOUSE, "Bolat", share(HOUSE)), |_| {});
        world.all_act(&deed, &["Aida", "Bolat"], &["Aida", "Bolat"]);
        assert_eq!(world.open(&deed), ["title.joint_share"], "{joint}");
    }
}

#[test]
fn more_than_the_whole_on_both_sides_of_the_other_property_is_not_balanced() {
    let mut world = world();
    let mut body = world.exchange_body((FLAT, "Aida", "1/1"), (HOUSE, "Bolat", "1/1"));
    body.disponors = shares(&[("Aida", "1/2"), ("Clara", "1/2")]);
    body.acquirers = shares(&[("Bolat", "1/2"), ("Dana", "1/2")]);
    let counter = body.counter.as_mut().unwrap();
    counter.disponors = shares(&[("Bolat", "1/1"), ("Dana", "1/1")]);
    counter.acquirers = shares(&[("Aida", "1/1"), ("Clara", "1/1")]);
    let record = world.transfer("Aida", FLAT, body);
    world.refuse(&record, &["title.not_holder", "transfer.unbalanced"]);
}
