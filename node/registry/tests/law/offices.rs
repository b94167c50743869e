//! Rules 24, 40: what the accreditation of notaries says, and who stands above whom.

use deedbook_schemas::limits::{SUPERIORS_MAX, TERRITORY_MAX};
use deedbook_schemas::party::{Accreditation, AuthorityRole};

use crate::notaries::{ASTANA, notary};
use crate::world::{COURT, HIGH_COURT, World, accreditation, id};

#[test]
fn a_notary_is_an_enrolled_person_with_a_readable_territory() {
    let mut world = World::of_singles(&["Clara"]);
    let many: Vec<String> = (0..=TERRITORY_MAX).map(|n| format!("20-{n:03}")).collect();
    let good = || notary(ASTANA, "Clara", Some(&["01-", "20-"]));
    type Change = fn(&mut Accreditation);
    let spoilt: [(Change, &str); 7] = [
        (|a| a.territory = Some(Vec::new()), "record.field_invalid"),
        (
            |a| a.territory.as_mut().unwrap().reverse(),
            "record.field_invalid",
        ),
        (
            |a| a.territory.as_mut().unwrap()[1] = "01-".to_owned(),
            "record.field_invalid",
        ),
        (
            |a| a.territory.as_mut().unwrap()[1] = "2 0".to_owned(),
            "record.field_invalid",
        ),
        (
            |a| a.territory.as_mut().unwrap()[0].clear(),
            "record.field_invalid",
        ),
        (
            |a| a.territory.as_mut().unwrap()[1] = "850101300123".to_owned(),
            "record.personal_data",
        ),
        (|a| a.role = AuthorityRole::Court, "record.field_invalid"),
    ];
    for (change, code) in spoilt {
        let mut body = good();
        change(&mut body);
        let record = world.accreditation_record(ASTANA, body);
        world.turn_away(&record, &[code]);
    }
    let long = Accreditation {
        territory: Some(many.clone()),
        ..good()
    };
    let record = world.accreditation_record(ASTANA, long);
    world.turn_away(&record, &["record.field_invalid"]);
    for person in [None, Some(id("Nobody")), Some(id(COURT))] {
        let record = world.accreditation_record(ASTANA, Accreditation { person, ..good() });
        world.refuse(&record, &["authority.invalid"]);
    }
    // Out of office anybody may be.
    for person in [None, Some(id("Nobody"))] {
        let suspended = true;
        let body = Accreditation {
            person,
            suspended,
            ..good()
        };
        let record = world.accreditation_record(ASTANA, body);
        world.accept(&record);
    }
    let judge = Accreditation {
        person: Some(id("Clara")),
        ..accreditation(COURT, AuthorityRole::Court, false)
    };
    let record = world.accreditation_record(COURT, judge);
    world.refuse(&record, &["authority.invalid"]);
    let longest = Accreditation {
        territory: Some(many[1..].to_vec()),
        ..good()
    };
    let record = world.accreditation_record(ASTANA, longest);
    world.accept(&record);
}

#[test]
fn superiors_are_accredited_few_and_never_below_themselves() {
    let mut world = World::new();
    let court = |name: &str, superior: &str| Accreditation {
        superior: Some(id(superior)),
        ..accreditation(name, AuthorityRole::Court, false)
    };
    for (name, superior) in [
        ("new court", "nobody"),
        ("new court", "new court"),
        // The high court is above the court.
        (HIGH_COURT, COURT),
        (HIGH_COURT, HIGH_COURT),
    ] {
        let record = world.accreditation_record(name, court(name, superior));
        world.refuse(&record, &["authority.invalid"]);
    }
    // The court has one above it: three more fit below it, and no fourth.
    let mut above = COURT.to_owned();
    for level in 1..SUPERIORS_MAX {
        let name = format!("court {level}");
        let record = world.accreditation_record(&name, court(&name, &above));
        world.accept(&record);
        above = name;
    }
    let record = world.accreditation_record("one more", court("one more", &above));
    world.refuse(&record, &["authority.invalid"]);
    let record = world.accreditation_record(HIGH_COURT, court(HIGH_COURT, &above));
    world.refuse(&record, &["authority.invalid"]);
}
