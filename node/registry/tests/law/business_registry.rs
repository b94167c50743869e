//! Rule 23: what the business registry may record about an entity.

use deedbook_schemas::party::{AuthorityRole, LegalEntity, PartyId};
use deedbook_schemas::record::Body;

use crate::persons::{PEOPLE, firm, no_more};
use crate::world::{BUSINESS, COURT, REGISTRAR, SUPERVISOR, World, accreditation, id, key_of};

type Spoil = (&'static str, fn(&mut LegalEntity), &'static [&'static str]);

const MALFORMED_ENTITIES: &[Spoil] = &[
    ("no name", |e| e.name.clear(), &["record.field_invalid"]),
    (
        "a long name",
        |e| e.name = "x".repeat(513),
        &["record.field_invalid"],
    ),
    (
        "a person's number in the name",
        |e| e.name = "IE 850101300123".to_owned(),
        &["record.personal_data"],
    ),
    (
        "nobody signs",
        |e| e.officers.clear(),
        &["record.field_invalid"],
    ),
    (
        "unsorted",
        |e| e.officers.reverse(),
        &["record.field_invalid"],
    ),
    (
        "an officer twice",
        |e| {
            let first = e.officers[0];
            e.officers.insert(0, first);
        },
        &["record.field_invalid"],
    ),
    (
        "33 officers",
        |e| {
            e.officers = (0..33u8).map(|n| PartyId([n; 16])).collect();
        },
        &["record.field_invalid"],
    ),
    (
        "no signature",
        |e| e.signatures = 0,
        &["record.field_invalid"],
    ),
    (
        "more signatures than officers",
        |e| e.signatures = 4,
        &["record.field_invalid"],
    ),
    (
        "dissolved, with officers",
        |e| e.dissolved = true,
        &["record.field_invalid"],
    ),
    (
        "dissolved, without a signature",
        |e| {
            *e = LegalEntity {
                signatures: 0,
                ..no_more()
            }
        },
        &["record.field_invalid"],
    ),
];

#[test]
fn a_malformed_entity_is_turned_away() {
    let mut world = World::of_singles(&PEOPLE);
    for (what, spoil, codes) in MALFORMED_ENTITIES {
        println!("{what}");
        let mut body = firm(&["Aida", "Bolat", "Clara"], 2);
        spoil(&mut body);
        let record = world.entity_by(BUSINESS, "Firm", body);
        world.turn_away(&record, codes);
    }
    let record = world.entity_by(REGISTRAR, "Firm", firm(&["Aida"], 1));
    world.turn_away(&record, &["authority.not_accredited"]);
    let record = world.entity_by("Aida", "Firm", firm(&["Aida"], 1));
    world.turn_away(&record, &["authority.not_accredited"]);
    let body = Body::LegalEntity(firm(&["Aida"], 1));
    let record = world.plain(BUSINESS, "Kurylys", body);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn an_entity_that_does_not_fit_the_register_is_refused() {
    let mut world = World::of_singles(&PEOPLE);
    world.entity("Firm", &["Aida"], 1);
    world.joins("Family", &["Aida", "Bolat"]);
    world.dies("Erlan");
    world.becomes_incapable("Zarina");
    for taken in ["Aida", COURT, "Family", BUSINESS] {
        let record = world.entity_by(BUSINESS, taken, firm(&["Bolat"], 1));
        world.refuse(&record, &["party.other_provider"]);
    }
    for unfit in ["Nobody", "Firm", "Family", "Erlan", "Zarina", COURT] {
        let record = world.entity_by(BUSINESS, "New", firm(&["Bolat", unfit], 1));
        world.refuse(&record, &["entity.invalid"]);
    }
    // Another registry's.
    let other = accreditation("other registry", AuthorityRole::BusinessRegistry, false);
    let body = Body::Accreditation(other);
    let record = world.plain(SUPERVISOR, &id("other registry").to_string(), body);
    world.accept(&record);
    let record = world.entity_by("other registry", "Firm", firm(&["Bolat"], 1));
    world.refuse(&record, &["party.other_provider"]);
    // What is dissolved stays so.
    world.dissolves("Firm");
    let record = world.entity_by(BUSINESS, "Firm", firm(&["Aida"], 1));
    world.refuse(&record, &["entity.invalid"]);
    let record = world.entity_by(BUSINESS, "Firm", no_more());
    world.refuse(&record, &["entity.invalid"]);
    // An entity's id is no person's and no authority's.
    let record = world.enrolment("Firm");
    world.refuse(&record, &["party.other_provider"]);
}

#[test]
fn a_registry_that_becomes_a_provider_gives_no_key_to_its_entities() {
    let mut world = World::of_singles(&["Aida"]);
    world.entity("Firm", &["Aida"], 1);
    let provider = accreditation(BUSINESS, AuthorityRole::IdentityProvider, false);
    let subject = id(BUSINESS).to_string();
    let record = world.plain(SUPERVISOR, &subject, Body::Accreditation(provider));
    world.accept(&record);
    let record = world.enrolment_with(BUSINESS, "Firm", &key_of("Firm"));
    world.refuse(&record, &["party.other_provider"]);
}
