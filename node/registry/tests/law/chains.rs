//! Rules 12, 16, 17 and 19 where a power was passed on: what ends it, and what it does not carry.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, Ending, Status};
use deedbook_schemas::rejection::Code;

use crate::powers::FLAT;
use crate::sub_powers::{PEOPLE, world};
use crate::world::{BEFORE, DAY, NOTARY, World};

type End = (
    &'static str,
    fn(&mut World, &RecordId),
    &'static [&'static str],
);

/// How a parent ends, and what an act under its part is refused for then.
const ENDS: &[End] = &[
    (
        "revoked",
        |world, parent| {
            let record = world.revokes("Aida", parent);
            world.accept(&record);
        },
        &["poa.parent_ended"],
    ),
    (
        "renounced",
        |world, parent| {
            let record = world.ends("Zarina", parent, Ending::Renunciation);
            world.accept(&record);
        },
        &["poa.parent_ended"],
    ),
    (
        "the agent who passed it on died",
        |world, _| world.dies("Zarina"),
        &["poa.parent_ended"],
    ),
    (
        "the agent who passed it on became incapable",
        |world, _| world.becomes_incapable("Zarina"),
        &["poa.parent_ended"],
    ),
    (
        "the principal died",
        |world, _| world.dies("Aida"),
        &["poa.parent_ended", "poa.ended_by_death"],
    ),
];

#[test]
fn a_sub_power_ends_with_every_power_it_is_part_of() {
    for (what, end, codes) in ENDS {
        println!("{what}");
        let mut world = world();
        let root = world.root_power(2);
        let part = world.passes_certified("Zarina", "Daniyar", root, 1);
        let last = world.passes_certified("Daniyar", "Erlan", part, 0);
        let deed = world.sale_of_the_flat();
        assert_eq!(
            (world.why_not(&part), world.why_not(&last)),
            (vec![], vec![])
        );
        end(&mut world, &root);
        for (agent, power) in [("Daniyar", part), ("Erlan", last)] {
            let act = world.act_under(agent, &deed, ActRole::Disponor, power);
            world.refuse(&act, codes);
        }
        // Nothing is passed on of it either.
        let body = world.sub_power_body(part);
        let record = world.power("Daniyar", "Clara", body);
        world.refuse(&record, &["poa.parent_ended"]);
    }
}

#[test]
fn a_revoked_parent_does_not_revive_its_parts_by_a_new_power() {
    let mut world = world();
    let root = world.root_power(1);
    let part = world.passes_certified("Zarina", "Daniyar", root, 0);
    let record = world.revokes("Aida", &root);
    world.accept(&record);
    world.root_power(1);
    world.pass(DAY);
    assert_eq!(world.why_not(&part), [Code::PowerParent]);
    let deed = world.sale_of_the_flat();
    let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
    world.refuse(&act, &["poa.parent_ended"]);
}

#[test]
fn an_act_under_a_sub_power_stops_counting_when_the_parent_ends() {
    for revoked_first in [false, true] {
        let mut world = world();
        let root = world.root_power(1);
        let part = world.passes_certified("Zarina", "Daniyar", root, 0);
        let deed = world.sale_of_the_flat();
        let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
        world.accept(&act);
        // Two records of one block, each lawful alone: the order decides.
        let mut records = vec![world.buys("Bolat", &deed), world.revokes("Aida", &root)];
        if revoked_first {
            records.reverse();
        }
        world.block(&records);
        let registered = world.instrument(&deed).status == Status::Registered;
        assert_eq!(registered, !revoked_first);
        if revoked_first {
            assert_eq!(world.open(&deed), ["act.disponor"]);
        }
    }
}

#[test]
fn an_expired_parent_takes_its_parts_with_it() {
    let mut world = world();
    let mut body = world.root_power_body(1);
    body.expires = Some(Seconds(world.now().0 + 100));
    let root = world.gives_power("Aida", "Zarina", body);
    let part = world.passes_certified("Zarina", "Daniyar", root, 0);
    world.pass(100);
    assert_eq!(
        world.why_not(&part),
        [Code::PowerExpired, Code::PowerParent]
    );
    let body = world.sub_power_body(root);
    let record = world.power("Zarina", "Daniyar", body);
    world.refuse(&record, &["poa.dates", "poa.parent_ended"]);
}

#[test]
fn an_uncertified_power_is_not_passed_on() {
    let mut world = world();
    let root = world.root_power(2);
    let part = world.passes_power("Zarina", "Daniyar", root, 1);
    let body = world.sub_power_body(part);
    let record = world.power("Daniyar", "Erlan", body);
    world.refuse(&record, &["poa.parent_ended"]);
}

#[test]
fn a_sub_power_is_revoked_by_the_principal_or_its_giver_and_renounced_by_its_agent() {
    let mut world = world();
    let root = world.root_power(2);
    let part = world.passes_certified("Zarina", "Daniyar", root, 1);
    let last = world.passes_certified("Daniyar", "Erlan", part, 0);
    for stranger in ["Erlan", "Zarina", "Bolat"] {
        let record = world.revokes(stranger, &last);
        world.refuse(&record, &["revocation.not_entitled"]);
    }
    for stranger in ["Aida", "Zarina", "Daniyar"] {
        let record = world.ends(stranger, &last, Ending::Renunciation);
        world.refuse(&record, &["revocation.not_entitled"]);
    }
    for (signer, ending, code) in [
        ("Aida", Ending::Revocation, Code::PowerRevoked),
        ("Zarina", Ending::Revocation, Code::PowerRevoked),
        ("Daniyar", Ending::Renunciation, Code::PowerRenounced),
    ] {
        let power = world.passes_certified("Zarina", "Daniyar", root, 0);
        let record = world.ends(signer, &power, ending);
        world.accept(&record);
        assert_eq!(world.why_not(&power), [code]);
    }
    assert_eq!(world.why_not(&last), []);
}

#[test]
fn a_notary_certifies_no_power_that_has_ended() {
    let mut world = world();
    let root = world.root_power(1);
    let part = world.passes_power("Zarina", "Daniyar", root, 0);
    let other = world.passes_power("Zarina", "Erlan", root, 0);
    let record = world.revokes("Zarina", &part);
    world.accept(&record);
    let record = world.certifies(NOTARY, &part);
    world.refuse(&record, &["poa.revoked"]);
    let record = world.revokes("Aida", &root);
    world.accept(&record);
    let record = world.certifies(NOTARY, &other);
    world.refuse(&record, &["poa.parent_ended"]);
}

#[test]
fn nobody_buys_through_somebody_to_whom_they_passed_the_power_on() {
    // The agent who passed it on buys.
    let mut world = world();
    let root = world.root_power(1);
    let part = world.passes_certified("Zarina", "Daniyar", root, 0);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Zarina", "1/1")]);
    let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
    world.refuse(&act, &["poa.self_dealing"]);
    // Their spouse buys.
    world.marry("Zarina", "Clara", world.now());
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
    world.refuse(&act, &["poa.self_dealing"]);
    // They act for the buyer.
    let to_buy = world.empower("Bolat", "Zarina", &[ActKind::Acquire]);
    let deed = world.sale_of_the_flat();
    let act = world.act_under("Zarina", &deed, ActRole::Acquirer, to_buy);
    world.accept(&act);
    let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
    world.refuse(&act, &["poa.self_dealing"]);
    // The other way round: they act for the buyer when their substitute has sold.
    let deed = world.sale_of_the_flat();
    let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
    world.accept(&act);
    let act = world.act_under("Zarina", &deed, ActRole::Acquirer, to_buy);
    world.refuse(&act, &["poa.self_dealing"]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn a_spouse_consents_through_a_substitute_but_not_through_one_of_the_disponor() {
    let mut world = World::new();
    world.enrol(PEOPLE);
    world.marry("Aida", "Erlan", BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let grant = |world: &mut World, agent: &str| {
        let mut body = world.power_body(&[ActKind::Consent]);
        body.scope.substitutions = Some(1);
        let power = world.gives_power("Erlan", agent, body);
        let mut body = world.power_body(&[ActKind::Consent]);
        body.parent = Some(power);
        let part = world.gives_power(agent, "Daniyar", body);
        let record = world.certifies(NOTARY, &part);
        world.accept(&record);
        part
    };
    for (agent, lawful) in [("Aida", false), ("Zarina", true)] {
        let part = grant(&mut world, agent);
        let mut body = world.consent_body("Aida");
        body.power = Some(part);
        let record = world.consent("Daniyar", FLAT, body);
        if lawful {
            world.accept(&record);
        } else {
            world.refuse(&record, &["consent.by_disponor"]);
        }
    }
}
