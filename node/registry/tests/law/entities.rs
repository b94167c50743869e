//! Rule 23: an entity is active, and its officers are in office and suffice together.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{Act, ActKind, ActRole, PowerOfAttorney, Status};
use deedbook_schemas::record::Body;

use crate::persons::{FLAT, PEOPLE, Signing, firm, officer};
use crate::world::{BUSINESS, World, id, record_id};

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

        let (mut world, deed) = corporate(2);
        leaves(&mut world);
        returns(&mut world);
        for name in ["Aida", "Bolat"] {
            assert_eq!(world.open(&deed), ["act.disponor"]);
            let act = officer(&mut world, name, &deed);
            world.accept(&act);
        }
        assert!(
            world.is_registered(&deed),
            "what Aida signed after the return still counts later"
        );
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
