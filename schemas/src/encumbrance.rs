//! Encumbrances (ISO 19152 `LA_Restriction`, `LA_Mortgage`, `LA_Responsibility`): what others hold in
//! a property, and what limits its holders, on the wire and on the title.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::block::{BlockTime, Seconds};
use crate::digest::RecordId;
use crate::fraction::{Fraction, Money};
use crate::party::PartyId;

/// What a mortgage secures.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct MortgageTerms {
    /// Who lends (`LA_Mortgage.moneyProvider`).
    #[n(0)]
    pub mortgagee: PartyId,
    /// The secured amount.
    #[n(1)]
    pub amount: Money,
}

/// A mortgage of the whole property (Civil Code 299–302). Subject: the property. Its holders act as
/// disponors, the mortgagee as acquirer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Mortgage {
    /// The title's version that the parties saw.
    #[n(0)]
    pub title_version: u64,
    /// Every holder of the title, sorted.
    #[n(1)]
    pub mortgagors: Vec<PartyId>,
    /// What it secures.
    #[n(2)]
    pub terms: MortgageTerms,
}

/// What a servitude allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum ServitudeKind {
    /// To pass.
    #[n(0)]
    Way,
    /// To draw or lead water.
    #[n(1)]
    Water,
    /// To lay and keep lines.
    #[n(2)]
    Utilities,
    /// To build against.
    #[n(3)]
    Support,
}

/// A servitude (Civil Code 188). Subject: the property. Its holders act as disponors, the
/// beneficiary as acquirer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Servitude {
    /// The title's version that the parties saw.
    #[n(0)]
    pub title_version: u64,
    /// Every holder of the title, sorted.
    #[n(1)]
    pub grantors: Vec<PartyId>,
    /// Who may use it.
    #[n(2)]
    pub beneficiary: PartyId,
    /// For what. In JSON `servitude_kind`: `kind` is the record's.
    #[n(3)]
    #[serde(rename = "servitude_kind")]
    pub kind: ServitudeKind,
    /// Until when; absent: for ever.
    #[n(4)]
    pub until: Option<Seconds>,
}

/// A lease (Civil Code 540). Subject: the property. Its holders act as disponors, the lessee as
/// acquirer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The title's version that the parties saw.
    #[n(0)]
    pub title_version: u64,
    /// Every holder of the title, sorted.
    #[n(1)]
    pub lessors: Vec<PartyId>,
    /// Who rents.
    #[n(2)]
    pub lessee: PartyId,
    /// The rent of one month.
    #[n(3)]
    pub rent: Money,
    /// Until when.
    #[n(4)]
    pub until: Seconds,
}

/// A mortgage passes to another mortgagee (Civil Code 339). Subject: the property. The mortgagee acts
/// as disponor, the assignee as acquirer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The mortgage.
    #[n(0)]
    pub mortgage: RecordId,
    /// Whose it is.
    #[n(1)]
    pub assignor: PartyId,
    /// Whose it becomes.
    #[n(2)]
    pub assignee: PartyId,
}

/// A mortgage steps behind another one. Subject: the property. Its mortgagee acts as disponor,
/// everyone whose mortgage it lets pass as acquirer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Postponement {
    /// The mortgage that steps back.
    #[n(0)]
    pub mortgage: RecordId,
    /// The mortgage directly behind which it stands afterwards.
    #[n(1)]
    pub behind: RecordId,
    /// Its mortgagee.
    #[n(2)]
    pub mortgagee: PartyId,
    /// The mortgagees that it lets pass, sorted, each once.
    #[n(3)]
    pub passed: Vec<PartyId>,
}

/// The holder of a mortgage, servitude, lease or caveat gives it up. Subject: the encumbrance.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Discharge {
    /// The property.
    #[n(0)]
    pub property: String,
    /// With the registration of this instrument, and not without; absent: at once.
    #[n(1)]
    pub with: Option<RecordId>,
    /// The power under which the signer acts.
    #[n(2)]
    pub power: Option<RecordId>,
    /// Whose officer or guardian the signer is.
    #[n(3)]
    pub represents: Option<PartyId>,
}

/// A mortgagee lets the property pass with its mortgage on it (Civil Code 315). Subject: the
/// instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct MortgageeConsent {
    /// The mortgage.
    #[n(0)]
    pub mortgage: RecordId,
    /// The power under which the signer acts.
    #[n(1)]
    pub power: Option<RecordId>,
    /// Whose officer or guardian the signer is.
    #[n(2)]
    pub represents: Option<PartyId>,
}

/// A freeze by a court, a prosecutor, the financial monitor or a registrar. Subject: the property.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Number of the case or order, for people.
    #[n(0)]
    pub case: String,
    /// Until when, a full hour; absent: until it is lifted.
    #[n(1)]
    pub until: Option<Seconds>,
}

/// A freeze is lifted by its authority or a court above it. Subject: the freeze.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct FreezeRelease {
    /// The property.
    #[n(0)]
    pub property: String,
}

/// What a caveat claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Interest {
    /// To own it or a share of it.
    #[n(0)]
    Ownership,
    /// To have it by a contract.
    #[n(1)]
    Contract,
    /// As an heir.
    #[n(2)]
    Succession,
    /// As a spouse or former spouse.
    #[n(3)]
    Marriage,
    /// As a creditor.
    #[n(4)]
    Debt,
}

/// A caveat: a warning on the title that its signer claims an interest. Blocks nothing. Subject: the
/// property.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct Caveat {
    /// Which.
    #[n(0)]
    pub interest: Interest,
    /// When it lapses, a full hour.
    #[n(1)]
    pub until: Seconds,
}

/// A holder locks their own holding against every disposition. Subject: the property.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct SelfLock {}

/// The holder asks for the lock to be lifted; it is, after the profile's cooling-off. Subject: the
/// lock.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct SelfLockRelease {
    /// The property.
    #[n(0)]
    pub property: String,
}

/// A buyer reserves the slot for the deed that the disponors have signed. Subject: the instrument.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct PriorityNotice {}

/// A co-owner offers their share to the others first (Civil Code 216). Subject: the property. Served by
/// being on the ledger, where every co-owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct PreemptionNotice {
    /// The share offered.
    #[n(0)]
    pub share: Fraction,
    /// At which price; absent: for an exchange.
    #[n(1)]
    pub price: Option<Money>,
    /// On which terms: those of the sale, word for word.
    #[n(2)]
    pub terms: Option<String>,
    /// Whose officer, guardian or member the signer is; absent: the signer holds the share.
    #[n(3)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represents: Option<PartyId>,
}

/// A co-owner lets an offered share pass to a stranger. Subject: the notice.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
#[serde(deny_unknown_fields)]
pub struct PreemptionWaiver {
    /// The property.
    #[n(0)]
    pub property: String,
    /// The price that the waiver is for: the notice's.
    #[n(1)]
    pub price: Option<Money>,
    /// The power under which the signer acts.
    #[n(2)]
    pub power: Option<RecordId>,
    /// Whose officer or guardian the signer is.
    #[n(3)]
    pub represents: Option<PartyId>,
}

/// One encumbrance of a title.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[cbor(map)]
pub struct Encumbrance {
    /// Its id: the record or instrument that made it.
    #[n(0)]
    pub id: RecordId,
    /// Block time of its registration.
    #[n(1)]
    pub registered: BlockTime,
    /// What it is.
    #[n(2)]
    pub right: Right,
}

/// What an encumbrance is.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen, Serialize, Deserialize)]
#[serde(tag = "right", rename_all = "snake_case")]
pub enum Right {
    /// A mortgage.
    #[n(0)]
    Mortgage {
        /// Who holds it now.
        #[n(0)]
        mortgagee: PartyId,
        /// The secured amount.
        #[n(1)]
        amount: Money,
        /// 1 is first; ranks on one title are unique and contiguous.
        #[n(2)]
        rank: u16,
    },
    /// A servitude.
    #[n(1)]
    Servitude {
        /// Who may use it.
        #[n(0)]
        beneficiary: PartyId,
        /// For what.
        #[n(1)]
        kind: ServitudeKind,
        /// Until when.
        #[n(2)]
        until: Option<Seconds>,
    },
    /// A lease.
    #[n(2)]
    Lease {
        /// Who rents.
        #[n(0)]
        lessee: PartyId,
        /// Until when.
        #[n(1)]
        until: Seconds,
    },
    /// A freeze.
    #[n(3)]
    Freeze {
        /// Whose.
        #[n(0)]
        authority: PartyId,
        /// Until when.
        #[n(1)]
        until: Option<Seconds>,
    },
    /// A caveat.
    #[n(4)]
    Caveat {
        /// Who claims.
        #[n(0)]
        claimant: PartyId,
        /// What.
        #[n(1)]
        interest: Interest,
        /// Until when.
        #[n(2)]
        until: Seconds,
    },
    /// A holder's lock.
    #[n(5)]
    SelfLock {
        /// Whose.
        #[n(0)]
        holder: PartyId,
        /// When it opens, once asked to.
        #[n(1)]
        opens: Option<Seconds>,
    },
    /// A buyer's reservation of the slot.
    #[n(6)]
    PriorityNotice {
        /// Whose.
        #[n(0)]
        buyer: PartyId,
        /// For which instrument.
        #[n(1)]
        instrument: RecordId,
        /// Until when.
        #[n(2)]
        until: Seconds,
    },
    /// A share on offer to the co-owners.
    #[n(7)]
    PreemptionNotice {
        /// Whose.
        #[n(0)]
        disponor: PartyId,
        /// Which share.
        #[n(1)]
        share: Fraction,
        /// At which price.
        #[n(2)]
        price: Option<Money>,
        /// On which terms.
        #[n(3)]
        terms: Option<String>,
        /// When the period ends.
        #[n(4)]
        until: Seconds,
        /// Who waived, in the order of their records.
        #[n(5)]
        waived: Vec<PartyId>,
    },
}
