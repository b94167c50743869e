//! Signing through the guard, and checking.
//!
//! A refusal by the guard must not become an error: the engine answers a signer's error by
//! stopping, and would do so again after every restart. Instead the message gets a signature that
//! verifies under no key. The engine's own check drops it, so do all peers', and this validator
//! has abstained; syncing goes on. Only a guard that cannot be written is an error.

use std::sync::Arc;

use arc_malachitebft_core_types::{SignedMessage, ValidatorProof, VoteExtensionScope, VoteType};
use arc_malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use async_trait::async_trait;
use deedbook_schemas::block::Height;
use deedbook_schemas::digest::{BlockId, LedgerId, derive};
use deedbook_schemas::keys::{PublicKey, Signature};

use super::context::{Ctx, Proposal, Vote};
use crate::store::guard::{Position, SignError, SigningGuard, Step};

/// What stands where the guard refused: its scalar is not below the group order, so that strict
/// verification refuses it under every key (RFC 8032 §5.1.7).
pub(crate) const WITHHELD: Signature = Signature([0xff; 64]);

/// The bytes a proposer signs over the parts of a block: `"deedbook/parts/v1" ‖ ledger(32) ‖
/// height(u64 BE) ‖ round(u32 BE) ‖ block id(32) ‖ BLAKE3 of the encoded block(32)`. The id covers
/// the header alone; without the encoding's hash, a peer could pass on other records under the
/// proposer's signature and have an honest block refused.
pub(crate) fn parts_bytes(
    ledger: &LedgerId,
    height: Height,
    round: u32,
    block: &BlockId,
    encoding: &[u8],
) -> Vec<u8> {
    let mut bytes = b"deedbook/parts/v1".to_vec();
    bytes.extend_from_slice(&ledger.0);
    bytes.extend_from_slice(&height.0.to_be_bytes());
    bytes.extend_from_slice(&round.to_be_bytes());
    bytes.extend_from_slice(&block.0);
    bytes.extend_from_slice(&derive("deedbook 2026 encoded block", &[encoding]));
    bytes
}

/// The bytes that tie a libp2p peer to a validator: `"deedbook/validator-proof/v1" ‖ ledger(32) ‖`
/// the engine's preimage (both lengths and both values).
fn proof_bytes(ledger: &LedgerId, public_key: &[u8], peer_id: &[u8]) -> Vec<u8> {
    let mut bytes = b"deedbook/validator-proof/v1".to_vec();
    bytes.extend_from_slice(&ledger.0);
    bytes.extend_from_slice(&ValidatorProof::<Ctx>::signing_bytes(public_key, peer_id));
    bytes
}

/// Signs for this validator.
#[derive(Clone)]
pub(crate) struct GuardedSigner {
    pub(crate) guard: Arc<SigningGuard>,
    pub(crate) ledger: LedgerId,
}

impl GuardedSigner {
    /// Asks the guard off the async threads, because it waits for the disk.
    pub(crate) async fn sign(
        &self,
        position: Position,
        block: Option<BlockId>,
        message: Vec<u8>,
    ) -> Result<Signature, SignError> {
        let guard = Arc::clone(&self.guard);
        tokio::task::spawn_blocking(move || guard.sign(position, block.as_ref(), &message))
            .await
            .unwrap_or_else(|error| Err(SignError::Io(error.to_string())))
    }

    /// [`GuardedSigner::sign`], with [`WITHHELD`] for a refusal.
    async fn sign_or_abstain(
        &self,
        position: Position,
        block: Option<BlockId>,
        message: Vec<u8>,
    ) -> Result<Signature, Error> {
        match self.sign(position, block, message).await {
            Ok(signature) => Ok(signature),
            Err(SignError::Refused(refusal)) => {
                tracing::warn!(%position, %refusal, "abstaining: the signing guard refused");
                Ok(WITHHELD)
            }
            Err(error) => Err(Error::from_source(error)),
        }
    }
}

/// There is no round to sign for.
fn no_round() -> Error {
    Error::from_source("a message without a round is never signed")
}

#[async_trait]
impl Signer<Ctx> for GuardedSigner {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedMessage<Ctx, Vote>, Error> {
        let (round, message) = vote
            .round
            .as_u32()
            .zip(vote.sign_bytes(&self.ledger))
            .ok_or_else(no_round)?;
        let step = match vote.kind {
            VoteType::Prevote => Step::Prevote,
            VoteType::Precommit => Step::Precommit,
        };
        let position = Position {
            height: vote.height.0,
            round,
            step,
        };
        let signature = self
            .sign_or_abstain(position, vote.block().copied(), message)
            .await?;
        Ok(SignedMessage::new(vote, signature))
    }

    async fn sign_proposal(
        &self,
        proposal: Proposal,
    ) -> Result<SignedMessage<Ctx, Proposal>, Error> {
        let (round, message) = proposal
            .round
            .as_u32()
            .zip(proposal.sign_bytes(&self.ledger))
            .ok_or_else(no_round)?;
        let position = Position {
            height: proposal.height.0,
            round,
            step: Step::Proposal,
        };
        let signature = self
            .sign_or_abstain(position, Some(proposal.value.0), message)
            .await?;
        Ok(SignedMessage::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<Ctx>,
        (): (),
    ) -> Result<SignedMessage<Ctx, ()>, Error> {
        Err(Error::from_source("vote extensions are disabled"))
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<Ctx>, Error> {
        let message = proof_bytes(&self.ledger, &public_key, &peer_id);
        let signature = self.guard.sign_statement(&message);
        Ok(ValidatorProof::new(public_key, peer_id, signature))
    }
}

/// Checks what others signed; strictly, through `keys`.
#[derive(Clone, Copy)]
pub(crate) struct StrictVerifier {
    pub(crate) ledger: LedgerId,
}

impl StrictVerifier {
    /// Whether `signature` is `key`'s over this vote.
    pub(crate) fn vote(&self, vote: &Vote, signature: &Signature, key: &PublicKey) -> bool {
        vote.sign_bytes(&self.ledger)
            .is_some_and(|message| key.verify(&message, signature))
    }

    /// Whether `signature` is `key`'s over this proposal.
    pub(crate) fn proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> bool {
        proposal
            .sign_bytes(&self.ledger)
            .is_some_and(|message| key.verify(&message, signature))
    }
}

#[async_trait]
impl Verifier<Ctx> for StrictVerifier {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::from_bool(
            self.vote(vote, signature, key),
        ))
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::from_bool(
            self.proposal(proposal, signature, key),
        ))
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<Ctx>,
        (): &(),
        _: &Signature,
        _: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        proof: &ValidatorProof<Ctx>,
    ) -> Result<VerificationResult, Error> {
        let message = proof_bytes(&self.ledger, &proof.public_key, &proof.peer_id);
        // A key that comes with its proof was never admitted to the ledger.
        let key = proof
            .decoded_public_key()
            .ok()
            .and_then(|key| key.admit().ok());
        let valid = key.is_some_and(|key| key.verify(&message, &proof.signature));
        Ok(VerificationResult::from_bool(valid))
    }
}

#[cfg(test)]
mod tests {
    use arc_malachitebft_core_types::{NilOrVal, Round};
    use deedbook_schemas::keys::SigningKey;
    use deedbook_schemas::validators::ValidatorAddress;

    use super::super::context::{Address, EngineHeight, Value};
    use super::*;

    const LEDGER: LedgerId = LedgerId([1; 32]);

    fn signer(folder: &tempfile::TempDir) -> GuardedSigner {
        let (path, key) = (
            folder.path().join("guard"),
            SigningKey::from_bytes(&[5; 32]),
        );
        SigningGuard::create(&path, &LEDGER, &PublicKey::of(&key)).unwrap();
        let guard = Arc::new(SigningGuard::open(&path, &LEDGER, key).unwrap());
        GuardedSigner {
            guard,
            ledger: LEDGER,
        }
    }

    fn vote(block: u8) -> Vote {
        Vote {
            kind: VoteType::Precommit,
            height: EngineHeight(Height(7)),
            round: Round::new(2),
            value: NilOrVal::Val(BlockId([block; 32])),
            validator: Address(ValidatorAddress([0; 20])),
        }
    }

    #[tokio::test]
    async fn a_second_vote_is_withheld_with_a_signature_that_verifies_under_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let signer = signer(&folder);
        let key = signer.guard.public_key();
        let verifier = StrictVerifier { ledger: LEDGER };
        let first = signer.sign_vote(vote(1)).await.unwrap();
        assert!(verifier.vote(&first.message, &first.signature, &key));
        let second = signer.sign_vote(vote(2)).await.unwrap();
        assert_eq!(second.signature, WITHHELD);
        assert!(!verifier.vote(&second.message, &second.signature, &key));
        assert_eq!(
            signer.sign_vote(vote(1)).await.unwrap().signature,
            first.signature
        );
    }

    #[tokio::test]
    async fn a_signature_counts_for_its_ledger_and_its_use_alone() {
        let folder = tempfile::tempdir().unwrap();
        let signer = signer(&folder);
        let key = signer.guard.public_key();
        let proposal = Proposal {
            height: EngineHeight(Height(7)),
            round: Round::new(0),
            value: Value(BlockId([1; 32])),
            pol_round: Round::Nil,
            proposer: Address(ValidatorAddress([0; 20])),
        };
        let signed = signer.sign_proposal(proposal).await.unwrap();
        let there = StrictVerifier {
            ledger: LedgerId([2; 32]),
        };
        let here = StrictVerifier { ledger: LEDGER };
        assert!(here.proposal(&signed.message, &signed.signature, &key));
        assert!(!there.proposal(&signed.message, &signed.signature, &key));
        let parts = parts_bytes(&LEDGER, Height(7), 0, &BlockId([1; 32]), &[]);
        assert!(!key.verify(&parts, &signed.signature));
    }

    #[tokio::test]
    async fn a_proof_binds_one_peer_to_one_key_on_one_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let signer = signer(&folder);
        let key = signer.guard.public_key().0.to_vec();
        let proof = signer
            .sign_validator_proof(key.clone(), vec![1, 2, 3])
            .await
            .unwrap();
        let valid = async |ledger, proof: &ValidatorProof<Ctx>| {
            StrictVerifier { ledger }
                .verify_validator_proof(proof)
                .await
                .unwrap()
                .is_valid()
        };
        assert!(valid(LEDGER, &proof).await);
        assert!(!valid(LedgerId([2; 32]), &proof).await);
        let moved = ValidatorProof {
            peer_id: vec![1, 2, 4],
            ..proof.clone()
        };
        assert!(!valid(LEDGER, &moved).await);
        // The identity point, under which dalek's `verify` accepts any message.
        let mut weak = vec![0; 32];
        weak[0] = 1;
        assert!(
            !valid(
                LEDGER,
                &ValidatorProof {
                    public_key: weak,
                    ..proof
                }
            )
            .await
        );
    }
}
