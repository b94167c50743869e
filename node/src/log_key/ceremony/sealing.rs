//! Secrets between two participants: encrypted to one, authenticated as the other's (HPKE in mode
//! Auth: X25519, HKDF-SHA256, ChaCha20-Poly1305; RFC 9180).

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as KemTrait, OpModeR, OpModeS, Serializable as _};
use rand_core::OsRng;

use super::{CeremonyError, Fingerprint, Hex, SecondPackage, Secret, wrong};

type Kem = X25519HkdfSha256;
type PrivateKey = <Kem as KemTrait>::PrivateKey;
type PublicKey = <Kem as KemTrait>::PublicKey;
type EncappedKey = <Kem as KemTrait>::EncappedKey;

/// A fresh key pair: private, public.
pub(super) fn key_pair() -> (Vec<u8>, Vec<u8>) {
    let (private, public) = Kem::gen_keypair(&mut OsRng);
    (private.to_bytes().to_vec(), public.to_bytes().to_vec())
}

/// Whether others can encrypt to it.
pub(super) fn is_key(bytes: &[u8]) -> bool {
    PublicKey::from_bytes(bytes).is_ok()
}

/// The ceremony, so that a package of another one opens in none.
fn info(fingerprint: &Fingerprint) -> Vec<u8> {
    [
        b"deedbook 2026 log key ceremony ".as_slice(),
        fingerprint.bytes(),
    ]
    .concat()
}

fn parties(from: &str, to: &str) -> Vec<u8> {
    [from.as_bytes(), b"\n", to.as_bytes()].concat()
}

/// A participant and the key that others encrypt to.
#[derive(Clone, Copy)]
pub(super) struct Party<'a> {
    pub(super) name: &'a str,
    pub(super) key: &'a Hex,
}

pub(super) fn seal(
    fingerprint: &Fingerprint,
    from: Party<'_>,
    private: &Secret,
    to: Party<'_>,
    share: &Secret,
) -> Result<SecondPackage, CeremonyError> {
    let library = |error: hpke::HpkeError| CeremonyError::Library(error.to_string());
    let private = PrivateKey::from_bytes(private.bytes()).map_err(library)?;
    let public = PublicKey::from_bytes(&from.key.0).map_err(library)?;
    let recipient = PublicKey::from_bytes(&to.key.0).map_err(|error| wrong(to.name, &error))?;
    let (key, ciphertext) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem, _>(
        &OpModeS::Auth((private, public)),
        &recipient,
        &info(fingerprint),
        share.bytes(),
        &parties(from.name, to.name),
        &mut OsRng,
    )
    .map_err(library)?;
    Ok(SecondPackage {
        from: from.name.to_owned(),
        to: to.name.to_owned(),
        encapsulated_key: Hex(key.to_bytes().to_vec()),
        ciphertext: Hex(ciphertext),
    })
}

pub(super) fn open(
    fingerprint: &Fingerprint,
    from: Party<'_>,
    to: &str,
    private: &Secret,
    second: &SecondPackage,
) -> Result<Secret, CeremonyError> {
    let refused = |_| {
        let reason = "it was not made by them, for this participant, in this ceremony";
        wrong(from.name, &reason)
    };
    let private = PrivateKey::from_bytes(private.bytes())
        .map_err(|error| CeremonyError::Library(error.to_string()))?;
    let sender = PublicKey::from_bytes(&from.key.0).map_err(refused)?;
    let key = EncappedKey::from_bytes(&second.encapsulated_key.0).map_err(refused)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Auth(sender),
        &private,
        &key,
        &info(fingerprint),
        &second.ciphertext.0,
        &parties(from.name, to),
    )
    .map(Secret::new)
    .map_err(refused)
}
