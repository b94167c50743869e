//! Rules 4, 17, 23: groups whose members all sign, what an incapacity ends for good, legal entities and
//! their officers.

use deedbook_registry::{power_in_force, state};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Act, ActKind, ActRole, PowerOfAttorney, Status};
use deedbook_schemas::party::{
    AuthorityRole, CivilStatus, GroupParty, LegalEntity, PartyId, PartyMember,
};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;
use deedbook_schemas::rejection::Code;

use crate::world::{
    BEFORE, BUSINESS, CIVIL, COURT, PROVIDER, REGISTRAR, SINCE, SUPERVISOR, World, accreditation,
    id, key_of, record_id,
};

const FLAT: &str = "20-313-024-118";
const PEOPLE: [&str; 6] = ["Aida", "Bolat", "Clara", "Dana", "Erlan", "Zarina"];

fn sorted(names: &[&str]) -> Vec<PartyId> {
    let mut ids: Vec<PartyId> = names.iter().map(|name| id(name)).collect();
    ids.sort();
    ids
}

fn firm(officers: &[&str], signatures: u8) -> LegalEntity {
    LegalEntity {
        name: "Kurylys LLP".to_owned(),
        officers: sorted(officers),
        signatures,
        dissolved: false,
    }
}

fn no_more() -> LegalEntity {
    LegalEntity {
        dissolved: true,
        ..firm(&[], 1)
    }
}

fn group(members: &[(&str, Option<&str>)]) -> GroupParty {
    let mut members: Vec<PartyMember> = members
        .iter()
        .map(|(name, share)| PartyMember {
            party: id(name),
            share: share.map(|share| share.parse().unwrap()),
        })
        .collect();
    members.sort_by_key(|member| member.party);
    GroupParty { members }
}

fn joint(names: &[&str]) -> GroupParty {
    let members: Vec<_> = names.iter().map(|name| (*name, None)).collect();
    group(&members)
}

impl World {
    fn entity_by(&mut self, registry: &str, name: &str, body: LegalEntity) -> Vec<u8> {
        self.plain(registry, &id(name).to_string(), Body::LegalEntity(body))
    }

    pub(crate) fn entity(&mut self, name: &str, officers: &[&str], signatures: u8) {
        let record = self.entity_by(BUSINESS, name, firm(officers, signatures));
        self.accept(&record);
    }

    fn dissolves(&mut self, name: &str) {
        let record = self.entity_by(BUSINESS, name, no_more());
        self.accept(&record);
    }

    fn group_of(&mut self, name: &str, body: GroupParty) -> Vec<u8> {
        self.plain(REGISTRAR, &id(name).to_string(), Body::GroupParty(body))
    }

    fn joins(&mut self, name: &str, members: &[&str]) {
        let record = self.group_of(name, joint(members));
        self.accept(&record);
    }

    /// The act of an officer or a guardian.
    pub(crate) fn act_for(
        &mut self,
        signer: &str,
        instrument: &RecordId,
        role: ActRole,
        represented: &str,
    ) -> Vec<u8> {
        let body = Body::Act(Act {
            role,
            power: None,
            represents: Some(id(represented)),
        });
        self.attested(signer, &instrument.to_string(), body)
    }

    pub(crate) fn fact(&mut self, name: &str, fact: CivilStatus) {
        let record = self.status(&id(name).to_string(), fact);
        self.accept(&record);
    }

    pub(crate) fn is_capable_again(&mut self, name: &str) {
        let from = self.now();
        self.fact(name, CivilStatus::Capacity { from });
    }

    fn second_key(&mut self, name: &str) {
        let key = key_of(&format!("{name}'s tablet"));
        let record = self.enrolment_with(PROVIDER, name, &key);
        self.accept(&record);
        self.keys.insert(name.to_owned(), key);
    }

    fn is_registered(&self, deed: &RecordId) -> bool {
        self.instrument(deed).status == Status::Registered
    }
}

/// Firm holds the flat; Aida, Bolat and Clara are its officers, of whom two sign; Dana would buy.
fn corporate(signatures: u8) -> (World, RecordId) {
    let mut world = World::of_singles(&PEOPLE);
    world.entity("Firm", &["Aida", "Bolat", "Clara"], signatures);
    world.property(FLAT, &[("Firm", "1/1")]);
    let body = world.sale_body(FLAT, &[("Firm", "1/1")], &[("Dana", "1/1")]);
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    let act = world.buys("Dana", &deed);
    world.accept(&act);
    (world, deed)
}

fn officer(world: &mut World, name: &str, deed: &RecordId) -> Vec<u8> {
    world.act_for(name, deed, ActRole::Disponor, "Firm")
}

#[test]
fn an_entity_sells_and_buys_by_as_many_officers_as_it_takes() {
    let (mut world, deed) = corporate(2);
    let act = officer(&mut world, "Aida", &deed);
    world.accept(&act);
    assert_eq!(world.title(FLAT).slot, Some(deed));
    assert_eq!(world.open(&deed), ["act.disponor"]);
    let act = officer(&mut world, "Clara", &deed);
    world.accept(&act);
    assert!(world.is_registered(&deed));
    // It buys it back.
    let deed = world.lodge_sale(FLAT, &[("Dana", "1/1")], &[("Firm", "1/1")]);
    let act = world.sells("Dana", &deed);
    world.accept(&act);
    for (name, registered) in [("Bolat", false), ("Aida", true)] {
        let act = world.act_for(name, &deed, ActRole::Acquirer, "Firm");
        world.accept(&act);
        assert_eq!(world.is_registered(&deed), registered);
    }
    assert!(world.title(FLAT).share_of(&id("Firm")).is_some());
}

/// What an officer, or who is none, tries after Aida has signed for the firm; two sign.
type Signing = (
    &'static str,
    fn(&mut World, &RecordId) -> Vec<u8>,
    &'static [&'static str],
);

const SIGNINGS: &[Signing] = &[
    (
        "the same officer again",
        |w, deed| officer(w, "Aida", deed),
        &["act.already_done"],
    ),
    (
        "the same officer under a second key",
        |w, deed| {
            w.second_key("Aida");
            officer(w, "Aida", deed)
        },
        &["act.already_done"],
    ),
    (
        "who is no officer",
        |w, deed| officer(w, "Erlan", deed),
        &["entity.not_officer"],
    ),
    (
        "an officer for themselves",
        |w, deed| w.sells("Bolat", deed),
        &["act.not_a_party"],
    ),
    (
        "an officer of another entity",
        |w, deed| {
            w.entity("Other", &["Erlan"], 1);
            w.act_for("Erlan", deed, ActRole::Disponor, "Other")
        },
        &["act.not_a_party"],
    ),
    (
        "an officer who has left",
        |w, deed| {
            w.entity("Firm", &["Aida", "Clara"], 2);
            officer(w, "Bolat", deed)
        },
        &["entity.not_officer"],
    ),
    (
        "an officer who has died",
        |w, deed| {
            w.dies("Bolat");
            officer(w, "Bolat", deed)
        },
        &["party.dead"],
    ),
    (
        "an officer who has become incapable",
        |w, deed| {
            w.becomes_incapable("Bolat");
            officer(w, "Bolat", deed)
        },
        &["party.incapable"],
    ),
    (
        "the firm is dissolved",
        |w, deed| {
            w.dissolves("Firm");
            officer(w, "Bolat", deed)
        },
        &["entity.inactive", "entity.not_officer"],
    ),
    (
        "an officer for a person",
        |w, deed| w.act_for("Bolat", deed, ActRole::Disponor, "Dana"),
        &["guardian.not_guardian", "act.not_a_party"],
    ),
    (
        "for nobody who exists",
        |w, deed| w.act_for("Bolat", deed, ActRole::Disponor, "Phantom"),
        &["entity.not_officer", "act.not_a_party"],
    ),
];

#[test]
fn who_does_not_bind_the_entity_is_refused() {
    for (what, attempt, codes) in SIGNINGS {
        println!("{what}");
        let (mut world, deed) = corporate(2);
        let act = officer(&mut world, "Aida", &deed);
        world.accept(&act);
        let act = attempt(&mut world, &deed);
        world.refuse(&act, codes);
        assert_eq!(world.instrument(&deed).status, Status::Pending);
    }
    // Two of three have signed on a deed that waits for its buyer: a third signature adds nothing.
    let (mut world, _) = corporate(2);
    let body = world.sale_body(FLAT, &[("Firm", "1/1")], &[("Erlan", "1/1")]);
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    for name in ["Aida", "Bolat"] {
        let act = officer(&mut world, name, &deed);
        world.accept(&act);
    }
    let act = officer(&mut world, "Clara", &deed);
    world.refuse(&act, &["act.already_done"]);
    let both = Body::Act(Act {
        role: ActRole::Disponor,
        power: Some(RecordId([1; 32])),
        represents: Some(id("Firm")),
    });
    let act = world.attested("Clara", &deed.to_string(), both);
    world.turn_away(&act, &["record.field_invalid"]);
}

/// What the registries say after Aida has signed for the firm, and what the deed then needs.
type Change = (&'static str, fn(&mut World), &'static [&'static str]);

const CHANGES: &[Change] = &[
    ("nothing", |_| {}, &["act.disponor"]),
    (
        "Bolat leaves; Aida's signature stands",
        |w| w.entity("Firm", &["Aida", "Clara"], 2),
        &["act.disponor"],
    ),
    (
        "the firm is dissolved",
        |w| w.dissolves("Firm"),
        &["entity.inactive"],
    ),
];

#[test]
fn what_the_registry_says_in_between_decides() {
    for (what, change, open) in CHANGES {
        println!("{what}");
        let (mut world, deed) = corporate(2);
        let act = officer(&mut world, "Aida", &deed);
        world.accept(&act);
        change(&mut world);
        assert_eq!(world.open(&deed), *open);
    }
    // Dissolved between signing and registration.
    let mut world = World::of_singles(&PEOPLE);
    world.entity("Firm", &["Aida"], 1);
    world.property(FLAT, &[("Firm", "1/1")]);
    let body = world.sale_body(FLAT, &[("Firm", "1/1")], &[("Dana", "1/1")]);
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    let act = officer(&mut world, "Aida", &deed);
    world.accept(&act);
    world.dissolves("Firm");
    let act = world.buys("Dana", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["entity.inactive"]);
    let body = world.sale_body(FLAT, &[("Firm", "1/1")], &[("Dana", "1/1")]);
    let record = world.transfer("Dana", FLAT, body);
    world.refuse(&record, &["entity.inactive"]);
    world.property("flat-2", &[("Erlan", "1/1")]);
    let record = world.sale("flat-2", &[("Erlan", "1/1")], &[("Firm", "1/1")]);
    world.refuse(&record, &["transfer.acquirer_unknown"]);
}

#[test]
fn an_officer_who_leaves_and_returns_signs_again() {
    type Away = (fn(&mut World), fn(&mut World));
    let ways: [Away; 2] = [
        (
            |w| w.entity("Firm", &["Bolat", "Clara"], 2),
            |w| w.entity("Firm", &["Aida", "Bolat", "Clara"], 2),
        ),
        (
            |w| w.becomes_incapable("Aida"),
            |w| w.is_capable_again("Aida"),
        ),
    ];
    for (leaves, returns) in ways {
        let (mut world, deed) = corporate(2);
        let act = officer(&mut world, "Aida", &deed);
        world.accept(&act);
        leaves(&mut world);
        returns(&mut world);
        let act = officer(&mut world, "Bolat", &deed);
        world.accept(&act);
        assert_eq!(
            world.open(&deed),
            ["act.disponor"],
            "Aida's signature is no more"
        );
        let act = officer(&mut world, "Aida", &deed);
        world.accept(&act);
        assert!(world.is_registered(&deed));
    }
}

#[test]
fn a_rule_that_asks_for_fewer_signatures_completes_what_waits() {
    let (mut world, deed) = corporate(3);
    for name in ["Aida", "Bolat"] {
        let act = officer(&mut world, name, &deed);
        world.accept(&act);
    }
    let record = world.entity_by(BUSINESS, "Firm", firm(&["Aida", "Bolat", "Clara"], 2));
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (deed, Status::Registered)
    );
    // One that asks for more is no obstacle for what is registered, and one for what is not.
    let (mut world, deed) = corporate(2);
    let act = officer(&mut world, "Aida", &deed);
    world.accept(&act);
    world.entity("Firm", &["Aida", "Bolat", "Clara"], 3);
    let act = officer(&mut world, "Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["act.disponor"]);
}

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

fn for_firm(world: &World) -> PowerOfAttorney {
    PowerOfAttorney {
        represents: Some(id("Firm")),
        ..world.power_body(&[ActKind::Sell])
    }
}

#[test]
fn an_entity_s_agent_sells_and_any_officer_revokes() {
    let (mut world, deed) = corporate(1);
    let body = for_firm(&world);
    let record = world.power("Aida", "Zarina", body);
    world.accept(&record);
    let power = record_id(&record);
    // The officer who gave it leaves: it is the entity's.
    world.entity("Firm", &["Bolat", "Clara"], 2);
    let record = world.revokes("Aida", &power);
    world.refuse(&record, &["revocation.not_entitled"]);
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
    world.accept(&act);
    assert!(world.is_registered(&deed));
    let record = world.revokes("Clara", &power);
    world.accept(&record);
    // Dissolved, it has no agents.
    let (mut world, deed) = corporate(1);
    let body = for_firm(&world);
    let record = world.power("Aida", "Zarina", body);
    world.accept(&record);
    world.dissolves("Firm");
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, record_id(&record));
    world.refuse(&act, &["poa.ended_by_death"]);
    let record = world.revokes("Aida", &record_id(&record));
    world.refuse(&record, &["revocation.not_entitled"]);
}

#[test]
fn an_entity_s_power_that_it_cannot_give_is_refused() {
    let (mut world, _) = corporate(2);
    let body = for_firm(&world);
    let record = world.power("Aida", "Zarina", body);
    world.refuse(&record, &["entity.signatures_insufficient"]);
    let (mut world, deed) = corporate(1);
    let body = for_firm(&world);
    let record = world.power("Erlan", "Zarina", body.clone());
    world.refuse(&record, &["entity.not_officer"]);
    // An officer is not made their own agent, to outlast their office.
    let record = world.power("Aida", "Aida", body.clone());
    world.refuse(&record, &["poa.agent_is_principal"]);
    let record = world.power("Aida", "Firm", body.clone());
    world.refuse(&record, &["poa.agent_is_principal", "poa.agent_unknown"]);
    // An agent is a person.
    world.joins("Family", &["Erlan", "Dana"]);
    let record = world.power("Erlan", "Family", world.power_body(&[ActKind::Sell]));
    world.refuse(&record, &["poa.agent_unknown"]);
    let group = PowerOfAttorney {
        represents: Some(id("Family")),
        ..body.clone()
    };
    let record = world.power("Erlan", "Zarina", group);
    world.refuse(&record, &["entity.not_officer"]);
    let passed_on = PowerOfAttorney {
        parent: Some(deed),
        ..body
    };
    let record = world.power("Aida", "Zarina", passed_on);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn any_present_officer_withdraws_an_entity_s_instrument() {
    let (mut world, deed) = corporate(2);
    world.entity("Firm", &["Bolat", "Clara"], 2);
    for stranger in ["Erlan", "Dana"] {
        let record = world.withdraws(stranger, &deed);
        world.refuse(&record, &["withdrawal.not_entitled"]);
    }
    let record = world.withdraws("Clara", &deed);
    world.accept(&record);
    assert_eq!(world.instrument(&deed).status, Status::Withdrawn);
    // Aida lodged hers, and left the firm: as its lodger she withdraws it all the same.
    let (mut world, deed) = corporate(2);
    world.entity("Firm", &["Bolat"], 1);
    let record = world.withdraws("Aida", &deed);
    world.accept(&record);
}

#[test]
fn an_agent_of_the_seller_is_no_officer_of_the_buyer() {
    for agent_first in [true, false] {
        let mut world = World::of_singles(&PEOPLE);
        world.entity("Firm", &["Zarina"], 1);
        world.property(FLAT, &[("Aida", "1/1")]);
        let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Firm", "1/1")]);
        let mut acts = [
            world.act_under("Zarina", &deed, ActRole::Disponor, power),
            world.act_for("Zarina", &deed, ActRole::Acquirer, "Firm"),
        ];
        if !agent_first {
            acts.reverse();
        }
        world.accept(&acts[0]);
        world.refuse(&acts[1], &["poa.self_dealing"]);
    }
    // Nor a member of the group that buys.
    let mut world = World::of_singles(&PEOPLE);
    world.joins("Family", &["Zarina", "Bolat"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Family", "1/1")]);
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
    world.refuse(&act, &["poa.self_dealing"]);
}

/// Family of Aida, Bolat and Clara holds the flat; Dana would buy, and has signed.
fn family() -> (World, RecordId) {
    let mut world = World::of_singles(&PEOPLE);
    world.joins("Family", &["Aida", "Bolat", "Clara"]);
    world.property(FLAT, &[("Family", "1/1")]);
    let body = world.sale_body(FLAT, &[("Family", "1/1")], &[("Dana", "1/1")]);
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    let act = world.buys("Dana", &deed);
    world.accept(&act);
    (world, deed)
}

#[test]
fn a_group_disposes_by_all_of_its_members() {
    let (mut world, deed) = family();
    for name in ["Aida", "Clara"] {
        let act = world.sells(name, &deed);
        world.accept(&act);
        assert_eq!(world.open(&deed), ["act.disponor"]);
    }
    let power = world.empower("Bolat", "Zarina", &[ActKind::Sell]);
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, power);
    world.accept(&act);
    assert!(world.is_registered(&deed));
    // And acquires so.
    let deed = world.lodge_sale(FLAT, &[("Dana", "1/1")], &[("Family", "1/1")]);
    let act = world.sells("Dana", &deed);
    world.accept(&act);
    for name in ["Bolat", "Aida", "Clara"] {
        assert_eq!(world.open(&deed), ["act.acquirer"]);
        let act = world.buys(name, &deed);
        world.accept(&act);
    }
    assert!(world.is_registered(&deed));
    assert_eq!(
        world
            .title(FLAT)
            .share_of(&id("Family"))
            .unwrap()
            .to_string(),
        "1/1"
    );
}

/// What somebody tries after Aida, one of three members, has signed; and what the deed then needs.
const MEMBERS: &[Signing] = &[
    (
        "one member twice",
        |w, deed| w.sells("Aida", deed),
        &["act.already_done"],
    ),
    (
        "one member under two keys",
        |w, deed| {
            w.second_key("Aida");
            w.sells("Aida", deed)
        },
        &["act.already_done"],
    ),
    (
        "a member and their agent",
        |w, deed| {
            let power = w.empower("Aida", "Zarina", &[ActKind::Sell]);
            w.act_under("Zarina", deed, ActRole::Disponor, power)
        },
        &["act.already_done"],
    ),
    (
        "who is no member",
        |w, deed| w.sells("Erlan", deed),
        &["act.not_a_party"],
    ),
    (
        "a member for the group",
        |w, deed| w.act_for("Bolat", deed, ActRole::Disponor, "Family"),
        &["entity.not_officer"],
    ),
    (
        "a member in another capacity",
        |w, deed| w.buys("Bolat", deed),
        &["act.not_a_party"],
    ),
    (
        "a dead member",
        |w, deed| {
            w.dies("Bolat");
            w.sells("Bolat", deed)
        },
        &["party.dead"],
    ),
];

#[test]
fn one_of_three_members_is_not_the_group() {
    for (what, attempt, codes) in MEMBERS {
        println!("{what}");
        let (mut world, deed) = family();
        let act = world.sells("Aida", &deed);
        world.accept(&act);
        assert_eq!(world.title(FLAT).slot, Some(deed));
        let act = attempt(&mut world, &deed);
        world.refuse(&act, codes);
        assert_eq!(world.instrument(&deed).status, Status::Pending);
    }
    let (mut world, deed) = family();
    world.dies("Clara");
    assert_eq!(world.open(&deed), ["party.dead"]);
    // A member does not hold what the group holds.
    let record = world.sale(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")]);
    world.refuse(&record, &["title.not_holder"]);
    let record = world.withdraws("Zarina", &deed);
    world.refuse(&record, &["withdrawal.not_entitled"]);
    let record = world.withdraws("Bolat", &deed);
    world.accept(&record);
}

#[test]
fn groups_within_groups_and_entities_within_them_all_sign() {
    let mut world = World::of_singles(&PEOPLE);
    world.entity("Firm", &["Dana", "Erlan"], 2);
    world.joins("Inner", &["Aida", "Firm"]);
    world.joins("Middle", &["Inner", "Bolat"]);
    let shares = [("Middle", Some("2/3")), ("Clara", Some("1/3"))];
    let record = world.group_of("Outer", group(&shares));
    world.accept(&record);
    world.property(FLAT, &[("Outer", "1/2"), ("Aida", "1/2")]);
    let sides = [("Outer", "1/2"), ("Aida", "1/2")];
    let body = world.sale_body(FLAT, &sides, &[("Zarina", "1/1")]);
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    let acts = [
        world.buys("Zarina", &deed),
        world.sells("Aida", &deed),
        world.sells("Bolat", &deed),
        world.act_for("Dana", &deed, ActRole::Disponor, "Firm"),
        world.sells("Clara", &deed),
    ];
    for act in acts {
        world.accept(&act);
    }
    assert_eq!(world.open(&deed), ["act.disponor"], "Erlan is missing");
    let act = world.act_for("Erlan", &deed, ActRole::Disponor, "Firm");
    world.accept(&act);
    assert!(world.is_registered(&deed));
}

#[test]
fn what_a_group_bought_is_no_spouse_s() {
    let mut world = World::new();
    world.enrol(&["Aida", "Arman", "Bolat", "Dana"]);
    world.unmarried(&["Dana"], BEFORE);
    world.marry("Aida", "Arman", BEFORE);
    world.joins("Family", &["Aida", "Bolat"]);
    let record = world.registration(FLAT, &[("Family", "1/1", Ground::Purchase)]);
    world.accept(&record);
    let body = world.sale_body(FLAT, &[("Family", "1/1")], &[("Dana", "1/1")]);
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    for act in [
        world.sells("Aida", &deed),
        world.sells("Bolat", &deed),
        world.buys("Dana", &deed),
    ] {
        world.accept(&act);
    }
    assert!(
        world.is_registered(&deed),
        "{:?}",
        world.requirements(&deed)
    );
}

type Grouping = (
    &'static str,
    &'static [(&'static str, Option<&'static str>)],
    &'static [&'static str],
);

const UNFIT_GROUPS: &[Grouping] = &[
    (
        "a stranger to the ledger",
        &[("Aida", None), ("Nobody", None)],
        &["entity.invalid"],
    ),
    (
        "within itself",
        &[("Aida", None), ("Group", None)],
        &["entity.invalid"],
    ),
    (
        "an authority",
        &[("Aida", None), (COURT, None)],
        &["entity.invalid"],
    ),
    (
        "the dead",
        &[("Aida", None), ("Erlan", None)],
        &["entity.invalid"],
    ),
    (
        "the dissolved",
        &[("Aida", None), ("Gone", None)],
        &["entity.invalid"],
    ),
    (
        "a member twice, through a group within it",
        &[("Aida", None), ("Family", None)],
        &["entity.invalid"],
    ),
    (
        "one group twice",
        &[("Family", None), ("Nest", None)],
        &["entity.invalid"],
    ),
    (
        "some with shares, some without",
        &[("Aida", Some("1/2")), ("Bolat", None)],
        &["entity.invalid", "title.shares_not_one"],
    ),
    (
        "33/100 three times",
        &[
            ("Aida", Some("33/100")),
            ("Bolat", Some("33/100")),
            ("Clara", Some("33/100")),
        ],
        &["title.shares_not_one"],
    ),
    (
        "more than one",
        &[("Aida", Some("2/3")), ("Bolat", Some("1/2"))],
        &["title.shares_not_one"],
    ),
    (
        "overflowing shares",
        &[
            ("Aida", Some("1/9223372036854775807")),
            ("Bolat", Some("1/9223372036854775806")),
        ],
        &["title.shares_not_one"],
    ),
    (
        "groups too deep",
        &[("Nest of nests", None), ("Zarina", None)],
        &["group.too_deep"],
    ),
    (
        "too many through groups",
        &[("Crowd", None), ("Aida", None), ("Bolat", None)],
        &["group.too_deep"],
    ),
];

/// Family: Aida, Bolat. Nest: Family, Clara. Nest of nests: Nest, Dana. Crowd: 31 others.
fn grouped() -> World {
    let mut world = World::of_singles(&PEOPLE);
    world.entity("Gone", &["Aida"], 1);
    world.dissolves("Gone");
    world.joins("Family", &["Aida", "Bolat"]);
    world.joins("Nest", &["Family", "Clara"]);
    world.joins("Nest of nests", &["Nest", "Dana"]);
    world.dies("Erlan");
    let crowd: Vec<String> = (0..31).map(|n| format!("Member {n}")).collect();
    let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
    world.enrol(&crowd);
    world.joins("Crowd", &crowd);
    world
}

#[test]
fn a_group_whose_members_are_unfit_is_refused() {
    for (what, members, codes) in UNFIT_GROUPS {
        println!("{what}");
        let mut world = grouped();
        let record = world.group_of("Group", group(members));
        world.refuse(&record, codes);
    }
    // As many and as deep as allowed.
    let mut world = grouped();
    world.joins("Full", &["Crowd", "Aida"]);
    // Groups never change, and their members come before them: no cycle can ever be closed.
    for taken in ["Family", "Aida", "Gone", COURT] {
        let record = world.group_of(taken, joint(&["Clara", "Nest"]));
        let _ = world.submit(&record).unwrap().refusal.unwrap();
        let record = world.group_of(taken, joint(&["Clara", "Dana"]));
        world.refuse(&record, &["party.other_provider"]);
    }
}

#[test]
fn a_malformed_group_is_turned_away() {
    let mut world = grouped();
    let many: Vec<PartyMember> = (0..33u8)
        .map(|n| PartyMember {
            party: PartyId([n; 16]),
            share: None,
        })
        .collect();
    let mut unsorted = joint(&["Aida", "Bolat"]);
    unsorted.members.reverse();
    let mut twice = joint(&["Aida", "Bolat"]);
    twice.members[1] = twice.members[0].clone();
    for body in [
        joint(&[]),
        joint(&["Aida"]),
        unsorted,
        twice,
        GroupParty { members: many },
    ] {
        let record = world.group_of("Group", body);
        world.turn_away(&record, &["record.field_invalid"]);
    }
    let body = Body::GroupParty(joint(&["Aida", "Bolat"]));
    let record = world.plain(BUSINESS, &id("Group").to_string(), body);
    world.turn_away(&record, &["authority.not_accredited"]);
}

#[test]
fn an_instrument_has_room_for_so_many_signers() {
    let mut world = World::new();
    let people: Vec<String> = (0..32).map(|n| format!("Officer {n}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    world.enrol(&people);
    world.enrol(&["Dana"]);
    let firms: Vec<String> = (0..9).map(|n| format!("Firm {n}")).collect();
    let firms: Vec<&str> = firms.iter().map(String::as_str).collect();
    for firm in &firms {
        world.entity(firm, &people, 32);
    }
    world.joins("Consortium", &firms[..8]);
    world.joins("Smaller", &firms[..7]);
    world.property(FLAT, &[("Dana", "1/1")]);
    let record = world.sale(FLAT, &[("Dana", "1/1")], &[("Consortium", "1/1")]);
    world.refuse(&record, &["group.too_deep"]);
    let record = world.sale(FLAT, &[("Dana", "1/1")], &[("Smaller", "1/1")]);
    world.accept(&record);
    // Rules that ask for more after the lodging leave no more room.
    world.joins("Last", &[firms[7], firms[8]]);
    let record = world.sale(FLAT, &[("Dana", "1/1")], &[("Last", "1/1")]);
    world.accept(&record);
    for firm in &firms[..8] {
        world.entity(firm, &people, 1);
    }
    let record = world.sale(FLAT, &[("Dana", "1/1")], &[("Consortium", "1/1")]);
    world.accept(&record);
    let deed = record_id(&record);
    for firm in &firms[..8] {
        world.entity(firm, &people, 32);
    }
    for firm in &firms[..8] {
        for name in &people {
            let act = world.act_for(name, &deed, ActRole::Acquirer, firm);
            world.accept(&act);
        }
    }
    assert!(!world.open(&deed).contains(&"act.acquirer"));
    let act = world.sells("Dana", &deed);
    world.refuse(&act, &["group.too_deep"]);
}

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
    let until = deedbook_schemas::block::Seconds(world.now().0 + 60);
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
    let until = deedbook_schemas::block::Seconds(world.now().0 + 1000);
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
