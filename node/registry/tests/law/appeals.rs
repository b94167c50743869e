//! Rule 50: who appeals against what, until when, how often, and who decides.

use deedbook_registry::{Key, state};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::party::{Accreditation, AuthorityRole, PartyId};
use deedbook_schemas::proceeding::{Appeal, AppealDecision, AppealState};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Body;

use crate::world::{
    COURT, DAY, HIGH_COURT, NOTARY, REGISTRAR, SUPERVISOR, World, accreditation, id, record_id,
};

const FLAT: &str = "20-313-024-118";

/// Aida's flat; Emil lodges, Dana is a stranger to it.
fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Dana", "Emil"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

impl World {
    fn appeal(&mut self, signer: &str, record: &[u8], court: PartyId) -> Vec<u8> {
        let body = Appeal {
            court,
            record: record.to_vec(),
        };
        let instrument = record_id(record).to_string();
        self.attested(signer, &instrument, Body::Appeal(body))
    }

    fn decision(&mut self, court: &str, appeal: &RecordId, allowed: bool) -> Vec<u8> {
        let body = Body::AppealDecision(AppealDecision { allowed });
        self.plain(court, &appeal.to_string(), body)
    }

    fn appeal_state(&self, appeal: &RecordId) -> AppealState {
        state::read(&self.state, Key::Appeal(appeal))
            .unwrap()
            .unwrap()
    }
}

/// A sale to Bolat that Emil lodged.
fn lodged(world: &mut World) -> Vec<u8> {
    let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Emil", FLAT, body);
    world.accept(&record);
    record
}

fn registered(world: &mut World) -> Vec<u8> {
    let sale = lodged(world);
    world.all_act(&record_id(&sale), &["Aida"], &["Bolat"]);
    assert!(world.is_registered(&record_id(&sale)));
    sale
}

/// A sale that is refused when it is lodged.
fn refused(world: &mut World) -> Vec<u8> {
    let sale = world.sale(FLAT, &[("Bolat", "1/1")], &[("Dana", "1/1")]);
    world.refuse(&sale, &["title.not_holder"]);
    sale
}

/// How the sale ended.
type End = (&'static str, fn(&mut World) -> Vec<u8>);

const ENDS: &[End] = &[
    ("registered", registered),
    ("withdrawn", |world| {
        let sale = lodged(world);
        let record = world.withdraws("Aida", &record_id(&sale));
        world.accept(&record);
        sale
    }),
    ("expired", |world| {
        let sale = lodged(world);
        world.outlast_periods();
        world.block(&[]);
        assert_eq!(world.instrument(&record_id(&sale)).status, Status::Expired);
        sale
    }),
];

#[test]
fn every_party_and_the_lodger_appeal_against_every_end() {
    for (what, end) in ENDS {
        for appellant in ["Aida", "Bolat", "Emil"] {
            println!("{appellant} against what was {what}");
            let mut world = world();
            let sale = end(&mut world);
            let before = world.title(FLAT);
            let record = world.appeal(appellant, &sale, id(COURT));
            let outcomes = world.accept(&record);
            assert_eq!(outcomes[0].status, Status::Registered);
            let appeal = record_id(&record);
            let record = world.decision(COURT, &appeal, true);
            world.accept(&record);
            let end = world.appeal_state(&appeal).decision.unwrap();
            assert_eq!((end.record, end.allowed), (record_id(&record), true));
            assert_eq!(world.title(FLAT), before, "a decision changes no title");
        }
    }
    let mut world = world();
    let sale = refused(&mut world);
    let record = world.appeal("Bolat", &sale, id(COURT));
    world.accept(&record);
}

#[test]
fn who_has_no_standing_is_refused() {
    let mut world = world();
    let sale = registered(&mut world);
    let by_stranger = world.appeal("Dana", &sale, id(COURT));
    world.refuse(&by_stranger, &["appeal.no_standing"]);
    world.dies("Bolat");
    let by_the_dead = world.appeal("Bolat", &sale, id(COURT));
    world.refuse(&by_the_dead, &["party.dead"]);
    let unattested = Body::Appeal(Appeal {
        court: id(COURT),
        record: sale.clone(),
    });
    let record = world.plain("Aida", &record_id(&sale).to_string(), unattested);
    world.turn_away(&record, &["attestation.missing", "evidence.missing"]);
}

#[test]
fn a_member_of_a_party_has_standing() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Dana"]);
    world.group("Heirs", &[("Aida", None), ("Bolat", None)]);
    world.property(FLAT, &[("Heirs", "1/1")]);
    let body = world.sale_body(FLAT, &[("Heirs", "1/1")], &[("Dana", "1/1")]);
    let sale = world.transfer("Aida", FLAT, body);
    world.accept(&sale);
    let record = world.withdraws("Aida", &record_id(&sale));
    world.accept(&record);
    let record = world.appeal("Bolat", &sale, id(COURT));
    world.accept(&record);
}

#[test]
fn what_has_not_ended_is_not_appealed_and_what_has_run_out_has_ended() {
    let mut world = world();
    let sale = lodged(&mut world);
    let early = world.appeal("Aida", &sale, id(COURT));
    world.refuse(&early, &["appeal.not_decided"]);
    let expires = world.instrument(&record_id(&sale)).pending.unwrap().expires;
    world.time_ms = expires.0 * 1000;
    let record = world.appeal("Aida", &sale, id(COURT));
    world.accept(&record);
}

#[test]
fn the_last_second_is_in_time_and_the_next_is_late() {
    for (second, codes) in [(0, &[][..]), (1, &["appeal.late"][..])] {
        let mut world = world();
        let sale = registered(&mut world);
        let period = u64::from(world.profile().appeal_days) * DAY;
        world.time_ms += (period + second - 1) * 1000;
        let record = world.appeal("Aida", &sale, id(COURT));
        let applied = world.submit(&record).unwrap();
        let refusal = applied.refusal.map(|refusal| refusal.to_strings());
        assert_eq!(refusal.unwrap_or_default(), codes);
    }
}

#[test]
fn another_profile_gives_another_time() {
    let profile = Profile {
        appeal_days: 1,
        ..Profile::kazakhstan()
    };
    let mut world = World::with_profile(profile);
    world.enrol(&["Aida", "Bolat", "Emil"]);
    world.unmarried(&["Aida"], crate::world::BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let sale = registered(&mut world);
    world.pass(2 * DAY);
    let record = world.appeal("Aida", &sale, id(COURT));
    world.refuse(&record, &["appeal.late"]);
}

#[test]
fn one_appeal_is_open_at_a_time_and_is_decided_once() {
    let mut world = world();
    let sale = registered(&mut world);
    let first = world.appeal("Aida", &sale, id(COURT));
    let second = world.appeal("Bolat", &sale, id(HIGH_COURT));
    let answers = world.block(&[first.clone(), second]);
    assert_eq!(answers[0].as_ref().unwrap().refusal, None);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["appeal.open_already"]);
    let appeal = record_id(&first);
    let record = world.decision(HIGH_COURT, &appeal, false);
    world.accept(&record);
    let again = world.decision(COURT, &appeal, true);
    world.refuse(&again, &["appeal.unknown"]);
    assert!(!world.appeal_state(&appeal).decision.unwrap().allowed);
    let record = world.appeal("Bolat", &sale, id(HIGH_COURT));
    world.accept(&record);
    let below = world.decision(COURT, &record_id(&record), true);
    world.refuse(&below, &["appeal.no_standing"]);
    let of_nothing = world.decision(COURT, &RecordId([9; 32]), true);
    world.refuse(&of_nothing, &["appeal.unknown"]);
    let by_registrar = world.decision(REGISTRAR, &record_id(&record), true);
    world.turn_away(&by_registrar, &["authority.not_accredited"]);
}

#[test]
fn an_appeal_goes_to_a_court_that_sits() {
    let mut world = world();
    let sale = registered(&mut world);
    for nobody in [id(NOTARY), id("Dana"), id("Nobody")] {
        let record = world.appeal("Aida", &sale, nobody);
        world.refuse(&record, &["authority.not_accredited"]);
    }
    let body = Accreditation {
        superior: Some(id(HIGH_COURT)),
        ..accreditation(COURT, AuthorityRole::Court, true)
    };
    let record = world.plain(
        SUPERVISOR,
        &id(COURT).to_string(),
        Body::Accreditation(body),
    );
    world.accept(&record);
    let record = world.appeal("Aida", &sale, id(COURT));
    world.refuse(&record, &["authority.not_accredited"]);
}

#[test]
fn an_appeal_shows_the_record_that_it_is_about() {
    let mut world = world();
    let other = refused(&mut world);
    let sale = registered(&mut world);
    let subject = record_id(&sale).to_string();
    let mut with = |record: Vec<u8>, subject: &str| {
        let court = id(COURT);
        world.attested("Bolat", subject, Body::Appeal(Appeal { court, record }))
    };
    let of_another = with(other, &subject);
    let of_nothing = with(Vec::new(), &subject);
    let mut cut = sale.clone();
    cut.pop();
    let damaged = with(cut, &subject);
    let unreadable = with(sale.clone(), "nothing");
    for record in [of_another, of_nothing, damaged, unreadable.clone()] {
        let codes: &[&str] = if record == unreadable {
            &["record.field_invalid", "instrument.unknown"]
        } else {
            &["record.field_invalid"]
        };
        world.turn_away(&record, codes);
    }
    let unlodged = world.sale(FLAT, &[("Bolat", "1/1")], &[("Dana", "1/1")]);
    let record = world.appeal("Bolat", &unlodged, id(COURT));
    world.turn_away(&record, &["instrument.unknown"]);
    let enrolment = world.enrolment("Farida");
    world.accept(&enrolment);
    let no_instrument = world.appeal("Bolat", &enrolment, id(COURT));
    world.turn_away(&no_instrument, &["instrument.unknown"]);
}
