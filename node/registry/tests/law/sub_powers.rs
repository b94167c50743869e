//! Rule 16: powers that are passed on, and how far.

use deedbook_registry::{power_in_force, state};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{ActKind, ActRole, Power, PowerOfAttorney, Status};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::rejection::Code;

use crate::calendar::day;
use crate::powers::{FLAT, OTHER};
use crate::world::{DAY, NOTARY, World, id, money, record_id};

pub(crate) const PEOPLE: &[&str] = &["Aida", "Bolat", "Clara", "Daniyar", "Erlan", "Zarina"];

/// Aida holds two flats; Zarina is her agent; Daniyar and Erlan would stand in; Bolat buys.
pub(crate) fn world() -> World {
    let mut world = World::of_singles(PEOPLE);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    world
}

impl World {
    /// A power to sell that may be passed on so many times.
    pub(crate) fn root_power_body(&self, substitutions: u8) -> PowerOfAttorney {
        let mut body = self.power_body(&[ActKind::Sell]);
        body.scope.substitutions = Some(substitutions);
        body
    }

    /// Aida's power to Zarina.
    pub(crate) fn root_power(&mut self, substitutions: u8) -> RecordId {
        let body = self.root_power_body(substitutions);
        self.gives_power("Aida", "Zarina", body)
    }

    pub(crate) fn gives_power(&mut self, from: &str, to: &str, body: PowerOfAttorney) -> RecordId {
        let record = self.power(from, to, body);
        let outcomes = self.accept(&record);
        assert_eq!(outcomes[0].status, Status::Registered);
        record_id(&record)
    }

    pub(crate) fn sub_power_body(&self, parent: RecordId) -> PowerOfAttorney {
        PowerOfAttorney {
            parent: Some(parent),
            ..self.power_body(&[ActKind::Sell])
        }
    }

    /// Passes a power on, with leave to do so again so many times.
    pub(crate) fn passes_power(
        &mut self,
        from: &str,
        to: &str,
        parent: RecordId,
        again: u8,
    ) -> RecordId {
        let mut body = self.sub_power_body(parent);
        body.scope.substitutions = Some(again).filter(|again| *again > 0);
        self.gives_power(from, to, body)
    }

    /// Passes a power on before the notary.
    pub(crate) fn passes_certified(
        &mut self,
        from: &str,
        to: &str,
        parent: RecordId,
        again: u8,
    ) -> RecordId {
        let power = self.passes_power(from, to, parent, again);
        let record = self.certifies(NOTARY, &power);
        self.accept(&record);
        power
    }

    pub(crate) fn stored_power(&self, power: &RecordId) -> Power {
        state::power(&self.state, power).unwrap().unwrap()
    }

    pub(crate) fn why_not(&self, power: &RecordId) -> Vec<Code> {
        power_in_force(&self.state, &self.stored_power(power), self.now()).unwrap()
    }

    pub(crate) fn sale_of_the_flat(&mut self) -> RecordId {
        self.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
    }
}

#[test]
fn an_agent_lets_another_act_for_the_principal_once_a_notary_has_certified_it() {
    let mut world = world();
    let root = world.root_power(1);
    let part = world.passes_power("Zarina", "Daniyar", root, 0);
    let stored = world.stored_power(&part);
    assert_eq!((stored.principal, stored.parent), (id("Aida"), Some(root)));
    let deed = world.sale_of_the_flat();
    let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
    world.refuse(&act, &["poa.not_notarised"]);
    let record = world.certifies(NOTARY, &part);
    assert_eq!(world.accept(&record), []);
    assert_eq!(
        world.stored_power(&part).notarised,
        Some(record_id(&record))
    );
    let act = world.act_under("Daniyar", &deed, ActRole::Disponor, part);
    world.accept(&act);
    // The agent who passed it on still acts too; anybody else does not.
    let act = world.act_under("Zarina", &deed, ActRole::Disponor, part);
    world.refuse(&act, &["act.already_done", "poa.not_agent"]);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
    assert_eq!(
        world.holders(FLAT, PEOPLE),
        [("Bolat".to_owned(), "1/1".to_owned())]
    );
}

type Case = (
    &'static str,
    fn(&mut PowerOfAttorney),
    fn(&mut PowerOfAttorney),
    &'static [&'static str],
);

const NOT_ALLOWED: &[&str] = &["poa.substitution_not_allowed"];
const WIDER: &[&str] = &["poa.wider_than_parent"];
const LONGER: &[&str] = &["poa.longer_than_parent"];

/// A parent, a part of it, and why it is none.
const BEYOND: &[Case] = &[
    (
        "a parent that may not be passed on",
        |p| p.scope.substitutions = None,
        |_| {},
        NOT_ALLOWED,
    ),
    (
        "as often again as the parent",
        |_| {},
        |p| p.scope.substitutions = Some(2),
        NOT_ALLOWED,
    ),
    (
        "ever so often again",
        |_| {},
        |p| p.scope.substitutions = Some(255),
        NOT_ALLOWED,
    ),
    (
        "another act",
        |_| {},
        |p| p.scope.acts = vec![ActKind::Give],
        WIDER,
    ),
    (
        "one more act",
        |_| {},
        |p| p.scope.acts = vec![ActKind::Sell, ActKind::Give],
        WIDER,
    ),
    (
        "all properties for one",
        |p| p.scope.properties = Some(vec![FLAT.to_owned()]),
        |_| {},
        WIDER,
    ),
    (
        "another property",
        |p| p.scope.properties = Some(vec![FLAT.to_owned()]),
        |p| p.scope.properties = Some(vec![FLAT.to_owned(), OTHER.to_owned()]),
        WIDER,
    ),
    (
        "a lower floor",
        |p| p.scope.price_floor = Some(money(2)),
        |p| p.scope.price_floor = Some(money(1)),
        WIDER,
    ),
    (
        "no floor",
        |p| p.scope.price_floor = Some(money(2)),
        |_| {},
        WIDER,
    ),
    (
        "a floor in another currency",
        |p| p.scope.price_floor = Some(money(2)),
        |p| {
            p.scope.price_floor = Some(Money {
                minor: 3,
                currency: "EUR".to_owned(),
            });
        },
        WIDER,
    ),
    (
        "anyone for one",
        |p| p.scope.counterparties = Some(vec![id("Bolat")]),
        |_| {},
        WIDER,
    ),
    (
        "another counterparty",
        |p| p.scope.counterparties = Some(vec![id("Bolat")]),
        |p| p.scope.counterparties = Some(vec![id("Clara")]),
        WIDER,
    ),
    (
        "with leave to deal with oneself",
        |_| {},
        |p| p.scope.self_dealing = true,
        WIDER,
    ),
    (
        "a second longer",
        |_| {},
        |p| p.expires.as_mut().unwrap().0 += 1,
        LONGER,
    ),
    (
        "ten years",
        |_| {},
        |p| p.expires.as_mut().unwrap().0 += 3650 * DAY,
        LONGER,
    ),
    (
        "all of it",
        |p| p.scope.substitutions = None,
        |p| {
            p.scope.acts = vec![ActKind::Give];
            p.expires.as_mut().unwrap().0 += 1;
        },
        &[
            "poa.substitution_not_allowed",
            "poa.wider_than_parent",
            "poa.longer_than_parent",
        ],
    ),
];

/// A parent that lasts 30 days and may be passed on twice, and a part of it for as long.
fn bodies(world: &mut World) -> (PowerOfAttorney, PowerOfAttorney) {
    let end = Some(Seconds(world.now().0 + 30 * DAY));
    let mut parent = world.root_power_body(2);
    parent.expires = end;
    let mut part = world.sub_power_body(RecordId([0; 32]));
    part.expires = end;
    (parent, part)
}

#[test]
fn a_sub_power_beyond_its_parent_is_refused() {
    for (what, change_parent, change_part, codes) in BEYOND {
        println!("{what}");
        let mut world = world();
        let (mut parent, mut part) = bodies(&mut world);
        change_parent(&mut parent);
        change_part(&mut part);
        part.parent = Some(world.gives_power("Aida", "Zarina", parent));
        let record = world.power("Zarina", "Daniyar", part);
        world.refuse(&record, codes);
        assert!(
            state::power(&world.state, &record_id(&record))
                .unwrap()
                .is_none()
        );
    }
}

/// Parents, and parts that are no wider.
const WITHIN: &[Case] = &[
    ("the same", |_| {}, |_| {}, &[]),
    (
        "once less",
        |_| {},
        |p| p.scope.substitutions = Some(1),
        &[],
    ),
    (
        "fewer acts",
        |p| p.scope.acts = vec![ActKind::Sell, ActKind::Give],
        |_| {},
        &[],
    ),
    (
        "one property of all",
        |_| {},
        |p| p.scope.properties = Some(vec![FLAT.to_owned()]),
        &[],
    ),
    (
        "a higher floor, fewer buyers",
        |p| {
            p.scope.price_floor = Some(money(2));
            let mut buyers = vec![id("Bolat"), id("Clara")];
            buyers.sort();
            p.scope.counterparties = Some(buyers);
        },
        |p| {
            p.scope.price_floor = Some(money(3));
            p.scope.counterparties = Some(vec![id("Clara")]);
        },
        &[],
    ),
    (
        "with the parent's leave to deal with oneself",
        |p| p.scope.self_dealing = true,
        |p| p.scope.self_dealing = true,
        &[],
    ),
    (
        "a second shorter",
        |_| {},
        |p| p.expires.as_mut().unwrap().0 -= 1,
        &[],
    ),
];

#[test]
fn a_sub_power_within_its_parent_is_given() {
    for (what, change_parent, change_part, _) in WITHIN {
        println!("{what}");
        let mut world = world();
        let (mut parent, mut part) = bodies(&mut world);
        change_parent(&mut parent);
        change_part(&mut part);
        let expires = part.expires.unwrap();
        part.parent = Some(world.gives_power("Aida", "Zarina", parent));
        let part = world.gives_power("Zarina", "Daniyar", part);
        assert_eq!(world.stored_power(&part).expires, expires);
    }
}

#[test]
fn a_sub_power_without_a_term_ends_with_its_parent() {
    let mut world = world();
    let (parent, mut part) = bodies(&mut world);
    let end = parent.expires.unwrap();
    part.expires = None;
    part.parent = Some(world.gives_power("Aida", "Zarina", parent));
    let part = world.gives_power("Zarina", "Daniyar", part);
    assert_eq!(world.stored_power(&part).expires, end);
    // A parent of almost three years: the profile's default term.
    let mut parent = world.root_power_body(1);
    parent.expires = Some(Seconds(world.now().0 + 1000 * DAY));
    let parent = world.gives_power("Aida", "Zarina", parent);
    let issued = world.now().0;
    let part = world.passes_power("Zarina", "Daniyar", parent, 0);
    let years = u64::from(world.profile().power_default_years);
    let term = day(&format!("{}-03-02", 2026 + years)) - day("2026-03-02");
    assert_eq!(
        world.stored_power(&part).expires,
        Seconds(issued + term * DAY)
    );
}

#[test]
fn a_power_never_comes_back_to_anybody_in_its_chain() {
    let mut world = world();
    let root = world.root_power(2);
    for (to, codes) in [
        ("Aida", &["poa.cycle"][..]),
        ("Zarina", &["poa.agent_is_principal", "poa.cycle"]),
    ] {
        let body = world.sub_power_body(root);
        let record = world.power("Zarina", to, body);
        world.refuse(&record, codes);
    }
    let part = world.passes_certified("Zarina", "Daniyar", root, 1);
    for to in ["Aida", "Zarina"] {
        let body = world.sub_power_body(part);
        let record = world.power("Daniyar", to, body);
        world.refuse(&record, &["poa.cycle"]);
    }
    world.passes_power("Daniyar", "Erlan", part, 0);
}

#[test]
fn only_its_agent_passes_a_power_on_and_only_one_that_exists() {
    let mut world = world();
    let root = world.root_power(2);
    for stranger in ["Aida", "Bolat"] {
        let body = world.sub_power_body(root);
        let record = world.power(stranger, "Daniyar", body);
        world.refuse(&record, &["poa.not_agent"]);
    }
    let body = world.sub_power_body(RecordId([9; 32]));
    let record = world.power("Zarina", "Daniyar", body);
    world.refuse(&record, &["poa.unknown"]);
    let body = world.sub_power_body(root);
    let record = world.power("Zarina", "Nobody", body);
    world.refuse(&record, &["poa.agent_unknown"]);
    // Leave to pass on no times is no leave: it is not said at all.
    for mut body in [world.sub_power_body(root), world.root_power_body(1)] {
        body.scope.substitutions = Some(0);
        let record = world.power("Zarina", "Daniyar", body);
        world.turn_away(&record, &["record.field_invalid"]);
    }
}

#[test]
fn a_chain_of_powers_is_no_deeper_than_the_profile_and_the_ledger_allow() {
    let people = ["Aida", "Zarina", "p1", "p2", "p3", "p4", "p5"];
    for (allowed, depth) in [(0, 0), (1, 1), (2, 2), (4, 4), (255, 4)] {
        let profile = Profile {
            substitutions_max: allowed,
            ..Profile::kazakhstan()
        };
        let mut world = World::with_profile(profile);
        world.enrol(&people);
        // A bomb: leave to pass it on for ever.
        let mut last = world.root_power(255);
        for (pair, again) in people[1..].windows(2).zip((0..255u8).rev()).take(depth) {
            last = world.passes_certified(pair[0], pair[1], last, again);
        }
        assert_eq!(world.why_not(&last), []);
        let mut body = world.sub_power_body(last);
        body.scope.substitutions = None;
        let record = world.power(people[depth + 1], people[depth + 2], body);
        world.refuse(&record, &["poa.substitution_not_allowed"]);
    }
}
