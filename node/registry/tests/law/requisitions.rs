//! Rules 33, 34: a requisition has a clock; and what changes a signed text is another text.

use deedbook_registry::calendar::end_of_business_days;
use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::instrument::{ActKind, Matter, Status};
use deedbook_schemas::limits::REQUISITIONS_MAX;
use deedbook_schemas::proceeding::{Requisition, RequisitionAnswer, RequisitionDecision};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Body;

use crate::calendar::utc;
use crate::world::{
    BEFORE, COURT, NOTARY, REGISTRAR, SECOND_REGISTRAR, SUPERVISOR, World, id, record_id,
};

const FLAT: &str = "20-313-024-118";
const PEOPLE: [&str; 5] = ["Aida", "Bolat", "Clara", "Dana", "Zarina"];

impl World {
    pub(crate) fn requisition(&mut self, by: &str, deed: &RecordId, request: &str) -> Vec<u8> {
        let request = request.to_owned();
        let body = Body::Requisition(Requisition { request });
        self.plain(by, &deed.to_string(), body)
    }

    /// Asks for something; gives the requisition's id.
    pub(crate) fn asks(&mut self, deed: &RecordId) -> RecordId {
        let record = self.requisition(REGISTRAR, deed, "The technical passport");
        assert_eq!(self.accept(&record), []);
        record_id(&record)
    }

    pub(crate) fn answers(
        &mut self,
        signer: &str,
        deed: &RecordId,
        requisition: RecordId,
    ) -> Vec<u8> {
        let body = Body::RequisitionAnswer(RequisitionAnswer {
            requisition,
            document: Commitment([9; 32]),
        });
        self.attested(signer, &deed.to_string(), body)
    }

    pub(crate) fn decides(
        &mut self,
        by: &str,
        deed: &RecordId,
        requisition: RecordId,
        cured: bool,
    ) -> Vec<u8> {
        let body = Body::RequisitionDecision(RequisitionDecision { requisition, cured });
        self.plain(by, &deed.to_string(), body)
    }

    fn due(&self, deed: &RecordId) -> Seconds {
        let pending = self.instrument(deed).pending.unwrap();
        match pending.supplements.last().unwrap().matter {
            Matter::Requisition { due, .. } => due,
            ref other => panic!("{other:?}"),
        }
    }
}

fn world_of(profile: Profile) -> World {
    let mut world = World::with_profile(profile);
    world.enrol(&PEOPLE);
    world.unmarried(&PEOPLE, BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

fn world() -> World {
    world_of(crate::world::present())
}

/// A sale to Bolat, lodged by Dana and signed by Aida.
fn half_signed(world: &mut World) -> RecordId {
    let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Dana", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    deed
}

fn began(world: &World) -> Vec<(RecordId, Status)> {
    world.began.iter().map(|o| (o.record, o.status)).collect()
}

#[test]
fn a_requisition_is_answered_cured_and_the_deed_registers() {
    for answering in ["Aida", "Bolat", "Dana"] {
        for deciding in [REGISTRAR, SECOND_REGISTRAR] {
            let mut world = world();
            let deed = half_signed(&mut world);
            let asked = world.asks(&deed);
            let act = world.buys("Bolat", &deed);
            world.accept(&act);
            assert_eq!(world.open(&deed), ["requisition.open"]);
            let requirement = world.requirements(&deed).remove(0);
            assert_eq!(requirement.party, Some(id("Dana")), "who lodged it");
            assert!(requirement.text.contains(&asked.to_string()));
            let record = world.answers(answering, &deed, asked);
            assert_eq!(world.accept(&record), []);
            assert_eq!(world.open(&deed), ["requisition.open"]);
            assert_eq!(
                world.requirements(&deed)[0].party,
                None,
                "the registrar's turn"
            );
            let record = world.decides(deciding, &deed, asked, true);
            let outcomes = world.accept(&record);
            assert_eq!(
                (outcomes[0].record, outcomes[0].status),
                (deed, Status::Registered)
            );
        }
    }
}

#[test]
fn an_answer_that_does_not_satisfy_ends_the_instrument_and_frees_the_slot() {
    let mut world = world();
    let deed = half_signed(&mut world);
    let asked = world.asks(&deed);
    let record = world.answers("Aida", &deed, asked);
    world.accept(&record);
    let record = world.decides(REGISTRAR, &deed, asked, false);
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (deed, Status::Refused)
    );
    assert_eq!(outcomes[0].codes, ["requisition.refused"]);
    assert_eq!(world.instrument(&deed).codes, ["requisition.refused"]);
    assert_eq!(world.title(FLAT).slot, None);
    let act = world.buys("Bolat", &deed);
    world.turn_away(&act, &["instrument.closed"]);
    let record = world.decides(REGISTRAR, &deed, asked, true);
    world.turn_away(&record, &["instrument.closed"]);
}

#[test]
fn unanswered_the_instrument_is_refused_in_the_first_block_that_reaches_the_time() {
    let mut world = world();
    let deed = half_signed(&mut world);
    world.asks(&deed);
    let due = world.due(&deed);
    let profile = world.profile();
    let days = profile.requisition_business_days;
    assert_eq!(
        due,
        end_of_business_days(world.now(), days, &profile.calendar)
    );
    assert_eq!(next_deadline(&world.state).unwrap(), Some(due));
    world.time_ms = (due.0 - 2) * 1000;
    world.block(&[]);
    assert_eq!(began(&world), [], "one second before");
    world.block(&[]);
    assert_eq!(began(&world), [(deed, Status::Refused)]);
    assert_eq!(world.began[0].codes, ["requisition.unanswered"]);
    assert_eq!(world.instrument(&deed).codes, ["requisition.unanswered"]);
    assert_eq!(world.title(FLAT).slot, None);
    world.pass(u64::from(profile.pending_days) * 2 * 86_400);
    world.block(&[]);
    assert_eq!(began(&world), [], "once");
}

#[test]
fn the_clock_counts_business_days_of_the_calendar() {
    // From Monday 2026-03-02 at 15:00 in Astana: ten business days, one holiday on a Sunday.
    let mut world = world_of(Profile::kazakhstan());
    let deed = half_signed(&mut world);
    world.asks(&deed);
    assert_eq!(world.due(&deed), utc("2026-03-16 19:00:00"));
}

/// More due at one time than one block brings about.
fn crowd(world: &mut World) {
    for _ in 0..2 {
        let records: Vec<_> = (0..1100)
            .map(|_| world.sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]))
            .collect();
        world.block_after(10, &records);
    }
}

#[test]
fn an_overdue_instrument_is_closed_even_before_it_is_swept() {
    // Its pending instruments expire in the hour in which the requisition is due.
    let mut world = world_of(Profile {
        pending_days: 2,
        requisition_business_days: 1,
        ..Profile::kazakhstan()
    });
    world.time_ms = utc("2026-03-01 19:00:00").0 * 1000 - 60_000;
    crowd(&mut world);
    world.time_ms = utc("2026-03-02 10:00:00").0 * 1000;
    let deed = half_signed(&mut world);
    let asked = world.asks(&deed);
    let due = utc("2026-03-03 19:00:00");
    assert_eq!(world.due(&deed), due);
    world.time_ms = (due.0 - 1) * 1000;
    let records = vec![
        world.answers("Aida", &deed, asked),
        world.buys("Bolat", &deed),
        world.decides(REGISTRAR, &deed, asked, true),
    ];
    let rival = world.sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let rival_id = record_id(&rival);
    let takes = world.sells("Aida", &rival_id);
    let records: Vec<_> = records.into_iter().chain([rival, takes]).collect();
    let answers = world.block(&records);
    assert_eq!(world.began.len(), 2200, "the crowd alone");
    for answer in &answers[..3] {
        let refusal = answer.as_ref().unwrap_err();
        assert!(
            refusal.to_string().starts_with("instrument.closed"),
            "{refusal}"
        );
    }
    for answer in &answers[3..] {
        assert_eq!(answer.as_ref().unwrap().refusal, None, "the slot is free");
    }
    assert_eq!(world.title(FLAT).slot, Some(rival_id));
    world.block(&[]);
    assert_eq!(began(&world), [(deed, Status::Refused)]);
    assert_eq!(world.instrument(&deed).codes, ["requisition.unanswered"]);
    assert_eq!(world.title(FLAT).slot, Some(rival_id), "of another by now");
}

#[test]
fn an_answer_stops_the_clock() {
    let mut world = world();
    let deed = half_signed(&mut world);
    let asked = world.asks(&deed);
    let due = world.due(&deed);
    world.time_ms = (due.0 - 2) * 1000;
    let record = world.answers("Bolat", &deed, asked);
    world.accept(&record);
    world.time_ms = due.0 * 1000;
    world.block(&[]);
    assert_eq!(began(&world), []);
    assert_eq!(world.instrument(&deed).status, Status::Pending);
    // A second one has its own clock.
    let second = world.asks(&deed);
    assert!(world.due(&deed) > due);
    let record = world.decides(REGISTRAR, &deed, second, true);
    world.refuse(&record, &["requisition.unknown"]);
    let record = world.decides(REGISTRAR, &deed, asked, true);
    assert_eq!(world.accept(&record), []);
    let open = world.open(&deed);
    assert!(open.contains(&"requisition.open"), "{open:?}");
}

#[test]
fn who_may_not_ask_answer_or_decide_does_not() {
    let mut world = world();
    let deed = half_signed(&mut world);
    for stranger in [COURT, NOTARY, SUPERVISOR, "Aida", "Nobody"] {
        let record = world.requisition(stranger, &deed, "The technical passport");
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    for (request, code) in [
        ("", "record.field_invalid"),
        ("of 850101300123", "record.personal_data"),
    ] {
        let record = world.requisition(REGISTRAR, &deed, request);
        world.turn_away(&record, &[code]);
    }
    let long = "x".repeat(513);
    let record = world.requisition(REGISTRAR, &deed, &long);
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.requisition(REGISTRAR, &RecordId([1; 32]), "A map");
    world.turn_away(&record, &["instrument.unknown"]);

    let asked = world.asks(&deed);
    world.empower("Aida", "Zarina", &[ActKind::Manage]);
    for stranger in ["Clara", "Zarina"] {
        let record = world.answers(stranger, &deed, asked);
        world.refuse(&record, &["requisition.not_entitled"]);
    }
    let record = world.answers("Aida", &deed, RecordId([1; 32]));
    world.refuse(&record, &["requisition.unknown"]);
    let record = world.answers("Clara", &deed, deed);
    world.refuse(
        &record,
        &["requisition.unknown", "requisition.not_entitled"],
    );
    let record = world.answers(REGISTRAR, &deed, asked);
    world.turn_away(&record, &["party.unknown"]);
    for cured in [true, false] {
        let record = world.decides(REGISTRAR, &deed, asked, cured);
        world.refuse(&record, &["requisition.unknown"]);
    }
    let record = world.answers("Aida", &deed, asked);
    world.accept(&record);
    let record = world.answers("Bolat", &deed, asked);
    world.refuse(&record, &["requisition.unknown"]);
    for stranger in [COURT, "Aida"] {
        let record = world.decides(stranger, &deed, asked, true);
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let record = world.decides(REGISTRAR, &deed, deed, true);
    world.refuse(&record, &["requisition.unknown"]);
    let record = world.decides(REGISTRAR, &deed, asked, true);
    world.accept(&record);
    let record = world.decides(REGISTRAR, &deed, asked, true);
    world.refuse(&record, &["requisition.unknown"]);
}

#[test]
fn a_registered_instrument_is_asked_nothing_and_there_are_a_few_questions_at_most() {
    let mut world = world();
    let deed = half_signed(&mut world);
    for _ in 0..REQUISITIONS_MAX {
        world.asks(&deed);
    }
    let record = world.requisition(REGISTRAR, &deed, "One more");
    world.refuse(&record, &["requisition.too_many"]);
    let open = world.open(&deed);
    assert_eq!(
        open.iter()
            .filter(|code| **code == "requisition.open")
            .count(),
        8
    );
    let mut world = self::world();
    let deed = half_signed(&mut world);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    let record = world.requisition(REGISTRAR, &deed, "Too late");
    world.turn_away(&record, &["instrument.closed"]);
}

#[test]
fn a_requisition_and_the_last_act_in_one_block_are_decided_by_their_order() {
    for asked_first in [true, false] {
        let mut world = world();
        let deed = half_signed(&mut world);
        let mut records = vec![
            world.requisition(REGISTRAR, &deed, "A map"),
            world.buys("Bolat", &deed),
        ];
        if !asked_first {
            records.reverse();
        }
        world.block(&records);
        let registered = world.instrument(&deed).status == Status::Registered;
        assert_eq!(registered, !asked_first);
    }
}

#[test]
fn a_corrected_text_is_another_instrument_without_acts_consents_or_the_old_slot() {
    let mut world = world();
    let deed = half_signed(&mut world);
    let act = world.buys("Bolat", &deed);
    let asked = world.asks(&deed);
    world.accept(&act);
    let rival = {
        let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
        world.transfer("Clara", FLAT, body)
    };
    // A correction while the old text holds the slot finds it taken.
    let mut corrected = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    corrected.terms = Some("With the technical passport of 2026".to_owned());
    let record = world.transfer("Dana", FLAT, corrected.clone());
    world.refuse(&record, &["title.slot_taken"]);
    let record = world.withdraws("Aida", &deed);
    world.accept(&record);
    // What is lodged after the withdrawal stands behind what others did in between.
    world.accept(&rival);
    let rival = record_id(&rival);
    let record = world.transfer("Dana", FLAT, corrected);
    world.accept(&record);
    let corrected = record_id(&record);
    assert_ne!(corrected, deed);
    assert_eq!(
        world.open(&corrected),
        ["act.disponor", "act.acquirer"],
        "new signatures"
    );
    assert!(
        world
            .instrument(&corrected)
            .pending
            .unwrap()
            .supplements
            .is_empty()
    );
    let act = world.sells("Aida", &rival);
    world.accept(&act);
    assert_eq!(world.title(FLAT).slot, Some(rival), "the old rank is gone");
    let act = world.sells("Aida", &corrected);
    world.refuse(&act, &["title.slot_taken"]);
    // What was said about the old text serves it alone.
    let record = world.answers("Aida", &corrected, asked);
    world.refuse(&record, &["requisition.unknown"]);
    for old in [
        world.sells("Aida", &deed),
        world.answers("Aida", &deed, asked),
    ] {
        world.turn_away(&old, &["instrument.closed"]);
    }
}
