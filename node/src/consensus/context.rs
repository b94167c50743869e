//! What the engine's `Context` makes an application define, over the schemas' types.
//!
//! Lives here: thin wrappers, the rotation of proposers, and the bytes that are signed. Does not
//! live here: signing and checking (`signer`), wire formats (`codec`).

use std::sync::Arc;

use arc_malachitebft_core_types as engine;
use deedbook_schemas::block::{Height, VoteKind, vote_bytes};
use deedbook_schemas::digest::{BlockId, LedgerId};
use deedbook_schemas::keys::{PublicKey, Signature, SigningKey};
use deedbook_schemas::validators::{ValidatorAddress, ValidatorSet};
use engine::{LinearTimeouts, NilOrVal, Round, SignedExtension, VoteType};

use super::parts::Part;

/// The engine's view of this ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ctx;

/// [`Height`] for the engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EngineHeight(pub(crate) Height);

impl std::fmt::Display for EngineHeight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl engine::Height for EngineHeight {
    const ZERO: Self = Self(Height(0));
    const INITIAL: Self = Self(Height(1));

    fn increment_by(&self, n: u64) -> Self {
        Self(Height(self.0.0.saturating_add(n)))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.0.checked_sub(n).map(|height| Self(Height(height)))
    }

    fn as_u64(&self) -> u64 {
        self.0.0
    }
}

/// [`ValidatorAddress`] for the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address(pub(crate) ValidatorAddress);

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl engine::Address for Address {}

/// The value under decision: the id of a block, whose bytes travel as parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) BlockId);

impl engine::Value for Value {
    type Id = BlockId;

    fn id(&self) -> BlockId {
        self.0
    }
}

/// Ed25519 as `deedbook_schemas::keys` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ed25519;

impl engine::SigningScheme for Ed25519 {
    type DecodingError = &'static str;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = SigningKey;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, Self::DecodingError> {
        bytes
            .try_into()
            .map(Signature)
            .map_err(|_| "a signature has 64 bytes")
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.0.to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, Self::DecodingError> {
        bytes
            .try_into()
            .map(PublicKey)
            .map_err(|_| "a public key has 32 bytes")
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.0.to_vec()
    }
}

/// One validator, as far as the engine needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) address: Address,
    pub(crate) key: PublicKey,
    pub(crate) power: u64,
}

impl engine::Validator<Ctx> for Member {
    fn address(&self) -> &Address {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn voting_power(&self) -> u64 {
        self.power
    }
}

/// The validators of one height, sorted by address; never empty, because a [`ValidatorSet`] is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Members(Arc<[Member]>);

impl From<&ValidatorSet> for Members {
    fn from(set: &ValidatorSet) -> Self {
        let members = set.as_slice().iter().map(|validator| Member {
            address: Address(validator.address()),
            key: validator.consensus_key,
            power: validator.power,
        });
        Self(members.collect())
    }
}

impl engine::ValidatorSet<Ctx> for Members {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.0.iter().map(|member| member.power).sum()
    }

    fn get_by_address(&self, address: &Address) -> Option<&Member> {
        self.0.iter().find(|member| member.address == *address)
    }

    fn get_by_index(&self, index: usize) -> Option<&Member> {
        self.0.get(index)
    }
}

impl Members {
    /// Who proposes: everyone in turn, one further every height and every round.
    pub(crate) fn proposer(&self, height: Height, round: u32) -> &Member {
        let turn = u128::from(height.0.saturating_sub(1)) + u128::from(round);
        let index = usize::try_from(turn % self.0.len() as u128).unwrap_or(0);
        self.0
            .get(index)
            .expect("the index is below the length, which is not zero")
    }
}

/// A prevote or precommit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) kind: VoteType,
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<BlockId>,
    pub(crate) validator: Address,
}

impl Vote {
    /// The block voted for; nothing for nil.
    pub(crate) fn block(&self) -> Option<&BlockId> {
        match &self.value {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(block),
        }
    }

    /// The bytes to sign ([`vote_bytes`]); nothing without a round.
    pub(crate) fn sign_bytes(&self, ledger: &LedgerId) -> Option<Vec<u8>> {
        let kind = match self.kind {
            VoteType::Prevote => VoteKind::Prevote,
            VoteType::Precommit => VoteKind::Precommit,
        };
        Some(vote_bytes(
            ledger,
            kind,
            self.height.0,
            self.round.as_u32()?,
            self.block(),
        ))
    }
}

impl engine::Vote<Ctx> for Vote {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Address {
        &self.validator
    }

    // Vote extensions are disabled: nothing about the log is signed before it is decided.
    fn extension(&self) -> Option<&SignedExtension<Ctx>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Ctx>> {
        None
    }

    fn extend(self, _: SignedExtension<Ctx>) -> Self {
        self
    }
}

/// The proposer's message: which block, and on which earlier polka it rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: EngineHeight,
    pub(crate) round: Round,
    pub(crate) value: Value,
    pub(crate) pol_round: Round,
    pub(crate) proposer: Address,
}

impl Proposal {
    /// The bytes to sign: `"deedbook/proposal/v1" ‖ ledger(32) ‖ height(u64 BE) ‖ round(u32 BE) ‖
    /// pol round(i64 BE, -1 for none) ‖ block id(32)`; nothing without a round.
    pub(crate) fn sign_bytes(&self, ledger: &LedgerId) -> Option<Vec<u8>> {
        let mut bytes = b"deedbook/proposal/v1".to_vec();
        bytes.extend_from_slice(&ledger.0);
        bytes.extend_from_slice(&self.height.0.0.to_be_bytes());
        bytes.extend_from_slice(&self.round.as_u32()?.to_be_bytes());
        bytes.extend_from_slice(&self.pol_round.as_i64().to_be_bytes());
        bytes.extend_from_slice(&self.value.0.0);
        Some(bytes)
    }
}

impl engine::Proposal<Ctx> for Proposal {
    fn height(&self) -> EngineHeight {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Address {
        &self.proposer
    }
}

impl engine::Context for Ctx {
    type Address = Address;
    type Height = EngineHeight;
    type ProposalPart = Part;
    type Proposal = Proposal;
    type Validator = Member;
    type ValidatorSet = Members;
    type Timeouts = LinearTimeouts;
    type Value = Value;
    type Vote = Vote;
    type Extension = ();
    type SigningScheme = Ed25519;

    fn select_proposer<'a>(
        &self,
        validators: &'a Members,
        height: EngineHeight,
        round: Round,
    ) -> &'a Member {
        validators.proposer(height.0, round.as_u32().unwrap_or(0))
    }

    fn new_proposal(
        &self,
        height: EngineHeight,
        round: Round,
        value: Value,
        pol_round: Round,
        proposer: Address,
    ) -> Proposal {
        Proposal {
            height,
            round,
            value,
            pol_round,
            proposer,
        }
    }

    fn new_prevote(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<BlockId>,
        validator: Address,
    ) -> Vote {
        Vote {
            kind: VoteType::Prevote,
            height,
            round,
            value,
            validator,
        }
    }

    fn new_precommit(
        &self,
        height: EngineHeight,
        round: Round,
        value: NilOrVal<BlockId>,
        validator: Address,
    ) -> Vote {
        Vote {
            kind: VoteType::Precommit,
            height,
            round,
            value,
            validator,
        }
    }
}
