//! Rules 4, 6, 19, 21, 47, 50: what those do who are behind a group, in person or by whoever stands for
//! them, and by which law.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Discharge, PreemptionNotice};
use deedbook_schemas::instrument::{ActKind, ActRole};
use deedbook_schemas::party::Guardianship;
use deedbook_schemas::proceeding::Appeal;
use deedbook_schemas::record::Body;

use crate::lenders::{
    couple, discharge_body, discharges, firm, mortgage_body, parties, sign, ward,
};
use crate::preemption::{FLAT, PRICE, offer_of, waiver_at};
use crate::world::{COURT, DAY, GUARDIANS, World, id, record_id};

const HOUSE: &str = "20-313-024-200";
const PEOPLE: [&str; 6] = ["Aida", "Bolat", "Clara", "Dana", "Emil", "Gulnara"];

fn lodged(world: &mut World, gives: &[(&str, &str)], takes: &[(&str, &str)]) -> Vec<u8> {
    let body = world.sale_body(FLAT, gives, takes);
    let record = world.transfer("Dana", FLAT, body);
    world.accept(&record);
    record
}

/// A consortium of Clara's firm and of a child whose guardian is Gulnara has half of the flat, Aida the
/// other one.
fn consortium() -> World {
    let mut world = World::of_singles(&PEOPLE);
    firm(&mut world, "Firm", &["Clara", "Dana"], 2);
    ward(&mut world, "Bolat", "Gulnara");
    couple(&mut world, "Consortium", ["Firm", "Bolat"]);
    world.property(FLAT, &[("Consortium", "1/2"), ("Aida", "1/2")]);
    world
}

#[test]
fn whoever_stands_for_a_member_offers_for_the_group() {
    let body = || PreemptionNotice {
        represents: Some(id("Consortium")),
        ..offer_of("1/2", PRICE)
    };
    for offeror in ["Clara", "Dana", "Gulnara"] {
        println!("{offeror}");
        let mut world = consortium();
        world.offers(offeror, FLAT, body());
    }
    let mut world = consortium();
    for stranger in ["Aida", "Emil"] {
        let record = world.offer(stranger, FLAT, body());
        world.refuse(&record, &["entity.not_officer"]);
    }
    let record = world.offer("Bolat", FLAT, body());
    world.refuse(&record, &["party.minor"]);
    // Neither when they are dismissed, nor when they can no longer act.
    let dismissed = Body::Guardianship(Guardianship { guardian: None });
    let record = world.plain(GUARDIANS, &id("Bolat").to_string(), dismissed);
    world.accept(&record);
    firm(&mut world, "Firm", &["Dana"], 1);
    world.becomes_incapable("Dana");
    for former in ["Clara", "Gulnara"] {
        let record = world.offer(former, FLAT, body());
        world.refuse(&record, &["entity.not_officer"]);
    }
    let record = world.offer("Dana", FLAT, body());
    world.refuse(&record, &["party.incapable", "entity.not_officer"]);
}

#[test]
fn whoever_stands_for_a_member_answers_and_appeals() {
    for (who, entitled) in [
        ("Clara", true),
        ("Gulnara", true),
        ("Aida", true),
        ("Emil", false),
    ] {
        println!("{who}");
        let mut world = consortium();
        let sale = lodged(&mut world, &[("Aida", "1/2")], &[("Consortium", "1/2")]);
        let deed = record_id(&sale);
        let asked = world.asks(&deed);
        let record = world.answers(who, &deed, asked);
        if entitled {
            world.accept(&record);
        } else {
            world.refuse(&record, &["requisition.not_entitled"]);
        }
        let record = world.withdraws("Aida", &deed);
        world.accept(&record);
        let appeal = Appeal {
            court: id(COURT),
            record: sale,
        };
        let record = world.attested(who, &deed.to_string(), Body::Appeal(appeal));
        if entitled {
            world.accept(&record);
        } else {
            world.refuse(&record, &["appeal.no_standing"]);
        }
    }
}

#[test]
fn a_group_of_co_owners_is_no_stranger() {
    for (members, free) in [(["Bolat", "Clara"], true), (["Bolat", "Dana"], false)] {
        println!("{members:?}");
        let mut world = World::of_singles(&PEOPLE);
        couple(&mut world, "Pair", members);
        world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/4"), ("Clara", "1/4")]);
        let sale = lodged(&mut world, &[("Aida", "1/2")], &[("Pair", "1/2")]);
        let deed = record_id(&sale);
        world.all_act(&deed, &["Aida"], &members);
        assert_eq!(world.is_registered(&deed), free);
        if !free {
            assert_eq!(world.open(&deed), ["preemption.notice_missing"]);
        }
    }
    // Nor is a group of those who hold in another one.
    let mut world = World::of_singles(&PEOPLE);
    couple(&mut world, "Pair", ["Bolat", "Clara"]);
    couple(&mut world, "Again", ["Bolat", "Clara"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Pair", "1/2")]);
    let sale = lodged(&mut world, &[("Aida", "1/2")], &[("Again", "1/2")]);
    let deed = record_id(&sale);
    world.all_act(&deed, &["Aida"], &["Bolat", "Clara"]);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_guardian_gives_up_nothing_in_favour_of_a_group_that_they_are_in() {
    for (holders, codes) in [
        (["Gulnara", "Aida"], &["guardian.conflict"][..]),
        (["Aida", "Clara"], &[]),
    ] {
        let mut world = World::of_singles(&PEOPLE);
        couple(&mut world, "Pair", holders);
        world.property(FLAT, &[("Pair", "1/1")]);
        let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Pair"], "Bolat"));
        let record = world.plain("Aida", FLAT, body);
        world.accept(&record);
        let mortgage = record_id(&record);
        sign(&mut world, &mortgage, &holders, &["Bolat"]);
        assert!(world.is_registered(&mortgage));
        ward(&mut world, "Bolat", "Gulnara");
        let body = Discharge {
            represents: Some(id("Bolat")),
            ..discharge_body(FLAT, None)
        };
        let record = discharges(&mut world, "Gulnara", &mortgage, body);
        if codes.is_empty() {
            world.accept(&record);
        } else {
            world.refuse(&record, codes);
        }
    }
}

#[test]
fn every_reason_why_nobody_can_act_for_a_group_is_given() {
    let mut world = World::of_singles(&PEOPLE);
    couple(&mut world, "Pair", ["Bolat", "Clara"]);
    world.property(FLAT, &[("Pair", "1/1")]);
    let sale = lodged(&mut world, &[("Pair", "1/1")], &[("Aida", "1/1")]);
    let deed = record_id(&sale);
    world.all_act(&deed, &[], &["Aida"]);
    world.dies("Bolat");
    assert_eq!(world.open(&deed), ["party.dead"]);
    world.becomes_incapable("Clara");
    let open = [
        "party.dead",
        "party.incapable",
        "guardian.permission_missing",
    ];
    assert_eq!(world.open(&deed), open);
    let body = world.sale_body(FLAT, &[("Pair", "1/1")], &[("Emil", "1/1")]);
    let record = world.transfer("Dana", FLAT, body);
    world.refuse(&record, &["party.dead", "party.incapable"]);
    let body = world.sale_body(FLAT, &[("Pair", "1/1")], &[("Pair", "1/1")]);
    let record = world.transfer("Dana", FLAT, body);
    let codes = [
        "transfer.parties",
        "party.dead",
        "party.incapable",
        "transfer.acquirer_unknown",
    ];
    let applied = world.submit(&record).unwrap();
    let mut refused = applied.refusal.unwrap().to_strings();
    let mut expected = codes.map(str::to_owned);
    refused.sort();
    expected.sort();
    assert_eq!(refused, expected);
}

/// The pair of Aida and Bolat exchanges the flat for Dana's house; Emil signs for Aida.
fn exchange(of: &mut World, agent: &str, with: Option<&[&str]>) -> (RecordId, RecordId) {
    couple(of, "Pair", ["Aida", "Bolat"]);
    of.property(FLAT, &[("Pair", "1/1")]);
    of.property(HOUSE, &[("Dana", "1/1")]);
    let body = of.exchange_body((FLAT, "Pair", "1/1"), (HOUSE, "Dana", "1/1"));
    let record = of.transfer("Aida", FLAT, body);
    of.accept(&record);
    let mut power = of.power_body(&[ActKind::Acquire, ActKind::Exchange]);
    power.scope.counterparties = with.map(parties);
    let power = of.power("Aida", agent, power);
    of.accept(&power);
    (record_id(&record), record_id(&power))
}

#[test]
fn a_member_deals_with_whom_the_group_deals() {
    let both = [ActRole::Disponor, ActRole::Acquirer];
    // The other member is on the same side, and is not dealt with.
    for (agent, with) in [("Emil", Some(&["Dana"][..])), ("Bolat", None)] {
        let mut world = World::of_singles(&PEOPLE);
        let (deed, power) = exchange(&mut world, agent, with);
        for role in both {
            let act = world.act_under(agent, &deed, role, power);
            world.accept(&act);
        }
    }
    for (agent, with, code) in [
        ("Emil", Some(&["Bolat"][..]), "poa.out_of_scope"),
        ("Dana", None, "poa.self_dealing"),
    ] {
        let mut world = World::of_singles(&PEOPLE);
        let (deed, power) = exchange(&mut world, agent, with);
        for role in both {
            let act = world.act_under(agent, &deed, role, power);
            world.refuse(&act, &[code]);
        }
    }
    // One agent for both members, who do not deal with each other.
    let mut world = World::of_singles(&PEOPLE);
    let (deed, hers) = exchange(&mut world, "Emil", None);
    let his = world.empower("Bolat", "Emil", &[ActKind::Acquire, ActKind::Exchange]);
    for (role, power) in [
        (ActRole::Disponor, hers),
        (ActRole::Acquirer, his),
        (ActRole::Disponor, his),
        (ActRole::Acquirer, hers),
    ] {
        let act = world.act_under("Emil", &deed, role, power);
        world.accept(&act);
    }
}

#[test]
fn a_waiver_for_a_member_counts_for_the_group() {
    let mut world = consortium();
    firm(&mut world, "Firm", &["Clara"], 1);
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let mut body = waiver_at(PRICE);
    body.represents = Some(id("Firm"));
    let record = world.waiver("Clara", &notice, body);
    world.accept(&record);
    let sale = lodged(&mut world, &[("Aida", "1/2")], &[("Emil", "1/2")]);
    let deed = record_id(&sale);
    world.all_act(&deed, &["Aida"], &["Emil"]);
    assert_eq!(world.open(&deed), ["preemption.period_running"]);
    let mut body = waiver_at(PRICE);
    body.represents = Some(id("Bolat"));
    let record = world.waiver("Gulnara", &notice, body);
    world.refuse(&record, &["guardian.permission_missing"]);
    // The child comes of age, the period of a later offer runs, and he lets it pass.
    world.pass(365 * DAY);
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    for (signer, represents) in [("Clara", Some(id("Firm"))), ("Bolat", None)] {
        let mut body = waiver_at(PRICE);
        body.represents = represents;
        let record = world.waiver(signer, &notice, body);
        world.accept(&record);
    }
    let sale = lodged(&mut world, &[("Aida", "1/2")], &[("Emil", "1/2")]);
    let deed = record_id(&sale);
    world.all_act(&deed, &["Aida"], &["Emil"]);
    assert!(world.is_registered(&deed));
}

#[test]
fn who_gives_alone_and_in_a_group_is_told_of_both() {
    let mut world = World::of_singles(&PEOPLE);
    couple(&mut world, "Pair", ["Aida", "Bolat"]);
    world.property(FLAT, &[("Pair", "1/2"), ("Aida", "1/2")]);
    let both = [("Pair", "1/2"), ("Aida", "1/2")];
    let sale = lodged(&mut world, &both, &[("Dana", "1/1")]);
    let gift = world.lodge_gift(FLAT, &[("Aida", "1/2")], &[("Clara", "1/2")]);
    world.all_act(&gift, &["Aida"], &["Clara"]);
    assert!(world.is_registered(&gift));
    // The group holds still, and Aida does not.
    let act = world.sells("Aida", &record_id(&sale));
    world.refuse(&act, &["title.not_holder", "title.version_changed"]);
}
