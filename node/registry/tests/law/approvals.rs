//! Rule 23: what one officer signs for an entity whose rule asks for several, and the others approved.

use deedbook_registry::next_deadline;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{Discharge, MortgageeConsent, PreemptionWaiver};
use deedbook_schemas::instrument::{ActKind, ActRole, Ending, PowerOfAttorney, Status};
use deedbook_schemas::party::OfficerApproval;
use deedbook_schemas::record::{Body, Record};

use crate::lenders::{
    FLAT, OTHER, consent_body, couple, discharge_body, firm, lodge, mortgage_body, ranks, town,
    ward,
};
use crate::preemption::{PRICE, offer_of, waiver_at};
use crate::world::{DAY, World, id, record_id};

const OFFICERS: [&str; 3] = ["Halyk", "Kaspi", "Otbasy"];

/// What an officer signs: about what, and what it says.
#[derive(Clone)]
struct Paper {
    subject: String,
    body: Body,
}

impl Paper {
    fn new(subject: impl ToString, body: Body) -> Self {
        let subject = subject.to_string();
        Self { subject, body }
    }

    /// It, signed by somebody.
    fn by(&self, world: &mut World, signer: &str) -> Vec<u8> {
        world.attested(signer, &self.subject, self.body.clone())
    }

    /// Somebody's approval of it for an entity.
    fn approval(&self, world: &mut World, officer: &str, entity: &str) -> Vec<u8> {
        let approves = self.body.digest(&self.subject);
        let body = Body::OfficerApproval(OfficerApproval { approves });
        world.attested(officer, &id(entity).to_string(), body)
    }

    /// An approval for the bank that is accepted.
    fn approved(&self, world: &mut World, officer: &str) -> RecordId {
        let record = self.approval(world, officer, "Bank");
        let outcomes = world.accept(&record);
        let registered = (record_id(&record), Status::Registered);
        assert_eq!(outcomes.len(), 1);
        assert_eq!((outcomes[0].record, outcomes[0].status), registered);
        registered.0
    }
}

/// A bank with three officers holds a mortgage of Aida's flat.
fn bank(signatures: u8) -> (World, RecordId) {
    let mut world = town();
    firm(&mut world, "Bank", &OFFICERS, signatures);
    let body = mortgage_body(&world, FLAT, &["Aida"], "Bank");
    let mortgage = lodge(&mut world, "Aida", FLAT, Body::Mortgage(body));
    let act = world.sells("Aida", &mortgage);
    world.accept(&act);
    for officer in OFFICERS.iter().take(signatures.into()) {
        let act = world.act_for(officer, &mortgage, ActRole::Acquirer, "Bank");
        world.accept(&act);
    }
    assert_eq!(ranks(&world, FLAT), [mortgage]);
    (world, mortgage)
}

fn discharge(mortgage: &RecordId, with: Option<RecordId>) -> Paper {
    let body = Discharge {
        represents: Some(id("Bank")),
        ..discharge_body(FLAT, with)
    };
    Paper::new(mortgage, Body::Discharge(body))
}

fn consent(deed: &RecordId, mortgage: &RecordId) -> Paper {
    let body = MortgageeConsent {
        represents: Some(id("Bank")),
        ..consent_body(mortgage)
    };
    Paper::new(deed, Body::MortgageeConsent(body))
}

fn power(world: &World, agent: &str) -> Paper {
    let body = PowerOfAttorney {
        represents: Some(id("Bank")),
        ..world.power_body(&[ActKind::Release])
    };
    Paper::new(id(agent), Body::PowerOfAttorney(body))
}

/// How many objects about approvals the register holds.
fn kept(world: &World) -> usize {
    let keys = world.state.values.keys();
    keys.filter(|key| matches!(key.first(), Some(b'Z' | b'z')))
        .count()
}

#[test]
fn a_mortgage_is_discharged_by_as_many_officers_as_it_takes() {
    for signatures in 1..=3 {
        let (mut world, mortgage) = bank(signatures);
        let paper = discharge(&mortgage, None);
        for officer in OFFICERS.iter().skip(1).take(usize::from(signatures) - 1) {
            let alone = paper.by(&mut world, "Halyk");
            world.refuse(&alone, &["entity.signatures_insufficient"]);
            paper.approved(&mut world, officer);
        }
        let record = paper.by(&mut world, "Halyk");
        let outcomes = world.accept(&record);
        assert_eq!(outcomes[0].status, Status::Registered);
        assert!(ranks(&world, FLAT).is_empty());
        assert_eq!(kept(&world), 0, "what is used leaves nothing");
    }
}

#[test]
fn whoever_approved_may_sign_and_whoever_signs_needs_the_other() {
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    for officer in ["Halyk", "Kaspi"] {
        paper.approved(&mut world, officer);
    }
    // More than it takes, one of them the signer's own.
    let record = paper.by(&mut world, "Kaspi");
    world.accept(&record);
    assert_eq!(kept(&world), 0);
}

#[test]
fn every_record_of_one_signature_can_be_approved() {
    type Draw = fn(&mut World, &RecordId) -> Paper;
    let papers: [(&str, Draw); 5] = [
        ("a discharge at once", |_, mortgage| {
            discharge(mortgage, None)
        }),
        ("a discharge with a deed", |w, mortgage| {
            let deed = w.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
            discharge(mortgage, Some(deed))
        }),
        ("a mortgagee's consent", |w, mortgage| {
            let deed = w.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
            consent(&deed, mortgage)
        }),
        ("a waiver", |w, _| {
            let shared = "20-313-024-777";
            w.property(shared, &[("Aida", "1/2"), ("Bank", "1/2")]);
            let notice = w.offers("Aida", shared, offer_of("1/2", PRICE));
            let body = PreemptionWaiver {
                property: shared.to_owned(),
                represents: Some(id("Bank")),
                ..waiver_at(PRICE)
            };
            Paper::new(notice, Body::PreemptionWaiver(body))
        }),
        ("a power", |w, _| power(w, "Agent")),
    ];
    for (what, draw) in papers {
        println!("{what}");
        let (mut world, mortgage) = bank(2);
        let paper = draw(&mut world, &mortgage);
        let alone = paper.by(&mut world, "Halyk");
        world.refuse(&alone, &["entity.signatures_insufficient"]);
        paper.approved(&mut world, "Otbasy");
        let alone = paper.by(&mut world, "Otbasy");
        world.refuse(&alone, &["entity.signatures_insufficient"]);
        let record = paper.by(&mut world, "Halyk");
        world.accept(&record);
        assert_eq!(kept(&world), 0);
    }
}

/// What happens after Kaspi has approved the discharge at once (the second argument), and with which
/// codes the same discharge by Halyk is refused.
type Change = (
    &'static str,
    fn(&mut World, &RecordId),
    &'static [&'static str],
);

const SHORT: &[&str] = &["entity.signatures_insufficient"];

const CHANGES: &[Change] = &[
    ("the officer withdraws", |w, a| ends(w, "Kaspi", a), SHORT),
    (
        "the officer leaves",
        |w, _| firm(w, "Bank", &["Halyk", "Otbasy"], 2),
        SHORT,
    ),
    (
        "the officer leaves and returns",
        |w, _| {
            firm(w, "Bank", &["Halyk", "Otbasy"], 2);
            firm(w, "Bank", &OFFICERS, 2);
        },
        SHORT,
    ),
    (
        "the officer becomes incapable",
        |w, _| w.becomes_incapable("Kaspi"),
        SHORT,
    ),
    (
        "the officer becomes incapable, and capable again",
        |w, _| {
            w.becomes_incapable("Kaspi");
            w.is_capable_again("Kaspi");
        },
        SHORT,
    ),
    ("the officer dies", |w, _| w.dies("Kaspi"), SHORT),
    (
        "the rule asks for one more",
        |w, _| firm(w, "Bank", &OFFICERS, 3),
        SHORT,
    ),
    (
        "the bank is dissolved",
        |w, _| w.dissolves("Bank"),
        &["entity.inactive", "entity.not_officer"],
    ),
    (
        "the time of the approval is over",
        |w, _| {
            let days = u64::from(w.profile().pending_days);
            let until = (w.now().0 + days * DAY).div_ceil(3600) * 3600;
            w.time_ms = (until - 1) * 1000;
        },
        SHORT,
    ),
    (
        "who signs is no officer any more",
        |w, _| firm(w, "Bank", &["Kaspi", "Otbasy"], 2),
        &["entity.not_officer", "entity.signatures_insufficient"],
    ),
];

fn ends(world: &mut World, officer: &str, approval: &RecordId) {
    let record = world.revokes(officer, approval);
    assert_eq!(world.accept(&record), []);
}

#[test]
fn an_approval_that_does_not_count_any_more_is_worth_nothing() {
    for (what, change, codes) in CHANGES {
        println!("{what}");
        let (mut world, mortgage) = bank(2);
        let paper = discharge(&mortgage, None);
        let approval = paper.approved(&mut world, "Kaspi");
        change(&mut world, &approval);
        let record = paper.by(&mut world, "Halyk");
        world.refuse(&record, codes);
        assert_eq!(ranks(&world, FLAT), [mortgage]);
    }
}

#[test]
fn an_approval_is_for_one_record_of_one_entity_and_by_somebody_else() {
    type Other = fn(&mut World, &RecordId) -> (Paper, &'static str);
    let others: [(&str, Other); 7] = [
        ("the signer's own", |_, mortgage| {
            (discharge(mortgage, None), "Halyk")
        }),
        ("about another mortgage", |_, _| {
            (discharge(&RecordId([9; 32]), None), "Kaspi")
        }),
        ("of another kind", |_, mortgage| {
            (consent(mortgage, mortgage), "Kaspi")
        }),
        ("not at once, but with a deed", |w, mortgage| {
            let deed = w.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
            (discharge(mortgage, Some(deed)), "Kaspi")
        }),
        ("of another property", |_, mortgage| {
            let body = Discharge {
                represents: Some(id("Bank")),
                ..discharge_body(OTHER, None)
            };
            (Paper::new(mortgage, Body::Discharge(body)), "Kaspi")
        }),
        ("in their own name", |_, mortgage| {
            let body = Body::Discharge(discharge_body(FLAT, None));
            (Paper::new(mortgage, body), "Kaspi")
        }),
        ("without a subject", |_, mortgage| {
            let body = discharge(mortgage, None).body;
            (Paper::new("", body), "Kaspi")
        }),
    ];
    for (what, other) in others {
        println!("{what}");
        let (mut world, mortgage) = bank(2);
        let (other, officer) = other(&mut world, &mortgage);
        other.approved(&mut world, officer);
        let record = discharge(&mortgage, None).by(&mut world, "Halyk");
        world.refuse(&record, SHORT);
        assert_eq!(kept(&world), 2, "what does not serve is not used up");
    }
    // For another entity with the same officers.
    let (mut world, mortgage) = bank(2);
    firm(&mut world, "Branch", &OFFICERS, 2);
    let paper = discharge(&mortgage, None);
    let record = paper.approval(&mut world, "Kaspi", "Branch");
    world.accept(&record);
    let record = paper.by(&mut world, "Halyk");
    world.refuse(&record, SHORT);
}

/// Whose approval for whom is refused, and why.
type Attempt = (
    &'static str,
    fn(&mut World),
    (&'static str, &'static str),
    &'static [&'static str],
);

const ATTEMPTS: &[Attempt] = &[
    (
        "a stranger",
        |_| {},
        ("Bolat", "Bank"),
        &["entity.not_officer"],
    ),
    (
        "an officer of another entity",
        |w| firm(w, "Branch", &["Bolat", "Clara"], 2),
        ("Bolat", "Bank"),
        &["entity.not_officer"],
    ),
    (
        "who was an officer",
        |w| firm(w, "Bank", &["Halyk", "Otbasy"], 2),
        ("Kaspi", "Bank"),
        &["entity.not_officer"],
    ),
    (
        "an officer of a dissolved entity",
        |w| w.dissolves("Bank"),
        ("Kaspi", "Bank"),
        &["entity.inactive", "entity.not_officer"],
    ),
    (
        "an officer who cannot act",
        |w| w.becomes_incapable("Kaspi"),
        ("Kaspi", "Bank"),
        &["party.incapable"],
    ),
    (
        "an officer for nobody who exists",
        |_| {},
        ("Kaspi", "Phantom"),
        &["entity.not_officer"],
    ),
    (
        "an officer for a person",
        |_| {},
        ("Kaspi", "Dana"),
        &["entity.not_officer", "guardian.not_guardian"],
    ),
    (
        "a guardian for a ward",
        |w| ward(w, "Dana", "Kaspi"),
        ("Kaspi", "Dana"),
        &["entity.not_officer"],
    ),
    (
        "a member for a group",
        |w| couple(w, "Family", ["Kaspi", "Dana"]),
        ("Kaspi", "Family"),
        &["entity.not_officer"],
    ),
];

#[test]
fn only_an_officer_approves_and_only_for_a_legal_entity() {
    for (what, before, (signer, party), codes) in ATTEMPTS {
        println!("{what}");
        let (mut world, mortgage) = bank(2);
        before(&mut world);
        let record = discharge(&mortgage, None).approval(&mut world, signer, party);
        world.refuse(&record, codes);
        assert_eq!(kept(&world), 0);
    }
    let (mut world, mortgage) = bank(2);
    let approves = discharge(&mortgage, None).body.digest(FLAT);
    let body = Body::OfficerApproval(OfficerApproval { approves });
    let record = world.plain("Kaspi", &id("Bank").to_string(), body.clone());
    world.turn_away(&record, &["attestation.missing", "evidence.missing"]);
    let record = world.attested("Kaspi", FLAT, body);
    world.turn_away(&record, &["record.field_invalid"]);
    let record = discharge(&mortgage, None).approval(&mut world, "Phantom", "Bank");
    world.turn_away(&record, &["party.unknown"]);
}

#[test]
fn an_officer_approves_the_same_once_while_it_counts() {
    let (mut world, mortgage) = bank(3);
    let paper = discharge(&mortgage, None);
    paper.approved(&mut world, "Kaspi");
    let again = paper.approval(&mut world, "Kaspi", "Bank");
    world.refuse(&again, &["approval.repeated"]);
    world.second_key("Kaspi");
    let again = paper.approval(&mut world, "Kaspi", "Bank");
    world.refuse(&again, &["approval.repeated"]);
    // Somebody else, and something else.
    paper.approved(&mut world, "Otbasy");
    power(&world, "Agent").approved(&mut world, "Kaspi");
    // When it does not count any more, once more.
    for times in 0..3 {
        firm(&mut world, "Bank", &["Halyk", "Otbasy"], 2);
        firm(&mut world, "Bank", &OFFICERS, 3);
        paper.approved(&mut world, "Kaspi");
        assert_eq!(kept(&world), 5, "one for each officer, {times}");
    }
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
    assert_eq!(kept(&world), 2);
}

#[test]
fn an_approval_serves_once() {
    let (mut world, _) = bank(2);
    let paper = power(&world, "Agent");
    paper.approved(&mut world, "Kaspi");
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
    let again = paper.by(&mut world, "Otbasy");
    world.refuse(&again, SHORT);
    paper.approved(&mut world, "Kaspi");
    let again = paper.by(&mut world, "Otbasy");
    world.accept(&again);
    // Also when the rule asked for nobody else as it was used.
    let (mut world, _) = bank(2);
    let paper = power(&world, "Agent");
    paper.approved(&mut world, "Kaspi");
    firm(&mut world, "Bank", &OFFICERS, 1);
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
    firm(&mut world, "Bank", &OFFICERS, 2);
    let again = paper.by(&mut world, "Halyk");
    world.refuse(&again, SHORT);
}

#[test]
fn an_act_that_is_refused_uses_nothing_up() {
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    paper.approved(&mut world, "Kaspi");
    let stranger = paper.by(&mut world, "Bolat");
    world.refuse(
        &stranger,
        &["entity.not_officer", "entity.signatures_insufficient"],
    );
    let mut sheet = world.sheet("Halyk", &paper.subject, paper.body.clone());
    sheet.attestation = None;
    world.turn_away(&sheet.seal(), &["attestation.missing"]);
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
}

#[test]
fn the_rule_when_the_act_is_done_decides() {
    for (then, now) in [(3, 2), (1, 2)] {
        let (mut world, mortgage) = bank(then);
        let paper = discharge(&mortgage, None);
        paper.approved(&mut world, "Kaspi");
        firm(&mut world, "Bank", &OFFICERS, now);
        let record = paper.by(&mut world, "Halyk");
        world.accept(&record);
        assert!(ranks(&world, FLAT).is_empty());
    }
    // A new officer signs what an old one approved.
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    paper.approved(&mut world, "Kaspi");
    firm(&mut world, "Bank", &["Clara", "Kaspi"], 2);
    let record = paper.by(&mut world, "Clara");
    world.accept(&record);
}

#[test]
fn only_its_officer_withdraws_an_approval_and_only_until_it_is_used() {
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    let approval = paper.approved(&mut world, "Kaspi");
    for other in ["Halyk", "Bolat"] {
        let record = world.revokes(other, &approval);
        world.refuse(&record, &["revocation.not_entitled"]);
    }
    let record = world.ends("Kaspi", &approval, Ending::Renunciation);
    world.refuse(&record, &["revocation.not_entitled"]);
    ends(&mut world, "Kaspi", &approval);
    assert_eq!(kept(&world), 0);
    let record = world.revokes("Kaspi", &approval);
    world.refuse(&record, &["poa.unknown"]);
    // Of two the one that is withdrawn is gone.
    let [one, _] = ["Kaspi", "Otbasy"].map(|officer| paper.approved(&mut world, officer));
    ends(&mut world, "Kaspi", &one);
    assert_eq!(kept(&world), 2);
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
    // Used, it cannot be withdrawn.
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    let approval = paper.approved(&mut world, "Kaspi");
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
    let record = world.revokes("Kaspi", &approval);
    world.refuse(&record, &["poa.unknown"]);
}

#[test]
fn an_approval_lapses_at_its_hour_and_leaves_nothing() {
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    // What was scheduled for the mortgage is over first.
    world.outlast_periods();
    world.block(&[]);
    assert_eq!(next_deadline(&world.state).unwrap(), None);
    let early = paper.approved(&mut world, "Kaspi");
    let days = u64::from(world.profile().pending_days);
    let until = Seconds((world.now().0 + days * DAY).div_ceil(3600) * 3600);
    assert_eq!(next_deadline(&world.state).unwrap(), Some(until));
    world.pass(2 * DAY);
    paper.approved(&mut world, "Otbasy");
    world.time_ms = (until.0 - 2) * 1000;
    world.block(&[]);
    assert_eq!(kept(&world), 3);
    world.block(&[]);
    assert_eq!(world.began, [], "it lapses as a consent does");
    assert_eq!(kept(&world), 2);
    let record = world.revokes("Kaspi", &early);
    world.refuse(&record, &["poa.unknown"]);
    // The other one still serves.
    let record = paper.by(&mut world, "Kaspi");
    world.accept(&record);
    assert_eq!(kept(&world), 0);
    world.pass(3 * DAY);
    world.block(&[]);
    assert_eq!(world.began, []);
    assert_eq!(next_deadline(&world.state).unwrap(), None);
}

#[test]
fn an_approval_whose_time_is_over_is_over_swept_or_not() {
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    let approval = paper.approved(&mut world, "Kaspi");
    world.outlast_periods();
    // As if the blocks until now had had too much else to sweep.
    let calendar = |key: &Vec<u8>| matches!(key.first(), Some(b'X' | b'H' | b'E'));
    world.state.values.retain(|key, _| !calendar(key));
    let record = paper.by(&mut world, "Halyk");
    world.refuse(&record, SHORT);
    let record = world.revokes("Kaspi", &approval);
    world.refuse(&record, &["poa.unknown"]);
    assert_eq!(kept(&world), 2, "it is still there");
    // Another one of the same officer takes its place.
    paper.approved(&mut world, "Kaspi");
    assert_eq!(kept(&world), 2);
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
}

#[test]
fn in_one_block_the_order_decides_as_in_several() {
    for (approved_first, same_block) in [(true, true), (true, false), (false, true), (false, false)]
    {
        let (mut world, mortgage) = bank(2);
        let paper = discharge(&mortgage, None);
        let mut records = vec![
            paper.approval(&mut world, "Kaspi", "Bank"),
            paper.by(&mut world, "Halyk"),
        ];
        if !approved_first {
            records.reverse();
        }
        let answers = if same_block {
            world.block(&records)
        } else {
            records.iter().map(|record| world.submit(record)).collect()
        };
        let signed = answers[usize::from(approved_first)].as_ref().unwrap();
        let refusal = signed.refusal.as_ref().map(|why| why.to_strings());
        assert_eq!(refusal.is_none(), approved_first);
        assert_eq!(ranks(&world, FLAT).is_empty(), approved_first);
        assert_eq!(kept(&world), if approved_first { 0 } else { 2 });
        if approved_first && same_block {
            let calendar = world.state.values.keys();
            let begun = calendar.filter(|key| matches!(key.first(), Some(b'H' | b'E')));
            let (with, _) = bank(2);
            let before = with.state.values.keys();
            let before = before.filter(|key| matches!(key.first(), Some(b'H' | b'E')));
            assert!(begun.eq(before), "what is used at once is never scheduled");
        }
    }
}

#[test]
fn nobody_helps_to_make_themselves_an_agent() {
    let (mut world, _) = bank(2);
    let paper = power(&world, "Kaspi");
    paper.approved(&mut world, "Kaspi");
    let record = paper.by(&mut world, "Halyk");
    world.refuse(&record, SHORT);
    paper.approved(&mut world, "Otbasy");
    let record = paper.by(&mut world, "Halyk");
    world.accept(&record);
}

#[test]
fn what_is_approved_is_the_kind_the_subject_and_the_body_and_nothing_else() {
    let (mut world, mortgage) = bank(2);
    let paper = discharge(&mortgage, None);
    let digest = |bytes: &[u8]| {
        let record = Record::decode(bytes).unwrap();
        record.body.digest(record.subject())
    };
    let [one, other] = ["Halyk", "Kaspi"].map(|signer| paper.by(&mut world, signer));
    assert_ne!(record_id(&one), record_id(&other));
    assert_eq!(digest(&one), digest(&other));
    let body = discharge(&mortgage, Some(mortgage)).body;
    assert_ne!(body.digest(&paper.subject), digest(&one));
    assert_ne!(paper.body.digest(FLAT), digest(&one));
}
