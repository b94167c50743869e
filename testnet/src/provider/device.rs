//! What a person's device does with the provider: enrol, and answer the challenge of an act.

use anyhow::{Context as _, Result};
use deedbook_client::wallet::Wallet;
use deedbook_schemas::digest::{ActDigest, LedgerId};
use deedbook_schemas::keys::sign;

use super::http::{
    About, AnswerRequest, AttestationView, EnrolmentRequest, EnrolmentView, SessionRequest,
    SessionView,
};
use super::session::answer_bytes;
use crate::people::Person;
use crate::web::Service;

/// The provider as seen from a person's device.
#[derive(Debug, Clone)]
pub struct ProviderDesk {
    service: Service,
    ledger: LedgerId,
}

impl ProviderDesk {
    /// The provider of `ledger` at this address.
    #[must_use]
    pub fn new(service: Service, ledger: LedgerId) -> Self {
        Self { service, ledger }
    }

    /// What the provider says of itself.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn about(&self) -> Result<About> {
        self.service.get("/v1/about").await
    }

    /// Enrols a person: the signed enrolment record, ready to be submitted.
    ///
    /// # Errors
    /// If the provider cannot be reached or refuses.
    pub async fn enrol(&self, person: &Person) -> Result<Vec<u8>> {
        let request = EnrolmentRequest {
            party: person.wallet.party,
            enrolment: person.enrolment(&self.ledger),
        };
        let view: EnrolmentView = self.service.post("/v1/enrolments", &request).await?;
        hex::decode(view.record).context("the provider's enrolment record")
    }

    /// Goes through the identity check for one act: the provider's attestation.
    ///
    /// # Errors
    /// If the provider cannot be reached or refuses.
    pub async fn attest(&self, wallet: &Wallet, act_digest: ActDigest) -> Result<Vec<u8>> {
        let party = wallet.party;
        let request = SessionRequest { party, act_digest };
        let session: SessionView = self.service.post("/v1/sessions", &request).await?;
        let mut challenge = [0; 32];
        hex::decode_to_slice(&session.challenge, &mut challenge)
            .context("the provider's challenge")?;
        let message = answer_bytes(&self.ledger, &party, &act_digest, &challenge);
        let answer = AnswerRequest {
            signature: sign(wallet.key(), &message),
        };
        let path = format!("/v1/sessions/{}/answer", session.session);
        let view: AttestationView = self.service.post(&path, &answer).await?;
        hex::decode(view.attestation).context("the provider's attestation")
    }
}
