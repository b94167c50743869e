//! Rules 22, 24: succession certificates.

use deedbook_schemas::instrument::PartyShare;
use deedbook_schemas::limits::HOLDERS_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::proceeding::SuccessionCertificate;
use deedbook_schemas::record::Body;

use crate::powers::{FLAT, OTHER};
use crate::succession::{sorted, world};
use crate::world::{COURT, NOTARY, REGISTRAR, id, shares};

#[test]
fn a_notary_certifies_exactly_what_the_dead_held_to_living_heirs() {
    for (what, heirs, codes) in [
        (
            "less than held",
            &[("Bolat", "1/3")][..],
            &["succession.heirs"][..],
        ),
        ("more than held", &[("Bolat", "2/3")], &["succession.heirs"]),
        (
            "more in all",
            &[("Bolat", "1/2"), ("Clara", "1/2")],
            &["succession.heirs"],
        ),
        ("to the dead", &[("Aida", "1/2")], &["succession.heirs"]),
        (
            "to nobody known",
            &[("Stranger", "1/2")],
            &["succession.heirs"],
        ),
        (
            "to the notary",
            &[("Nurlan", "1/2")],
            &["notary.interested"],
        ),
    ] {
        println!("{what}");
        let mut world = world();
        let record = world.succession_certificate(NOTARY, "Aida", FLAT, sorted(heirs));
        world.refuse(&record, codes);
    }
    let half = || shares(&[("Bolat", "1/2")]);
    let mut world = world();
    for (what, deceased, property, codes) in [
        (
            "who is alive",
            "Daniyar",
            FLAT,
            &["succession.not_dead"][..],
        ),
        (
            "whom nobody knows",
            "Stranger",
            FLAT,
            &["title.not_holder", "succession.not_dead"],
        ),
        ("of another's", "Aida", OTHER, &["title.not_holder"]),
        ("of nothing", "Aida", "20-313-024-120", &["title.unknown"]),
    ] {
        println!("{what}");
        let record = world.succession_certificate(NOTARY, deceased, property, half());
        world.refuse(&record, codes);
    }
    world.appoint_notary("far notary", "Clara", Some(&["01-"]));
    let record = world.succession_certificate("far notary", "Aida", FLAT, half());
    world.refuse(&record, &["notary.outside_territory"]);
    world.marry("Nurlan", "Bolat", world.now());
    let record = world.succession_certificate(NOTARY, "Aida", FLAT, half());
    world.refuse(&record, &["notary.interested"]);
}

#[test]
fn a_certificate_is_a_notarys_and_well_formed() {
    let mut world = world();
    let half = || shares(&[("Bolat", "1/2")]);
    for stranger in [REGISTRAR, COURT, "Bolat"] {
        let record = world.succession_certificate(stranger, "Aida", FLAT, half());
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let quarter = "1/4".parse().unwrap();
    let twice = [1, 1].map(|n| PartyShare {
        party: PartyId([n; 16]),
        share: quarter,
    });
    let unsorted = [2, 1].map(|n| PartyShare {
        party: PartyId([n; 16]),
        share: quarter,
    });
    let many: Vec<PartyShare> = (0u8..)
        .take(HOLDERS_MAX + 1)
        .map(|n| PartyShare {
            party: PartyId([n; 16]),
            share: quarter,
        })
        .collect();
    for heirs in [Vec::new(), twice.to_vec(), unsorted.to_vec(), many] {
        let record = world.succession_certificate(NOTARY, "Aida", FLAT, heirs);
        world.turn_away(&record, &["record.field_invalid"]);
    }
    let body = SuccessionCertificate {
        property: FLAT.to_owned(),
        heirs: half(),
    };
    let record = world.plain(NOTARY, "Aida", Body::SuccessionCertificate(body));
    world.turn_away(&record, &["record.field_invalid"]);
    world.suspend_authority(NOTARY, crate::notaries::notary(NOTARY, "Nurlan", None));
    let record = world.succession_certificate(NOTARY, "Aida", FLAT, half());
    world.turn_away(&record, &["authority.suspended"]);
}

#[test]
fn shares_that_overflow_do_not_sum_to_anything() {
    let mut world = world();
    let prime = |share: &str| share.parse().unwrap();
    let big = [
        "1/9223372036854775783",
        "1/9223372036854775643",
        "1/9223372036854775549",
    ];
    let mut heirs: Vec<PartyShare> = ["Bolat", "Clara", "Daniyar"]
        .iter()
        .zip(big)
        .map(|(name, share)| PartyShare {
            party: id(name),
            share: prime(share),
        })
        .collect();
    heirs.sort_by_key(|heir| heir.party);
    let record = world.succession_certificate(NOTARY, "Aida", FLAT, heirs);
    world.refuse(&record, &["succession.heirs"]);
}
