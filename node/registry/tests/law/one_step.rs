//! Rules 36–38 together: everything that a deed settles happens in one step or not at all, and over
//! random orders of events the money that came in is the money that goes out.

use std::collections::BTreeMap;

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{Duty, DutyKind, EscrowState};
use proptest::prelude::*;

use crate::settlement::{FLAT, PRICE, world};
use crate::world::{Answer, BEFORE, DAY, ESCROW, TAX, World, id, money, record_id};

/// A deed that needs everything at once: two acts, a spouse's consent, a duty and the money.
fn everything() -> (World, RecordId, Vec<(&'static str, Vec<u8>)>) {
    let mut world = World::with_profile(Profile {
        duties: vec![DutyKind::TransferTax],
        ..Profile::kazakhstan()
    });
    world.enrol(&["Aida", "Bolat", "Clara"]);
    world.marry("Aida", "Clara", BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    let body = world.settled_sale();
    let lodged = world.transfer("Aida", FLAT, body);
    let deed = record_id(&lodged);
    let duty = Body::Duty(Duty {
        kind: DutyKind::TransferTax,
        paid: Some(money(1)),
        exemption: None,
    });
    let consent = world.consent_body("Aida");
    let rest = vec![
        ("the seller's act", world.sells("Aida", &deed)),
        ("the money", world.funding(ESCROW, &deed, PRICE)),
        ("the duty", world.plain(TAX, &deed.to_string(), duty)),
        (
            "the spouse's consent",
            world.consent("Clara", FLAT, consent),
        ),
        ("the buyer's act", world.buys("Bolat", &deed)),
    ];
    let records = std::iter::once(("the deed", lodged)).chain(rest);
    (world, deed, records.collect())
}

fn bytes(records: &[(&str, Vec<u8>)]) -> Vec<Vec<u8>> {
    records.iter().map(|(_, bytes)| bytes.clone()).collect()
}

fn of(records: &[(&str, Vec<u8>)], what: &str) -> RecordId {
    let (_, bytes) = records.iter().find(|(name, _)| *name == what).unwrap();
    record_id(bytes)
}

fn ended(answers: &[Answer]) -> Vec<(RecordId, Status)> {
    let outcomes = answers.iter().flat_map(|answer| {
        let applied = answer.as_ref().unwrap();
        assert_eq!(applied.refusal, None);
        applied.outcomes.iter()
    });
    outcomes.map(|o| (o.record, o.status)).collect()
}

#[test]
fn title_consent_and_money_change_in_one_step() {
    let (mut world, deed, records) = everything();
    let (funding, consent) = (
        of(&records, "the money"),
        of(&records, "the spouse's consent"),
    );
    let answers = world.block(&bytes(&records));
    assert_eq!(
        ended(&answers),
        [consent, deed, funding].map(|record| (record, Status::Registered))
    );
    assert_eq!(world.title(FLAT).holdings[0].party, id("Bolat"));
    assert_eq!(world.escrow(&funding).state, EscrowState::ReleaseOrdered);
    assert_eq!(world.consent_used_by(&consent), Some(deed));
}

#[test]
fn if_anything_is_missing_none_of_it_happens_until_it_is_there() {
    let lawful = everything().2.len();
    for missing in 1..lawful {
        let (mut world, deed, mut records) = everything();
        let funding = of(&records, "the money");
        let consent = of(&records, "the spouse's consent");
        let (what, last) = records.remove(missing);
        println!("{what} is missing");
        let before = world.title(FLAT);
        let ended = ended(&world.block(&bytes(&records)));
        assert!(
            ended.iter().all(|(record, _)| *record == consent),
            "{ended:?}"
        );
        assert_eq!(world.instrument(&deed).status, Status::Pending);
        assert_eq!(world.open(&deed).len(), 1);
        let title = world.title(FLAT);
        assert_eq!(
            (title.version, title.holdings),
            (before.version, before.holdings)
        );
        if record_id(&last) != funding {
            assert_eq!(world.escrow(&funding).state, EscrowState::Funded);
        }
        if record_id(&last) != consent {
            assert_eq!(world.consent_used_by(&consent), None);
        }
        world.accept(&last);
        assert_eq!(world.instrument(&deed).status, Status::Registered);
        assert_eq!(world.escrow(&funding).state, EscrowState::ReleaseOrdered);
        assert_eq!(world.consent_used_by(&consent), Some(deed));
    }
}

impl World {
    fn consent_used_by(&self, consent: &RecordId) -> Option<RecordId> {
        let consent = deedbook_registry::state::consent(&self.state, consent);
        consent.unwrap().unwrap().used_by
    }
}

/// What may happen to a deed and its escrow.
#[derive(Debug, Clone, Copy)]
enum Event {
    Sells,
    Buys,
    Withdraws,
    Fund { minor: u64 },
    Release { escrow: usize, minor: u64 },
    Refund { escrow: usize, minor: u64 },
    Days { days: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    let minor = prop_oneof![5 => Just(PRICE), 1 => Just(PRICE - 1)];
    prop_oneof![
        3 => Just(Event::Sells),
        3 => Just(Event::Buys),
        1 => Just(Event::Withdraws),
        4 => minor.clone().prop_map(|minor| Event::Fund { minor }),
        3 => (0..3usize, minor.clone()).prop_map(|(escrow, minor)| Event::Release { escrow, minor }),
        3 => (0..3usize, minor).prop_map(|(escrow, minor)| Event::Refund { escrow, minor }),
        1 => (1..32u64).prop_map(|days| Event::Days { days }),
    ]
}

/// What went in and out of one escrow, by the records that were accepted.
#[derive(Debug, Default)]
struct Flow {
    paid_in: u64,
    released: Vec<u64>,
    refunded: Vec<u64>,
}

fn accepted(answer: &Answer) -> bool {
    answer
        .as_ref()
        .is_ok_and(|applied| applied.refusal.is_none())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: crate::histories::cases(256),
        rng_seed: proptest::test_runner::RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn money_in_equals_money_out_per_escrow(events in prop::collection::vec(event(), 1..30)) {
        let mut world = world();
        let deed = world.lodge_settled();
        // Every funding that was tried, accepted or not.
        let mut tried: Vec<RecordId> = vec![RecordId([8; 32])];
        let mut flows: BTreeMap<RecordId, Flow> = BTreeMap::new();
        // In the end the deed is over, and everything is tried once more.
        let end = [Event::Days { days: 61 }, Event::Fund { minor: PRICE }];
        let settle = (0..3).flat_map(|escrow| {
            [Event::Release { escrow, minor: PRICE }, Event::Refund { escrow, minor: PRICE }]
        });
        for event in events.into_iter().chain(end).chain(settle) {
            let escrow_of = |back: usize| tried[tried.len().saturating_sub(1 + back)];
            match event {
                Event::Sells => { let act = world.sells("Aida", &deed); let _ = world.submit(&act); }
                Event::Buys => { let act = world.buys("Bolat", &deed); let _ = world.submit(&act); }
                Event::Withdraws => { let act = world.withdraws("Aida", &deed); let _ = world.submit(&act); }
                Event::Days { days } => { world.pass(days * DAY); world.block(&[]); }
                Event::Fund { minor } => {
                    let record = world.funding(ESCROW, &deed, minor);
                    let funding = record_id(&record);
                    tried.push(funding);
                    if accepted(&world.submit(&record)) {
                        flows.entry(funding).or_default().paid_in = minor;
                    }
                }
                Event::Release { escrow, minor } => {
                    let funding = escrow_of(escrow);
                    let record = world.release(ESCROW, &funding, minor);
                    if accepted(&world.submit(&record)) {
                        flows.entry(funding).or_default().released.push(minor);
                    }
                }
                Event::Refund { escrow, minor } => {
                    let funding = escrow_of(escrow);
                    let record = world.refund(ESCROW, &funding, minor);
                    if accepted(&world.submit(&record)) {
                        flows.entry(funding).or_default().refunded.push(minor);
                    }
                }
            }
            let registered = world.instrument(&deed).status == Status::Registered;
            prop_assert!(flows.len() <= 1, "a deed is funded once");
            prop_assert!(!registered || flows.len() == 1, "no registration without the money");
            for flow in flows.values() {
                prop_assert!(flow.released.is_empty() || registered);
                prop_assert!(flow.refunded.is_empty() || !registered);
            }
        }
        for (funding, flow) in &flows {
            let paid_out: Vec<u64> = [&flow.released[..], &flow.refunded].concat();
            if tried.iter().rev().take(3).any(|tried| tried == funding) {
                prop_assert_eq!(&paid_out, &[flow.paid_in], "in is out, once");
            } else {
                prop_assert!(paid_out.len() <= 1);
            }
            let done = match world.escrow(funding).state {
                EscrowState::Released => flow.released.len(),
                EscrowState::Refunded => flow.refunded.len(),
                _ => 0,
            };
            prop_assert_eq!(done, paid_out.len());
        }
    }
}
