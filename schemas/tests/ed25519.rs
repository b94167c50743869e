//! Ed25519 where nodes could disagree: keys that must not be admitted, signatures that must not
//! verify. The points are those of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

use deedbook_schemas::keys::{PublicKey, Signature, SigningKey, sign};
use ed25519_dalek::VerifyingKey;

/// The eight points whose order divides 8, in their canonical encodings.
const TORSION: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

/// The order of the base point, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn key(text: &str) -> PublicKey {
    text.parse().unwrap()
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Every encoding with y in p ..= 2^255 - 1, with either sign: the point is that of y - p.
fn non_canonical() -> impl Iterator<Item = PublicKey> {
    (0..19u8).flat_map(|y| {
        [0x7f, 0xff].map(|last| {
            let mut bytes = [0xff; 32];
            bytes[0] = 0xed + y;
            bytes[31] = last;
            PublicKey(bytes)
        })
    })
}

fn with_scalar_plus_order(signature: Signature) -> Signature {
    let mut bytes = signature.0;
    let mut carry = 0u16;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "S + L fits 256 bits");
    Signature(bytes)
}

#[test]
fn an_honest_key_is_admitted_and_its_signature_verifies() {
    let public = PublicKey::of(&signer());
    let signature = sign(&signer(), b"deed");
    assert!(public.admit().unwrap().verify(b"deed", &signature));
    assert!(public.verify(b"deed", &signature));
    assert!(!public.verify(b"dead", &signature));
}

#[test]
fn no_point_of_small_order_is_admitted() {
    for point in TORSION {
        assert!(key(point).admit().is_err(), "{point}");
    }
}

#[test]
fn no_encoding_but_the_canonical_one_is_admitted() {
    for encoding in non_canonical() {
        assert!(encoding.admit().is_err(), "{encoding}");
    }
    let mut negative_zero = [0; 32];
    negative_zero[0] = 1;
    negative_zero[31] = 0x80;
    assert!(PublicKey(negative_zero).admit().is_err());
}

#[test]
fn a_key_with_a_torsion_part_is_not_admitted() {
    let honest = signer().verifying_key().to_edwards();
    for point in &TORSION[1..] {
        let torsion = VerifyingKey::from_bytes(&key(point).0)
            .unwrap()
            .to_edwards();
        let mixed = PublicKey((honest + torsion).compress().to_bytes());
        assert!(mixed.admit().is_err(), "{mixed}");
    }
}

#[test]
fn bytes_that_are_no_point_are_neither_admitted_nor_verified_with() {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    let no_point = PublicKey(bytes);
    assert!(no_point.admit().is_err());
    assert!(!no_point.verify(b"deed", &sign(&signer(), b"deed")));
}

#[test]
fn a_signature_with_a_scalar_of_the_order_or_more_does_not_verify() {
    let public = PublicKey::of(&signer());
    let signature = sign(&signer(), b"deed");
    assert!(!public.verify(b"deed", &with_scalar_plus_order(signature)));
    let mut largest = signature;
    largest.0[32..].fill(0xff);
    assert!(!public.verify(b"deed", &largest));
}

#[test]
fn the_universal_forgery_of_small_order_keys_verifies_nothing() {
    for point in TORSION {
        for nonce_point in TORSION {
            let mut forged = [0; 64];
            forged[..32].copy_from_slice(&key(nonce_point).0);
            assert!(!key(point).verify(b"any deed", &Signature(forged)));
        }
    }
}

#[test]
fn a_nonce_point_of_small_order_verifies_under_no_key() {
    let public = PublicKey::of(&signer());
    let signature = sign(&signer(), b"deed");
    for point in TORSION {
        for scalar in [[0; 32], signature.0[32..].try_into().unwrap()] {
            let mut forged = [0; 64];
            forged[..32].copy_from_slice(&key(point).0);
            forged[32..].copy_from_slice(&scalar);
            assert!(!public.verify(b"deed", &Signature(forged)), "{point}");
        }
    }
}

/// `vectors/ed25519.json`, which the verifiers in TypeScript and Python are asked for as well.
#[derive(serde::Deserialize)]
struct Grid {
    keys: Vec<GridKey>,
    signatures: Vec<GridSignature>,
}

#[derive(serde::Deserialize)]
struct GridKey {
    why: String,
    key: PublicKey,
    admitted: bool,
}

#[derive(serde::Deserialize)]
struct GridSignature {
    why: String,
    key: PublicKey,
    message: String,
    signature: Signature,
    valid: bool,
}

#[test]
fn the_grid_of_all_verifiers_is_answered_as_it_says() {
    let grid: Grid = serde_json::from_str(include_str!("../vectors/ed25519.json")).unwrap();
    for GridKey { why, key, admitted } in &grid.keys {
        assert_eq!(key.admit().is_ok(), *admitted, "{why}");
    }
    for case in &grid.signatures {
        let verifies = case.key.verify(case.message.as_bytes(), &case.signature);
        assert_eq!(verifies, case.valid, "{}", case.why);
    }
    let valid = grid.signatures.iter().filter(|case| case.valid).count();
    assert!(grid.keys.len() > 50 && valid > 20 && grid.signatures.len() > 300);
}
