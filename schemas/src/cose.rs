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
use minicbor::encode::Write;
use minicbor::{Decoder, Encoder};

use crate::block::Seconds;
use crate::digest::{Context, RecordId};
use crate::encoding::{Compared, DecodeError};
use crate::keys::{PublicKey, Signature, SigningKey, sign};
use crate::limits::{CADASTRAL_NUMBER_BYTES_MAX, LABEL_BYTES_MAX, RECORD_BYTES_MAX, SECONDS_MAX};
use crate::party::PartyId;
use crate::text::is_identifier;

/// First byte of every statement: CBOR tag 18. No system entry of the log begins with it.
pub const STATEMENT_FIRST_BYTE: u8 = 0xd2;

const MEDIA_TYPE_PREFIX: &str = "application/vnd.deedbook.";
const MEDIA_TYPE_SUFFIX: &str = "+cbor";
pub(crate) const ALGORITHM_EDDSA: i8 = -8;

static RECORD_ID: Context = Context::new("deedbook 2026 record id");

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

pub(crate) type Written = WrittenTo<Vec<u8>>;

type WrittenTo<W> = Result<(), minicbor::encode::Error<<W as Write>::Error>>;

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
        written(224, |encoder| self.write(encoder))
    }

    fn write<W: Write>(&self, encoder: &mut Encoder<W>) -> WrittenTo<W> {
        encoder.map(4)?.u8(1)?.i8(ALGORITHM_EDDSA)?;
        encoder.u8(3)?;
        let media_type = [MEDIA_TYPE_PREFIX, &self.kind, MEDIA_TYPE_SUFFIX];
        let length: usize = media_type.iter().map(|part| part.len()).sum();
        encoder.str_len(length as u64)?;
        for part in media_type {
            let written = encoder.writer_mut().write_all(part.as_bytes());
            written.map_err(minicbor::encode::Error::write)?;
        }
        encoder.u8(4)?.bytes(&self.key.0)?;
        encoder.u8(15)?.map(3)?;
        encoder.u8(1)?.str(&self.issuer.to_string())?;
        encoder.u8(2)?.str(&self.subject)?;
        encoder.u8(6)?.u64(self.issued_at.0)?.ok()
    }

    /// Whether these bytes are the header's one encoding.
    fn is(&self, protected: &[u8]) -> bool {
        let mut encoder = Encoder::new(Compared(protected));
        self.write(&mut encoder).is_ok() && encoder.writer().0.is_empty()
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

pub(crate) fn expect(holds: bool, what: &'static str) -> Result<(), minicbor::decode::Error> {
    if holds {
        Ok(())
    } else {
        Err(minicbor::decode::Error::message(what))
    }
}

/// The bytes that are signed: the `Sig_structure` of RFC 9052 §4.4 with an empty `external_aad`.
#[must_use]
pub fn to_be_signed(header: &StatementHeader, payload: &[u8]) -> Vec<u8> {
    sig_structure(&header.encode(), payload)
}

/// The `Sig_structure` of any COSE_Sign1 with an empty `external_aad`.
pub(crate) fn sig_structure(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(protected.len() + payload.len() + 24);
    bytes.extend_from_slice(&sig_structure_before(protected, payload.len()));
    bytes.extend_from_slice(payload);
    bytes
}

/// A `Sig_structure` up to its payload of so many bytes, with which it ends.
pub(crate) fn sig_structure_before(protected: &[u8], payload: usize) -> Vec<u8> {
    written(protected.len() + 24, |encoder| {
        encoder
            .array(4)?
            .str("Signature1")?
            .bytes(protected)?
            .bytes(&[])?
            .bytes_len(payload as u64)?
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
            self.write(&protected, encoder)
        })
    }

    fn write<W: Write>(&self, protected: &[u8], encoder: &mut Encoder<W>) -> WrittenTo<W> {
        encoder
            .tag(Tag::new(18))?
            .array(4)?
            .bytes(protected)?
            .map(0)?;
        encoder.bytes(&self.payload)?.bytes(&self.signature.0)?.ok()
    }

    /// Whether these bytes are the statement's one encoding, around a header's one encoding.
    fn is(&self, protected: &[u8], bytes: &[u8]) -> bool {
        let mut encoder = Encoder::new(Compared(bytes));
        self.header.is(protected)
            && self.write(protected, &mut encoder).is_ok()
            && encoder.writer().0.is_empty()
    }

    /// Reads a statement and accepts only its one encoding. Checks no signature.
    ///
    /// # Errors
    /// [`DecodeError`] if it is too long, not of this form, or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_with_header(bytes).map(|(statement, _)| statement)
    }

    /// As [`Statement::decode`]; also gives the bytes of the protected header.
    pub(crate) fn decode_with_header(bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(DecodeError::TooLong {
                got: bytes.len(),
                max: RECORD_BYTES_MAX,
            });
        }
        let (statement, protected) =
            Self::read(bytes).map_err(|error| DecodeError::Malformed(error.to_string()))?;
        if statement.is(protected, bytes) {
            Ok((statement, protected))
        } else {
            Err(DecodeError::NotCanonical)
        }
    }

    fn read(bytes: &[u8]) -> Result<(Self, &[u8]), minicbor::decode::Error> {
        let mut decoder = Decoder::new(bytes);
        expect(
            decoder.tag()? == Tag::new(18),
            "COSE_Sign1 with tag 18 is required",
        )?;
        expect(decoder.array()? == Some(4), "COSE_Sign1")?;
        let protected = decoder.bytes()?;
        let header = StatementHeader::decode(protected)?;
        expect(
            decoder.map()? == Some(0),
            "the unprotected header must be empty",
        )?;
        let payload = decoder.bytes()?.to_vec();
        let signature = decoder.decode()?;
        expect(decoder.position() == bytes.len(), "trailing bytes")?;
        let statement = Self {
            header,
            payload,
            signature,
        };
        Ok((statement, protected))
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn to_be_signed(&self) -> Vec<u8> {
        to_be_signed(&self.header, &self.payload)
    }

    /// The statement's name: a malleated signature does not change it.
    #[must_use]
    pub fn id(&self) -> RecordId {
        Self::id_of(&self.to_be_signed())
    }

    /// The name of the statement of which this was signed.
    pub(crate) fn id_of(signed: &[u8]) -> RecordId {
        RecordId(RECORD_ID.hash(&[signed]))
    }

    /// Whether the key in the header made the signature. Strict (RFC 8032, no ambiguity).
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.header
            .key
            .verify(&self.to_be_signed(), &self.signature)
    }
}
