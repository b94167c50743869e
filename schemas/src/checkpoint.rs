//! Checkpoints (C2SP tlog-checkpoint) and cosignatures (C2SP tlog-cosignature, Ed25519).
//!
//! Lives here: what the three lines say, and how a cosigner signs them together with a time. Does
//! not live here: whose signatures count (`policy`), and when a validator may cosign (the node:
//! only after the decision is durable).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::block::Seconds;
use crate::cose::written;
use crate::digest::TreeHash;
use crate::keys::{PublicKey, Signature, SigningKey, sign};
use crate::limits::{COSIGNATURE_TIME_MAX, TREE_SIZE_MAX};
use crate::merkle::empty_root;
use crate::note::{
    KeyName, NoteError, NoteKeyId, SignatureLine, SignatureType, SignedNote, VerifierKey, decimal,
    excerpt,
};

/// Why something is not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Other than three lines, each ended by a newline.
    #[error("a checkpoint has the three lines origin, size, root, and no other")]
    Lines,
    /// Not a decimal number, or above [`TREE_SIZE_MAX`].
    #[error("{0:?} is not a tree size of at most {TREE_SIZE_MAX}")]
    Size(String),
    /// Not 32 bytes in base64.
    #[error("{0:?} is not a root hash in base64")]
    Root(String),
    /// A tree without leaves has one possible root.
    #[error("a tree without leaves cannot have root {0}")]
    EmptyRoot(TreeHash),
}

/// What a checkpoint says: this log, at this size, has this root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name; also the name of its key.
    pub origin: KeyName,
    /// Leaves of the tree, at most [`TREE_SIZE_MAX`].
    pub size: u64,
    /// Root of the tree.
    pub root: TreeHash,
}

impl Checkpoint {
    /// The three lines that are signed, the last newline included.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            BASE64.encode(self.root.0)
        )
    }

    /// What the log's key signs beside [`Checkpoint::text`], so that the tree's receipts can be COSE
    /// receipts too: the `Sig_structure` (RFC 9052 §4.4) of a COSE_Sign1 whose detached payload is the
    /// root (RFC 9942), with the protected header of [`cose_protected`]. It begins with the byte
    /// 0x84, with which no text can begin: neither message can be taken for the other.
    #[must_use]
    pub fn cose_to_be_signed(&self, log_key: &PublicKey) -> Vec<u8> {
        let protected = cose_protected(log_key);
        written(96, |encoder| {
            let encoder = encoder.array(4)?.str("Signature1")?.bytes(&protected)?;
            encoder.bytes(&[])?.bytes(&self.root.0)?.ok()
        })
    }

    /// Reads exactly three lines; extension lines are refused.
    ///
    /// # Errors
    /// [`CheckpointError`] names the line that is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let text = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        let origin = origin.parse()?;
        let size = tree_number(size).ok_or_else(|| CheckpointError::Size(excerpt(size)))?;
        let root = tree_hash(root).ok_or_else(|| CheckpointError::Root(excerpt(root)))?;
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyRoot(root));
        }
        Ok(Self { origin, size, root })
    }
}

/// The protected header of the log's COSE receipts, encoded: algorithm EdDSA (1: -8), `kid` the log's
/// key itself (4), verifiable data structure RFC9162_SHA256 (395: 1; RFC 9942).
#[must_use]
pub fn cose_protected(log_key: &PublicKey) -> Vec<u8> {
    written(48, |encoder| {
        let encoder = encoder.map(3)?.u8(1)?.i8(-8)?;
        let encoder = encoder.u8(4)?.bytes(log_key.as_bytes())?;
        encoder.u16(395)?.u8(1)?.ok()
    })
}

/// A cosigner's statement: at this time, the largest tree it knows of this log is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Name of the cosigner's key.
    pub name: KeyName,
    /// Id of the cosigner's key.
    pub key_id: NoteKeyId,
    /// When it was made, by the cosigner's clock.
    pub time: Seconds,
    /// Over [`Cosignature::message`].
    pub signature: Signature,
}

impl Cosignature {
    /// The bytes that are signed: `cosignature/v1`, the time, the checkpoint's three lines.
    #[must_use]
    pub fn message(checkpoint: &Checkpoint, time: Seconds) -> Vec<u8> {
        format!("cosignature/v1\ntime {}\n{}", time.0, checkpoint.text()).into_bytes()
    }

    /// Cosigns a checkpoint at a time that the caller read from its clock.
    #[must_use]
    pub fn sign(name: &KeyName, key: &SigningKey, checkpoint: &Checkpoint, time: Seconds) -> Self {
        let key_id = NoteKeyId::of(name, SignatureType::CosignatureV1, &PublicKey::of(key));
        let signature = sign(key, &Self::message(checkpoint, time));
        Self {
            name: name.clone(),
            key_id,
            time,
            signature,
        }
    }

    /// The cosignature that a signature line carries; `None` if it has another length than
    /// 8 + 64 bytes or its time exceeds 2^63 - 1.
    #[must_use]
    pub fn from_line(line: &SignatureLine) -> Option<Self> {
        let (time, signature) = line.signature.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let signature = Signature(signature.try_into().ok()?);
        let (name, key_id) = (line.name.clone(), line.key_id);
        (time <= COSIGNATURE_TIME_MAX).then_some(Self {
            name,
            key_id,
            time: Seconds(time),
            signature,
        })
    }

    /// The signature line that carries it.
    #[must_use]
    pub fn to_line(&self) -> SignatureLine {
        let signature = [self.time.0.to_be_bytes().as_slice(), &self.signature.0].concat();
        SignatureLine {
            name: self.name.clone(),
            key_id: self.key_id,
            signature,
        }
    }

    /// Whether it is this key's, and over this checkpoint.
    #[must_use]
    pub fn verify(&self, key: &VerifierKey, checkpoint: &Checkpoint) -> bool {
        key.signature_type() == SignatureType::CosignatureV1
            && (key.name(), key.id()) == (&self.name, self.key_id)
            && self.time.0 <= COSIGNATURE_TIME_MAX
            && key.verify_bytes(&Self::message(checkpoint, self.time), &self.signature)
    }
}

/// A checkpoint and its signature lines, none of them verified: `Policy::evaluate` does that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// The log's signature and the cosignatures, in the order of the note; at least one.
    pub signatures: Vec<SignatureLine>,
}

impl SignedCheckpoint {
    /// Reads a signed note whose text is a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError`] says what is not as the formats demand.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let SignedNote { text, signatures } = SignedNote::parse(bytes)?;
        Ok(Self {
            checkpoint: Checkpoint::parse(&text)?,
            signatures,
        })
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.checkpoint.text())?;
        self.signatures
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A tree size or a leaf index in decimal, at most [`TREE_SIZE_MAX`].
pub(crate) fn tree_number(text: &str) -> Option<u64> {
    decimal(text).filter(|number| *number <= TREE_SIZE_MAX)
}

/// A tree hash in base64.
pub(crate) fn tree_hash(text: &str) -> Option<TreeHash> {
    BASE64.decode(text).ok()?.try_into().ok().map(TreeHash)
}
