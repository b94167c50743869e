//! Parties and who acts for them: accreditations, civil status of the young and the recovered, legal
//! entities, groups, guardians, sub-powers.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::{ActKind, PowerOfAttorney, Scope};
use deedbook_schemas::party::{
    Accreditation, AuthorityRole, CivilStatus, GroupParty, Guardianship, LegalEntity, PartyMember,
};
use deedbook_schemas::record::Body;

use super::{PROPERTY, Writer, fraction, tenge};
use crate::people::{
    AGENT, BANK, BUSINESS_REGISTRY, BUYER, CIVIL_REGISTRY, COURT, ESCROW_AGENT, GROUP, GUARDIAN,
    GUARDIANSHIP, NOTARY, NOW, OFFICER, REGISTRAR, SELLER, SPOUSE, SUPERVISOR, WARD,
};

pub(super) fn all(writer: &mut Writer, power: RecordId) {
    authorities(writer);
    civil_status(writer);
    entities(writer);
    guardians(writer);
    powers(writer, power);
}

fn authorities(writer: &mut Writer) {
    let notary = Accreditation {
        role: AuthorityRole::Notary,
        name: "Notary of the Almaly district".to_owned(),
        key: NOTARY.public(),
        methods: vec![],
        suspended: false,
        superior: Some(COURT.id),
        territory: Some(vec!["KZ-ALA-20-".to_owned(), "KZ-ALA-21-".to_owned()]),
        person: Some(GUARDIAN.id),
    };
    let escrow_agent = Accreditation {
        role: AuthorityRole::EscrowAgent,
        name: "Example Escrow".to_owned(),
        key: ESCROW_AGENT.public(),
        superior: None,
        territory: None,
        person: None,
        ..notary.clone()
    };
    for (name, authority, said) in [
        ("accreditation-notary", NOTARY, notary),
        ("accreditation-escrow-agent", ESCROW_AGENT, escrow_agent),
    ] {
        let subject = authority.id.to_string();
        writer.record(name, SUPERVISOR, &subject, Body::Accreditation(said));
    }
}

fn civil_status(writer: &mut Writer) {
    let ward = WARD.id.to_string();
    let facts = [
        (
            "civil-status-minority",
            CivilStatus::Minority {
                until: Seconds(1_900_000_000),
            },
        ),
        (
            "civil-status-capacity",
            CivilStatus::Capacity {
                from: Seconds(1_700_000_000),
            },
        ),
    ];
    for (name, fact) in facts {
        writer.record(name, CIVIL_REGISTRY, &ward, Body::CivilStatus(fact));
    }
}

fn entities(writer: &mut Writer) {
    let active = LegalEntity {
        name: "Example Bank JSC".to_owned(),
        officers: vec![AGENT.id, OFFICER.id],
        signatures: 2,
        dissolved: false,
    };
    let dissolved = LegalEntity {
        officers: vec![],
        signatures: 1,
        dissolved: true,
        ..active.clone()
    };
    for (name, entity) in [
        ("legal-entity", active),
        ("legal-entity-dissolved", dissolved),
    ] {
        let body = Body::LegalEntity(entity);
        writer.record(name, BUSINESS_REGISTRY, &BANK.to_string(), body);
    }
    let member = |party, share| PartyMember { party, share };
    let shares = vec![
        member(SELLER.id, Some(fraction(1, 4))),
        member(BUYER.id, Some(fraction(3, 4))),
    ];
    let joint = vec![member(SELLER.id, None), member(SPOUSE.id, None)];
    for (name, members) in [("group-party", shares), ("group-party-joint", joint)] {
        let body = Body::GroupParty(GroupParty { members });
        writer.record(name, REGISTRAR, &GROUP.to_string(), body);
    }
}

fn guardians(writer: &mut Writer) {
    for (name, guardian) in [
        ("guardianship", Some(GUARDIAN.id)),
        ("guardianship-ended", None),
    ] {
        let body = Body::Guardianship(Guardianship { guardian });
        writer.record(name, GUARDIANSHIP, &WARD.id.to_string(), body);
    }
}

fn powers(writer: &mut Writer, power: RecordId) {
    let sub_power = PowerOfAttorney {
        scope: Scope {
            acts: vec![ActKind::Sell],
            properties: Some(vec![PROPERTY.to_owned()]),
            price_floor: Some(tenge(4_300_000_000)),
            counterparties: Some(vec![BUYER.id]),
            self_dealing: false,
            substitutions: Some(1),
        },
        issued: Some(NOW),
        starts: None,
        expires: Some(Seconds(NOW.0 + 43_200)),
        parent: Some(power),
        represents: None,
    };
    let by_entity = PowerOfAttorney {
        scope: Scope {
            acts: vec![ActKind::Lease, ActKind::Release, ActKind::Sever],
            properties: None,
            price_floor: None,
            counterparties: None,
            substitutions: None,
            ..sub_power.scope.clone()
        },
        parent: None,
        represents: Some(BANK),
        ..sub_power.clone()
    };
    let said = [
        ("power-of-attorney-sub-power", AGENT, OFFICER, sub_power),
        ("power-of-attorney-by-entity", OFFICER, AGENT, by_entity),
    ];
    for (name, signer, agent, power) in said {
        let subject = agent.id.to_string();
        writer.act(name, signer, &subject, Body::PowerOfAttorney(power));
    }
}
