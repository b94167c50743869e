//! The run: as many histories as asked for, each agreed upon to its end.

use std::cell::RefCell;
use std::collections::BTreeMap;

use deedbook_schemas::instrument::ActKind;
use deedbook_schemas::party::{AuthorityRole, PartyId};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::property::Ground;
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::settlement::DutyKind;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError, TestRunner};

use crate::appointments::charter;
use crate::foundings::{GROUPS, group};
use crate::history::Step;
use crate::memory::Model;
use crate::pen::{BANK, FIRM, FLATS, LOCAL_NOTARY, OTHER_AGENT, PEOPLE, write};
use crate::play::{Game, Register};
use crate::scenes::scene;
use crate::world::{
    BEFORE, BUSINESS, CIVIL, COURT, ESCROW, GUARDIANS, HIGH_COURT, MONITOR, NOTARY, PROSECUTOR,
    PROVIDER, REGISTRAR, RIVAL, SECOND_REGISTRAR, SUPERVISOR, TAX, World, accreditation, id,
};

/// Histories of a run: more than 100,000 records.
const HISTORIES: u32 = 1_200;
/// Scenes of a history.
const SCENES: std::ops::Range<usize> = 1..90;
/// What each half of a whole run sees: every kind of record accepted, every kind of deed registered.
const COVERED: [&str; 90] = [
    "CourtSale Registered",
    "Exchange Registered",
    "Gift Registered",
    "Inheritance Registered",
    "Sale Registered",
    "Severance Registered",
    "a group gave",
    "a group received",
    "a group severed",
    "accepted access-consent",
    "accepted access-entry",
    "accepted accreditation",
    "accepted act",
    "accepted appeal",
    "accepted appeal-decision",
    "accepted assignment",
    "accepted caveat",
    "accepted civil-status",
    "accepted consolidation",
    "accepted correction",
    "accepted correction-approval",
    "accepted court-order",
    "accepted discharge",
    "accepted duty",
    "accepted enrolment",
    "accepted escrow-funding",
    "accepted escrow-refund",
    "accepted escrow-release",
    "accepted evidence-deletion",
    "accepted first-registration",
    "accepted freeze",
    "accepted freeze-release",
    "accepted group-party",
    "accepted guardian-permission",
    "accepted guardianship",
    "accepted lease",
    "accepted legal-entity",
    "accepted legal-hold",
    "accepted mortgage",
    "accepted mortgagee-consent",
    "accepted notarisation",
    "accepted officer-approval",
    "accepted postponement",
    "accepted power-of-attorney",
    "accepted preemption-notice",
    "accepted preemption-waiver",
    "accepted priority-notice",
    "accepted profile",
    "accepted requisition",
    "accepted requisition-answer",
    "accepted requisition-decision",
    "accepted revocation",
    "accepted self-lock",
    "accepted self-lock-release",
    "accepted servitude",
    "accepted spousal-consent",
    "accepted subdivision",
    "accepted succession-certificate",
    "accepted transfer",
    "accepted validator-set-change",
    "accepted withdrawal",
    "approval withdrawn",
    "approval.repeated",
    "assignment Registered",
    "consolidation Registered",
    "deed Expired",
    "discharged by several officers",
    "displaced Refused",
    "displaced Registered",
    "done under an earlier law",
    "empowered by several officers",
    "group.too_deep",
    "lease Registered",
    "lenders' Registered",
    "let pass by several officers",
    "mortgage Registered",
    "offered by a member",
    "offered by office",
    "postponement Registered",
    "registered under an earlier law",
    "servitude Registered",
    "signed with a second key",
    "subdivision Registered",
    "validators.approval_invalid",
    "validators.invalid",
    "validators.newcomer_silent",
    "validators.not_approved",
    "validators.number",
    "waived by office",
    "waived by several officers",
];
/// Every so many records the two compare what the pending deeds still need.
const LOOK: usize = 8;

const FOUNDERS: [(&str, AuthorityRole); 15] = [
    (SUPERVISOR, AuthorityRole::Supervisor),
    (REGISTRAR, AuthorityRole::Registrar),
    (CIVIL, AuthorityRole::CivilRegistry),
    (PROVIDER, AuthorityRole::IdentityProvider),
    (RIVAL, AuthorityRole::IdentityProvider),
    (SECOND_REGISTRAR, AuthorityRole::Registrar),
    (BUSINESS, AuthorityRole::BusinessRegistry),
    (NOTARY, AuthorityRole::Notary),
    (COURT, AuthorityRole::Court),
    (HIGH_COURT, AuthorityRole::Court),
    (PROSECUTOR, AuthorityRole::Prosecutor),
    (MONITOR, AuthorityRole::FinancialMonitor),
    (GUARDIANS, AuthorityRole::GuardianshipAuthority),
    (TAX, AuthorityRole::TaxAuthority),
    (ESCROW, AuthorityRole::EscrowAgent),
];

fn profile(duties: bool, notarial: bool) -> Profile {
    Profile {
        duties: if duties {
            vec![DutyKind::TransferTax]
        } else {
            Vec::new()
        },
        notarial_acts: if notarial {
            vec![ActKind::Sell, ActKind::Mortgage]
        } else {
            Vec::new()
        },
        ..Profile::kazakhstan()
    }
}

/// Who holds the flats in the beginning.
#[derive(Debug, Clone, Copy)]
enum Owners {
    People,
    /// Beside somebody, two hold without shares.
    Joint,
    /// Beside a legal entity.
    Entity,
    /// A group of a group.
    Nested,
}

fn owners() -> impl Strategy<Value = Owners> {
    prop_oneof![
        4 => Just(Owners::People),
        1 => Just(Owners::Joint),
        1 => Just(Owners::Entity),
        1 => Just(Owners::Nested),
    ]
}

/// A group: its name, its members, and whether they have shares.
type Founded = (&'static str, &'static [&'static str], bool);

impl Owners {
    fn groups(self) -> &'static [Founded] {
        match self {
            Self::People => &[],
            Self::Joint => &[(GROUPS[0], &["Bolat", "Dana"], false)],
            Self::Entity => &[(GROUPS[1], &["Erlan", FIRM], true)],
            Self::Nested => &[
                (GROUPS[0], &["Bolat", "Dana"], true),
                (GROUPS[1], &[GROUPS[0], "Erlan", FIRM], true),
            ],
        }
    }

    fn halves(self) -> [&'static str; 2] {
        match self {
            Self::People => ["Clara", "Bolat"],
            Self::Joint => ["Clara", GROUPS[0]],
            Self::Entity => [FIRM, "Bolat"],
            Self::Nested => [GROUPS[1], "Clara"],
        }
    }

    fn last(self) -> &'static str {
        match self {
            Self::People | Self::Nested => "Erlan",
            Self::Joint => GROUPS[0],
            Self::Entity => GROUPS[1],
        }
    }
}

/// Who and what is entered in the beginning.
fn first_entries(world: &mut World, owners: Owners) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for name in &PEOPLE[..5] {
        records.push(world.enrolment(name));
    }
    let agent = accreditation(OTHER_AGENT, AuthorityRole::EscrowAgent, false);
    let subject = id(OTHER_AGENT).to_string();
    records.push(world.plain(SUPERVISOR, &subject, Body::Accreditation(agent)));
    let mut local = accreditation(LOCAL_NOTARY, AuthorityRole::Notary, false);
    local.person = Some(id("Erlan"));
    local.territory = Some(vec![
        "20-313-024-118".to_owned(),
        "20-313-024-119".to_owned(),
    ]);
    let subject = id(LOCAL_NOTARY).to_string();
    records.push(world.plain(SUPERVISOR, &subject, Body::Accreditation(local)));
    for (entity, officers, signatures) in
        [(FIRM, ["Clara", "Dana"], 2), (BANK, ["Clara", "Erlan"], 1)]
    {
        let body = charter(entity, &officers.map(id), signatures, false);
        records.push(world.plain(BUSINESS, &id(entity).to_string(), body));
    }
    records.push(world.marriage("Aida", "Bolat", BEFORE));
    let mut singles: Vec<PartyId> = vec![id("Clara"), id("Dana")];
    singles.sort();
    let fact = deedbook_schemas::party::CivilStatus::Unmarried {
        parties: singles,
        from: BEFORE,
    };
    records.push(world.status(&id(CIVIL).to_string(), fact));
    let bought = Ground::Purchase;
    let subject = |name| id(name).to_string();
    for (name, members, shares) in owners.groups() {
        let body = Body::GroupParty(group(members, *shares));
        records.push(world.plain(REGISTRAR, &subject(name), body));
    }
    let [first, second] = owners.halves();
    records.push(world.registration(FLATS[0], &[("Aida", "1/1", bought)]));
    let halves = [(first, "1/2", bought), (second, "1/2", bought)];
    records.push(world.registration(FLATS[1], &halves));
    let last = owners.last();
    records.push(world.registration(FLATS[2], &[(last, "1/1", Ground::Inheritance)]));
    records
}

/// A world in which something can happen: couples, singles, co-owners.
fn beginning(duties: bool, notarial: bool, owners: Owners) -> Result<(World, Game), String> {
    let profile = profile(duties, notarial);
    let mut world = World::with_profile(profile.clone());
    let founders = FOUNDERS
        .map(|(name, role)| {
            let mut founder = accreditation(name, role, false);
            founder.superior = (name == COURT).then(|| id(HIGH_COURT));
            founder.person = (name == NOTARY).then(|| id("Nurlan"));
            (id(name), founder)
        })
        .to_vec();
    let register = Register {
        ledger: world.ledger,
        state: world.state.clone(),
        height: 0,
        time_ms: world.time_ms,
    };
    let model = Model {
        ledger: world.ledger,
        profile,
        height: 0,
        founders,
        events: Vec::new(),
        register: Default::default(),
        pages: RefCell::default(),
    };
    let mut game = Game::new(register, model);
    for bytes in first_entries(&mut world, owners) {
        game.submit(world.now(), Record::decode(&bytes).unwrap())?;
    }
    Ok((world, game))
}

/// What was seen, and how often.
type Tally = BTreeMap<String, usize>;
/// Of a tally: all records.
const RECORDS: &str = "records";

/// Plays one history; tells what was seen.
fn play(steps: &[Step], duties: bool, notarial: bool, owners: Owners) -> Result<Tally, String> {
    let (mut world, mut game) = beginning(duties, notarial, owners)?;
    let start = game.register.clone();
    let settled = game.submitted.len();
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let written = write(&mut world, &game.model, step, &sent);
        let Some(bytes) = written else { continue };
        let record = Record::decode(&bytes).unwrap();
        if index % 64 == 0 {
            assert!(record.verify(), "a sample of the signatures");
        }
        game.submit(world.now(), record)
            .map_err(|error| format!("{error}\n in step {index}: {step:?}"))?;
        if index % LOOK == 0 {
            game.agree_on_needs(world.now())?;
        }
        sent.push(bytes);
    }
    game.agree_on_needs(world.now())?;
    game.submitted.drain(..settled);
    game.agree_however_cut(start)?;
    game.tally
        .insert(RECORDS.to_owned(), settled + game.submitted.len());
    Ok(game.tally)
}

#[allow(clippy::disallowed_methods, reason = "the size of a test is no law")]
fn asked(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Plays one half of the run: the halves run beside each other.
fn agree(half: u64) {
    let seed = u64::from(asked("DEEDBOOK_SEED").unwrap_or(2026)) * 2 + half;
    let config = ProptestConfig {
        cases: asked("DEEDBOOK_HISTORIES").unwrap_or(HISTORIES) / 2,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 5_000,
        ..ProptestConfig::default()
    };
    let seen = RefCell::new(Tally::new());
    let mut runner = TestRunner::new(config);
    let histories = (
        prop::collection::vec(scene(), SCENES),
        any::<bool>(),
        prop::bool::weighted(0.3),
        owners(),
    );
    let result = runner.run(&histories, |(steps, duties, notarial, owners)| {
        let played =
            play(&steps.concat(), duties, notarial, owners).map_err(TestCaseError::fail)?;
        for (what, times) in played {
            *seen.borrow_mut().entry(what).or_default() += times;
        }
        Ok(())
    });
    let mut said = format!("seed {seed}:\n");
    for (what, times) in seen.borrow().iter() {
        said += &format!("{times:>8} {what}\n");
    }
    print!("{said}");
    if let Err(error) = result {
        panic!("seed {seed}: {error}");
    }
    println!("seed {seed}: they agree on all of it");
    // What was never registered was never tried.
    let registered = seen.borrow().get("deed Registered").copied();
    assert!(registered > Some(0), "no deed of this run was registered");
    if is_whole() {
        let seen = seen.borrow();
        let never = COVERED.iter().filter(|what| !seen.contains_key(**what));
        let never: Vec<_> = never.collect();
        assert!(never.is_empty(), "seed {seed}: never seen: {never:?}");
    }
}

/// Whether as much is played as in CI, so that everything has to be seen.
fn is_whole() -> bool {
    asked("DEEDBOOK_HISTORIES").is_none_or(|histories| histories >= HISTORIES)
}

#[test]
fn the_register_and_the_model_agree_on_every_verdict() {
    agree(0);
}

#[test]
fn the_register_and_the_model_agree_on_the_other_half() {
    agree(1);
}
