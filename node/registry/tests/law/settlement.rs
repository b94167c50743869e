//! Rule 35: sources equal destinations equal the price, in integer minor units of one currency; and
//! the documents of a settlement.

use deedbook_registry::{Key, state};
use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{Transfer, TransferKind};
use deedbook_schemas::limits::{MONEY_MINOR_MAX, SETTLEMENT_LINES_MAX};
use deedbook_schemas::party::{Accreditation, AuthorityRole};
use deedbook_schemas::record::{Body, Record};
use deedbook_schemas::settlement::{
    Destination, Escrow, EscrowFunding, EscrowRefund, EscrowRelease, Settlement, Source,
};

use crate::world::{ESCROW, SUPERVISOR, TAX, World, accreditation, id, money, record_id};

pub(crate) const FLAT: &str = "20-313-024-118";
/// What [`World::sale_body`] asks.
pub(crate) const PRICE: u64 = 50_000_000;
pub(crate) const OTHER_AGENT: &str = "other escrow agent";

impl World {
    /// An account that only its holder and the agent know.
    pub(crate) fn account(name: &str) -> Commitment {
        Commitment::new(&[9; 32], name.as_bytes())
    }

    /// Who pays what, and who receives what.
    pub(crate) fn settlement(
        agent: &str,
        pays: &[(&str, u64)],
        receives: &[(&str, u64)],
    ) -> Settlement {
        let source = |(name, minor): &(&str, u64)| Source {
            payer: id(name),
            amount: money(*minor),
        };
        let destination = |(name, minor): &(&str, u64)| Destination {
            payee: id(name),
            account: Self::account(name),
            amount: money(*minor),
        };
        Settlement {
            agent: id(agent),
            sources: pays.iter().map(source).collect(),
            destinations: receives.iter().map(destination).collect(),
        }
    }

    /// A sale of the flat by Aida to Bolat, who pays her through the agent.
    pub(crate) fn settled_sale(&self) -> Transfer {
        Transfer {
            settlement: Some(Self::settlement(
                ESCROW,
                &[("Bolat", PRICE)],
                &[("Aida", PRICE)],
            )),
            ..self.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
        }
    }

    /// Lodges it.
    pub(crate) fn lodge_settled(&mut self) -> RecordId {
        let body = self.settled_sale();
        let record = self.transfer("Aida", FLAT, body);
        self.accept(&record);
        record_id(&record)
    }

    pub(crate) fn funding(&mut self, agent: &str, deed: &RecordId, minor: u64) -> Vec<u8> {
        let amount = money(minor);
        let body = Body::EscrowFunding(EscrowFunding { amount });
        self.plain(agent, &deed.to_string(), body)
    }

    /// Funds a deed; gives the funding's id.
    pub(crate) fn fund(&mut self, deed: &RecordId) -> RecordId {
        let record = self.funding(ESCROW, deed, PRICE);
        assert_eq!(self.accept(&record), [], "it has not ended");
        record_id(&record)
    }

    pub(crate) fn release(&mut self, agent: &str, funding: &RecordId, minor: u64) -> Vec<u8> {
        let amount = money(minor);
        let body = Body::EscrowRelease(EscrowRelease { amount });
        self.plain(agent, &funding.to_string(), body)
    }

    pub(crate) fn refund(&mut self, agent: &str, funding: &RecordId, minor: u64) -> Vec<u8> {
        let amount = money(minor);
        let body = Body::EscrowRefund(EscrowRefund { amount });
        self.plain(agent, &funding.to_string(), body)
    }

    pub(crate) fn escrow(&self, funding: &RecordId) -> Escrow {
        state::read(&self.state, Key::Escrow(funding))
            .unwrap()
            .unwrap()
    }
}

pub(crate) fn accredits(world: &mut World, agent: &str, body: Accreditation) {
    let record = world.plain(
        SUPERVISOR,
        &id(agent).to_string(),
        Body::Accreditation(body),
    );
    world.accept(&record);
}

pub(crate) fn world() -> World {
    let mut world = World::of_singles(&["Aida", "Bolat", "Clara"]);
    world.property(FLAT, &[("Aida", "1/1")]);
    accredits(
        &mut world,
        OTHER_AGENT,
        accreditation(OTHER_AGENT, AuthorityRole::EscrowAgent, false),
    );
    world
}

/// What, who pays, who receives.
type Balanced = (
    &'static str,
    &'static [(&'static str, u64)],
    &'static [(&'static str, u64)],
);

/// Settlements of the price that add up.
const BALANCED: &[Balanced] = &[
    (
        "the buyer pays the seller",
        &[("Bolat", PRICE)],
        &[("Aida", PRICE)],
    ),
    (
        "a bank pays a part, and the seller's bank is paid off",
        &[("Bolat", 20_000_000), ("bank", 30_000_000)],
        &[("old bank", 12_345_678), ("Aida", 37_654_322)],
    ),
    (
        "one payer in two lines",
        &[("Bolat", 1), ("Bolat", PRICE - 1)],
        &[("Aida", PRICE)],
    ),
];

#[test]
fn sources_equal_destinations_equal_the_price() {
    for (what, pays, receives) in BALANCED {
        println!("{what}");
        let mut world = world();
        let body = Transfer {
            settlement: Some(World::settlement(ESCROW, pays, receives)),
            ..world.settled_sale()
        };
        let record = world.transfer("Aida", FLAT, body);
        world.accept(&record);
    }
    let mut world = world();
    let most = u64::try_from(SETTLEMENT_LINES_MAX).unwrap();
    let body = Transfer {
        settlement: Some(World::settlement(
            ESCROW,
            &vec![("Bolat", PRICE / most); SETTLEMENT_LINES_MAX],
            &vec![("Aida", PRICE / most); SETTLEMENT_LINES_MAX],
        )),
        ..world.settled_sale()
    };
    assert_eq!(PRICE % most, 0, "the lines add up");
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
}

/// What, how the settlement is spoilt, why it is refused.
type Spoilt = (&'static str, fn(&mut Transfer), &'static [&'static str]);

pub(crate) fn lines(body: &mut Transfer) -> &mut Settlement {
    body.settlement.as_mut().unwrap()
}

pub(crate) fn euros(minor: u64) -> Money {
    Money {
        minor,
        currency: "EUR".to_owned(),
    }
}

const UNBALANCED: &[Spoilt] = &[
    (
        "one too few paid in",
        |b| lines(b).sources[0].amount = money(PRICE - 1),
        &["settlement.unbalanced"],
    ),
    (
        "one too many paid out",
        |b| lines(b).destinations[0].amount = money(PRICE + 1),
        &["settlement.unbalanced"],
    ),
    (
        "as much in as out, but not the price",
        |b| {
            lines(b).sources[0].amount = money(PRICE - 1);
            lines(b).destinations[0].amount = money(PRICE - 1);
        },
        &["settlement.unbalanced"],
    ),
    (
        "a line of nothing",
        |b| {
            let line = lines(b).sources[0].clone();
            lines(b).sources.push(Source {
                amount: money(0),
                ..line
            });
        },
        &["settlement.lines"],
    ),
    (
        "nobody pays",
        |b| lines(b).sources.clear(),
        &["settlement.unbalanced", "settlement.lines"],
    ),
    (
        "nobody is paid",
        |b| lines(b).destinations.clear(),
        &["settlement.unbalanced", "settlement.lines"],
    ),
    (
        "too many payers",
        |b| {
            let line = lines(b).sources[0].clone();
            let each = money(1);
            lines(b).sources = vec![
                Source {
                    amount: each,
                    ..line.clone()
                };
                SETTLEMENT_LINES_MAX
            ];
            let rest = money(PRICE - u64::try_from(SETTLEMENT_LINES_MAX).unwrap());
            lines(b).sources.push(Source {
                amount: rest,
                ..line
            });
        },
        &["settlement.lines"],
    ),
    (
        "too many payees",
        |b| {
            let line = lines(b).destinations[0].clone();
            let each = money(1);
            lines(b).destinations = vec![
                Destination {
                    amount: each,
                    ..line.clone()
                };
                SETTLEMENT_LINES_MAX
            ];
            let rest = money(PRICE - u64::try_from(SETTLEMENT_LINES_MAX).unwrap());
            lines(b).destinations.push(Destination {
                amount: rest,
                ..line
            });
        },
        &["settlement.lines"],
    ),
    (
        "paid in euros, priced in tenge",
        |b| lines(b).sources[0].amount = euros(PRICE),
        &["settlement.lines"],
    ),
    (
        "two currencies on one side",
        |b| {
            let line = lines(b).destinations[0].clone();
            lines(b).destinations = vec![
                Destination {
                    amount: money(PRICE - 1),
                    ..line.clone()
                },
                Destination {
                    amount: euros(1),
                    ..line
                },
            ];
        },
        &["settlement.lines"],
    ),
    (
        "lines that would wrap to the price",
        |b| {
            // 2 * (2^63 - 1) + 2 + PRICE is PRICE modulo 2^64.
            let line = lines(b).sources[0].clone();
            let amounts = [MONEY_MINOR_MAX, MONEY_MINOR_MAX, 2, PRICE];
            lines(b).sources = amounts
                .map(|minor| Source {
                    amount: money(minor),
                    ..line.clone()
                })
                .to_vec();
        },
        &["settlement.unbalanced"],
    ),
    (
        "an agent who is none",
        |b| lines(b).agent = id("Clara"),
        &["escrow.not_agent"],
    ),
    (
        "another kind of authority",
        |b| lines(b).agent = id(TAX),
        &["escrow.not_agent"],
    ),
    (
        "a gift with money",
        |b| {
            b.kind = TransferKind::Gift;
            b.price = None;
        },
        &["settlement.unbalanced"],
    ),
    (
        "everything at once",
        |b| {
            lines(b).agent = id("Clara");
            lines(b).sources.clear();
        },
        &[
            "settlement.unbalanced",
            "settlement.lines",
            "escrow.not_agent",
        ],
    ),
];

#[test]
fn a_settlement_that_does_not_add_up_is_refused() {
    for (what, spoil, codes) in UNBALANCED {
        println!("{what}");
        let mut world = world();
        let mut body = world.settled_sale();
        spoil(&mut body);
        let record = world.transfer("Aida", FLAT, body);
        world.refuse(&record, codes);
    }
}

#[test]
fn an_amount_that_is_none_is_turned_away() {
    for amount in [
        money(MONEY_MINOR_MAX + 1),
        Money {
            minor: PRICE,
            currency: "tenge".to_owned(),
        },
    ] {
        let mut world = world();
        let mut body = world.settled_sale();
        lines(&mut body).sources[0].amount = amount.clone();
        let record = world.transfer("Aida", FLAT, body);
        world.turn_away(&record, &["record.field_invalid"]);
        let mut body = world.settled_sale();
        lines(&mut body).destinations[0].amount = amount.clone();
        let record = world.transfer("Aida", FLAT, body);
        world.turn_away(&record, &["record.field_invalid"]);
        let deed = world.lodge_settled();
        let subject = deed.to_string();
        let body = Body::EscrowFunding(EscrowFunding {
            amount: amount.clone(),
        });
        let record = world.plain(ESCROW, &subject, body);
        world.turn_away(&record, &["record.field_invalid"]);
        let body = Body::EscrowRelease(EscrowRelease { amount });
        let record = world.plain(ESCROW, &subject, body);
        world.turn_away(&record, &["record.field_invalid"]);
    }
}

/// Rule 35: money is an unsigned number, so that a negative line is no record at all.
#[test]
fn a_negative_line_cannot_be_written() {
    let mut world = world();
    let mut body = world.settled_sale();
    let odd = 0x1122_3344;
    lines(&mut body).sources[0].amount = money(odd);
    let mut bytes = world.transfer("Aida", FLAT, body);
    assert!(Record::decode(&bytes).is_ok());
    // CBOR: 1a is a positive, 3a a negative number of four bytes.
    let positive = [0x1a, 0x11, 0x22, 0x33, 0x44];
    let place = bytes
        .windows(positive.len())
        .position(|window| window == positive)
        .unwrap();
    bytes[place] = 0x3a;
    assert!(Record::decode(&bytes).is_err());
}
