//! Who speaks in the vectors, and with which keys. The seed of every key is one byte, 32 times:
//! test keys, known to everybody.

use deedbook_schemas::block::{BlockTime, Seconds};
use deedbook_schemas::genesis::{Genesis, GenesisAuthority};
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::party::{Accreditation, AuthorityRole, PartyId};
use deedbook_schemas::profile::Profile;
use deedbook_schemas::validators::Validator;

/// 2026-03-02T09:00:00Z: when everything in the vectors happens.
pub(crate) const NOW: Seconds = Seconds(1_772_442_000);

/// Somebody with a key.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub(crate) id: PartyId,
    pub(crate) seed: u8,
}

const fn person(id: u8, seed: u8) -> Person {
    Person {
        id: PartyId([id; 16]),
        seed,
    }
}

pub(crate) const SUPERVISOR: Person = person(0xa1, 1);
pub(crate) const REGISTRAR: Person = person(0xa2, 2);
pub(crate) const CIVIL_REGISTRY: Person = person(0xa3, 3);
pub(crate) const PROVIDER: Person = person(0xa4, 4);
pub(crate) const NOTARY: Person = person(0xa5, 5);
pub(crate) const COURT: Person = person(0xa6, 6);
pub(crate) const BUSINESS_REGISTRY: Person = person(0xa7, 7);
pub(crate) const GUARDIANSHIP: Person = person(0xa8, 8);
pub(crate) const ESCROW_AGENT: Person = person(0xa9, 9);
pub(crate) const TAX_AUTHORITY: Person = person(0xaa, 10);
pub(crate) const SECOND_REGISTRAR: Person = person(0xab, 18);
pub(crate) const SELLER: Person = person(0xb1, 11);
pub(crate) const BUYER: Person = person(0xb2, 12);
pub(crate) const SPOUSE: Person = person(0xb3, 13);
pub(crate) const AGENT: Person = person(0xb4, 14);
/// An officer of the bank.
pub(crate) const OFFICER: Person = person(0xb5, 15);
pub(crate) const GUARDIAN: Person = person(0xb6, 16);
pub(crate) const WARD: Person = person(0xb7, 17);

/// Parties without keys: two banks and a group.
pub(crate) const BANK: PartyId = PartyId([0xc1; 16]);
pub(crate) const OTHER_BANK: PartyId = PartyId([0xc2; 16]);
pub(crate) const GROUP: PartyId = PartyId([0xc3; 16]);

impl Person {
    pub(crate) fn key(&self) -> SigningKey {
        key(self.seed)
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::of(&self.key())
    }

    pub(crate) fn seed_hex(&self) -> String {
        hex::encode([self.seed; 32])
    }
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// The first seed of the consensus keys, note keys and log shares of the four validators.
pub(crate) const CONSENSUS_SEED: u8 = 21;
const NOTE_SEED: u8 = 31;
pub(crate) const LOG_SEED: u8 = 41;

fn authority(
    person: Person,
    role: AuthorityRole,
    name: &str,
    methods: &[&str],
) -> GenesisAuthority {
    GenesisAuthority {
        id: person.id,
        accreditation: Accreditation {
            role,
            name: name.to_owned(),
            key: person.public(),
            methods: methods.iter().map(|&method| method.to_owned()).collect(),
            suspended: false,
            superior: None,
            territory: None,
            person: None,
        },
    }
}

/// A validator that is not of the genesis. (The index 4 has the log's key for its share.)
pub(crate) const FIFTH: u8 = 5;

pub(crate) fn validator(index: u8, name: &str) -> Validator {
    Validator {
        name: format!("{name}.example"),
        consensus_key: PublicKey::of(&key(CONSENSUS_SEED + index)),
        note_key: PublicKey::of(&key(NOTE_SEED + index)),
        log_share: PublicKey::of(&key(LOG_SEED + index)),
        power: 1,
    }
}

/// Four validators and three authorities; the provider is accredited by a record.
pub(crate) fn genesis() -> Genesis {
    let names = ["registrar", "justice", "notaries", "bank"];
    Genesis {
        origin: "ledger.example/vectors".to_owned(),
        time: BlockTime(1_772_400_000_000),
        validators: (0..)
            .zip(names)
            .map(|(index, name)| validator(index, name))
            .collect(),
        authorities: vec![
            authority(
                SUPERVISOR,
                AuthorityRole::Supervisor,
                "Ministry of Justice",
                &[],
            ),
            authority(REGISTRAR, AuthorityRole::Registrar, "State Registrar", &[]),
            authority(
                CIVIL_REGISTRY,
                AuthorityRole::CivilRegistry,
                "Civil Registry",
                &[],
            ),
        ],
        profile: Profile::kazakhstan(),
        log_key: PublicKey::of(&key(LOG_SEED + 4)),
    }
}
