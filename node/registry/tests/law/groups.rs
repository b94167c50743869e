//! Rule 4: a group disposes and acquires by all who are behind it, each once.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, Status};
use deedbook_schemas::limits::GROUP_MEMBERS_MAX;
use deedbook_schemas::party::{GroupParty, PartyId, PartyMember};
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::Body;

use crate::persons::{FLAT, PEOPLE, Signing, group, joint};
use crate::world::{BEFORE, BUSINESS, COURT, World, id, record_id};

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
fn a_group_has_room_for_so_many_persons_however_they_are_grouped() {
    let mut world = World::new();
    let people: Vec<String> = (0..33).map(|n| format!("Heir {n}")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    world.enrol(&people);
    world.joins("Half", &people[..16]);
    world.joins("All but one", &people[..GROUP_MEMBERS_MAX]);
    let full: Vec<&str> = people[16..GROUP_MEMBERS_MAX]
        .iter()
        .copied()
        .chain(["Half"])
        .collect();
    world.joins("Full", &full);
    let record = world.group_of("Too many", joint(&["All but one", people[32]]));
    world.refuse(&record, &["group.too_deep"]);
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
