//! The reference identity provider: what it checks, and what it says about it.
//!
//! Lives here: enrolment of a key whose possession was shown, and attestation of an act by a
//! holder of an enrolled key. No face is compared and no document is read, so the method is
//! `key-possession`, the assurance low and the liveness none; nothing else would be true. The
//! sessions of the HTTP service are in `session`, the service in `http`, its folder in `home`, and what a
//! person's device says to it in `device`.

pub mod device;
pub mod home;
pub mod http;
pub mod session;

use deedbook_client::drafting::draft;
use deedbook_client::wallet::{Wallet, WalletError};
use deedbook_schemas::attestation::Attestation;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{ActDigest, LedgerId};
use deedbook_schemas::party::{Enrolment, PartyId, possession_bytes};
use deedbook_schemas::record::{Body, SignedAttestation};

/// The one method of this provider: the person signed a fresh challenge with the enrolled key.
pub const METHOD: &str = "key-possession";
/// Assurance level of [`METHOD`]: low.
pub const ASSURANCE: u8 = 1;
/// Liveness level of [`METHOD`]: none.
pub const LIVENESS: u8 = 0;

/// Why somebody is not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Malformed, weak, or of small order.
    #[error("the key is not an admissible Ed25519 key")]
    Key,
    /// The applicant does not hold the key.
    #[error("the proof of possession does not verify for this ledger, party and key")]
    Possession,
    /// No random bytes.
    #[error(transparent)]
    Machine(#[from] WalletError),
}

/// A provider: its accredited key, on one ledger.
#[derive(Debug)]
pub struct Provider {
    /// Its id and key.
    pub wallet: Wallet,
    /// The ledger it works for.
    pub ledger: LedgerId,
}

impl Provider {
    /// Enrols a party whose possession of the key is shown: the signed record's bytes.
    ///
    /// # Errors
    /// [`EnrolError`] if the key is unfit or not the applicant's.
    pub fn enrol(
        &self,
        party: PartyId,
        enrolment: Enrolment,
        now: Seconds,
    ) -> Result<Vec<u8>, EnrolError> {
        let key = enrolment.key.admit().map_err(|_| EnrolError::Key)?;
        let message = possession_bytes(&self.ledger, &party, &enrolment.key);
        if !key.verify(&message, &enrolment.possession) {
            return Err(EnrolError::Possession);
        }
        let body = Body::Enrolment(enrolment);
        let draft = draft(self.ledger, self.wallet.party, party.to_string(), now, body)?;
        Ok(draft.sign(self.wallet.key(), None))
    }

    /// Says that `party` showed possession of its enrolled key for the act of this digest. The
    /// caller has checked it: the service by a challenge, a load test by making the key itself.
    #[must_use]
    pub fn attest(&self, party: PartyId, act: ActDigest, now: Seconds) -> Vec<u8> {
        let attestation = Attestation {
            ledger: self.ledger,
            nonce: act,
            method: METHOD.to_owned(),
            assurance: ASSURANCE,
            liveness: LIVENESS,
            time: now,
        };
        SignedAttestation::sign(self.wallet.party, party, &attestation, self.wallet.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Person, now};
    use deedbook_schemas::record::Record;

    fn provider() -> Provider {
        Provider {
            wallet: Wallet::generate(None).unwrap(),
            ledger: LedgerId([3; 32]),
        }
    }

    #[test]
    fn a_person_who_holds_the_key_is_enrolled_by_a_record_that_verifies() {
        let (provider, person) = (provider(), Person::invent("A").unwrap());
        let bytes = provider
            .enrol(
                person.wallet.party,
                person.enrolment(&provider.ledger),
                now(),
            )
            .unwrap();
        let record = Record::decode(&bytes).unwrap();
        assert!(record.verify());
        assert_eq!(record.issuer(), provider.wallet.party);
        assert_eq!(record.subject(), person.wallet.party.to_string());
    }

    #[test]
    fn a_proof_of_possession_for_another_ledger_party_or_key_enrols_nobody() {
        let (provider, person) = (provider(), Person::invent("A").unwrap());
        let other = Person::invent("B").unwrap();
        let foreign = person.enrolment(&LedgerId([4; 32]));
        let stolen = Enrolment {
            key: other.wallet.public(),
            ..person.enrolment(&provider.ledger)
        };
        let own = person.enrolment(&provider.ledger);
        for (party, enrolment) in [
            (person.wallet.party, foreign),
            (person.wallet.party, stolen),
            (other.wallet.party, own),
        ] {
            assert!(matches!(
                provider.enrol(party, enrolment, Seconds(1)),
                Err(EnrolError::Possession)
            ));
        }
    }

    #[test]
    fn an_attestation_says_what_the_provider_did_and_no_more() {
        let (provider, act) = (provider(), ActDigest([9; 32]));
        let bytes = provider.attest(PartyId([5; 16]), act, Seconds(7));
        let signed = SignedAttestation::decode(&bytes).unwrap();
        assert!(signed.statement.verifies());
        assert_eq!(signed.attestation.nonce, act);
        assert_eq!(signed.attestation.method, "key-possession");
        assert_eq!(
            (signed.attestation.assurance, signed.attestation.liveness),
            (1, 0)
        );
    }
}
