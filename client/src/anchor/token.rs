//! RFC 3161 timestamps: the request for one, and whether an answer proves what was asked.
//!
//! Lives here: the query, and the full check of an answer against the bytes it stamps and the
//! authorities somebody trusts. Does not live here: the network (`authority`), where answers are
//! kept (`folder`). The answer is kept as it came, so that `openssl ts -verify` reads it too.

use cmpv2::status::PkiStatusInfo;
use cms::cert::CertificateChoices;
use cms::cert::x509::Certificate;
use cms::cert::x509::ext::pkix::SubjectKeyIdentifier;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::limits::TIMESTAMP_BYTES_MAX;
use der::asn1::{Any, Int, ObjectIdentifier, OctetString};
use der::oid::AssociatedOid as _;
use der::{Decode as _, Encode as _, Sequence};
use ring::digest;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring as algorithms};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// id-kp-timeStamping, the content of its OBJECT IDENTIFIER.
const TIME_STAMPING: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 8];

/// Why an answer proves no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Longer than [`TIMESTAMP_BYTES_MAX`].
    #[error("an answer of {0} bytes; at most {TIMESTAMP_BYTES_MAX} are read")]
    TooLong(usize),
    /// Not the DER that RFC 3161 and RFC 5652 describe.
    #[error("the {what} does not read: {reason}")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// The authority gave none (RFC 3161 §2.4.2).
    #[error("the authority refused: {0}")]
    Refused(String),
    /// A timestamp of other bytes.
    #[error("the timestamp is of other bytes than these")]
    OtherBytes,
    /// An answer to another question.
    #[error("the timestamp carries another nonce than the request")]
    OtherNonce,
    /// What holds the signature together does not fit.
    #[error("the timestamp's signature: {0}")]
    Signature(&'static str),
    /// An algorithm that is not accepted.
    #[error("the timestamp uses algorithm {0}, which is not accepted")]
    Algorithm(ObjectIdentifier),
    /// No path to an authority that is trusted.
    #[error("no trusted authority stands behind the timestamp: {0}")]
    Untrusted(String),
}

/// A proved time.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Timestamp {
    /// When the bytes existed, at the latest.
    pub time: Seconds,
    /// Who says so: the subject of the signing certificate (RFC 4514).
    pub authority: String,
}

/// ESSCertID (RFC 2634 §5.4.1) and ESSCertIDv2 (RFC 5035 §3), so much of them as is read.
#[derive(Sequence)]
struct SigningCertificate {
    certificates: Vec<Any>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

/// A query for the time of `data` under a fresh `nonce` (RFC 3161 §2.4.1), DER. Asks for the
/// certificates, so that the answer can be checked without anybody.
///
/// # Errors
/// [`TimestampError::Malformed`] never happens for data in memory; the encoder may say so.
pub fn query(data: &[u8], nonce: [u8; 8]) -> Result<Vec<u8>, TimestampError> {
    let malformed = malformed("query");
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: cms::cert::x509::spki::AlgorithmIdentifier {
                oid: SHA_256,
                parameters: Some(Any::null()),
            },
            hashed_message: OctetString::new(sha_256(data)).map_err(&malformed)?,
        },
        req_policy: None,
        nonce: Some(nonce_integer(nonce)?),
        cert_req: true,
        extensions: None,
    };
    request.to_der().map_err(malformed)
}

/// Checks an answer (TimeStampResp, RFC 3161 §2.4.2): it stamps `data`, carries `nonce` if there
/// is one, its signature verifies, and its signer is a time-stamping authority with a path to one
/// of `authorities` that was valid at the time it names.
///
/// # Errors
/// [`TimestampError`] names the first thing that does not hold.
pub fn verify(
    answer: &[u8],
    data: &[u8],
    nonce: Option<[u8; 8]>,
    authorities: &[CertificateDer<'static>],
) -> Result<Timestamp, TimestampError> {
    if answer.len() > TIMESTAMP_BYTES_MAX {
        return Err(TimestampError::TooLong(answer.len()));
    }
    let response = TimeStampResp::from_der(answer).map_err(malformed("answer"))?;
    let token = response.time_stamp_token;
    let token = token.ok_or_else(|| TimestampError::Refused(words_of(&response.status)))?;
    if token.content_type != SIGNED_DATA {
        return Err(TimestampError::Signature("the token is not signed data"));
    }
    let signed: SignedData = token.content.decode_as().map_err(malformed("token"))?;
    let content = signed_content(&signed)?;
    let info = TstInfo::from_der(&content).map_err(malformed("time in the token"))?;
    let imprint = &info.message_imprint;
    if imprint.hash_algorithm.oid != SHA_256 || imprint.hashed_message.as_bytes() != sha_256(data) {
        return Err(TimestampError::OtherBytes);
    }
    let asked = nonce.map(nonce_integer).transpose()?;
    if asked.is_some() && info.nonce != asked {
        return Err(TimestampError::OtherNonce);
    }
    let time = info.gen_time.to_unix_duration();
    let signer = check_signer(&signed, &content, time, authorities)?;
    Ok(Timestamp {
        time: Seconds(time.as_secs()),
        authority: signer.tbs_certificate.subject.to_string(),
    })
}

/// Why the authority gave none, in its own words.
fn words_of(status: &PkiStatusInfo<'_>) -> String {
    let lines = status.status_string.iter().flatten();
    let lines: Vec<&str> = lines.map(|line| line.as_str()).collect();
    let words = format!("{:?} {}", status.status, lines.join("; "));
    words
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

fn malformed<E: ToString>(what: &'static str) -> impl Fn(E) -> TimestampError {
    move |error| TimestampError::Malformed {
        what,
        reason: error.to_string(),
    }
}

fn sha_256(data: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, data).as_ref().to_vec()
}

/// A nonce as a positive INTEGER in its shortest form.
fn nonce_integer(nonce: [u8; 8]) -> Result<Int, TimestampError> {
    let der = u64::from_be_bytes(nonce)
        .to_der()
        .map_err(malformed("nonce"))?;
    Int::from_der(&der).map_err(malformed("nonce"))
}

/// The TSTInfo's bytes: the content of the OCTET STRING that is signed.
fn signed_content(signed: &SignedData) -> Result<Vec<u8>, TimestampError> {
    let content = &signed.encap_content_info;
    if content.econtent_type != TST_INFO {
        return Err(TimestampError::Signature("what is signed is not a time"));
    }
    let content = content.econtent.as_ref();
    let content = content.ok_or(TimestampError::Signature("nothing is signed"))?;
    let content: OctetString = content.decode_as().map_err(malformed("signed content"))?;
    Ok(content.into_bytes())
}

/// The one signer's certificate, after everything between the content and a trusted authority
/// has been checked (RFC 5652 §5.4 and §5.6, RFC 3161 §2.3 and §2.4.2).
fn check_signer<'s>(
    signed: &'s SignedData,
    content: &[u8],
    time: std::time::Duration,
    authorities: &[CertificateDer<'static>],
) -> Result<&'s Certificate, TimestampError> {
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(TimestampError::Signature(
            "a timestamp has exactly one signer",
        ));
    };
    let certificates = certificates(signed);
    let certificate = certificates
        .iter()
        .copied()
        .find(|it| is_of(&signer.sid, it));
    let certificate = certificate.ok_or(TimestampError::Signature(
        "the signer's certificate is not there",
    ))?;
    let der = certificate
        .to_der()
        .map_err(malformed("signer's certificate"))?;
    let attributes = check_attributes(signer, content, &der)?;
    let der = CertificateDer::from(der);
    let untrusted = |error: webpki::Error| TimestampError::Untrusted(error.to_string());
    let end = EndEntityCert::try_from(&der).map_err(untrusted)?;
    end.verify_signature(algorithm(signer)?, &attributes, signer.signature.as_bytes())
        .map_err(|_| TimestampError::Signature("it does not verify"))?;
    let anchors: Vec<TrustAnchor<'_>> = authorities
        .iter()
        .map(|authority| anchor_from_trusted_cert(authority).map_err(untrusted))
        .collect::<Result<_, _>>()?;
    let between: Vec<CertificateDer<'_>> = certificates
        .iter()
        .map(|it| it.to_der().map(CertificateDer::from))
        .collect::<Result<_, _>>()
        .map_err(malformed("certificate"))?;
    end.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &between,
        UnixTime::since_unix_epoch(time),
        KeyUsage::required(TIME_STAMPING),
        None,
        None,
    )
    .map_err(untrusted)?;
    Ok(certificate)
}

fn certificates(signed: &SignedData) -> Vec<&Certificate> {
    let choices = signed.certificates.iter().flat_map(|set| set.0.iter());
    choices
        .filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => Some(certificate),
            CertificateChoices::Other(_) => None,
        })
        .collect()
}

fn is_of(signer: &SignerIdentifier, certificate: &Certificate) -> bool {
    let body = &certificate.tbs_certificate;
    match signer {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == body.issuer && named.serial_number == body.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(named) => {
            let mut extensions = body.extensions.iter().flatten();
            extensions
                .find(|extension| extension.extn_id == SubjectKeyIdentifier::OID)
                .and_then(|extension| {
                    SubjectKeyIdentifier::from_der(extension.extn_value.as_bytes()).ok()
                })
                .is_some_and(|own| own == *named)
        }
    }
}

/// Checks the signed attributes and gives the bytes that are signed: their DER as a SET.
fn check_attributes(
    signer: &SignerInfo,
    content: &[u8],
    certificate: &[u8],
) -> Result<Vec<u8>, TimestampError> {
    let wrong = TimestampError::Signature;
    let attributes = signer.signed_attrs.as_ref();
    let attributes = attributes.ok_or(wrong("it signs no attributes"))?;
    let one = |oid: ObjectIdentifier| {
        let mut found = attributes.iter().filter(|attribute| attribute.oid == oid);
        match (found.next(), found.next()) {
            (Some(attribute), None) => match attribute.values.as_slice() {
                [value] => Some(value),
                _ => None,
            },
            _ => None,
        }
    };
    let named = one(CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    if named != Some(TST_INFO) {
        return Err(wrong("it names another kind of content"));
    }
    let hashed = one(MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetString>().ok());
    let hash = digest::digest(hash_algorithm(signer.digest_alg.oid)?, content);
    if hashed.as_ref().map(OctetString::as_bytes) != Some(hash.as_ref()) {
        return Err(wrong("it is over another content"));
    }
    let named = match (one(SIGNING_CERTIFICATE_V2), one(SIGNING_CERTIFICATE)) {
        (Some(value), _) => named_certificate(value, SHA_256)?,
        (None, Some(value)) => named_certificate(value, SHA_1)?,
        (None, None) => return Err(wrong("it does not name its certificate")),
    };
    let (hash, named) = named;
    if digest::digest(hash_algorithm(hash)?, certificate).as_ref() != named.as_bytes() {
        return Err(wrong("it names another certificate"));
    }
    attributes.to_der().map_err(malformed("signed attributes"))
}

/// The hash by which a signing-certificate attribute names the signer's certificate: the first
/// of its list. `default` is what it is made with if the attribute does not say.
fn named_certificate(
    value: &Any,
    default: ObjectIdentifier,
) -> Result<(ObjectIdentifier, OctetString), TimestampError> {
    let malformed = || malformed::<der::Error>("signing certificate");
    let list: SigningCertificate = value.decode_as().map_err(malformed())?;
    let first = list.certificates.first();
    let first = first.ok_or(TimestampError::Signature(
        "it does not name its certificate",
    ))?;
    let mut reader = der::SliceReader::new(first.value()).map_err(malformed())?;
    let mut part = Any::decode(&mut reader).map_err(malformed())?;
    let mut hash = default;
    if let Ok(algorithm) = part.decode_as::<cms::cert::x509::spki::AlgorithmIdentifierOwned>() {
        hash = algorithm.oid;
        part = Any::decode(&mut reader).map_err(malformed())?;
    }
    Ok((hash, part.decode_as().map_err(malformed())?))
}

fn hash_algorithm(oid: ObjectIdentifier) -> Result<&'static digest::Algorithm, TimestampError> {
    match oid {
        // Names a certificate in old authorities' answers; nothing rests on it alone.
        SHA_1 => Ok(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        SHA_256 => Ok(&digest::SHA256),
        SHA_384 => Ok(&digest::SHA384),
        SHA_512 => Ok(&digest::SHA512),
        other => Err(TimestampError::Algorithm(other)),
    }
}

/// How the signer's signature is made. A signature by SHA-1 is never accepted.
fn algorithm(
    signer: &SignerInfo,
) -> Result<&'static dyn SignatureVerificationAlgorithm, TimestampError> {
    let (digest, signature) = (signer.digest_alg.oid, signer.signature_algorithm.oid);
    match (signature, digest) {
        (RSA | RSA_SHA_256, SHA_256) => Ok(algorithms::RSA_PKCS1_2048_8192_SHA256),
        (RSA | RSA_SHA_384, SHA_384) => Ok(algorithms::RSA_PKCS1_2048_8192_SHA384),
        (RSA | RSA_SHA_512, SHA_512) => Ok(algorithms::RSA_PKCS1_2048_8192_SHA512),
        (ECDSA_SHA_256, SHA_256) => Ok(algorithms::ECDSA_P256_SHA256),
        (ECDSA_SHA_384, SHA_384) => Ok(algorithms::ECDSA_P384_SHA384),
        (ED25519, SHA_512) => Ok(algorithms::ED25519),
        _ => Err(TimestampError::Algorithm(signature)),
    }
}
