//! Signed notes (C2SP signed-note): a text, and lines by which keys sign it.
//!
//! Lives here: key names, verifier keys (vkey), signature lines, the note itself, and plain
//! Ed25519 signatures (type 0x01). Does not live here: what the text of a checkpoint says and
//! timestamped cosignatures (`checkpoint`), and which keys to trust (`policy`).
//!
//! Whatever parses formats back to the same bytes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::keys::{AdmittedKey, PublicKey, Signature, SigningKey, sign};
use crate::limits::{CHECKPOINT_BYTES_MAX, KEY_NAME_CHARS_MAX, NOTE_SIGNATURES_MAX};

/// Why something is not a note, a key name, or a verifier key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A name that is empty, too long, or has a space, a plus sign or a control character.
    #[error("{0:?} is no key name: 1 to {KEY_NAME_CHARS_MAX} characters without spaces or plus")]
    KeyName(String),
    /// Not `name+key id+base64`.
    #[error("{0:?} is not a verifier key (name+id+base64)")]
    VerifierKey(String),
    /// A verifier key whose id is not that of its name and key.
    #[error("verifier key {name} carries id {got}, its own is {want}")]
    KeyId {
        /// The key's name.
        name: KeyName,
        /// The id in the text.
        got: String,
        /// The id computed.
        want: NoteKeyId,
    },
    /// A signature type other than 0x01 and 0x04.
    #[error("verifier key {name} has the unsupported signature type {got:#04x}")]
    SignatureType {
        /// The key's name.
        name: KeyName,
        /// The type byte.
        got: u8,
    },
    /// A public key that must not be relied on.
    #[error("verifier key {0} is not an admissible Ed25519 key")]
    Inadmissible(KeyName),
    /// Longer than [`CHECKPOINT_BYTES_MAX`].
    #[error("a note of {0} bytes; at most {CHECKPOINT_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// Not UTF-8, or with a control character other than newline.
    #[error("a note is UTF-8 text without control characters")]
    NotText,
    /// No blank line between text and signatures, or no newline at the end.
    #[error("a note is a text, a blank line, and signature lines that end in a newline")]
    Layout,
    /// More lines than [`NOTE_SIGNATURES_MAX`].
    #[error("a note with {0} signatures; at most {NOTE_SIGNATURES_MAX} are allowed")]
    TooManySignatures(usize),
    /// A line that is not `— name base64`.
    #[error("line {0:?} is not a signature line")]
    SignatureLine(String),
}

/// The name of a key that signs notes: 1 to [`KEY_NAME_CHARS_MAX`] characters, no Unicode space,
/// no plus sign, no control character. A log's key name is the origin of its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct KeyName(String);

impl KeyName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = NoteError;

    fn from_str(name: &str) -> Result<Self, NoteError> {
        let characters = name.chars().take(KEY_NAME_CHARS_MAX + 1).count();
        let allowed = |c: char| !(c.is_whitespace() || c.is_control() || c == '+');
        if (1..=KEY_NAME_CHARS_MAX).contains(&characters) && name.chars().all(allowed) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NoteError::KeyName(excerpt(name)))
        }
    }
}

/// First four bytes of SHA-256 over name, newline, type and public key. Tells keys apart; proves
/// nothing. Written as 8 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteKeyId(pub [u8; 4]);

impl NoteKeyId {
    /// The id of a key under a name.
    #[must_use]
    pub fn of(name: &KeyName, signature_type: SignatureType, key: &PublicKey) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(name.as_str());
        hasher.update([b'\n', signature_type.byte()]);
        hasher.update(key.0);
        let [a, b, c, d, ..]: [u8; 32] = hasher.finalize().into();
        Self([a, b, c, d])
    }
}

impl fmt::Display for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// How a key signs notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignatureType {
    /// 0x01: Ed25519 over the text. A log's key.
    Ed25519,
    /// 0x04: Ed25519 over a time and the text (C2SP tlog-cosignature). A witness's key.
    CosignatureV1,
}

impl SignatureType {
    /// The type's byte in key ids and verifier keys.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
        }
    }
}

/// A named, admitted public key (vkey): `<name>+<key id>+<base64 of type and key>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    signature_type: SignatureType,
    id: NoteKeyId,
    public: PublicKey,
    key: AdmittedKey,
}

impl VerifierKey {
    /// Admits a key under a name.
    ///
    /// # Errors
    /// [`NoteError::Inadmissible`] if the key must not be relied on.
    pub fn new(
        name: KeyName,
        signature_type: SignatureType,
        public: PublicKey,
    ) -> Result<Self, NoteError> {
        let key = public
            .admit()
            .map_err(|_| NoteError::Inadmissible(name.clone()))?;
        let id = NoteKeyId::of(&name, signature_type, &public);
        Ok(Self {
            name,
            signature_type,
            id,
            public,
            key,
        })
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The key's id under this name.
    #[must_use]
    pub fn id(&self) -> NoteKeyId {
        self.id
    }

    /// How it signs.
    #[must_use]
    pub fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Whether a line says it is by this key.
    #[must_use]
    pub fn claims(&self, line: &SignatureLine) -> bool {
        self.name == line.name && self.id == line.key_id
    }

    /// Whether a line is this key's plain Ed25519 signature of `text`.
    #[must_use]
    pub fn verify_note(&self, text: &str, line: &SignatureLine) -> bool {
        self.signature_type == SignatureType::Ed25519
            && self.claims(line)
            && <[u8; Signature::LEN]>::try_from(line.signature.as_slice())
                .is_ok_and(|signature| self.verify_bytes(text.as_bytes(), &Signature(signature)))
    }

    /// Strict Ed25519 verification of a message that was built for this key's type.
    pub(crate) fn verify_bytes(&self, message: &[u8], signature: &Signature) -> bool {
        self.key.verify(message, signature)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.signature_type.byte()];
        key.extend_from_slice(&self.public.0);
        write!(f, "{}+{}+{}", self.name, self.id, BASE64.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let malformed = || NoteError::VerifierKey(excerpt(text));
        // Base64 may contain plus signs; name and id cannot.
        let (name, rest) = text.split_once('+').ok_or_else(malformed)?;
        let (id, key) = rest.split_once('+').ok_or_else(malformed)?;
        let name: KeyName = name.parse()?;
        let key = BASE64.decode(key).map_err(|_| malformed())?;
        let (type_byte, key) = key.split_first().ok_or_else(malformed)?;
        let signature_type = match type_byte {
            0x01 => SignatureType::Ed25519,
            0x04 => SignatureType::CosignatureV1,
            got => return Err(NoteError::SignatureType { name, got: *got }),
        };
        let public = PublicKey(key.try_into().map_err(|_| malformed())?);
        let verifier = Self::new(name, signature_type, public)?;
        if verifier.id.to_string() != id {
            let (name, got) = (verifier.name, excerpt(id));
            return Err(NoteError::KeyId {
                name,
                got,
                want: verifier.id,
            });
        }
        Ok(verifier)
    }
}

/// One signature line: who says so, and the bytes of the signature, of whatever type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: KeyName,
    /// Id of the key.
    pub key_id: NoteKeyId,
    /// The signature, at least one byte; 64 bytes if plain Ed25519, 72 if a cosignature/v1.
    pub signature: Vec<u8>,
}

impl SignatureLine {
    /// The line for a plain Ed25519 signature that was made elsewhere, for instance by a
    /// threshold of signers.
    #[must_use]
    pub fn from_signature(name: &KeyName, key: &PublicKey, signature: &Signature) -> Self {
        let key_id = NoteKeyId::of(name, SignatureType::Ed25519, key);
        Self {
            name: name.clone(),
            key_id,
            signature: signature.0.to_vec(),
        }
    }

    /// Signs `text` with plain Ed25519 (type 0x01).
    #[must_use]
    pub fn sign_note(name: &KeyName, key: &SigningKey, text: &str) -> Self {
        Self::from_signature(name, &PublicKey::of(key), &sign(key, text.as_bytes()))
    }
}

impl fmt::Display for SignatureLine {
    /// The line without its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.0.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, BASE64.encode(bytes))
    }
}

impl FromStr for SignatureLine {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        let malformed = || NoteError::SignatureLine(excerpt(line));
        let rest = line.strip_prefix("— ").ok_or_else(malformed)?;
        let (name, bytes) = rest.split_once(' ').ok_or_else(malformed)?;
        let bytes = BASE64.decode(bytes).map_err(|_| malformed())?;
        let (key_id, signature) = bytes.split_first_chunk().ok_or_else(malformed)?;
        if signature.is_empty() {
            return Err(malformed());
        }
        let (key_id, signature) = (NoteKeyId(*key_id), signature.to_vec());
        Ok(Self {
            name: name.parse()?,
            key_id,
            signature,
        })
    }
}

/// A text and its signature lines, none of them verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    /// The signed text, ending in a newline.
    pub text: String,
    /// At least one line, at most [`NOTE_SIGNATURES_MAX`].
    pub signatures: Vec<SignatureLine>,
}

impl SignedNote {
    /// Reads a note of at most [`CHECKPOINT_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`NoteError`] says what is not as the format demands.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > CHECKPOINT_BYTES_MAX {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if bytes.iter().any(|byte| *byte < b' ' && *byte != b'\n') {
            return Err(NoteError::NotText);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Layout)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Layout)?;
        let count = lines.split('\n').count();
        if count > NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures(count));
        }
        let signatures = lines
            .split('\n')
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            text: format!("{text}\n"),
            signatures,
        })
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A decimal number as every C2SP text format writes it: digits only, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (text.len() > 1 && text.starts_with('0')) {
        None
    } else {
        text.parse().ok()
    }
}

/// The beginning of a text that somebody else wrote, for an error message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(100).collect()
}
