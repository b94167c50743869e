//! Secrets between two participants: encrypted to one, authenticated as the other's (HPKE in mode
//! Auth: X25519, HKDF-SHA256, ChaCha20-Poly1305; RFC 9180).

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem as KemTrait, OpModeR, OpModeS, Serializable as _};
use rand_core::OsRng;

use super::{CeremonyError, Fingerprint, FirstPackage, Hex, SecondPackage, Secret, wrong};

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

pub(super) fn seal(
    fingerprint: &Fingerprint,
    from: &str,
    (private, public): (&Secret, &Hex),
    to: &FirstPackage,
    share: &Secret,
) -> Result<SecondPackage, CeremonyError> {
    let library = |error: hpke::HpkeError| CeremonyError::Library(error.to_string());
    let private = PrivateKey::from_bytes(private.bytes()).map_err(library)?;
    let public = PublicKey::from_bytes(&public.0).map_err(library)?;
    let recipient =
        PublicKey::from_bytes(&to.encryption_key.0).map_err(|error| wrong(&to.from, &error))?;
    let (key, ciphertext) = hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem, _>(
        &OpModeS::Auth((private, public)),
        &recipient,
        &info(fingerprint),
        share.bytes(),
        &parties(from, &to.from),
        &mut OsRng,
    )
    .map_err(library)?;
    Ok(SecondPackage {
        from: from.to_owned(),
        to: to.from.clone(),
        encapsulated_key: Hex(key.to_bytes().to_vec()),
        ciphertext: Hex(ciphertext),
    })
}

pub(super) fn open(
    fingerprint: &Fingerprint,
    from: &FirstPackage,
    to: &str,
    private: &Secret,
    second: &SecondPackage,
) -> Result<Secret, CeremonyError> {
    let refused = |_| {
        let reason = "it was not made by them, for this participant, in this ceremony";
        wrong(&from.from, &reason)
    };
    let private = PrivateKey::from_bytes(private.bytes())
        .map_err(|error| CeremonyError::Library(error.to_string()))?;
    let sender = PublicKey::from_bytes(&from.encryption_key.0).map_err(refused)?;
    let key = EncappedKey::from_bytes(&second.encapsulated_key.0).map_err(refused)?;
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Auth(sender),
        &private,
        &key,
        &info(fingerprint),
        &second.ciphertext.0,
        &parties(&from.from, to),
    )
    .map(Secret::new)
    .map_err(refused)
}
