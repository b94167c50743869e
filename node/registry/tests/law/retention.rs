//! Rule 43: recordings are kept for their term, and for as long as a court holds them.

use deedbook_registry::{Key, state};
use deedbook_schemas::digest::EvidenceRoot;
use deedbook_schemas::instrument::{Act, ActRole, Status};
use deedbook_schemas::party::{Accreditation, AuthorityRole, PartyId};
use deedbook_schemas::proceeding::{EvidenceDeletion, LegalHold};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::{Body, Record};

use crate::powers::FLAT;
use crate::world::{
    COURT, DAY, HIGH_COURT, PROSECUTOR, PROVIDER, RIVAL, SINCE, World, accreditation, id,
};

/// More than 75 years.
const LONG: u64 = 76 * 366 * DAY;

fn root_of(record: &[u8]) -> EvidenceRoot {
    Record::decode(record).unwrap().evidence.unwrap().root
}

impl World {
    fn holds_recording(&mut self, court: &str, root: &EvidenceRoot, held: bool) -> Vec<u8> {
        let body = Body::LegalHold(LegalHold { held });
        self.plain(court, &root.to_string(), body)
    }

    fn deletes_recording(&mut self, provider: &str, root: &EvidenceRoot, record: &[u8]) -> Vec<u8> {
        let body = Body::EvidenceDeletion(EvidenceDeletion {
            record: record.to_vec(),
        });
        self.plain(provider, &root.to_string(), body)
    }

    fn recording_holder(&self, root: &EvidenceRoot) -> Option<PartyId> {
        state::read(&self.state, Key::Hold(root)).unwrap()
    }
}

/// Aida has signed a sale before a camera: the act's record.
fn world() -> (World, Vec<u8>) {
    let mut world = World::of_singles(&["Aida", "Bolat"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    (world, act)
}

#[test]
fn a_recording_is_deleted_after_its_term() {
    let (mut world, act) = world();
    let root = root_of(&act);
    world.pass(LONG);
    let record = world.deletes_recording(PROVIDER, &root, &act);
    assert_eq!(world.accept(&record), []);
    // Once; and what is gone cannot be held.
    let record = world.deletes_recording(PROVIDER, &root, &act);
    world.refuse(&record, &["evidence.unknown"]);
    let record = world.holds_recording(COURT, &root, true);
    world.refuse(&record, &["evidence.unknown"]);
}

#[test]
fn of_two_recordings_each_is_deleted_once() {
    let (mut world, one) = world();
    let deed = Record::decode(&one).unwrap().subject().parse().unwrap();
    let other = world.buys("Bolat", &deed);
    world.accept(&other);
    world.pass(LONG);
    for record in [&one, &other] {
        let root = root_of(record);
        let deletion = world.deletes_recording(PROVIDER, &root, record);
        assert_eq!(world.accept(&deletion), []);
    }
    for record in [&one, &other] {
        let root = root_of(record);
        let again = world.deletes_recording(PROVIDER, &root, record);
        world.refuse(&again, &["evidence.unknown"]);
    }
}

#[test]
fn a_recording_is_kept_to_the_last_second_of_its_term() {
    // 75 years after 2026-03-02T09:59:33Z, when the recording began: 2101-03-02T09:59:33Z.
    const END: u64 = 4_139_200_773;
    for (at, code) in [(END - 1, Some("evidence.retention_running")), (END, None)] {
        let mut world = World::of_singles(&["Aida", "Bolat"]);
        world.property(FLAT, &[("Aida", "1/1")]);
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        let act = world.sells("Aida", &deed);
        let started = Record::decode(&act).unwrap().evidence.unwrap().started;
        world.accept(&act);
        let end = deedbook_registry::calendar::add_years(started, 75);
        // The calendar agrees with the literal up to the seconds that setting up took.
        assert!(end.0.abs_diff(END) < 60, "{end:?}");
        let root = root_of(&act);
        // The record's block comes a second after it is signed.
        world.time_ms = (end.0 + at - END - 1) * 1000;
        let record = world.deletes_recording(PROVIDER, &root, &act);
        match code {
            Some(code) => world.refuse(&record, &[code]),
            None => drop(world.accept(&record)),
        }
    }
}

#[test]
fn the_longer_of_the_manifests_and_the_profiles_term_counts() {
    let year = 366 * DAY;
    for (profile, manifest, passed, kept) in [
        (10, 10, 11, false),
        (10, 20, 11, true),
        (10, 20, 21, false),
        (10, 255, 254, true),
    ] {
        let profile = Profile {
            retention_years: profile,
            ..Profile::kazakhstan()
        };
        let mut world = World::with_profile(profile);
        world.enrol(&["Aida", "Bolat"]);
        world.unmarried(&["Aida", "Bolat"], crate::world::BEFORE);
        world.property(FLAT, &[("Aida", "1/1")]);
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        let body = Body::Act(Act {
            role: ActRole::Disponor,
            power: None,
            represents: None,
        });
        let mut sheet = world.sheet("Aida", &deed.to_string(), body);
        sheet.evidence().retention_years = manifest;
        let act = sheet.seal();
        world.accept(&act);
        world.pass(passed * year);
        let record = world.deletes_recording(PROVIDER, &root_of(&act), &act);
        if kept {
            world.refuse(&record, &["evidence.retention_running"]);
        } else {
            world.accept(&record);
        }
    }
}

#[test]
fn a_profile_with_a_longer_term_binds_from_then_on() {
    let (mut world, act) = world();
    world.pass(LONG);
    let profile = Profile {
        retention_years: 80,
        ..Profile::kazakhstan()
    };
    let key = Key::Profile(0).bytes();
    world
        .state
        .values
        .insert(key, deedbook_schemas::encoding::encode(&profile));
    let record = world.deletes_recording(PROVIDER, &root_of(&act), &act);
    world.refuse(&record, &["evidence.retention_running"]);
}

#[test]
fn only_what_the_ledger_knows_is_deleted() {
    let (mut world, act) = world();
    let root = root_of(&act);
    let other = EvidenceRoot([0xee; 32]);
    // Never submitted.
    let unsent = world.revokes("Aida", &deedbook_schemas::digest::RecordId([1; 32]));
    // On the ledger, without a recording.
    let bare = world.plain(
        "Aida",
        FLAT,
        Body::Transfer(world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])),
    );
    world.submit(&bare).unwrap();
    world.pass(LONG);
    // Of a deletion, whose record carries another record within: it stays bytes.
    let nested = world.deletes_recording(PROVIDER, &other, &act);
    world.refuse(&nested, &["evidence.unknown"]);
    for (root, record) in [
        (other, act.clone()),
        (root_of(&unsent), unsent),
        (root, bare),
        (root, nested),
    ] {
        let record = world.deletes_recording(PROVIDER, &root, &record);
        world.refuse(&record, &["evidence.unknown"]);
    }
    let record = world.deletes_recording(PROVIDER, &root, &act);
    world.accept(&record);
}

#[test]
fn a_deletion_is_the_providers_who_keeps_it_and_readable() {
    let (mut world, act) = world();
    let root = root_of(&act);
    world.pass(LONG);
    let record = world.deletes_recording(RIVAL, &root, &act);
    world.refuse(&record, &["evidence.not_entitled"]);
    for stranger in [COURT, "Aida"] {
        let record = world.deletes_recording(stranger, &root, &act);
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let mut longer = act.clone();
    longer.push(0);
    for bytes in [&[][..], &[0xd2], &act[1..], &act[..act.len() - 1], &longer] {
        let record = world.deletes_recording(PROVIDER, &root, bytes);
        world.turn_away(&record, &["record.malformed"]);
    }
    let body = Body::EvidenceDeletion(EvidenceDeletion { record: act });
    let record = world.plain(PROVIDER, "recording", body);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn a_forged_record_with_the_same_recording_and_a_shorter_term_is_not_on_the_ledger() {
    let (mut world, act) = world();
    let root = root_of(&act);
    let subject = Record::decode(&act).unwrap().subject().to_owned();
    let body = Record::decode(&act).unwrap().body;
    let mut sheet = world.sheet("Aida", &subject, body);
    sheet.evidence().root = root;
    sheet.evidence().retention_years = 1;
    sheet.evidence().started = SINCE;
    let forged = sheet.seal();
    let record = world.deletes_recording(PROVIDER, &root, &forged);
    world.refuse(&record, &["evidence.unknown", "evidence.retention_running"]);
}

#[test]
fn what_a_court_holds_is_not_deleted_until_it_or_a_court_above_lifts_the_hold() {
    for (lifted_by, lawful) in [(COURT, true), (HIGH_COURT, true), ("other court", false)] {
        let (mut world, act) = world();
        let root = root_of(&act);
        let court = accreditation("other court", AuthorityRole::Court, false);
        let record = world.accreditation_record("other court", court);
        world.accept(&record);
        let record = world.holds_recording(COURT, &root, true);
        let outcomes = world.accept(&record);
        assert_eq!(outcomes[0].status, Status::Registered);
        assert_eq!(world.recording_holder(&root), Some(id(COURT)));
        world.pass(LONG);
        let record = world.deletes_recording(PROVIDER, &root, &act);
        world.refuse(&record, &["evidence.legal_hold"]);
        let record = world.holds_recording(lifted_by, &root, false);
        if lawful {
            assert_eq!(world.accept(&record), []);
            let record = world.deletes_recording(PROVIDER, &root, &act);
            world.accept(&record);
        } else {
            world.refuse(&record, &["evidence.not_entitled"]);
            assert_eq!(world.recording_holder(&root), Some(id(COURT)));
        }
    }
}

#[test]
fn a_court_lifts_what_any_court_below_it_holds() {
    let (mut world, act) = world();
    let root = root_of(&act);
    for (name, superior) in [("district", COURT), ("village", "district")] {
        let body = Accreditation {
            superior: Some(id(superior)),
            ..accreditation(name, AuthorityRole::Court, false)
        };
        let record = world.accreditation_record(name, body);
        world.accept(&record);
    }
    for lifted_by in ["village", "district", COURT, HIGH_COURT] {
        let record = world.holds_recording("village", &root, true);
        world.accept(&record);
        let record = world.holds_recording(lifted_by, &root, false);
        world.accept(&record);
        assert_eq!(world.recording_holder(&root), None);
    }
    let record = world.holds_recording("district", &root, true);
    world.accept(&record);
    let record = world.holds_recording("village", &root, false);
    world.refuse(&record, &["evidence.not_entitled"]);
}

#[test]
fn a_hold_is_a_courts_on_a_known_recording_and_stands_once() {
    let (mut world, act) = world();
    let root = root_of(&act);
    for stranger in [PROSECUTOR, PROVIDER, "Aida"] {
        let record = world.holds_recording(stranger, &root, true);
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let record = world.plain(COURT, FLAT, Body::LegalHold(LegalHold { held: true }));
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.holds_recording(COURT, &EvidenceRoot([1; 32]), true);
    world.refuse(&record, &["evidence.unknown"]);
    let record = world.holds_recording(COURT, &root, false);
    world.refuse(&record, &["evidence.not_entitled"]);
    // The high court is above the court, and not the other way round.
    let record = world.holds_recording(HIGH_COURT, &root, true);
    world.accept(&record);
    let record = world.holds_recording(COURT, &root, true);
    world.refuse(&record, &["evidence.legal_hold"]);
    let record = world.holds_recording(COURT, &root, false);
    world.refuse(&record, &["evidence.not_entitled"]);
}

#[test]
fn hold_and_deletion_in_one_block_take_their_order() {
    for held_first in [false, true] {
        let (mut world, act) = world();
        let root = root_of(&act);
        world.pass(LONG);
        let mut records = vec![
            world.deletes_recording(PROVIDER, &root, &act),
            world.holds_recording(COURT, &root, true),
        ];
        if held_first {
            records.reverse();
        }
        let answers = world.block(&records);
        let refused: Vec<bool> = answers
            .iter()
            .map(|answer| answer.as_ref().unwrap().refusal.is_some())
            .collect();
        assert_eq!(refused, [false, true]);
        assert_eq!(world.recording_holder(&root).is_some(), held_first);
    }
}
