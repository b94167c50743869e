//! COSE_Sign1 (RFC 9052) signed statements (RFC 9943), in the one form the ledger accepts.
//!
//! Lives here: the envelope of records and attestations. Does not live here: what their payloads
//! mean (`record`, `attestation`).
//!
//! `18([protected, {}, payload, signature])` with the protected header
//! `{1: -8, 3: "application/vnd.deedbook.<kind>+cbor", 4: public key, 15: {1: iss, 2: sub, 6: iat}}`.
//! The key identifier *is* the Ed25519 public key, so that a signature can be checked with nothing
//! but the statement; whether the key is the issuer's is for the law to say.

use minicbor::data::Tag;
use minicbor::{Decoder, Encoder};

use crate::block::Seconds;
use crate::digest::{RecordId, derive};
use crate::encoding::DecodeError;
use crate::keys::{PublicKey, Signature, SigningKey, sign};
use crate::limits::{CADASTRAL_NUMBER_BYTES_MAX, LABEL_BYTES_MAX, RECORD_BYTES_MAX, SECONDS_MAX};
use crate::party::PartyId;
use crate::text::is_identifier;

/// First byte of every statement: CBOR tag 18. No system entry of the log begins with it.
pub const STATEMENT_FIRST_BYTE: u8 = 0xd2;

const MEDIA_TYPE_PREFIX: &str = "application/vnd.deedbook.";
const MEDIA_TYPE_SUFFIX: &str = "+cbor";
const ALGORITHM_EDDSA: i8 = -8;

/// The protected header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementHeader {
    /// Kind: the middle of the content type.
    pub kind: String,
    /// The signer's public key (`kid`).
    pub key: PublicKey,
    /// Who speaks (CWT `iss`).
    pub issuer: PartyId,
    /// About what (CWT `sub`): a party, a cadastral number, a record. 1 to 64 bytes of printable
    /// ASCII without spaces.
    pub subject: String,
    /// When, by the signer's own clock (CWT `iat`), at most [`SECONDS_MAX`].
    pub issued_at: Seconds,
}

/// A statement whose signature has not been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The protected header.
    pub header: StatementHeader,
    /// The payload's bytes.
    pub payload: Vec<u8>,
    /// The signature, unchecked.
    pub signature: Signature,
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

/// Encodes into a fresh Vec, which cannot fail.
pub(crate) fn written(
    capacity: usize,
    write: impl FnOnce(&mut Encoder<&mut Vec<u8>>) -> Written,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    let result = write(&mut Encoder::new(&mut bytes));
    debug_assert!(result.is_ok(), "writing to a Vec cannot fail");
    bytes
}

impl StatementHeader {
    /// The protected header's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let media_type = format!("{MEDIA_TYPE_PREFIX}{}{MEDIA_TYPE_SUFFIX}", self.kind);
        written(224, |encoder| {
            encoder.map(4)?.u8(1)?.i8(ALGORITHM_EDDSA)?;
            encoder.u8(3)?.str(&media_type)?;
            encoder.u8(4)?.bytes(&self.key.0)?;
            encoder.u8(15)?.map(3)?;
            encoder.u8(1)?.str(&self.issuer.to_string())?;
            encoder.u8(2)?.str(&self.subject)?;
            encoder.u8(6)?.u64(self.issued_at.0)?.ok()
        })
    }

    fn decode(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        let refuse = minicbor::decode::Error::message;
        let mut decoder = Decoder::new(bytes);
        expect(
            decoder.map()? == Some(4) && decoder.u8()? == 1,
            "protected header",
        )?;
        expect(
            decoder.i8()? == ALGORITHM_EDDSA,
            "algorithm: EdDSA (-8) is required",
        )?;
        expect(decoder.u8()? == 3, "content type")?;
        let kind = decoder
            .str()?
            .strip_prefix(MEDIA_TYPE_PREFIX)
            .and_then(|rest| rest.strip_suffix(MEDIA_TYPE_SUFFIX))
            .filter(|kind| is_identifier(kind, LABEL_BYTES_MAX))
            .ok_or_else(|| refuse("content type"))?
            .to_owned();
        expect(decoder.u8()? == 4, "key identifier")?;
        let key = decoder.decode()?;
        expect(
            decoder.u8()? == 15 && decoder.map()? == Some(3),
            "CWT claims",
        )?;
        expect(decoder.u8()? == 1, "issuer")?;
        let issuer = decoder.str()?.parse().map_err(|_| refuse("issuer"))?;
        expect(decoder.u8()? == 2, "subject")?;
        let subject = decoder.str()?.to_owned();
        expect(
            is_identifier(&subject, CADASTRAL_NUMBER_BYTES_MAX),
            "subject: printable ASCII without spaces is required",
        )?;
        expect(decoder.u8()? == 6, "issued at")?;
        let issued_at = Seconds(decoder.u64()?);
        expect(issued_at.0 <= SECONDS_MAX, "issued at: after the year 9999")?;
        Ok(Self {
            kind,
            key,
            issuer,
            subject,
            issued_at,
        })
    }
}

fn expect(holds: bool, what: &'static str) -> Result<(), minicbor::decode::Error> {
    if holds {
        Ok(())
    } else {
        Err(minicbor::decode::Error::message(what))
    }
}

/// The bytes that are signed: the `Sig_structure` of RFC 9052 §4.4 with an empty `external_aad`.
#[must_use]
pub fn to_be_signed(header: &StatementHeader, payload: &[u8]) -> Vec<u8> {
    let protected = header.encode();
    written(protected.len() + payload.len() + 24, |encoder| {
        encoder
            .array(4)?
            .str("Signature1")?
            .bytes(&protected)?
            .bytes(&[])?
            .bytes(payload)?
            .ok()
    })
}

impl Statement {
    /// Signs `payload` under `header`; the header's key becomes the signer's.
    #[must_use]
    pub fn sign(mut header: StatementHeader, payload: Vec<u8>, key: &SigningKey) -> Self {
        header.key = PublicKey::of(key);
        let signature = sign(key, &to_be_signed(&header, &payload));
        Self {
            header,
            payload,
            signature,
        }
    }

    /// The statement's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let protected = self.header.encode();
        written(protected.len() + self.payload.len() + 80, |encoder| {
            encoder
                .tag(Tag::new(18))?
                .array(4)?
                .bytes(&protected)?
                .map(0)?;
            encoder.bytes(&self.payload)?.bytes(&self.signature.0)?.ok()
        })
    }

    /// Reads a statement and accepts only its one encoding. Checks no signature.
    ///
    /// # Errors
    /// [`DecodeError`] if it is too long, not of this form, or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(DecodeError::TooLong {
                got: bytes.len(),
                max: RECORD_BYTES_MAX,
            });
        }
        let statement =
            Self::read(bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
        if statement.encode() == bytes {
            Ok(statement)
        } else {
            Err(DecodeError::NotCanonical)
        }
    }

    fn read(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        let mut decoder = Decoder::new(bytes);
        expect(
            decoder.tag()? == Tag::new(18),
            "COSE_Sign1 with tag 18 is required",
        )?;
        expect(decoder.array()? == Some(4), "COSE_Sign1")?;
        let header = StatementHeader::decode(decoder.bytes()?)?;
        expect(
            decoder.map()? == Some(0),
            "the unprotected header must be empty",
        )?;
        let payload = decoder.bytes()?.to_vec();
        let signature = decoder.decode()?;
        expect(decoder.position() == bytes.len(), "trailing bytes")?;
        Ok(Self {
            header,
            payload,
            signature,
        })
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn to_be_signed(&self) -> Vec<u8> {
        to_be_signed(&self.header, &self.payload)
    }

    /// The statement's name: a malleated signature does not change it.
    #[must_use]
    pub fn id(&self) -> RecordId {
        RecordId(derive("deedbook 2026 record id", &[&self.to_be_signed()]))
    }

    /// Whether the key in the header made the signature. Strict (RFC 8032, no ambiguity).
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.header
            .key
            .verify(&self.to_be_signed(), &self.signature)
    }
}
