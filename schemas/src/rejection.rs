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
    AuthorityUnknown, "authority.not_accredited", 40, "Accreditation of authorities",
        "The signer is not an authority accredited for this.";
    AuthoritySuspended, "authority.suspended", 40, "Accreditation of authorities",
        "The authority is suspended.";
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
    TitleUnknown, "title.unknown", 1, "Law on Registration 21",
        "There is no title under this cadastral number.";
    TitleExists, "title.exists", 7, "Law on Registration 21",
        "A title with this cadastral number exists.";
    HolderUnknown, "title.holder_unknown", 20, "Civil Code 12",
        "A holder is not enrolled.";
    TitleShares, "title.shares_not_one", 3, "Civil Code 209",
        "The shares do not sum to exactly one.";
    TitleNotHolder, "title.not_holder", 1, "Civil Code 188",
        "A disponor does not hold this title.";
    TitleExcess, "title.exceeds_share", 2, "Civil Code 188",
        "A disponor would convey more than they hold.";
    TitleVersion, "title.version_changed", 9, "Law on Registration 9",
        "The title has changed since the parties drew up the instrument.";
    TitleSlot, "title.slot_taken", 9, "Law on Registration 9",
        "An instrument lodged earlier holds the priority slot of this title.";
    TransferUnbalanced, "transfer.unbalanced", 3, "Civil Code 209",
        "What is given is not exactly what is received.";
    TransferParties, "transfer.parties", 3, "Civil Code 148",
        "A party is missing, repeated, or on both sides.";
    TransferPrice, "transfer.price", 10, "Civil Code 406",
        "A sale needs a price in one currency; a gift has none.";
    TransferHoldings, "transfer.too_many_holdings", 3, "Limit of holdings on a title",
        "The title would have too many holdings.";
    AcquirerUnknown, "transfer.acquirer_unknown", 39, "Civil Code 12",
        "An acquirer is not enrolled, or is dead.";
    InstrumentUnknown, "instrument.unknown", 31, "Law on Registration 22",
        "There is no such instrument.";
    InstrumentClosed, "instrument.closed", 31, "Law on Registration 22",
        "The instrument is no longer pending.";
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
    RevocationForeign, "revocation.not_entitled", 18, "Civil Code 170",
        "Only who gave a power or a consent may revoke it, and only the agent may renounce.";
    RevocationDone, "revocation.already_ended", 18, "Civil Code 170",
        "It has ended already, or was used.";
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
