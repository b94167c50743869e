//! Many signatures at once.
//!
//! Nodes verify strictly (RFC 8032 with every ambiguity refused), one by one. An auditor may batch,
//! which takes a third of the time: a random linear combination of all the equations
//! `s·B = R + h·A` (Bernstein et al., *High-speed high-security signatures*, section 5), in which the
//! points of equal keys are taken together. The factors are 128 random bits each, unknown to
//! whoever wrote the log. What that means here:
//!
//! * *Nothing sound is refused.* Whatever verifies strictly satisfies its equation exactly; with a
//!   key of full order, so does every combination of such equations. Keys are admitted when they
//!   enter the ledger, which the re-run law checks again. And what fails in a batch is verified
//!   strictly, one by one: nothing is ever refused on a batch's word.
//! * *Nothing forged is accepted*, but with a probability of 2^-128: a batch that passes holds only
//!   signatures which nobody without the secret key can make.
//! * *One thing can pass unseen.* The owner of a key may add a point of small order to the `R` of their
//!   own signature. The nodes must refuse it; a batch may accept it (one such with a
//!   probability of 1/2 at most). It is a true signature in a form that no honest signer makes.
//!   [`Signatures::Strict`] finds it.

use std::collections::HashMap;

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity as _, VartimeMultiscalarMul as _};
use deedbook_schemas::keys::{PublicKey, Signature};
use rayon::prelude::*;
use sha2::{Digest as _, Sha512};

/// Signatures of one batch: beyond, a core gains little.
const BATCH: usize = 1024;

/// How signatures are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatures {
    /// In batches; one by one where a batch fails.
    Batched,
    /// One by one, in the very way in which the validators do it.
    Strict,
}

impl Signatures {
    /// What a report says about it.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::Batched => {
                "each made with its key, verified in batches of 1,024; --strict verifies each in \
                 the very form that validators accept"
            }
            Self::Strict => "each verified strictly (RFC 8032), none in batches",
        }
    }
}

/// A signature to be verified.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Whose.
    pub key: PublicKey,
    /// What is signed.
    pub message: Vec<u8>,
    /// The signature.
    pub signature: Signature,
}

impl Signed {
    fn verifies_strictly(&self) -> bool {
        self.key.verify(&self.message, &self.signature)
    }
}

/// Which of these do not verify, on all cores; in order.
#[must_use]
pub fn refused(signed: &[Signed], how: Signatures) -> Vec<usize> {
    // As many batches as keep every core busy to the end, of equal length.
    let cores = rayon::current_num_threads().max(1);
    let batches = signed.len().div_ceil(BATCH).next_multiple_of(cores).max(1);
    let length = signed.len().div_ceil(batches).max(1);
    let mut refused: Vec<usize> = signed
        .par_chunks(length)
        .enumerate()
        .flat_map_iter(|(number, batch)| {
            let one_by_one = how == Signatures::Strict || !batch_verifies(batch);
            let strictly = batch.iter().zip(number * length..);
            strictly
                .filter(move |(signed, _)| one_by_one && !signed.verifies_strictly())
                .map(|(_, index)| index)
        })
        .collect();
    refused.sort_unstable();
    refused
}

/// Whether all of them satisfy their equations, as far as one combination of these can tell. Without
/// random bytes there is none, and the caller verifies one by one.
fn batch_verifies(batch: &[Signed]) -> bool {
    let mut random = vec![[0; 16]; batch.len()];
    getrandom::fill(random.as_flattened_mut()).is_ok()
        && combine(batch, &random).is_some_and(|sum| sum.is_identity())
}

/// `sum of z·(R + h·A - s·B)`; nothing if there is no equation to speak of.
fn combine(batch: &[Signed], random: &[[u8; 16]]) -> Option<EdwardsPoint> {
    let mut keys: HashMap<&PublicKey, usize> = HashMap::new();
    let mut base = Scalar::ZERO;
    let (mut scalars, mut points) = (Vec::new(), Vec::new());
    for (signed, random) in batch.iter().zip(random) {
        let factor = Scalar::from(u128::from_le_bytes(*random));
        let (r, s) = signed.signature.0.split_first_chunk::<32>()?;
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
        let place = match keys.get(&signed.key) {
            Some(place) => *place,
            None => {
                points.push(CompressedEdwardsY(signed.key.0).decompress()?);
                scalars.push(Scalar::ZERO);
                keys.insert(&signed.key, points.len() - 1);
                points.len() - 1
            }
        };
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(signed.key.0)
            .chain_update(&signed.message);
        let h = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        *scalars.get_mut(place)? += factor * h;
        base -= factor * s;
        scalars.push(factor);
        points.push(commitment(r)?);
    }
    scalars.push(base);
    points.push(ED25519_BASEPOINT_POINT);
    Some(EdwardsPoint::vartime_multiscalar_mul(&scalars, &points))
}

/// The point `R`, unless strict verification refuses it at sight: a second spelling of its
/// coordinate, or a point of small order.
fn commitment(r: &[u8; 32]) -> Option<EdwardsPoint> {
    let (first, rest) = r.split_first()?;
    let (last, middle) = rest.split_last()?;
    // 2^255 - 19 and above.
    let above = *first >= 0xed && last & 0x7f == 0x7f && middle.iter().all(|it| *it == 0xff);
    let point = CompressedEdwardsY(*r).decompress()?;
    (!above && !point.is_small_order()).then_some(point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;
    use deedbook_schemas::keys::{SigningKey, sign};

    fn signed(count: u32) -> Vec<Signed> {
        (0..count)
            .map(|number| {
                let mut seed = [7; 32];
                seed[0] = u8::try_from(number % 200).unwrap();
                let key = SigningKey::from_bytes(&seed);
                let message = number.to_be_bytes().to_vec();
                Signed {
                    key: PublicKey::of(&key),
                    signature: sign(&key, &message),
                    message,
                }
            })
            .collect()
    }

    #[test]
    fn sound_signatures_pass_and_each_forged_one_is_named_however_they_are_verified() {
        for how in [Signatures::Batched, Signatures::Strict] {
            assert_eq!(refused(&[], how), Vec::<usize>::new());
            let mut all = signed(2_500);
            assert_eq!(refused(&all, how), Vec::<usize>::new());
            all[3].signature.0[40] ^= 1;
            all[1_700].message.push(0);
            all[2_499].key = all[0].key;
            assert_eq!(refused(&all, how), [3, 1_700, 2_499]);
        }
    }

    #[test]
    fn a_key_that_is_no_point_is_named_and_spoils_nothing() {
        let mut all = signed(20);
        let no_point = (0..=255)
            .map(|byte| PublicKey([byte; 32]))
            .find(|key| CompressedEdwardsY(key.0).decompress().is_none());
        all[7].key = no_point.unwrap();
        assert_eq!(refused(&all, Signatures::Batched), [7]);
    }

    /// A signature by the key's owner whose `R` has a part of small order.
    fn with_torsion(message: &[u8], torsion: EdwardsPoint, r: Scalar) -> Signed {
        let a = Scalar::from(12_345_u64);
        let key = (ED25519_BASEPOINT_POINT * a).compress().0;
        let commitment = (ED25519_BASEPOINT_POINT * r + torsion).compress().0;
        let hash = Sha512::new()
            .chain_update(commitment)
            .chain_update(key)
            .chain_update(message);
        let h = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let s = r + h * a;
        let bytes = [commitment, s.to_bytes()].concat();
        Signed {
            key: PublicKey(key),
            message: message.to_vec(),
            signature: Signature(bytes.try_into().unwrap()),
        }
    }

    #[test]
    fn a_torsioned_signature_is_always_found_strictly_and_one_of_small_order_always() {
        let sound = with_torsion(b"deed", EIGHT_TORSION[0], Scalar::from(7_u64));
        assert!(sound.verifies_strictly() && batch_verifies(std::slice::from_ref(&sound)));
        let mut found = 0;
        for (number, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
            let twisted = with_torsion(b"deed", *torsion, Scalar::from(7_u64));
            let all = [sound.clone(), twisted];
            assert_eq!(refused(&all, Signatures::Strict), [1], "{number}");
            for _ in 0..32 {
                found += u32::from(refused(&all, Signatures::Batched) == [1]);
            }
            let small = with_torsion(b"deed", *torsion, Scalar::ZERO);
            for how in [Signatures::Batched, Signatures::Strict] {
                assert_eq!(refused(&[sound.clone(), small.clone()], how), [1]);
            }
        }
        // 7 points of 32 tries: 3/4 on average are found, and 2^-60 of all runs find fewer than a third.
        assert!(found > 7 * 32 / 3, "{found}");
    }
}
