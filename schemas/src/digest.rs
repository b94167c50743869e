//! Names made of hashes. BLAKE3 with a context string of its own for every use, so that a hash
//! made for one purpose is never a valid hash for another; SHA-256 belongs to the log tree alone
//! (`merkle`).

use std::sync::OnceLock;

use blake3::hazmat::{ContextKey, HasherExt as _, hash_derive_key_context};

use crate::encoding::fixed_bytes;

fixed_bytes!(
    /// The ledger: BLAKE3 of the genesis, 32 bytes. Inside everything that is signed.
    LedgerId, 32
);
fixed_bytes!(
    /// A record: BLAKE3 of its to-be-signed bytes (RFC 9052 §4.4), 32 bytes. A malleated
    /// signature does not change it.
    RecordId, 32
);
fixed_bytes!(
    /// A block: BLAKE3 of its header, 32 bytes. The value that consensus decides.
    BlockId, 32
);
fixed_bytes!(
    /// Root of the state tree (Jellyfish Merkle tree over BLAKE3), 32 bytes.
    StateRoot, 32
);
fixed_bytes!(
    /// A hash of the log tree (RFC 9162 §2.1.1, SHA-256), 32 bytes.
    TreeHash, 32
);
fixed_bytes!(
    /// A validator set: BLAKE3 of its encoding, 32 bytes.
    ValidatorSetId, 32
);
fixed_bytes!(
    /// A salted commitment to a personal field: BLAKE3 over a 32-byte salt and the value.
    Commitment, 32
);
fixed_bytes!(
    /// Root of a file as BLAKE3 computes it, 32 bytes. Chunk groups (bao) do not change it.
    EvidenceRoot, 32
);
fixed_bytes!(
    /// What an identity attestation is bound to: the hash of the act being signed, 32 bytes.
    ActDigest, 32
);
fixed_bytes!(
    /// What an officer approves: the hash of a record's kind, subject and body, whoever signs it and
    /// when, 32 bytes.
    BodyDigest, 32
);

/// BLAKE3 in key-derivation mode: `context` names the one use of this hash.
#[must_use]
pub fn derive(context: &'static str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// A use of BLAKE3 in key-derivation mode that is hashed for all the time: what names it is hashed
/// once, and not again for each hash. The hashes are those of [`derive`].
#[derive(Debug)]
pub struct Context {
    name: &'static str,
    key: OnceLock<ContextKey>,
}

impl Context {
    /// The use that `name` names.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let key = OnceLock::new();
        Self { name, key }
    }

    /// A hash to be fed piece by piece.
    #[must_use]
    pub fn hasher(&self) -> blake3::Hasher {
        let key = self.key.get_or_init(|| hash_derive_key_context(self.name));
        blake3::Hasher::new_from_context_key(key)
    }

    /// The hash of some parts, one after the other.
    #[must_use]
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

impl Commitment {
    /// Commits to `value` under `salt`. Salt and value stay in the vault; erasing them leaves the
    /// commitment valid and silent.
    #[must_use]
    pub fn new(salt: &[u8; 32], value: &[u8]) -> Self {
        Self(derive(
            "deedbook 2026 personal field commitment",
            &[salt, value],
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_whose_name_is_hashed_once_gives_the_hashes_of_one_that_is_hashed_each_time() {
        static CONTEXT: Context = Context::new("deedbook 2026 record id");
        for parts in [[&[][..], &[]], [b"a", b"bc"], [&[7; 4096], &[8; 3]]] {
            let again = derive("deedbook 2026 record id", &parts);
            assert_eq!(CONTEXT.hash(&parts), again);
            assert_eq!(CONTEXT.hash(&[&parts.concat()]), again);
        }
    }
}
