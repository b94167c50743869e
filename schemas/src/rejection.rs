//! A lawful no: the stable codes of everything the ledger refuses.
//!
//! A refusal lists *all* failed rules, in the order of [`Code`], so that every node refuses in the
//! same words. Codes never change their meaning; a rule that goes leaves its code unused.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($variant:ident, $code:literal, $rule:literal, $source:literal, $text:literal;)*) => {
        /// Why the ledger refuses. The order is the order in which failed rules are listed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Number of the rule in the law of the ledger.
            #[must_use]
            pub fn rule(self) -> u8 {
                match self { $(Self::$variant => $rule,)* }
            }

            /// The article of law, or the standard, behind the rule.
            #[must_use]
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)* }
            }

            /// One plain sentence.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

codes! {
    LedgerForeign, "record.foreign_ledger", 39, "RFC 9052 section 4.4",
        "The record was made for another ledger.";
    SignatureInvalid, "record.signature_invalid", 39, "RFC 8032 section 5.1.7",
        "The signature does not verify.";
    RecordMalformed, "record.malformed", 39, "RFC 8949 section 4.2",
        "The bytes are not the one encoding of a record.";
    RecordStale, "record.stale", 39, "Profile: record window",
        "The time of signing is too far from the time of the ledger.";
    RecordDuplicate, "record.duplicate", 45, "Idempotent submission",
        "The record is on the ledger already.";
    FieldInvalid, "record.field_invalid", 39, "schemas/deedbook.cddl",
        "A field is out of its range, out of order or repeated.";
    PersonalData, "record.personal_data", 41, "Law on Personal Data 7",
        "A field looks like a personal number, a hash or biometric data.";
    SignerUnknown, "party.unknown", 39, "Civil Code 12",
        "The signer is not enrolled on this ledger.";
    KeyNotParty, "party.key_mismatch", 39, "Civil Code 152",
        "The key is not one of the signer's.";
    KeyInadmissible, "party.key_inadmissible", 39, "RFC 8032 section 5.1.7",
        "The key is malformed, weak or already another party's.";
    PartyExists, "party.other_provider", 40, "Accreditation of providers",
        "The party was enrolled by another provider.";
    PartyDead, "party.dead", 17, "Civil Code 13",
        "The party's death is registered.";
    PartyIncapable, "party.incapable", 17, "Civil Code 26",
        "The party's incapacity is registered.";
    PartyMinor, "party.minor", 21, "Civil Code 22",
        "The party is under age and acts through a guardian.";
    EntityInvalid, "entity.invalid", 23, "Civil Code 33",
        "The legal entity or group does not fit what is registered, or its members are unfit.";
    EntityInactive, "entity.inactive", 23, "Civil Code 50",
        "The legal entity is dissolved.";
    EntityOfficer, "entity.not_officer", 23, "Civil Code 37",
        "The signer is not an officer of the legal entity.";
    EntitySignatures, "entity.signatures_insufficient", 23, "Civil Code 37",
        "Fewer officers signed or approved this than it takes to bind the legal entity.";
    ApprovalRepeated, "approval.repeated", 23, "Civil Code 37",
        "The officer has approved this already.";
    GroupTooDeep, "group.too_deep", 4, "Limit of groups within groups",
        "The group has too many members, groups too deep within it, or the instrument too many signers.";
    GuardianForeign, "guardian.not_guardian", 21, "Civil Code 24",
        "The signer is not the guardian of the party.";
    GuardianConflict, "guardian.conflict", 21, "Civil Code 24",
        "The guardian or their spouse deals with the ward.";
    GuardianUnfit, "guardian.unfit", 21, "Marriage Code 122",
        "The guardian cannot act, or is the ward; or the party needs none.";
    PermissionMissing, "guardian.permission_missing", 21, "Civil Code 24",
        "The permission of the guardianship authority is required.";
    PermissionExpired, "guardian.permission_expired", 21, "Civil Code 24",
        "The permission of the guardianship authority has expired.";
    AuthorityUnknown, "authority.not_accredited", 40, "Accreditation of authorities",
        "The signer is not an authority accredited for this.";
    AuthoritySuspended, "authority.suspended", 40, "Accreditation of authorities",
        "The authority is suspended.";
    AuthorityInvalid, "authority.invalid", 40, "Accreditation of authorities",
        "The superior, the territory or the person of the authority is unfit.";
    NotaryTerritory, "notary.outside_territory", 24, "Law on Notaries 27",
        "The property is outside the territory of the notary.";
    NotaryInterested, "notary.interested", 24, "Law on Notaries 27",
        "The notary is a party, or a relative of one.";
    AttestationMissing, "attestation.missing", 40, "Law on Notaries 42",
        "The act carries no identity attestation.";
    AttestationProvider, "attestation.provider", 40, "Accreditation of providers",
        "The attestation is not by an accredited provider within its scope.";
    AttestationSubject, "attestation.wrong_subject", 40, "Law on Notaries 42",
        "The attestation is about somebody else.";
    AttestationNonce, "attestation.wrong_act", 40, "Law on Notaries 42",
        "The attestation was made for another act.";
    AttestationStale, "attestation.stale", 40, "Profile: attestation window",
        "The identity check was not made at the time of the act.";
    AttestationLevel, "attestation.level_too_low", 40, "Profile: assurance and liveness",
        "The assurance or liveness level is too low for this act.";
    EvidenceMissing, "evidence.missing", 42, "Law on Notaries 42",
        "The act carries no video evidence.";
    EvidenceEmpty, "evidence.invalid", 42, "Law on Notaries 42",
        "The recording is empty, too long or not a video.";
    EvidenceTime, "evidence.ends_before_signing", 42, "Law on Notaries 42",
        "The moment of signing is not within the recording.";
    EvidenceStatement, "evidence.statement_missing", 42, "Law on Notaries 42",
        "A required statement is missing from the recording or lies outside it.";
    EvidenceRetention, "evidence.retention_too_short", 42, "Profile: retention",
        "The recording would not be kept long enough.";
    EvidenceReused, "evidence.reused", 42, "Law on Notaries 42",
        "The recording already serves another act.";
    EvidenceUnknown, "evidence.unknown", 43, "Profile: retention",
        "The record is not on the ledger, or has no such recording.";
    EvidenceKept, "evidence.retention_running", 43, "Profile: retention",
        "The recording must still be kept.";
    EvidenceHeld, "evidence.legal_hold", 43, "Civil Procedure Code 64",
        "A court holds the recording.";
    EvidenceForeign, "evidence.not_entitled", 43, "Civil Procedure Code 64",
        "Only the provider of the act deletes a recording; only the court that holds it, or one above, lifts the hold.";
    TitleUnknown, "title.unknown", 1, "Law on Registration 21",
        "There is no title under this cadastral number.";
    TitleExists, "title.exists", 7, "Law on Registration 21",
        "A title with this cadastral number exists.";
    TitleCancelled, "title.cancelled", 7, "Law on Registration 21",
        "The title was cancelled: its property has become others.";
    HolderUnknown, "title.holder_unknown", 20, "Civil Code 12",
        "A holder is not enrolled.";
    TitleShares, "title.shares_not_one", 3, "Civil Code 209",
        "The shares do not sum to exactly one.";
    TitleNotHolder, "title.not_holder", 1, "Civil Code 188",
        "A disponor does not hold this title.";
    TitleExcess, "title.exceeds_share", 2, "Civil Code 188",
        "A disponor would convey more than they hold.";
    TitleJoint, "title.joint_share", 5, "Civil Code 220",
        "Joint ownership has no share to dispose of until it is severed.";
    PreemptionMissing, "preemption.notice_missing", 6, "Civil Code 216",
        "The share was not offered to the co-owners on the same price and terms.";
    PreemptionRunning, "preemption.period_running", 6, "Civil Code 216",
        "The co-owners still have time to use their pre-emption.";
    PreemptionForeign, "preemption.not_co_owner", 6, "Civil Code 216",
        "Only a co-owner offers a share, and only another one waives.";
    PreemptionTerms, "preemption.other_terms", 6, "Civil Code 216",
        "The offer exceeds the share, or the waiver is for another price.";
    PreemptionUnknown, "preemption.unknown", 6, "Civil Code 216",
        "There is no such offer.";
    PreemptionWaived, "preemption.already_waived", 6, "Civil Code 216",
        "The co-owner has already waived, or has an offer open.";
    ParcelArea, "parcel.area_not_conserved", 8, "Land Code 50",
        "The area is not conserved within the tolerance.";
    ParcelHolders, "parcel.holders", 8, "Land Code 50",
        "The holders are not those of every title.";
    ParcelNumber, "parcel.number_used", 8, "Land Code 50",
        "A new cadastral number was used before, or is repeated.";
    ParcelCount, "parcel.count", 8, "Land Code 50",
        "Too few or too many properties.";
    ParcelRanks, "parcel.mortgages", 8, "Land Code 50",
        "Mortgages of more than one property cannot be brought into one order.";
    TitleVersion, "title.version_changed", 9, "Law on Registration 9",
        "The title has changed since the parties drew up the instrument.";
    TitleSlot, "title.slot_taken", 9, "Law on Registration 9",
        "An instrument lodged earlier holds the priority slot of this title.";
    NoticeInForce, "notice.reserved", 32, "Profile: priority notice",
        "The slot is reserved for another deed.";
    NoticeForeign, "notice.not_buyer", 32, "Profile: priority notice",
        "Only an acquirer reserves the slot for their deed.";
    NoticeUnsigned, "notice.disponor_missing", 32, "Profile: priority notice",
        "No disponor has signed the deed yet.";
    NoticeStacked, "notice.stacked", 32, "Profile: priority notice",
        "The slot was reserved for this deed or by this buyer already.";
    TransferUnbalanced, "transfer.unbalanced", 3, "Civil Code 209",
        "What is given is not exactly what is received.";
    TransferParties, "transfer.parties", 3, "Civil Code 148",
        "A party is missing, repeated, or on both sides.";
    TransferPrice, "transfer.price", 10, "Civil Code 406",
        "A sale needs a price in one currency; a gift has none.";
    TransferHoldings, "transfer.too_many_holdings", 3, "Limit of holdings on a title",
        "The title would have too many holdings.";
    TransferGround, "transfer.ground", 22, "Civil Code 1072",
        "An inheritance needs a succession certificate, a court sale an order; nothing else has a ground.";
    TransferCounter, "transfer.counter", 10, "Civil Code 501",
        "An exchange has another property that passes the other way; nothing else has.";
    SuccessionUnknown, "succession.unknown", 22, "Civil Code 1072",
        "There is no such succession certificate, or it was used.";
    SuccessionHeirs, "succession.heirs", 22, "Civil Code 1072",
        "The heirs, their shares or the property are not those of the certificate.";
    SuccessionAlive, "succession.not_dead", 22, "Civil Code 1042",
        "The death of the party is not registered.";
    OrderUnknown, "order.unknown", 44, "Civil Procedure Code 240",
        "There is no such order, or it was carried out.";
    OrderOther, "order.other_matter", 44, "Civil Procedure Code 240",
        "The order is for another title, party, price or purpose.";
    OrderNotFinal, "order.not_final", 44, "Civil Procedure Code 240",
        "The order is not final yet.";
    SeveranceInvalid, "severance.invalid", 5, "Civil Code 220",
        "A severance gives the whole joint holding to its joint owners.";
    SettlementUnbalanced, "settlement.unbalanced", 35, "Integer minor units",
        "The sources, the destinations and the price are not equal.";
    SettlementLines, "settlement.lines", 35, "Integer minor units",
        "A line is empty, in another currency, or there are none or too many.";
    EscrowAgent, "escrow.not_agent", 36, "Law on Payments 25",
        "The escrow agent is not accredited, or not the one of the deed.";
    EscrowAmount, "escrow.amount", 36, "Law on Payments 25",
        "The amount is not the one of the deed.";
    EscrowFunded, "escrow.already_funded", 36, "Law on Payments 25",
        "The deed is funded already, or needs no funding.";
    EscrowMissing, "escrow.not_funded", 36, "Law on Payments 25",
        "The escrow agent does not hold the sum yet.";
    EscrowUnknown, "escrow.unknown", 37, "Law on Payments 25",
        "There is no such escrow.";
    EscrowNotOrdered, "escrow.not_ordered", 37, "Law on Payments 25",
        "The ledger has not ordered this: a release follows registration, a refund any other end.";
    EscrowSettled, "escrow.settled", 37, "Law on Payments 25",
        "The escrow was released or refunded already.";
    DutyUnpaid, "duty.unpaid", 38, "Tax Code 553",
        "A duty is neither paid nor exempt.";
    DutyDone, "duty.already_settled", 38, "Tax Code 553",
        "The duty is settled already, or not due.";
    AcquirerUnknown, "transfer.acquirer_unknown", 39, "Civil Code 12",
        "An acquirer is not enrolled, or is dead.";
    InstrumentUnknown, "instrument.unknown", 31, "Law on Registration 22",
        "There is no such instrument.";
    InstrumentClosed, "instrument.closed", 31, "Law on Registration 22",
        "The instrument is no longer pending.";
    RequisitionOpen, "requisition.open", 33, "Law on Registration 27",
        "A requisition of the registrar is open.";
    RequisitionUnanswered, "requisition.unanswered", 33, "Law on Registration 27",
        "A requisition was not answered in time.";
    RequisitionRefused, "requisition.refused", 33, "Law on Registration 27",
        "The registrar refused the answer to a requisition.";
    RequisitionUnknown, "requisition.unknown", 33, "Law on Registration 27",
        "There is no such requisition, or it is not at this stage.";
    RequisitionForeign, "requisition.not_entitled", 33, "Law on Registration 27",
        "Only a party or the lodger answers a requisition.";
    RequisitionTooMany, "requisition.too_many", 33, "Limit of requisitions",
        "Too many requisitions or supplements are on this instrument.";
    NotaryMissing, "notary.missing", 24, "Civil Code 154",
        "A notary has to certify the instrument.";
    NotaryDone, "notary.already_certified", 24, "Civil Code 154",
        "A notary has certified it already, or it needs none.";
    ActRoleForeign, "act.not_a_party", 4, "Civil Code 212",
        "The signer is not a party to the instrument in this capacity.";
    ActRepeated, "act.already_done", 4, "Civil Code 212",
        "This party has already acted in this capacity.";
    WithdrawalForeign, "withdrawal.not_entitled", 31, "Law on Registration 27",
        "Only its lodger or a disponor may withdraw an instrument.";
    StatusUnknown, "marriage.status_unknown", 11, "Marriage Code 33",
        "A disponor's marital status at acquisition is not known.";
    StatusUndivided, "marriage.undivided", 11, "Marriage Code 37",
        "The property is joint with a former or deceased spouse and not yet divided.";
    StatusInvalid, "status.invalid", 11, "Marriage Code 33",
        "The civil-status fact does not fit what is registered.";
    ConsentMissing, "consent.missing", 12, "Marriage Code 34",
        "A spouse's consent is required.";
    ConsentNotSpouse, "consent.not_spouse", 12, "Marriage Code 34",
        "The consent is not by the spouse of a holder.";
    ConsentByDisponor, "consent.by_disponor", 12, "Marriage Code 34",
        "The disponor cannot give the spouse's consent to themselves.";
    ConsentScope, "consent.out_of_scope", 12, "Marriage Code 34",
        "The consent is for another act, counterparty or price.";
    ConsentExpired, "consent.expired", 12, "Marriage Code 34",
        "The consent has expired.";
    ConsentEnded, "consent.revoked", 13, "Marriage Code 34",
        "The consent was revoked.";
    ConsentUsed, "consent.used", 13, "Marriage Code 34",
        "The consent was used already.";
    ConsentTooMany, "consent.too_many", 13, "Limit of consents on a title",
        "Too many consents are in force for this holder.";
    MortgageUnknown, "mortgage.unknown", 25, "Civil Code 299",
        "There is no such mortgage on this title.";
    MortgageForeign, "mortgage.not_mortgagee", 25, "Civil Code 315",
        "The signer is not the present mortgagee.";
    MortgageConsent, "mortgage.consent_missing", 25, "Civil Code 315",
        "The mortgagee has to consent to this deed, or to discharge the mortgage with it.";
    MortgageDischarge, "mortgage.discharge_missing", 25, "Civil Code 315",
        "The deed says that the mortgage goes: its mortgagee has to discharge it with the deed.";
    MortgageTerms, "mortgage.terms", 26, "Civil Code 307",
        "The mortgage has no amount, or its parties are not the holders and somebody else.";
    MortgageRank, "mortgage.rank", 26, "Civil Code 311",
        "A mortgage steps back behind a lower one, with everyone it lets pass.";
    EncumbranceUnknown, "encumbrance.unknown", 29, "Law on Registration 22",
        "There is no such encumbrance on this title.";
    EncumbranceForeign, "encumbrance.not_holder", 29, "Civil Code 188",
        "Only its holder gives an encumbrance up.";
    EncumbranceTooMany, "encumbrance.too_many", 29, "Limit of encumbrances",
        "The title has too many encumbrances of this kind.";
    EncumbranceTerms, "encumbrance.terms", 29, "Civil Code 188",
        "The term is over, or the parties are not the holders and somebody else.";
    DischargeRepeated, "discharge.repeated", 25, "Civil Code 315",
        "The consent or discharge was given already.";
    FreezeInForce, "freeze.in_force", 27, "Civil Procedure Code 156",
        "The property is frozen.";
    FreezeUnknown, "freeze.unknown", 27, "Civil Procedure Code 156",
        "There is no such freeze on this title.";
    FreezeForeign, "freeze.not_entitled", 27, "Civil Procedure Code 156",
        "Only its own authority, or a court above it, lifts a freeze.";
    FreezeTerm, "freeze.term", 27, "Civil Procedure Code 156",
        "The freeze would be over before it begins.";
    CaveatTerm, "caveat.term", 28, "Law on Registration 26",
        "The caveat is over before it begins, or lasts too long.";
    CaveatRepeated, "caveat.repeated", 28, "Law on Registration 26",
        "The claimant has a caveat on this title already.";
    LockInForce, "lock.in_force", 30, "Civil Code 188",
        "A holder has locked their holding.";
    LockUnknown, "lock.unknown", 30, "Civil Code 188",
        "There is no such lock on this title.";
    LockForeign, "lock.not_holder", 30, "Civil Code 188",
        "Only a holder, in person, locks their holding or asks for it to be opened.";
    LockRepeated, "lock.repeated", 30, "Civil Code 188",
        "The holding is locked already, or the lock is opening.";
    PowerUnknown, "poa.unknown", 18, "Civil Code 167",
        "There is no such power of attorney.";
    PowerNoDate, "poa.no_date", 14, "Civil Code 168",
        "A power of attorney without a date of issue is void.";
    PowerDates, "poa.dates", 14, "Civil Code 168",
        "The dates of the power are impossible or in the future.";
    PowerScopeEmpty, "poa.scope_invalid", 15, "Civil Code 167",
        "The scope of the power is empty or malformed.";
    PowerSelf, "poa.agent_is_principal", 19, "Civil Code 163",
        "The agent is the principal.";
    PowerAgentUnknown, "poa.agent_unknown", 20, "Civil Code 167",
        "The agent is not enrolled, or is dead or incapable.";
    PowerNotAgent, "poa.not_agent", 15, "Civil Code 167",
        "The signer is not the agent of this power.";
    PowerNotYet, "poa.not_yet", 14, "Civil Code 168",
        "The power is not in force yet.";
    PowerExpired, "poa.expired", 17, "Civil Code 170",
        "The power has expired.";
    PowerUnnotarised, "poa.not_notarised", 16, "Civil Code 169",
        "A notary has not certified the sub-power.";
    PowerParent, "poa.parent_ended", 16, "Civil Code 170",
        "The power that this one is part of is not in force.";
    PowerRevoked, "poa.revoked", 17, "Civil Code 170",
        "The power was revoked.";
    PowerRenounced, "poa.renounced", 17, "Civil Code 170",
        "The agent renounced the power.";
    PowerDead, "poa.ended_by_death", 17, "Civil Code 170",
        "The power ended with the death or incapacity of the principal or the agent.";
    PowerScope, "poa.out_of_scope", 15, "Civil Code 167",
        "The act is outside the scope of the power.";
    PowerPrice, "poa.below_floor", 15, "Civil Code 167",
        "The price is below the power's floor.";
    PowerSelfDealing, "poa.self_dealing", 19, "Civil Code 163",
        "The agent deals with themselves, their spouse, or on both sides.";
    PrincipalNotHolder, "poa.principal_not_holder", 20, "Civil Code 188",
        "The principal does not hold the right when the act is done.";
    PowerNoSubstitution, "poa.substitution_not_allowed", 16, "Civil Code 169",
        "The power may not be passed on, or not once more.";
    PowerWider, "poa.wider_than_parent", 16, "Civil Code 169",
        "The sub-power covers more than the power it is part of.";
    PowerLonger, "poa.longer_than_parent", 16, "Civil Code 169",
        "The sub-power lasts longer than the power it is part of.";
    PowerCycle, "poa.cycle", 16, "Civil Code 169",
        "The sub-agent is the principal, or an agent of the chain.";
    RevocationForeign, "revocation.not_entitled", 18, "Civil Code 170",
        "Only who gave a power, a consent or an approval may revoke it, and only the agent may renounce.";
    RevocationDone, "revocation.already_ended", 18, "Civil Code 170",
        "It has ended already, or was used.";
    CorrectionOrder, "correction.order_missing", 44, "Law on Registration 30",
        "Only a slip in the description of the property is corrected without an order.";
    CorrectionUnknown, "correction.unknown", 44, "Law on Registration 30",
        "There is no such correction, or it was approved.";
    CorrectionSame, "correction.same_registrar", 44, "Law on Registration 30",
        "A slip needs two different registrars.";
    ProfilePast, "profile.not_future", 47, "Governance of the ledger",
        "A profile changes from a later block on, after every other change that is planned.";
    ProfileInvalid, "profile.invalid", 47, "Governance of the ledger",
        "The profile has an impossible parameter, or there are too many.";
    AccessUnknown, "access.unknown", 49, "Law on Personal Data 7",
        "There is no such access consent.";
    AccessForeign, "access.other_recipient", 49, "Law on Personal Data 7",
        "The consent is for somebody else, by somebody else or for another purpose.";
    AccessExpired, "access.expired", 49, "Law on Personal Data 7",
        "The access consent has expired.";
    AccessEnded, "access.revoked", 49, "Law on Personal Data 8",
        "The access consent was revoked.";
    AccessGround, "access.no_ground", 49, "Law on Personal Data 9",
        "Without consent only an authority reads, on a stated legal ground.";
    AppealUnknown, "appeal.unknown", 50, "Administrative Procedure Code 91",
        "There is no such appeal, or it was decided.";
    AppealStanding, "appeal.no_standing", 50, "Administrative Procedure Code 91",
        "Only a party or the lodger of an instrument appeals, and only its court decides.";
    AppealOpen, "appeal.open_already", 50, "Administrative Procedure Code 91",
        "An appeal is open already.";
    AppealLate, "appeal.late", 50, "Administrative Procedure Code 92",
        "The time for an appeal is over.";
    AppealEarly, "appeal.not_decided", 50, "Administrative Procedure Code 91",
        "The instrument has not ended yet.";
    ValidatorsNumber, "validators.number", 47, "Governance of the ledger",
        "The change of validators is not the next one after those registered.";
    ValidatorsInvalid, "validators.invalid", 47, "Governance of the ledger",
        "The validators are no set: doubles, weak or changed keys, powers that do not fit, or nothing new.";
    ValidatorsApproval, "validators.approval_invalid", 47, "RFC 8032 section 5.1.7",
        "An approval is not by a present or a joining validator, or does not verify.";
    ValidatorsUnapproved, "validators.not_approved", 47, "Governance of the ledger",
        "The approvals are of two thirds or less of the present validators' power.";
    ValidatorsUnasked, "validators.newcomer_silent", 47, "Governance of the ledger",
        "A validator that joins has not approved.";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A refusal: at least one code, in the order of [`Code`], each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Rejection(BTreeSet<Code>);

impl Rejection {
    /// A refusal for one reason.
    #[must_use]
    pub fn one(code: Code) -> Self {
        Self(BTreeSet::from([code]))
    }

    /// A refusal for all of these reasons; `Ok` if there are none.
    ///
    /// # Errors
    /// The refusal, if there is a reason.
    pub fn check(codes: BTreeSet<Code>) -> Result<(), Self> {
        if codes.is_empty() {
            Ok(())
        } else {
            Err(Self(codes))
        }
    }

    /// The reasons, in order.
    pub fn codes(&self) -> impl Iterator<Item = Code> + '_ {
        self.0.iter().copied()
    }

    /// The reasons as the log writes them.
    #[must_use]
    pub fn to_strings(&self) -> Vec<String> {
        self.codes().map(|code| code.as_str().to_owned()).collect()
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, code) in self.codes().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {}", code.as_str(), code.text())?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_its_own_and_has_a_rule_and_a_sentence() {
        let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!((1..=50).contains(&code.rule()), "{code}");
            assert!(
                code.text().ends_with('.') && !code.source().is_empty(),
                "{code}"
            );
        }
    }
}
