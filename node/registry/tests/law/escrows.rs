//! Rules 36, 37: title and money change together; an escrow is released once on registration or
//! refunded once on any other end.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::keys::PublicKey;
use deedbook_schemas::outcome::Outcome;
use deedbook_schemas::party::{Accreditation, AuthorityRole};
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{EscrowFunding, EscrowRelease, EscrowState};

use crate::settlement::{FLAT, OTHER_AGENT, PRICE, accredits, euros, lines, world};
use crate::world::{Answer, ESCROW, TAX, World, accreditation, id, key_of, money, record_id};

impl World {
    fn both_act(&mut self, deed: &RecordId) -> Vec<Outcome> {
        let act = self.sells("Aida", deed);
        assert_eq!(self.accept(&act), []);
        let act = self.buys("Bolat", deed);
        self.accept(&act)
    }

    fn suspends(&mut self, agent: &str) {
        let suspended = accreditation(agent, AuthorityRole::EscrowAgent, true);
        accredits(self, agent, suspended);
    }
}

fn outcome(record: RecordId, status: Status) -> (RecordId, Status) {
    (record, status)
}

fn seen(outcomes: &[Outcome]) -> Vec<(RecordId, Status)> {
    let ends = outcomes.iter().map(|o| outcome(o.record, o.status));
    ends.collect()
}

#[test]
fn only_the_agent_of_the_deed_funds_it_once_with_the_whole_price() {
    let mut world = world();
    let deed = world.lodge_settled();
    for (what, agent, minor, codes) in [
        (
            "a unit too little",
            ESCROW,
            PRICE - 1,
            &["escrow.amount"][..],
        ),
        ("a unit too much", ESCROW, PRICE + 1, &["escrow.amount"]),
        ("another agent", OTHER_AGENT, PRICE, &["escrow.not_agent"]),
        (
            "another agent, nothing",
            OTHER_AGENT,
            0,
            &["escrow.not_agent", "escrow.amount"],
        ),
    ] {
        println!("{what}");
        let record = world.funding(agent, &deed, minor);
        world.refuse(&record, codes);
    }
    let subject = deed.to_string();
    let amount = euros(PRICE);
    let record = world.plain(
        ESCROW,
        &subject,
        Body::EscrowFunding(EscrowFunding { amount }),
    );
    world.refuse(&record, &["escrow.amount"]);
    world.fund(&deed);
    let record = world.funding(ESCROW, &deed, PRICE);
    world.refuse(&record, &["escrow.already_funded"]);
    let record = world.funding(OTHER_AGENT, &deed, 1);
    world.refuse(
        &record,
        &["escrow.not_agent", "escrow.amount", "escrow.already_funded"],
    );
    let outside = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
    let record = world.funding(ESCROW, &outside, PRICE);
    world.refuse(&record, &["escrow.already_funded"]);
}

#[test]
fn nobody_else_speaks_for_an_escrow_agent() {
    let mut world = world();
    let deed = world.lodge_settled();
    let funding = world.fund(&deed);
    for signer in ["Bolat", "nobody", TAX] {
        for record in [
            world.funding(signer, &deed, PRICE),
            world.release(signer, &funding, PRICE),
            world.refund(signer, &funding, PRICE),
        ] {
            world.turn_away(&record, &["authority.not_accredited"]);
        }
    }
    world.keys.insert(ESCROW.to_owned(), key_of("thief"));
    let record = world.release(ESCROW, &funding, PRICE);
    world.turn_away(&record, &["party.key_mismatch"]);
    world.keys.clear();
    let amount = money(PRICE);
    let body = Body::EscrowRelease(EscrowRelease { amount });
    let record = world.plain(ESCROW, "no-escrow", body.clone());
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.attested(ESCROW, &funding.to_string(), body);
    world.turn_away(&record, &["record.field_invalid"]);
    let amount = money(PRICE);
    let body = Body::EscrowFunding(EscrowFunding { amount });
    let record = world.attested(ESCROW, &deed.to_string(), body);
    world.turn_away(&record, &["record.field_invalid"]);
}

#[test]
fn a_deed_waits_for_its_funding_and_its_registration_orders_the_release() {
    let mut world = world();
    let deed = world.lodge_settled();
    assert_eq!(world.both_act(&deed), []);
    let open = world.requirements(&deed);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].code, "escrow.not_funded");
    assert_eq!(open[0].party, Some(id(ESCROW)));
    assert!(open[0].text.contains(&id(ESCROW).to_string()));
    let record = world.funding(ESCROW, &deed, PRICE);
    let funding = record_id(&record);
    let outcomes = world.accept(&record);
    assert_eq!(
        seen(&outcomes),
        [
            outcome(deed, Status::Registered),
            outcome(funding, Status::Registered)
        ]
    );
    let escrow = world.escrow(&funding);
    assert_eq!(escrow.state, EscrowState::ReleaseOrdered);
    assert_eq!((escrow.instrument, escrow.agent), (deed, id(ESCROW)));
    assert_eq!((escrow.amount, escrow.settled), (money(PRICE), None));
    let record = world.release(ESCROW, &funding, PRICE);
    assert_eq!(world.accept(&record), []);
    let escrow = world.escrow(&funding);
    assert_eq!(escrow.state, EscrowState::Released);
    assert_eq!(escrow.settled, Some(record_id(&record)));
}

#[test]
fn funding_before_the_acts_is_as_good() {
    let mut world = world();
    let deed = world.lodge_settled();
    let funding = world.fund(&deed);
    assert_eq!(world.escrow(&funding).state, EscrowState::Funded);
    let outcomes = world.both_act(&deed);
    assert_eq!(
        seen(&outcomes),
        [
            outcome(deed, Status::Registered),
            outcome(funding, Status::Registered)
        ]
    );
}

/// How a funded deed ends otherwise than by registration.
type Ending = (
    &'static str,
    fn(&mut World, &RecordId) -> Vec<Outcome>,
    Status,
);

const ENDINGS: &[Ending] = &[
    (
        "withdrawn",
        |world, deed| {
            let record = world.withdraws("Aida", deed);
            world.accept(&record)
        },
        Status::Withdrawn,
    ),
    (
        "refused, because another deed came first",
        |world, deed| {
            let other = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Clara", "1/1")]);
            for act in [world.sells("Aida", &other), world.buys("Clara", &other)] {
                world.accept(&act);
            }
            let act = world.buys("Bolat", deed);
            let answer = world.submit(&act).unwrap();
            answer.outcomes[1..].to_vec()
        },
        Status::Refused,
    ),
    (
        "expired",
        |world, _| {
            world.outlast_periods();
            world.block(&[]);
            world.began.clone()
        },
        Status::Expired,
    ),
];

#[test]
fn every_other_end_orders_the_refund_once() {
    for (what, end, status) in ENDINGS {
        println!("{what}");
        let mut world = world();
        let deed = world.lodge_settled();
        let funding = world.fund(&deed);
        let early = world.refund(ESCROW, &funding, PRICE);
        world.refuse(&early, &["escrow.not_ordered"]);
        let outcomes = end(&mut world, &deed);
        assert_eq!(
            seen(&outcomes),
            [outcome(deed, *status), outcome(funding, *status)]
        );
        assert_eq!(world.escrow(&funding).state, EscrowState::RefundOrdered);
        let late = world.funding(ESCROW, &deed, PRICE);
        world.turn_away(&late, &["instrument.closed"]);
        let release = world.release(ESCROW, &funding, PRICE);
        world.refuse(&release, &["escrow.not_ordered"]);
        let refund = world.refund(ESCROW, &funding, PRICE);
        assert_eq!(world.accept(&refund), []);
        let escrow = world.escrow(&funding);
        assert_eq!(escrow.state, EscrowState::Refunded);
        assert_eq!(escrow.settled, Some(record_id(&refund)));
        for record in [
            world.refund(ESCROW, &funding, PRICE),
            world.release(ESCROW, &funding, PRICE),
        ] {
            world.refuse(&record, &["escrow.settled"]);
        }
    }
}

#[test]
fn an_unfunded_deed_ends_without_an_order() {
    for (what, end, status) in ENDINGS {
        println!("{what}");
        let mut world = world();
        let deed = world.lodge_settled();
        let outcomes = end(&mut world, &deed);
        assert_eq!(seen(&outcomes), [outcome(deed, *status)]);
    }
}

#[test]
fn a_release_is_by_its_agent_of_what_was_funded_and_once() {
    let mut world = world();
    let deed = world.lodge_settled();
    let funding = world.fund(&deed);
    let early = world.release(ESCROW, &funding, PRICE);
    world.refuse(&early, &["escrow.not_ordered"]);
    world.both_act(&deed);
    for (what, agent, escrow, minor, codes) in [
        (
            "a unit too little",
            ESCROW,
            funding,
            PRICE - 1,
            &["escrow.amount"][..],
        ),
        (
            "a unit too much",
            ESCROW,
            funding,
            PRICE + 1,
            &["escrow.amount"],
        ),
        (
            "another agent",
            OTHER_AGENT,
            funding,
            PRICE,
            &["escrow.not_agent"],
        ),
        (
            "no escrow",
            ESCROW,
            RecordId([8; 32]),
            PRICE,
            &["escrow.unknown"],
        ),
        (
            "the deed is not the escrow",
            ESCROW,
            deed,
            PRICE,
            &["escrow.unknown"],
        ),
    ] {
        println!("{what}");
        let record = world.release(agent, &escrow, minor);
        world.refuse(&record, codes);
    }
    let refund = world.refund(ESCROW, &funding, PRICE);
    world.refuse(&refund, &["escrow.not_ordered"]);
    let refund = world.refund(OTHER_AGENT, &funding, 1);
    world.refuse(
        &refund,
        &["escrow.not_agent", "escrow.amount", "escrow.not_ordered"],
    );
    let release = world.release(ESCROW, &funding, PRICE);
    world.accept(&release);
    for record in [
        world.release(ESCROW, &funding, PRICE),
        world.refund(ESCROW, &funding, PRICE),
    ] {
        world.refuse(&record, &["escrow.settled"]);
    }
}

fn codes(answers: &[Answer]) -> Vec<Vec<String>> {
    let of = |answer: &Answer| match &answer.as_ref().unwrap().refusal {
        Some(refusal) => refusal.to_strings(),
        None => Vec::new(),
    };
    answers.iter().map(of).collect()
}

#[test]
fn of_a_release_and_a_refund_in_one_block_exactly_the_ordered_one_is_made() {
    let refused = vec!["escrow.not_ordered".to_owned()];
    let settled = vec!["escrow.settled".to_owned()];
    for refund_first in [false, true] {
        for registers in [false, true] {
            let mut world = world();
            let deed = world.lodge_settled();
            let funding = world.fund(&deed);
            let mut records = vec![world.sells("Aida", &deed)];
            records.push(if registers {
                world.buys("Bolat", &deed)
            } else {
                world.withdraws("Aida", &deed)
            });
            let mut race = [
                world.release(ESCROW, &funding, PRICE),
                world.refund(ESCROW, &funding, PRICE),
            ];
            if refund_first {
                race.reverse();
            }
            records.extend(race);
            let codes = codes(&world.block(&records));
            let ordered_first = registers != refund_first;
            let expected = if ordered_first {
                [Vec::new(), settled.clone()]
            } else {
                [refused.clone(), Vec::new()]
            };
            assert_eq!(codes[2..], expected);
            let state = world.escrow(&funding).state;
            let end = if registers {
                EscrowState::Released
            } else {
                EscrowState::Refunded
            };
            assert_eq!(state, end);
        }
    }
}

#[test]
fn two_fundings_in_one_block_are_one() {
    let mut world = world();
    let deed = world.lodge_settled();
    let records = [
        world.funding(ESCROW, &deed, PRICE),
        world.funding(ESCROW, &deed, PRICE),
    ];
    let codes = codes(&world.block(&records));
    assert_eq!(codes, [vec![], vec!["escrow.already_funded".to_owned()]]);
    let second = world.release(ESCROW, &record_id(&records[1]), PRICE);
    world.refuse(&second, &["escrow.unknown"]);
}

/// Rule 37: accounts are bound in the signed text, so that another account is another instrument,
/// which nobody has signed or funded.
#[test]
fn a_payee_account_changed_after_lodging_is_another_instrument() {
    let mut world = world();
    let deed = world.lodge_settled();
    world.fund(&deed);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let mut body = world.settled_sale();
    lines(&mut body).destinations[0].account = World::account("thief");
    let record = world.transfer("Bolat", FLAT, body);
    let changed = record_id(&record);
    assert_ne!(changed, deed);
    world.refuse(&record, &["title.slot_taken"]);
    let act = world.withdraws("Aida", &deed);
    world.accept(&act);
    let mut body = world.settled_sale();
    lines(&mut body).destinations[0].account = World::account("thief");
    let record = world.transfer("Bolat", FLAT, body);
    world.accept(&record);
    let changed = record_id(&record);
    let open = ["act.disponor", "act.acquirer", "escrow.not_funded"];
    assert_eq!(world.open(&changed), open);
}

#[test]
fn an_agent_suspended_after_the_funding_is_succeeded_under_another_key() {
    let mut world = world();
    let deed = world.lodge_settled();
    let funding = world.fund(&deed);
    world.suspends(ESCROW);
    // What was funded stands.
    world.both_act(&deed);
    assert_eq!(world.escrow(&funding).state, EscrowState::ReleaseOrdered);
    let record = world.release(ESCROW, &funding, PRICE);
    world.turn_away(&record, &["authority.suspended"]);
    let heir = key_of("administrator of the escrow agent");
    let body = Accreditation {
        key: PublicKey::of(&heir),
        ..accreditation(ESCROW, AuthorityRole::EscrowAgent, false)
    };
    accredits(&mut world, ESCROW, body);
    let record = world.release(ESCROW, &funding, PRICE);
    world.turn_away(&record, &["party.key_mismatch"]);
    world.keys.insert(ESCROW.to_owned(), heir);
    let record = world.release(ESCROW, &funding, PRICE);
    world.accept(&record);
}

#[test]
fn a_suspended_agent_is_not_chosen_and_does_not_fund() {
    let mut world = world();
    let deed = world.lodge_settled();
    world.suspends(ESCROW);
    let body = world.settled_sale();
    let record = world.transfer("Aida", FLAT, body);
    world.refuse(&record, &["escrow.not_agent"]);
    let record = world.funding(ESCROW, &deed, PRICE);
    world.turn_away(&record, &["authority.suspended"]);
    assert_eq!(world.both_act(&deed), []);
    assert_eq!(world.open(&deed), ["escrow.not_funded"]);
}

#[test]
fn a_deed_without_a_settlement_needs_no_agent() {
    let mut world = world();
    let deed = world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    let outcomes = world.both_act(&deed);
    assert_eq!(seen(&outcomes), [outcome(deed, Status::Registered)]);
}
