//! Rule 25: what a mortgage asks of those who dispose of the property, and who speaks for it.

use deedbook_schemas::instrument::{ActRole, CounterLeg, Status, Transfer, TransferKind};
use deedbook_schemas::parcel::{NewUnit, Subdivision};
use deedbook_schemas::proceeding::{CourtOrder, Order, SuccessionCertificate};
use deedbook_schemas::property::SpatialUnit;
use deedbook_schemas::record::Body;

use crate::lenders::{
    FLAT, OTHER, as_gift, assigned, consent_body, consents, discharge_body, discharges, gives_up,
    gives_up_with, lease_body, lender_of, lets_pass, lodge, mortgaged, parties, ranks,
    servitude_body, sign, signed_sale, status, terms, town,
};
use crate::world::{COURT, NOTARY, REGISTRAR, World, id, money, record_id, shares};

#[test]
fn a_mortgaged_property_is_sold_with_the_lenders_consent_and_stays_mortgaged() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = signed_sale(&mut world, |_| {});
    let open = world.requirements(&deed);
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].code, open[0].party),
        ("mortgage.consent_missing", Some(id("Halyk")))
    );
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    let outcomes = world.accept(&record);
    assert_eq!(outcomes.len(), 1, "a consent has no outcome of its own");
    assert_eq!(
        (outcomes[0].record, outcomes[0].status),
        (deed, Status::Registered)
    );
    assert_eq!(ranks(&world, FLAT), [mortgage]);
    assert_eq!(lender_of(&world, FLAT, &mortgage), Some(id("Halyk")));
}

#[test]
fn a_consent_may_come_before_every_signature() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    assert_eq!(world.accept(&record), []);
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    assert_eq!(status(&world, &deed), Status::Registered);
}

#[test]
fn every_disposal_needs_the_lender_and_each_lender_for_themselves() {
    type Disposal = fn(&World) -> Body;
    let cases: [(&str, Disposal); 4] = [
        ("a gift", |world| {
            let mut body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
            as_gift(&mut body);
            Body::Transfer(body)
        }),
        ("a share", |world| {
            Body::Transfer(world.sale_body(FLAT, &[("Aida", "1/2")], &[("Bolat", "1/2")]))
        }),
        ("a servitude", |world| {
            Body::Servitude(servitude_body(world, "Bolat"))
        }),
        ("a lease", |world| Body::Lease(lease_body(world, "Bolat"))),
    ];
    for (what, disposal) in cases {
        println!("{what}");
        let mut world = town();
        let first = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let second = mortgaged(&mut world, FLAT, "Aida", "Kaspi");
        let body = disposal(&world);
        let deed = lodge(&mut world, "Aida", FLAT, body);
        sign(&mut world, &deed, &["Aida"], &["Bolat"]);
        assert_eq!(
            world.open(&deed),
            ["mortgage.consent_missing", "mortgage.consent_missing"]
        );
        // The second lender speaks for their own mortgage only.
        let record = lets_pass(&mut world, "Kaspi", &deed, &first);
        world.refuse(&record, &["mortgage.not_mortgagee"]);
        let record = lets_pass(&mut world, "Kaspi", &deed, &second);
        world.accept(&record);
        assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
        let record = gives_up_with(&mut world, "Halyk", &first, &deed);
        world.accept(&record);
        assert_eq!(status(&world, &deed), Status::Registered);
        assert_eq!(ranks(&world, FLAT), [second]);
    }
}

#[test]
fn a_consent_that_does_not_count_is_refused() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = signed_sale(&mut world, |_| {});
    for stranger in ["Aida", "Bolat", "Kaspi"] {
        let record = lets_pass(&mut world, stranger, &deed, &mortgage);
        world.refuse(&record, &["mortgage.not_mortgagee"]);
    }
    let record = lets_pass(&mut world, "Halyk", &deed, &deed);
    world.refuse(&record, &["mortgage.unknown"]);
    let record = lets_pass(&mut world, "Halyk", &mortgage, &mortgage);
    world.turn_away(&record, &["instrument.closed"]);
    let record = lets_pass(&mut world, "Halyk", &record_id(&record), &mortgage);
    world.turn_away(&record, &["instrument.unknown"]);
    let unattested = world.plain(
        "Halyk",
        &deed.to_string(),
        Body::MortgageeConsent(consent_body(&mortgage)),
    );
    world.turn_away(&unattested, &["attestation.missing", "evidence.missing"]);
    let mut body = consent_body(&mortgage);
    body.power = Some(mortgage);
    let record = consents(&mut world, "Agent", &deed, body.clone());
    world.refuse(&record, &["mortgage.not_mortgagee", "poa.unknown"]);
    body.represents = Some(id("Halyk"));
    let record = consents(&mut world, "Agent", &deed, body);
    world.turn_away(&record, &["record.field_invalid"]);
    assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
}

#[test]
fn a_consent_is_for_one_deed_and_given_once() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let other = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &other, &mortgage);
    world.accept(&record);
    let again = lets_pass(&mut world, "Halyk", &other, &mortgage);
    world.refuse(&again, &["discharge.repeated"]);
    let deed = signed_sale(&mut world, |_| {});
    assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
}

#[test]
fn the_consent_of_a_lender_who_assigned_the_mortgage_away_is_worth_nothing() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.accept(&record);
    assigned(&mut world, &mortgage, "Halyk", "Kaspi");
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    let open = world.requirements(&deed);
    assert_eq!(
        (open[0].code, open[0].party),
        ("mortgage.consent_missing", Some(id("Kaspi")))
    );
    let late = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.refuse(&late, &["mortgage.not_mortgagee", "discharge.repeated"]);
    let record = lets_pass(&mut world, "Kaspi", &deed, &mortgage);
    world.accept(&record);
    assert_eq!(status(&world, &deed), Status::Registered);
}

#[test]
fn a_mortgage_that_comes_back_brings_its_lenders_consent_back() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.accept(&record);
    assigned(&mut world, &mortgage, "Halyk", "Kaspi");
    sign(&mut world, &deed, &["Aida"], &["Bolat"]);
    assert_eq!(status(&world, &deed), Status::Pending);
    assigned(&mut world, &mortgage, "Kaspi", "Halyk");
    assert_eq!(status(&world, &deed), Status::Registered);
}

#[test]
fn consent_and_assignment_in_one_block_are_decided_by_their_order() {
    for assigned_first in [true, false] {
        let mut world = town();
        let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        let deed = signed_sale(&mut world, |_| {});
        let body = crate::lenders::assignment(&mortgage, "Halyk", "Kaspi");
        let assignment = lodge(&mut world, "Halyk", FLAT, body);
        sign(&mut world, &assignment, &["Halyk"], &[]);
        let mut records = vec![
            lets_pass(&mut world, "Halyk", &deed, &mortgage),
            world.buys("Kaspi", &assignment),
        ];
        if assigned_first {
            records.reverse();
        }
        let answers = world.block(&records);
        assert_eq!(status(&world, &assignment), Status::Registered);
        let consent = answers[usize::from(assigned_first)].as_ref().unwrap();
        if assigned_first {
            let refusal = consent.refusal.as_ref().unwrap();
            assert_eq!(refusal.to_strings(), ["mortgage.not_mortgagee"]);
            assert_eq!(world.open(&deed), ["mortgage.consent_missing"]);
        } else {
            assert_eq!(status(&world, &deed), Status::Registered);
        }
    }
}

#[test]
fn both_properties_of_an_exchange_ask_their_lenders() {
    let mut world = town();
    let here = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let there = mortgaged(&mut world, OTHER, "Dana", "Kaspi");
    let exchange = Transfer {
        kind: TransferKind::Exchange,
        price: None,
        counter: Some(CounterLeg {
            property: OTHER.to_owned(),
            title_version: world.title(OTHER).version,
            disponors: shares(&[("Dana", "1/1")]),
            acquirers: shares(&[("Aida", "1/1")]),
        }),
        discharges: Some(vec![there]),
        ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Dana", "1/1")])
    };
    let deed = lodge(&mut world, "Aida", FLAT, Body::Transfer(exchange));
    sign(&mut world, &deed, &["Aida", "Dana"], &["Aida", "Dana"]);
    assert_eq!(
        world.open(&deed),
        ["mortgage.consent_missing", "mortgage.discharge_missing"]
    );
    let record = lets_pass(&mut world, "Halyk", &deed, &here);
    world.accept(&record);
    let on_the_wrong_one = gives_up_with(&mut world, "Kaspi", &there, &deed);
    world.refuse(&on_the_wrong_one, &["encumbrance.unknown"]);
    let body = discharge_body(OTHER, Some(deed));
    let record = discharges(&mut world, "Kaspi", &there, body);
    world.accept(&record);
    assert_eq!(status(&world, &deed), Status::Registered);
    assert_eq!(ranks(&world, FLAT), [here]);
    assert!(world.title(OTHER).encumbrances.is_empty());
}

#[test]
fn heirs_take_a_mortgaged_property_as_it_is() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    world.dies("Aida");
    let certificate = SuccessionCertificate {
        property: FLAT.to_owned(),
        heirs: shares(&[("Bolat", "1/1")]),
    };
    let record = world.plain(
        NOTARY,
        &id("Aida").to_string(),
        Body::SuccessionCertificate(certificate),
    );
    world.accept(&record);
    let inheritance = Transfer {
        kind: TransferKind::Inheritance,
        price: None,
        ground: Some(record_id(&record)),
        ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
    };
    let deed = lodge(&mut world, "Bolat", FLAT, Body::Transfer(inheritance));
    sign(&mut world, &deed, &[], &["Bolat"]);
    assert_eq!(status(&world, &deed), Status::Registered);
    assert_eq!(ranks(&world, FLAT), [mortgage]);
}

#[test]
fn a_court_sale_needs_no_lender_and_clears_what_the_order_says() {
    let mut world = town();
    let all: Vec<_> = ["Halyk", "Kaspi", "Otbasy"]
        .map(|lender| mortgaged(&mut world, FLAT, "Aida", lender))
        .to_vec();
    let mut cleared = vec![all[0], all[1]];
    cleared.sort();
    let order = CourtOrder {
        order: Order::Sell {
            debtor: id("Aida"),
            acquirer: id("Bolat"),
            price: money(50_000_000),
            discharges: cleared.clone(),
        },
        final_from: world.now(),
        case: "2-1/26".to_owned(),
    };
    let record = world.plain(COURT, FLAT, Body::CourtOrder(order));
    world.accept(&record);
    let sale = Transfer {
        kind: TransferKind::CourtSale,
        ground: Some(record_id(&record)),
        discharges: Some(cleared),
        mortgage: Some(terms("Dana")),
        ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
    };
    let deed = lodge(&mut world, "Bolat", FLAT, Body::Transfer(sale));
    sign(&mut world, &deed, &[], &["Bolat"]);
    assert_eq!(world.open(&deed), ["act.mortgagee"]);
    let act = world.act("Dana", &deed, ActRole::Mortgagee);
    world.accept(&act);
    assert_eq!(status(&world, &deed), Status::Registered);
    assert_eq!(ranks(&world, FLAT), [all[2], deed]);
}

#[test]
fn a_mortgage_stays_on_every_part_and_is_given_up_on_each_by_itself() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let unit = world.title(FLAT).unit;
    let halves = ["20-313-024-201", "20-313-024-202"];
    let into = halves.map(|property| NewUnit {
        property: property.to_owned(),
        unit: SpatialUnit {
            area_dm2: unit.area_dm2 / 2,
            ..unit.clone()
        },
    });
    let body = Subdivision {
        title_version: world.title(FLAT).version,
        holders: parties(&["Aida"]),
        into: into.to_vec(),
    };
    let deed = lodge(&mut world, REGISTRAR, FLAT, Body::Subdivision(body));
    sign(&mut world, &deed, &["Aida"], &[]);
    assert_eq!(status(&world, &deed), Status::Registered);
    let gone = gives_up(&mut world, "Halyk", &mortgage);
    world.refuse(&gone, &["title.cancelled", "encumbrance.unknown"]);
    for half in halves {
        assert_eq!(ranks(&world, half), [mortgage]);
    }
    let body = discharge_body(halves[0], None);
    let record = discharges(&mut world, "Halyk", &mortgage, body);
    world.accept(&record);
    assert!(ranks(&world, halves[0]).is_empty());
    assert_eq!(ranks(&world, halves[1]), [mortgage]);
}
