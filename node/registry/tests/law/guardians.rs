//! Rule 21: minors and the incapable act through a guardian, with a permission for this deed.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::MortgageTerms;
use deedbook_schemas::instrument::{ActKind, ActRole, PowerOfAttorney, Status, Transfer};
use deedbook_schemas::party::{CivilStatus, GroupParty, Guardianship, PartyMember};
use deedbook_schemas::proceeding::GuardianPermission;
use deedbook_schemas::record::Body;

use crate::world::{COURT, DAY, GUARDIANS, REGISTRAR, World, id, money, record_id};

const FLAT: &str = "20-313-024-118";
const OTHER: &str = "20-313-024-119";

impl World {
    fn guardianship(&mut self, ward: &str, guardian: Option<&str>) -> Vec<u8> {
        let body = Guardianship {
            guardian: guardian.map(id),
        };
        self.plain(GUARDIANS, &id(ward).to_string(), Body::Guardianship(body))
    }

    pub(crate) fn appoints(&mut self, ward: &str, guardian: Option<&str>) {
        let record = self.guardianship(ward, guardian);
        assert_eq!(self.accept(&record), []);
    }

    fn permission(&mut self, deed: &RecordId, ward: &str, expires: Seconds) -> Vec<u8> {
        let body = GuardianPermission {
            ward: id(ward),
            expires,
        };
        self.plain(GUARDIANS, &deed.to_string(), Body::GuardianPermission(body))
    }

    pub(crate) fn permits(&mut self, deed: &RecordId, ward: &str) {
        let expires = Seconds(self.now().0 + 30 * DAY);
        let record = self.permission(deed, ward, expires);
        let outcomes = self.accept(&record);
        assert_eq!(
            (outcomes[0].record, outcomes[0].status),
            (record_id(&record), Status::Registered)
        );
    }

    /// Under age for so many days.
    pub(crate) fn is_minor(&mut self, name: &str, days: u64) {
        let until = Seconds(self.now().0 + days * DAY);
        self.fact(name, CivilStatus::Minority { until });
    }

    fn status_of(&self, deed: &RecordId) -> Status {
        self.instrument(deed).status
    }
}

/// Timur is under age for 10 days, holds two flats, and Gulnara is his guardian; Bolat would buy.
fn world() -> World {
    let mut world = World::of_singles(&["Timur", "Gulnara", "Bolat", "Clara", "Zarina"]);
    world.is_minor("Timur", 10);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Timur", "1/1")]);
    }
    world.appoints("Timur", Some("Gulnara"));
    world
}

fn lodge(world: &mut World, property: &str, buyer: &str) -> RecordId {
    let body = world.sale_body(property, &[("Timur", "1/1")], &[(buyer, "1/1")]);
    let record = world.transfer("Clara", property, body);
    world.accept(&record);
    record_id(&record)
}

fn gives(world: &mut World, deed: &RecordId) -> Vec<u8> {
    world.act_for("Gulnara", deed, ActRole::Disponor, "Timur")
}

/// The sale to Bolat, permitted, signed by the guardian and not by Bolat.
fn signed(world: &mut World) -> RecordId {
    let deed = lodge(world, FLAT, "Bolat");
    world.permits(&deed, "Timur");
    let act = gives(world, &deed);
    world.accept(&act);
    deed
}

#[test]
fn a_ward_s_flat_is_sold_by_the_guardian_with_a_permission() {
    let mut world = world();
    let deed = lodge(&mut world, FLAT, "Bolat");
    assert_eq!(
        world.open(&deed),
        [
            "act.disponor",
            "act.acquirer",
            "guardian.permission_missing"
        ]
    );
    for act in [gives(&mut world, &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.open(&deed), ["guardian.permission_missing"]);
    // It registers with the permission.
    let expires = Seconds(world.now().0 + 5);
    let record = world.permission(&deed, "Timur", expires);
    let outcomes = world.accept(&record);
    assert_eq!(
        (outcomes[1].record, outcomes[1].status),
        (deed, Status::Registered)
    );
}

#[test]
fn the_incapable_and_the_child_within_a_group_have_a_guardian_too() {
    let mut world = World::of_singles(&["Timur", "Gulnara", "Bolat", "Clara"]);
    world.becomes_incapable("Clara");
    world.appoints("Clara", Some("Gulnara"));
    let mut members: Vec<PartyMember> = ["Clara", "Timur"]
        .iter()
        .map(|name| PartyMember {
            party: id(name),
            share: None,
        })
        .collect();
    members.sort_by_key(|member| member.party);
    let body = Body::GroupParty(GroupParty { members });
    let record = world.plain(REGISTRAR, &id("Family").to_string(), body);
    world.accept(&record);
    world.property(FLAT, &[("Family", "1/1")]);
    let body = world.sale_body(FLAT, &[("Family", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Timur", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    for act in [
        world.sells("Timur", &deed),
        world.act_for("Gulnara", &deed, ActRole::Disponor, "Clara"),
        world.buys("Bolat", &deed),
    ] {
        world.accept(&act);
    }
    assert_eq!(world.open(&deed), ["guardian.permission_missing"]);
    world.permits(&deed, "Clara");
    assert_eq!(world.status_of(&deed), Status::Registered);
}

#[test]
fn a_ward_acquires_without_a_permission_and_not_with_a_mortgage() {
    let mut world = world();
    world.property("flat-3", &[("Bolat", "1/1")]);
    let deed = world.lodge_sale("flat-3", &[("Bolat", "1/1")], &[("Timur", "1/1")]);
    for act in [
        world.sells("Bolat", &deed),
        world.act_for("Gulnara", &deed, ActRole::Acquirer, "Timur"),
    ] {
        world.accept(&act);
    }
    assert_eq!(world.status_of(&deed), Status::Registered);
    world.property("flat-4", &[("Bolat", "1/1")]);
    let body = Transfer {
        mortgage: Some(MortgageTerms {
            mortgagee: id("Zarina"),
            amount: money(30_000_000),
        }),
        ..world.sale_body("flat-4", &[("Bolat", "1/1")], &[("Timur", "1/1")])
    };
    let record = world.transfer("Bolat", "flat-4", body);
    world.accept(&record);
    let open = world.open(&record_id(&record));
    assert!(open.contains(&"guardian.permission_missing"), "{open:?}");
}

#[test]
fn a_guardian_gives_to_their_ward() {
    let mut world = world();
    world.property("flat-3", &[("Gulnara", "1/1")]);
    let gift = world.gift("flat-3", "Gulnara", "Timur");
    for act in [
        world.sells("Gulnara", &gift),
        world.act_for("Gulnara", &gift, ActRole::Acquirer, "Timur"),
    ] {
        world.accept(&act);
    }
    assert_eq!(world.status_of(&gift), Status::Registered);
}

#[test]
fn mother_and_child_sell_together() {
    let mut world = world();
    let halves = [("Gulnara", "1/2"), ("Timur", "1/2")];
    world.property("flat-3", &halves);
    let deed = world.lodge_sale("flat-3", &halves, &[("Bolat", "1/1")]);
    world.permits(&deed, "Timur");
    for act in [
        world.sells("Gulnara", &deed),
        gives(&mut world, &deed),
        world.buys("Bolat", &deed),
    ] {
        world.accept(&act);
    }
    assert_eq!(world.status_of(&deed), Status::Registered);
}

/// An act that is refused for what the guardian has to do with the other side: the buyer, what happens
/// before, and who then acts for Timur.
type Dealing = (&'static str, &'static str, fn(&mut World, &RecordId));

const DEALINGS: &[Dealing] = &[
    ("the guardian buys", "Gulnara", |_, _| {}),
    ("the guardian's spouse buys", "Bolat", |w, _| {
        let now = w.now();
        w.marry("Gulnara", "Bolat", now);
    }),
    ("the guardian runs the firm that buys", "Firm", |_, _| {}),
    ("the guardian is one of those who buy", "Family", |_, _| {}),
    ("another ward of the guardian buys", "Laura", |_, _| {}),
    (
        "the guardian has acted for the buyer",
        "Bolat",
        |w, deed| {
            let mut body = w.power_body(&[ActKind::Acquire]);
            body.scope.self_dealing = true;
            let power = w.power("Bolat", "Gulnara", body);
            w.accept(&power);
            let act = w.act_under("Gulnara", deed, ActRole::Acquirer, record_id(&power));
            w.accept(&act);
        },
    ),
];

fn dealing() -> World {
    let mut world = world();
    world.enrol(&["Laura"]);
    world.is_minor("Laura", 1000);
    world.appoints("Laura", Some("Gulnara"));
    world.entity("Firm", &["Gulnara", "Zarina"], 1);
    let mut members: Vec<PartyMember> = ["Gulnara", "Clara"]
        .iter()
        .map(|name| PartyMember {
            party: id(name),
            share: None,
        })
        .collect();
    members.sort_by_key(|member| member.party);
    let body = Body::GroupParty(GroupParty { members });
    let record = world.plain(REGISTRAR, &id("Family").to_string(), body);
    world.accept(&record);
    world
}

#[test]
fn a_guardian_does_not_deal_with_their_ward() {
    for (what, buyer, before) in DEALINGS {
        println!("{what}");
        let mut world = dealing();
        let deed = lodge(&mut world, FLAT, buyer);
        world.permits(&deed, "Timur");
        before(&mut world, &deed);
        let act = gives(&mut world, &deed);
        world.refuse(&act, &["guardian.conflict"]);
    }
    // A sale to the ward is no gift.
    let mut world = dealing();
    world.property("flat-3", &[("Gulnara", "1/1")]);
    let deed = world.lodge_sale("flat-3", &[("Gulnara", "1/1")], &[("Timur", "1/1")]);
    let act = world.act_for("Gulnara", &deed, ActRole::Acquirer, "Timur");
    world.refuse(&act, &["guardian.conflict"]);
    // After acting for the ward, not for the buyer.
    let mut world = dealing();
    let deed = signed(&mut world);
    let mut body = world.power_body(&[ActKind::Acquire]);
    body.scope.self_dealing = true;
    let record = world.power("Bolat", "Gulnara", body);
    world.accept(&record);
    let act = world.act_under("Gulnara", &deed, ActRole::Acquirer, record_id(&record));
    world.refuse(&act, &["guardian.conflict"]);
}

#[test]
fn a_guardian_who_marries_the_buyer_is_replaced() {
    let mut world = world();
    let deed = signed(&mut world);
    let now = world.now();
    world.marry("Gulnara", "Bolat", now);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["guardian.conflict"]);
    world.appoints("Timur", Some("Zarina"));
    assert_eq!(world.open(&deed), ["act.disponor"]);
    let act = world.act_for("Zarina", &deed, ActRole::Disponor, "Timur");
    world.accept(&act);
    assert_eq!(world.status_of(&deed), Status::Registered);
}

#[test]
fn a_permission_is_for_one_deed_and_until_one_time() {
    // Seconds between the permission's end and the buyer's act.
    for (late, registered) in [(0, true), (1, false)] {
        let mut world = world();
        let deed = lodge(&mut world, FLAT, "Bolat");
        let expires = Seconds(world.now().0 + 100);
        let record = world.permission(&deed, "Timur", expires);
        world.accept(&record);
        let act = gives(&mut world, &deed);
        world.accept(&act);
        world.time_ms = (expires.0 - 1 + late) * 1000;
        let act = world.buys("Bolat", &deed);
        world.accept(&act);
        if registered {
            assert_eq!(world.status_of(&deed), Status::Registered);
        } else {
            assert_eq!(world.open(&deed), ["guardian.permission_expired"]);
            world.permits(&deed, "Timur");
            assert_eq!(world.status_of(&deed), Status::Registered);
        }
    }
    // Another deed on the same flat, and one on another flat, have none.
    let mut world = world();
    let others = [(FLAT, "Clara"), (OTHER, "Bolat")]
        .map(|(property, buyer)| lodge(&mut world, property, buyer));
    signed(&mut world);
    for other in others {
        assert!(world.open(&other).contains(&"guardian.permission_missing"));
    }
}

#[test]
fn a_permission_that_cannot_be_given_is_refused() {
    let mut world = world();
    let deed = lodge(&mut world, FLAT, "Bolat");
    let soon = Seconds(world.now().0 + 1000);
    let past = world.now();
    let record = world.permission(&deed, "Timur", past);
    world.refuse(&record, &["guardian.permission_expired"]);
    for needs_none in ["Bolat", "Nobody"] {
        let record = world.permission(&deed, needs_none, soon);
        world.refuse(&record, &["guardian.unfit"]);
    }
    world.becomes_incapable("Zarina");
    let record = world.permission(&deed, "Zarina", soon);
    world.refuse(&record, &["guardian.unfit"]);
    let record = world.permission(&deed, "Zarina", past);
    world.refuse(&record, &["guardian.unfit", "guardian.permission_expired"]);
    let body = Body::GuardianPermission(GuardianPermission {
        ward: id("Timur"),
        expires: soon,
    });
    let record = world.plain(COURT, &deed.to_string(), body.clone());
    world.turn_away(&record, &["authority.not_accredited"]);
    let record = world.plain("Gulnara", &deed.to_string(), body);
    world.turn_away(&record, &["authority.not_accredited"]);
    let record = world.permission(&RecordId([9; 32]), "Timur", soon);
    world.turn_away(&record, &["instrument.unknown"]);
    let record = world.withdraws("Gulnara", &deed);
    world.accept(&record);
    let record = world.permission(&deed, "Timur", soon);
    world.turn_away(&record, &["instrument.closed"]);
}

/// What happens between the guardian's signature and the buyer's, and what the deed then needs.
type Between = (&'static str, fn(&mut World), &'static [&'static str]);

const BETWEEN: &[Between] = &[
    ("he turns 18", |w| w.pass(11 * DAY), &["act.disponor"]),
    (
        "the guardian is dismissed",
        |w| w.appoints("Timur", None),
        &["party.minor", "guardian.permission_missing"],
    ),
    (
        "another guardian is appointed",
        |w| w.appoints("Timur", Some("Zarina")),
        &["act.disponor", "guardian.permission_missing"],
    ),
    (
        "the guardian is dismissed and appointed again",
        |w| {
            w.appoints("Timur", None);
            w.appoints("Timur", Some("Gulnara"));
        },
        &["act.disponor", "guardian.permission_missing"],
    ),
    (
        "the guardian dies",
        |w| w.dies("Gulnara"),
        &["party.minor", "guardian.permission_missing"],
    ),
    (
        "the guardian is incapable for a while",
        |w| {
            w.becomes_incapable("Gulnara");
            w.is_capable_again("Gulnara");
        },
        &["act.disponor", "guardian.permission_missing"],
    ),
    (
        "he dies",
        |w| w.dies("Timur"),
        &["party.dead", "guardian.permission_missing"],
    ),
    (
        "the same guardian is appointed once more",
        |w| w.appoints("Timur", Some("Gulnara")),
        &["guardian.permission_missing"],
    ),
    (
        "he is found incapable too",
        |w| w.becomes_incapable("Timur"),
        &["guardian.permission_missing"],
    ),
];

#[test]
fn what_happens_between_signing_and_registration_decides() {
    for (what, happens, open) in BETWEEN {
        println!("{what}");
        let mut world = world();
        let deed = lodge(&mut world, FLAT, "Bolat");
        let act = gives(&mut world, &deed);
        world.accept(&act);
        happens(&mut world);
        let act = world.buys("Bolat", &deed);
        world.accept(&act);
        assert_eq!(world.open(&deed), *open);
    }
}

#[test]
fn who_turns_18_signs_and_the_guardian_no_more() {
    let mut world = world();
    let deed = signed(&mut world);
    world.pass(11 * DAY);
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["act.disponor"]);
    let act = gives(&mut world, &deed);
    world.refuse(&act, &["guardian.not_guardian"]);
    let act = world.sells("Timur", &deed);
    world.accept(&act);
    assert_eq!(world.status_of(&deed), Status::Registered);
    // Incapable later, he has no guardian yet: the old one's office ended with his minority.
    world.becomes_incapable("Timur");
    let other = world.sale_body(OTHER, &[("Timur", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Clara", OTHER, other);
    world.refuse(&record, &["party.incapable"]);
}

#[test]
fn on_his_birthday_to_the_second_he_is_of_age() {
    // Timur comes of age 10 days after the fact was recorded: at `until`.
    for (early, codes) in [(1, &["party.minor"][..]), (0, &[])] {
        let mut world = World::of_singles(&["Timur", "Bolat"]);
        world.property(FLAT, &[("Timur", "1/1")]);
        let until = Seconds(world.now().0 + 1000);
        let body = world.sale_body(FLAT, &[("Timur", "1/1")], &[("Bolat", "1/1")]);
        let record = world.transfer("Bolat", FLAT, body);
        world.accept(&record);
        world.fact("Timur", CivilStatus::Minority { until });
        world.time_ms = (until.0 - 1 - early) * 1000;
        let act = world.sells("Timur", &record_id(&record));
        if codes.is_empty() {
            world.accept(&act);
        } else {
            world.refuse(&act, codes);
        }
    }
}

#[test]
fn on_his_birthday_to_the_second_the_guardian_acts_for_him_no_more() {
    for (early, codes) in [(1, &[][..]), (0, &["guardian.not_guardian"])] {
        let mut world = World::of_singles(&["Timur", "Gulnara", "Bolat", "Clara"]);
        world.property(FLAT, &[("Timur", "1/1")]);
        let until = Seconds(world.now().0 + 10 * DAY);
        world.fact("Timur", CivilStatus::Minority { until });
        world.appoints("Timur", Some("Gulnara"));
        let deed = lodge(&mut world, FLAT, "Bolat");
        world.permits(&deed, "Timur");
        // The act's block comes a second after it is signed.
        world.time_ms = (until.0 - 1 - early) * 1000;
        let act = gives(&mut world, &deed);
        assert_eq!(world.now().0 + 1 + early, until.0);
        if codes.is_empty() {
            world.accept(&act);
        } else {
            world.refuse(&act, codes);
        }
    }
}

#[test]
fn who_is_capable_again_signs_and_the_guardian_no_more() {
    let mut world = World::of_singles(&["Timur", "Gulnara", "Bolat", "Clara"]);
    world.property(FLAT, &[("Timur", "1/1")]);
    world.becomes_incapable("Timur");
    world.appoints("Timur", Some("Gulnara"));
    let deed = signed(&mut world);
    world.is_capable_again("Timur");
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.open(&deed), ["act.disponor"]);
    let act = gives(&mut world, &deed);
    world.refuse(&act, &["guardian.not_guardian"]);
    // Incapable again, the guardian's first act does not come back, nor the guardian.
    world.becomes_incapable("Timur");
    assert!(world.open(&deed).contains(&"party.incapable"));
    world.appoints("Timur", Some("Gulnara"));
    assert_eq!(world.open(&deed), ["act.disponor"]);
    let act = gives(&mut world, &deed);
    world.accept(&act);
    assert_eq!(world.status_of(&deed), Status::Registered);
}

#[test]
fn a_ward_does_nothing_alone_and_has_no_agents() {
    let mut world = world();
    let deed = lodge(&mut world, FLAT, "Bolat");
    let act = world.sells("Timur", &deed);
    world.refuse(&act, &["party.minor"]);
    let body = world.power_body(&[ActKind::Sell]);
    let record = world.power("Timur", "Zarina", body.clone());
    world.refuse(&record, &["party.minor"]);
    // Nor does the guardian give a power in his name.
    let for_ward = PowerOfAttorney {
        represents: Some(id("Timur")),
        ..body.clone()
    };
    let record = world.power("Gulnara", "Zarina", for_ward.clone());
    world.refuse(&record, &["party.minor", "entity.not_officer"]);
    let record = world.power("Bolat", "Timur", body);
    world.refuse(&record, &["poa.agent_unknown"]);
    let record = world.power("Bolat", "Zarina", for_ward);
    world.refuse(
        &record,
        &["party.minor", "entity.not_officer", "guardian.not_guardian"],
    );
    let act = world.act_for("Bolat", &deed, ActRole::Disponor, "Timur");
    world.refuse(&act, &["guardian.not_guardian"]);
    let record = world.withdraws("Timur", &deed);
    world.refuse(&record, &["party.minor"]);
    let record = world.withdraws("Bolat", &deed);
    world.refuse(&record, &["withdrawal.not_entitled"]);
    let body = world.sale_body(FLAT, &[("Timur", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Timur", FLAT, body);
    world.refuse(&record, &["party.minor"]);
}

#[test]
fn an_appointment_that_does_not_fit_is_refused() {
    let mut world = world();
    world.entity("Firm", &["Zarina"], 1);
    world.enrol(&["Laura", "Old"]);
    world.is_minor("Laura", 1000);
    world.dies("Old");
    world.becomes_incapable("Clara");
    for (what, ward, guardian) in [
        ("a capable adult needs none", "Bolat", Some("Gulnara")),
        ("nor is one dismissed from them", "Bolat", None),
        ("the ward", "Timur", Some("Timur")),
        ("the dead", "Timur", Some("Old")),
        ("the incapable", "Timur", Some("Clara")),
        ("another minor", "Timur", Some("Laura")),
        ("a firm", "Timur", Some("Firm")),
        ("an authority", "Timur", Some(GUARDIANS)),
        ("nobody who is enrolled", "Timur", Some("Nobody")),
        ("for nobody who is enrolled", "Nobody", Some("Gulnara")),
        ("for a firm", "Firm", Some("Gulnara")),
        ("for the dead", "Old", Some("Gulnara")),
        ("dismissed, and never appointed", "Laura", None),
    ] {
        println!("{what}");
        let record = world.guardianship(ward, guardian);
        world.refuse(&record, &["guardian.unfit"]);
    }
    let body = Body::Guardianship(Guardianship {
        guardian: Some(id("Bolat")),
    });
    let record = world.plain(COURT, &id("Timur").to_string(), body.clone());
    world.turn_away(&record, &["authority.not_accredited"]);
    let record = world.plain(GUARDIANS, "Timur", body);
    world.turn_away(&record, &["record.field_invalid"]);
    // Who came of age is no ward.
    world.pass(11 * DAY);
    let record = world.guardianship("Timur", None);
    world.refuse(&record, &["guardian.unfit"]);
}

#[test]
fn a_dismissal_and_an_act_in_one_block_are_judged_in_their_order() {
    // Dismissal and act in one block: each alone lawful.
    for act_first in [true, false] {
        let mut world = world();
        let deed = lodge(&mut world, FLAT, "Bolat");
        world.permits(&deed, "Timur");
        let act = world.buys("Bolat", &deed);
        world.accept(&act);
        let mut records = vec![gives(&mut world, &deed), world.guardianship("Timur", None)];
        if !act_first {
            records.reverse();
        }
        world.block(&records);
        let registered = world.status_of(&deed) == Status::Registered;
        assert_eq!(registered, act_first);
    }
}
