//! Rule 6: who waives what was offered, for whom the offer stands, and until when.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{PreemptionNotice, PreemptionWaiver};
use deedbook_schemas::instrument::{ActKind, Status};
use deedbook_schemas::party::CivilStatus;
use deedbook_schemas::profile::Profile;

use crate::preemption::{FLAT, PRICE, offer_of, sale_to_a_stranger, waiver_at, world};
use crate::world::{BEFORE, DAY, World, id, record_id};

#[test]
fn a_waiver_is_by_another_co_owner_once_and_for_this_price() {
    let mut world = world();
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    for (who, price, codes) in [
        ("Bolat", PRICE - 1, "preemption.other_terms"),
        ("Bolat", PRICE + 1, "preemption.other_terms"),
        ("Dana", PRICE, "preemption.not_co_owner"),
        ("Aida", PRICE, "preemption.not_co_owner"),
    ] {
        let record = world.waiver(who, &notice, waiver_at(price));
        world.refuse(&record, &[codes]);
    }
    let unpriced = PreemptionWaiver {
        price: None,
        ..waiver_at(PRICE)
    };
    let record = world.waiver("Bolat", &notice, unpriced);
    world.refuse(&record, &["preemption.other_terms"]);
    world.waives("Bolat", &notice);
    let again = world.waiver("Bolat", &notice, waiver_at(PRICE));
    world.refuse(&again, &["preemption.already_waived"]);
    let of_nothing = world.waiver("Bolat", &RecordId([9; 32]), waiver_at(PRICE));
    world.refuse(&of_nothing, &["preemption.unknown"]);
    let elsewhere = PreemptionWaiver {
        property: "20-000-000-1".to_owned(),
        ..waiver_at(PRICE)
    };
    let record = world.waiver("Clara", &notice, elsewhere);
    world.refuse(&record, &["preemption.unknown"]);
    world.dies("Clara");
    let dead = world.waiver("Clara", &notice, waiver_at(PRICE));
    world.refuse(&dead, &["party.dead"]);
}

#[test]
fn an_agent_waives_within_their_power() {
    let mut world = world();
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let under = |power| PreemptionWaiver {
        power: Some(power),
        ..waiver_at(PRICE)
    };
    let managing = world.empower("Bolat", "Emil", &[ActKind::Manage]);
    let record = world.waiver("Emil", &notice, under(managing));
    world.refuse(&record, &["poa.out_of_scope"]);
    let to_the_seller = world.empower("Bolat", "Aida", &[ActKind::Release]);
    let record = world.waiver("Aida", &notice, under(to_the_seller));
    world.refuse(&record, &["poa.self_dealing"]);
    let unknown = world.waiver("Emil", &notice, under(RecordId([9; 32])));
    world.refuse(&unknown, &["preemption.not_co_owner", "poa.unknown"]);
    let power = world.empower("Bolat", "Emil", &[ActKind::Release]);
    let both = PreemptionWaiver {
        represents: Some(id("Bolat")),
        ..under(power)
    };
    let record = world.waiver("Emil", &notice, both);
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.waiver("Emil", &notice, under(power));
    world.accept(&record);
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(world.requirements(&deed)[0].party, Some(id("Clara")));
}

#[test]
fn nobody_gives_up_a_wards_pre_emption_and_their_time_runs_out() {
    let mut world = world();
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    world.waives("Clara", &notice);
    let until = Seconds(world.now().0 + 3000 * DAY);
    let minor = world.status(&id("Bolat").to_string(), CivilStatus::Minority { until });
    world.accept(&minor);
    let own = world.waiver("Bolat", &notice, waiver_at(PRICE));
    world.refuse(&own, &["party.minor"]);
    let by_guardian = PreemptionWaiver {
        represents: Some(id("Bolat")),
        ..waiver_at(PRICE)
    };
    let record = world.waiver("Emil", &notice, by_guardian);
    world.refuse(
        &record,
        &["guardian.not_guardian", "guardian.permission_missing"],
    );
    world.outlast_periods();
    let deed = sale_to_a_stranger(&mut world);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_group_waives_by_all_of_its_members() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.group("Heirs", &[("Bolat", None), ("Clara", None)]);
    world.property(FLAT, &[("Aida", "1/2"), ("Heirs", "1/2")]);
    let notice = world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    world.waives("Bolat", &notice);
    let deed = sale_to_a_stranger(&mut world);
    assert_eq!(world.open(&deed), ["preemption.period_running"]);
    assert_eq!(world.requirements(&deed)[0].party, Some(id("Heirs")));
    world.waives("Clara", &notice);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_member_offers_for_the_group() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara", "Dana"]);
    world.group("Heirs", &[("Bolat", None), ("Clara", None)]);
    world.property(FLAT, &[("Aida", "1/2"), ("Heirs", "1/2")]);
    let body = PreemptionNotice {
        represents: Some(id("Heirs")),
        ..offer_of("1/2", PRICE)
    };
    let by_stranger = world.offer("Dana", FLAT, body.clone());
    world.refuse(&by_stranger, &["entity.not_officer"]);
    let notice = world.offers("Bolat", FLAT, body);
    let own = world.waiver("Clara", &notice, waiver_at(PRICE));
    world.refuse(&own, &["preemption.not_co_owner"]);
    world.waives("Aida", &notice);
    let body = world.sale_body(FLAT, &[("Heirs", "1/2")], &[("Dana", "1/2")]);
    let record = world.transfer("Bolat", FLAT, body);
    world.accept(&record);
    let deed = record_id(&record);
    world.all_act(&deed, &["Bolat", "Clara"], &["Dana"]);
    assert!(world.is_registered(&deed));
}

#[test]
fn a_new_co_owner_has_to_be_served_anew_and_a_departed_one_offers_nothing() {
    let mut newcomer = world();
    newcomer.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let gift = newcomer.lodge_gift(FLAT, &[("Clara", "1/8")], &[("Emil", "1/8")]);
    newcomer.all_act(&gift, &["Clara"], &["Emil"]);
    assert!(newcomer.title(FLAT).encumbrances.is_empty());
    newcomer.outlast_periods();
    let deed = sale_to_a_stranger(&mut newcomer);
    assert_eq!(newcomer.open(&deed), ["preemption.notice_missing"]);

    let mut among_themselves = world();
    among_themselves.offers("Aida", FLAT, offer_of("1/2", PRICE));
    among_themselves.offers("Clara", FLAT, offer_of("1/4", PRICE));
    let sale = among_themselves.lodge_sale(FLAT, &[("Clara", "1/4")], &[("Bolat", "1/4")]);
    among_themselves.all_act(&sale, &["Clara"], &["Bolat"]);
    assert_eq!(among_themselves.title(FLAT).encumbrances.len(), 1);
    among_themselves.outlast_periods();
    let deed = sale_to_a_stranger(&mut among_themselves);
    assert!(among_themselves.is_registered(&deed));
}

#[test]
fn an_exchange_of_a_share_for_a_strangers_property_is_offered_too() {
    let mut world = world();
    world.property("20-313-024-200", &[("Dana", "1/1")]);
    let deed = world.lodge_exchange(
        (FLAT, "Aida", "1/2"),
        ("20-313-024-200", "Dana", "1/1"),
        |_| {},
    );
    world.all_act(&deed, &["Aida", "Dana"], &["Aida", "Dana"]);
    assert_eq!(world.open(&deed), ["preemption.notice_missing"]);
    let body = PreemptionNotice {
        price: None,
        ..offer_of("1/2", PRICE)
    };
    world.offers("Aida", FLAT, body);
    let running = ["preemption.period_running", "preemption.period_running"];
    assert_eq!(world.open(&deed), running);
    // The deed itself was lodged before and would expire first.
    world.outlast_periods();
    world.block(&[]);
    assert_eq!(world.instrument(&deed).status, Status::Expired);
}

#[test]
fn a_waiver_and_the_sale_in_one_block_count_in_their_order() {
    let mut world = World::of_singles(&["Aida", "Bolat", "Dana"]);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    let offer = world.offer("Aida", FLAT, offer_of("1/2", PRICE));
    let waiver = world.waiver("Bolat", &record_id(&offer), waiver_at(PRICE));
    let answers = world.block(&[waiver.clone(), offer.clone()]);
    let refusal = answers[0].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["preemption.unknown"]);
    let waiver = world.waiver("Bolat", &record_id(&offer), waiver_at(PRICE));
    let sale = world.sale(FLAT, &[("Aida", "1/2")], &[("Dana", "1/2")]);
    let deed = record_id(&sale);
    let records = [
        sale,
        world.buys("Dana", &deed),
        waiver,
        world.sells("Aida", &deed),
    ];
    for answer in world.block(&records) {
        assert_eq!(answer.unwrap().refusal, None);
    }
    assert!(world.is_registered(&deed));
}

#[test]
fn a_second_profile_gives_its_own_time() {
    let profile = Profile {
        preemption_days: 2,
        ..Profile::kazakhstan()
    };
    let mut world = World::with_profile(profile);
    world.enrol(&["Aida", "Bolat", "Dana"]);
    world.unmarried(&["Aida", "Bolat", "Dana"], BEFORE);
    world.property(FLAT, &[("Aida", "1/2"), ("Bolat", "1/2")]);
    world.offers("Aida", FLAT, offer_of("1/2", PRICE));
    let deed = sale_to_a_stranger(&mut world);
    world.pass(2 * DAY + 3600);
    world.block(&[]);
    assert!(world.is_registered(&deed));
}
