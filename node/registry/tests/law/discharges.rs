//! Rules 25, 27, 29: who gives an encumbrance up, at once or with a deed, and who cannot.

use deedbook_registry::Key;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::encumbrance::{Discharge, Right};
use deedbook_schemas::instrument::{Matter, Status, Supplement};
use deedbook_schemas::limits::SUPPLEMENTS_MAX;
use deedbook_schemas::record::Body;

use crate::lenders::{
    FLAT, OTHER, assigned, assignment, burden, caveat, discharge_body, discharges, gives_up,
    gives_up_with, lets_pass, lodge, mortgage_body, mortgaged, on_title, ranks, sign, signed_sale,
    status, town,
};
use crate::world::{COURT, World, id, record_id};

#[test]
fn a_discharge_takes_the_mortgage_off_and_moves_the_others_up() {
    let mut world = town();
    let all: Vec<_> = ["Halyk", "Kaspi", "Otbasy"]
        .map(|lender| mortgaged(&mut world, FLAT, "Aida", lender))
        .to_vec();
    let version = world.title(FLAT).version;
    let record = gives_up(&mut world, "Kaspi", &all[1]);
    let outcomes = world.accept(&record);
    assert_eq!(outcomes.len(), 1);
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (record_id(&record), Status::Registered)
    );
    assert_eq!(ranks(&world, FLAT), [all[0], all[2]]);
    let record = gives_up(&mut world, "Halyk", &all[0]);
    world.accept(&record);
    assert_eq!(ranks(&world, FLAT), [all[2]]);
    assert_eq!(
        world.title(FLAT).version,
        version,
        "it changes no right of the holders"
    );
}

#[test]
fn a_discharge_registers_the_sale_that_waited_for_it() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = signed_sale(&mut world, |sale| sale.discharges = Some(vec![mortgage]));
    assert_eq!(world.open(&deed), ["mortgage.discharge_missing"]);
    let record = gives_up(&mut world, "Halyk", &mortgage);
    let outcomes = world.accept(&record);
    assert_eq!(outcomes[1].record, deed);
    assert_eq!(status(&world, &deed), Status::Registered);
    assert!(world.title(FLAT).encumbrances.is_empty());
}

#[test]
fn a_mere_consent_is_not_enough_where_the_deed_says_that_the_mortgage_goes() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = signed_sale(&mut world, |sale| sale.discharges = Some(vec![mortgage]));
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.accept(&record);
    let open = world.requirements(&deed);
    assert_eq!(
        (open[0].code, open[0].party),
        ("mortgage.discharge_missing", Some(id("Halyk")))
    );
    let record = gives_up_with(&mut world, "Halyk", &mortgage, &deed);
    let outcomes = world.accept(&record);
    assert_eq!(outcomes.len(), 1, "the deed's");
    assert_eq!(status(&world, &deed), Status::Registered);
    assert!(world.title(FLAT).encumbrances.is_empty());
}

#[test]
fn a_discharge_with_a_deed_works_with_its_registration_only() {
    for expires in [false, true] {
        let mut world = town();
        let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let deed = signed_sale(&mut world, |sale| {
            sale.mortgage = Some(crate::lenders::terms("Kaspi"));
        });
        let record = gives_up_with(&mut world, "Halyk", &mortgage, &deed);
        assert_eq!(world.accept(&record), []);
        assert_eq!(ranks(&world, FLAT), [mortgage]);
        if expires {
            world.outlast_periods();
            world.block(&[]);
        } else {
            let record = world.withdraws("Aida", &deed);
            world.accept(&record);
        }
        assert_ne!(status(&world, &deed), Status::Pending);
        assert_eq!(ranks(&world, FLAT), [mortgage]);
        let next = signed_sale(&mut world, |_| {});
        assert_eq!(world.open(&next), ["mortgage.consent_missing"]);
    }
}

#[test]
fn a_loan_is_replaced_in_one_step_and_the_new_mortgage_has_the_rank_that_is_free() {
    let mut world = town();
    let old = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let kept = mortgaged(&mut world, FLAT, "Aida", "Otbasy");
    let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida"], "Kaspi"));
    let new = lodge(&mut world, "Aida", FLAT, body);
    let record = gives_up_with(&mut world, "Halyk", &old, &new);
    world.accept(&record);
    sign(&mut world, &new, &["Aida"], &["Kaspi"]);
    assert_eq!(ranks(&world, FLAT), [kept, new]);
}

#[test]
fn a_freeze_never_blocks_a_discharge() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let right = Right::Freeze {
        authority: id(COURT),
        until: None,
    };
    let freeze = burden(&mut world, FLAT, 1, right);
    let record = gives_up(&mut world, "Halyk", &mortgage);
    world.accept(&record);
    assert_eq!(on_title(&world, FLAT), [freeze]);
}

#[test]
fn the_discharge_of_a_lender_who_assigned_the_mortgage_away_is_worth_nothing() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = gives_up_with(&mut world, "Halyk", &mortgage, &deed);
    world.accept(&record);
    assigned(&mut world, &mortgage, "Halyk", "Kaspi");
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
    let record = lets_pass(&mut world, "Kaspi", &deed, &mortgage);
    world.accept(&record);
    assert_eq!(status(&world, &deed), Status::Registered);
    assert_eq!(
        ranks(&world, FLAT),
        [mortgage],
        "the new lender let it pass, and gave nothing up"
    );
}

#[test]
fn what_is_not_there_is_not_discharged() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let record = gives_up(&mut world, "Halyk", &RecordId([5; 32]));
    world.refuse(&record, &["encumbrance.unknown"]);
    let elsewhere = discharge_body(OTHER, None);
    let record = discharges(&mut world, "Halyk", &mortgage, elsewhere);
    world.refuse(&record, &["encumbrance.unknown"]);
    let nowhere = discharge_body("20-000-000-1", None);
    let record = discharges(&mut world, "Halyk", &mortgage, nowhere);
    world.refuse(&record, &["title.unknown"]);
    let record = gives_up(&mut world, "Halyk", &mortgage);
    world.accept(&record);
    let again = gives_up(&mut world, "Halyk", &mortgage);
    world.refuse(&again, &["encumbrance.unknown"]);
    let lapsed = burden(&mut world, FLAT, 1, caveat("Bolat", &Seconds(0)));
    let record = gives_up(&mut world, "Bolat", &lapsed);
    world.refuse(&record, &["encumbrance.unknown"]);
}

#[test]
fn a_discharge_that_is_malformed_or_with_no_open_deed_is_turned_away() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let elsewhere = world.lodge_sale(OTHER, &[("Dana", "1/1")], &[("Bolat", "1/1")]);
    let here = discharge_body(FLAT, None);
    let cases: [(&str, Discharge, &str); 5] = [
        (
            "with nothing",
            discharge_body(FLAT, Some(RecordId([5; 32]))),
            "instrument.unknown",
        ),
        (
            "with a deed that is done",
            discharge_body(FLAT, Some(mortgage)),
            "instrument.closed",
        ),
        (
            "with a deed about another property",
            discharge_body(FLAT, Some(elsewhere)),
            "instrument.unknown",
        ),
        (
            "under a power and by office",
            Discharge {
                power: Some(mortgage),
                represents: Some(id("Halyk")),
                ..here.clone()
            },
            "record.field_invalid",
        ),
        (
            "of a personal number",
            discharge_body("880101300123", None),
            "record.personal_data",
        ),
    ];
    for (what, body, code) in cases {
        println!("{what}");
        let record = discharges(&mut world, "Halyk", &mortgage, body);
        world.turn_away(&record, &[code]);
    }
    let record = world.attested("Halyk", "the-mortgage", Body::Discharge(here.clone()));
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.plain("Halyk", &mortgage.to_string(), Body::Discharge(here));
    world.turn_away(&record, &["attestation.missing", "evidence.missing"]);
    let record = gives_up(&mut world, "Nobody", &mortgage);
    world.turn_away(&record, &["party.unknown"]);
}

#[test]
fn it_is_given_up_once_with_one_deed() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let other = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let record = gives_up_with(&mut world, "Halyk", &mortgage, &deed);
    world.accept(&record);
    let again = gives_up_with(&mut world, "Halyk", &mortgage, &deed);
    world.refuse(&again, &["discharge.repeated"]);
    let record = gives_up_with(&mut world, "Halyk", &mortgage, &other);
    world.accept(&record);
}

#[test]
fn an_instrument_has_room_for_so_many_supplements() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let mut instrument = world.instrument(&deed);
    let pending = instrument.pending.as_mut().unwrap();
    pending.supplements = (0..SUPPLEMENTS_MAX)
        .map(|_| Supplement {
            record: RecordId([3; 32]),
            matter: Matter::MortgageeConsent {
                mortgage: RecordId([4; 32]),
                mortgagee: id("Kaspi"),
            },
        })
        .collect();
    let key = Key::Instrument(&deed).bytes();
    world.state.values.insert(key, encode(&instrument));
    let record = gives_up_with(&mut world, "Halyk", &mortgage, &deed);
    world.refuse(&record, &["requisition.too_many"]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.refuse(&record, &["requisition.too_many"]);
}

#[test]
fn the_mortgages_that_a_deed_discharges_are_on_its_title_and_in_order() {
    let mut world = town();
    let one = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let two = mortgaged(&mut world, FLAT, "Aida", "Kaspi");
    let elsewhere = mortgaged(&mut world, OTHER, "Dana", "Kaspi");
    let mut sorted = vec![one, two];
    sorted.sort();
    let backwards = sorted.iter().rev().copied().collect();
    let sale = |world: &World, discharges: Vec<RecordId>| {
        let mut body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        body.discharges = Some(discharges);
        body
    };
    // As many as two titles have room for, and none of them there.
    let room = (0..32).map(|n| RecordId([n; 32])).collect();
    for foreign in [vec![elsewhere], vec![RecordId([5; 32])], room] {
        let body = sale(&world, foreign);
        let record = world.transfer("Aida", FLAT, body);
        world.refuse(&record, &["mortgage.unknown"]);
    }
    let many = (0..33).map(|n| RecordId([n; 32])).collect();
    for malformed in [backwards, vec![one, one], many] {
        let body = sale(&world, malformed);
        let record = world.transfer("Aida", FLAT, body);
        world.turn_away(&record, &["record.field_invalid"]);
    }
    let body = sale(&world, sorted);
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
}

#[test]
fn of_a_discharge_and_an_assignment_in_one_block_the_first_counts() {
    for discharged_first in [true, false] {
        let mut world = town();
        let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let deed = lodge(
            &mut world,
            "Halyk",
            FLAT,
            assignment(&mortgage, "Halyk", "Kaspi"),
        );
        sign(&mut world, &deed, &["Halyk"], &[]);
        let mut records = vec![
            gives_up(&mut world, "Halyk", &mortgage),
            world.buys("Kaspi", &deed),
        ];
        if !discharged_first {
            records.reverse();
        }
        let answers = world.block(&records);
        if discharged_first {
            assert!(world.title(FLAT).encumbrances.is_empty());
            assert_eq!(world.open(&deed), ["mortgage.unknown"]);
        } else {
            let second = answers[1].as_ref().unwrap();
            let refusal = second.refusal.as_ref().unwrap();
            assert_eq!(refusal.to_strings(), ["encumbrance.not_holder"]);
            assert_eq!(status(&world, &deed), Status::Registered);
        }
    }
}

#[test]
fn of_two_discharges_in_one_block_one_is_enough() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let records = [
        gives_up(&mut world, "Halyk", &mortgage),
        gives_up(&mut world, "Halyk", &mortgage),
    ];
    let answers = world.block(&records);
    assert_eq!(answers[0].as_ref().unwrap().refusal, None);
    let refusal = answers[1].as_ref().unwrap().refusal.as_ref().unwrap();
    assert_eq!(refusal.to_strings(), ["encumbrance.unknown"]);
}
