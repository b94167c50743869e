//! How is written who acts for others by office, and what guardians are permitted.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::PowerOfAttorney;
use deedbook_schemas::party::{Guardianship, LegalEntity, PartyId};
use deedbook_schemas::proceeding::GuardianPermission;
use deedbook_schemas::record::Body;

use crate::dealings::Dealing;
use crate::memory::Model;
use crate::papers::power_body;
use crate::pen::{BANK, FIRM, PEOPLE, Paper, all_deeds, latest, name, office, personal};
use crate::world::{BUSINESS, DAY, GUARDIANS, id};

pub(crate) fn charter(entity: &str, officers: &[PartyId], signatures: u8, dissolved: bool) -> Body {
    let mut officers = officers.to_vec();
    officers.sort();
    Body::LegalEntity(LegalEntity {
        name: entity.to_owned(),
        officers,
        signatures,
        dissolved,
    })
}

pub(crate) fn appoint(ward: PartyId, guardian: Option<PartyId>) -> Paper {
    office(
        GUARDIANS,
        ward,
        Body::Guardianship(Guardianship { guardian }),
    )
}

pub(crate) fn permit(deed: RecordId, ward: PartyId, expires: Seconds) -> Paper {
    let body = GuardianPermission { ward, expires };
    office(GUARDIANS, deed, Body::GuardianPermission(body))
}

pub(crate) fn by_office(model: &Model, now: Seconds, dealing: &Dealing) -> Option<Paper> {
    // Mostly somebody who needs it.
    let ward = |n: usize| {
        let wards = PEOPLE.iter().map(|name| id(name));
        let wards: Vec<PartyId> = wards.filter(|party| model.is_ward(party, now)).collect();
        let some = wards.get(n % wards.len().max(1)).copied();
        some.filter(|_| n > 0).unwrap_or(id(PEOPLE[n]))
    };
    match dealing {
        Dealing::Appoint { ward: n, guardian } => {
            let guardian = guardian.map(|who| id(PEOPLE[who]));
            Some(appoint(ward(*n), guardian))
        }
        Dealing::Permit {
            deed,
            ward: n,
            days,
        } => {
            let deed = latest(&all_deeds(model), *deed)?;
            let expires = Seconds(now.0 + days * DAY - u64::from(*days == 0));
            Some(permit(deed, ward(*n), expires))
        }
        Dealing::Charter {
            bank,
            officers,
            signatures,
            dissolved,
        } => {
            let chosen = PEOPLE.iter().enumerate();
            let chosen = chosen.filter(|(n, _)| *n < 4 && officers >> n & 1 == 1);
            let chosen: Vec<PartyId> = chosen.map(|(_, name)| id(name)).collect();
            let most = u8::try_from(chosen.len()).unwrap().max(1);
            // Mostly no more signatures than there are officers.
            let signatures = if *officers == 3 {
                *signatures
            } else {
                signatures % most + 1
            };
            let entity = if *bank { BANK } else { FIRM };
            let gone = *dissolved && signatures == 1;
            let list = if gone { &[] } else { chosen.as_slice() };
            Some(office(
                BUSINESS,
                id(entity),
                charter(entity, list, signatures, gone),
            ))
        }
        Dealing::Delegate { bank, to, limit } => {
            let entity = id(if *bank { BANK } else { FIRM });
            let officers = &model.entity(&entity)?.officers;
            let signer = officers.get(to % officers.len().max(1)).map(name);
            let body = PowerOfAttorney {
                represents: Some(entity),
                ..power_body(now, *limit)
            };
            let body = Body::PowerOfAttorney(body);
            Some(personal(signer?, id(PEOPLE[*to]), body))
        }
        _ => None,
    }
}
