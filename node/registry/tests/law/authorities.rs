//! Rules 20, 39, 40: who may speak as what, and whose key is whose.

use deedbook_schemas::keys::{PublicKey, Signature};
use deedbook_schemas::party::{Accreditation, AuthorityRole, CivilStatus, PartyId};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;

use crate::world::{
    CIVIL, PROVIDER, REGISTRAR, RIVAL, SUPERVISOR, World, accreditation, id, key_of,
};

const FLAT: &str = "20-313-024-118";

fn accredits(world: &mut World, signer: &str, subject: &str, body: Accreditation) -> Vec<u8> {
    world.plain(signer, &id(subject).to_string(), Body::Accreditation(body))
}

#[test]
fn a_supervisor_accredits_suspends_and_readmits() {
    let mut world = World::new();
    let newcomer = || accreditation("Chamber", AuthorityRole::Registrar, false);
    for stranger in [REGISTRAR, PROVIDER, "Chamber"] {
        let record = accredits(&mut world, stranger, "Chamber", newcomer());
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let record = accredits(&mut world, SUPERVISOR, "Chamber", newcomer());
    world.accept(&record);
    let suspended = Accreditation {
        suspended: true,
        ..newcomer()
    };
    let record = accredits(&mut world, SUPERVISOR, "Chamber", suspended);
    world.accept(&record);
    world.enrol(&["Aida"]);
    let registration = |world: &mut World| {
        let mut draft = world.draft("Chamber", FLAT, Body::Transfer(world_body(world)));
        draft.body = Body::FirstRegistration(deedbook_schemas::property::FirstRegistration {
            unit: deedbook_schemas::property::SpatialUnit {
                land_use: deedbook_schemas::property::LandUse::Land,
                area_dm2: 60_000,
                address: String::new(),
            },
            holdings: vec![deedbook_schemas::property::Holding {
                party: id("Aida"),
                share: deedbook_schemas::fraction::Fraction::ONE,
                acquired: crate::world::LONG_AGO,
                ground: Ground::Inheritance,
            }],
        });
        draft.sign(&key_of("Chamber"), None)
    };
    let record = registration(&mut world);
    world.turn_away(&record, &["authority.suspended"]);
    let record = accredits(&mut world, SUPERVISOR, "Chamber", newcomer());
    world.accept(&record);
    let record = registration(&mut world);
    world.accept(&record);
}

fn world_body(world: &World) -> deedbook_schemas::instrument::Transfer {
    world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
}

#[test]
fn an_accreditation_must_be_sound() {
    let mut world = World::new();
    world.enrol(&["Aida"]);
    let good = || accreditation("Chamber", AuthorityRole::IdentityProvider, false);
    let weak = Accreditation {
        key: PublicKey([0; 32]),
        ..good()
    };
    let unsorted = Accreditation {
        methods: vec!["b".to_owned(), "a".to_owned()],
        ..good()
    };
    let nameless = Accreditation {
        name: String::new(),
        ..good()
    };
    let personal = Accreditation {
        name: "IIN 850101300123".to_owned(),
        ..good()
    };
    let methods = Accreditation {
        role: AuthorityRole::Registrar,
        ..good()
    };
    for (body, code) in [
        (weak, "party.key_inadmissible"),
        (unsorted, "record.field_invalid"),
        (nameless, "record.field_invalid"),
        (personal, "record.personal_data"),
        (methods, "record.field_invalid"),
    ] {
        let record = accredits(&mut world, SUPERVISOR, "Chamber", body);
        world.turn_away(&record, &[code]);
    }
    let stolen = Accreditation {
        key: PublicKey::of(&key_of("Aida")),
        ..good()
    };
    let record = accredits(&mut world, SUPERVISOR, "Chamber", stolen);
    world.refuse(&record, &["party.key_inadmissible"]);
    let record = accredits(&mut world, SUPERVISOR, "Aida", good());
    world.refuse(&record, &["party.other_provider"]);
    let itself = accreditation(SUPERVISOR, AuthorityRole::Supervisor, true);
    let record = accredits(&mut world, SUPERVISOR, SUPERVISOR, itself);
    world.refuse(&record, &["authority.suspended"]);
}

#[test]
fn a_supervisor_takes_a_new_key_and_no_other_office() {
    let mut world = World::new();
    for role in [AuthorityRole::Registrar, AuthorityRole::Court] {
        let other = accreditation(SUPERVISOR, role, false);
        let record = accredits(&mut world, SUPERVISOR, SUPERVISOR, other);
        world.refuse(&record, &["authority.suspended"]);
    }
    let anew = Accreditation {
        key: PublicKey::of(&key_of("a new key")),
        ..accreditation(SUPERVISOR, AuthorityRole::Supervisor, false)
    };
    let record = accredits(&mut world, SUPERVISOR, SUPERVISOR, anew);
    world.accept(&record);
    let chamber = || accreditation("Chamber", AuthorityRole::IdentityProvider, false);
    let record = accredits(&mut world, SUPERVISOR, "Chamber", chamber());
    world.turn_away(&record, &["party.key_mismatch"]);
    world
        .keys
        .insert(SUPERVISOR.to_owned(), key_of("a new key"));
    let record = accredits(&mut world, SUPERVISOR, "Chamber", chamber());
    world.accept(&record);
}

#[test]
fn only_an_identity_provider_enrols_and_every_key_is_of_one_party() {
    let mut world = World::new();
    world.enrol(&["Aida"]);
    let tablet = key_of("Aida's tablet");
    for stranger in [REGISTRAR, CIVIL] {
        let record = world.enrolment_with(stranger, "Bolat", &key_of("Bolat"));
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let record = world.enrolment_with("Nobody", "Bolat", &key_of("Bolat"));
    world.turn_away(&record, &["authority.not_accredited"]);
    let record = world.enrolment_with(PROVIDER, "Bolat", &key_of("Aida"));
    world.refuse(&record, &["party.key_inadmissible"]);
    let record = world.enrolment_with(PROVIDER, "Bolat", &key_of(REGISTRAR));
    world.refuse(&record, &["party.key_inadmissible"]);
    let record = world.enrolment_with(RIVAL, "Aida", &tablet);
    world.refuse(&record, &["party.other_provider"]);
    let record = world.enrolment_with(PROVIDER, REGISTRAR, &tablet);
    world.refuse(&record, &["party.other_provider"]);
    let record = world.enrolment_with(PROVIDER, "Aida", &tablet);
    world.accept(&record);
    let again = world.enrolment_with(PROVIDER, "Aida", &tablet);
    world.accept(&again);
    let party = deedbook_registry::state::party(&world.state, &id("Aida"))
        .unwrap()
        .unwrap();
    assert_eq!(
        party.keys,
        [key_of("Aida"), tablet].map(|key| PublicKey::of(&key))
    );
}

#[test]
fn a_key_must_be_shown_to_be_the_partys_own_on_this_ledger() {
    let mut world = World::new();
    let good = world.enrolment("Aida");
    let record = deedbook_schemas::record::Record::decode(&good).unwrap();
    let Body::Enrolment(body) = record.body else {
        panic!("an enrolment")
    };
    let mut spoil = |change: fn(&mut deedbook_schemas::party::Enrolment), code: &str| {
        let mut body = body.clone();
        change(&mut body);
        let record = world.plain(PROVIDER, &id("Aida").to_string(), Body::Enrolment(body));
        world.turn_away(&record, &[code]);
    };
    spoil(
        |b| b.possession = Signature([0; 64]),
        "record.signature_invalid",
    );
    spoil(
        |b| b.key = PublicKey::of(&key_of("Bolat")),
        "record.signature_invalid",
    );
    spoil(|b| b.key = PublicKey([0; 32]), "party.key_inadmissible");
    spoil(|b| b.key = PublicKey([0xff; 32]), "party.key_inadmissible");
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(PublicKey(identity).admit().is_err());
    let elsewhere = PartyId([1; 16]);
    let record = world.plain(
        PROVIDER,
        &elsewhere.to_string(),
        Body::Enrolment(body.clone()),
    );
    world.turn_away(&record, &["record.signature_invalid"]);
    let record = world.plain(PROVIDER, "Aida", Body::Enrolment(body));
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn only_the_registrar_registers_and_only_the_civil_registry_knows_status() {
    let mut world = World::of_singles(&["Aida"]);
    let fact = CivilStatus::Death { at: world.now() };
    for stranger in [REGISTRAR, SUPERVISOR, PROVIDER] {
        let subject = id("Aida").to_string();
        let record = world.plain(stranger, &subject, Body::CivilStatus(fact.clone()));
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let by_person = world.plain("Aida", &id("Aida").to_string(), Body::CivilStatus(fact));
    world.turn_away(&by_person, &["authority.not_accredited"]);
    let good = world.registration(FLAT, &[("Aida", "1/1", Ground::Purchase)]);
    let body = deedbook_schemas::record::Record::decode(&good)
        .unwrap()
        .body;
    let record = world.plain(CIVIL, FLAT, body.clone());
    world.turn_away(&record, &["authority.not_accredited"]);
    let mut forged = world.draft(REGISTRAR, FLAT, body);
    forged.nonce.0[0] = 1;
    let record = forged.sign(&key_of("Aida"), None);
    world.turn_away(&record, &["party.key_mismatch"]);
}
