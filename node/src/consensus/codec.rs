//! The engine's messages as bytes: for its log, its gossip and its sync.
//!
//! Lives here: one borsh shape a message, and its bounds. Does not live here: what consensus
//! signs (`context`, `signer`), nor anything a client sees. Peers send these bytes, so every count
//! and length is bounded and nothing here panics; that a signature holds is checked elsewhere.

pub(super) use std::io::Error;
use std::io::ErrorKind;

use arc_malachitebft_app::consensus::LivenessMsg;
use arc_malachitebft_app::types::codec::Codec;
use arc_malachitebft_app::types::{ProposedValue, SignedConsensusMsg};
use arc_malachitebft_core_types::{
    ExtendedCommitCertificate, ExtendedCommitSignature, NilOrVal, PolkaCertificate, PolkaSignature,
    Round, RoundCertificate, RoundCertificateType, RoundSignature, SignedMessage, SignedProposal,
    SignedVote, Validity, VoteType,
};
use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use deedbook_schemas::block::Height;
use deedbook_schemas::digest::BlockId;
use deedbook_schemas::keys::Signature;
use deedbook_schemas::limits::VALIDATORS_MAX;
use deedbook_schemas::validators::ValidatorAddress;

use super::context::{Address, Ctx, EngineHeight, Proposal, Value, Vote};

/// Encodes and decodes everything the engine sends or keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BorshCodec;

pub(super) type Io<T> = Result<T, Error>;

pub(super) fn invalid(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidData, reason.into())
}

pub(super) fn write<T: BorshSerialize>(message: &T) -> Io<Bytes> {
    borsh::to_vec(message).map(Bytes::from)
}

pub(super) fn read<T: BorshDeserialize>(bytes: &[u8]) -> Io<T> {
    T::try_from_slice(bytes)
}

/// Refuses more than `max` of something.
pub(super) fn at_most(what: &str, count: usize, max: usize) -> Io<()> {
    if count <= max {
        Ok(())
    } else {
        Err(invalid(format!("{count} {what}, at most {max}")))
    }
}

/// A round of a message that cannot be without one.
fn round(round: Round) -> Io<u32> {
    round
        .as_u32()
        .ok_or_else(|| invalid("a message without a round"))
}

fn to_block(value: NilOrVal<BlockId>) -> Option<[u8; 32]> {
    match value {
        NilOrVal::Nil => None,
        NilOrVal::Val(block) => Some(block.0),
    }
}

fn from_block(block: Option<[u8; 32]>) -> NilOrVal<BlockId> {
    block.map_or(NilOrVal::Nil, |block| NilOrVal::Val(BlockId(block)))
}

pub(super) fn to_height(height: EngineHeight) -> u64 {
    height.0.0
}

pub(super) fn from_height(height: u64) -> EngineHeight {
    EngineHeight(Height(height))
}

fn from_address(address: [u8; 20]) -> Address {
    Address(ValidatorAddress(address))
}

#[derive(BorshSerialize, BorshDeserialize)]
struct VoteShape {
    precommit: bool,
    height: u64,
    round: u32,
    block: Option<[u8; 32]>,
    validator: [u8; 20],
    signature: [u8; 64],
}

impl VoteShape {
    fn of(vote: &SignedVote<Ctx>) -> Io<Self> {
        Ok(Self {
            precommit: vote.message.kind == VoteType::Precommit,
            height: to_height(vote.message.height),
            round: round(vote.message.round)?,
            block: to_block(vote.message.value),
            validator: vote.message.validator.0.0,
            signature: vote.signature.0,
        })
    }

    fn into_vote(self) -> SignedVote<Ctx> {
        let vote = Vote {
            kind: if self.precommit {
                VoteType::Precommit
            } else {
                VoteType::Prevote
            },
            height: from_height(self.height),
            round: Round::new(self.round),
            value: from_block(self.block),
            validator: from_address(self.validator),
        };
        SignedMessage::new(vote, Signature(self.signature))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ProposalShape {
    height: u64,
    round: u32,
    block: [u8; 32],
    pol_round: Option<u32>,
    proposer: [u8; 20],
    signature: [u8; 64],
}

impl ProposalShape {
    fn of(proposal: &SignedProposal<Ctx>) -> Io<Self> {
        Ok(Self {
            height: to_height(proposal.message.height),
            round: round(proposal.message.round)?,
            block: proposal.message.value.0.0,
            pol_round: proposal.message.pol_round.as_u32(),
            proposer: proposal.message.proposer.0.0,
            signature: proposal.signature.0,
        })
    }

    fn into_proposal(self) -> SignedProposal<Ctx> {
        let proposal = Proposal {
            height: from_height(self.height),
            round: Round::new(self.round),
            value: Value(BlockId(self.block)),
            pol_round: Round::from(self.pol_round),
            proposer: from_address(self.proposer),
        };
        SignedMessage::new(proposal, Signature(self.signature))
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
enum ConsensusShape {
    Vote(VoteShape),
    Proposal(ProposalShape),
}

impl Codec<SignedConsensusMsg<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, message: &SignedConsensusMsg<Ctx>) -> Io<Bytes> {
        write(&match message {
            SignedConsensusMsg::Vote(vote) => ConsensusShape::Vote(VoteShape::of(vote)?),
            SignedConsensusMsg::Proposal(proposal) => {
                ConsensusShape::Proposal(ProposalShape::of(proposal)?)
            }
        })
    }

    fn decode(&self, bytes: Bytes) -> Io<SignedConsensusMsg<Ctx>> {
        Ok(match read(&bytes)? {
            ConsensusShape::Vote(vote) => SignedConsensusMsg::Vote(vote.into_vote()),
            ConsensusShape::Proposal(proposal) => {
                SignedConsensusMsg::Proposal(proposal.into_proposal())
            }
        })
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct ProposedShape {
    height: u64,
    round: u32,
    valid_round: Option<u32>,
    proposer: [u8; 20],
    block: [u8; 32],
    valid: bool,
}

impl Codec<ProposedValue<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, value: &ProposedValue<Ctx>) -> Io<Bytes> {
        write(&ProposedShape {
            height: to_height(value.height),
            round: round(value.round)?,
            valid_round: value.valid_round.as_u32(),
            proposer: value.proposer.0.0,
            block: value.value.0.0,
            valid: value.validity.is_valid(),
        })
    }

    fn decode(&self, bytes: Bytes) -> Io<ProposedValue<Ctx>> {
        let shape: ProposedShape = read(&bytes)?;
        Ok(ProposedValue {
            height: from_height(shape.height),
            round: Round::new(shape.round),
            valid_round: Round::from(shape.valid_round),
            proposer: from_address(shape.proposer),
            value: Value(BlockId(shape.block)),
            validity: Validity::from_bool(shape.valid),
        })
    }
}

/// Signatures of one certificate, by validator.
type Signatures = Vec<([u8; 20], [u8; 64])>;

#[derive(BorshSerialize, BorshDeserialize)]
pub(super) struct CertificateShape {
    height: u64,
    round: u32,
    block: [u8; 32],
    signatures: Signatures,
}

impl CertificateShape {
    fn of_polka(polka: &PolkaCertificate<Ctx>) -> Io<Self> {
        let signatures = polka.polka_signatures.iter();
        Ok(Self {
            height: to_height(polka.height),
            round: round(polka.round)?,
            block: polka.value_id.0,
            signatures: signatures
                .map(|one| (one.address.0.0, one.signature.0))
                .collect(),
        })
    }

    fn into_polka(self) -> Io<PolkaCertificate<Ctx>> {
        at_most("signatures", self.signatures.len(), VALIDATORS_MAX)?;
        let signatures = self.signatures.into_iter();
        Ok(PolkaCertificate {
            height: from_height(self.height),
            round: Round::new(self.round),
            value_id: BlockId(self.block),
            polka_signatures: signatures
                .map(|(by, signature)| PolkaSignature::new(from_address(by), Signature(signature)))
                .collect(),
        })
    }

    pub(super) fn of_commit(commit: &ExtendedCommitCertificate<Ctx>) -> Io<Self> {
        let signatures = commit.commit_signatures.iter();
        Ok(Self {
            height: to_height(commit.height),
            round: round(commit.round)?,
            block: commit.value_id.0,
            signatures: signatures
                .map(|one| (one.address.0.0, one.signature.0))
                .collect(),
        })
    }

    pub(super) fn into_commit(self) -> Io<ExtendedCommitCertificate<Ctx>> {
        at_most("signatures", self.signatures.len(), VALIDATORS_MAX)?;
        let signatures = self.signatures.into_iter();
        Ok(ExtendedCommitCertificate {
            height: from_height(self.height),
            round: Round::new(self.round),
            value_id: BlockId(self.block),
            commit_signatures: signatures
                .map(|(by, signature)| {
                    ExtendedCommitSignature::new(from_address(by), Signature(signature), None)
                })
                .collect(),
        })
    }
}

impl Codec<PolkaCertificate<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, polka: &PolkaCertificate<Ctx>) -> Io<Bytes> {
        write(&CertificateShape::of_polka(polka)?)
    }

    fn decode(&self, bytes: Bytes) -> Io<PolkaCertificate<Ctx>> {
        read::<CertificateShape>(&bytes)?.into_polka()
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
struct RoundSignatureShape {
    precommit: bool,
    block: Option<[u8; 32]>,
    validator: [u8; 20],
    signature: [u8; 64],
}

#[derive(BorshSerialize, BorshDeserialize)]
struct RoundShape {
    height: u64,
    round: u32,
    skip: bool,
    signatures: Vec<RoundSignatureShape>,
}

impl RoundShape {
    fn of(certificate: &RoundCertificate<Ctx>) -> Io<Self> {
        let signatures = certificate
            .round_signatures
            .iter()
            .map(|one| RoundSignatureShape {
                precommit: one.vote_type == VoteType::Precommit,
                block: to_block(one.value_id),
                validator: one.address.0.0,
                signature: one.signature.0,
            });
        Ok(Self {
            height: to_height(certificate.height),
            round: round(certificate.round)?,
            skip: certificate.cert_type == RoundCertificateType::Skip,
            signatures: signatures.collect(),
        })
    }

    fn into_certificate(self) -> Io<RoundCertificate<Ctx>> {
        // A certificate to skip a round may rest on both votes of a validator.
        at_most("signatures", self.signatures.len(), 2 * VALIDATORS_MAX)?;
        let signatures = self.signatures.into_iter().map(|one| {
            let kind = if one.precommit {
                VoteType::Precommit
            } else {
                VoteType::Prevote
            };
            let (by, signature) = (from_address(one.validator), Signature(one.signature));
            RoundSignature::new(kind, from_block(one.block), by, signature)
        });
        let kind = if self.skip {
            RoundCertificateType::Skip
        } else {
            RoundCertificateType::Precommit
        };
        Ok(RoundCertificate {
            height: from_height(self.height),
            round: Round::new(self.round),
            cert_type: kind,
            round_signatures: signatures.collect(),
        })
    }
}

#[derive(BorshSerialize, BorshDeserialize)]
enum LivenessShape {
    Vote(VoteShape),
    Polka(CertificateShape),
    Round(RoundShape),
}

impl Codec<LivenessMsg<Ctx>> for BorshCodec {
    type Error = Error;

    fn encode(&self, message: &LivenessMsg<Ctx>) -> Io<Bytes> {
        write(&match message {
            LivenessMsg::Vote(vote) => LivenessShape::Vote(VoteShape::of(vote)?),
            LivenessMsg::PolkaCertificate(polka) => {
                LivenessShape::Polka(CertificateShape::of_polka(polka)?)
            }
            LivenessMsg::SkipRoundCertificate(round) => {
                LivenessShape::Round(RoundShape::of(round)?)
            }
        })
    }

    fn decode(&self, bytes: Bytes) -> Io<LivenessMsg<Ctx>> {
        Ok(match read(&bytes)? {
            LivenessShape::Vote(vote) => LivenessMsg::Vote(vote.into_vote()),
            LivenessShape::Polka(polka) => LivenessMsg::PolkaCertificate(polka.into_polka()?),
            LivenessShape::Round(round) => {
                LivenessMsg::SkipRoundCertificate(round.into_certificate()?)
            }
        })
    }
}

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
