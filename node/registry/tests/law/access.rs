//! Rule 49: who reads somebody's rights, with whose leave.

use deedbook_registry::{Key, state};
use deedbook_schemas::access::{Access, AccessConsent, AccessEntry, Purpose};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::instrument::{Ending, Status};
use deedbook_schemas::limits::TEXT_BYTES_MAX;
use deedbook_schemas::party::{LegalEntity, Nature, Party};
use deedbook_schemas::record::Body;

use crate::notaries::notary;
use crate::world::{COURT, DAY, NOTARY, TAX, World, id, key_of, record_id};

const PEOPLE: &[&str] = &["Aida", "Bolat", "Clara"];

fn world() -> World {
    World::of_singles(PEOPLE)
}

impl World {
    fn access_body(&self) -> AccessConsent {
        AccessConsent {
            purpose: Purpose::Purchase,
            expires: Seconds(self.now().0 + DAY),
        }
    }

    fn lets_read(&mut self, person: &str, recipient: &str, body: AccessConsent) -> Vec<u8> {
        self.attested(
            person,
            &id(recipient).to_string(),
            Body::AccessConsent(body),
        )
    }

    /// Aida lets somebody read her rights, to buy, for a day.
    fn let_read(&mut self, recipient: &str) -> RecordId {
        let body = self.access_body();
        let record = self.lets_read("Aida", recipient, body);
        let outcomes = self.accept(&record);
        assert_eq!(outcomes[0].status, Status::Registered);
        record_id(&record)
    }

    fn reads_with(&mut self, reader: &str, of: &str, consent: RecordId) -> Vec<u8> {
        let body = AccessEntry {
            purpose: Purpose::Purchase,
            consent: Some(consent),
            legal_ground: None,
        };
        self.plain(reader, &id(of).to_string(), Body::AccessEntry(body))
    }

    fn reads_by_law(&mut self, reader: &str, of: &str, ground: Option<&str>) -> Vec<u8> {
        let body = AccessEntry {
            purpose: Purpose::Court,
            consent: None,
            legal_ground: ground.map(str::to_owned),
        };
        self.plain(reader, &id(of).to_string(), Body::AccessEntry(body))
    }
}

#[test]
fn a_person_or_an_authority_reads_with_the_persons_leave() {
    for reader in ["Bolat", NOTARY] {
        let mut world = world();
        let consent = world.let_read(reader);
        let stored: Access = state::read(&world.state, Key::Access(&consent))
            .unwrap()
            .unwrap();
        assert_eq!((stored.person, stored.recipient), (id("Aida"), id(reader)));
        // As often as needed, while it lasts.
        for _ in 0..2 {
            let record = world.reads_with(reader, "Aida", consent);
            assert_eq!(world.accept(&record), []);
        }
    }
}

#[test]
fn an_authority_reads_by_law_and_says_by_which() {
    let mut world = world();
    for authority in [COURT, TAX] {
        let record = world.reads_by_law(authority, "Aida", Some("Civil Procedure Code 73"));
        world.accept(&record);
    }
    for ground in [None, Some(""), Some("   ")] {
        let record = world.reads_by_law(COURT, "Aida", ground);
        world.refuse(&record, &["access.no_ground"]);
    }
    for person in ["Bolat", "Aida"] {
        let record = world.reads_by_law(person, "Aida", Some("Civil Procedure Code 73"));
        world.refuse(&record, &["access.no_ground"]);
    }
    let record = world.reads_by_law(COURT, "Nobody", Some("Civil Procedure Code 73"));
    world.refuse(&record, &["title.holder_unknown"]);
    let record = world.reads_by_law("Nobody", "Aida", Some("Civil Procedure Code 73"));
    world.turn_away(&record, &["party.unknown"]);
}

#[test]
fn a_suspended_authority_reads_nothing() {
    let mut world = world();
    let consent = world.let_read(NOTARY);
    // Nurlan was never enrolled: that keeps nobody in office.
    world.suspend_authority(NOTARY, notary(NOTARY, "Nurlan", None));
    let record = world.reads_by_law(NOTARY, "Aida", Some("Law on Notaries 18"));
    world.turn_away(&record, &["authority.suspended"]);
    let record = world.reads_with(NOTARY, "Aida", consent);
    world.turn_away(&record, &["authority.suspended"]);
}

#[test]
fn a_consent_is_for_its_reader_its_giver_and_its_purpose_alone() {
    let mut world = world();
    let consent = world.let_read("Bolat");
    for (reader, of) in [("Clara", "Aida"), (COURT, "Aida"), ("Bolat", "Clara")] {
        let record = world.reads_with(reader, of, consent);
        world.refuse(&record, &["access.other_recipient"]);
    }
    let other = AccessEntry {
        purpose: Purpose::Credit,
        consent: Some(consent),
        legal_ground: None,
    };
    let record = world.plain("Bolat", &id("Aida").to_string(), Body::AccessEntry(other));
    world.refuse(&record, &["access.other_recipient"]);
    let record = world.reads_with("Bolat", "Aida", RecordId([4; 32]));
    world.refuse(&record, &["access.unknown"]);
    let record = world.reads_with("Bolat", "Aida", consent);
    world.accept(&record);
}

#[test]
fn a_consent_lasts_to_its_last_second() {
    for (wait, lawful) in [(DAY - 2, true), (DAY - 1, false)] {
        let mut world = world();
        let consent = world.let_read("Bolat");
        // The block of the consent came a second after it was drawn up, that of the read another.
        world.pass(wait);
        let record = world.reads_with("Bolat", "Aida", consent);
        if lawful {
            world.accept(&record);
        } else {
            world.refuse(&record, &["access.expired"]);
        }
    }
}

#[test]
fn a_consent_is_revoked_by_its_giver_alone_and_ends_with_them() {
    let mut world = world();
    let consent = world.let_read("Bolat");
    for stranger in ["Bolat", "Clara"] {
        let record = world.revokes(stranger, &consent);
        world.refuse(&record, &["revocation.not_entitled"]);
    }
    for signer in ["Aida", "Bolat"] {
        let record = world.ends(signer, &consent, Ending::Renunciation);
        world.refuse(&record, &["revocation.not_entitled"]);
    }
    let record = world.revokes("Aida", &consent);
    world.accept(&record);
    let record = world.revokes("Aida", &consent);
    world.refuse(&record, &["revocation.already_ended"]);
    let record = world.reads_with("Bolat", "Aida", consent);
    world.refuse(&record, &["access.revoked"]);
    let second = world.let_read("Bolat");
    world.pass(2 * DAY);
    let record = world.revokes("Aida", &second);
    world.refuse(&record, &["revocation.already_ended"]);
    // All that is wrong is said.
    let record = world.reads_with("Clara", "Aida", consent);
    world.refuse(
        &record,
        &["access.other_recipient", "access.expired", "access.revoked"],
    );
    let third = world.let_read("Bolat");
    world.dies("Aida");
    let record = world.reads_with("Bolat", "Aida", third);
    world.refuse(&record, &["access.revoked"]);
}

#[test]
fn consent_and_revocation_in_one_block_take_their_order() {
    for revoked_first in [false, true] {
        let mut world = world();
        let consent = world.let_read("Bolat");
        let mut records = vec![
            world.reads_with("Bolat", "Aida", consent),
            world.revokes("Aida", &consent),
        ];
        if revoked_first {
            records.reverse();
        }
        let answers = world.block(&records);
        let last = answers[1].as_ref().unwrap().refusal.as_ref();
        assert_eq!(last.is_some(), revoked_first);
    }
}

#[test]
fn a_consent_is_a_personal_act_to_somebody_else_for_a_time_to_come() {
    let mut world = world();
    let body = world.access_body();
    let bare = world.plain(
        "Aida",
        &id("Bolat").to_string(),
        Body::AccessConsent(body.clone()),
    );
    world.turn_away(&bare, &["attestation.missing", "evidence.missing"]);
    let record = world.attested("Aida", "Bolat", Body::AccessConsent(body.clone()));
    world.turn_away(&record, &["record.field_invalid"]);
    for nobody in ["Aida", "Nobody"] {
        let record = world.lets_read("Aida", nobody, body.clone());
        world.refuse(&record, &["access.other_recipient"]);
    }
    let over = AccessConsent {
        expires: world.now(),
        ..body.clone()
    };
    let record = world.lets_read("Aida", "Bolat", over);
    world.refuse(&record, &["access.expired"]);
    world.becomes_incapable("Aida");
    let record = world.lets_read("Aida", "Bolat", body);
    world.refuse(&record, &["party.incapable"]);
}

#[test]
fn an_entry_says_why_in_one_way_and_under_the_readers_own_key() {
    let mut world = world();
    let consent = world.let_read(COURT);
    let subject = id("Aida").to_string();
    let entry = |consent, ground: Option<String>| {
        Body::AccessEntry(AccessEntry {
            purpose: Purpose::Purchase,
            consent,
            legal_ground: ground,
        })
    };
    let ground = || Some("Civil Procedure Code 73".to_owned());
    for (subject, body, code) in [
        (
            &*subject,
            entry(Some(consent), ground()),
            "record.field_invalid",
        ),
        ("Aida", entry(Some(consent), None), "record.field_invalid"),
        (
            &subject,
            entry(None, Some("§".repeat(TEXT_BYTES_MAX))),
            "record.field_invalid",
        ),
        (
            &subject,
            entry(None, Some("IIN 850101300123".to_owned())),
            "record.personal_data",
        ),
    ] {
        let record = world.plain(COURT, subject, body);
        world.turn_away(&record, &[code]);
    }
    for (reader, other) in [(COURT, "Bolat"), ("Bolat", COURT)] {
        let draft = world.draft(reader, &subject, entry(Some(consent), None));
        let record = draft.sign(&key_of(other), None);
        world.turn_away(&record, &["party.key_mismatch"]);
    }
    let record = world.attested(COURT, &subject, entry(None, ground()));
    world.turn_away(&record, &["record.field_invalid"]);
    let consent = world.let_read("Bolat");
    world.dies("Bolat");
    let record = world.reads_with("Bolat", "Aida", consent);
    world.refuse(&record, &["party.dead"]);
}

#[test]
fn an_officer_reads_for_the_legal_entity() {
    let mut world = world();
    // As the business registry would have it: Bolat is the officer of a bank.
    let mut party = Party::clone(&state::party(&world.state, &id("Clara")).unwrap().unwrap());
    party.keys.clear();
    party.nature = Nature::Legal(LegalEntity {
        name: "Bank".to_owned(),
        officers: vec![id("Bolat")],
        signatures: 1,
        dissolved: false,
    });
    let key = Key::Party(&id("Bank")).bytes();
    world.state.values.insert(key, encode(&party));
    let consent = world.let_read("Bank");
    let record = world.reads_with("Bolat", "Aida", consent);
    world.accept(&record);
    let record = world.reads_with("Clara", "Aida", consent);
    world.refuse(&record, &["access.other_recipient"]);
}
