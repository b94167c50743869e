//! Rules 14, 15, 17–20: powers of attorney, from issue to end.

use deedbook_registry::{power_in_force, state};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, Ending, PowerOfAttorney, Status};
use deedbook_schemas::limits::{SCOPE_LIST_MAX, SECONDS_MAX};
use deedbook_schemas::rejection::Code;

use crate::calendar::utc;
use crate::world::{DAY, World, record_id};

pub(crate) const FLAT: &str = "20-313-024-118";
pub(crate) const OTHER: &str = "20-313-024-119";

/// A change of a power, and the codes it leads to.
pub(crate) type Change = (
    &'static str,
    fn(&mut PowerOfAttorney),
    &'static [&'static str],
);

/// Aida holds two flats and empowers Zarina; Bolat and Clara would buy.
pub(crate) fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Zarina"]);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    world
}

pub(crate) fn lodge(world: &mut World) -> RecordId {
    world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
}

pub(crate) fn sells_under(world: &mut World, deed: &RecordId, power: RecordId) -> Vec<u8> {
    world.act_under("Zarina", deed, ActRole::Disponor, power)
}

pub(crate) fn grant(world: &mut World, body: PowerOfAttorney) -> RecordId {
    let record = world.power("Aida", "Zarina", body);
    world.accept(&record);
    record_id(&record)
}

const VOID: &[Change] = &[
    ("no date", |p| p.issued = None, &["poa.no_date"]),
    (
        "backdated",
        |p| p.issued.as_mut().unwrap().0 -= 3600,
        &["poa.dates"],
    ),
    (
        "issued in the future",
        |p| p.issued.as_mut().unwrap().0 += 60,
        &["poa.dates"],
    ),
    (
        "starts before it is issued",
        |p| p.starts = p.issued.map(|issued| Seconds(issued.0 - 1)),
        &["poa.dates"],
    ),
    (
        "starts after it ends",
        |p| p.starts = p.issued.map(|issued| Seconds(issued.0 + 4_000 * DAY)),
        &["poa.dates"],
    ),
    (
        "ends when it begins",
        |p| p.expires = p.issued,
        &["poa.dates"],
    ),
    (
        "starts when it ends",
        |p| {
            p.starts = p.issued.map(|issued| Seconds(issued.0 + DAY));
            p.expires = p.starts;
        },
        &["poa.dates"],
    ),
    (
        "ends in the second in which it is recorded",
        |p| p.expires = p.issued.map(|issued| Seconds(issued.0 + 1)),
        &["poa.dates"],
    ),
    (
        "for nothing",
        |p| p.scope.acts.clear(),
        &["poa.scope_invalid"],
    ),
    (
        "the same twice",
        |p| p.scope.acts = vec![ActKind::Sell, ActKind::Sell],
        &["poa.scope_invalid"],
    ),
    (
        "an empty list of properties",
        |p| p.scope.properties = Some(Vec::new()),
        &["poa.scope_invalid"],
    ),
    (
        "all of it",
        |p| {
            p.issued = None;
            p.scope.counterparties = Some(Vec::new());
        },
        &["poa.no_date", "poa.scope_invalid"],
    ),
];

#[test]
fn a_void_or_impossible_power_is_refused() {
    for (what, change, codes) in VOID {
        println!("{what}");
        let mut world = world();
        let mut body = world.power_body(&[ActKind::Sell]);
        change(&mut body);
        let record = world.power("Aida", "Zarina", body);
        world.refuse(&record, codes);
    }
    let mut world = world();
    let body = world.power_body(&[ActKind::Sell]);
    let record = world.power("Aida", "Aida", body.clone());
    world.refuse(&record, &["poa.agent_is_principal"]);
    let record = world.power("Aida", "Nobody", body.clone());
    world.refuse(&record, &["poa.agent_unknown"]);
    world.dies("Zarina");
    let record = world.power("Aida", "Zarina", body.clone());
    world.refuse(&record, &["poa.agent_unknown"]);
    world.becomes_incapable("Aida");
    let record = world.power("Aida", "Bolat", body);
    world.refuse(&record, &["party.incapable"]);
}

#[test]
fn a_list_in_a_scope_is_as_long_as_the_limit_and_no_longer() {
    let mut world = world();
    let lots: Vec<_> = (0..=SCOPE_LIST_MAX)
        .map(|lot| format!("20-313-024-{lot:03}"))
        .collect();
    for length in [SCOPE_LIST_MAX, SCOPE_LIST_MAX + 1] {
        let mut body = world.power_body(&[ActKind::Sell]);
        body.scope.properties = Some(lots[..length].to_vec());
        let record = world.power("Aida", "Zarina", body);
        if length <= SCOPE_LIST_MAX {
            world.accept(&record);
        } else {
            world.turn_away(&record, &["record.field_invalid"]);
        }
    }
}

#[test]
fn the_term_is_the_profiles_by_default_and_its_longest_at_most() {
    let mut world = world();
    let later = |years: u8| utc(&format!("{}-03-02 10:00:00", 2026 + u64::from(years))).0;
    let longest = later(world.profile().power_max_years);
    for (asked, lasts) in [
        (None, later(world.profile().power_default_years)),
        (Some(longest + 1), longest),
        (Some(SECONDS_MAX), longest),
        (Some(longest), longest),
        (Some(1_772_445_600 + 5 * DAY), 1_772_445_600 + 5 * DAY),
    ] {
        let mut body = world.power_body(&[ActKind::Sell]);
        body.issued = Some(Seconds(1_772_445_600));
        body.expires = asked.map(Seconds);
        let power = grant(&mut world, body);
        let power = state::power(&world.state, &power).unwrap().unwrap();
        assert_eq!(power.expires, Seconds(lasts), "{asked:?}");
    }
}

#[test]
fn a_year_from_29_february_ends_on_28_february() {
    let mut world = world();
    // 2028-02-29T10:00:00Z.
    world.time_ms = 1_835_431_200_000;
    let body = world.power_body(&[ActKind::Sell]);
    let power = grant(&mut world, body);
    let power = state::power(&world.state, &power).unwrap().unwrap();
    let year = 2028 + u64::from(world.profile().power_default_years);
    let end = utc(&format!("{year}-02-28 10:00:00"));
    assert_eq!(power.expires, end);
    let codes = |now| power_in_force(&world.state, &power, Seconds(now)).unwrap();
    assert_eq!(codes(end.0 - 1), []);
    assert_eq!(codes(end.0), [Code::PowerExpired]);
}

#[test]
fn a_power_works_from_its_start_and_not_from_its_end_on() {
    // Seconds between the last block and the one with the act; the power lasts from 10 to 20.
    for (wait, codes) in [
        (9, &["poa.not_yet"][..]),
        (10, &[]),
        (19, &[]),
        (20, &["poa.expired"]),
    ] {
        let mut world = world();
        let deed = lodge(&mut world);
        let mut body = world.power_body(&[ActKind::Sell]);
        let issued = world.now().0 + 1;
        body.issued = Some(Seconds(issued));
        body.starts = Some(Seconds(issued + 10));
        body.expires = Some(Seconds(issued + 20));
        let power = grant(&mut world, body);
        world.pass(wait - 1);
        let act = sells_under(&mut world, &deed, power);
        if codes.is_empty() {
            world.accept(&act);
        } else {
            world.refuse(&act, codes);
        }
    }
}

#[test]
fn a_power_is_ended_until_the_second_before_its_end() {
    for (ending, by) in [
        (Ending::Revocation, "Aida"),
        (Ending::Renunciation, "Zarina"),
    ] {
        // Seconds between the power's block and that of the revocation; the power lasts 20.
        for (wait, codes) in [(19, &[][..]), (20, &["revocation.already_ended"])] {
            let mut world = world();
            let mut body = world.power_body(&[ActKind::Sell]);
            let issued = world.now().0 + 1;
            body.issued = Some(Seconds(issued));
            body.expires = Some(Seconds(issued + 20));
            let power = grant(&mut world, body);
            world.pass(wait - 1);
            let record = world.ends(by, &power, ending);
            if codes.is_empty() {
                world.accept(&record);
            } else {
                world.refuse(&record, codes);
            }
        }
    }
}

#[test]
fn a_revoked_power_never_acts_again() {
    let mut world = world();
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let deed = lodge(&mut world);
    for stranger in ["Zarina", "Bolat"] {
        let record = world.revokes(stranger, &power);
        world.refuse(&record, &["revocation.not_entitled"]);
    }
    let record = world.ends("Aida", &power, Ending::Renunciation);
    world.refuse(&record, &["revocation.not_entitled"]);
    let record = world.revokes("Aida", &RecordId([1; 32]));
    world.refuse(&record, &["poa.unknown"]);
    let record = world.revokes("Aida", &power);
    world.accept(&record);
    let act = sells_under(&mut world, &deed, power);
    world.refuse(&act, &["poa.revoked"]);
    let record = world.revokes("Aida", &power);
    world.refuse(&record, &["revocation.already_ended"]);
    let record = world.ends("Zarina", &power, Ending::Renunciation);
    world.refuse(&record, &["revocation.already_ended"]);
}

#[test]
fn a_renounced_power_is_over_too() {
    let mut world = world();
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let record = world.ends("Zarina", &power, Ending::Renunciation);
    world.accept(&record);
    let deed = lodge(&mut world);
    let act = sells_under(&mut world, &deed, power);
    world.refuse(&act, &["poa.renounced"]);
}

#[test]
fn a_revocation_works_from_its_place_and_what_registered_before_stands() {
    for revoked_first in [false, true] {
        let mut world = world();
        let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
        let deed = lodge(&mut world);
        let act = world.buys("Bolat", &deed);
        world.accept(&act);
        let mut records = vec![
            sells_under(&mut world, &deed, power),
            world.revokes("Aida", &power),
        ];
        if revoked_first {
            records.reverse();
        }
        world.block(&records);
        let registered = world.instrument(&deed).status == Status::Registered;
        assert_eq!(registered, !revoked_first);
    }
}

#[test]
fn an_act_whose_power_ended_before_registration_no_longer_counts() {
    let mut world = world();
    let mut body = world.power_body(&[ActKind::Sell]);
    body.expires = Some(Seconds(world.now().0 + 60));
    let expiring = grant(&mut world, body);
    let deed = lodge(&mut world);
    let act = sells_under(&mut world, &deed, expiring);
    world.accept(&act);
    world.pass(120);
    assert_eq!(world.open(&deed), ["act.disponor", "act.acquirer"]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Pending);
    assert_eq!(world.open(&deed), ["act.disponor"]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn death_and_incapacity_of_either_side_end_a_power() {
    type End = fn(&mut World, &str);
    let ends: [End; 2] = [World::dies, World::becomes_incapable];
    for end in ends {
        let mut world = world();
        let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
        let deed = lodge(&mut world);
        end(&mut world, "Aida");
        let act = sells_under(&mut world, &deed, power);
        world.refuse(&act, &["poa.ended_by_death"]);
    }
    let mut world = world();
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let deed = lodge(&mut world);
    world.dies("Zarina");
    let act = sells_under(&mut world, &deed, power);
    world.refuse(&act, &["party.dead", "poa.ended_by_death"]);
    let power = state::power(&world.state, &power).unwrap().unwrap();
    let codes = power_in_force(&world.state, &power, world.now()).unwrap();
    assert_eq!(codes, [Code::PowerDead]);
}

#[test]
fn the_dead_and_the_incapable_do_not_act_and_their_acts_stop_counting() {
    let mut world = world();
    let deed = lodge(&mut world);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    world.dies("Aida");
    assert_eq!(world.open(&deed), ["party.dead", "act.acquirer"]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Pending);
    let again = world.sells("Aida", &deed);
    world.refuse(&again, &["party.dead"]);
    let record = world.sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    world.refuse(&record, &["party.dead"]);
    let body = world.sale_body(OTHER, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Clara", OTHER, body);
    world.refuse(&record, &["party.dead"]);
    world.becomes_incapable("Bolat");
    let record = world.withdraws("Bolat", &deed);
    world.refuse(&record, &["party.incapable", "withdrawal.not_entitled"]);
}
