//! Rule 17: what ended with an incapacity never revives.

use deedbook_registry::{power_in_force, state};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole};
use deedbook_schemas::limits::STATUS_FACTS_MAX;
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::rejection::Code;

use crate::persons::{FLAT, PEOPLE};
use crate::world::{CIVIL, COURT, DAY, SINCE, World, id, record_id};

/// Aida holds the flat, and Zarina may sell it; Bolat would buy, and has signed.
fn empowered() -> (World, RecordId, RecordId) {
    let mut world = World::of_singles(&PEOPLE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    (world, power, deed)
}

#[test]
fn a_power_that_ended_with_an_incapacity_never_revives() {
    for side in ["Aida", "Zarina"] {
        let (mut world, power, deed) = empowered();
        world.becomes_incapable(side);
        world.is_capable_again(side);
        let stored = state::power(&world.state, &power).unwrap().unwrap();
        let codes = power_in_force(&world.state, &stored, world.now()).unwrap();
        assert_eq!(codes, [Code::PowerDead]);
        let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
        world.refuse(&act, &["poa.ended_by_death"]);
        // A new one is in force.
        let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
        let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
        world.accept(&act);
        assert!(world.is_registered(&deed));
    }
}

#[test]
fn an_agent_s_act_does_not_revive_either() {
    let mut world = World::of_singles(&PEOPLE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
    world.accept(&act);
    world.becomes_incapable("Zarina");
    world.is_capable_again("Zarina");
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["act.disponor"]);
}

#[test]
fn within_one_block_the_order_decides_whether_a_power_outlives_an_incapacity() {
    for (given_first, lawful) in [(true, false), (false, true)] {
        let mut world = World::of_singles(&PEOPLE);
        world.property(FLAT, &[("Aida", "1/1")]);
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        let from = world.now();
        let subject = id("Aida").to_string();
        let ends = world.status(&subject, CivilStatus::Incapacity { from });
        let begins = world.status(&subject, CivilStatus::Capacity { from });
        let body = world.power_body(&[ActKind::Sell]);
        let power = world.power("Aida", "Zarina", body);
        let act = world.act_under("Zarina", &deed, ActRole::Disponor, record_id(&power));
        let records = if given_first {
            [power, ends, begins, act]
        } else {
            [ends, begins, power, act]
        };
        let answers = world.block(&records);
        let refusal = answers[3].as_ref().unwrap().refusal.clone();
        let codes = refusal.map(|refusal| refusal.to_strings());
        let expected = (!lawful).then(|| vec!["poa.ended_by_death".to_owned()]);
        assert_eq!(codes, expected);
    }
}

#[test]
fn an_act_done_before_an_incapacity_counts_no_more_after_it() {
    let mut world = World::of_singles(&PEOPLE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    world.becomes_incapable("Aida");
    assert_eq!(
        world.open(&deed),
        [
            "party.incapable",
            "act.acquirer",
            "guardian.permission_missing"
        ]
    );
    let act = world.sells("Aida", &deed);
    world.refuse(&act, &["party.incapable"]);
    world.is_capable_again("Aida");
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["act.disponor"]);
    // The slot went with the act: another deed may take it.
    let other = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    for act in [world.sells("Aida", &other), world.buys("Clara", &other)] {
        world.accept(&act);
    }
    assert!(world.is_registered(&other));
}

#[test]
fn a_minority_recorded_late_ends_what_was_done_before() {
    let (mut world, power, deed) = empowered();
    let until = Seconds(world.now().0 + 60);
    world.fact("Aida", CivilStatus::Minority { until });
    world.pass(120);
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
    world.refuse(&act, &["poa.ended_by_death"]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_spouse_s_consent_ends_with_an_incapacity_and_never_revives() {
    let (mut world, _) = crate::marriage::family();
    let body = world.consent_body("Aida");
    crate::marriage::give_consent(&mut world, body);
    world.becomes_incapable("Arman");
    let deed = crate::marriage::all_but_consent(&mut world);
    assert_eq!(world.open(&deed), ["consent.missing"]);
    world.is_capable_again("Arman");
    assert_eq!(world.open(&deed), ["consent.missing"]);
    let body = world.consent_body("Aida");
    crate::marriage::give_consent(&mut world, body);
    assert!(world.is_registered(&deed));
}

#[test]
fn facts_of_a_person_s_life_fit_no_entity_and_no_group() {
    let mut world = World::of_singles(&PEOPLE);
    world.entity("Firm", &["Aida"], 1);
    world.joins("Family", &["Aida", "Bolat"]);
    let at = SINCE;
    let until = Seconds(world.now().0 + 1000);
    for name in ["Firm", "Family", "Nobody", COURT] {
        for fact in [
            CivilStatus::Death { at },
            CivilStatus::Incapacity { from: at },
            CivilStatus::Capacity { from: at },
            CivilStatus::Minority { until },
        ] {
            let record = world.status(&id(name).to_string(), fact);
            world.refuse(&record, &["status.invalid"]);
        }
        let fact = CivilStatus::Unmarried {
            parties: vec![id(name)],
            from: at,
        };
        let record = world.status(&id(CIVIL).to_string(), fact);
        world.refuse(&record, &["status.invalid"]);
        let record = world.marriage(name, "Clara", at);
        let refusal = world.submit(&record).unwrap().refusal.unwrap();
        assert_eq!(refusal.to_strings(), ["status.invalid"]);
    }
    // Capacity is of the incapable, not before they became so, and not of the dead.
    let now = world.now();
    let record = world.status(
        &id("Clara").to_string(),
        CivilStatus::Capacity { from: now },
    );
    world.refuse(&record, &["status.invalid"]);
    world.becomes_incapable("Clara");
    let record = world.status(
        &id("Clara").to_string(),
        CivilStatus::Capacity { from: SINCE },
    );
    world.refuse(&record, &["status.invalid"]);
    world.dies("Clara");
    let now = world.now();
    let record = world.status(
        &id("Clara").to_string(),
        CivilStatus::Capacity { from: now },
    );
    world.refuse(&record, &["status.invalid"]);
}

#[test]
fn a_minority_is_of_the_living_and_not_over() {
    let mut world = World::of_singles(&PEOPLE);
    let minority = |world: &mut World, name: &str, seconds: u64| {
        // The block in which it is judged is a second later.
        let until = Seconds(world.now().0 + 1 + seconds);
        world.status(&id(name).to_string(), CivilStatus::Minority { until })
    };
    world.dies("Zarina");
    let record = minority(&mut world, "Zarina", DAY);
    world.refuse(&record, &["status.invalid"]);
    let record = minority(&mut world, "Aida", 0);
    world.refuse(&record, &["status.invalid"]);
    let record = minority(&mut world, "Aida", 1);
    world.accept(&record);
    let record = minority(&mut world, "Aida", DAY);
    world.refuse(&record, &["status.invalid"]);
}

#[test]
fn so_often_is_somebody_found_unmarried_and_no_oftener() {
    let mut world = World::new();
    world.enrol(&["Aida"]);
    for _ in 0..STATUS_FACTS_MAX {
        world.unmarried(&["Aida"], SINCE);
    }
    let (parties, from) = (vec![id("Aida")], SINCE);
    let fact = CivilStatus::Unmarried { parties, from };
    let record = world.status(&id(CIVIL).to_string(), fact);
    world.refuse(&record, &["status.invalid"]);
}
