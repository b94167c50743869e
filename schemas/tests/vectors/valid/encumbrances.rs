//! What others hold in a property, what limits its holders, and parcels that split and merge.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encumbrance::{
    Assignment, Caveat, Discharge, Freeze, FreezeRelease, Interest, Lease, Mortgage, MortgageTerms,
    MortgageeConsent, Postponement, PreemptionNotice, PreemptionWaiver, PriorityNotice, SelfLock,
    SelfLockRelease, Servitude, ServitudeKind,
};
use deedbook_schemas::parcel::{Consolidation, NewUnit, OldUnit, Subdivision};
use deedbook_schemas::party::OfficerApproval;
use deedbook_schemas::property::{LandUse, SpatialUnit};
use deedbook_schemas::record::Body;

use super::{PRICE, PROPERTY, TERMS, Writer, filled, fraction, tenge};
use crate::people::{
    AGENT, BANK, BUYER, COURT, NOW, OFFICER, OTHER_BANK, REGISTRAR, SELLER, SPOUSE,
};

const PLOT: &str = "KZ-AKM-01-152-034-12";
const HALVES: [&str; 2] = ["KZ-AKM-01-152-034-13", "KZ-AKM-01-152-034-14"];

/// One year after [`NOW`], a full hour.
const NEXT_YEAR: Seconds = Seconds(NOW.0 + 365 * 86_400);

pub(super) fn all(writer: &mut Writer, sale: RecordId) -> RecordId {
    let mortgage = mortgages(writer);
    uses(writer);
    releases(writer, sale, mortgage);
    freezes(writer);
    warnings(writer);
    locks(writer, sale);
    preemption(writer);
    parcels(writer);
    mortgage
}

fn mortgages(writer: &mut Writer) -> RecordId {
    let granted = Mortgage {
        title_version: 2,
        mortgagors: vec![AGENT.id, BUYER.id],
        terms: MortgageTerms {
            mortgagee: BANK,
            amount: tenge(3_000_000_000),
        },
    };
    let mortgage = writer.record("mortgage", BUYER, PROPERTY, Body::Mortgage(granted));
    let assignment = Assignment {
        mortgage,
        assignor: BANK,
        assignee: OTHER_BANK,
    };
    let body = Body::Assignment(assignment);
    writer.record("assignment", OFFICER, PROPERTY, body);
    let postponement = Postponement {
        mortgage,
        behind: RecordId(filled("lower mortgage")),
        mortgagee: BANK,
        passed: vec![OTHER_BANK],
    };
    let body = Body::Postponement(postponement);
    writer.record("postponement", OFFICER, PROPERTY, body);
    mortgage
}

fn uses(writer: &mut Writer) {
    let passed = Servitude {
        title_version: 2,
        grantors: vec![AGENT.id, BUYER.id],
        beneficiary: SPOUSE.id,
        kind: ServitudeKind::Support,
        until: Some(NEXT_YEAR),
    };
    let least = Servitude {
        kind: ServitudeKind::Way,
        until: None,
        ..passed.clone()
    };
    for (name, servitude) in [("servitude", passed), ("servitude-least", least)] {
        writer.record(name, BUYER, PROPERTY, Body::Servitude(servitude));
    }
    let lease = Lease {
        title_version: 2,
        lessors: vec![AGENT.id, BUYER.id],
        lessee: SPOUSE.id,
        rent: tenge(25_000_000),
        until: NEXT_YEAR,
    };
    writer.record("lease", BUYER, PROPERTY, Body::Lease(lease));
}

fn releases(writer: &mut Writer, sale: RecordId, mortgage: RecordId) {
    let power = Some(RecordId(filled("power")));
    let full = Discharge {
        property: PROPERTY.to_owned(),
        with: Some(sale),
        power,
        represents: Some(BANK),
    };
    let least = Discharge {
        with: None,
        power: None,
        represents: None,
        ..full.clone()
    };
    let subject = mortgage.to_string();
    let by_two = Discharge {
        represents: Some(BANK),
        ..least.clone()
    };
    let approves = Body::Discharge(by_two).digest(&subject);
    let body = Body::OfficerApproval(OfficerApproval { approves });
    writer.act("officer-approval", AGENT, &BANK.to_string(), body);
    for (name, discharge) in [("discharge", full), ("discharge-least", least)] {
        writer.act(name, OFFICER, &subject, Body::Discharge(discharge));
    }
    let full = MortgageeConsent {
        mortgage,
        power,
        represents: Some(BANK),
    };
    let least = MortgageeConsent {
        power: None,
        represents: None,
        ..full.clone()
    };
    let subject = sale.to_string();
    for (name, consent) in [
        ("mortgagee-consent", full),
        ("mortgagee-consent-least", least),
    ] {
        writer.act(name, OFFICER, &subject, Body::MortgageeConsent(consent));
    }
}

fn freezes(writer: &mut Writer) {
    let full = Freeze {
        case: "2-1043/26".to_owned(),
        until: Some(NEXT_YEAR),
    };
    let least = Freeze {
        until: None,
        ..full.clone()
    };
    let freeze = writer.record("freeze", COURT, PROPERTY, Body::Freeze(full));
    writer.record("freeze-least", COURT, PROPERTY, Body::Freeze(least));
    let release = FreezeRelease {
        property: PROPERTY.to_owned(),
    };
    let body = Body::FreezeRelease(release);
    writer.record("freeze-release", COURT, &freeze.to_string(), body);
}

fn warnings(writer: &mut Writer) {
    let caveat = Caveat {
        interest: Interest::Debt,
        until: Seconds(NOW.0 + 90 * 86_400),
    };
    writer.act("caveat", SPOUSE, PROPERTY, Body::Caveat(caveat));
}

fn locks(writer: &mut Writer, sale: RecordId) {
    let lock = writer.act("self-lock", SELLER, PROPERTY, Body::SelfLock(SelfLock {}));
    let release = SelfLockRelease {
        property: PROPERTY.to_owned(),
    };
    let body = Body::SelfLockRelease(release);
    writer.act("self-lock-release", SELLER, &lock.to_string(), body);
    let notice = Body::PriorityNotice(PriorityNotice {});
    writer.act("priority-notice", BUYER, &sale.to_string(), notice);
}

fn preemption(writer: &mut Writer) {
    let offer = PreemptionNotice {
        share: fraction(2, 3),
        price: Some(tenge(PRICE)),
        terms: Some(TERMS.to_owned()),
        represents: Some(BANK),
    };
    let least = PreemptionNotice {
        share: fraction(2, 3),
        price: None,
        terms: None,
        represents: None,
    };
    let body = Body::PreemptionNotice(offer);
    let notice = writer.act("preemption-notice", SELLER, PROPERTY, body);
    let body = Body::PreemptionNotice(least);
    writer.act("preemption-notice-least", SELLER, PROPERTY, body);
    let full = PreemptionWaiver {
        property: PROPERTY.to_owned(),
        price: Some(tenge(PRICE)),
        power: Some(RecordId(filled("power"))),
        represents: Some(BANK),
    };
    let least = PreemptionWaiver {
        price: None,
        power: None,
        represents: None,
        ..full.clone()
    };
    let subject = notice.to_string();
    for (name, waiver) in [
        ("preemption-waiver", full),
        ("preemption-waiver-least", least),
    ] {
        writer.act(name, AGENT, &subject, Body::PreemptionWaiver(waiver));
    }
}

fn parcels(writer: &mut Writer) {
    let unit = |area_dm2| SpatialUnit {
        land_use: LandUse::Land,
        area_dm2,
        address: "Акмолинская область, с. Кабанбай батыра".to_owned(),
    };
    let half = |property: &str| NewUnit {
        property: property.to_owned(),
        unit: unit(50_000),
    };
    let subdivision = Subdivision {
        title_version: 1,
        holders: vec![SELLER.id],
        into: HALVES.map(half).to_vec(),
    };
    let body = Body::Subdivision(subdivision);
    writer.record("subdivision", REGISTRAR, PLOT, body);
    let old = |property: &str| OldUnit {
        property: property.to_owned(),
        title_version: 1,
    };
    let consolidation = Consolidation {
        from: HALVES.map(old).to_vec(),
        holders: vec![SELLER.id],
        unit: unit(100_000),
    };
    let body = Body::Consolidation(consolidation);
    writer.record("consolidation", REGISTRAR, "KZ-AKM-01-152-034-15", body);
}
