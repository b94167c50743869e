//! Rule 38: duties and fees are paid or exempt before registration.

use deedbook_schemas::digest::RecordId;
use deedbook_schemas::fraction::Money;
use deedbook_schemas::instrument::{Status, Transfer};
use deedbook_schemas::limits::{MONEY_MINOR_MAX, TEXT_BYTES_MAX};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{Duty, DutyKind};

use crate::world::{BEFORE, REGISTRAR, TAX, World, money, record_id};

const FLAT: &str = "20-313-024-118";
const TAX_DUE: DutyKind = DutyKind::TransferTax;
const FEE_DUE: DutyKind = DutyKind::RegistrationFee;

impl World {
    fn duty(&mut self, signer: &str, deed: &RecordId, body: Duty) -> Vec<u8> {
        self.plain(signer, &deed.to_string(), Body::Duty(body))
    }

    pub(crate) fn pays(&mut self, deed: &RecordId, kind: DutyKind) -> Vec<u8> {
        self.duty(TAX, deed, paid(kind))
    }
}

fn paid(kind: DutyKind) -> Duty {
    Duty {
        kind,
        paid: Some(money(250_000)),
        exemption: None,
    }
}

fn exempt(kind: DutyKind) -> Duty {
    Duty {
        kind,
        paid: None,
        exemption: Some("Tax Code, article 554".to_owned()),
    }
}

/// A jurisdiction where these duties are due.
fn world_with(duties: &[DutyKind]) -> World {
    let mut world = World::with_profile(Profile {
        duties: duties.to_vec(),
        ..Profile::kazakhstan()
    });
    let people = ["Aida", "Bolat", "Clara"];
    world.enrol(&people);
    world.unmarried(&people, BEFORE);
    world.property(FLAT, &[("Aida", "1/1")]);
    world
}

fn lodge(world: &mut World) -> RecordId {
    world.lodge_sale(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
}

fn signed(world: &mut World) -> RecordId {
    let deed = lodge(world);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        assert_eq!(world.accept(&act), []);
    }
    deed
}

#[test]
fn a_deed_registers_with_the_last_of_its_duties() {
    for (first, second) in [(TAX_DUE, FEE_DUE), (FEE_DUE, TAX_DUE)] {
        let mut world = world_with(&[TAX_DUE, FEE_DUE]);
        let deed = signed(&mut world);
        assert_eq!(world.open(&deed), ["duty.unpaid", "duty.unpaid"]);
        let record = world.pays(&deed, first);
        assert_eq!(world.accept(&record), []);
        assert_eq!(world.open(&deed), ["duty.unpaid"]);
        let text = &world.requirements(&deed)[0].text;
        let tax = text.contains("tax on the transfer");
        assert_eq!(tax, second == TAX_DUE, "{text}");
        assert_eq!(text.contains("fee"), second == FEE_DUE, "{text}");
        let record = world.duty(TAX, &deed, exempt(second));
        let outcomes = world.accept(&record);
        assert_eq!(
            (outcomes[0].record, outcomes[0].status),
            (deed, Status::Registered)
        );
    }
}

#[test]
fn duties_are_settled_before_the_acts_as_well() {
    let mut world = world_with(&[FEE_DUE]);
    let deed = lodge(&mut world);
    let record = world.pays(&deed, FEE_DUE);
    world.accept(&record);
    assert_eq!(world.open(&deed), ["act.disponor", "act.acquirer"]);
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn a_gift_pays_its_duties_too() {
    let mut world = world_with(&[TAX_DUE]);
    let deed = world.gift(FLAT, "Aida", "Bolat");
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.open(&deed), ["duty.unpaid"]);
    let record = world.duty(TAX, &deed, exempt(TAX_DUE));
    world.accept(&record);
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn where_nothing_is_due_nothing_is_asked_for() {
    let mut world = world_with(&[]);
    let deed = lodge(&mut world);
    for kind in [TAX_DUE, FEE_DUE] {
        let record = world.pays(&deed, kind);
        world.refuse(&record, &["duty.already_settled"]);
    }
    for act in [world.sells("Aida", &deed), world.buys("Bolat", &deed)] {
        world.accept(&act);
    }
    assert_eq!(world.instrument(&deed).status, Status::Registered);
}

#[test]
fn a_duty_is_settled_once() {
    let mut world = world_with(&[TAX_DUE, FEE_DUE]);
    let deed = lodge(&mut world);
    let record = world.pays(&deed, TAX_DUE);
    world.accept(&record);
    for body in [paid(TAX_DUE), exempt(TAX_DUE)] {
        let record = world.duty(TAX, &deed, body);
        world.refuse(&record, &["duty.already_settled"]);
    }
    // Each deed pays for itself.
    let other = lodge(&mut world);
    let record = world.pays(&other, TAX_DUE);
    world.accept(&record);
    let mut world = world_with(&[TAX_DUE]);
    let deed = lodge(&mut world);
    let record = world.pays(&deed, FEE_DUE);
    world.refuse(&record, &["duty.already_settled"]);
    let records = [world.pays(&deed, TAX_DUE), world.pays(&deed, TAX_DUE)];
    let answers = world.block(&records);
    let refusals = answers
        .into_iter()
        .map(|answer| answer.unwrap().refusal.map(|refusal| refusal.to_strings()));
    assert_eq!(
        refusals.collect::<Vec<_>>(),
        [None, Some(vec!["duty.already_settled".to_owned()])]
    );
}

#[test]
fn a_duty_is_either_paid_or_exempt() {
    for (what, change) in [
        ("neither", (|b| b.paid = None) as fn(&mut Duty)),
        ("both", |b| b.exemption = exempt(TAX_DUE).exemption),
        ("nothing paid", |b| b.paid = Some(money(0))),
        ("more than there is", |b| {
            b.paid = Some(money(MONEY_MINOR_MAX + 1))
        }),
        ("no currency", |b| {
            b.paid = Some(Money {
                minor: 1,
                currency: String::new(),
            })
        }),
        ("no ground", |b| {
            *b = Duty {
                exemption: Some(String::new()),
                ..exempt(TAX_DUE)
            }
        }),
        ("a book", |b| {
            *b = Duty {
                exemption: Some("word ".repeat(TEXT_BYTES_MAX)),
                ..exempt(TAX_DUE)
            }
        }),
    ] {
        println!("{what}");
        let mut world = world_with(&[TAX_DUE]);
        let deed = lodge(&mut world);
        let mut body = paid(TAX_DUE);
        change(&mut body);
        let record = world.duty(TAX, &deed, body);
        world.turn_away(&record, &["record.field_invalid"]);
    }
    let mut world = world_with(&[TAX_DUE]);
    let deed = lodge(&mut world);
    let body = Duty {
        exemption: Some("pensioner 850101300123".to_owned()),
        ..exempt(TAX_DUE)
    };
    let record = world.duty(TAX, &deed, body);
    world.turn_away(&record, &["record.personal_data"]);
}

#[test]
fn only_the_tax_authority_says_so_and_only_while_the_deed_is_pending() {
    let mut world = world_with(&[TAX_DUE]);
    let deed = lodge(&mut world);
    for signer in ["Bolat", REGISTRAR, "nobody"] {
        let record = world.duty(signer, &deed, paid(TAX_DUE));
        world.turn_away(&record, &["authority.not_accredited"]);
    }
    let record = world.attested(TAX, &deed.to_string(), Body::Duty(paid(TAX_DUE)));
    world.turn_away(&record, &["record.field_invalid"]);
    let record = world.duty(TAX, &RecordId([8; 32]), paid(TAX_DUE));
    world.turn_away(&record, &["instrument.unknown"]);
    let record = world.plain(TAX, FLAT, Body::Duty(paid(TAX_DUE)));
    world.turn_away(&record, &["record.field_invalid"]);
    let act = world.withdraws("Aida", &deed);
    world.accept(&act);
    let record = world.pays(&deed, TAX_DUE);
    world.turn_away(&record, &["instrument.closed"]);
    let late = lodge(&mut world);
    world.outlast_periods();
    world.block(&[]);
    let record = world.pays(&late, TAX_DUE);
    world.turn_away(&record, &["instrument.closed"]);
}

#[test]
fn paying_registers_nothing_that_lacks_something_else() {
    let mut world = world_with(&[TAX_DUE]);
    let deed = lodge(&mut world);
    let act = world.sells("Aida", &deed);
    world.accept(&act);
    let record = world.pays(&deed, TAX_DUE);
    assert_eq!(world.accept(&record), []);
    assert_eq!(world.open(&deed), ["act.acquirer"]);
    // Another text is another deed: it pays again.
    let act = world.withdraws("Aida", &deed);
    world.accept(&act);
    let body = Transfer {
        price: Some(money(60_000_000)),
        ..world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")])
    };
    let record = world.transfer("Aida", FLAT, body);
    world.accept(&record);
    let again = record_id(&record);
    assert!(world.open(&again).contains(&"duty.unpaid"));
}
