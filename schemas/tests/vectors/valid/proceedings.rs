//! What registrars, notaries and courts do about instruments and titles, who reads rights, the
//! profile and the validators.

use deedbook_schemas::access::{AccessConsent, AccessEntry, Purpose};
use deedbook_schemas::block::{Height, Seconds};
use deedbook_schemas::digest::{Commitment, EvidenceRoot, RecordId};
use deedbook_schemas::proceeding::{
    AmendedUnit, Amendment, Appeal, AppealDecision, Correction, CorrectionApproval, CourtOrder,
    EvidenceDeletion, GuardianPermission, LegalHold, Notarisation, Order, Requisition,
    RequisitionAnswer, RequisitionDecision, SuccessionCertificate,
};
use deedbook_schemas::profile::{Profile, ProfileChange};
use deedbook_schemas::property::{Ground, Holding, LandUse, SpatialUnit};
use deedbook_schemas::record::Body;
use deedbook_schemas::settlement::DutyKind;
use deedbook_schemas::validators::{Approval, Validator, ValidatorSet, ValidatorSetChange};

use super::{PRICE, PROPERTY, Writer, filled, fraction, side, tenge};
use crate::people::{
    BUYER, CONSENSUS_SEED, COURT, FIFTH, GUARDIANSHIP, NOTARY, NOW, PROVIDER, REGISTRAR,
    SECOND_REGISTRAR, SELLER, SPOUSE, SUPERVISOR, WARD, genesis, key, validator,
};

pub(super) fn all(writer: &mut Writer, sale: RecordId, mortgage: RecordId) {
    requisitions(writer, sale);
    permissions(writer, sale);
    let order = orders(writer, mortgage);
    corrections(writer, order, mortgage);
    appeals(writer, sale);
    access(writer);
    evidence(writer);
    profile(writer);
    validators(writer);
}

fn requisitions(writer: &mut Writer, sale: RecordId) {
    let subject = sale.to_string();
    let body = Body::Requisition(Requisition {
        request: "The technical passport of the flat is missing.".to_owned(),
    });
    let requisition = writer.record("requisition", REGISTRAR, &subject, body);
    let body = Body::RequisitionAnswer(RequisitionAnswer {
        requisition,
        document: Commitment::new(&filled("salt"), b"technical passport"),
    });
    writer.act("requisition-answer", SELLER, &subject, body);
    for (name, cured) in [
        ("requisition-decision", true),
        ("requisition-decision-refused", false),
    ] {
        let body = Body::RequisitionDecision(RequisitionDecision { requisition, cured });
        writer.record(name, REGISTRAR, &subject, body);
    }
}

fn permissions(writer: &mut Writer, sale: RecordId) {
    let subject = sale.to_string();
    let notarisation = Body::Notarisation(Notarisation {});
    writer.record("notarisation", NOTARY, &subject, notarisation);
    let body = Body::GuardianPermission(GuardianPermission {
        ward: WARD.id,
        expires: Seconds(NOW.0 + 30 * 86_400),
    });
    writer.record("guardian-permission", GUARDIANSHIP, &subject, body);
    let body = Body::SuccessionCertificate(SuccessionCertificate {
        property: PROPERTY.to_owned(),
        heirs: side(BUYER.id),
    });
    writer.record(
        "succession-certificate",
        NOTARY,
        &SELLER.id.to_string(),
        body,
    );
}

fn orders(writer: &mut Writer, mortgage: RecordId) -> RecordId {
    let sell = Order::Sell {
        debtor: SELLER.id,
        acquirer: BUYER.id,
        price: tenge(PRICE),
        discharges: vec![mortgage],
    };
    let mut order = |name: &str, order| {
        let body = Body::CourtOrder(CourtOrder {
            order,
            final_from: Seconds(NOW.0 + 30 * 86_400),
            case: "2-1044/26".to_owned(),
        });
        writer.record(name, COURT, PROPERTY, body)
    };
    order("court-order-sell", sell);
    order("court-order-correct", Order::Correct)
}

fn corrections(writer: &mut Writer, order: RecordId, encumbrance: RecordId) {
    let unit = SpatialUnit {
        land_use: LandUse::Flat,
        area_dm2: 6_540,
        address: "г. Алматы, ул. Розыбакиева, д. 247, кв. 118".to_owned(),
    };
    let slip = Amendment::Unit(AmendedUnit { unit });
    let holding = |party, share, ground| Holding {
        party,
        share,
        acquired: Seconds(1_550_000_000),
        ground,
    };
    let holdings = vec![
        holding(SELLER.id, fraction(1, 2), Ground::Severance),
        holding(SPOUSE.id, fraction(1, 2), Ground::Severance),
    ];
    let mut correct = |name: &str, amendment, order| {
        let body = Body::Correction(Correction {
            title_version: 3,
            amendment,
            order,
        });
        writer.record(name, REGISTRAR, PROPERTY, body)
    };
    let correction = correct("correction-slip", slip, None);
    let holdings = Amendment::Holdings { holdings };
    correct("correction-holdings", holdings, Some(order));
    let strike = Amendment::Strike { encumbrance };
    correct("correction-strike", strike, Some(order));
    let approval = Body::CorrectionApproval(CorrectionApproval {});
    let subject = correction.to_string();
    writer.record("correction-approval", SECOND_REGISTRAR, &subject, approval);
}

fn appeals(writer: &mut Writer, sale: RecordId) {
    let body = Body::Appeal(Appeal {
        court: COURT.id,
        record: writer.bytes_of("transfer-sale"),
    });
    let appeal = writer.act("appeal", BUYER, &sale.to_string(), body);
    for (name, allowed) in [
        ("appeal-decision", true),
        ("appeal-decision-dismissed", false),
    ] {
        let body = Body::AppealDecision(AppealDecision { allowed });
        writer.record(name, COURT, &appeal.to_string(), body);
    }
}

fn access(writer: &mut Writer) {
    let body = Body::AccessConsent(AccessConsent {
        purpose: Purpose::Credit,
        expires: Seconds(NOW.0 + 86_400),
    });
    let notary = NOTARY.id.to_string();
    let consent = writer.act("access-consent", SELLER, &notary, body);
    let by_consent = AccessEntry {
        purpose: Purpose::Credit,
        consent: Some(consent),
        legal_ground: None,
    };
    let by_law = AccessEntry {
        purpose: Purpose::Tax,
        consent: None,
        legal_ground: Some("Law on Notaries 18".to_owned()),
    };
    for (name, entry) in [
        ("access-entry", by_consent),
        ("access-entry-by-law", by_law),
    ] {
        let subject = SELLER.id.to_string();
        writer.record(name, NOTARY, &subject, Body::AccessEntry(entry));
    }
}

fn evidence(writer: &mut Writer) {
    let root = EvidenceRoot(filled("recording of act-disponor")).to_string();
    for (name, held) in [("legal-hold", true), ("legal-hold-lifted", false)] {
        let body = Body::LegalHold(LegalHold { held });
        writer.record(name, COURT, &root, body);
    }
    let record = writer.bytes_of("act-disponor");
    let body = Body::EvidenceDeletion(EvidenceDeletion { record });
    writer.record("evidence-deletion", PROVIDER, &root, body);
    // The codec does not look into the bytes: whether they are a record is for the law.
    let body = Body::EvidenceDeletion(EvidenceDeletion { record: vec![0xff] });
    writer.record("evidence-deletion-of-no-record", PROVIDER, &root, body);
}

fn profile(writer: &mut Writer) {
    let mut profile = Profile::kazakhstan();
    profile.name = "KZ-2027".to_owned();
    profile.duties = vec![DutyKind::TransferTax, DutyKind::RegistrationFee];
    let default = Profile::kazakhstan();
    for (name, profile) in [("profile", profile), ("profile-default", default)] {
        let body = Body::Profile(ProfileChange {
            from: Height(10_000),
            profile,
        });
        writer.record(name, SUPERVISOR, &SUPERVISOR.id.to_string(), body);
    }
}

/// Three of the four validators let a fifth join.
fn validators(writer: &mut Writer) {
    let mut validators = genesis().validators;
    validators.push(validator(FIFTH, "university"));
    validators.sort_by_key(Validator::address);
    let next = ValidatorSet::new(validators.clone()).unwrap();
    let approve = |index| {
        let key = key(CONSENSUS_SEED + index);
        Approval::sign(&key, &writer.ledger, 1, next.id())
    };
    let mut approvals = [0, 1, 2, FIFTH].map(approve).to_vec();
    approvals.sort_by_key(|approval| approval.validator);
    let body = Body::ValidatorSetChange(ValidatorSetChange {
        number: 1,
        validators,
        approvals,
    });
    let subject = SUPERVISOR.id.to_string();
    writer.record("validator-set-change", SUPERVISOR, &subject, body);
}
