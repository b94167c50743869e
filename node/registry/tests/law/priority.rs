//! Rule 32: a buyer reserves the slot for the deed that the disponors have signed, for some business
//! days; nobody else does, and nobody twice.

use deedbook_registry::calendar::end_of_business_days;
use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{PriorityNotice, Right};
use deedbook_schemas::instrument::{ActKind, ActRole, Status};
use deedbook_schemas::profile::{BusinessCalendar, Profile};
use deedbook_schemas::record::Body;

use crate::calendar::utc;
use crate::world::{BEFORE, COURT, World, id, record_id};

const FLAT: &str = "20-313-024-118";
const PEOPLE: [&str; 6] = ["Aida", "Bolat", "Clara", "Dana", "Zarina", "Arman"];

impl World {
    pub(crate) fn reserve(&mut self, buyer: &str, deed: &RecordId) -> Vec<u8> {
        let body = Body::PriorityNotice(PriorityNotice {});
        self.attested(buyer, &deed.to_string(), body)
    }

    /// Reserves the slot; gives the notice's id and its end.
    fn reserved(&mut self, buyer: &str, deed: &RecordId) -> (RecordId, Seconds) {
        let record = self.reserve(buyer, deed);
        let outcomes = self.accept(&record);
        let notice = record_id(&record);
        assert_eq!(
            (outcomes[0].record, outcomes[0].status),
            (notice, Status::Registered)
        );
        let title = self.title(FLAT);
        let found = title.encumbrances.iter().find(|e| e.id == notice).unwrap();
        match &found.right {
            Right::PriorityNotice {
                buyer: named,
                instrument,
                until,
            } => {
                assert_eq!((*named, *instrument), (id(buyer), *deed));
                (notice, *until)
            }
            other => panic!("{other:?}"),
        }
    }

    fn codes_of(&self, deed: &RecordId) -> Vec<String> {
        self.instrument(deed).codes
    }
}

fn world_of(profile: Profile) -> World {
    let mut world = World::with_profile(profile);
    world.enrol(&PEOPLE);
    world.unmarried(&PEOPLE, BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

/// A short notice, so that the deed outlives it.
fn short() -> Profile {
    Profile {
        priority_business_days: 3,
        ..crate::world::present()
    }
}

fn lodge(world: &mut World, buyer: &str) -> RecordId {
    world.lodge_sale(FLAT, &[("Aida", "1/1")], &[(buyer, "1/1")])
}

/// A sale to Bolat, signed by Aida's agent under a power.
fn signed_by_agent(world: &mut World) -> (RecordId, RecordId) {
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let deed = lodge(world, "Bolat");
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
    world.accept(&act);
    (deed, power)
}

#[test]
fn a_notice_holds_the_slot_for_its_deed_although_the_disponors_act_stopped_counting() {
    let mut world = world_of(short());
    let rival = lodge(&mut world, "Clara");
    let (deed, power) = signed_by_agent(&mut world);
    let (_, until) = world.reserved("Bolat", &deed);
    let record = world.revokes("Aida", &power);
    world.accept(&record);
    assert_eq!(world.open(&deed), ["act.disponor", "act.acquirer"]);
    let act = world.sells("Aida", &rival);
    world.refuse(&act, &["notice.reserved"]);
    let open = ["notice.reserved", "act.disponor", "act.acquirer"];
    assert_eq!(world.open(&rival), open);
    let record = world.sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    world.refuse(&record, &["notice.reserved"]);
    // One second before its end the notice still holds; at its end another deed is free.
    world.time_ms = (until.0 - 2) * 1000;
    let act = world.sells("Aida", &rival);
    world.refuse(&act, &["notice.reserved"]);
    let act = world.sells("Aida", &rival);
    world.accept(&act);
    assert_eq!(world.now(), until);
    assert_eq!(world.title(FLAT).slot, Some(rival));
    assert_eq!(world.open(&deed)[0], "title.slot_taken");
}

#[test]
fn the_reserved_deed_registers_under_its_notice() {
    let mut world = world_of(short());
    let (deed, power) = signed_by_agent(&mut world);
    world.reserved("Bolat", &deed);
    let record = world.revokes("Aida", &power);
    world.accept(&record);
    for act in [world.buys("Bolat", &deed), world.sells("Aida", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&deed).status, Status::Registered);
    assert!(world.title(FLAT).encumbrances.is_empty(), "it has served");
    assert_eq!(world.title(FLAT).slot, None);
}

#[test]
fn a_notice_runs_to_the_end_of_the_last_business_day() {
    let business = |offset, weekend: &[u8], holidays: &[u32], days| Profile {
        priority_business_days: days,
        calendar: BusinessCalendar {
            utc_offset_h: offset,
            weekend: weekend.to_vec(),
            holidays: holidays.to_vec(),
        },
        ..Profile::kazakhstan()
    };
    // It begins on Monday 2026-03-02 at 10:00 in UTC.
    let eve = business(14, &[], &[], 1);
    for (profile, end) in [
        (Profile::kazakhstan(), "2026-03-31 19:00:00"),
        (business(5, &[6, 7], &[], 5), "2026-03-09 19:00:00"),
        (business(5, &[5, 6], &[], 5), "2026-03-09 19:00:00"),
        (business(5, &[5, 6], &[], 3), "2026-03-05 19:00:00"),
        (business(5, &[5, 6], &[], 4), "2026-03-08 19:00:00"),
        (
            business(0, &[6, 7], &[20_515, 20_516], 1),
            "2026-03-06 00:00:00",
        ),
        (eve, "2026-03-04 10:00:00"),
    ] {
        let mut world = world_of(profile);
        let deed = lodge(&mut world, "Bolat");
        let act = world.sells("Aida", &deed);
        world.accept(&act);
        let (notice, until) = world.reserved("Bolat", &deed);
        assert_eq!(until, utc(end));
        assert!(next_deadline(&world.state).unwrap() <= Some(until));
        world.time_ms = (until.0 - 2) * 1000;
        world.block(&[]);
        assert_eq!(world.title(FLAT).encumbrances.len(), 1, "one second before");
        world.block(&[]);
        let began: Vec<_> = world.began.iter().map(|o| (o.record, o.status)).collect();
        assert_eq!(began, [(notice, Status::Expired)]);
        assert!(world.title(FLAT).encumbrances.is_empty());
        world.block(&[]);
        assert_eq!(world.began, [], "once");
        assert_eq!(
            world.title(FLAT).slot,
            Some(deed),
            "the disponor's act counts"
        );
    }
}

#[test]
fn only_an_acquirer_of_a_signed_deed_reserves() {
    let mut world = world_of(short());
    let rival = lodge(&mut world, "Clara");
    let deed = lodge(&mut world, "Bolat");
    let record = world.reserve("Bolat", &deed);
    world.refuse(&record, &["notice.disponor_missing"]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    for stranger in ["Aida", "Clara", "Dana"] {
        let record = world.reserve(stranger, &deed);
        world.refuse(&record, &["notice.not_buyer"]);
    }
    let record = world.reserve(COURT, &deed);
    world.turn_away(&record, &["party.unknown"]);
    // The buyer's agent is not the buyer.
    world.empower("Bolat", "Zarina", &[ActKind::Acquire]);
    let record = world.reserve("Zarina", &deed);
    world.refuse(&record, &["notice.not_buyer"]);
    let record = world.reserve("Dana", &rival);
    world.refuse(&record, &["notice.not_buyer", "notice.disponor_missing"]);
    let record = world.reserve("Bolat", &RecordId([3; 32]));
    world.turn_away(&record, &["instrument.unknown"]);
    let body = Body::PriorityNotice(PriorityNotice {});
    let record = world.plain("Bolat", &deed.to_string(), body);
    world.turn_away(&record, &["attestation.missing", "evidence.missing"]);
    let record = world.withdraws("Aida", &deed);
    world.accept(&record);
    let record = world.reserve("Bolat", &deed);
    world.turn_away(&record, &["instrument.closed"]);
    world.becomes_incapable("Clara");
    let record = world.reserve("Clara", &rival);
    world.refuse(&record, &["party.incapable", "notice.disponor_missing"]);
}

#[test]
fn a_deed_whose_disponors_act_stopped_counting_is_not_reserved() {
    let mut world = world_of(short());
    let (deed, power) = signed_by_agent(&mut world);
    let record = world.revokes("Aida", &power);
    world.accept(&record);
    let record = world.reserve("Bolat", &deed);
    world.refuse(&record, &["notice.disponor_missing"]);
}

#[test]
fn another_deed_is_not_served_by_the_notice() {
    let mut world = world_of(short());
    let rival = lodge(&mut world, "Clara");
    let own = lodge(&mut world, "Bolat");
    let deed = lodge(&mut world, "Bolat");
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    world.reserved("Bolat", &deed);
    // Not even another one by the same buyer.
    for other in [rival, own] {
        let act = world.sells("Aida", &other);
        world.refuse(&act, &["notice.reserved"]);
    }
    let record = world.reserve("Clara", &rival);
    world.refuse(&record, &["notice.reserved", "notice.disponor_missing"]);
    let codes = [
        "notice.reserved",
        "notice.disponor_missing",
        "notice.stacked",
    ];
    let record = world.reserve("Bolat", &own);
    world.refuse(&record, &codes);
    assert_eq!(world.title(FLAT).slot, Some(deed));
}

#[test]
fn notices_are_not_stacked() {
    let mut world = world_of(short());
    let deed = lodge(&mut world, "Bolat");
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let (_, until) = world.reserved("Bolat", &deed);
    // Not twice for a deed, while the notice is in force or after it.
    let record = world.reserve("Bolat", &deed);
    world.refuse(&record, &["notice.stacked"]);
    world.time_ms = until.0 * 1000;
    let record = world.reserve("Bolat", &deed);
    world.refuse(&record, &["notice.stacked"]);
    // Nor by the same buyer for another deed, although this one was given up.
    let record = world.withdraws("Aida", &deed);
    world.accept(&record);
    let next = lodge(&mut world, "Bolat");
    let act = world.sells("Aida", &next);
    world.accept(&act);
    let record = world.reserve("Bolat", &next);
    world.refuse(&record, &["notice.stacked"]);
    let record = world.withdraws("Aida", &next);
    world.accept(&record);
    // Another buyer may; when the title has changed, everybody may again.
    let sold = lodge(&mut world, "Clara");
    let act = world.sells("Aida", &sold);
    world.accept(&act);
    world.reserved("Clara", &sold);
    let act = world.buys("Clara", &sold);
    world.accept(&act);
    assert_eq!(world.title(FLAT).version, 2);
    let back = world.lodge_sale(FLAT, &[("Clara", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Clara", &back);
    world.accept(&act);
    world.reserved("Bolat", &back);
}

#[test]
fn two_buyers_of_one_deed_reserve_it_once() {
    let mut world = world_of(short());
    let deed = world.lodge_sale(
        FLAT,
        &[("Aida", "1/1")],
        &[("Bolat", "1/2"), ("Clara", "1/2")],
    );
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let records = [world.reserve("Clara", &deed), world.reserve("Bolat", &deed)];
    let answers = world.block(&records);
    assert_eq!(answers[0].as_ref().unwrap().refusal, None);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["notice.stacked"]);
    assert_eq!(world.title(FLAT).encumbrances.len(), 1);
}

#[test]
fn while_reserved_a_deed_is_withdrawn_by_an_acquirer_alone() {
    let mut world = world_of(short());
    let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Dana", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let (_, until) = world.reserved("Bolat", &deed);
    for party in ["Aida", "Dana", "Clara"] {
        let record = world.withdraws(party, &deed);
        world.refuse(&record, &["withdrawal.not_entitled"]);
    }
    let mut later = world.clone();
    let record = world.withdraws("Bolat", &deed);
    world.accept(&record);
    let title = world.title(FLAT);
    assert_eq!((title.slot, title.encumbrances.len()), (None, 0));
    // Nothing is due any more for a notice that went with its deed.
    world.time_ms = until.0 * 1000;
    world.block(&[]);
    assert_eq!(world.began, []);
    // After its end a disponor may again.
    later.time_ms = (until.0 - 2) * 1000;
    let record = later.withdraws("Aida", &deed);
    later.refuse(&record, &["withdrawal.not_entitled"]);
    let record = later.withdraws("Aida", &deed);
    later.accept(&record);
}

#[test]
fn a_notice_goes_with_a_deed_that_expires_or_is_refused() {
    let mut world = world_of(Profile {
        pending_days: 1,
        ..short()
    });
    let rival = lodge(&mut world, "Clara");
    let deed = lodge(&mut world, "Bolat");
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let (_, until) = world.reserved("Bolat", &deed);
    let expires = world.instrument(&deed).pending.unwrap().expires;
    assert!(expires < until);
    world.time_ms = expires.0 * 1000;
    // Over with its deed, swept or not: nothing of it holds the slot.
    let record = world.instrument(&rival);
    assert!(record.pending.is_some());
    assert!(!world.open(&rival).contains(&"notice.reserved"));
    world.block(&[]);
    assert_eq!(world.instrument(&deed).status, Status::Expired);
    assert!(world.codes_of(&deed).is_empty());
    let title = world.title(FLAT);
    assert_eq!((title.slot, title.encumbrances.len()), (None, 0));
    let next = lodge(&mut world, "Dana");
    let act = world.sells("Aida", &next);
    world.accept(&act);
    let end = end_of_business_days(Seconds(world.now().0 + 1), 3, &world.profile().calendar);
    assert_eq!(world.reserved("Dana", &next).1, end);
}
