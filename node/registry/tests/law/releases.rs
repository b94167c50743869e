//! Rules 15, 19, 21, 23, 25, 29: who gives an encumbrance up in whose name.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Discharge, Right};
use deedbook_schemas::instrument::ActKind;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;

use crate::lenders::{
    FLAT, OTHER, assigned, burden, caveat, discharge_body, discharges, firm, gives_up,
    gives_up_with, lease_body, lets_pass, lodge, mortgage_body, mortgaged, on_title, ranks,
    servitude_body, sign, town, ward,
};
use crate::world::{COURT, DAY, World, id, record_id};

#[test]
fn whoever_has_the_right_gives_it_up_whatever_it_is() {
    let mut world = town();
    let body = Body::Servitude(servitude_body(&world, "Clara"));
    let servitude = lodge(&mut world, "Aida", FLAT, body);
    sign(&mut world, &servitude, &["Aida"], &["Clara"]);
    let body = Body::Lease(lease_body(&world, "Dana"));
    let lease = lodge(&mut world, "Aida", FLAT, body);
    sign(&mut world, &lease, &["Aida"], &["Dana"]);
    let right = caveat("Bolat", &world.now());
    let caveat = burden(&mut world, FLAT, 1, right);
    assert_eq!(on_title(&world, FLAT), [servitude, lease, caveat]);
    for (what, holder) in [(servitude, "Clara"), (lease, "Dana"), (caveat, "Bolat")] {
        let stranger = gives_up(&mut world, "Aida", &what);
        world.refuse(&stranger, &["encumbrance.not_holder"]);
        let record = gives_up(&mut world, holder, &what);
        world.accept(&record);
    }
    assert!(world.title(FLAT).encumbrances.is_empty());
}

#[test]
fn what_binds_the_holder_for_others_is_not_given_up() {
    let mut world = town();
    let now = world.now();
    let rights = [
        Right::Freeze {
            authority: id(COURT),
            until: None,
        },
        Right::SelfLock {
            holder: id("Aida"),
            opens: None,
        },
        Right::PriorityNotice {
            buyer: id("Aida"),
            instrument: RecordId([9; 32]),
            until: Seconds(now.0 + DAY),
        },
        Right::PreemptionNotice {
            disponor: id("Aida"),
            share: "1/2".parse().unwrap(),
            price: None,
            terms: None,
            until: Seconds(now.0 + DAY),
            waived: Vec::new(),
        },
    ];
    for (mark, right) in (1..).zip(rights) {
        let what = burden(&mut world, FLAT, mark, right);
        let record = gives_up(&mut world, "Aida", &what);
        world.refuse(&record, &["encumbrance.not_holder"]);
    }
    assert_eq!(world.title(FLAT).encumbrances.len(), 4);
}

#[test]
fn only_the_present_lender_discharges() {
    let mut world = town();
    let first = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let second = mortgaged(&mut world, FLAT, "Aida", "Kaspi");
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for stranger in ["Kaspi", "Aida", "Bolat", "Agent"] {
        let record = gives_up(&mut world, stranger, &first);
        world.refuse(&record, &["encumbrance.not_holder"]);
        let record = gives_up_with(&mut world, stranger, &first, &deed);
        world.refuse(&record, &["encumbrance.not_holder"]);
    }
    assigned(&mut world, &first, "Halyk", "Otbasy");
    let former = gives_up(&mut world, "Halyk", &first);
    world.refuse(&former, &["encumbrance.not_holder"]);
    assert_eq!(ranks(&world, FLAT), [first, second]);
    let record = gives_up(&mut world, "Otbasy", &first);
    world.accept(&record);
    assert_eq!(ranks(&world, FLAT), [second]);
}

#[test]
fn an_agent_discharges_under_a_power_to_release() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    for act in [ActKind::Mortgage, ActKind::Manage, ActKind::Sell] {
        let power = world.empower("Halyk", "Agent", &[act]);
        under(&mut world, "Agent", &mortgage, power, &["poa.out_of_scope"]);
    }
    let power = world.empower("Halyk", "Agent", &[ActKind::Release]);
    under(&mut world, "Kaspi", &mortgage, power, &["poa.not_agent"]);
    let revocation = world.revokes("Halyk", &power);
    world.accept(&revocation);
    under(&mut world, "Agent", &mortgage, power, &["poa.revoked"]);
    let unknown = RecordId([5; 32]);
    under(
        &mut world,
        "Agent",
        &mortgage,
        unknown,
        &["encumbrance.not_holder", "poa.unknown"],
    );
    let own = world.empower("Halyk", "Aida", &[ActKind::Release]);
    under(&mut world, "Aida", &mortgage, own, &["poa.self_dealing"]);
    let mut body = world.power_body(&[ActKind::Release]);
    body.scope.properties = Some(vec![OTHER.to_owned()]);
    let record = world.power("Halyk", "Agent", body);
    world.accept(&record);
    let elsewhere = record_id(&record);
    under(
        &mut world,
        "Agent",
        &mortgage,
        elsewhere,
        &["poa.out_of_scope"],
    );
    let of_another = world.empower("Kaspi", "Agent", &[ActKind::Release]);
    under(
        &mut world,
        "Agent",
        &mortgage,
        of_another,
        &["encumbrance.not_holder"],
    );
    let power = world.empower("Halyk", "Agent", &[ActKind::Release]);
    under(&mut world, "Agent", &mortgage, power, &[]);
    assert!(world.title(FLAT).encumbrances.is_empty());
}

/// A discharge under a power, and what it is refused for, if it is.
fn under(world: &mut World, signer: &str, what: &RecordId, power: RecordId, codes: &[&str]) {
    let body = Discharge {
        power: Some(power),
        ..discharge_body(FLAT, None)
    };
    let record = discharges(world, signer, what, body);
    if codes.is_empty() {
        world.accept(&record);
    } else {
        world.refuse(&record, codes);
    }
}

#[test]
fn an_officer_discharges_alone_where_one_signature_binds_the_firm() {
    for (signatures, signer, codes) in [
        (1, "Clara", &[][..]),
        (2, "Clara", &["entity.signatures_insufficient"][..]),
        (1, "Bolat", &["entity.not_officer"][..]),
    ] {
        let mut world = town();
        firm(&mut world, "Bank", &["Clara", "Dana"], signatures);
        let body = Body::Mortgage(mortgage_body(&world, FLAT, &["Aida"], "Bank"));
        let mortgage = lodge(&mut world, "Aida", FLAT, body);
        sign(&mut world, &mortgage, &["Aida"], &[]);
        for officer in ["Clara", "Dana"].iter().take(signatures.into()) {
            let act = by_office(officer, &mut world, &mortgage);
            world.accept(&act);
        }
        assert_eq!(ranks(&world, FLAT), [mortgage]);
        let body = Discharge {
            represents: Some(id("Bank")),
            ..discharge_body(FLAT, None)
        };
        let in_person = gives_up(&mut world, "Clara", &mortgage);
        world.refuse(&in_person, &["encumbrance.not_holder"]);
        let record = discharges(&mut world, signer, &mortgage, body);
        if codes.is_empty() {
            world.accept(&record);
        } else {
            world.refuse(&record, codes);
        }
    }
}

fn by_office(officer: &str, world: &mut World, instrument: &RecordId) -> Vec<u8> {
    let act = deedbook_schemas::instrument::Act {
        role: deedbook_schemas::instrument::ActRole::Acquirer,
        power: None,
        represents: Some(id("Bank")),
    };
    world.attested(officer, &instrument.to_string(), Body::Act(act))
}

#[test]
fn a_guardian_gives_up_for_the_ward_and_not_in_their_own_favour() {
    for (guardian, codes) in [("Clara", &[][..]), ("Aida", &["guardian.conflict"][..])] {
        let mut world = town();
        let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
        ward(&mut world, "Halyk", guardian);
        let in_person = gives_up(&mut world, "Halyk", &mortgage);
        world.refuse(&in_person, &["party.minor"]);
        let body = Discharge {
            represents: Some(id("Halyk")),
            ..discharge_body(FLAT, None)
        };
        let stranger = discharges(&mut world, "Bolat", &mortgage, body.clone());
        world.refuse(&stranger, &["guardian.not_guardian"]);
        let record = discharges(&mut world, guardian, &mortgage, body);
        if codes.is_empty() {
            world.accept(&record);
        } else {
            world.refuse(&record, codes);
        }
    }
}

#[test]
fn the_dead_discharge_nothing() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    world.dies("Halyk");
    let record = gives_up(&mut world, "Halyk", &mortgage);
    world.refuse(&record, &["party.dead"]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = lets_pass(&mut world, "Halyk", &deed, &mortgage);
    world.refuse(&record, &["party.dead"]);
}

#[test]
fn a_party_that_is_no_party_id_is_nobody() {
    let mut world = town();
    let mortgage = mortgaged(&mut world, FLAT, "Aida", "Halyk");
    let body = Discharge {
        represents: Some(PartyId([0; 16])),
        ..discharge_body(FLAT, None)
    };
    let record = discharges(&mut world, "Halyk", &mortgage, body);
    world.refuse(&record, &["entity.not_officer", "encumbrance.not_holder"]);
}
