//! What a record says: one body a kind, and the payload it is signed in.
//!
//! Does not live here: what each body means (`transfer` and the others are in the modules of their
//! subject), and the envelope around the payload (`super`).

use minicbor::{CborLen, Decode, Encode};
use serde::{Deserialize, Serialize};

use super::Nonce;
use crate::access::{AccessConsent, AccessEntry};
use crate::block::Seconds;
use crate::digest::{BodyDigest, Context, LedgerId};
use crate::encoding::{DecodeError, decode, encode};
use crate::encumbrance::{
    Assignment, Caveat, Discharge, Freeze, FreezeRelease, Lease, Mortgage, MortgageeConsent,
    Postponement, PreemptionNotice, PreemptionWaiver, PriorityNotice, SelfLock, SelfLockRelease,
    Servitude,
};
use crate::evidence::EvidenceManifest;
use crate::instrument::{Act, PowerOfAttorney, Revocation, SpousalConsent, Transfer, Withdrawal};
use crate::limits::RECORD_BYTES_MAX;
use crate::parcel::{Consolidation, Subdivision};
use crate::party::{
    Accreditation, CivilStatus, Enrolment, GroupParty, Guardianship, LegalEntity, OfficerApproval,
    PartyId,
};
use crate::proceeding::{
    Amendment, Appeal, AppealDecision, Correction, CorrectionApproval, CourtOrder,
    EvidenceDeletion, GuardianPermission, LegalHold, Notarisation, Requisition, RequisitionAnswer,
    RequisitionDecision, SuccessionCertificate,
};
use crate::profile::ProfileChange;
use crate::property::FirstRegistration;
use crate::settlement::{Duty, EscrowFunding, EscrowRefund, EscrowRelease};
use crate::validators::ValidatorSetChange;

static BODY_DIGEST: Context = Context::new("deedbook 2026 body digest");

/// Each kind once: what its subject is, its body, and its name in the content type and the CDDL.
macro_rules! bodies {
    ($($(#[$doc:meta])* $kind:ident($body:ty) = $name:literal,)+) => {
        /// What a record says, by kind; in JSON beside it, as `kind`, in the words of
        /// [`Body::kind`].
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Body {
            $($(#[$doc])* $kind($body),)+
        }

        impl Body {
            /// The kind, as the content type and the CDDL name it.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)+
                }
            }

            /// What an officer approves: BLAKE3 of the CBOR array of the kind, the subject and the
            /// body. It leaves out who signs, when, and the nonce.
            #[must_use]
            pub fn digest(&self, subject: &str) -> BodyDigest {
                let bytes = match self {
                    $(Self::$kind(body) => encode(&(self.kind(), subject, body)),)+
                };
                BodyDigest(BODY_DIGEST.hash(&[&bytes]))
            }

            pub(super) fn payload(
                &self,
                ledger: LedgerId,
                nonce: Nonce,
                evidence: Option<&EvidenceManifest>,
                attestation: Option<&[u8]>,
            ) -> Vec<u8> {
                let attestation = attestation.map(Into::into);
                match self {
                    $(Self::$kind(body) => encode(&Payload {
                        ledger,
                        nonce,
                        body,
                        evidence,
                        attestation,
                    }),)+
                }
            }

            pub(super) fn decode(
                kind: &str,
                bytes: &[u8],
            ) -> Result<OwnedPayload<Self>, DecodeError> {
                match kind {
                    $($name => read(bytes, Self::$kind),)+
                    _ => Err(DecodeError::Malformed(format!(
                        "unknown kind of record: {kind:?}"
                    ))),
                }
            }
        }
    };
}

bodies! {
    /// An authority is accredited or suspended. Subject: the authority.
    Accreditation(Accreditation) = "accreditation",
    /// A natural person is enrolled. Subject: the party.
    Enrolment(Enrolment) = "enrolment",
    /// A fact of civil status. Subject: see [`CivilStatus`].
    CivilStatus(CivilStatus) = "civil-status",
    /// A property is registered for the first time. Subject: its cadastral number.
    FirstRegistration(FirstRegistration) = "first-registration",
    /// A power of attorney. Subject: the agent.
    PowerOfAttorney(PowerOfAttorney) = "power-of-attorney",
    /// A spouse's consent. Subject: the property.
    SpousalConsent(SpousalConsent) = "spousal-consent",
    /// A power or a consent ends. Subject: its record id.
    Revocation(Revocation) = "revocation",
    /// A transfer is lodged. Subject: the property.
    Transfer(Transfer) = "transfer",
    /// A party acts on an instrument. Subject: the instrument.
    Act(Act) = "act",
    /// A pending instrument is withdrawn. Subject: the instrument.
    Withdrawal(Withdrawal) = "withdrawal",
    /// A legal entity is registered, changed or dissolved. Subject: the party.
    LegalEntity(LegalEntity) = "legal-entity",
    /// A group is registered. Subject: the party.
    GroupParty(GroupParty) = "group-party",
    /// A guardian is appointed or dismissed. Subject: the ward.
    Guardianship(Guardianship) = "guardianship",
    /// A mortgage is lodged. Subject: the property.
    Mortgage(Mortgage) = "mortgage",
    /// A servitude is lodged. Subject: the property.
    Servitude(Servitude) = "servitude",
    /// A lease is lodged. Subject: the property.
    Lease(Lease) = "lease",
    /// The assignment of a mortgage is lodged. Subject: the property.
    Assignment(Assignment) = "assignment",
    /// The postponement of a mortgage is lodged. Subject: the property.
    Postponement(Postponement) = "postponement",
    /// A subdivision is lodged. Subject: the property.
    Subdivision(Subdivision) = "subdivision",
    /// A consolidation is lodged. Subject: the new property.
    Consolidation(Consolidation) = "consolidation",
    /// An encumbrance is given up. Subject: the encumbrance.
    Discharge(Discharge) = "discharge",
    /// A mortgagee consents to an instrument. Subject: the instrument.
    MortgageeConsent(MortgageeConsent) = "mortgagee-consent",
    /// A property is frozen. Subject: the property.
    Freeze(Freeze) = "freeze",
    /// A freeze is lifted. Subject: the freeze.
    FreezeRelease(FreezeRelease) = "freeze-release",
    /// A claim is noted. Subject: the property.
    Caveat(Caveat) = "caveat",
    /// A holder locks their holding. Subject: the property.
    SelfLock(SelfLock) = "self-lock",
    /// A holder asks for their lock to be lifted. Subject: the lock.
    SelfLockRelease(SelfLockRelease) = "self-lock-release",
    /// A buyer reserves the slot. Subject: the instrument.
    PriorityNotice(PriorityNotice) = "priority-notice",
    /// A share is offered to the co-owners. Subject: the property.
    PreemptionNotice(PreemptionNotice) = "preemption-notice",
    /// A co-owner waives their pre-emption. Subject: the notice.
    PreemptionWaiver(PreemptionWaiver) = "preemption-waiver",
    /// The guardianship authority permits what is done for a ward. Subject: the instrument.
    GuardianPermission(GuardianPermission) = "guardian-permission",
    /// A notary certifies an instrument or a sub-power. Subject: its record id.
    Notarisation(Notarisation) = "notarisation",
    /// The escrow agent holds the sum. Subject: the instrument.
    EscrowFunding(EscrowFunding) = "escrow-funding",
    /// The escrow agent has paid out. Subject: the funding.
    EscrowRelease(EscrowRelease) = "escrow-release",
    /// The escrow agent has paid back. Subject: the funding.
    EscrowRefund(EscrowRefund) = "escrow-refund",
    /// A duty is paid or exempt. Subject: the instrument.
    Duty(Duty) = "duty",
    /// The registrar asks for something. Subject: the instrument.
    Requisition(Requisition) = "requisition",
    /// A party answers. Subject: the instrument.
    RequisitionAnswer(RequisitionAnswer) = "requisition-answer",
    /// The registrar accepts or refuses the answer. Subject: the instrument.
    RequisitionDecision(RequisitionDecision) = "requisition-decision",
    /// Who inherits. Subject: the deceased.
    SuccessionCertificate(SuccessionCertificate) = "succession-certificate",
    /// A court orders. Subject: the property.
    CourtOrder(CourtOrder) = "court-order",
    /// A registrar corrects a title. Subject: the property.
    Correction(Correction) = "correction",
    /// A second registrar approves. Subject: the correction.
    CorrectionApproval(CorrectionApproval) = "correction-approval",
    /// An instrument's end is appealed. Subject: the instrument.
    Appeal(Appeal) = "appeal",
    /// A court decides an appeal. Subject: the appeal.
    AppealDecision(AppealDecision) = "appeal-decision",
    /// A person lets somebody read their rights. Subject: the recipient.
    AccessConsent(AccessConsent) = "access-consent",
    /// Somebody read a person's rights. Subject: the person.
    AccessEntry(AccessEntry) = "access-entry",
    /// A court holds a recording, or lifts its hold. Subject: the root.
    LegalHold(LegalHold) = "legal-hold",
    /// A recording is deleted. Subject: its root.
    EvidenceDeletion(EvidenceDeletion) = "evidence-deletion",
    /// A new jurisdiction profile. Subject: the supervisor.
    Profile(ProfileChange) = "profile",
    /// Other validators. Subject: the supervisor.
    ValidatorSetChange(ValidatorSetChange) = "validator-set-change",
    /// An officer approves what another one will sign. Subject: the legal entity.
    OfficerApproval(OfficerApproval) = "officer-approval",
}

impl Body {
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

    /// Whom the signer binds by office, if this one record does it: what other officers may approve
    /// beforehand (Civil Code 37).
    #[must_use]
    pub fn binds(&self) -> Option<PartyId> {
        match self {
            Self::PowerOfAttorney(body) => body.represents,
            Self::Discharge(body) => body.represents,
            Self::MortgageeConsent(body) => body.represents,
            Self::PreemptionWaiver(body) => body.represents,
            _ => None,
        }
    }

    /// Every time the body names.
    pub(super) fn times(&self) -> Vec<Seconds> {
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
            | Self::Profile(_)
            | Self::ValidatorSetChange(_)
            | Self::OfficerApproval(_) => Vec::new(),
        }
    }
}

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
pub(super) struct OwnedPayload<T> {
    #[n(0)]
    pub(super) ledger: LedgerId,
    #[n(1)]
    pub(super) nonce: Nonce,
    #[n(2)]
    pub(super) body: T,
    #[n(3)]
    pub(super) evidence: Option<EvidenceManifest>,
    #[n(4)]
    pub(super) attestation: Option<minicbor::bytes::ByteVec>,
}
