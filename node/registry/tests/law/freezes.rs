//! Rule 27: freezes block what disposes of the property, and end by their authority or by time.

use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Assignment, Freeze, FreezeRelease, Right};
use deedbook_schemas::instrument::{Status, Transfer, TransferKind};
use deedbook_schemas::limits::ENCUMBRANCES_OF_A_KIND_MAX;
use deedbook_schemas::record::Body;

use crate::lenders::{lodge, mortgage_body, mortgaged, sign};
use crate::world::{
    CIVIL, COURT, HIGH_COURT, MONITOR, NOTARY, PROSECUTOR, PROVIDER, REGISTRAR, SECOND_REGISTRAR,
    START, SUPERVISOR, TAX, World, id, key_of, record_id,
};

const FLAT: &str = "20-313-024-118";
const OTHER: &str = "20-313-024-119";

impl World {
    pub(crate) fn freeze(&mut self, by: &str, property: &str, until: Option<Seconds>) -> Vec<u8> {
        let case = "7-114/2026".to_owned();
        self.plain(by, property, Body::Freeze(Freeze { case, until }))
    }

    /// Freezes a property; gives the freeze's id.
    pub(crate) fn frozen(&mut self, by: &str, property: &str, until: Option<Seconds>) -> RecordId {
        let record = self.freeze(by, property, until);
        let outcomes = self.accept(&record);
        let freeze = record_id(&record);
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0].record, freeze);
        assert_eq!(outcomes[0].status, Status::Registered);
        freeze
    }

    pub(crate) fn lift(&mut self, by: &str, property: &str, freeze: &RecordId) -> Vec<u8> {
        let property = property.to_owned();
        let body = Body::FreezeRelease(FreezeRelease { property });
        self.plain(by, &freeze.to_string(), body)
    }
}

fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara"]);
    for property in [FLAT, OTHER] {
        world.property(property, &[("Aida", "1/1")]);
    }
    world
}

/// A sale of the flat that lacks nothing of its parties.
fn signed_sale(world: &mut World) -> RecordId {
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    deed
}

fn began(world: &World) -> Vec<(RecordId, Status)> {
    world.began.iter().map(|o| (o.record, o.status)).collect()
}

#[test]
fn what_is_frozen_is_signed_and_registers_when_the_freeze_is_lifted() {
    for authority in [COURT, PROSECUTOR, MONITOR, REGISTRAR] {
        let mut world = world();
        let freeze = world.frozen(authority, FLAT, None);
        assert_eq!(
            world.title(FLAT).version,
            1,
            "no right of the holder changed"
        );
        let deed = signed_sale(&mut world);
        assert_eq!(world.open(&deed), ["freeze.in_force"], "{authority}");
        assert_eq!(world.requirements(&deed)[0].party, Some(id(authority)));
        let record = world.lift(authority, FLAT, &freeze);
        let outcomes = world.accept(&record);
        assert_eq!(outcomes.len(), 1);
        assert_eq!(
            (outcomes[0].record, outcomes[0].status),
            (deed, Status::Registered)
        );
        assert!(world.title(FLAT).encumbrances.is_empty());
    }
}

#[test]
fn a_freeze_of_one_property_does_not_reach_another() {
    let mut world = world();
    world.frozen(COURT, OTHER, None);
    let deed = signed_sale(&mut world);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn every_disposition_waits_for_every_freeze() {
    let mut world = world();
    let one = world.frozen(COURT, FLAT, None);
    let two = world.frozen(MONITOR, FLAT, None);
    let gift = world.gift(FLAT, "Aida", "Clara");
    for act in [world.sells("Aida", &gift), world.buys("Clara", &gift)] {
        world.accept(&act);
    }
    assert_eq!(world.open(&gift), ["freeze.in_force", "freeze.in_force"]);
    let record = world.lift(COURT, FLAT, &one);
    assert_eq!(world.accept(&record), []);
    assert_eq!(world.requirements(&gift)[0].party, Some(id(MONITOR)));
    let record = world.lift(MONITOR, FLAT, &two);
    assert_eq!(world.accept(&record).len(), 1);
    assert_eq!(world.instrument(&gift).status, Status::Registered);
    let part = Transfer {
        kind: TransferKind::Gift,
        price: None,
        ..world.sale_body(FLAT, &[("Clara", "1/3")], &[("Aida", "1/3")])
    };
    world.frozen(PROSECUTOR, FLAT, None);
    let record = world.transfer("Clara", FLAT, part);
    world.accept(&record);
    let part = record_id(&record);
    for act in [world.sells("Clara", &part), world.buys("Aida", &part)] {
        world.accept(&act);
    }
    assert_eq!(world.open(&part), ["freeze.in_force"], "a share too");
}

#[test]
fn a_freeze_and_the_last_act_in_one_block_are_decided_by_their_order() {
    for frozen_first in [true, false] {
        let mut world = world();
        let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        let act = world.sells("Aida", &deed);
        world.accept(&act);
        let mut records = vec![world.freeze(COURT, FLAT, None), world.buys("Bolat", &deed)];
        if !frozen_first {
            records.reverse();
        }
        world.block(&records);
        let registered = world.instrument(&deed).status == Status::Registered;
        assert_eq!(registered, !frozen_first);
        assert_eq!(world.title(FLAT).encumbrances.len(), 1);
    }
}

#[test]
fn a_freeze_is_over_at_its_hour_swept_or_not() {
    let mut world = world();
    let asked = Seconds(START + 5 * 3600 - 17);
    let freeze = world.frozen(COURT, FLAT, Some(asked));
    let until = Seconds(START + 5 * 3600);
    let stored = &world.title(FLAT).encumbrances[0].right;
    assert_eq!(
        *stored,
        Right::Freeze {
            authority: id(COURT),
            until: Some(until)
        }
    );
    assert_eq!(next_deadline(&world.state).unwrap(), Some(until));
    let deed = signed_sale(&mut world);
    world.time_ms = (until.0 - 1) * 1000;
    assert_eq!(world.open(&deed), ["freeze.in_force"]);
    world.time_ms = until.0 * 1000;
    assert!(world.open(&deed).is_empty(), "not swept yet");
    world.time_ms = (until.0 - 2) * 1000;
    world.block(&[]);
    assert_eq!(began(&world), []);
    world.block(&[]);
    let expected = [(freeze, Status::Expired), (deed, Status::Registered)];
    assert_eq!(began(&world), expected);
    world.block(&[]);
    assert_eq!(began(&world), [], "once");
    let record = world.lift(COURT, FLAT, &freeze);
    world.refuse(&record, &["freeze.unknown"]);
}

#[test]
fn what_is_frozen_is_not_mortgaged_and_lenders_still_pass_on_what_they_have() {
    let mut world = world();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Clara");
    world.frozen(COURT, FLAT, None);
    let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida"], "Bolat"));
    let second = lodge(&mut world, "Aida", FLAT, body);
    sign(&mut world, &second, &["Aida"], &["Bolat"]);
    assert_eq!(world.open(&second), ["freeze.in_force"]);
    let body = Body::Assignment(Assignment {
        mortgage,
        assignor: id("Clara"),
        assignee: id("Bolat"),
    });
    let assignment = lodge(&mut world, "Clara", FLAT, body);
    sign(&mut world, &assignment, &["Clara"], &["Bolat"]);
    assert_eq!(world.instrument(&assignment).status, Status::Registered);
}

#[test]
fn what_is_over_blocks_nothing_although_the_sweep_comes_a_block_later() {
    let mut world = world();
    // More instruments expire at the hour at which the freeze ends than one block sweeps.
    let crowd = |world: &mut World| {
        let records: Vec<_> = (0..1100)
            .map(|_| world.sale(OTHER, &[("Aida", "1/1")], &[("Clara", "1/1")]))
            .collect();
        world.block_after(10, &records);
    };
    crowd(&mut world);
    crowd(&mut world);
    let hour = next_deadline(&world.state).unwrap().unwrap();
    world.time_ms = (hour.0 - 3600) * 1000;
    let freeze = world.frozen(COURT, FLAT, Some(hour));
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    world.time_ms = (hour.0 - 1) * 1000;
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    assert_eq!(world.began.len(), 2200, "the crowd alone");
    assert_eq!(world.instrument(&deed).status, Status::Registered);
    assert_eq!(world.title(FLAT).encumbrances.len(), 1);
    assert_eq!(
        next_deadline(&world.state).unwrap(),
        Some(hour),
        "left over"
    );
    world.block(&[]);
    assert_eq!(began(&world), [(freeze, Status::Expired)]);
    assert!(world.title(FLAT).encumbrances.is_empty());
    world.block(&[]);
    assert_eq!(began(&world), [], "once");
}

#[test]
fn only_four_kinds_of_authority_freeze() {
    let mut world = world();
    for stranger in [SUPERVISOR, CIVIL, PROVIDER, NOTARY, TAX, "Aida", "Nobody"] {
        let record = world.freeze(stranger, FLAT, None);
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let draft = world.draft(
        COURT,
        FLAT,
        Body::Freeze(Freeze {
            case: "1".to_owned(),
            until: None,
        }),
    );
    let record = draft.sign(&key_of("Aida"), None);
    world.turn_away(&record, &["party.key_mismatch"]);
}

#[test]
fn a_freeze_that_cannot_be_is_refused() {
    let mut world = world();
    let record = world.freeze(COURT, "20-000-000-1", None);
    world.refuse(&record, &["title.unknown"]);
    let record = world.freeze(COURT, FLAT, Some(Seconds(world.now().0 + 1)));
    world.refuse(&record, &["freeze.term"]);
    let record = world.freeze(COURT, "20-000-000-1", Some(Seconds(0)));
    world.refuse(&record, &["title.unknown", "freeze.term"]);
    let mut freeze = |case: &str, code: &str| {
        let body = Body::Freeze(Freeze {
            case: case.to_owned(),
            until: None,
        });
        let record = world.plain(COURT, FLAT, body);
        world.turn_away(&record, &[code]);
    };
    freeze("", "record.field_invalid");
    freeze(&"x".repeat(600), "record.field_invalid");
    freeze("against 850101300123", "record.personal_data");
    let body = Body::Freeze(Freeze {
        case: "1".to_owned(),
        until: None,
    });
    let record = world.attested(COURT, FLAT, body);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn there_is_room_for_a_few_freezes_and_lapsed_ones_make_room() {
    let mut world = world();
    let soon = Some(Seconds(START + 3600));
    for _ in 0..ENCUMBRANCES_OF_A_KIND_MAX {
        world.frozen(COURT, FLAT, soon);
    }
    let record = world.freeze(PROSECUTOR, FLAT, None);
    world.refuse(&record, &["encumbrance.too_many"]);
    world.frozen(PROSECUTOR, OTHER, None);
    world.pass(3600);
    world.frozen(PROSECUTOR, FLAT, None);
    assert_eq!(world.title(FLAT).encumbrances.len(), 1);
}

#[test]
fn its_own_authority_or_a_court_above_it_lifts_a_freeze() {
    for (by, lifts, allowed) in [
        (COURT, COURT, true),
        (COURT, HIGH_COURT, true),
        (COURT, PROSECUTOR, false),
        (COURT, MONITOR, false),
        (COURT, REGISTRAR, false),
        (HIGH_COURT, COURT, false),
        (PROSECUTOR, COURT, false),
        (PROSECUTOR, HIGH_COURT, false),
        (REGISTRAR, SECOND_REGISTRAR, false),
        (MONITOR, MONITOR, true),
    ] {
        println!("{lifts} lifts what {by} froze");
        let mut world = world();
        let freeze = world.frozen(by, FLAT, None);
        let record = world.lift(lifts, FLAT, &freeze);
        if allowed {
            assert_eq!(world.accept(&record), []);
            assert!(world.title(FLAT).encumbrances.is_empty());
        } else {
            world.refuse(&record, &["freeze.not_entitled"]);
            assert_eq!(world.title(FLAT).encumbrances.len(), 1);
        }
    }
}

#[test]
fn only_a_freeze_in_force_on_this_title_is_lifted() {
    let mut world = world();
    let freeze = world.frozen(COURT, FLAT, None);
    for (property, which) in [
        (OTHER, freeze),
        ("20-000-000-1", freeze),
        (FLAT, RecordId([7; 32])),
    ] {
        let record = world.lift(COURT, property, &which);
        world.refuse(&record, &["freeze.unknown"]);
    }
    let record = world.lift("Aida", FLAT, &freeze);
    world.turn_away(&record, &["authority.not_accredited"]);
    let record = world.lift(NOTARY, FLAT, &freeze);
    world.turn_away(&record, &["authority.not_accredited"]);
    let property = FLAT.to_owned();
    let body = Body::FreezeRelease(FreezeRelease { property });
    let record = world.plain(COURT, "no-id", body);
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.lift(COURT, FLAT, &freeze);
    world.accept(&record);
    let record = world.lift(COURT, FLAT, &freeze);
    world.refuse(&record, &["freeze.unknown"]);
}
