//! What validators say to each other to sign with the log's key. Lives here: the messages, signed by
//! their authors, because peers relay. Does not live here: what they lead to (`log_signer`).

use deedbook_schemas::digest::{LedgerId, TreeHash, derive};
use deedbook_schemas::encoding::encode;
use deedbook_schemas::keys::{AdmittedKey, Signature, SigningKey, sign};
use deedbook_schemas::limits::{KEY_NAME_CHARS_MAX, LOG_NONCES_MAX, VALIDATORS_MAX};
use frost_ed25519::round1::{NonceCommitment, SigningCommitments};
use minicbor::bytes::ByteArray;
use minicbor::{CborLen, Decode, Encode};

use super::TreeSignature;

/// A message and its author's signature by the note key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(map)]
pub struct LogSigningMessage {
    /// The validator whose word it is.
    #[n(0)]
    pub from: String,
    /// What it says.
    #[n(1)]
    pub(super) body: Body,
    /// Over [`to_be_signed`].
    #[n(2)]
    pub(super) signature: Signature,
}

/// What a validator says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) enum Body {
    /// What it lacks.
    #[n(0)]
    Want(#[n(0)] Want),
    /// All nonces that it holds ready for one coordinator.
    #[n(1)]
    Offers(#[n(0)] String, #[n(1)] Vec<Offer>),
    /// As coordinator it asks these for their shares.
    #[n(2)]
    Request(#[n(0)] Request),
    /// Its shares for a coordinator's request.
    #[n(3)]
    Shares(#[n(0)] String, #[n(1)] Shares),
    /// A finished signature.
    #[n(4)]
    Signed(#[n(0)] TreeSignature),
}

/// What a validator lacks to coordinate, or to serve receipts.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) struct Want {
    /// Grows with every such message of its author, also across restarts.
    #[n(0)]
    pub(super) serial: u64,
    /// Whose nonces it has none left of.
    #[n(1)]
    pub(super) offers_of: Vec<String>,
    /// Size of the newest tree of which it has the log signature.
    #[n(2)]
    pub(super) signed: Option<u64>,
}

/// Public halves of the nonces of one signature: hiding and binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) struct Commitments {
    #[n(0)]
    hiding: ByteArray<32>,
    #[n(1)]
    binding: ByteArray<32>,
}

impl Commitments {
    /// `None` for a commitment that cannot be written, which a nonce of zero would be.
    pub(super) fn of(commitments: &SigningCommitments) -> Option<Self> {
        let bytes = |commitment: &NonceCommitment| -> Option<ByteArray<32>> {
            let bytes: [u8; 32] = commitment.serialize().ok()?.try_into().ok()?;
            Some(bytes.into())
        };
        Some(Self {
            hiding: bytes(commitments.hiding())?,
            binding: bytes(commitments.binding())?,
        })
    }

    /// `None` if they are no points of full order.
    pub(super) fn read(&self) -> Option<SigningCommitments> {
        let read = |bytes: &ByteArray<32>| NonceCommitment::deserialize(&bytes[..]).ok();
        Some(SigningCommitments::new(
            read(&self.hiding)?,
            read(&self.binding)?,
        ))
    }
}

/// Nonces for one session: one pair for each of the two things that are signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) struct Offer {
    /// Grows with every offer of this signer to this coordinator, also across restarts.
    #[n(0)]
    pub(super) serial: u64,
    /// For the checkpoint's text.
    #[n(1)]
    pub(super) note: Commitments,
    /// For the COSE structure.
    #[n(2)]
    pub(super) cose: Commitments,
}

/// One signer of a session, and which of its offers is taken.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) struct Chosen {
    #[n(0)]
    pub(super) name: String,
    #[n(1)]
    pub(super) offer: Offer,
}

/// A coordinator's request: sign this tree, these together.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) struct Request {
    #[n(0)]
    pub(super) tree_size: u64,
    /// What the coordinator has there: a signer signs its own tree, and says so if it differs.
    #[n(1)]
    pub(super) root: TreeHash,
    /// As many as the threshold asks for, sorted by name.
    #[n(2)]
    pub(super) signers: Vec<Chosen>,
}

/// Names a session: a hash of its request, which fresh nonces make unique.
pub(super) type SessionId = ByteArray<32>;

impl Request {
    pub(super) fn id(&self) -> SessionId {
        derive("deedbook 2026 log signing session", &[&encode(self)]).into()
    }
}

/// A signer's shares of both signatures.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, CborLen)]
pub(super) struct Shares {
    #[n(0)]
    pub(super) session: SessionId,
    #[n(1)]
    pub(super) note: ByteArray<32>,
    #[n(2)]
    pub(super) cose: ByteArray<32>,
}

/// The bytes that are signed: the use, the ledger, the author, what it says.
fn to_be_signed(ledger: &LedgerId, from: &str, body: &Body) -> Vec<u8> {
    let said = encode(&(from, body));
    [
        b"deedbook 2026 log signing message".as_slice(),
        &ledger.0,
        &said,
    ]
    .concat()
}

impl LogSigningMessage {
    pub(super) fn sign(ledger: &LedgerId, from: &str, body: Body, key: &SigningKey) -> Self {
        let signature = sign(key, &to_be_signed(ledger, from, &body));
        Self {
            from: from.to_owned(),
            body,
            signature,
        }
    }

    pub(super) fn verify(&self, ledger: &LedgerId, key: &AdmittedKey) -> bool {
        key.verify(
            &to_be_signed(ledger, &self.from, &self.body),
            &self.signature,
        )
    }

    /// Whether every name and list in it is within its limit.
    pub(crate) fn is_within_limits(&self) -> bool {
        let name = |name: &String| !name.is_empty() && name.len() <= KEY_NAME_CHARS_MAX;
        name(&self.from)
            && match &self.body {
                Body::Want(want) => {
                    want.offers_of.len() <= VALIDATORS_MAX && want.offers_of.iter().all(name)
                }
                Body::Offers(to, offers) => name(to) && offers.len() <= LOG_NONCES_MAX,
                Body::Request(request) => {
                    request.signers.len() <= VALIDATORS_MAX
                        && request.signers.iter().all(|signer| name(&signer.name))
                }
                Body::Shares(to, _) => name(to),
                Body::Signed(_) => true,
            }
    }
}
