//! Rules 1–4, 7, 9, 10: title, shares, holders.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::instrument::{ActRole, Status, Transfer, TransferKind};
use deedbook_schemas::limits::PARTY_KEYS_MAX;
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::{Body, Record};

use crate::world::{LONG_AGO, World, id, money, record_id, shares};

const FLAT: &str = "20-313-024-118";

fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

fn co_owned() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    world
}

fn names(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, share)| ((*name).to_owned(), (*share).to_owned()))
        .collect()
}

const ALL: [&str; 4] = ["Aida", "Bolat", "Clara", "Dana"];

#[test]
fn a_sale_registers_in_the_block_of_its_last_act() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    assert_eq!(world.open(&deed), ["act.disponor", "act.acquirer"]);
    let act = world.sells("Aida", &deed);
    assert_eq!(world.accept(&act), []);
    assert_eq!(world.title(FLAT).slot, Some(deed));
    assert_eq!(world.open(&deed), ["act.acquirer"]);
    let act = world.buys("Bolat", &deed);
    let outcomes = world.accept(&act);
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0].record, deed);
    assert_eq!(outcomes[0].status, Status::Registered);
    assert_eq!(outcomes[0].title_version, Some(2));
    let title = world.title(FLAT);
    assert_eq!(world.holders(FLAT, &ALL), names(&[("Bolat", "1/1")]));
    assert_eq!((title.version, title.slot, title.source), (2, None, deed));
    assert_eq!(title.holdings[0].acquired, world.now());
    assert_eq!(world.instrument(&deed).pending, None);
}

#[test]
fn a_deed_that_arrives_whole_registers_in_one_block_and_changes_two_keys() {
    let mut world = world();
    let deed = world.sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let instrument = record_id(&deed);
    let before = world.state.values.clone();
    let acts = [
        deed,
        world.buys("Bolat", &instrument),
        world.sells("Aida", &instrument),
    ];
    for answer in world.block(&acts) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    assert_eq!(world.instrument(&instrument).status, Status::Registered);
    let changed = world
        .state
        .values
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(*value))
        .count();
    assert_eq!(changed, 2, "the title and the instrument");
}

#[test]
fn shares_move_exactly_and_oldest_holdings_first() {
    let mut world = co_owned();
    let deed = world.lodge_gift(
        FLAT,
        &[("Aida", "1/3")],
        &[("Clara", "1/4"), ("Dana", "1/12")],
    );
    for act in [
        world.sells("Aida", &deed),
        world.buys("Clara", &deed),
        world.buys("Dana", &deed),
    ] {
        world.accept(&act);
    }
    let expected = [
        ("Aida", "1/6"),
        ("Bolat", "1/2"),
        ("Clara", "1/4"),
        ("Dana", "1/12"),
    ];
    assert_eq!(world.holders(FLAT, &ALL), names(&expected));
    let deed = world.lodge_sale(FLAT, &[("Clara", "1/4")], &[("Aida", "1/4")]);
    for act in [world.sells("Clara", &deed), world.buys("Aida", &deed)] {
        world.accept(&act);
    }
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/4")], &[("Dana", "1/4")]);
    for act in [world.sells("Aida", &deed), world.buys("Dana", &deed)] {
        world.accept(&act);
    }
    let expected = [
        ("Bolat", "1/2"),
        ("Dana", "1/12"),
        ("Aida", "1/6"),
        ("Dana", "1/4"),
    ];
    assert_eq!(world.holders(FLAT, &ALL), names(&expected));
}

/// A way to spoil a sale, and its codes.
type Case = (&'static str, fn(&mut Transfer), &'static [&'static str]);

const UNLAWFUL_SALES: &[Case] = &[
    (
        "a stranger sells",
        |t| t.disponors = shares(&[("Dana", "1/1")]),
        &["title.not_holder"],
    ),
    (
        "somebody enrolled nowhere sells",
        |t| t.disponors = shares(&[("Namesake of Aida", "1/1")]),
        &["title.not_holder"],
    ),
    (
        "2/3 from a 1/2 holder",
        |t| {
            t.disponors = shares(&[("Aida", "2/3")]);
            t.acquirers = shares(&[("Clara", "2/3")]);
        },
        &["title.exceeds_share"],
    ),
    (
        "one person counted twice",
        |t| {
            t.disponors = shares(&[("Aida", "1/2"), ("Aida", "1/2")]);
        },
        &["title.exceeds_share", "transfer.parties"],
    ),
    (
        "33/100 three times is no whole",
        |t| {
            t.acquirers = shares(&[("Clara", "33/100"), ("Dana", "33/100"), ("Bolat", "33/100")]);
            t.disponors = shares(&[("Aida", "1/2")]);
        },
        &["transfer.unbalanced"],
    ),
    (
        "received is more than given",
        |t| t.disponors = shares(&[("Aida", "1/2")]),
        &["transfer.unbalanced"],
    ),
    (
        "the cross product overflows",
        |t| {
            t.disponors = shares(&[
                ("Aida", "1/9223372036854775807"),
                ("Bolat", "1/9223372036854775806"),
            ]);
            t.acquirers = t.disponors.clone();
            t.acquirers[0].party = id("Clara");
            t.acquirers[1].party = id("Dana");
        },
        &["transfer.unbalanced"],
    ),
    (
        "on both sides",
        |t| t.acquirers = shares(&[("Bolat", "1/1")]),
        &["transfer.parties"],
    ),
    (
        "nobody gives",
        |t| t.disponors.clear(),
        &["transfer.unbalanced", "transfer.parties"],
    ),
    (
        "a sale without a price",
        |t| t.price = None,
        &["transfer.price"],
    ),
    (
        "a gift with a price",
        |t| t.kind = TransferKind::Gift,
        &["transfer.price"],
    ),
    (
        "a sale for nothing",
        |t| t.price = Some(money(0)),
        &["transfer.price"],
    ),
    (
        "an acquirer who is not enrolled",
        |t| t.acquirers = shares(&[("Nobody", "1/1")]),
        &["transfer.acquirer_unknown"],
    ),
    (
        "drawn up for an older title",
        |t| t.title_version = 0,
        &["title.version_changed"],
    ),
    (
        "everything wrong at once",
        |t| {
            t.disponors = shares(&[("Clara", "2/3")]);
            t.price = None;
            t.title_version = 9;
        },
        &[
            "title.not_holder",
            "title.version_changed",
            "transfer.unbalanced",
            "transfer.parties",
            "transfer.price",
        ],
    ),
];

#[test]
fn an_unlawful_sale_is_refused_with_every_failed_rule() {
    for (what, spoil, codes) in UNLAWFUL_SALES {
        println!("{what}");
        let mut world = co_owned();
        let mut body = world.sale_body(
            FLAT,
            &[("Aida", "1/2"), ("Bolat", "1/2")],
            &[("Clara", "1/1")],
        );
        spoil(&mut body);
        let record = world.transfer("Aida", FLAT, body);
        world.refuse(&record, codes);
        let instrument = world.instrument(&record_id(&record));
        assert_eq!(instrument.status, Status::Refused);
        assert_eq!(instrument.codes, *codes);
    }
}

#[test]
fn a_former_holder_sells_nothing() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    let record = world.sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    world.refuse(&record, &["title.not_holder"]);
    // A historic title: drawn up before, lodged after.
    let body = Transfer {
        title_version: 1,
        ..world.sale_body(FLAT, &[("Bolat", "1/1")], &[("Clara", "1/1")])
    };
    let record = world.transfer("Bolat", FLAT, body);
    world.refuse(&record, &["title.version_changed"]);
}

#[test]
fn the_whole_needs_every_holder_and_an_own_share_is_free() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.property(FLAT, &[("Aida", "1/3"), ("Bolat", "1/3"), ("Clara", "1/3")]);
    let thirds = [("Aida", "1/3"), ("Bolat", "1/3"), ("Clara", "1/3")];
    let deed = world.lodge_sale(FLAT, &thirds, &[("Dana", "1/1")]);
    for act in [world.sells("Aida", &deed), world.buys("Dana", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.open(&deed), ["act.disponor", "act.disponor"]);
    let again = world.sells("Aida", &deed);
    world.refuse(&again, &["act.already_done"]);
    let other_role = world.buys("Bolat", &deed);
    world.refuse(&other_role, &["act.not_a_party"]);
    let last_but_one = world.sells("Bolat", &deed);
    world.accept(&last_but_one);
    assert_eq!(world.instrument(&deed).status, Status::Pending);
    let record = world.withdraws("Clara", &deed);
    world.accept(&record);
    let own = world.lodge_gift(FLAT, &[("Clara", "1/3")], &[("Dana", "1/3")]);
    for act in [world.sells("Clara", &own), world.buys("Dana", &own)] {
        world.accept(&act);
    }
    let expected = [("Aida", "1/3"), ("Bolat", "1/3"), ("Dana", "1/3")];
    assert_eq!(world.holders(FLAT, &ALL), names(&expected));
}

#[test]
fn a_second_key_does_not_make_a_second_person() {
    let mut world = co_owned();
    let second = crate::world::key_of("Aida's tablet");
    let record = world.enrolment_with(crate::world::PROVIDER, "Aida", &second);
    world.accept(&record);
    let deed = world.lodge_sale(
        FLAT,
        &[("Aida", "1/2"), ("Bolat", "1/2")],
        &[("Clara", "1/1")],
    );
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    world.keys.insert("Aida".to_owned(), second);
    let act = world.sells("Aida", &deed);
    world.refuse(&act, &["act.already_done"]);
}

#[test]
fn a_person_has_room_for_so_many_keys() {
    let mut world = World::of_singles(&["Aida"]);
    for number in 1..=PARTY_KEYS_MAX {
        let key = crate::world::key_of(&format!("Aida's key {number}"));
        let record = world.enrolment_with(crate::world::PROVIDER, "Aida", &key);
        if number < PARTY_KEYS_MAX {
            world.accept(&record);
        } else {
            world.refuse(&record, &["record.field_invalid"]);
        }
    }
}

type Holders = (
    &'static str,
    &'static [(&'static str, &'static str, Ground)],
    &'static [&'static str],
);

const UNSOUND_HOLDINGS: &[Holders] = &[
    (
        "33/100 three times",
        &[
            ("Aida", "33/100", Ground::Purchase),
            ("Bolat", "33/100", Ground::Purchase),
            ("Clara", "33/100", Ground::Purchase),
        ],
        &["title.shares_not_one"],
    ),
    (
        "more than one",
        &[
            ("Aida", "1/1", Ground::Purchase),
            ("Bolat", "1/2", Ground::Purchase),
        ],
        &["title.shares_not_one"],
    ),
    ("nobody", &[], &["title.shares_not_one"]),
    (
        "overflowing",
        &[
            ("Aida", "1/9223372036854775807", Ground::Gift),
            ("Bolat", "1/9223372036854775806", Ground::Gift),
        ],
        &["title.shares_not_one"],
    ),
    (
        "a name and no party",
        &[("A. Serikova", "1/1", Ground::Purchase)],
        &["title.holder_unknown"],
    ),
];

#[test]
fn a_first_registration_sums_to_exactly_one_and_happens_once() {
    for (what, holders, codes) in UNSOUND_HOLDINGS {
        println!("{what}");
        let mut world = World::of_singles(&["Aida", "Bolat", "Clara"]);
        let record = world.registration(FLAT, holders);
        world.refuse(&record, codes);
    }
    let mut world = world();
    let record = world.registration(FLAT, &[("Bolat", "1/1", Ground::Purchase)]);
    world.refuse(&record, &["title.exists"]);
    let thirds = ["Aida", "Bolat", "Clara"].map(|name| (name, "1/3", Ground::Purchase));
    let record = world.registration("20-313-024-119", &thirds);
    world.accept(&record);
}

#[test]
fn what_a_registrar_may_not_write_is_turned_away() {
    let mut world = world();
    let holders = [("Aida", "1/1", Ground::Purchase)];
    let numbered = world.registration("850101300123", &holders);
    world.turn_away(&numbered, &["record.personal_data"]);
    for cadastral in ["with space", "ÄÖ-1", ""] {
        let record = world.registration(cadastral, &holders);
        assert!(
            Record::decode(&record).is_err(),
            "{cadastral:?} is no subject"
        );
    }
    let mut spoil = |change: fn(&mut deedbook_schemas::property::FirstRegistration)| {
        let mut draft = world.draft(
            "registrar",
            "flat-9",
            Body::Transfer(Transfer::new(
                TransferKind::Gift,
                1,
                Vec::new(),
                Vec::new(),
                None,
            )),
        );
        let mut body = deedbook_schemas::property::FirstRegistration {
            unit: world.title(FLAT).unit,
            holdings: world.title(FLAT).holdings,
        };
        change(&mut body);
        draft.body = Body::FirstRegistration(body);
        draft.sign(&world.key("registrar"), None)
    };
    let face = spoil(|body| body.unit.address = "face_template: 1f".to_owned());
    let future = spoil(|body| body.holdings[0].acquired = Seconds(LONG_AGO.0 * 2));
    let many = spoil(|body| body.holdings = vec![body.holdings[0].clone(); 33]);
    world.turn_away(&face, &["record.personal_data"]);
    world.turn_away(&future, &["record.field_invalid"]);
    world.turn_away(&many, &["record.field_invalid"]);
}

#[test]
fn too_many_holdings_do_not_fit_on_a_title() {
    let people: Vec<String> = (0..33).map(|n| format!("Holder {n}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    let mut world = World::of_singles(&people);
    world.property(FLAT, &[(people[0], "1/1")]);
    let all: Vec<_> = people[1..].iter().map(|name| (*name, "1/33")).collect();
    let record = world.sale(FLAT, &[(people[0], "32/33")], &all);
    world.refuse(&record, &["transfer.too_many_holdings"]);
    let all: Vec<_> = people[1..].iter().map(|name| (*name, "1/32")).collect();
    let deed = world.lodge_sale(FLAT, &[(people[0], "1/1")], &all);
    let act = world.sells(people[0], &deed);
    world.accept(&act);
    for name in &people[1..] {
        let act = world.act(name, &deed, ActRole::Acquirer);
        world.accept(&act);
    }
    assert_eq!(world.title(FLAT).holdings.len(), 32);
}

#[test]
fn an_unknown_property_is_refused_and_free_text_creates_no_rights() {
    let mut world = world();
    let record = world.sale("20-000-000-1", &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    world.refuse(&record, &["title.unknown"]);
    let body = Transfer {
        terms: Some("Clara receives one half and Aida keeps a room for life.".to_owned()),
        ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
    };
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.holders(FLAT, &ALL), names(&[("Bolat", "1/1")]));
}
