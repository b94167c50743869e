//! Every kind of pending instrument against everything that can hold it up: in the step in which the last
//! of it goes, the instrument registers. Never is one pending that needs nothing.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, ActRole, Status, Transfer, TransferKind};
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::DutyKind;

use crate::courts::{PRICE, sell};
use crate::lenders::{
    FLAT, assignment, lease_body, lodge, mortgage_body, postponement, servitude_body,
};
use crate::succession::sorted;
use crate::world::{BEFORE, DAY, ESCROW, NOTARY, PROSECUTOR, REGISTRAR, World, id, record_id};

const NAMES: [&str; 8] = [
    "Aida", "Bolat", "Clara", "Dana", "Daniyar", "Halyk", "Kaspi", "Zarina",
];
/// Dana's.
const OTHER: &str = "20-313-024-119";
/// Aida's.
const HOUSE: &str = "20-313-024-120";
/// Emil's, who was married to Fatima when he bought it.
const JOINT: &str = "20-313-024-121";
/// Daniyar's, who is dead.
const LEFT: &str = "20-313-024-122";

use ActRole::{Acquirer, Disponor};

/// A kind of instrument: about which property, whose, and who acts.
struct Kind {
    what: &'static str,
    property: &'static str,
    holder: &'static str,
    begin: fn(&mut World) -> RecordId,
    acts: &'static [(&'static str, ActRole)],
    transfers: bool,
    disposes: bool,
    by_will: bool,
    by_court: bool,
}

const SALE: Kind = Kind {
    what: "a sale",
    property: FLAT,
    holder: "Aida",
    begin: |world| {
        let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        lodge(world, "Zarina", FLAT, Body::Transfer(body))
    },
    acts: &[("Aida", Disponor), ("Bolat", Acquirer)],
    transfers: true,
    disposes: true,
    by_will: true,
    by_court: false,
};

const KINDS: &[Kind] = &[
    SALE,
    Kind {
        what: "a gift",
        begin: |world| {
            let mut body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
            crate::lenders::as_gift(&mut body);
            lodge(world, "Zarina", FLAT, Body::Transfer(body))
        },
        ..SALE
    },
    Kind {
        what: "an exchange",
        begin: |world| {
            let body = world.exchange_body((FLAT, "Aida", "1/1"), (OTHER, "Dana", "1/1"));
            lodge(world, "Zarina", FLAT, Body::Transfer(body))
        },
        acts: &[
            ("Aida", Disponor),
            ("Dana", Disponor),
            ("Aida", Acquirer),
            ("Dana", Acquirer),
        ],
        ..SALE
    },
    Kind {
        what: "a severance",
        property: JOINT,
        holder: "Emil",
        begin: |world| {
            let halves = [("Emil", "1/2"), ("Fatima", "1/2")];
            let body = world.severance_body(JOINT, &[("Emil", "1/1")], &halves);
            lodge(world, "Zarina", JOINT, Body::Transfer(body))
        },
        acts: &[("Emil", Disponor), ("Emil", Acquirer), ("Fatima", Acquirer)],
        ..SALE
    },
    Kind {
        what: "an inheritance",
        property: LEFT,
        holder: "Daniyar",
        begin: |world| {
            let heirs = sorted(&[("Bolat", "1/2"), ("Clara", "1/2")]);
            let record = world.succession_certificate(NOTARY, "Daniyar", LEFT, heirs.clone());
            world.accept(&record);
            let body = Transfer {
                kind: TransferKind::Inheritance,
                price: None,
                ground: Some(record_id(&record)),
                acquirers: heirs,
                ..world.sale_body(LEFT, &[("Daniyar", "1/1")], &[])
            };
            lodge(world, "Zarina", LEFT, Body::Transfer(body))
        },
        acts: &[("Bolat", Acquirer), ("Clara", Acquirer)],
        by_will: false,
        ..SALE
    },
    Kind {
        what: "a court sale",
        begin: |world| {
            let order = world.orders(FLAT, sell("Aida", "Bolat", PRICE, &[]));
            let body = world.court_sale(FLAT, ("Aida", "1/1"), "Bolat", order);
            lodge(world, "Zarina", FLAT, Body::Transfer(body))
        },
        acts: &[("Bolat", Acquirer)],
        by_will: false,
        by_court: true,
        ..SALE
    },
    Kind {
        what: "a mortgage",
        begin: |world| {
            let body = mortgage_body(world, FLAT, &["Aida"], "Kaspi");
            lodge(world, "Zarina", FLAT, Body::Mortgage(body))
        },
        acts: &[("Aida", Disponor), ("Kaspi", Acquirer)],
        transfers: false,
        ..SALE
    },
    Kind {
        what: "a servitude",
        begin: |world| {
            let body = servitude_body(world, "Clara");
            lodge(world, "Zarina", FLAT, Body::Servitude(body))
        },
        acts: &[("Aida", Disponor), ("Clara", Acquirer)],
        transfers: false,
        ..SALE
    },
    Kind {
        what: "a lease",
        begin: |world| {
            let body = lease_body(world, "Clara");
            lodge(world, "Zarina", FLAT, Body::Lease(body))
        },
        acts: &[("Aida", Disponor), ("Clara", Acquirer)],
        transfers: false,
        ..SALE
    },
    Kind {
        what: "an assignment",
        property: HOUSE,
        begin: |world| {
            let mortgage = on_the_house(world, "Halyk");
            let body = assignment(&mortgage, "Halyk", "Clara");
            lodge(world, "Zarina", HOUSE, body)
        },
        acts: &[("Halyk", Disponor), ("Clara", Acquirer)],
        transfers: false,
        disposes: false,
        ..SALE
    },
    Kind {
        what: "a postponement",
        property: HOUSE,
        begin: |world| {
            let first = on_the_house(world, "Halyk");
            let second = on_the_house(world, "Kaspi");
            let body = postponement(&first, &second, "Halyk", &["Kaspi"]);
            lodge(world, "Zarina", HOUSE, body)
        },
        acts: &[("Halyk", Disponor), ("Kaspi", Acquirer)],
        transfers: false,
        disposes: false,
        ..SALE
    },
    Kind {
        what: "a subdivision",
        begin: |world| world.lodge_subdivision(FLAT, &[("20-1", 2_700), ("20-2", 2_700)]),
        acts: &[("Aida", Disponor)],
        transfers: false,
        ..SALE
    },
    Kind {
        what: "a consolidation",
        begin: |world| {
            let body = world.consolidation_body(&[FLAT, HOUSE], 10_800);
            let record = world.consolidation("20-3", body);
            world.accept(&record);
            record_id(&record)
        },
        acts: &[("Aida", Disponor)],
        transfers: false,
        ..SALE
    },
];

/// A mortgage that was there before, where the profile asks for no notary.
fn on_the_house(world: &mut World, lender: &str) -> RecordId {
    let body = Body::Mortgage(mortgage_body(world, HOUSE, &["Aida"], lender));
    let mortgage = lodge(world, "Aida", HOUSE, body);
    world.all_act(&mortgage, &["Aida"], &[lender]);
    if !world.is_registered(&mortgage) {
        let record = world.certifies(NOTARY, &mortgage);
        world.accept(&record);
    }
    mortgage
}

/// Something that holds an instrument up, and what ends that.
struct Block {
    what: &'static str,
    code: &'static str,
    applies: fn(&Kind) -> bool,
    /// Only what all have signed can be held up by it.
    late: bool,
    put: fn(&mut World, &Kind, &RecordId) -> RecordId,
    lift: fn(&mut World, &Kind, &RecordId, RecordId) -> Vec<Outcome>,
}

/// What the profile or the world asks for by itself.
fn nothing(_: &mut World, _: &Kind, deed: &RecordId) -> RecordId {
    *deed
}

const UNKNOWN: &str = "the holder's civil status is not known";
const NOTARIAL: &str = "a notary has to certify it";
const DUTIABLE: &str = "a duty is not paid";
const COURT_SALE: &str = "a court sale comes before it";

const BLOCKS: &[Block] = &[
    Block {
        what: "a freeze that is lifted",
        code: "freeze.in_force",
        applies: |kind| kind.disposes && !kind.by_court,
        late: false,
        put: |world, kind, _| world.frozen(PROSECUTOR, kind.property, None),
        lift: |world, kind, _, freeze| {
            let record = world.lift(PROSECUTOR, kind.property, &freeze);
            world.accept(&record)
        },
    },
    Block {
        what: "a freeze that ends",
        code: "freeze.in_force",
        applies: |kind| kind.disposes && !kind.by_court,
        late: false,
        put: |world, kind, _| {
            let until = Seconds(world.now().0 + 12 * DAY);
            world.frozen(PROSECUTOR, kind.property, Some(until))
        },
        lift: |world, kind, _, freeze| {
            let title = world.title(kind.property);
            let found = title.encumbrances.iter().find(|e| e.id == freeze).unwrap();
            let end = deedbook_schemas::standing::ends(&found.right).unwrap();
            world.time_ms = world.time_ms.max(end.0 * 1000);
            world.block(&[]);
            world.began.clone()
        },
    },
    Block {
        what: "the holder's own lock",
        code: "lock.in_force",
        applies: |kind| kind.disposes && kind.by_will,
        late: false,
        put: |world, kind, _| {
            if kind.by_will {
                world.locked(kind.holder, kind.property)
            } else {
                RecordId([9; 32])
            }
        },
        lift: |world, kind, _, lock| {
            let record = world.unlock(kind.holder, kind.property, &lock);
            world.accept(&record);
            world.pass(4 * DAY);
            world.block(&[]);
            world.began.clone()
        },
    },
    Block {
        what: "a requisition that is cured",
        code: "requisition.open",
        applies: |_| true,
        late: false,
        put: |world, _, deed| {
            let asked = world.asks(deed);
            let lodger = world.instrument(deed).pending.unwrap().lodger;
            if lodger == id("Zarina") {
                let answer = world.answers("Zarina", deed, asked);
                world.accept(&answer);
            } else {
                let answer = world.answers("Aida", deed, asked);
                world.accept(&answer);
            }
            asked
        },
        lift: |world, _, deed, asked| {
            let record = world.decides(REGISTRAR, deed, asked, true);
            world.accept(&record)
        },
    },
    Block {
        what: UNKNOWN,
        code: "marriage.status_unknown",
        applies: |kind| kind.disposes && !kind.by_court && kind.holder != "Emil",
        late: false,
        put: nothing,
        lift: |world, kind, _, _| {
            let fact = deedbook_schemas::party::CivilStatus::Unmarried {
                parties: vec![id(kind.holder)],
                from: BEFORE,
            };
            let subject = id(crate::world::CIVIL).to_string();
            let record = world.status(&subject, fact);
            world.accept(&record)
        },
    },
    Block {
        what: NOTARIAL,
        code: "notary.missing",
        applies: |kind| kind.by_will,
        late: false,
        put: nothing,
        lift: |world, _, deed, _| {
            let record = world.certifies(NOTARY, deed);
            world.accept(&record)
        },
    },
    Block {
        what: DUTIABLE,
        code: "duty.unpaid",
        applies: |kind| kind.transfers,
        late: false,
        put: nothing,
        lift: |world, _, deed, _| {
            let record = world.pays(deed, DutyKind::TransferTax);
            world.accept(&record)
        },
    },
    Block {
        what: COURT_SALE,
        code: "title.slot_taken",
        applies: |kind| kind.disposes && kind.by_will && kind.holder == "Aida",
        late: true,
        put: |world, kind, _| {
            let order = world.orders(kind.property, sell("Aida", "Bolat", PRICE, &[]));
            let (pays, receives) = ([("Bolat", PRICE)], [("Aida", PRICE)]);
            let body = Transfer {
                settlement: Some(World::settlement(ESCROW, &pays, &receives)),
                ..world.court_sale(kind.property, ("Aida", "1/1"), "Bolat", order)
            };
            let court = lodge(world, "Zarina", kind.property, Body::Transfer(body));
            world.all_act(&court, &[], &["Bolat"]);
            court
        },
        lift: |world, _, _, court| {
            let record = world.withdraws("Zarina", &court);
            world.accept(&record)
        },
    },
    Block {
        what: "a caveat, which warns",
        code: "",
        applies: |_| false,
        late: false,
        put: |world, kind, _| {
            let until = Seconds(world.now().0 + DAY);
            let body = deedbook_schemas::encumbrance::Caveat {
                interest: deedbook_schemas::encumbrance::Interest::Debt,
                until,
            };
            let record = world.attested("Clara", kind.property, Body::Caveat(body));
            world.accept(&record);
            record_id(&record)
        },
        lift: |_, _, _, _| Vec::new(),
    },
];

/// A world in which these blocks hold up what is lodged there.
fn world_with(kind: &Kind, blocks: &[&Block]) -> World {
    let asked = |what: &str| blocks.iter().any(|block| block.what == what);
    let all = vec![
        ActKind::Sell,
        ActKind::Give,
        ActKind::Exchange,
        ActKind::Sever,
        ActKind::Mortgage,
        ActKind::Servitude,
        ActKind::Lease,
        ActKind::Release,
        ActKind::Reparcel,
    ];
    let mut world = World::with_profile(Profile {
        notarial_acts: if asked(NOTARIAL) { all } else { Vec::new() },
        duties: if asked(DUTIABLE) {
            vec![DutyKind::TransferTax]
        } else {
            Vec::new()
        },
        ..Profile::kazakhstan()
    });
    world.enrol(&NAMES);
    world.enrol(&["Emil", "Fatima", "Nurlan"]);
    let known = |name: &&str| !(asked(UNKNOWN) && kind.disposes && *name == kind.holder);
    let known: Vec<&str> = NAMES.into_iter().filter(known).collect();
    world.unmarried(&known, BEFORE);
    world.marry("Emil", "Fatima", BEFORE);
    for (property, holder) in [
        (FLAT, "Aida"),
        (OTHER, "Dana"),
        (HOUSE, "Aida"),
        (JOINT, "Emil"),
        (LEFT, "Daniyar"),
    ] {
        world.property(property, &[(holder, "1/1")]);
    }
    world.dies("Daniyar");
    world
}

/// Lifts the blocks in this order: the last of them registers the instrument, in the same step.
fn lift_in_order(kind: &Kind, blocks: &[&Block]) {
    let names: Vec<&str> = blocks.iter().map(|block| block.what).collect();
    let about = format!("{}: {}", kind.what, names.join("; "));
    let mut world = world_with(kind, blocks);
    let deed = (kind.begin)(&mut world);
    let mut put: Vec<Option<RecordId>> = vec![None; blocks.len()];
    for (block, put) in blocks.iter().zip(&mut put).filter(|(block, _)| !block.late) {
        *put = Some((block.put)(&mut world, kind, &deed));
    }
    for (name, role) in kind.acts {
        let act = world.act(name, &deed, *role);
        world.accept(&act);
    }
    for (block, put) in blocks.iter().zip(&mut put).filter(|(block, _)| block.late) {
        *put = Some((block.put)(&mut world, kind, &deed));
    }
    let mut left: Vec<(&&Block, RecordId)> = blocks
        .iter()
        .zip(put.into_iter().flatten())
        .filter(|(block, _)| (block.applies)(kind))
        .collect();
    while !left.is_empty() {
        let mut codes: Vec<&str> = left.iter().map(|(block, _)| block.code).collect();
        let mut open = world.open(&deed);
        // A consolidation asks for each of its titles.
        codes.sort_unstable();
        codes.dedup();
        open.sort_unstable();
        open.dedup();
        assert_eq!(open, codes, "{about}");
        assert_eq!(world.instrument(&deed).status, Status::Pending);
        let (block, put) = left.remove(0);
        let outcomes = (block.lift)(&mut world, kind, &deed, put);
        let ended = outcomes.iter().find(|outcome| outcome.record == deed);
        let status = ended.map(|outcome| outcome.status);
        let expected = left.is_empty().then_some(Status::Registered);
        assert_eq!(status, expected, "{about}, without {}", block.what);
    }
    assert!(world.is_registered(&deed), "{about}");
}

#[test]
fn what_is_held_up_by_one_thing_registers_when_that_is_over() {
    for kind in KINDS {
        for block in BLOCKS.iter().filter(|block| !block.late) {
            lift_in_order(kind, &[block]);
        }
    }
}

#[test]
fn what_is_held_up_by_two_things_registers_when_the_last_of_them_is_over() {
    for kind in KINDS {
        for (place, one) in BLOCKS.iter().enumerate() {
            for (other_place, other) in BLOCKS.iter().enumerate() {
                let apply = (one.applies)(kind) && (other.applies)(kind);
                if place != other_place && apply {
                    lift_in_order(kind, &[one, other]);
                }
            }
        }
    }
}

#[test]
fn what_is_held_up_by_everything_registers_with_the_last_of_it() {
    for kind in KINDS {
        let apply = BLOCKS.iter().filter(|block| (block.applies)(kind));
        let mut blocks: Vec<&Block> = apply.collect();
        for _ in 0..blocks.len() {
            lift_in_order(kind, &blocks);
            blocks.rotate_left(1);
        }
    }
}
