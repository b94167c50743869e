//! What lenders, lessees and neighbours of the small world sign.

use deedbook_registry::Key;
use deedbook_schemas::block::{BlockTime, Seconds};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::encoding::encode;
use deedbook_schemas::encumbrance::{
    Assignment, Discharge, Encumbrance, Interest, Lease, Mortgage, MortgageTerms, MortgageeConsent,
    Postponement, Right, Servitude, ServitudeKind,
};
use deedbook_schemas::instrument::{Status, Transfer, TransferKind};
use deedbook_schemas::party::{
    CivilStatus, GroupParty, Guardianship, LegalEntity, PartyId, PartyMember,
};
use deedbook_schemas::property::Title;
use deedbook_schemas::record::Body;

use crate::world::{BUSINESS, DAY, GUARDIANS, REGISTRAR, World, id, money, record_id};

pub(crate) const FLAT: &str = "20-313-024-118";
pub(crate) const OTHER: &str = "20-313-024-119";
/// Owner and buyers, lenders, and an agent.
pub(crate) const PEOPLE: [&str; 8] = [
    "Aida", "Bolat", "Clara", "Dana", "Halyk", "Kaspi", "Otbasy", "Agent",
];

/// Aida has a flat, and Dana another one.
pub(crate) fn town() -> World {
    let mut world = World::of_singles(&PEOPLE);
    world.property(FLAT, &[("Aida", "1/1")]);
    world.property(OTHER, &[("Dana", "1/1")]);
    world
}

pub(crate) fn parties(names: &[&str]) -> Vec<PartyId> {
    let mut parties: Vec<_> = names.iter().map(|name| id(name)).collect();
    parties.sort_unstable();
    parties
}

pub(crate) fn terms(lender: &str) -> MortgageTerms {
    MortgageTerms {
        mortgagee: id(lender),
        amount: money(30_000_000),
    }
}

pub(crate) fn mortgage_body(
    world: &World,
    property: &str,
    owners: &[&str],
    lender: &str,
) -> Mortgage {
    Mortgage {
        title_version: world.title(property).version,
        mortgagors: parties(owners),
        terms: terms(lender),
    }
}

/// Lodges what is accepted.
pub(crate) fn lodge(world: &mut World, lodger: &str, property: &str, body: Body) -> RecordId {
    let record = world.plain(lodger, property, body);
    world.accept(&record);
    record_id(&record)
}

/// All of these sign, and are let.
pub(crate) fn sign(world: &mut World, instrument: &RecordId, give: &[&str], receive: &[&str]) {
    for name in give {
        let act = world.sells(name, instrument);
        world.accept(&act);
    }
    for name in receive {
        let act = world.buys(name, instrument);
        world.accept(&act);
    }
}

pub(crate) fn status(world: &World, instrument: &RecordId) -> Status {
    world.instrument(instrument).status
}

/// A mortgage, registered.
pub(crate) fn mortgaged(world: &mut World, property: &str, owner: &str, lender: &str) -> RecordId {
    let body = Body::Mortgage(mortgage_body(world, property, &[owner], lender));
    let mortgage = lodge(world, owner, property, body);
    sign(world, &mortgage, &[owner], &[lender]);
    assert_eq!(status(world, &mortgage), Status::Registered);
    mortgage
}

/// A sale of Aida's flat to Bolat, signed by both.
pub(crate) fn signed_sale(world: &mut World, change: impl FnOnce(&mut Transfer)) -> RecordId {
    let mut body = world.sale_body(FLAT, &[("Aida", "1/1")], &[("Bolat", "1/1")]);
    change(&mut body);
    let deed = lodge(world, "Aida", FLAT, Body::Transfer(body));
    sign(world, &deed, &["Aida"], &["Bolat"]);
    deed
}

pub(crate) fn discharge_body(property: &str, with: Option<RecordId>) -> Discharge {
    Discharge {
        property: property.to_owned(),
        with,
        power: None,
        represents: None,
    }
}

pub(crate) fn discharges(
    world: &mut World,
    signer: &str,
    what: &RecordId,
    body: Discharge,
) -> Vec<u8> {
    world.attested(signer, &what.to_string(), Body::Discharge(body))
}

/// A discharge of something on the flat, at once.
pub(crate) fn gives_up(world: &mut World, signer: &str, what: &RecordId) -> Vec<u8> {
    discharges(world, signer, what, discharge_body(FLAT, None))
}

/// A discharge of something on the flat with a deed.
pub(crate) fn gives_up_with(
    world: &mut World,
    signer: &str,
    what: &RecordId,
    deed: &RecordId,
) -> Vec<u8> {
    discharges(world, signer, what, discharge_body(FLAT, Some(*deed)))
}

pub(crate) fn consent_body(mortgage: &RecordId) -> MortgageeConsent {
    MortgageeConsent {
        mortgage: *mortgage,
        power: None,
        represents: None,
    }
}

pub(crate) fn consents(
    world: &mut World,
    signer: &str,
    deed: &RecordId,
    body: MortgageeConsent,
) -> Vec<u8> {
    world.attested(signer, &deed.to_string(), Body::MortgageeConsent(body))
}

/// A lender's consent to a deed, in person.
pub(crate) fn lets_pass(
    world: &mut World,
    signer: &str,
    deed: &RecordId,
    mortgage: &RecordId,
) -> Vec<u8> {
    consents(world, signer, deed, consent_body(mortgage))
}

pub(crate) fn assignment(mortgage: &RecordId, from: &str, to: &str) -> Body {
    Body::Assignment(Assignment {
        mortgage: *mortgage,
        assignor: id(from),
        assignee: id(to),
    })
}

/// A mortgage of the flat, assigned.
pub(crate) fn assigned(world: &mut World, mortgage: &RecordId, from: &str, to: &str) -> RecordId {
    let deed = lodge(world, from, FLAT, assignment(mortgage, from, to));
    sign(world, &deed, &[from], &[to]);
    deed
}

pub(crate) fn postponement(
    mortgage: &RecordId,
    behind: &RecordId,
    lender: &str,
    passed: &[&str],
) -> Body {
    Body::Postponement(Postponement {
        mortgage: *mortgage,
        behind: *behind,
        mortgagee: id(lender),
        passed: parties(passed),
    })
}

pub(crate) fn servitude_body(world: &World, beneficiary: &str) -> Servitude {
    Servitude {
        title_version: world.title(FLAT).version,
        grantors: parties(&["Aida"]),
        beneficiary: id(beneficiary),
        kind: ServitudeKind::Way,
        until: None,
    }
}

pub(crate) fn lease_body(world: &World, lessee: &str) -> Lease {
    Lease {
        title_version: world.title(FLAT).version,
        lessors: parties(&["Aida"]),
        lessee: id(lessee),
        rent: money(200_000),
        until: Seconds(world.now().0 + 365 * DAY),
    }
}

/// The mortgages of a title in their order; their ranks are 1, 2, 3 ….
pub(crate) fn ranks(world: &World, property: &str) -> Vec<RecordId> {
    let mut ranked: Vec<(u16, RecordId)> = world
        .title(property)
        .encumbrances
        .iter()
        .filter_map(|e| match e.right {
            Right::Mortgage { rank, .. } => Some((rank, e.id)),
            _ => None,
        })
        .collect();
    ranked.sort_unstable_by_key(|(rank, _)| *rank);
    let given: Vec<u16> = ranked.iter().map(|(rank, _)| *rank).collect();
    let expected: Vec<u16> = (1u16..).take(ranked.len()).collect();
    assert_eq!(given, expected, "ranks are unique and contiguous");
    ranked.into_iter().map(|(_, id)| id).collect()
}

pub(crate) fn lender_of(world: &World, property: &str, mortgage: &RecordId) -> Option<PartyId> {
    let title = world.title(property);
    let found = title.encumbrances.iter().find(|e| e.id == *mortgage)?;
    match &found.right {
        Right::Mortgage { mortgagee, .. } => Some(*mortgagee),
        _ => None,
    }
}

/// The ids on a title, in the order of registration.
pub(crate) fn on_title(world: &World, property: &str) -> Vec<RecordId> {
    let title = world.title(property);
    title.encumbrances.iter().map(|e| e.id).collect()
}

/// Writes a title as another part of the law would have left it.
pub(crate) fn set_title(world: &mut World, property: &str, change: impl FnOnce(&mut Title)) {
    let mut title = world.title(property);
    change(&mut title);
    let key = Key::Title(property).bytes();
    world.state.values.insert(key, encode(&title));
}

/// Something that another part of the law put on the title.
pub(crate) fn burden(world: &mut World, property: &str, mark: u8, right: Right) -> RecordId {
    let burden = RecordId([mark; 32]);
    let registered = BlockTime(world.time_ms);
    set_title(world, property, |title| {
        title.encumbrances.push(Encumbrance {
            id: burden,
            registered,
            right,
        });
    });
    burden
}

/// A legal entity with these officers, as many of whom sign together.
pub(crate) fn firm(world: &mut World, name: &str, officers: &[&str], signatures: u8) {
    let entity = LegalEntity {
        name: name.to_owned(),
        officers: parties(officers),
        signatures,
        dissolved: false,
    };
    let subject = id(name).to_string();
    let record = world.plain(BUSINESS, &subject, Body::LegalEntity(entity));
    world.accept(&record);
}

/// A group of two without shares of their own.
pub(crate) fn couple(world: &mut World, name: &str, members: [&str; 2]) {
    let members = parties(&members)
        .into_iter()
        .map(|party| PartyMember { party, share: None })
        .collect();
    let subject = id(name).to_string();
    let record = world.plain(
        REGISTRAR,
        &subject,
        Body::GroupParty(GroupParty { members }),
    );
    world.accept(&record);
}

/// Somebody turns out to be a child, and has a guardian.
pub(crate) fn ward(world: &mut World, name: &str, guardian: &str) {
    let until = Seconds(world.now().0 + 365 * DAY);
    let subject = id(name).to_string();
    let record = world.status(&subject, CivilStatus::Minority { until });
    world.accept(&record);
    let guardian = Some(id(guardian));
    let record = world.plain(
        GUARDIANS,
        &subject,
        Body::Guardianship(Guardianship { guardian }),
    );
    world.accept(&record);
}

pub(crate) fn as_gift(body: &mut Transfer) {
    body.kind = TransferKind::Gift;
    body.price = None;
}

/// What Aida grants to somebody, registered.
fn granted(world: &mut World, body: Body, to: &str) -> RecordId {
    let deed = lodge(world, "Aida", FLAT, body);
    sign(world, &deed, &["Aida"], &[to]);
    assert_eq!(status(world, &deed), Status::Registered);
    deed
}

/// A servitude of Clara's, registered.
pub(crate) fn way(world: &mut World, until: Option<Seconds>) -> RecordId {
    let body = Servitude {
        until,
        ..servitude_body(world, "Clara")
    };
    granted(world, Body::Servitude(body), "Clara")
}

/// A lease of Clara's, registered.
pub(crate) fn let_until(world: &mut World, until: Seconds) -> RecordId {
    let body = Lease {
        until,
        ..lease_body(world, "Clara")
    };
    granted(world, Body::Lease(body), "Clara")
}

/// A caveat of a day from `now` on.
pub(crate) fn caveat(claimant: &str, now: &Seconds) -> Right {
    Right::Caveat {
        claimant: id(claimant),
        interest: Interest::Debt,
        until: Seconds(now.0 + DAY),
    }
}
