//! Records: one act, one signer, one COSE signed statement.
//!
//! Lives here: drafts, attestations, and how bytes become a [`Record`]; the kinds are in `body`. Does
//! not live here: whether a record is lawful (`deedbook-registry`).
//!
//! The payload is `{0: ledger, 1: nonce, 2: body, ? 3: evidence, ? 4: attestation}`. The kind is
//! the content type, inside what is signed: a consent can never be read as a transfer.

mod body;

use serde::{Deserialize, Serialize};

use crate::attestation::{ATTESTATION, Attestation};
use crate::block::Seconds;
use crate::cose::{Statement, StatementHeader, sig_structure, sig_structure_before, to_be_signed};
use crate::digest::{ActDigest, Context, LedgerId, RecordId};
use crate::encoding::{DecodeError, decode, encode, fixed_bytes};
use crate::evidence::EvidenceManifest;
use crate::keys::{PublicKey, Signature, SigningKey};
use crate::limits::{RECORD_BYTES_MAX, SECONDS_MAX};
use crate::party::PartyId;

pub use body::Body;

static ACT_DIGEST: Context = Context::new("deedbook 2026 act digest");

fixed_bytes!(
    /// Makes two otherwise equal records different, 16 random bytes.
    Nonce, 16
);

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
        ActDigest(ACT_DIGEST.hash(&[&to_be_signed(&self.header(key), &payload)]))
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

/// What an attestation must be bound to: what would be signed if it were not there. It is the last
/// entry of the payload, a map of at most five whose first byte counts them; `payload` is the one
/// encoding of such a map.
fn act_digest(protected: &[u8], payload: &[u8], attestation: &[u8]) -> ActDigest {
    let attestation: &minicbor::bytes::ByteSlice = attestation.into();
    let entry = 1 + minicbor::len(attestation);
    let bare = payload.len().saturating_sub(entry);
    let before = sig_structure_before(protected, bare);
    let (count, entries) = match payload.split_first() {
        Some((count, entries)) => (count.saturating_sub(1), entries),
        None => (0, payload),
    };
    let entries = entries.get(..bare.saturating_sub(1)).unwrap_or_default();
    ActDigest(ACT_DIGEST.hash(&[&before, &[count], entries]))
}

/// Refuses times that no calendar has, so that the law may add terms to any time of a record.
pub(crate) fn within_calendar(times: &[Seconds]) -> Result<(), DecodeError> {
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
        Self::decode_with_header(bytes).map(|(signed, _)| signed)
    }

    fn decode_with_header(bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let (statement, protected) = Statement::decode_with_header(bytes)?;
        if statement.header.kind != ATTESTATION {
            return Err(DecodeError::Malformed("not an attestation".to_owned()));
        }
        let attestation: Attestation = decode(&statement.payload, RECORD_BYTES_MAX)?;
        within_calendar(&[attestation.time])?;
        let signed = Self {
            statement,
            attestation,
        };
        Ok((signed, protected))
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

/// The bytes that were signed for a record (RFC 9052 §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// By the record's signer.
    pub record: Vec<u8>,
    /// By the provider, if it has an attestation.
    pub attestation: Option<Vec<u8>>,
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
        Self::decode_signed(bytes).map(|(record, _)| record)
    }

    /// As [`Record::decode`]; also gives what was signed, for whoever verifies it elsewhere.
    ///
    /// # Errors
    /// As [`Record::decode`].
    pub fn decode_signed(bytes: &[u8]) -> Result<(Self, Signed), DecodeError> {
        let (statement, protected) = Statement::decode_with_header(bytes)?;
        let payload = Body::decode(&statement.header.kind, &statement.payload)?;
        within_calendar(&payload.body.times())?;
        if let Some(evidence) = &payload.evidence {
            within_calendar(&[evidence.started])?;
        }
        let signed = sig_structure(protected, &statement.payload);
        let (attestation, attested, act_digest) = match &payload.attestation {
            None => (None, None, ActDigest(ACT_DIGEST.hash(&[&signed]))),
            Some(bytes) => {
                let (attestation, header) = SignedAttestation::decode_with_header(bytes)?;
                let attested = sig_structure(header, &attestation.statement.payload);
                let act_digest = act_digest(protected, &statement.payload, bytes);
                (Some(attestation), Some(attested), act_digest)
            }
        };
        let record = Self {
            id: Statement::id_of(&signed),
            act_digest,
            ledger: payload.ledger,
            nonce: payload.nonce,
            body: payload.body,
            evidence: payload.evidence,
            attestation,
            statement,
        };
        let signed = Signed {
            record: signed,
            attestation: attested,
        };
        Ok((record, signed))
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
