//! A receipt in as few bytes as it can honestly have: what one QR code carries.
//!
//! Lives here: this transport form, and the way back. It says nothing that the `.tlog-proof` does not
//! say: it expands to exactly the bytes that it was made from, and only those are verified (`receipt`).
//!
//! Deterministic CBOR (RFC 8949 §4.2); base64 and the origin's repetition are what is saved:
//!
//! ```text
//! [3, index: uint, path: bstr, [origin: tstr, size: uint, root: bstr32], [+ [name: tstr / null, bstr]], ? extra: bstr]
//! ```
//!
//! `path` is the inclusion proof's hashes, 32 bytes each, the leaf's sibling first. A signature line is
//! its key's name, null if that is the origin, and its key id and signature in one. `extra` is what the
//! receipt carries, left out if it carries nothing.

use minicbor::bytes::ByteVec;
use minicbor::{CborLen, Decode, Encode};

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::digest::TreeHash;
use crate::encoding::{DecodeError, decode, encode};
use crate::limits::RECEIPT_BYTES_MAX;
use crate::note::{NoteError, NoteKeyId, SignatureLine};
use crate::receipt::{Receipt, ReceiptError};

/// Tells the form from a state receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, CborLen)]
#[cbor(index_only)]
enum Kind {
    #[n(3)]
    CompactReceipt,
}

#[derive(Debug, PartialEq, Eq, Encode, Decode, CborLen)]
struct Compact {
    #[n(0)]
    kind: Kind,
    #[n(1)]
    index: u64,
    #[n(2)]
    path: ByteVec,
    #[n(3)]
    tree: Tree,
    #[n(4)]
    signatures: Vec<Line>,
    #[n(5)]
    extra: Option<ByteVec>,
}

#[derive(Debug, PartialEq, Eq, Encode, Decode, CborLen)]
struct Tree {
    #[n(0)]
    origin: String,
    #[n(1)]
    size: u64,
    #[n(2)]
    root: TreeHash,
}

#[derive(Debug, PartialEq, Eq, Encode, Decode, CborLen)]
struct Line {
    #[n(0)]
    name: Option<String>,
    #[n(1)]
    signed: ByteVec,
}

/// Why bytes are not a compact receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompactReceiptError {
    /// Not the one encoding.
    #[error("compact receipt: {0}")]
    Decode(#[from] DecodeError),
    /// A path that is not whole hashes, or a signature line without a key id.
    #[error("compact receipt: {0} bytes are no list of hashes, or no key id and signature")]
    Length(usize),
    /// A name that no key has.
    #[error(transparent)]
    Name(#[from] NoteError),
    /// What it expands to is not a receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
}

/// The compact form of a receipt.
#[must_use]
pub fn compact(receipt: &Receipt) -> Vec<u8> {
    let SignedCheckpoint {
        checkpoint,
        signatures,
    } = receipt.checkpoint();
    let line = |line: &SignatureLine| Line {
        name: (line.name != checkpoint.origin).then(|| line.name.to_string()),
        signed: [line.key_id.0.as_slice(), &line.signature].concat().into(),
    };
    let path: Vec<u8> = receipt.hashes().iter().flat_map(|hash| hash.0).collect();
    encode(&Compact {
        kind: Kind::CompactReceipt,
        index: receipt.index(),
        path: path.into(),
        tree: Tree {
            origin: checkpoint.origin.to_string(),
            size: checkpoint.size,
            root: checkpoint.root,
        },
        signatures: signatures.iter().map(line).collect(),
        extra: receipt.extra().map(|extra| extra.to_vec().into()),
    })
}

/// The receipt behind a compact form of at most [`RECEIPT_BYTES_MAX`] bytes; its text is the
/// `.tlog-proof`.
///
/// # Errors
/// [`CompactReceiptError`] if these bytes are not what [`compact`] makes of a receipt.
pub fn expand(bytes: &[u8]) -> Result<Receipt, CompactReceiptError> {
    let read: Compact = decode(bytes, RECEIPT_BYTES_MAX)?;
    let (hashes, rest) = read.path.as_chunks::<{ TreeHash::LEN }>();
    if !rest.is_empty() {
        return Err(CompactReceiptError::Length(read.path.len()));
    }
    let Tree { origin, size, root } = read.tree;
    let checkpoint = Checkpoint {
        origin: origin.parse()?,
        size,
        root,
    };
    let signatures = read
        .signatures
        .into_iter()
        .map(|line| signature_line(line, &checkpoint))
        .collect::<Result<_, _>>()?;
    let receipt = Receipt::new(
        read.extra.map(Into::into).unwrap_or_default(),
        read.index,
        hashes.iter().copied().map(TreeHash).collect(),
        SignedCheckpoint {
            checkpoint,
            signatures,
        },
    );
    // Whatever the text's rules forbid, this form cannot smuggle in.
    let receipt = Receipt::parse(receipt.to_string().as_bytes())?;
    // An origin's name or an absence that is spelled out would be a second form of the same.
    if compact(&receipt) != bytes {
        return Err(DecodeError::NotCanonical.into());
    }
    Ok(receipt)
}

fn signature_line(
    line: Line,
    checkpoint: &Checkpoint,
) -> Result<SignatureLine, CompactReceiptError> {
    let name = match line.name {
        None => checkpoint.origin.clone(),
        Some(name) => name.parse()?,
    };
    let (key_id, signature) = line
        .signed
        .split_first_chunk()
        .ok_or(CompactReceiptError::Length(line.signed.len()))?;
    Ok(SignatureLine {
        name,
        key_id: NoteKeyId(*key_id),
        signature: signature.to_vec(),
    })
}
