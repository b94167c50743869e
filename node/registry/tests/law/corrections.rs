//! Rule 44: nothing is edited; a court's order or two registrars put right what is wrong.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::Right;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::proceeding::{AmendedUnit, Amendment, Correction, CorrectionApproval, Order};
use deedbook_schemas::property::{Ground, Holding};
use deedbook_schemas::record::Body;

use crate::courts::{ALL, FLAT, OTHER, PRICE, sell, world};
use crate::mergers::assert_meets;
use crate::world::{
    BEFORE, COURT, DAY, LONG_AGO, REGISTRAR, SECOND_REGISTRAR, World, id, money, record_id,
};

impl World {
    fn correction(&mut self, registrar: &str, property: &str, body: Correction) -> Vec<u8> {
        self.plain(registrar, property, Body::Correction(body))
    }

    fn by_order(&mut self, property: &str, amendment: Amendment, order: RecordId) -> Vec<u8> {
        let body = Correction {
            title_version: self.title(property).version,
            amendment,
            order: Some(order),
        };
        self.correction(REGISTRAR, property, body)
    }

    /// A new address, by order of a court.
    pub(crate) fn corrects_the_address(&mut self, property: &str, order: RecordId) -> Vec<u8> {
        let mut unit = self.title(property).unit;
        unit.address = "16 Abay Avenue".to_owned();
        self.by_order(property, Amendment::Unit(AmendedUnit { unit }), order)
    }

    /// The whole is somebody else's, by order of a court.
    pub(crate) fn gives_it_to(&mut self, property: &str, to: &str, order: RecordId) -> Vec<u8> {
        self.by_order(property, to_holders(&[(to, "1/1")]), order)
    }

    /// An encumbrance goes, by order of a court.
    pub(crate) fn strikes_off(
        &mut self,
        property: &str,
        encumbrance: RecordId,
        order: RecordId,
    ) -> Vec<u8> {
        self.by_order(property, Amendment::Strike { encumbrance }, order)
    }

    fn approval(&mut self, registrar: &str, correction: &RecordId) -> Vec<u8> {
        let body = Body::CorrectionApproval(CorrectionApproval {});
        self.plain(registrar, &correction.to_string(), body)
    }
}

fn address(world: &World) -> Amendment {
    let mut unit = world.title(FLAT).unit;
    unit.address = "14 Abay Avenue".to_owned();
    Amendment::Unit(AmendedUnit { unit })
}

fn to_holders(holders: &[(&str, &str)]) -> Amendment {
    let holdings = holders
        .iter()
        .map(|(name, share)| Holding {
            party: id(name),
            share: share.parse().unwrap(),
            acquired: LONG_AGO,
            ground: Ground::Purchase,
        })
        .collect();
    Amendment::Holdings { holdings }
}

fn correct(world: &World, amendment: Amendment, order: Option<RecordId>) -> Correction {
    Correction {
        title_version: world.title(FLAT).version,
        amendment,
        order,
    }
}

#[test]
fn a_slip_is_put_right_by_two_registrars() {
    let mut world = world();
    let body = correct(&world, address(&world), None);
    let record = world.correction(REGISTRAR, FLAT, body);
    assert_eq!(world.accept(&record), []);
    let correction = record_id(&record);
    assert_eq!(world.title(FLAT).version, 1, "one alone changes nothing");
    let twice = world.approval(REGISTRAR, &correction);
    world.refuse(&twice, &["correction.same_registrar"]);
    let by_court = world.approval(COURT, &correction);
    world.turn_away(&by_court, &["authority.not_accredited"]);
    let of_nothing = world.approval(SECOND_REGISTRAR, &RecordId([9; 32]));
    world.refuse(&of_nothing, &["correction.unknown"]);
    let before = world.title(FLAT);
    let record = world.approval(SECOND_REGISTRAR, &correction);
    let outcomes = world.accept(&record);
    assert_eq!(
        (
            outcomes[0].record,
            outcomes[0].status,
            outcomes[0].title_version
        ),
        (correction, Status::Registered, Some(2))
    );
    let title = world.title(FLAT);
    assert_eq!(
        (title.unit.address.as_str(), title.source),
        ("14 Abay Avenue", correction)
    );
    assert_meets(Some(&before), Some(&title), world.time_ms);
    let again = world.approval(SECOND_REGISTRAR, &correction);
    world.refuse(&again, &["correction.unknown"]);
}

#[test]
fn a_slip_of_an_earlier_version_is_not_put_right_any_more() {
    let mut world = world();
    let body = correct(&world, address(&world), None);
    let record = world.correction(REGISTRAR, FLAT, body.clone());
    world.accept(&record);
    let sale = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    world.all_act(&sale, &["Aida"], &["Bolat"]);
    let late = world.approval(SECOND_REGISTRAR, &record_id(&record));
    world.refuse(&late, &["title.version_changed"]);
    let late = world.correction(SECOND_REGISTRAR, FLAT, body);
    world.refuse(&late, &["title.version_changed"]);
}

#[test]
fn a_courts_order_corrects_at_once_and_once() {
    let mut world = world();
    let order = world.orders(FLAT, Order::Correct);
    let pending = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    world.all_act(&pending, &["Aida"], &[]);
    let right = to_holders(&[("Bolat", "1/3"), ("Clara", "2/3")]);
    let body = correct(&world, right, Some(order));
    let before = world.title(FLAT);
    let record = world.correction(REGISTRAR, FLAT, body.clone());
    let outcomes = world.accept(&record);
    let told: Vec<_> = outcomes
        .iter()
        .map(|o| (o.record, o.status, o.title_version))
        .collect();
    assert_eq!(
        told,
        [
            (record_id(&record), Status::Registered, Some(2)),
            (pending, Status::Refused, None)
        ]
    );
    assert_eq!(outcomes[1].codes, ["title.version_changed"]);
    let title = world.title(FLAT);
    let expected = [("Bolat", "1/3"), ("Clara", "2/3")].map(|(n, s)| (n.to_owned(), s.to_owned()));
    assert_eq!(world.holders(FLAT, &ALL), expected);
    assert_eq!((title.slot, title.source), (None, record_id(&record)));
    assert_meets(Some(&before), Some(&title), world.time_ms);
    assert_eq!(world.order_state(&order).used_by, Some(record_id(&record)));
    let again = world.correction(
        REGISTRAR,
        FLAT,
        Correction {
            title_version: 2,
            ..body
        },
    );
    world.refuse(&again, &["order.unknown"]);
}

#[test]
fn what_was_given_by_holders_who_are_gone_goes_with_them() {
    let mut world = World::new();
    world.enrol(&["Aida", "Arman", "Bolat"]);
    world.marry("Aida", "Arman", BEFORE);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    let body = world.consent_body("Aida");
    let consent = world.consent("Arman", FLAT, body);
    world.accept(&consent);
    world.offers("Aida", FLAT, crate::preemption::offer_of("1/2", PRICE));
    world.offers("Bolat", FLAT, crate::preemption::offer_of("1/2", PRICE));
    let lock = Right::SelfLock {
        holder: id("Aida"),
        opens: None,
    };
    world.burden(FLAT, 9, lock);
    let order = world.orders(FLAT, Order::Correct);
    let body = correct(&world, to_holders(&[("Bolat", "1/1")]), Some(order));
    let record = world.correction(REGISTRAR, FLAT, body);
    world.accept(&record);
    let title = world.title(FLAT);
    assert_eq!(title.consents, []);
    assert_eq!(title.encumbrances.len(), 1);
    let left = &title.encumbrances[0].right;
    assert!(matches!(left, Right::PreemptionNotice { disponor, .. } if *disponor == id("Bolat")));
}

#[test]
fn an_ordered_correction_strikes_a_mortgage_and_the_ranks_close_up() {
    let mut world = world();
    let mortgage = |rank| Right::Mortgage {
        mortgagee: id("Dana"),
        amount: money(1),
        rank,
    };
    for number in [1, 2, 3] {
        world.burden(FLAT, number, mortgage(number.into()));
    }
    let strike = |number: u8| Amendment::Strike {
        encumbrance: RecordId([number; 32]),
    };
    let order = world.orders(FLAT, Order::Correct);
    let body = correct(&world, strike(9), Some(order));
    let unknown = world.correction(REGISTRAR, FLAT, body);
    world.refuse(&unknown, &["encumbrance.unknown"]);
    let body = correct(&world, strike(2), Some(order));
    let record = world.correction(REGISTRAR, FLAT, body);
    world.accept(&record);
    let left: Vec<_> = world
        .title(FLAT)
        .encumbrances
        .into_iter()
        .map(|e| (e.id.0[0], e.right))
        .collect();
    assert_eq!(left, [(1, mortgage(1)), (3, mortgage(2))]);
}

/// What a registrar writes, citing an order or not, and why it is refused.
type Slip = (
    &'static str,
    fn(&mut World) -> Correction,
    &'static [&'static str],
);

const UNLAWFUL_CORRECTIONS: &[Slip] = &[
    (
        "other holders without an order",
        |w| correct(w, to_holders(&[("Bolat", "1/1")]), None),
        &["correction.order_missing"],
    ),
    (
        "a mortgage struck without an order",
        |w| {
            let encumbrance = RecordId([1; 32]);
            correct(w, Amendment::Strike { encumbrance }, None)
        },
        &["encumbrance.unknown", "correction.order_missing"],
    ),
    (
        "by an order for another title",
        |w| {
            let order = w.orders(OTHER, Order::Correct);
            correct(w, to_holders(&[("Bolat", "1/1")]), Some(order))
        },
        &["order.other_matter"],
    ),
    (
        "by an order to sell",
        |w| {
            let order = w.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
            correct(w, to_holders(&[("Bolat", "1/1")]), Some(order))
        },
        &["order.other_matter"],
    ),
    (
        "by an order that is not final",
        |w| {
            let tomorrow = Seconds(w.now().0 + DAY);
            let order = w.order(COURT, FLAT, Order::Correct, tomorrow);
            w.accept(&order);
            correct(w, to_holders(&[("Bolat", "1/1")]), Some(record_id(&order)))
        },
        &["order.not_final"],
    ),
    (
        "by an order that nobody made",
        |w| correct(w, to_holders(&[("Bolat", "1/1")]), Some(RecordId([9; 32]))),
        &["order.unknown"],
    ),
    (
        "less than the whole",
        |w| {
            let order = w.orders(FLAT, Order::Correct);
            correct(w, to_holders(&[("Bolat", "1/2")]), Some(order))
        },
        &["title.shares_not_one"],
    ),
    (
        "shares that overflow",
        |w| {
            let order = w.orders(FLAT, Order::Correct);
            let holders = [
                ("Bolat", "1/9223372036854775807"),
                ("Clara", "1/9223372036854775806"),
            ];
            correct(w, to_holders(&holders), Some(order))
        },
        &["title.shares_not_one"],
    ),
    (
        "to a name",
        |w| {
            let order = w.orders(FLAT, Order::Correct);
            correct(w, to_holders(&[("B. Serikov", "1/1")]), Some(order))
        },
        &["title.holder_unknown"],
    ),
    (
        "of another version",
        |w| Correction {
            title_version: 2,
            ..correct(w, address(w), None)
        },
        &["title.version_changed"],
    ),
];

#[test]
fn an_unlawful_correction_is_refused_and_changes_nothing() {
    for (what, write, codes) in UNLAWFUL_CORRECTIONS {
        println!("{what}");
        let mut world = world();
        let body = write(&mut world);
        let before = world.title(FLAT);
        let record = world.correction(REGISTRAR, FLAT, body);
        world.refuse(&record, codes);
        assert_eq!(world.title(FLAT), before);
    }
    let mut world = world();
    let body = correct(&world, address(&world), None);
    let record = world.correction(REGISTRAR, "20-000-000-1", body);
    world.refuse(&record, &["title.unknown"]);
}

#[test]
fn what_a_registrar_may_not_write_into_a_title_is_turned_away() {
    let mut world = world();
    let body = correct(&world, address(&world), None);
    let by_holder = world.correction("Aida", FLAT, body.clone());
    world.turn_away(&by_holder, &["authority.not_accredited"]);
    let mut unit = world.title(FLAT).unit;
    unit.address = "face_template: 1f".to_owned();
    let face = Correction {
        amendment: Amendment::Unit(AmendedUnit { unit }),
        ..body.clone()
    };
    let record = world.correction(REGISTRAR, FLAT, face);
    world.turn_away(&record, &["record.personal_data"]);
    let holding = world.title(FLAT).holdings[0].clone();
    let crowd = vec![holding.clone(); 33];
    let future = vec![Holding {
        acquired: Seconds(world.now().0 + DAY),
        ..holding
    }];
    for holdings in [crowd, future] {
        let body = Correction {
            amendment: Amendment::Holdings { holdings },
            ..body.clone()
        };
        let record = world.correction(REGISTRAR, FLAT, body);
        world.turn_away(&record, &["record.field_invalid"]);
    }
}

#[test]
fn a_cancelled_title_is_not_corrected() {
    let mut world = world();
    let split = world.lodge_subdivision(FLAT, &[("20-1", 2_700), ("20-2", 2_700)]);
    world.all_act(&split, &["Aida"], &[]);
    let body = correct(&world, address(&world), None);
    let record = world.correction(REGISTRAR, FLAT, body);
    world.refuse(&record, &["title.cancelled"]);
}
