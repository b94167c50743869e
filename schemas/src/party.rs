//! Parties (ISO 19152 `LA_Party`) and the authorities that speak about them.
//!
//! A party is a pseudonym with keys. Names, numbers and faces are never here: personal fields are
//! salted commitments whose opening stays in the vault.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::Seconds;
use crate::digest::{BodyDigest, Commitment, LedgerId, RecordId};
use crate::encoding::fixed_bytes;
use crate::fraction::Fraction;
use crate::keys::{PublicKey, Signature};
use crate::limits::{CADASTRAL_NUMBER_BYTES_MAX, TERRITORY_MAX};
use crate::text::is_identifier;

fixed_bytes!(
    /// A party's pseudonym: 16 random bytes, given at enrolment, the same for life.
    PartyId, 16
);

/// Enrolment of a natural person by an accredited identity provider. Subject: the party. A second
/// enrolment of the same party by the same provider adds a key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The key that the party will sign with.
    #[n(0)]
    pub key: PublicKey,
    /// Commitment to the personal fields the provider checked.
    #[n(1)]
    pub personal: Commitment,
    /// The party's own signature over [`possession_bytes`]: the key is theirs.
    #[n(2)]
    pub possession: Signature,
}

/// What a party signs to show that a key is theirs: `"deedbook/possession/v1" ‖ ledger ‖ party ‖ key`.
#[must_use]
pub fn possession_bytes(ledger: &LedgerId, party: &PartyId, key: &PublicKey) -> Vec<u8> {
    [
        b"deedbook/possession/v1".as_slice(),
        &ledger.0,
        &party.0,
        &key.0,
    ]
    .concat()
}

/// What an authority may do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    CborLen,
    Serialize,
    Deserialize,
)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityRole {
    /// Accredits and suspends the others.
    #[n(0)]
    Supervisor,
    /// Registers properties for the first time.
    #[n(1)]
    Registrar,
    /// Keeps civil status: marriages, deaths, incapacity.
    #[n(2)]
    CivilRegistry,
    /// Enrols natural persons and attests their identity at each act.
    #[n(3)]
    IdentityProvider,
    /// Keeps legal entities and their officers.
    #[n(4)]
    BusinessRegistry,
    /// Notarises, and certifies successions.
    #[n(5)]
    Notary,
    /// Orders, freezes, decides appeals, holds evidence.
    #[n(6)]
    Court,
    /// Freezes.
    #[n(7)]
    Prosecutor,
    /// Freezes against money laundering.
    #[n(8)]
    FinancialMonitor,
    /// Appoints guardians and permits what they do.
    #[n(9)]
    GuardianshipAuthority,
    /// Says what duty is paid or exempt.
    #[n(10)]
    TaxAuthority,
    /// Holds the money of a settlement.
    #[n(11)]
    EscrowAgent,
}

/// Accreditation of an authority, or its suspension. Subject: the authority. Signed by the
/// supervisor; the latest record counts from its place in the ledger on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Accreditation {
    /// What it may do.
    #[n(0)]
    pub role: AuthorityRole,
    /// Its name, for people: an institution, never a person.
    #[n(1)]
    pub name: String,
    /// The key it signs with.
    #[n(2)]
    pub key: PublicKey,
    /// Of an identity provider: the methods it may attest, sorted. Empty otherwise.
    #[n(3)]
    pub methods: Vec<String>,
    /// Whether it is suspended: nothing it signs from here on is accepted.
    #[n(4)]
    pub suspended: bool,
    /// The authority above it, which may undo what it did; absent: none.
    #[n(5)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superior: Option<PartyId>,
    /// Of a notary: beginnings of the cadastral numbers it is competent for, sorted; absent: all.
    #[n(6)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territory: Option<Vec<String>>,
    /// Of a notary: the person who is it.
    #[n(7)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PartyId>,
}

impl Accreditation {
    /// Whether the territory can be one: a notary's, neither empty nor too long, sorted beginnings of
    /// cadastral numbers, each once.
    #[must_use]
    pub fn is_territory_well_formed(&self) -> bool {
        self.territory.as_ref().is_none_or(|territory| {
            self.role == AuthorityRole::Notary
                && (1..=TERRITORY_MAX).contains(&territory.len())
                && territory.is_sorted_by(|a, b| a < b)
                && territory
                    .iter()
                    .all(|beginning| is_identifier(beginning, CADASTRAL_NUMBER_BYTES_MAX))
        })
    }
}

/// A fact of civil status, spoken by its registry. Open-ended facts hold until another one ends
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case", deny_unknown_fields)]
pub enum CivilStatus {
    /// These parties are not married from this time on. Subject: the registry itself.
    #[n(0)]
    Unmarried {
        /// Sorted, no duplicates, at most 256.
        #[n(0)]
        parties: Vec<PartyId>,
        /// Since when.
        #[n(1)]
        from: Seconds,
    },
    /// A marriage; its id is this record's. Subject: the registry itself.
    #[n(1)]
    Marriage {
        /// The spouses, sorted.
        #[n(0)]
        spouses: [PartyId; 2],
        /// Since when.
        #[n(1)]
        from: Seconds,
    },
    /// A divorce. Subject: the marriage. What was joint stays joint until divided.
    #[n(2)]
    Divorce {
        /// Since when.
        #[n(0)]
        from: Seconds,
    },
    /// A registered marriage contract: what either acquires is theirs alone (Marriage Code 39).
    /// Subject: the marriage.
    #[n(3)]
    SeparateProperty {
        /// Acquisitions from this time on.
        #[n(0)]
        from: Seconds,
    },
    /// Division of one joint property. Subject: the marriage.
    #[n(4)]
    Division {
        /// The property.
        #[n(0)]
        property: String,
        /// Whose it is now, alone.
        #[n(1)]
        to: PartyId,
    },
    /// A death. Subject: the party.
    #[n(5)]
    Death {
        /// When.
        #[n(0)]
        at: Seconds,
    },
    /// A court's finding of incapacity. Subject: the party.
    #[n(6)]
    Incapacity {
        /// Since when.
        #[n(0)]
        from: Seconds,
    },
    /// The party is under age. Subject: the party.
    #[n(7)]
    Minority {
        /// When they come of age.
        #[n(0)]
        until: Seconds,
    },
    /// A court's finding that a party is capable again. Subject: the party.
    #[n(8)]
    Capacity {
        /// Since when.
        #[n(0)]
        from: Seconds,
    },
}

/// A guardian is appointed for a minor or incapable person, or dismissed. Subject: the ward. Signed
/// by the guardianship authority. (Marriage Code 119, Civil Code 24.)
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Guardianship {
    /// Who acts for the ward from here on; absent: nobody.
    #[n(0)]
    pub guardian: Option<PartyId>,
}

/// A legal entity (ISO 19152 `LA_Party` of type non-natural person). Subject: the party. Signed by the
/// business registry; the latest record counts from its place in the ledger on. (Civil Code 33–50.)
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct LegalEntity {
    /// Its name, for people: a firm's, never a person's.
    #[n(0)]
    pub name: String,
    /// Who signs for it, sorted; empty once it is dissolved.
    #[n(1)]
    pub officers: Vec<PartyId>,
    /// How many officers must sign together: at least 1, at most as many as there are; 1 once it is
    /// dissolved.
    #[n(2)]
    pub signatures: u8,
    /// Whether it is dissolved.
    #[n(3)]
    pub dissolved: bool,
}

/// An officer approves beforehand what another officer will do for their legal entity with one
/// signature, where its rule asks for several: a discharge, a consent, a waiver, a power. Subject: the
/// entity. It serves one such record, while its officer is in office. (Civil Code 37.)
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct OfficerApproval {
    /// What it is for: see [`Body::digest`](crate::record::Body::digest).
    #[n(0)]
    pub approves: BodyDigest,
}

/// A group that holds together (ISO 19152 `LA_GroupParty`). Subject: the party. Signed by a registrar,
/// once: members never change; another group is another party.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct GroupParty {
    /// Its members (`LA_PartyMember`), sorted by party: persons, legal entities or other groups.
    #[n(0)]
    pub members: Vec<PartyMember>,
}

/// A member of a group. Either all have shares, which sum to exactly one, or none has: joint
/// ownership.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct PartyMember {
    /// Who.
    #[n(0)]
    pub party: PartyId,
    /// How much of what the group holds.
    #[n(1)]
    pub share: Option<Fraction>,
}

/// What a party is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(tag = "nature", rename_all = "snake_case")]
pub enum Nature {
    /// A natural person.
    #[n(0)]
    Natural,
    /// A legal entity.
    #[n(1)]
    Legal(#[n(0)] LegalEntity),
    /// A group.
    #[n(2)]
    Group(#[n(0)] GroupParty),
}

/// A party as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Party {
    /// The authority that enrolled it: a provider, the business registry, a registrar.
    #[n(0)]
    pub provider: PartyId,
    /// Keys it may sign with.
    #[n(1)]
    pub keys: Vec<PublicKey>,
    /// The enrolment record.
    #[n(2)]
    pub enrolment: RecordId,
    /// Marriages, by record id, in the order of their registration.
    #[n(3)]
    pub marriages: Vec<RecordId>,
    /// Times from which the party is known to be unmarried.
    #[n(4)]
    pub unmarried: Vec<Seconds>,
    /// Registered death.
    #[n(5)]
    pub died: Option<Seconds>,
    /// Registered incapacity.
    #[n(6)]
    pub incapable: Option<Seconds>,
    /// When a minor comes of age.
    #[n(7)]
    pub minor_until: Option<Seconds>,
    /// Who acts for them.
    #[n(8)]
    pub guardian: Option<PartyId>,
    /// What it is. A legal entity and a group have no keys, and none of the facts above.
    #[n(9)]
    pub nature: Nature,
    /// How often the register has recorded that somebody else may act for it from then on: an
    /// incapacity and its end, a minority, a guardian, officers. What a person did before, and the
    /// powers they gave or held, ended with that and never revive (Civil Code 170).
    #[n(10)]
    pub turn: u32,
    /// Of a legal entity: for each officer, in their order, the turn from which on they have been in
    /// office without a break.
    #[n(11)]
    pub in_office: Vec<u32>,
}

/// A marriage as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Marriage {
    /// The spouses, sorted.
    #[n(0)]
    pub spouses: [PartyId; 2],
    /// Since when.
    #[n(1)]
    pub from: Seconds,
    /// Divorced since.
    #[n(2)]
    pub until: Option<Seconds>,
    /// Acquisitions from here on are separate.
    #[n(3)]
    pub separate_from: Option<Seconds>,
    /// Properties divided, and whose they are.
    #[n(4)]
    pub divisions: Vec<Division>,
}

/// One divided property.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
pub struct Division {
    /// Cadastral number.
    #[n(0)]
    pub property: String,
    /// Whose it is.
    #[n(1)]
    pub to: PartyId,
    /// When it was registered: what was acquired later is not divided by it.
    #[n(2)]
    pub at: Seconds,
}

/// An authority as the register holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Authority {
    /// The latest accreditation.
    #[n(0)]
    pub accreditation: Accreditation,
    /// In this form since.
    #[n(1)]
    pub since: Seconds,
}
