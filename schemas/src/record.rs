//! Records: one act, one signer, one COSE signed statement.
//!
//! Lives here: the kinds of record, their payload, and how bytes become a [`Record`]. Does not
//! live here: whether a record is lawful (`deedbook-registry`).
//!
//! The payload is `{0: ledger, 1: nonce, 2: body, ? 3: evidence, ? 4: attestation}`. The kind is
//! the content type, inside what is signed: a consent can never be read as a transfer.

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::access::{AccessConsent, AccessEntry};
use crate::attestation::{ATTESTATION, Attestation};
use crate::block::Seconds;
use crate::cose::{Statement, StatementHeader, to_be_signed};
use crate::digest::{ActDigest, LedgerId, RecordId, derive};
use crate::encoding::{DecodeError, decode, encode, fixed_bytes};
use crate::encumbrance::{
    Assignment, Caveat, Discharge, Freeze, FreezeRelease, Lease, Mortgage, MortgageeConsent,
    Postponement, PreemptionNotice, PreemptionWaiver, PriorityNotice, SelfLock, SelfLockRelease,
    Servitude,
};
use crate::evidence::EvidenceManifest;
use crate::instrument::{Act, PowerOfAttorney, Revocation, SpousalConsent, Transfer, Withdrawal};
use crate::keys::{PublicKey, Signature, SigningKey};
use crate::limits::{RECORD_BYTES_MAX, SECONDS_MAX};
use crate::parcel::{Consolidation, Subdivision};
use crate::party::{
    Accreditation, CivilStatus, Enrolment, GroupParty, Guardianship, LegalEntity, PartyId,
};
use crate::proceeding::{
    Amendment, Appeal, AppealDecision, Correction, CorrectionApproval, CourtOrder,
    EvidenceDeletion, GuardianPermission, LegalHold, Notarisation, Requisition, RequisitionAnswer,
    RequisitionDecision, SuccessionCertificate,
};
use crate::profile::ProfileChange;
use crate::property::FirstRegistration;
use crate::settlement::{Duty, EscrowFunding, EscrowRefund, EscrowRelease};

fixed_bytes!(
    /// Makes two otherwise equal records different, 16 random bytes.
    Nonce, 16
);

/// What a record says, by kind; in JSON beside it, as `kind`, in the words of [`Body::kind`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Body {
    /// An authority is accredited or suspended. Subject: the authority.
    Accreditation(Accreditation),
    /// A natural person is enrolled. Subject: the party.
    Enrolment(Enrolment),
    /// A fact of civil status. Subject: see [`CivilStatus`].
    CivilStatus(CivilStatus),
    /// A property is registered for the first time. Subject: its cadastral number.
    FirstRegistration(FirstRegistration),
    /// A power of attorney. Subject: the agent.
    PowerOfAttorney(PowerOfAttorney),
    /// A spouse's consent. Subject: the property.
    SpousalConsent(SpousalConsent),
    /// A power or a consent ends. Subject: its record id.
    Revocation(Revocation),
    /// A transfer is lodged. Subject: the property.
    Transfer(Transfer),
    /// A party acts on an instrument. Subject: the instrument.
    Act(Act),
    /// A pending instrument is withdrawn. Subject: the instrument.
    Withdrawal(Withdrawal),
    /// A legal entity is registered, changed or dissolved. Subject: the party.
    LegalEntity(LegalEntity),
    /// A group is registered. Subject: the party.
    GroupParty(GroupParty),
    /// A guardian is appointed or dismissed. Subject: the ward.
    Guardianship(Guardianship),
    /// A mortgage is lodged. Subject: the property.
    Mortgage(Mortgage),
    /// A servitude is lodged. Subject: the property.
    Servitude(Servitude),
    /// A lease is lodged. Subject: the property.
    Lease(Lease),
    /// The assignment of a mortgage is lodged. Subject: the property.
    Assignment(Assignment),
    /// The postponement of a mortgage is lodged. Subject: the property.
    Postponement(Postponement),
    /// A subdivision is lodged. Subject: the property.
    Subdivision(Subdivision),
    /// A consolidation is lodged. Subject: the new property.
    Consolidation(Consolidation),
    /// An encumbrance is given up. Subject: the encumbrance.
    Discharge(Discharge),
    /// A mortgagee consents to an instrument. Subject: the instrument.
    MortgageeConsent(MortgageeConsent),
    /// A property is frozen. Subject: the property.
    Freeze(Freeze),
    /// A freeze is lifted. Subject: the freeze.
    FreezeRelease(FreezeRelease),
    /// A claim is noted. Subject: the property.
    Caveat(Caveat),
    /// A holder locks their holding. Subject: the property.
    SelfLock(SelfLock),
    /// A holder asks for their lock to be lifted. Subject: the lock.
    SelfLockRelease(SelfLockRelease),
    /// A buyer reserves the slot. Subject: the instrument.
    PriorityNotice(PriorityNotice),
    /// A share is offered to the co-owners. Subject: the property.
    PreemptionNotice(PreemptionNotice),
    /// A co-owner waives their pre-emption. Subject: the notice.
    PreemptionWaiver(PreemptionWaiver),
    /// The guardianship authority permits what is done for a ward. Subject: the instrument.
    GuardianPermission(GuardianPermission),
    /// A notary certifies an instrument or a sub-power. Subject: its record id.
    Notarisation(Notarisation),
    /// The escrow agent holds the sum. Subject: the instrument.
    EscrowFunding(EscrowFunding),
    /// The escrow agent has paid out. Subject: the funding.
    EscrowRelease(EscrowRelease),
    /// The escrow agent has paid back. Subject: the funding.
    EscrowRefund(EscrowRefund),
    /// A duty is paid or exempt. Subject: the instrument.
    Duty(Duty),
    /// The registrar asks for something. Subject: the instrument.
    Requisition(Requisition),
    /// A party answers. Subject: the instrument.
    RequisitionAnswer(RequisitionAnswer),
    /// The registrar accepts or refuses the answer. Subject: the instrument.
    RequisitionDecision(RequisitionDecision),
    /// Who inherits. Subject: the deceased.
    SuccessionCertificate(SuccessionCertificate),
    /// A court orders. Subject: the property.
    CourtOrder(CourtOrder),
    /// A registrar corrects a title. Subject: the property.
    Correction(Correction),
    /// A second registrar approves. Subject: the correction.
    CorrectionApproval(CorrectionApproval),
    /// An instrument's end is appealed. Subject: the instrument.
    Appeal(Appeal),
    /// A court decides an appeal. Subject: the appeal.
    AppealDecision(AppealDecision),
    /// A person lets somebody read their rights. Subject: the recipient.
    AccessConsent(AccessConsent),
    /// Somebody read a person's rights. Subject: the person.
    AccessEntry(AccessEntry),
    /// A court holds a recording, or lifts its hold. Subject: the root.
    LegalHold(LegalHold),
    /// A recording is deleted. Subject: its root.
    EvidenceDeletion(EvidenceDeletion),
    /// A new jurisdiction profile. Subject: the supervisor.
    Profile(ProfileChange),
}

/// Applies one expression to whichever body there is.
macro_rules! each_body {
    ($value:expr, $body:ident => $result:expr) => {
        match $value {
            Body::Accreditation($body) => $result,
            Body::Enrolment($body) => $result,
            Body::CivilStatus($body) => $result,
            Body::FirstRegistration($body) => $result,
            Body::PowerOfAttorney($body) => $result,
            Body::SpousalConsent($body) => $result,
            Body::Revocation($body) => $result,
            Body::Transfer($body) => $result,
            Body::Act($body) => $result,
            Body::Withdrawal($body) => $result,
            Body::LegalEntity($body) => $result,
            Body::GroupParty($body) => $result,
            Body::Guardianship($body) => $result,
            Body::Mortgage($body) => $result,
            Body::Servitude($body) => $result,
            Body::Lease($body) => $result,
            Body::Assignment($body) => $result,
            Body::Postponement($body) => $result,
            Body::Subdivision($body) => $result,
            Body::Consolidation($body) => $result,
            Body::Discharge($body) => $result,
            Body::MortgageeConsent($body) => $result,
            Body::Freeze($body) => $result,
            Body::FreezeRelease($body) => $result,
            Body::Caveat($body) => $result,
            Body::SelfLock($body) => $result,
            Body::SelfLockRelease($body) => $result,
            Body::PriorityNotice($body) => $result,
            Body::PreemptionNotice($body) => $result,
            Body::PreemptionWaiver($body) => $result,
            Body::GuardianPermission($body) => $result,
            Body::Notarisation($body) => $result,
            Body::EscrowFunding($body) => $result,
            Body::EscrowRelease($body) => $result,
            Body::EscrowRefund($body) => $result,
            Body::Duty($body) => $result,
            Body::Requisition($body) => $result,
            Body::RequisitionAnswer($body) => $result,
            Body::RequisitionDecision($body) => $result,
            Body::SuccessionCertificate($body) => $result,
            Body::CourtOrder($body) => $result,
            Body::Correction($body) => $result,
            Body::CorrectionApproval($body) => $result,
            Body::Appeal($body) => $result,
            Body::AppealDecision($body) => $result,
            Body::AccessConsent($body) => $result,
            Body::AccessEntry($body) => $result,
            Body::LegalHold($body) => $result,
            Body::EvidenceDeletion($body) => $result,
            Body::Profile($body) => $result,
        }
    };
}

impl Body {
    /// The kind, as the content type and the CDDL name it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Accreditation(_) => "accreditation",
            Self::Enrolment(_) => "enrolment",
            Self::CivilStatus(_) => "civil-status",
            Self::FirstRegistration(_) => "first-registration",
            Self::PowerOfAttorney(_) => "power-of-attorney",
            Self::SpousalConsent(_) => "spousal-consent",
            Self::Revocation(_) => "revocation",
            Self::Transfer(_) => "transfer",
            Self::Act(_) => "act",
            Self::Withdrawal(_) => "withdrawal",
            Self::LegalEntity(_) => "legal-entity",
            Self::GroupParty(_) => "group-party",
            Self::Guardianship(_) => "guardianship",
            Self::Mortgage(_) => "mortgage",
            Self::Servitude(_) => "servitude",
            Self::Lease(_) => "lease",
            Self::Assignment(_) => "assignment",
            Self::Postponement(_) => "postponement",
            Self::Subdivision(_) => "subdivision",
            Self::Consolidation(_) => "consolidation",
            Self::Discharge(_) => "discharge",
            Self::MortgageeConsent(_) => "mortgagee-consent",
            Self::Freeze(_) => "freeze",
            Self::FreezeRelease(_) => "freeze-release",
            Self::Caveat(_) => "caveat",
            Self::SelfLock(_) => "self-lock",
            Self::SelfLockRelease(_) => "self-lock-release",
            Self::PriorityNotice(_) => "priority-notice",
            Self::PreemptionNotice(_) => "preemption-notice",
            Self::PreemptionWaiver(_) => "preemption-waiver",
            Self::GuardianPermission(_) => "guardian-permission",
            Self::Notarisation(_) => "notarisation",
            Self::EscrowFunding(_) => "escrow-funding",
            Self::EscrowRelease(_) => "escrow-release",
            Self::EscrowRefund(_) => "escrow-refund",
            Self::Duty(_) => "duty",
            Self::Requisition(_) => "requisition",
            Self::RequisitionAnswer(_) => "requisition-answer",
            Self::RequisitionDecision(_) => "requisition-decision",
            Self::SuccessionCertificate(_) => "succession-certificate",
            Self::CourtOrder(_) => "court-order",
            Self::Correction(_) => "correction",
            Self::CorrectionApproval(_) => "correction-approval",
            Self::Appeal(_) => "appeal",
            Self::AppealDecision(_) => "appeal-decision",
            Self::AccessConsent(_) => "access-consent",
            Self::AccessEntry(_) => "access-entry",
            Self::LegalHold(_) => "legal-hold",
            Self::EvidenceDeletion(_) => "evidence-deletion",
            Self::Profile(_) => "profile",
        }
    }

    /// Whether the record lodges an instrument, whose id is the record's.
    #[must_use]
    pub fn lodges_instrument(kind: &str) -> bool {
        matches!(
            kind,
            "transfer"
                | "mortgage"
                | "servitude"
                | "lease"
                | "assignment"
                | "postponement"
                | "subdivision"
                | "consolidation"
        )
    }

    /// Whether a record of this kind is about an instrument: its subject is one.
    #[must_use]
    pub fn concerns_instrument(kind: &str) -> bool {
        matches!(
            kind,
            "act"
                | "withdrawal"
                | "mortgagee-consent"
                | "guardian-permission"
                | "notarisation"
                | "priority-notice"
                | "escrow-funding"
                | "duty"
                | "requisition"
                | "requisition-answer"
                | "requisition-decision"
                | "appeal"
        )
    }

    /// Every time the body names.
    fn times(&self) -> Vec<Seconds> {
        match self {
            Self::CivilStatus(fact) => civil_status_time(fact).into_iter().collect(),
            Self::FirstRegistration(first) => first.holdings.iter().map(|h| h.acquired).collect(),
            Self::PowerOfAttorney(power) => [power.issued, power.starts, power.expires]
                .into_iter()
                .flatten()
                .collect(),
            Self::SpousalConsent(consent) => vec![consent.expires],
            Self::Servitude(servitude) => servitude.until.into_iter().collect(),
            Self::Lease(lease) => vec![lease.until],
            Self::Freeze(freeze) => freeze.until.into_iter().collect(),
            Self::Caveat(caveat) => vec![caveat.until],
            Self::GuardianPermission(permission) => vec![permission.expires],
            Self::AccessConsent(consent) => vec![consent.expires],
            Self::CourtOrder(order) => vec![order.final_from],
            Self::Correction(Correction {
                amendment: Amendment::Holdings { holdings },
                ..
            }) => holdings.iter().map(|h| h.acquired).collect(),
            // Named one by one: a new kind says here whether it has a time.
            Self::Correction(Correction {
                amendment: Amendment::Unit(_) | Amendment::Strike { .. },
                ..
            })
            | Self::Accreditation(_)
            | Self::Enrolment(_)
            | Self::Revocation(_)
            | Self::Transfer(_)
            | Self::Act(_)
            | Self::Withdrawal(_)
            | Self::LegalEntity(_)
            | Self::GroupParty(_)
            | Self::Guardianship(_)
            | Self::Mortgage(_)
            | Self::Assignment(_)
            | Self::Postponement(_)
            | Self::Subdivision(_)
            | Self::Consolidation(_)
            | Self::Discharge(_)
            | Self::MortgageeConsent(_)
            | Self::FreezeRelease(_)
            | Self::SelfLock(_)
            | Self::SelfLockRelease(_)
            | Self::PriorityNotice(_)
            | Self::PreemptionNotice(_)
            | Self::PreemptionWaiver(_)
            | Self::Notarisation(_)
            | Self::EscrowFunding(_)
            | Self::EscrowRelease(_)
            | Self::EscrowRefund(_)
            | Self::Duty(_)
            | Self::Requisition(_)
            | Self::RequisitionAnswer(_)
            | Self::RequisitionDecision(_)
            | Self::SuccessionCertificate(_)
            | Self::CorrectionApproval(_)
            | Self::Appeal(_)
            | Self::AppealDecision(_)
            | Self::AccessEntry(_)
            | Self::LegalHold(_)
            | Self::EvidenceDeletion(_)
            | Self::Profile(_) => Vec::new(),
        }
    }

    fn payload(
        &self,
        ledger: LedgerId,
        nonce: Nonce,
        evidence: Option<&EvidenceManifest>,
        attestation: Option<&[u8]>,
    ) -> Vec<u8> {
        each_body!(self, body => encode(&Payload {
            ledger,
            nonce,
            body,
            evidence,
            attestation: attestation.map(Into::into),
        }))
    }

    fn decode(kind: &str, bytes: &[u8]) -> Result<OwnedPayload<Self>, DecodeError> {
        fn read<T>(bytes: &[u8], wrap: fn(T) -> Body) -> Result<OwnedPayload<Body>, DecodeError>
        where
            T: for<'b> Decode<'b, ()> + Encode<()> + CborLen<()>,
        {
            let payload: OwnedPayload<T> = decode(bytes, RECORD_BYTES_MAX)?;
            Ok(OwnedPayload {
                ledger: payload.ledger,
                nonce: payload.nonce,
                body: wrap(payload.body),
                evidence: payload.evidence,
                attestation: payload.attestation,
            })
        }
        match kind {
            "accreditation" => read(bytes, Body::Accreditation),
            "enrolment" => read(bytes, Body::Enrolment),
            "civil-status" => read(bytes, Body::CivilStatus),
            "first-registration" => read(bytes, Body::FirstRegistration),
            "power-of-attorney" => read(bytes, Body::PowerOfAttorney),
            "spousal-consent" => read(bytes, Body::SpousalConsent),
            "revocation" => read(bytes, Body::Revocation),
            "transfer" => read(bytes, Body::Transfer),
            "act" => read(bytes, Body::Act),
            "withdrawal" => read(bytes, Body::Withdrawal),
            "legal-entity" => read(bytes, Body::LegalEntity),
            "group-party" => read(bytes, Body::GroupParty),
            "guardianship" => read(bytes, Body::Guardianship),
            "mortgage" => read(bytes, Body::Mortgage),
            "servitude" => read(bytes, Body::Servitude),
            "lease" => read(bytes, Body::Lease),
            "assignment" => read(bytes, Body::Assignment),
            "postponement" => read(bytes, Body::Postponement),
            "subdivision" => read(bytes, Body::Subdivision),
            "consolidation" => read(bytes, Body::Consolidation),
            "discharge" => read(bytes, Body::Discharge),
            "mortgagee-consent" => read(bytes, Body::MortgageeConsent),
            "freeze" => read(bytes, Body::Freeze),
            "freeze-release" => read(bytes, Body::FreezeRelease),
            "caveat" => read(bytes, Body::Caveat),
            "self-lock" => read(bytes, Body::SelfLock),
            "self-lock-release" => read(bytes, Body::SelfLockRelease),
            "priority-notice" => read(bytes, Body::PriorityNotice),
            "preemption-notice" => read(bytes, Body::PreemptionNotice),
            "preemption-waiver" => read(bytes, Body::PreemptionWaiver),
            "guardian-permission" => read(bytes, Body::GuardianPermission),
            "notarisation" => read(bytes, Body::Notarisation),
            "escrow-funding" => read(bytes, Body::EscrowFunding),
            "escrow-release" => read(bytes, Body::EscrowRelease),
            "escrow-refund" => read(bytes, Body::EscrowRefund),
            "duty" => read(bytes, Body::Duty),
            "requisition" => read(bytes, Body::Requisition),
            "requisition-answer" => read(bytes, Body::RequisitionAnswer),
            "requisition-decision" => read(bytes, Body::RequisitionDecision),
            "succession-certificate" => read(bytes, Body::SuccessionCertificate),
            "court-order" => read(bytes, Body::CourtOrder),
            "correction" => read(bytes, Body::Correction),
            "correction-approval" => read(bytes, Body::CorrectionApproval),
            "appeal" => read(bytes, Body::Appeal),
            "appeal-decision" => read(bytes, Body::AppealDecision),
            "access-consent" => read(bytes, Body::AccessConsent),
            "access-entry" => read(bytes, Body::AccessEntry),
            "legal-hold" => read(bytes, Body::LegalHold),
            "evidence-deletion" => read(bytes, Body::EvidenceDeletion),
            "profile" => read(bytes, Body::Profile),
            _ => Err(DecodeError::Malformed(format!(
                "unknown kind of record: {kind:?}"
            ))),
        }
    }
}

/// The time that a fact names.
fn civil_status_time(fact: &CivilStatus) -> Option<Seconds> {
    match fact {
        CivilStatus::Unmarried { from: at, .. }
        | CivilStatus::Marriage { from: at, .. }
        | CivilStatus::Divorce { from: at }
        | CivilStatus::SeparateProperty { from: at }
        | CivilStatus::Death { at }
        | CivilStatus::Incapacity { from: at }
        | CivilStatus::Capacity { from: at }
        | CivilStatus::Minority { until: at } => Some(*at),
        CivilStatus::Division { .. } => None,
    }
}

#[derive(Encode, CborLen)]
#[cbor(map)]
struct Payload<'a, T> {
    #[n(0)]
    ledger: LedgerId,
    #[n(1)]
    nonce: Nonce,
    #[n(2)]
    body: &'a T,
    #[n(3)]
    evidence: Option<&'a EvidenceManifest>,
    #[n(4)]
    attestation: Option<&'a minicbor::bytes::ByteSlice>,
}

#[derive(Encode, Decode, CborLen)]
#[cbor(map)]
struct OwnedPayload<T> {
    #[n(0)]
    ledger: LedgerId,
    #[n(1)]
    nonce: Nonce,
    #[n(2)]
    body: T,
    #[n(3)]
    evidence: Option<EvidenceManifest>,
    #[n(4)]
    attestation: Option<minicbor::bytes::ByteVec>,
}

/// A record that is not signed yet: what JSON clients draft, and what people read before they sign.
/// A field it does not know is refused: a misspelt one would be signed as if it were absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The ledger it is for.
    pub ledger: LedgerId,
    /// Who will sign.
    pub issuer: PartyId,
    /// About what.
    pub subject: String,
    /// The time of signing.
    pub issued_at: Seconds,
    /// Sixteen random bytes.
    pub nonce: Nonce,
    /// What it says.
    pub body: Body,
    /// The video of the act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceManifest>,
}

impl Draft {
    fn header(&self, key: PublicKey) -> StatementHeader {
        StatementHeader {
            kind: self.body.kind().to_owned(),
            key,
            issuer: self.issuer,
            subject: self.subject.clone(),
            issued_at: self.issued_at,
        }
    }

    /// What an identity attestation for this act is bound to: everything that will be signed,
    /// but the attestation itself.
    #[must_use]
    pub fn act_digest(&self, key: PublicKey) -> ActDigest {
        let payload = self
            .body
            .payload(self.ledger, self.nonce, self.evidence.as_ref(), None);
        act_digest(&self.header(key), &payload)
    }

    /// The bytes to sign with `key`, with the provider's attestation if the act needs one.
    #[must_use]
    pub fn to_be_signed(&self, key: PublicKey, attestation: Option<&[u8]>) -> Vec<u8> {
        to_be_signed(&self.header(key), &self.payload(attestation))
    }

    fn payload(&self, attestation: Option<&[u8]>) -> Vec<u8> {
        self.body
            .payload(self.ledger, self.nonce, self.evidence.as_ref(), attestation)
    }

    /// Signs the draft and encodes the record.
    #[must_use]
    pub fn sign(&self, key: &SigningKey, attestation: Option<&[u8]>) -> Vec<u8> {
        let header = self.header(PublicKey::of(key));
        Statement::sign(header, self.payload(attestation), key).encode()
    }

    /// Joins a signature that was made elsewhere over [`Draft::to_be_signed`].
    #[must_use]
    pub fn with_signature(
        &self,
        key: PublicKey,
        attestation: Option<&[u8]>,
        signature: Signature,
    ) -> Vec<u8> {
        Statement {
            header: self.header(key),
            payload: self.payload(attestation),
            signature,
        }
        .encode()
    }
}

fn act_digest(header: &StatementHeader, payload: &[u8]) -> ActDigest {
    ActDigest(derive(
        "deedbook 2026 act digest",
        &[&to_be_signed(header, payload)],
    ))
}

/// Refuses times that no calendar has, so that the law may add terms to any time of a record.
fn within_calendar(times: &[Seconds]) -> Result<(), DecodeError> {
    match times.iter().find(|time| time.0 > SECONDS_MAX) {
        None => Ok(()),
        Some(time) => Err(DecodeError::Malformed(format!(
            "{} seconds are after the year 9999",
            time.0
        ))),
    }
}

/// A decoded attestation: the provider's statement about one act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAttestation {
    /// The envelope: issuer is the provider, subject the party.
    pub statement: Statement,
    /// What it says.
    pub attestation: Attestation,
}

impl SignedAttestation {
    /// Reads an attestation and accepts only its one encoding. Checks no signature.
    ///
    /// # Errors
    /// [`DecodeError`] if it is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let statement = Statement::decode(bytes)?;
        if statement.header.kind != ATTESTATION {
            return Err(DecodeError::Malformed("not an attestation".to_owned()));
        }
        let attestation: Attestation = decode(&statement.payload, RECORD_BYTES_MAX)?;
        within_calendar(&[attestation.time])?;
        Ok(Self {
            statement,
            attestation,
        })
    }

    /// Makes an attestation, as a provider does.
    #[must_use]
    pub fn sign(
        provider: PartyId,
        subject: PartyId,
        attestation: &Attestation,
        key: &SigningKey,
    ) -> Vec<u8> {
        let header = StatementHeader {
            kind: ATTESTATION.to_owned(),
            key: PublicKey::of(key),
            issuer: provider,
            subject: subject.to_string(),
            issued_at: attestation.time,
        };
        Statement::sign(header, encode(attestation), key).encode()
    }
}

/// A decoded record. Its signatures have not been checked: see [`Record::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub id: RecordId,
    /// The envelope.
    pub statement: Statement,
    /// The ledger it was made for.
    pub ledger: LedgerId,
    /// Its nonce.
    pub nonce: Nonce,
    /// What it says.
    pub body: Body,
    /// The video of the act.
    pub evidence: Option<EvidenceManifest>,
    /// The provider's attestation.
    pub attestation: Option<SignedAttestation>,
    /// What the attestation must be bound to.
    pub act_digest: ActDigest,
}

impl Record {
    /// Reads a record and accepts only its one encoding. Checks no signature.
    ///
    /// # Errors
    /// [`DecodeError`] if it is too long, of an unknown kind, malformed, or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let statement = Statement::decode(bytes)?;
        let payload = Body::decode(&statement.header.kind, &statement.payload)?;
        let mut times = payload.body.times();
        times.extend(payload.evidence.as_ref().map(|evidence| evidence.started));
        within_calendar(&times)?;
        let attestation = payload
            .attestation
            .as_ref()
            .map(|bytes| SignedAttestation::decode(bytes))
            .transpose()?;
        let bare = payload.body.payload(
            payload.ledger,
            payload.nonce,
            payload.evidence.as_ref(),
            None,
        );
        Ok(Self {
            id: statement.id(),
            act_digest: act_digest(&statement.header, &bare),
            ledger: payload.ledger,
            nonce: payload.nonce,
            body: payload.body,
            evidence: payload.evidence,
            attestation,
            statement,
        })
    }

    /// Who signed.
    #[must_use]
    pub fn issuer(&self) -> PartyId {
        self.statement.header.issuer
    }

    /// About what.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.statement.header.subject
    }

    /// Whether the record's signature and its attestation's verify, each under the key it names.
    #[must_use]
    pub fn verify(&self) -> bool {
        self.statement.verifies()
            && self
                .attestation
                .as_ref()
                .is_none_or(|signed| signed.statement.verifies())
    }
}
