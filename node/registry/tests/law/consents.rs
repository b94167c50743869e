//! Rules 12, 13: who consents, to what, and how often a consent serves.

use deedbook_registry::state;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, Ending, SpousalConsent, Status};
use deedbook_schemas::party::CivilStatus;

use crate::marriage::{FLAT, OTHER, all_but_consent, family, give_consent, is_registered};
use crate::world::{BEFORE, DAY, World, id, money, record_id};

#[test]
fn joint_property_waits_for_the_spouse_and_registers_with_the_consent() {
    let (mut world, _) = family();
    let deed = all_but_consent(&mut world);
    assert_eq!(world.open(&deed), ["consent.missing"]);
    assert_eq!(world.requirements(&deed)[0].party, Some(id("Arman")));
    let body = world.consent_body("Aida");
    let record = world.consent("Arman", FLAT, body);
    let outcomes = world.accept(&record);
    assert_eq!(outcomes.len(), 2);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (record_id(&record), Status::Registered)
    );
    assert_eq!(
        (outcomes[1].record, outcomes[1].title_version),
        (deed, Some(2))
    );
    let consent = state::consent(&world.state, &record_id(&record))
        .unwrap()
        .unwrap();
    assert_eq!(consent.used_by, Some(deed));
    assert_eq!(
        consent.contest_until,
        Seconds(world.now().0 + u64::from(world.profile().contest_days) * DAY)
    );
    assert!(world.title(FLAT).consents.is_empty());
}

#[test]
fn a_consent_may_come_first() {
    let (mut world, _) = family();
    let body = SpousalConsent {
        counterparty: Some(id("Bolat")),
        ..world.consent_body("Aida")
    };
    give_consent(&mut world, body);
    let deed = all_but_consent(&mut world);
    assert!(is_registered(&world, &deed));
}

#[test]
fn a_consent_for_something_else_does_not_serve() {
    type Change = fn(&mut SpousalConsent);
    let cases: &[(&str, Change)] = &[
        ("for a mortgage", |c| {
            c.act = ActKind::Mortgage;
            c.price_floor = None;
        }),
        ("for a gift", |c| {
            c.act = ActKind::Give;
            c.price_floor = None;
        }),
        ("for another buyer", |c| c.counterparty = Some(id("Clara"))),
        ("not below a higher price", |c| {
            c.price_floor = Some(money(50_000_001))
        }),
        ("in another currency", |c| {
            c.price_floor = Some(Money {
                minor: 1,
                currency: "USD".to_owned(),
            });
        }),
    ];
    for (what, change) in cases {
        println!("{what}");
        let (mut world, _) = family();
        let mut body = world.consent_body("Aida");
        change(&mut body);
        give_consent(&mut world, body);
        let deed = all_but_consent(&mut world);
        assert_eq!(
            world.open(&deed),
            ["consent.missing", "consent.out_of_scope"]
        );
    }
    let (mut world, _) = family();
    let body = world.consent_body("Aida");
    let record = world.consent("Arman", OTHER, body);
    world.accept(&record);
    let deed = all_but_consent(&mut world);
    assert_eq!(world.open(&deed), ["consent.missing"], "another parcel's");
}

#[test]
fn a_floor_that_is_just_met_and_the_last_second_still_serve() {
    let (mut world, _) = family();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let expires = Seconds(world.now().0 + 3);
    let body = SpousalConsent {
        price_floor: Some(money(50_000_000)),
        expires,
        ..world.consent_body("Aida")
    };
    give_consent(&mut world, body);
    let act = world.buys("Bolat", &deed);
    let mut late = world_clone(&world);
    world.pass(1);
    world.accept(&act);
    assert_eq!(world.now(), expires);
    assert!(is_registered(&world, &deed));
    late.pass(2);
    late.accept(&act);
    assert_eq!(late.open(&deed), ["consent.missing", "consent.expired"]);
}

fn world_clone(world: &World) -> World {
    let mut copy = World::new();
    copy.state = world.state.clone();
    copy.height = world.height;
    copy.time_ms = world.time_ms;
    copy
}

#[test]
fn who_may_not_consent_is_refused() {
    let (mut world, marriage) = family();
    let body = world.consent_body("Aida");
    let by_stranger = world.consent("Clara", FLAT, body.clone());
    world.refuse(&by_stranger, &["consent.not_spouse"]);
    let by_seller = world.consent("Aida", FLAT, body.clone());
    world.refuse(&by_seller, &["consent.not_spouse", "consent.by_disponor"]);
    let unknown = world.consent("Arman", "20-000-000-1", body.clone());
    world.refuse(&unknown, &["title.unknown"]);
    let for_no_holder = SpousalConsent {
        disponor: id("Bolat"),
        ..body.clone()
    };
    let record = world.consent("Arman", FLAT, for_no_holder);
    world.refuse(&record, &["consent.not_spouse"]);
    let lapsed = SpousalConsent {
        expires: Seconds(world.now().0 - 1),
        ..body.clone()
    };
    let record = world.consent("Arman", FLAT, lapsed);
    world.refuse(&record, &["consent.expired"]);
    let unpriced = SpousalConsent {
        price_floor: None,
        ..body.clone()
    };
    let record = world.consent("Arman", FLAT, unpriced);
    world.turn_away(&record, &["record.field_invalid"]);
    let divorce = CivilStatus::Divorce { from: world.now() };
    let record = world.status(&marriage.to_string(), divorce);
    world.accept(&record);
    let by_former = world.consent("Arman", FLAT, body);
    world.refuse(&by_former, &["consent.not_spouse"]);
}

#[test]
fn the_seller_cannot_consent_under_a_power_from_the_spouse_and_an_agent_can() {
    let (mut world, _) = family();
    let power = world.empower("Arman", "Aida", &[ActKind::Consent]);
    let body = SpousalConsent {
        power: Some(power),
        ..world.consent_body("Aida")
    };
    let record = world.consent("Aida", FLAT, body);
    world.refuse(&record, &["consent.by_disponor"]);
    let power = world.empower("Arman", "Clara", &[ActKind::Sell]);
    let body = SpousalConsent {
        power: Some(power),
        ..world.consent_body("Aida")
    };
    let record = world.consent("Clara", FLAT, body);
    world.refuse(&record, &["poa.out_of_scope"]);
    let power = world.empower("Arman", "Clara", &[ActKind::Consent]);
    let body = SpousalConsent {
        power: Some(power),
        ..world.consent_body("Aida")
    };
    let record = world.consent("Clara", FLAT, body.clone());
    world.accept(&record);
    let consent = state::consent(&world.state, &record_id(&record))
        .unwrap()
        .unwrap();
    assert_eq!(consent.spouse, id("Arman"));
    let revocation = world.revokes("Arman", &power);
    world.accept(&revocation);
    let record = world.consent("Clara", FLAT, body);
    world.refuse(&record, &["poa.revoked"]);
}

#[test]
fn a_consent_serves_once() {
    let mut world = World::new();
    world.enrol(&["Aida", "Arman", "Bolat", "Clara"]);
    world.unmarried(&["Bolat", "Clara"], BEFORE);
    world.marry("Aida", "Arman", BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let body = world.consent_body("Aida");
    let consent = give_consent(&mut world, body);
    for (from, to) in [("Aida", "Bolat"), ("Bolat", "Aida")] {
        let deed = world.lodge_sale(FLAT, &[(from, "1/1")], &[(to, "1/1")]);
        for act in [world.sells(from, &deed), world.buys(to, &deed)] {
            world.accept(&act);
        }
        assert!(is_registered(&world, &deed));
    }
    let rest = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    for act in [world.sells("Aida", &rest), world.buys("Clara", &rest)] {
        world.accept(&act);
    }
    assert_eq!(world.open(&rest), ["consent.missing"]);
    let revocation = world.revokes("Arman", &consent);
    world.refuse(&revocation, &["consent.used"]);
}

#[test]
fn consent_and_revocation_in_one_block_are_decided_by_their_order() {
    for revoked_first in [true, false] {
        let (mut world, _) = family();
        let body = world.consent_body("Aida");
        let consent = give_consent(&mut world, body);
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        let act = world.sells("Aida", &deed);
        world.accept(&act);
        let mut records = vec![world.buys("Bolat", &deed), world.revokes("Arman", &consent)];
        if revoked_first {
            records.reverse();
        }
        let answers = world.block(&records);
        let last = answers[1].as_ref().unwrap();
        if revoked_first {
            assert_eq!(world.open(&deed), ["consent.missing"]);
            let again = world.revokes("Arman", &consent);
            world.refuse(&again, &["consent.revoked"]);
        } else {
            assert!(is_registered(&world, &deed));
            assert_eq!(
                last.refusal.as_ref().unwrap().to_strings(),
                ["consent.used"]
            );
        }
    }
}

#[test]
fn only_the_spouse_revokes_a_consent() {
    let (mut world, _) = family();
    let body = world.consent_body("Aida");
    let consent = give_consent(&mut world, body);
    for stranger in ["Aida", "Bolat"] {
        let revocation = world.revokes(stranger, &consent);
        world.refuse(&revocation, &["revocation.not_entitled"]);
    }
    let renounced = world.ends("Arman", &consent, Ending::Renunciation);
    world.refuse(&renounced, &["revocation.not_entitled"]);
}

#[test]
fn a_holder_has_room_for_a_few_consents_and_lapsed_ones_make_room() {
    let (mut world, _) = family();
    for _ in 0..4 {
        let body = SpousalConsent {
            expires: Seconds(world.now().0 + 50),
            ..world.consent_body("Aida")
        };
        give_consent(&mut world, body);
    }
    let body = world.consent_body("Aida");
    let record = world.consent("Arman", FLAT, body);
    world.refuse(&record, &["consent.too_many"]);
    world.pass(100);
    let body = world.consent_body("Aida");
    give_consent(&mut world, body);
    assert_eq!(world.title(FLAT).consents.len(), 1);
}
