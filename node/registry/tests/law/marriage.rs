//! Rules 11–13: joint property, whose consent it needs, and how often a consent serves.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, SpousalConsent, Status};
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::property::Ground;

use crate::world::{BEFORE, CIVIL, DAY, LONG_AGO, SINCE, World, id, record_id};

pub(crate) const FLAT: &str = "20-313-024-118";
pub(crate) const OTHER: &str = "20-313-024-119";

/// Aida, on whose name alone the flat is, and Arman married before she bought it; Bolat buys.
pub(crate) fn family() -> (World, RecordId) {
    let mut world = World::new();
    world.enrol(&["Aida", "Arman", "Bolat", "Clara"]);
    world.unmarried(&["Bolat", "Clara"], BEFORE);
    let marriage = world.marry("Aida", "Arman", BEFORE);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    (world, marriage)
}

/// Lodges the sale of the flat to Bolat for 50,000,000, and both act.
pub(crate) fn all_but_consent(world: &mut World) -> RecordId {
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    deed
}

pub(crate) fn give_consent(world: &mut World, body: SpousalConsent) -> RecordId {
    let record = world.consent("Arman", FLAT, body);
    world.accept(&record);
    record_id(&record)
}

pub(crate) fn is_registered(world: &World, deed: &RecordId) -> bool {
    world.instrument(deed).status == Status::Registered
}

/// What the civil registry says before the sale, and what the sale then still needs.
type Story = (&'static str, fn(&mut World), &'static [&'static str]);

const STATUSES: &[Story] = &[
    ("nothing is known", |_| {}, &["marriage.status_unknown"]),
    (
        "known only since after the purchase",
        |w| w.unmarried(&["Aida"], SINCE),
        &["marriage.status_unknown"],
    ),
    (
        "unmarried when bought",
        |w| w.unmarried(&["Aida"], BEFORE),
        &[],
    ),
    (
        "unmarried when bought, married today",
        |w| {
            w.unmarried(&["Aida"], BEFORE);
            w.marry("Aida", "Arman", SINCE);
        },
        &[],
    ),
    (
        "married when bought, single today",
        |w| {
            let marriage = w.marry("Aida", "Arman", BEFORE);
            let fact = CivilStatus::Divorce { from: SINCE };
            let record = w.status(&marriage.to_string(), fact);
            w.accept(&record);
            w.unmarried(&["Aida"], SINCE);
        },
        &["marriage.undivided"],
    ),
    (
        "divorced before buying",
        |w| {
            let marriage = w.marry("Aida", "Arman", BEFORE);
            let from = Seconds(LONG_AGO.0 - DAY);
            let record = w.status(&marriage.to_string(), CivilStatus::Divorce { from });
            w.accept(&record);
        },
        &[],
    ),
    (
        "widowed",
        |w| {
            w.marry("Aida", "Arman", BEFORE);
            w.dies("Arman");
        },
        &["marriage.undivided"],
    ),
    (
        "a contract keeps it separate",
        |w| {
            let marriage = w.marry("Aida", "Arman", BEFORE);
            let fact = CivilStatus::SeparateProperty { from: LONG_AGO };
            let record = w.status(&marriage.to_string(), fact);
            w.accept(&record);
        },
        &[],
    ),
    (
        "a contract came after the purchase",
        |w| {
            let marriage = w.marry("Aida", "Arman", BEFORE);
            let fact = CivilStatus::SeparateProperty { from: SINCE };
            let record = w.status(&marriage.to_string(), fact);
            w.accept(&record);
        },
        &["consent.missing"],
    ),
];

#[test]
fn the_status_at_acquisition_decides() {
    for (what, story, open) in STATUSES {
        println!("{what}");
        let mut world = World::new();
        world.enrol(&["Aida", "Arman", "Bolat"]);
        world.property(FLAT, &[("Aida", "1/1")]);
        story(&mut world);
        let deed = all_but_consent(&mut world);
        if open.is_empty() {
            assert!(
                is_registered(&world, &deed),
                "{:?}",
                world.requirements(&deed)
            );
        } else {
            assert_eq!(world.open(&deed), *open);
        }
    }
}

#[test]
fn gifts_and_inheritances_are_personal_even_in_marriage() {
    for ground in [Ground::Gift, Ground::Inheritance] {
        let mut world = World::new();
        world.enrol(&["Aida", "Arman", "Bolat"]);
        world.marry("Aida", "Arman", BEFORE);
        let record = world.registration(FLAT, &[("Aida", "1/1", ground)]);
        world.accept(&record);
        let deed = all_but_consent(&mut world);
        assert!(is_registered(&world, &deed));
    }
    let (mut world, _) = family();
    world.marry("Bolat", "Clara", SINCE);
    let body = SpousalConsent {
        act: ActKind::Give,
        price_floor: None,
        ..world.consent_body("Aida")
    };
    give_consent(&mut world, body);
    let gift = world.gift(FLAT, "Aida", "Bolat");
    for act in [world.sells("Aida", &gift), world.buys("Bolat", &gift)] {
        world.accept(&act);
    }
    let resale = world.lodge_sale(FLAT, &[("Bolat", "1/1")], &[("Arman", "1/1")]);
    for act in [world.sells("Bolat", &resale), world.buys("Arman", &resale)] {
        world.accept(&act);
    }
    assert!(
        is_registered(&world, &resale),
        "what Bolat was given is his"
    );
}

#[test]
fn an_instrument_registers_in_the_block_in_which_the_missing_fact_arrives() {
    let facts: [fn(&mut World, RecordId) -> Vec<u8>; 2] = [
        |w, _| {
            let fact = CivilStatus::Unmarried {
                parties: vec![id("Aida")],
                from: BEFORE,
            };
            w.status(&id(CIVIL).to_string(), fact)
        },
        |w, marriage| {
            let fact = CivilStatus::Division {
                property: FLAT.to_owned(),
                to: id("Aida"),
            };
            w.status(&marriage.to_string(), fact)
        },
    ];
    let mut world = World::new();
    world.enrol(&["Aida", "Bolat"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    let deed = all_but_consent(&mut world);
    assert_eq!(world.open(&deed), ["marriage.status_unknown"]);
    let record = facts[0](&mut world, deed);
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].title_version),
        (deed, Some(2))
    );

    let (mut world, marriage) = family();
    let divorce = CivilStatus::Divorce { from: SINCE };
    let record = world.status(&marriage.to_string(), divorce);
    world.accept(&record);
    let deed = all_but_consent(&mut world);
    assert_eq!(world.open(&deed), ["marriage.undivided"]);
    let record = facts[1](&mut world, marriage);
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].title_version),
        (deed, Some(2))
    );
}

#[test]
fn a_division_to_the_other_spouse_frees_nothing_and_happens_once() {
    let (mut world, marriage) = family();
    let division = |to: &str, property: &str| CivilStatus::Division {
        property: property.to_owned(),
        to: id(to),
    };
    let deed = all_but_consent(&mut world);
    for (to, property) in [("Clara", FLAT), ("Aida", "20-000-000-1")] {
        let record = world.status(&marriage.to_string(), division(to, property));
        world.refuse(&record, &["status.invalid"]);
    }
    let record = world.status(&marriage.to_string(), division("Arman", FLAT));
    world.accept(&record);
    assert_eq!(world.open(&deed), ["marriage.undivided"]);
    let record = world.status(&marriage.to_string(), division("Aida", FLAT));
    world.refuse(&record, &["status.invalid"]);
}

#[test]
fn a_spouse_who_signs_the_deed_in_person_needs_no_second_paper() {
    let (mut world, _) = family();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Arman", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["act.acquirer", "consent.missing"]);
    let act = world.buys("Arman", &deed);
    world.accept(&act);
    assert!(is_registered(&world, &deed));
    // An agent's signature is no consent of the principal's.
    let (mut world, _) = family();
    let power = world.empower("Arman", "Clara", &[ActKind::Acquire]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Arman", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let act = world.act_under("Clara", &deed, ActRole::Acquirer, power);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["consent.missing"]);
}

#[test]
fn a_consent_ends_with_the_spouse_or_the_marriage() {
    let endings: [fn(&mut World, RecordId); 2] = [
        |w, _| w.dies("Arman"),
        |w, marriage| {
            let fact = CivilStatus::Divorce { from: w.now() };
            let record = w.status(&marriage.to_string(), fact);
            w.accept(&record);
        },
    ];
    for end in endings {
        let (mut world, marriage) = family();
        let body = world.consent_body("Aida");
        give_consent(&mut world, body);
        end(&mut world, marriage);
        let deed = all_but_consent(&mut world);
        assert_eq!(world.open(&deed), ["marriage.undivided"]);
    }
}

#[test]
fn facts_that_contradict_the_register_are_refused() {
    let (mut world, marriage) = family();
    let now = world.now();
    let registry = id(CIVIL).to_string();
    let second = world.marriage("Aida", "Bolat", SINCE);
    world.refuse(&second, &["status.invalid"]);
    let retroactive = world.marriage("Bolat", "Clara", Seconds(BEFORE.0 - DAY));
    world.refuse(&retroactive, &["status.invalid"]);
    let stranger = world.marriage("Bolat", "Nobody", SINCE);
    world.refuse(&stranger, &["status.invalid"]);
    let with_oneself = CivilStatus::Marriage {
        spouses: [id("Bolat"); 2],
        from: SINCE,
    };
    let record = world.status(&registry, with_oneself);
    world.turn_away(&record, &["record.field_invalid"]);
    let future = world.marriage("Bolat", "Clara", Seconds(now.0 + 60));
    world.turn_away(&future, &["record.field_invalid"]);
    let single = CivilStatus::Unmarried {
        parties: vec![id("Aida")],
        from: SINCE,
    };
    let record = world.status(&registry, single);
    world.refuse(&record, &["status.invalid"]);
    let before = CivilStatus::Divorce {
        from: Seconds(BEFORE.0 - 1),
    };
    let record = world.status(&marriage.to_string(), before);
    world.refuse(&record, &["status.invalid"]);
    let unknown = CivilStatus::Divorce { from: SINCE };
    let record = world.status(&RecordId([4; 32]).to_string(), unknown.clone());
    world.refuse(&record, &["status.invalid"]);
    let record = world.status(&marriage.to_string(), unknown.clone());
    world.accept(&record);
    let record = world.status(&marriage.to_string(), unknown);
    world.refuse(&record, &["status.invalid"]);
    world.marry("Aida", "Bolat", now);
    world.dies("Clara");
    let again = CivilStatus::Death { at: now };
    let record = world.status(&id("Clara").to_string(), again);
    world.refuse(&record, &["status.invalid"]);
    let dead = world.marriage("Arman", "Clara", world.now());
    let _ = world.submit(&dead).unwrap().refusal.unwrap();
}
