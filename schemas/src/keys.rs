//! Ed25519 keys and the one way a signature is checked.
//!
//! A key is admitted once: canonical, of full order, not small. From then on `verify_strict` is
//! the only verification that nodes use; dalek's `verify` and `verify_batch` accept signatures on
//! which nodes would disagree. An auditor may batch, and says so.

use ed25519_dalek::{Signature as DalekSignature, Signer as _, VerifyingKey};

use crate::encoding::fixed_bytes;

pub use ed25519_dalek::SigningKey;

fixed_bytes!(
    /// An Ed25519 public key as received; [`PublicKey::admit`] decides whether it may be used.
    PublicKey, 32
);
fixed_bytes!(
    /// An Ed25519 signature, 64 bytes (RFC 8032).
    Signature, 64
);

/// A public key that is not fit to be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an admissible Ed25519 key: it must be a canonical point of full order")]
pub struct InadmissibleKey;

/// A key that was admitted: verification needs no further check of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmittedKey(VerifyingKey);

impl PublicKey {
    /// The public half of a signing key.
    #[must_use]
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key().to_bytes())
    }

    /// Checks once that the key is canonical and neither small-order nor with a torsion part.
    ///
    /// # Errors
    /// [`InadmissibleKey`] otherwise.
    pub fn admit(&self) -> Result<AdmittedKey, InadmissibleKey> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| InadmissibleKey)?;
        let point = key.to_edwards();
        // `VerifyingKey::to_bytes` gives back the bytes it was read from; only the point, encoded
        // anew, tells whether they were canonical.
        let canonical = point.compress().to_bytes() == self.0;
        if key.is_weak() || !point.is_torsion_free() || !canonical {
            return Err(InadmissibleKey);
        }
        Ok(AdmittedKey(key))
    }

    /// Verifies with a key that was admitted when it entered the ledger (a party's, a
    /// validator's, an authority's): decodes it and checks strictly.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        VerifyingKey::from_bytes(&self.0)
            .is_ok_and(|key| AdmittedKey(key).verify(message, signature))
    }
}

impl AdmittedKey {
    /// RFC 8032 verification with every ambiguity refused (`verify_strict`).
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        self.0
            .verify_strict(message, &DalekSignature::from_bytes(&signature.0))
            .is_ok()
    }
}

/// Signs a message that already names its use and its ledger.
#[must_use]
pub fn sign(key: &SigningKey, message: &[u8]) -> Signature {
    Signature(key.sign(message).to_bytes())
}
