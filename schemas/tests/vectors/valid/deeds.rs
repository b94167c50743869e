//! Transfers of every kind, acts by office, and the money and the duties of a deed.

use deedbook_schemas::digest::{Commitment, RecordId};
use deedbook_schemas::encumbrance::MortgageTerms;
use deedbook_schemas::instrument::{Act, ActRole, CounterLeg, Transfer, TransferKind};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::{
    Destination, Duty, DutyKind, EscrowFunding, EscrowRefund, EscrowRelease, Settlement, Source,
};

use super::{PRICE, PROPERTY, Writer, filled, side, tenge};
use crate::people::{
    BANK, BUYER, ESCROW_AGENT, GUARDIAN, NOTARY, OFFICER, SELLER, SPOUSE, TAX_AUTHORITY, WARD,
};

const LOAN: u64 = 3_000_000_000;

pub(super) fn all(writer: &mut Writer, sale: RecordId, mortgage: RecordId) {
    settled(writer, mortgage);
    transfers(writer, mortgage);
    acts(writer, sale);
    escrow(writer, sale);
    duties(writer, sale);
}

/// A sale with a loan, an old mortgage and an escrow agent: registered in one step or not at all.
fn settled(writer: &mut Writer, mortgage: RecordId) {
    let source = |payer: PartyId, minor| Source {
        payer,
        amount: tenge(minor),
    };
    let destination = |payee: PartyId, account: &str, minor| Destination {
        payee,
        account: Commitment::new(&filled("salt"), account.as_bytes()),
        amount: tenge(minor),
    };
    let settlement = Settlement {
        agent: ESCROW_AGENT.id,
        sources: vec![source(BUYER.id, PRICE - LOAN), source(BANK, LOAN)],
        destinations: vec![
            destination(BANK, "account of the bank", 500_000_000),
            destination(SELLER.id, "account of the seller", PRICE - 500_000_000),
        ],
    };
    let sale = Transfer {
        discharges: Some(vec![mortgage]),
        mortgage: Some(MortgageTerms {
            mortgagee: BANK,
            amount: tenge(LOAN),
        }),
        settlement: Some(settlement),
        ..transfer(TransferKind::Sale, Some(PRICE))
    };
    writer.record("transfer-settled", SELLER, PROPERTY, Body::Transfer(sale));
}

fn transfer(kind: TransferKind, price: Option<u64>) -> Transfer {
    let price = price.map(tenge);
    Transfer::new(kind, 1, side(SELLER.id), side(BUYER.id), price)
}

fn transfers(writer: &mut Writer, mortgage: RecordId) {
    let counter = CounterLeg {
        property: "KZ-ALA-21-004-017-3".to_owned(),
        title_version: 4,
        disponors: side(BUYER.id),
        acquirers: side(SELLER.id),
    };
    let exchange = Transfer {
        counter: Some(counter),
        ..transfer(TransferKind::Exchange, Some(1_000_000))
    };
    let inheritance = Transfer {
        ground: Some(RecordId(filled("succession certificate"))),
        ..transfer(TransferKind::Inheritance, None)
    };
    let court_sale = Transfer {
        ground: Some(RecordId(filled("order to sell"))),
        discharges: Some(vec![mortgage]),
        ..transfer(TransferKind::CourtSale, Some(PRICE))
    };
    let severance = Transfer {
        disponors: side(SPOUSE.id),
        acquirers: side(SPOUSE.id),
        ..transfer(TransferKind::Severance, None)
    };
    for (name, lodger, text) in [
        ("transfer-exchange", SELLER, exchange),
        ("transfer-inheritance", NOTARY, inheritance),
        ("transfer-court-sale", BUYER, court_sale),
        ("transfer-severance", SPOUSE, severance),
    ] {
        writer.record(name, lodger, PROPERTY, Body::Transfer(text));
    }
}

fn acts(writer: &mut Writer, sale: RecordId) {
    let subject = sale.to_string();
    for (name, signer, role, represents) in [
        ("act-for-ward", GUARDIAN, ActRole::Disponor, WARD.id),
        ("act-mortgagee", OFFICER, ActRole::Mortgagee, BANK),
    ] {
        let act = Act {
            role,
            power: None,
            represents: Some(represents),
        };
        writer.act(name, signer, &subject, Body::Act(act));
    }
}

fn escrow(writer: &mut Writer, sale: RecordId) {
    let amount = tenge(PRICE);
    let body = Body::EscrowFunding(EscrowFunding {
        amount: amount.clone(),
    });
    let funding = writer.record("escrow-funding", ESCROW_AGENT, &sale.to_string(), body);
    let subject = funding.to_string();
    let body = Body::EscrowRelease(EscrowRelease {
        amount: amount.clone(),
    });
    writer.record("escrow-release", ESCROW_AGENT, &subject, body);
    let body = Body::EscrowRefund(EscrowRefund { amount });
    writer.record("escrow-refund", ESCROW_AGENT, &subject, body);
}

fn duties(writer: &mut Writer, sale: RecordId) {
    let paid = Duty {
        kind: DutyKind::RegistrationFee,
        paid: Some(tenge(1_200_000)),
        exemption: None,
    };
    let exempt = Duty {
        kind: DutyKind::TransferTax,
        paid: None,
        exemption: Some("Tax Code 554".to_owned()),
    };
    let least = Duty {
        exemption: None,
        ..exempt.clone()
    };
    for (name, duty) in [
        ("duty-paid", paid),
        ("duty-exempt", exempt),
        ("duty-least", least),
    ] {
        writer.record(name, TAX_AUTHORITY, &sale.to_string(), Body::Duty(duty));
    }
}
