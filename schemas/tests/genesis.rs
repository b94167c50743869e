//! The genesis: with what a ledger cannot begin.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

use deedbook_schemas::block::BlockTime;
use deedbook_schemas::evidence::Topic;
use deedbook_schemas::genesis::{Genesis, GenesisAuthority, GenesisError};
use deedbook_schemas::instrument::ActKind;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::limits::{HOLIDAYS_MAX, POWER_DEPTH_MAX, VALIDATORS_MAX};
use deedbook_schemas::party::{Accreditation, AuthorityRole, PartyId};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::settlement::DutyKind;
use deedbook_schemas::validators::{Validator, quorum_count};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn validator(index: u8) -> Validator {
    let public = |seed| PublicKey::of(&key(seed));
    Validator {
        name: format!("node-{index}"),
        consensus_key: public(index),
        note_key: public(100 + index),
        log_share: public(200 + index),
        power: 1,
    }
}

fn authority(id: u8, role: AuthorityRole) -> GenesisAuthority {
    GenesisAuthority {
        id: PartyId([id; 16]),
        accreditation: Accreditation {
            role,
            name: format!("Authority {id}"),
            key: PublicKey::of(&key(50 + id)),
            methods: vec![],
            suspended: false,
            superior: None,
            territory: None,
            person: None,
        },
    }
}

fn genesis() -> Genesis {
    Genesis {
        origin: "ledger.example/deeds".to_owned(),
        time: BlockTime(1),
        validators: (1..=4).map(validator).collect(),
        authorities: vec![
            authority(1, AuthorityRole::Supervisor),
            authority(2, AuthorityRole::IdentityProvider),
        ],
        profile: Profile::kazakhstan(),
        log_key: PublicKey::of(&key(250)),
    }
}

/// How a genesis is broken, and the error that must name it.
type Case = (&'static str, fn(&mut Genesis), fn(&GenesisError) -> bool);

fn assert_refused(cases: &[Case]) {
    for (what, change, expected) in cases {
        let mut genesis = genesis();
        change(&mut genesis);
        let error = genesis.check().unwrap_err();
        assert!(expected(&error), "{what}: {error}");
        assert_ne!(genesis.ledger_id(), self::genesis().ledger_id(), "{what}");
    }
}

fn is_key(error: &GenesisError) -> bool {
    matches!(error, GenesisError::Key(_))
}

#[test]
fn a_genesis_whose_origin_or_validators_are_unfit_says_so() {
    assert_eq!(genesis().check().unwrap().as_slice().len(), 4);
    let origin = |error: &GenesisError| matches!(error, GenesisError::Origin(_));
    let validators = |error: &GenesisError| matches!(error, GenesisError::Validators(_));
    let name = |error: &GenesisError| matches!(error, GenesisError::ValidatorName(_));
    assert_refused(&[
        ("no origin", |g| g.origin.clear(), origin),
        ("origin with a space", |g| g.origin.push(' '), origin),
        ("origin with a plus", |g| g.origin.push('+'), origin),
        ("no validators", |g| g.validators.clear(), validators),
        (
            "validator twice",
            |g| g.validators.push(g.validators[0].clone()),
            validators,
        ),
        (
            "validator without power",
            |g| g.validators[0].power = 0,
            validators,
        ),
        ("validator's name", |g| g.validators[0].name.push('+'), name),
        (
            "weak consensus key",
            |g| g.validators[0].consensus_key = PublicKey([0; 32]),
            is_key,
        ),
        (
            "weak note key",
            |g| g.validators[0].note_key = PublicKey([0; 32]),
            is_key,
        ),
        (
            "weak log share",
            |g| g.validators[0].log_share = PublicKey([0; 32]),
            is_key,
        ),
        ("weak log key", |g| g.log_key = PublicKey([0; 32]), is_key),
        (
            "log key that cosigns",
            |g| g.log_key = g.validators[0].note_key,
            is_key,
        ),
        (
            "log key that votes",
            |g| g.log_key = g.validators[1].consensus_key,
            is_key,
        ),
    ]);
}

/// The log's key is held by a number of validators; where a quorum is one by weight alone, a number
/// would be too few to be safe or too many to be reached.
#[test]
fn powers_for_which_no_number_of_validators_stands_for_a_quorum_are_refused() {
    let fits = |powers: &[u64]| {
        let mut genesis = genesis();
        genesis.validators = (1..)
            .zip(powers)
            .map(|(index, power)| Validator {
                power: *power,
                ..validator(index)
            })
            .collect();
        match genesis.check() {
            Ok(_) => true,
            Err(GenesisError::Powers) => false,
            Err(other) => panic!("{powers:?}: {other}"),
        }
    };
    for powers in [
        &[1][..],
        &[5, 5],
        &[1; 3],
        &[1; 4],
        &[3, 3, 3, 4],
        &[1; 7],
        &[10, 11, 10, 11, 10],
    ] {
        assert!(fits(powers), "{powers:?}");
    }
    for powers in [
        &[3, 1][..],
        &[2, 1, 1],
        &[2, 2, 2, 3],
        &[9, 1, 1, 1],
        &[1, 1, 1, 100],
    ] {
        assert!(!fits(powers), "{powers:?}");
    }
}

#[test]
fn so_many_validators_are_a_quorum_that_two_of_them_share_an_honest_one() {
    for count in 1..=VALIDATORS_MAX {
        let (quorum, faulty) = (quorum_count(count), (count - 1) / 3);
        assert!(2 * quorum - count > faulty, "{quorum} of {count}: safe");
        assert!(
            quorum <= count - faulty,
            "{quorum} of {count}: reached without the faulty"
        );
    }
    assert_eq!([1, 2, 3, 4, 7, 100].map(quorum_count), [1, 2, 3, 3, 5, 67]);
}

#[test]
fn a_genesis_whose_authorities_are_unfit_says_so() {
    let authority = |error: &GenesisError| matches!(error, GenesisError::Authority(_));
    assert_refused(&[
        (
            "weak authority key",
            |g| g.authorities[0].accreditation.key = PublicKey([0; 32]),
            is_key,
        ),
        (
            "shared authority key",
            |g| g.authorities[0].accreditation.key = g.authorities[1].accreditation.key,
            is_key,
        ),
        (
            "authorities unsorted",
            |g| g.authorities.reverse(),
            authority,
        ),
        (
            "authority twice",
            |g| g.authorities.push(g.authorities[1].clone()),
            authority,
        ),
        (
            "authority's name",
            |g| g.authorities[0].accreditation.name = "850101300123".to_owned(),
            authority,
        ),
        (
            "methods unsorted",
            |g| g.authorities[1].accreditation.methods = ["b", "a"].map(str::to_owned).to_vec(),
            authority,
        ),
        (
            "methods of a supervisor",
            |g| g.authorities[0].accreditation.methods = vec!["a".to_owned()],
            authority,
        ),
        (
            "above itself",
            |g| g.authorities[0].accreditation.superior = Some(g.authorities[0].id),
            authority,
        ),
        (
            "under nobody",
            |g| g.authorities[0].accreditation.superior = Some(PartyId([9; 16])),
            authority,
        ),
        (
            "territory of a supervisor",
            |g| g.authorities[0].accreditation.territory = Some(vec!["KZ-ALA".to_owned()]),
            authority,
        ),
        (
            "person of a supervisor",
            |g| g.authorities[0].accreditation.person = Some(PartyId([9; 16])),
            authority,
        ),
        (
            "territory unsorted",
            |g| {
                let accreditation = &mut g.authorities[0].accreditation;
                accreditation.role = AuthorityRole::Notary;
                accreditation.territory = Some(["b", "a"].map(str::to_owned).to_vec());
            },
            authority,
        ),
    ]);
}

#[test]
fn a_genesis_with_a_profile_that_no_law_can_have_says_so() {
    type Change = (&'static str, fn(&mut Profile));
    let changes: [Change; 22] = [
        ("default above maximum", |p| p.power_default_years = 4),
        ("no such level", |p| p.assurance_min = 4),
        ("no such liveness", |p| p.liveness_min = 4),
        ("never pending", |p| p.pending_days = 0),
        ("topics unsorted", |p| {
            p.topics = vec![Topic::Date, Topic::Identity];
        }),
        ("no pre-emption", |p| p.preemption_days = 0),
        ("no priority", |p| p.priority_business_days = 0),
        ("no time to answer", |p| p.requisition_business_days = 0),
        ("no time to appeal", |p| p.appeal_days = 0),
        ("locks at no level", |p| p.lock_assurance = 0),
        ("locks at no such level", |p| p.lock_assurance = 4),
        ("no caveats", |p| p.caveat_max_days = 0),
        ("powers without end", |p| {
            p.substitutions_max = u8::try_from(POWER_DEPTH_MAX).unwrap() + 1;
        }),
        ("all area tolerated twice", |p| {
            p.area_tolerance_permille = 1001;
        }),
        ("duty twice", |p| p.duties = vec![DutyKind::TransferTax; 2]),
        ("notarial acts unsorted", |p| {
            p.notarial_acts = vec![ActKind::Give, ActKind::Sell];
        }),
        ("no such time zone", |p| p.calendar.utc_offset_h = 15),
        ("no business day", |p| {
            p.calendar.weekend = (1..=7).collect();
        }),
        ("weekend unsorted", |p| p.calendar.weekend = vec![7, 6]),
        ("no such day of the week", |p| p.calendar.weekend = vec![0]),
        ("holiday twice", |p| p.calendar.holidays = vec![20_454; 2]),
        ("too many holidays", |p| {
            p.calendar.holidays = (0..=u32::try_from(HOLIDAYS_MAX).unwrap()).collect();
        }),
    ];
    for (what, change) in changes {
        let mut genesis = genesis();
        change(&mut genesis.profile);
        let error = genesis.check().unwrap_err();
        assert!(matches!(error, GenesisError::Profile(_)), "{what}: {error}");
    }
}
