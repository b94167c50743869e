//! Rule 30: a holder locks their own holding at will; it opens at high assurance, after a cooling-off.

use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Right, SelfLock, SelfLockRelease};
use deedbook_schemas::instrument::{ActKind, ActRole, Status, Transfer, TransferKind};
use deedbook_schemas::proceeding::SuccessionCertificate;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Body;

use crate::world::{NOTARY, REGISTRAR, World, id, record_id, shares};

const FLAT: &str = "20-313-024-118";
const OTHER: &str = "20-313-024-119";

impl World {
    pub(crate) fn lock(&mut self, holder: &str, property: &str) -> Vec<u8> {
        self.attested(holder, property, Body::SelfLock(SelfLock {}))
    }

    /// Locks a holding; gives the lock's id.
    pub(crate) fn locked(&mut self, holder: &str, property: &str) -> RecordId {
        let record = self.lock(holder, property);
        let outcomes = self.accept(&record);
        let lock = record_id(&record);
        assert_eq!(
            (outcomes[0].record, outcomes[0].status),
            (lock, Status::Registered)
        );
        lock
    }

    pub(crate) fn unlock(&mut self, holder: &str, property: &str, lock: &RecordId) -> Vec<u8> {
        let body = unlocking(property);
        self.attested(holder, &lock.to_string(), body)
    }
}

fn unlocking(property: &str) -> Body {
    let property = property.to_owned();
    Body::SelfLockRelease(SelfLockRelease { property })
}

fn world_of(profile: Profile) -> World {
    let mut world = World::with_profile(profile);
    let names = ["Aida", "Bolat", "Clara", "Zarina"];
    world.enrol(&names);
    world.unmarried(&names, crate::world::BEFORE);
    world.property(FLAT, &[("Aida", "1/2"), ("Clara", "1/2")]);
    world.property(OTHER, &[("Aida", "1/1")]);
    world
}

fn world() -> World {
    world_of(crate::world::present())
}

/// A sale that lacks nothing of its parties.
fn sale(world: &mut World, property: &str, sellers: &[(&str, &str)], share: &str) -> RecordId {
    let deed = world.lodge_sale(property, sellers, &[("Bolat", share)]);
    for (seller, _) in sellers {
        let act = world.sells(seller, &deed);
        world.accept(&act);
    }
    let act = world.buys("Bolat", &deed);
    world.accept(&act);
    deed
}

/// When a lock opens that is asked to in the next block.
fn opening(world: &World) -> Seconds {
    let cooling = u64::from(world.profile().lock_cooling_hours) * 3600;
    Seconds((world.now().0 + 1 + cooling).div_ceil(3600) * 3600)
}

#[test]
fn a_locked_holding_is_disposed_of_by_nobody_for_its_holder() {
    let mut world = world();
    let lock = world.locked("Aida", FLAT);
    let right = Right::SelfLock {
        holder: id("Aida"),
        opens: None,
    };
    assert_eq!(world.title(FLAT).encumbrances[0].right, right);
    assert_eq!(world.title(FLAT).version, 1);
    let whole = sale(
        &mut world,
        FLAT,
        &[("Aida", "1/2"), ("Clara", "1/2")],
        "1/1",
    );
    assert_eq!(world.open(&whole), ["lock.in_force"]);
    assert_eq!(world.requirements(&whole)[0].party, Some(id("Aida")));
    let record = world.withdraws("Clara", &whole);
    world.accept(&record);
    // Nor by an agent, whose power is older than the lock or not.
    let power = world.empower("Aida", "Zarina", &[ActKind::Sell]);
    let under = world.lodge_sale(FLAT, &[("Aida", "1/2")], &[("Clara", "1/2")]);
    let act = world.act_under("Zarina", &under, ActRole::Disponor, power);
    world.accept(&act);
    let act = world.buys("Clara", &under);
    world.accept(&act);
    assert_eq!(world.open(&under), ["lock.in_force"]);
    let record = world.unlock("Zarina", FLAT, &lock);
    world.refuse(&record, &["lock.not_holder"]);
    // A lock on one property does not reach another.
    let other = sale(&mut world, OTHER, &[("Aida", "1/1")], "1/1");
    assert_eq!(world.instrument(&other).status, Status::Registered);
}

#[test]
fn a_co_owners_holding_is_not_locked() {
    let mut world = world();
    world.locked("Aida", FLAT);
    let own = world.lodge_sale(FLAT, &[("Clara", "1/2")], &[("Aida", "1/2")]);
    for act in [world.sells("Clara", &own), world.buys("Aida", &own)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&own).status, Status::Registered);
    assert_eq!(world.title(FLAT).encumbrances.len(), 1, "the lock stays");
    let rest = sale(&mut world, FLAT, &[("Aida", "1/1")], "1/1");
    assert_eq!(world.open(&rest), ["lock.in_force"]);
}

#[test]
fn a_lock_opens_after_the_cooling_off_and_not_one_second_before() {
    let mut world = world();
    let lock = world.locked("Aida", OTHER);
    let deed = sale(&mut world, OTHER, &[("Aida", "1/1")], "1/1");
    let opens = opening(&world);
    let record = world.unlock("Aida", OTHER, &lock);
    assert_eq!(world.accept(&record), []);
    assert_eq!(
        world.title(OTHER).encumbrances[0].right,
        Right::SelfLock {
            holder: id("Aida"),
            opens: Some(opens)
        }
    );
    assert_eq!(world.open(&deed), ["lock.in_force"]);
    assert_eq!(next_deadline(&world.state).unwrap(), Some(opens));
    let again = world.unlock("Aida", OTHER, &lock);
    world.refuse(&again, &["lock.repeated"]);
    let second = world.lock("Aida", OTHER);
    world.refuse(&second, &["lock.repeated"]);
    world.time_ms = (opens.0 - 2) * 1000;
    world.block(&[]);
    assert_eq!(world.instrument(&deed).status, Status::Pending);
    world.time_ms = opens.0 * 1000;
    assert!(world.open(&deed).is_empty(), "open, swept or not");
    world.time_ms = (opens.0 - 1) * 1000;
    world.block(&[]);
    let began: Vec<_> = world.began.iter().map(|o| (o.record, o.status)).collect();
    assert_eq!(began, [(lock, Status::Expired), (deed, Status::Registered)]);
    world.block(&[]);
    assert_eq!(world.began, [], "once");
}

#[test]
fn a_holding_is_locked_again_once_it_was_opened() {
    let mut world = world();
    let lock = world.locked("Aida", OTHER);
    let opens = opening(&world);
    let record = world.unlock("Aida", OTHER, &lock);
    world.accept(&record);
    world.time_ms = (opens.0 - 1) * 1000;
    let again = world.locked("Aida", OTHER);
    assert_eq!(world.title(OTHER).encumbrances.len(), 1);
    let old = world.unlock("Aida", OTHER, &lock);
    world.refuse(&old, &["lock.unknown"]);
    let record = world.unlock("Aida", OTHER, &again);
    world.accept(&record);
}

#[test]
fn heirs_inherit_what_was_locked_and_not_what_is_frozen() {
    for frozen in [false, true] {
        let mut world = world();
        world.locked("Aida", OTHER);
        world.dies("Aida");
        if frozen {
            world.frozen(REGISTRAR, OTHER, None);
        }
        let heirs = shares(&[("Bolat", "1/1")]);
        let body = SuccessionCertificate {
            property: OTHER.to_owned(),
            heirs,
        };
        let subject = id("Aida").to_string();
        let certificate = world.plain(NOTARY, &subject, Body::SuccessionCertificate(body));
        world.accept(&certificate);
        let body = Transfer {
            kind: TransferKind::Inheritance,
            price: None,
            ground: Some(record_id(&certificate)),
            ..world.sale_body(OTHER, &[("Aida", "1/1")], &[("Bolat", "1/1")])
        };
        let record = world.transfer("Bolat", OTHER, body);
        world.accept(&record);
        let deed = record_id(&record);
        let act = world.buys("Bolat", &deed);
        world.accept(&act);
        if frozen {
            assert_eq!(world.open(&deed), ["freeze.in_force"]);
        } else {
            assert_eq!(world.instrument(&deed).status, Status::Registered);
            assert!(world.title(OTHER).encumbrances.is_empty(), "the lock went");
        }
    }
}

#[test]
fn a_lock_is_opened_at_high_assurance_only() {
    let mut world = world_of(Profile {
        assurance_min: 1,
        lock_assurance: 3,
        ..crate::world::present()
    });
    let mut sheet = world.sheet("Aida", FLAT, Body::SelfLock(SelfLock {}));
    sheet.attestation().assurance = 1;
    let record = sheet.seal();
    world.accept(&record);
    let lock = record_id(&record);
    for (assurance, high) in [(1, false), (2, false), (3, true)] {
        let mut sheet = world.sheet("Aida", &lock.to_string(), unlocking(FLAT));
        sheet.attestation().assurance = assurance;
        if high {
            world.accept(&sheet.seal());
        } else {
            world.turn_away(&sheet.seal(), &["attestation.level_too_low"]);
        }
    }
    // A profile cannot open locks below the level of every other act.
    let mut world = world_of(Profile {
        assurance_min: 3,
        lock_assurance: 1,
        ..crate::world::present()
    });
    let lock = world.locked("Aida", FLAT);
    let mut sheet = world.sheet("Aida", &lock.to_string(), unlocking(FLAT));
    sheet.attestation().assurance = 2;
    world.turn_away(&sheet.seal(), &["attestation.level_too_low"]);
}

#[test]
fn only_a_holder_in_person_locks_and_only_once() {
    let mut world = world();
    world.empower("Aida", "Zarina", &[ActKind::Sell, ActKind::Manage]);
    for stranger in ["Zarina", "Bolat"] {
        let record = world.lock(stranger, FLAT);
        world.refuse(&record, &["lock.not_holder"]);
    }
    let record = world.lock("Clara", OTHER);
    world.refuse(&record, &["lock.not_holder"]);
    let record = world.lock(REGISTRAR, FLAT);
    world.turn_away(&record, &["party.unknown"]);
    let record = world.lock("Aida", "20-000-000-1");
    world.refuse(&record, &["title.unknown"]);
    let record = world.plain("Aida", FLAT, Body::SelfLock(SelfLock {}));
    world.turn_away(&record, &["attestation.missing", "evidence.missing"]);
    world.locked("Aida", FLAT);
    let record = world.lock("Aida", FLAT);
    world.refuse(&record, &["lock.repeated"]);
    world.locked("Clara", FLAT);
    world.becomes_incapable("Aida");
    let record = world.lock("Aida", OTHER);
    world.refuse(&record, &["party.incapable"]);
}

#[test]
fn only_a_lock_in_force_is_opened_by_its_holder() {
    let mut world = world();
    let lock = world.locked("Aida", FLAT);
    for (property, which) in [
        (OTHER, lock),
        ("20-000-000-1", lock),
        (FLAT, RecordId([5; 32])),
    ] {
        let record = world.unlock("Aida", property, &which);
        world.refuse(&record, &["lock.unknown"]);
    }
    for stranger in ["Clara", "Bolat"] {
        let record = world.unlock(stranger, FLAT, &lock);
        world.refuse(&record, &["lock.not_holder"]);
    }
    let record = world.attested("Aida", "no-id", unlocking(FLAT));
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.plain("Aida", &lock.to_string(), unlocking(FLAT));
    world.turn_away(&record, &["attestation.missing", "evidence.missing"]);
    let freeze = world.frozen(REGISTRAR, FLAT, None);
    let record = world.unlock("Aida", FLAT, &freeze);
    world.refuse(&record, &["lock.unknown"]);
}

#[test]
fn a_lock_and_the_last_act_in_one_block_are_decided_by_their_order() {
    for locked_first in [true, false] {
        let mut world = world();
        let deed = world.lodge_sale(OTHER, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        let act = world.sells("Aida", &deed);
        world.accept(&act);
        let mut records = vec![world.lock("Aida", OTHER), world.buys("Bolat", &deed)];
        if !locked_first {
            records.reverse();
        }
        let answers = world.block(&records);
        let registered = world.instrument(&deed).status == Status::Registered;
        assert_eq!(registered, !locked_first);
        if !locked_first {
            let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
            assert_eq!(refusal.to_strings(), ["lock.not_holder"]);
        }
    }
}
