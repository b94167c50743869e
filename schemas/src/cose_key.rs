//! The log's key as COSE knows it: `COSE_Key` (RFC 9052 §7) and its thumbprint (RFC 9679).
//!
//! Lives here: what a node publishes under `/.well-known/scitt-keys`, and the key id (`kid`) in COSE
//! receipts. Does not live here: records, whose key id is the key itself (`cose`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use sha2::{Digest as _, Sha256};

use crate::cose::{ALGORITHM_EDDSA, Written, written};
use crate::encoding::fixed_bytes;
use crate::keys::PublicKey;

const KEY_TYPE_OKP: u8 = 1;
const CURVE_ED25519: u8 = 6;

fixed_bytes!(
    /// COSE Key Thumbprint (RFC 9679): SHA-256 of the key's required parameters. Names a log's key in
    /// COSE receipts; whoever holds the key computes it, nobody assigns it.
    KeyThumbprint, 32
);

impl KeyThumbprint {
    /// The thumbprint of an Ed25519 key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let required = written(42, |encoder| {
            encoder.map(3)?.u8(1)?.u8(KEY_TYPE_OKP)?;
            curve_and_point(encoder, key)
        });
        Self(Sha256::digest(required).into())
    }

    /// As a segment of a path: base64url without padding (RFC 7515 §2), 43 characters.
    #[must_use]
    pub fn to_segment(&self) -> String {
        BASE64URL.encode(self.0)
    }

    /// Reads what [`KeyThumbprint::to_segment`] writes; `None` of anything else.
    #[must_use]
    pub fn from_segment(text: &str) -> Option<Self> {
        let bytes = BASE64URL.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

fn curve_and_point(encoder: &mut minicbor::Encoder<&mut Vec<u8>>, key: &PublicKey) -> Written {
    encoder.i8(-1)?.u8(CURVE_ED25519)?;
    encoder.i8(-2)?.bytes(&key.0)?.ok()
}

/// A `COSE_Key`: `{1: 1 (OKP), 2: thumbprint, 3: -8 (EdDSA), -1: 6 (Ed25519), -2: public key}`.
#[must_use]
pub fn cose_key(key: &PublicKey) -> Vec<u8> {
    written(96, |encoder| write_key(encoder, key))
}

/// A `COSE_KeySet` of these keys, in their order.
#[must_use]
pub fn cose_key_set(keys: &[PublicKey]) -> Vec<u8> {
    written(2 + 96 * keys.len(), |encoder| {
        // A set has as many keys as a validator set has members.
        encoder.array(u64::try_from(keys.len()).unwrap_or(u64::MAX))?;
        keys.iter().try_for_each(|key| write_key(encoder, key))
    })
}

fn write_key(encoder: &mut minicbor::Encoder<&mut Vec<u8>>, key: &PublicKey) -> Written {
    encoder.map(5)?.u8(1)?.u8(KEY_TYPE_OKP)?;
    encoder.u8(2)?.bytes(&KeyThumbprint::of(key).0)?;
    encoder.u8(3)?.i8(ALGORITHM_EDDSA)?;
    curve_and_point(encoder, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_sha_256_of_the_required_parameters_in_their_order() {
        let key = PublicKey([0xab; 32]);
        let required = [&[0xa3, 1, 1, 0x20, 6, 0x21, 0x58, 32][..], &key.0].concat();
        let thumbprint = KeyThumbprint::of(&key);
        assert_eq!(thumbprint.0, <[u8; 32]>::from(Sha256::digest(&required)));
    }

    #[test]
    fn a_key_id_is_one_segment_of_a_path_and_comes_back() {
        let thumbprint = KeyThumbprint([0xfb; 32]);
        let segment = thumbprint.to_segment();
        assert_eq!(segment.len(), 43);
        assert!(!segment.contains(['+', '/', '=']));
        assert_eq!(KeyThumbprint::from_segment(&segment), Some(thumbprint));
        assert_eq!(KeyThumbprint::from_segment(&format!("{segment}=")), None);
        assert_eq!(KeyThumbprint::from_segment("AAAA"), None);
    }

    #[test]
    fn a_key_set_is_the_array_of_its_keys() {
        let keys = [PublicKey([1; 32]), PublicKey([2; 32])];
        let set = [&[0x82][..], &cose_key(&keys[0]), &cose_key(&keys[1])].concat();
        assert_eq!(cose_key_set(&keys), set);
    }
}
