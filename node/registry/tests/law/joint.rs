//! Rule 5: joint ownership has no share to sell until it is severed.

use deedbook_registry::Key;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::instrument::{ActKind, ActRole, Transfer, TransferKind};
use deedbook_schemas::party::{CivilStatus, GroupParty, Nature, Party, PartyMember};
use deedbook_schemas::property::Ground;

use crate::world::{BEFORE, REGISTRAR, World, id, money, record_id, shares};

const FLAT: &str = "20-313-024-118";
const ALL: [&str; 4] = ["Aida", "Arman", "Bolat", "Clara"];

/// Aida, on whose name alone the flat is, and Arman married before she bought it.
fn family() -> (World, RecordId) {
    let mut world = World::new();
    world.enrol(&ALL);
    world.unmarried(&["Bolat", "Clara"], BEFORE);
    let marriage = world.marry("Aida", "Arman", BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    (world, marriage)
}

/// Bolat and Clara hold the flat together, without shares.
fn heirs() -> World {
    let mut world = World::of_singles(&ALL);
    world.group("Heirs", &[("Bolat", None), ("Clara", None)]);
    world.property(FLAT, &[("Heirs", "1/1")]);
    world
}

impl World {
    /// A group as the register holds it: without shares it is joint.
    pub(crate) fn group(&mut self, name: &str, members: &[(&str, Option<&str>)]) {
        let mut members: Vec<PartyMember> = members
            .iter()
            .map(|(name, share)| PartyMember {
                party: id(name),
                share: share.map(|share| share.parse().unwrap()),
            })
            .collect();
        members.sort_by_key(|member| member.party);
        let party = Party {
            provider: id(REGISTRAR),
            keys: Vec::new(),
            enrolment: RecordId(id(name).0.repeat(2).try_into().unwrap()),
            marriages: Vec::new(),
            unmarried: Vec::new(),
            died: None,
            incapable: None,
            minor_until: None,
            guardian: None,
            nature: Nature::Group(GroupParty { members }),
            turn: 0,
            in_office: Vec::new(),
        };
        let key = Key::Party(&id(name)).bytes();
        self.state.values.insert(key, encode(&party));
    }

    pub(crate) fn severance_body(
        &self,
        property: &str,
        disponors: &[(&str, &str)],
        acquirers: &[(&str, &str)],
    ) -> Transfer {
        Transfer {
            kind: TransferKind::Severance,
            price: None,
            ..self.sale_body(property, disponors, acquirers)
        }
    }

    /// Lodges a severance that is accepted.
    pub(crate) fn lodge_severance(
        &mut self,
        property: &str,
        holder: (&str, &str),
        acquirers: &[(&str, &str)],
    ) -> RecordId {
        let body = self.severance_body(property, &[holder], acquirers);
        let record = self.transfer("Aida", property, body);
        self.accept(&record);
        record_id(&record)
    }
}

#[test]
fn what_is_joint_of_spouses_passes_whole_or_not_at_all() {
    let (mut world, _) = family();
    let half = world.lodge_sale(FLAT, &[("Aida", "1/2")], &[("Bolat", "1/2")]);
    world.all_act(&half, &["Aida"], &["Bolat"]);
    assert_eq!(world.open(&half), ["title.joint_share"]);
    assert_eq!(world.requirements(&half)[0].party, Some(id("Arman")));
    let body = world.consent_body("Aida");
    let record = world.consent("Arman", FLAT, body);
    world.accept(&record);
    assert_eq!(
        world.open(&half),
        ["title.joint_share"],
        "a consent does not sever"
    );
    let record = world.withdraws("Aida", &half);
    world.accept(&record);
    let gift = world.lodge_gift(FLAT, &[("Aida", "1/3")], &[("Arman", "1/3")]);
    world.all_act(&gift, &["Aida"], &["Arman"]);
    assert_eq!(
        world.open(&gift),
        ["title.joint_share"],
        "not even between them"
    );
    let record = world.withdraws("Aida", &gift);
    world.accept(&record);
    let whole = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    world.all_act(&whole, &["Aida"], &["Bolat"]);
    assert!(world.is_registered(&whole));
}

#[test]
fn spouses_sever_and_each_ones_share_is_their_own() {
    let (mut world, _) = family();
    let deed = world.lodge_severance(FLAT, ("Aida", "1/1"), &[("Aida", "2/3"), ("Arman", "1/3")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    assert_eq!(
        world.open(&deed),
        ["act.acquirer", "act.acquirer", "consent.missing"]
    );
    for name in ["Aida", "Arman"] {
        let act = world.buys(name, &deed);
        world.accept(&act);
    }
    assert!(world.is_registered(&deed), "his act is his consent");
    let title = world.title(FLAT);
    assert!(title.holdings.iter().all(|h| h.ground == Ground::Severance));
    let shares = [
        ("Aida".to_owned(), "2/3".to_owned()),
        ("Arman".to_owned(), "1/3".to_owned()),
    ];
    assert_eq!(world.holders(FLAT, &ALL), shares);
    // From here on each disposes alone; a stranger would need pre-emption, the other one does not.
    let sale = world.lodge_sale(FLAT, &[("Aida", "1/3")], &[("Arman", "1/3")]);
    world.all_act(&sale, &["Aida"], &["Arman"]);
    assert!(world.is_registered(&sale));
    let gift = world.lodge_gift(FLAT, &[("Aida", "1/3")], &[("Bolat", "1/3")]);
    world.all_act(&gift, &["Aida"], &["Bolat"]);
    assert!(world.is_registered(&gift));
}

#[test]
fn an_agents_signature_is_not_the_spouses_consent_to_a_severance() {
    let (mut world, _) = family();
    let power = world.empower("Arman", "Clara", &[ActKind::Acquire]);
    let deed = world.lodge_severance(FLAT, ("Aida", "1/1"), &[("Aida", "1/2"), ("Arman", "1/2")]);
    world.all_act(&deed, &["Aida"], &["Aida"]);
    let act = world.act_under("Clara", &deed, ActRole::Acquirer, power);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["consent.missing"]);
}

#[test]
fn one_agent_does_not_sever_for_both() {
    let (mut world, _) = family();
    let hers = world.empower("Aida", "Clara", &[ActKind::Sever]);
    let his = world.empower("Arman", "Clara", &[ActKind::Acquire]);
    let deed = world.lodge_severance(FLAT, ("Aida", "1/1"), &[("Aida", "1/2"), ("Arman", "1/2")]);
    let act = world.act_under("Clara", &deed, ActRole::Disponor, hers);
    world.accept(&act);
    let act = world.act_under("Clara", &deed, ActRole::Acquirer, his);
    world.refuse(&act, &["poa.self_dealing"]);
}

#[test]
fn a_joint_group_severs_with_all_of_its_members() {
    let mut world = heirs();
    let deed = world.lodge_severance(
        FLAT,
        ("Heirs", "1/1"),
        &[("Bolat", "1/4"), ("Clara", "3/4")],
    );
    world.all_act(&deed, &["Bolat", "Clara"], &["Bolat"]);
    assert_eq!(world.open(&deed), ["act.acquirer"]);
    world.all_act(&deed, &[], &["Clara"]);
    assert!(world.is_registered(&deed));
    let sale = world.lodge_sale(FLAT, &[("Clara", "3/4")], &[("Bolat", "3/4")]);
    world.all_act(&sale, &["Clara"], &["Bolat"]);
    assert!(world.is_registered(&sale));
}

/// Who gives and receives how much of the flat of a group, and why not.
type Case = (
    &'static str,
    TransferKind,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const OF_A_GROUP: &[Case] = &[
    (
        "a part of what is joint",
        TransferKind::Gift,
        &[("Heirs", "1/2")],
        &[("Aida", "1/2")],
        &["title.joint_share"],
    ),
    (
        "a member gives a share of their own",
        TransferKind::Gift,
        &[("Bolat", "1/2")],
        &[("Aida", "1/2")],
        &["title.not_holder"],
    ),
    (
        "severed in part",
        TransferKind::Severance,
        &[("Heirs", "1/2")],
        &[("Bolat", "1/4"), ("Clara", "1/4")],
        &["severance.invalid"],
    ),
    (
        "a member is left out",
        TransferKind::Severance,
        &[("Heirs", "1/1")],
        &[("Bolat", "1/1")],
        &["severance.invalid"],
    ),
    (
        "a stranger among the owners",
        TransferKind::Severance,
        &[("Heirs", "1/1")],
        &[("Bolat", "1/3"), ("Clara", "1/3"), ("Aida", "1/3")],
        &["severance.invalid"],
    ),
    (
        "less is received than given",
        TransferKind::Severance,
        &[("Heirs", "1/1")],
        &[("Bolat", "1/4"), ("Clara", "1/4")],
        &["transfer.unbalanced"],
    ),
    (
        "by a member",
        TransferKind::Severance,
        &[("Bolat", "1/1")],
        &[("Bolat", "1/2"), ("Clara", "1/2")],
        &["title.not_holder", "severance.invalid"],
    ),
    (
        "one owner twice",
        TransferKind::Severance,
        &[("Heirs", "1/1")],
        &[("Bolat", "1/2"), ("Clara", "1/4"), ("Clara", "1/4")],
        &["transfer.parties"],
    ),
];

#[test]
fn a_severance_gives_the_whole_to_all_of_its_owners() {
    for (what, kind, disponors, acquirers, codes) in OF_A_GROUP {
        println!("{what}");
        let mut world = heirs();
        let body = Transfer {
            kind: *kind,
            ..world.severance_body(FLAT, disponors, acquirers)
        };
        let record = world.transfer("Bolat", FLAT, body);
        world.refuse(&record, codes);
    }
}

/// What happened before Aida and Arman sever.
type Story = (&'static str, fn(&mut World, RecordId));

const NOT_JOINT: &[Story] = &[
    ("a contract keeps it separate", |world, marriage| {
        let fact = CivilStatus::SeparateProperty { from: BEFORE };
        let record = world.status(&marriage.to_string(), fact);
        world.accept(&record);
    }),
    ("divided already", |world, marriage| {
        let fact = CivilStatus::Division {
            property: FLAT.to_owned(),
            to: id("Aida"),
        };
        let record = world.status(&marriage.to_string(), fact);
        world.accept(&record);
    }),
    ("divorced: a division settles it", |world, marriage| {
        let fact = CivilStatus::Divorce { from: world.now() };
        let record = world.status(&marriage.to_string(), fact);
        world.accept(&record);
    }),
];

#[test]
fn what_is_not_joint_is_not_severed() {
    let halves = [("Aida", "1/2"), ("Arman", "1/2")];
    for (what, story) in NOT_JOINT {
        println!("{what}");
        let (mut world, marriage) = family();
        story(&mut world, marriage);
        let body = world.severance_body(FLAT, &[("Aida", "1/1")], &halves);
        let record = world.transfer("Aida", FLAT, body);
        world.refuse(&record, &["severance.invalid"]);
    }
    let mut single = World::of_singles(&ALL);
    single.property(FLAT, &[("Aida", "1/1")]);
    let body = single.severance_body(FLAT, &[("Aida", "1/1")], &halves);
    let record = single.transfer("Aida", FLAT, body);
    single.refuse(&record, &["severance.invalid"]);
    let mut shared = World::of_singles(&ALL);
    shared.group("Heirs", &[("Bolat", Some("1/2")), ("Clara", Some("1/2"))]);
    shared.property(FLAT, &[("Heirs", "1/1")]);
    let members = [("Bolat", "1/2"), ("Clara", "1/2")];
    let body = shared.severance_body(FLAT, &[("Heirs", "1/1")], &members);
    let record = shared.transfer("Bolat", FLAT, body);
    shared.refuse(&record, &["severance.invalid"]);
    let body = Transfer {
        kind: TransferKind::Gift,
        ..shared.severance_body(FLAT, &[("Heirs", "1/2")], &[("Aida", "1/2")])
    };
    let record = shared.transfer("Bolat", FLAT, body);
    shared.accept(&record);
    let half = record_id(&record);
    shared.all_act(&half, &["Bolat", "Clara"], &["Aida"]);
    assert!(
        shared.is_registered(&half),
        "a group with shares gives a part"
    );
}

#[test]
fn a_severance_has_no_price_and_no_ground_and_goes_to_nobody_else() {
    let (mut world, _) = family();
    let halves = [("Aida", "1/2"), ("Arman", "1/2")];
    let sound = world.severance_body(FLAT, &[("Aida", "1/1")], &halves);
    let priced = Transfer {
        price: Some(money(1)),
        ..sound.clone()
    };
    let record = world.transfer("Aida", FLAT, priced);
    world.refuse(&record, &["transfer.price"]);
    let grounded = Transfer {
        ground: Some(RecordId([1; 32])),
        ..sound.clone()
    };
    let record = world.transfer("Aida", FLAT, grounded);
    world.refuse(&record, &["transfer.ground"]);
    let to_a_stranger = Transfer {
        acquirers: shares(&[("Aida", "1/2"), ("Bolat", "1/2")]),
        ..sound.clone()
    };
    let record = world.transfer("Aida", FLAT, to_a_stranger);
    world.refuse(&record, &["severance.invalid"]);
    let unknown = world.transfer("Aida", "20-000-000-1", sound);
    world.refuse(&unknown, &["title.unknown"]);
}

#[test]
fn a_divorce_between_lodging_and_signing_stops_the_severance() {
    let (mut world, marriage) = family();
    let deed = world.lodge_severance(FLAT, ("Aida", "1/1"), &[("Aida", "1/2"), ("Arman", "1/2")]);
    let fact = CivilStatus::Divorce { from: world.now() };
    let record = world.status(&marriage.to_string(), fact);
    world.accept(&record);
    world.all_act(&deed, &["Aida"], &["Aida", "Arman"]);
    assert_eq!(world.open(&deed), ["marriage.undivided"]);
}
