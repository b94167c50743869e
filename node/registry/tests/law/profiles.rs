//! Rule 47: profiles change by governance from a later block on; what was lodged before is judged by the
//! one in force then.

use deedbook_registry::calendar::end_of_business_days;
use deedbook_registry::state;
use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::evidence::Topic;
use deedbook_schemas::instrument::{ActKind, ActRole, Matter, Status};
use deedbook_schemas::limits::{BUSINESS_DAYS_MAX, HOLIDAYS_MAX, PROFILES_MAX};
use deedbook_schemas::profile::{Profile, ProfileChange};
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::DutyKind;

use crate::world::{
    BEFORE, COURT, DAY, REGISTRAR, SUPERVISOR, World, id, other_profile, record_id,
};

const FLAT: &str = "20-313-024-118";
const OTHER: &str = "20-313-024-119";

impl World {
    fn plans(&mut self, by: &str, from: u64, profile: Profile) -> Vec<u8> {
        let from = Height(from);
        let body = Body::Profile(ProfileChange { from, profile });
        self.plain(by, &id(by).to_string(), body)
    }
}

fn world() -> World {
    let mut world = World::with_profile(Profile::kazakhstan());
    let names = ["Aida", "Bolat", "Clara"];
    world.enrol(&names);
    world.unmarried(&names, BEFORE);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    world
}

/// Puts another profile in force from the next block but one on.
fn change(world: &mut World, profile: Profile) {
    let from = world.height + 2;
    let record = world.plans(SUPERVISOR, from, profile);
    assert_eq!(world.accept(&record), []);
}

#[test]
fn a_profile_judges_from_its_height_on() {
    let mut world = world();
    let from = world.height + 4;
    let record = world.plans(SUPERVISOR, from, other_profile());
    world.accept(&record);
    for _ in 0..2 {
        assert_eq!(world.profile(), Profile::kazakhstan());
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        assert_eq!(world.instrument(&deed).pending.unwrap().profile, 0);
    }
    assert_eq!(world.profile(), other_profile());
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    assert_eq!(world.height, from);
    let pending = world.instrument(&deed).pending.unwrap();
    assert_eq!(pending.profile, 1);
    let hour = (world.now().0 + 60 * DAY).div_ceil(3600) * 3600;
    assert_eq!(pending.expires, Seconds(hour));
}

#[test]
fn only_the_supervisor_plans_a_profile_for_itself_and_the_future() {
    let mut world = world();
    for stranger in [REGISTRAR, COURT, "Aida", "Nobody"] {
        let record = world.plans(stranger, 1_000, other_profile());
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let body = |from| {
        let profile = other_profile();
        Body::Profile(ProfileChange {
            from: Height(from),
            profile,
        })
    };
    let record = world.plain(SUPERVISOR, &id(REGISTRAR).to_string(), body(1_000));
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.attested(SUPERVISOR, &id(SUPERVISOR).to_string(), body(1_000));
    world.turn_away(&record, &["record.field_invalid"]);
    for past in [0, world.height, world.height + 1] {
        // The last one is the height of the block itself.
        let mut world = world.clone();
        let record = world.plans(SUPERVISOR, past, other_profile());
        world.refuse(&record, &["profile.not_future"]);
    }
    let record = world.plans(SUPERVISOR, 1_000, other_profile());
    world.accept(&record);
    for planned in [999, 1_000] {
        let record = world.plans(SUPERVISOR, planned, other_profile());
        world.refuse(&record, &["profile.not_future"]);
    }
    let records = [
        world.plans(SUPERVISOR, 1_001, Profile::kazakhstan()),
        world.plans(SUPERVISOR, 1_001, other_profile()),
    ];
    let answers = world.block(&records);
    assert_eq!(answers[0].as_ref().unwrap().refusal, None);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["profile.not_future"]);
}

#[test]
fn a_profile_that_no_law_can_have_is_refused() {
    type Spoil = (&'static str, fn(&mut Profile));
    let cases: &[Spoil] = &[
        ("a term above the longest", |p| p.power_default_years = 6),
        ("no term", |p| p.power_default_years = 0),
        ("nothing may wait", |p| p.pending_days = 0),
        ("no record is fresh", |p| p.record_window_s = 0),
        ("no level", |p| p.assurance_min = 0),
        ("a level that nobody has", |p| p.assurance_min = 4),
        ("a liveness that nobody has", |p| p.liveness_min = 4),
        ("topics twice", |p| {
            p.topics = vec![Topic::Date, Topic::Date]
        }),
        ("no time for co-owners", |p| p.preemption_days = 0),
        ("no priority", |p| p.priority_business_days = 0),
        ("a priority without end", |p| {
            p.priority_business_days = BUSINESS_DAYS_MAX + 1
        }),
        ("no time to answer", |p| p.requisition_business_days = 0),
        ("an answer without end", |p| {
            p.requisition_business_days = u16::MAX
        }),
        ("no time to appeal", |p| p.appeal_days = 0),
        ("no cooling-off", |p| p.lock_cooling_hours = 0),
        ("a lock that nobody opens", |p| p.lock_assurance = 4),
        ("no caveats", |p| p.caveat_max_days = 0),
        ("powers without end", |p| p.substitutions_max = 200),
        ("areas out of nothing", |p| {
            p.area_tolerance_permille = 1_001
        }),
        ("acts twice", |p| {
            p.notarial_acts = vec![ActKind::Sell, ActKind::Sell]
        }),
        ("a day west of the date line", |p| {
            p.calendar.utc_offset_h = -13
        }),
        ("a day east of it", |p| p.calendar.utc_offset_h = 15),
        ("no business at all", |p| {
            p.calendar.weekend = (1..=7).collect()
        }),
        ("an eighth day", |p| p.calendar.weekend = vec![8]),
        ("a day twice", |p| p.calendar.weekend = vec![6, 6]),
        ("holidays out of order", |p| {
            p.calendar.holidays = vec![2, 1]
        }),
        ("too many holidays", |p| {
            p.calendar.holidays = (0..=u32::try_from(HOLIDAYS_MAX).unwrap()).collect();
        }),
    ];
    let mut world = world();
    for (what, spoil) in cases {
        println!("{what}");
        let mut profile = other_profile();
        spoil(&mut profile);
        let record = world.plans(SUPERVISOR, 1_000, profile.clone());
        world.refuse(&record, &["profile.invalid"]);
        let record = world.plans(SUPERVISOR, 1, profile);
        world.refuse(&record, &["profile.not_future", "profile.invalid"]);
    }
    for (name, code) in [
        ("of 850101300123", "record.personal_data"),
        ("\u{7}", "record.field_invalid"),
    ] {
        let name = name.to_owned();
        let profile = Profile {
            name,
            ..other_profile()
        };
        let record = world.plans(SUPERVISOR, 1_000, profile);
        world.turn_away(&record, &[code]);
    }
}

#[test]
fn a_ledger_has_so_many_profiles_in_its_life() {
    let mut world = world();
    let records: Vec<_> = (1..PROFILES_MAX)
        .map(|n| {
            let from = 1_000 + u64::try_from(n).unwrap();
            world.plans(SUPERVISOR, from, other_profile())
        })
        .collect();
    for answer in world.block(&records) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    let record = world.plans(SUPERVISOR, 9_000, other_profile());
    world.refuse(&record, &["profile.invalid"]);
}

#[test]
fn an_instrument_is_judged_by_the_profile_under_which_it_was_lodged() {
    let mut world = world();
    let old = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    change(&mut world, other_profile());
    let new = world.lodge_sale(OTHER, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let profiles = [&old, &new].map(|deed| world.instrument(deed).pending.unwrap().profile);
    assert_eq!(profiles, [0, 1]);
    // The level that its acts need, and what their recordings cover and how long they are kept.
    let act = |role| {
        Body::Act(deedbook_schemas::instrument::Act {
            role,
            power: None,
            represents: None,
        })
    };
    for (deed, lawful) in [(old, false), (new, true)] {
        let mut sheet = world.sheet("Aida", &deed.to_string(), act(ActRole::Disponor));
        sheet.attestation().assurance = 2;
        sheet.attestation().liveness = 1;
        sheet.evidence().retention_years = 10;
        sheet.evidence().statements.pop();
        let record = sheet.seal();
        if lawful {
            world.accept(&record);
        } else {
            let codes = [
                "attestation.level_too_low",
                "evidence.statement_missing",
                "evidence.retention_too_short",
            ];
            world.turn_away(&record, &codes);
        }
    }
    let record = world.sells("Aida", &old);
    world.accept(&record);
    // The clocks of its requisitions and notices.
    for (deed, judge) in [(old, Profile::kazakhstan()), (new, other_profile())] {
        world.asks(&deed);
        let pending = world.instrument(&deed).pending.unwrap();
        let Matter::Requisition { due, .. } = pending.supplements[0].matter else {
            panic!("a requisition")
        };
        let end = |days| end_of_business_days(world.now(), days, &judge.calendar);
        assert_eq!(due, end(judge.requisition_business_days));
        let record = world.reserve("Bolat", &deed);
        world.accept(&record);
        let title = world.title(&world.instrument(&deed).property);
        let ends = end_of_business_days(world.now(), judge.priority_business_days, &judge.calendar);
        let deedbook_schemas::encumbrance::Right::PriorityNotice { until, .. } =
            title.encumbrances[0].right
        else {
            panic!("a notice")
        };
        assert_eq!(until, ends);
    }
    assert_ne!(
        world.instrument(&old).pending.unwrap().expires,
        world.instrument(&new).pending.unwrap().expires
    );
}

#[test]
fn what_is_no_instrument_is_judged_by_the_profile_of_its_block() {
    let mut world = world();
    let lock = world.locked("Aida", FLAT);
    change(&mut world, other_profile());
    let body = world.power_body(&[ActKind::Sell]);
    let issued = body.issued.unwrap();
    let record = world.power("Aida", "Clara", body);
    world.accept(&record);
    let power = state::power(&world.state, &record_id(&record))
        .unwrap()
        .unwrap();
    let two_years = deedbook_registry::calendar::add_years(issued, 2);
    assert_eq!(power.expires, two_years);
    let record = world.unlock("Aida", FLAT, &lock);
    world.accept(&record);
    let opens = (world.now().0 + 25 * 3600).div_ceil(3600) * 3600;
    let right = &world.title(FLAT).encumbrances[0].right;
    let expected = deedbook_schemas::encumbrance::Right::SelfLock {
        holder: id("Aida"),
        opens: Some(Seconds(opens)),
    };
    assert_eq!(*right, expected);
    let until = Seconds(world.now().0 + 31 * DAY);
    let record = world.caveat("Clara", FLAT, until);
    world.refuse(&record, &["caveat.term"]);
}

#[test]
fn a_deed_registers_under_the_old_profile_after_the_change() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    change(
        &mut world,
        Profile {
            notarial_acts: vec![ActKind::Sell],
            duties: vec![DutyKind::RegistrationFee],
            pending_days: 1,
            ..other_profile()
        },
    );
    let new = world.lodge_sale(OTHER, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for act in [world.sells("Aida", &new), world.buys("Bolat", &new)] {
        world.accept(&act);
    }
    assert_eq!(world.open(&new), ["notary.missing", "duty.unpaid"]);
    world.pass(29 * DAY);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}
