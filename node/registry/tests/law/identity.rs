//! Rules 39–42: what is bound by a signature, who attests it, and what the recording covers.

use deedbook_registry::{BlockContext, Overlay, apply};
use deedbook_schemas::block::{BlockTime, Height, Seconds};
use deedbook_schemas::digest::{ActDigest, LedgerId};
use deedbook_schemas::evidence::Topic;
use deedbook_schemas::instrument::{Act, ActKind, ActRole, Status, Transfer};
use deedbook_schemas::keys::sign;
use deedbook_schemas::party::AuthorityRole;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::{Body, Record};

use crate::world::{
    BEFORE, PROVIDER, RIVAL, SUPERVISOR, Sheet, World, accreditation, id, key_of, present,
};

const FLAT: &str = "20-313-024-118";

fn world() -> World {
    world_of(present())
}

fn world_of(profile: Profile) -> World {
    let mut world = World::with_profile(profile);
    let names = ["Aida", "Bolat"];
    world.enrol(&names);
    world.unmarried(&names, BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

const SELL: Act = Act {
    role: ActRole::Disponor,
    power: None,
    represents: None,
};

type Case = (&'static str, fn(&mut Sheet), &'static [&'static str]);

/// Spoils Aida's act of selling in each way, and expects to be turned away for exactly that.
/// The tables know the default profile's windows, levels, topics and terms by heart.
fn each_is_turned_away(cases: &[Case]) {
    let mut world = world_of(Profile::kazakhstan());
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for (what, spoil, codes) in cases {
        println!("{what}");
        let mut sheet = world.sheet("Aida", &deed.to_string(), Body::Act(SELL));
        spoil(&mut sheet);
        world.turn_away(&sheet.seal(), codes);
    }
    let sheet = world.sheet("Aida", &deed.to_string(), Body::Act(SELL));
    world.accept(&sheet.seal());
}

const ATTESTATIONS: &[Case] = &[
    ("none", |s| s.attestation = None, &["attestation.missing"]),
    (
        "an hour old",
        |s| s.attestation().time.0 -= 3600,
        &["attestation.stale"],
    ),
    (
        "from the future",
        |s| s.attestation().time.0 += 60,
        &["attestation.stale"],
    ),
    (
        "the spouse's",
        |s| s.attested = id("Bolat"),
        &["attestation.wrong_subject"],
    ),
    (
        "of another act",
        |s| s.nonce = Some(ActDigest([5; 32])),
        &["attestation.wrong_act"],
    ),
    (
        "of another ledger",
        |s| s.attestation().ledger = LedgerId([5; 32]),
        &["attestation.wrong_act"],
    ),
    (
        "substantial assurance only",
        |s| s.attestation().assurance = 2,
        &["attestation.level_too_low"],
    ),
    (
        "passive liveness only",
        |s| s.attestation().liveness = 1,
        &["attestation.level_too_low"],
    ),
    (
        "a level that does not exist",
        |s| s.attestation().assurance = 4,
        &["record.field_invalid"],
    ),
    (
        "by a method outside the provider's scope",
        |s| s.attestation().method = "telephone".to_owned(),
        &["attestation.provider"],
    ),
    (
        "by a registrar",
        |s| s.provider = "registrar".to_owned(),
        &["attestation.provider"],
    ),
    (
        "by the signer",
        |s| s.provider = "Aida".to_owned(),
        &["attestation.provider"],
    ),
    (
        "everything at once",
        |s| {
            s.attested = id("Bolat");
            s.nonce = Some(ActDigest([5; 32]));
            let attestation = s.attestation();
            attestation.time.0 -= 3600;
            attestation.liveness = 0;
            s.draft.evidence = None;
        },
        &[
            "attestation.wrong_subject",
            "attestation.wrong_act",
            "attestation.stale",
            "attestation.level_too_low",
            "evidence.missing",
        ],
    ),
];

#[test]
fn an_act_needs_an_attestation_for_this_act_by_this_person_at_this_level() {
    each_is_turned_away(ATTESTATIONS);
}

const RECORDINGS: &[Case] = &[
    ("none", |s| s.draft.evidence = None, &["evidence.missing"]),
    (
        "an empty file",
        |s| s.evidence().bytes = 0,
        &["evidence.invalid"],
    ),
    (
        "no time at all",
        |s| s.evidence().duration_ms = 0,
        &[
            "evidence.invalid",
            "evidence.ends_before_signing",
            "evidence.statement_missing",
        ],
    ),
    (
        "a photograph",
        |s| s.evidence().media_type = "image/jpeg".to_owned(),
        &["evidence.invalid"],
    ),
    (
        "larger than any video",
        |s| s.evidence().bytes = u64::MAX,
        &["evidence.invalid"],
    ),
    (
        "a number in the media type",
        |s| s.evidence().media_type = "video/850101300123".to_owned(),
        &["record.personal_data"],
    ),
    (
        "ends before signing",
        |s| s.evidence().started.0 -= 11,
        &["evidence.ends_before_signing"],
    ),
    (
        "begins after signing",
        |s| s.evidence().started.0 += 31,
        &["evidence.ends_before_signing"],
    ),
    (
        "nobody asks about free will",
        |s| {
            s.evidence()
                .statements
                .retain(|said| said.topic != Topic::FreeWill)
        },
        &["evidence.statement_missing"],
    ),
    (
        "a sale without the price",
        |s| {
            s.evidence()
                .statements
                .retain(|said| said.topic != Topic::Price)
        },
        &["evidence.statement_missing"],
    ),
    (
        "said after the recording",
        |s| s.evidence().statements[4].offset_ms = 40_001,
        &["evidence.statement_missing"],
    ),
    (
        "statements out of order",
        |s| s.evidence().statements.swap(0, 1),
        &["record.field_invalid"],
    ),
    (
        "deleted too soon",
        |s| s.evidence().retention_years = 74,
        &["evidence.retention_too_short"],
    ),
];

#[test]
fn a_recording_covers_the_act_and_the_moment_of_signing() {
    each_is_turned_away(RECORDINGS);
}

#[test]
fn the_second_in_which_a_recording_ends_still_belongs_to_it() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    for (duration_ms, lawful) in [(30_000, true), (29_001, true), (29_000, false)] {
        let mut sheet = world.sheet("Aida", &deed.to_string(), Body::Act(SELL));
        let evidence = sheet.evidence();
        evidence.duration_ms = duration_ms;
        for said in &mut evidence.statements {
            said.offset_ms = 0;
        }
        let record = sheet.seal();
        let block = BlockContext {
            ledger: world.ledger,
            height: Height(99),
            time: BlockTime(world.time_ms),
        };
        let record = Record::decode(&record).unwrap();
        let answer = apply(
            &mut Overlay::new(&world.state),
            &block,
            &record,
            &Record::verify,
        );
        assert_eq!(answer.is_ok(), lawful, "{duration_ms}");
    }
}

#[test]
fn a_recording_serves_one_act_even_a_refused_one() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let first = world.sheet("Bolat", &deed.to_string(), Body::Act(SELL));
    world.refuse(&first.seal(), &["act.not_a_party"]);
    let mut second = world.sheet("Aida", &deed.to_string(), Body::Act(SELL));
    second.draft.evidence = first.draft.evidence.clone();
    world.turn_away(&second.seal(), &["evidence.reused"]);
    let third = world.sheet("Aida", &deed.to_string(), Body::Act(SELL));
    let mut fourth = world.sheet(
        "Bolat",
        &deed.to_string(),
        Body::Act(Act {
            role: ActRole::Acquirer,
            power: None,
            represents: None,
        }),
    );
    fourth.draft.evidence = third.draft.evidence.clone();
    let answers = world.block(&[third.seal(), fourth.seal()]);
    assert!(answers[0].is_ok());
    assert_eq!(
        answers[1].as_ref().unwrap_err().to_string().get(..15),
        Some("evidence.reused")
    );
}

#[test]
fn a_suspended_provider_attests_and_enrols_nobody_and_what_it_attested_stands() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let body = accreditation(PROVIDER, AuthorityRole::IdentityProvider, true);
    let record = world.plain(
        SUPERVISOR,
        &id(PROVIDER).to_string(),
        Body::Accreditation(body),
    );
    world.accept(&record);
    let act = world.buys("Bolat", &deed);
    world.turn_away(&act, &["authority.suspended"]);
    let enrolment = world.enrolment("Clara");
    world.turn_away(&enrolment, &["authority.suspended"]);
    let mut sheet = world.sheet(
        "Bolat",
        &deed.to_string(),
        Body::Act(Act {
            role: ActRole::Acquirer,
            power: None,
            represents: None,
        }),
    );
    sheet.provider = RIVAL.to_owned();
    world.accept(&sheet.seal());
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn a_signature_binds_bytes_ledger_role_and_person() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let sheet = |world: &mut World| world.sheet("Aida", &deed.to_string(), Body::Act(SELL));

    let mut foreign = sheet(&mut world);
    foreign.draft.ledger = LedgerId([3; 32]);
    world.turn_away(&foreign.seal(), &["record.foreign_ledger"]);

    let mut forged = sheet(&mut world).seal();
    *forged.last_mut().unwrap() ^= 1;
    world.turn_away(&forged, &["record.signature_invalid"]);

    let mut stolen = sheet(&mut world);
    stolen.signer = key_of("Bolat");
    world.turn_away(&stolen.seal(), &["party.key_mismatch"]);

    let mut stranger = sheet(&mut world);
    stranger.draft.issuer = id("Stranger");
    stranger.attested = id("Stranger");
    world.turn_away(&stranger.seal(), &["party.unknown"]);

    // A signature over a login, or over the same act in another role, is none over this act.
    let draft = sheet(&mut world).draft;
    let mut other = draft.clone();
    other.body = Body::Act(Act {
        role: ActRole::Acquirer,
        power: None,
        represents: None,
    });
    let key = key_of("Aida");
    let public = deedbook_schemas::keys::PublicKey::of(&key);
    let replayed = sign(&key, &other.to_be_signed(public, None));
    let login = sign(&key, b"log me in");
    for signature in [replayed, login] {
        let record = draft.with_signature(public, None, signature);
        world.turn_away(&record, &["record.signature_invalid"]);
    }
}

#[test]
fn the_time_of_signing_is_near_the_block() {
    let mut world = world();
    let window = i64::from(world.profile().record_window_s);
    let shifts = [
        (-window, true),
        (-window - 2, false),
        (window + 1, true),
        (window + 5, false),
    ];
    for (shift, lawful) in shifts {
        let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
        let mut draft = world.draft("Aida", FLAT, Body::Transfer(body));
        // The block comes a second after `now`.
        draft.issued_at =
            Seconds(world.now().0.checked_add_signed(shift).unwrap() + u64::from(shift < 0));
        let record = draft.sign(&key_of("Aida"), None);
        if lawful {
            world.accept(&record);
        } else {
            world.turn_away(&record, &["record.stale"]);
        }
    }
}

#[test]
fn nobodys_body_or_number_enters_a_record() {
    let mut world = world();
    for terms in [
        "face_template attached",
        "IIN 850101300123",
        "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgM",
        "5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99",
        "data:image/jpeg;base64,AAAA",
    ] {
        let body = Transfer {
            terms: Some(terms.to_owned()),
            ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
        };
        let record = world.transfer("Aida", FLAT, body);
        world.turn_away(&record, &["record.personal_data"]);
    }
    let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let record = world.transfer("Aida", "850101300123", body);
    world.turn_away(&record, &["record.personal_data"]);
    let mut body = world.power_body(&[ActKind::Sell]);
    body.scope.properties = Some(vec!["850101300123".to_owned()]);
    let record = world.power("Aida", "Bolat", body);
    world.turn_away(&record, &["record.personal_data"]);
}

#[test]
fn a_lodging_carries_no_act_of_a_person_and_a_withdrawal_needs_no_video() {
    let mut world = world();
    let body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let with_act = world.attested("Aida", FLAT, Body::Transfer(body));
    world.turn_away(&with_act, &["record.field_invalid"]);
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let body = || Body::Withdrawal(deedbook_schemas::instrument::Withdrawal {});
    let bare = world.plain("Aida", &deed.to_string(), body());
    world.turn_away(&bare, &["attestation.missing"]);
    let mut sheet = world.sheet("Aida", &deed.to_string(), body());
    sheet.draft.evidence = None;
    world.accept(&sheet.seal());
    assert_eq!(world.instrument(&deed).status, Status::Withdrawn);
}

#[test]
fn verdicts_name_every_failed_rule_in_a_fixed_order() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let mut sheet = world.sheet("Aida", &deed.to_string(), Body::Act(SELL));
    sheet.draft.issued_at.0 -= 5000;
    sheet.signer = key_of("Bolat");
    sheet.evidence().bytes = 0;
    let expected = [
        "record.stale",
        "party.key_mismatch",
        "attestation.stale",
        "evidence.invalid",
        "evidence.ends_before_signing",
    ];
    world.turn_away(&sheet.seal(), &expected);
}
