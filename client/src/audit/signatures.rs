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
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity as _, VartimeMultiscalarMul as _};
use deedbook_schemas::keys::{PublicKey, Signature};
use rayon::prelude::*;
use sha2::{Digest as _, Sha512};

/// Signatures of one batch: beyond, a core gains nothing.
const BATCH: usize = 4096;
/// Keys whose points are remembered: 12 MiB.
const POINTS_MAX: usize = 50_000;

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
                "each made with its key, verified in batches; --strict verifies each in the very \
                 form that validators accept"
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

/// Verifies signatures. Clones share what they remember.
#[derive(Debug, Clone)]
pub struct Verifier {
    how: Signatures,
    points: Arc<Points>,
}

impl Verifier {
    /// Has met no key yet.
    #[must_use]
    pub fn new(how: Signatures) -> Self {
        let points = Arc::default();
        Self { how, points }
    }

    /// How it verifies.
    #[must_use]
    pub fn how(&self) -> Signatures {
        self.how
    }

    /// Which of these do not verify, on all cores; in order.
    #[must_use]
    pub fn refused(&self, signed: &[Signed]) -> Vec<usize> {
        // As many batches as keep every core busy to the end, of equal length.
        let cores = rayon::current_num_threads().max(1);
        let batches = signed.len().div_ceil(BATCH).next_multiple_of(cores).max(1);
        let length = signed.len().div_ceil(batches).max(1);
        let mut refused: Vec<usize> = signed
            .par_chunks(length)
            .enumerate()
            .flat_map_iter(|(number, batch)| {
                let one_by_one = self.how == Signatures::Strict || !self.batch_verifies(batch);
                let strictly = batch.iter().zip(number * length..);
                strictly
                    .filter(move |(signed, _)| one_by_one && !signed.verifies_strictly())
                    .map(|(_, index)| index)
            })
            .collect();
        refused.sort_unstable();
        refused
    }

    /// Whether all of them satisfy their equations, as far as one combination of these can tell.
    /// Without random bytes there is none, and the caller verifies one by one.
    fn batch_verifies(&self, batch: &[Signed]) -> bool {
        let mut random = vec![[0; 16]; batch.len()];
        getrandom::fill(random.as_flattened_mut()).is_ok()
            && combine(batch, &random, &self.points).is_some_and(|sum| sum.is_identity())
    }
}

/// Points of keys that were met: who signs again need not be decoded again.
#[derive(Debug, Default)]
struct Points(RwLock<HashMap<PublicKey, EdwardsPoint>>);

impl Points {
    /// The keys' points, in their order; nothing if one of them is no point.
    fn of(&self, keys: &[PublicKey]) -> Option<Vec<EdwardsPoint>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let met: Vec<_> = keys.iter().map(|key| known.get(key).copied()).collect();
        drop(known);
        let mut new = Vec::new();
        let points = keys.iter().zip(met).map(|(key, met)| {
            met.or_else(|| {
                let point = CompressedEdwardsY(key.0).decompress()?;
                new.push((*key, point));
                Some(point)
            })
        });
        let points = points.collect();
        if !new.is_empty() {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() + new.len() > POINTS_MAX {
                known.clear();
            }
            known.extend(new);
        }
        points
    }
}

/// `sum of z·(R + h·A - s·B)`; nothing if there is no equation to speak of.
fn combine(batch: &[Signed], random: &[[u8; 16]], known: &Points) -> Option<EdwardsPoint> {
    let mut places: HashMap<&PublicKey, usize> = HashMap::new();
    let mut base = Scalar::ZERO;
    let (mut keys, mut of_keys) = (Vec::new(), Vec::new());
    let (mut commitments, mut factors) = (Vec::new(), Vec::new());
    for (signed, random) in batch.iter().zip(random) {
        let factor = Scalar::from(u128::from_le_bytes(*random));
        let (r, s) = signed.signature.0.split_first_chunk::<32>()?;
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
        let hash = Sha512::new()
            .chain_update(r)
            .chain_update(signed.key.0)
            .chain_update(&signed.message);
        let h = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let place = *places.entry(&signed.key).or_insert_with(|| {
            keys.push(signed.key);
            of_keys.push(Scalar::ZERO);
            keys.len() - 1
        });
        *of_keys.get_mut(place)? += factor * h;
        base -= factor * s;
        factors.push(factor);
        commitments.push(commitment(r)?);
    }
    let scalars = of_keys.into_iter().chain(factors).chain([base]);
    let points = known.of(&keys)?.into_iter().chain(commitments);
    let scalars: Vec<Scalar> = scalars.collect();
    let points: Vec<EdwardsPoint> = points.chain([ED25519_BASEPOINT_POINT]).collect();
    Some(EdwardsPoint::vartime_multiscalar_mul(&scalars, &points))
}

/// The point `R`, unless strict verification refuses it at sight: a second spelling of its
/// coordinate, or a point of small order.
fn commitment(r: &[u8; 32]) -> Option<EdwardsPoint> {
    let (first, rest) = r.split_first()?;
    let (last, middle) = rest.split_last()?;
    // 2^255 - 19 and above.
    let above = *first >= 0xed && last & 0x7f == 0x7f && middle.iter().all(|it| *it == 0xff);
    if above || SMALL_ORDER.contains(&without_sign(*r)) {
        return None;
    }
    CompressedEdwardsY(*r).decompress()
}

/// How the points of small order are spelt: which they are is in the coordinate alone.
static SMALL_ORDER: LazyLock<[[u8; 32]; 8]> =
    LazyLock::new(|| EIGHT_TORSION.map(|point| without_sign(point.compress().0)));

fn without_sign(mut encoded: [u8; 32]) -> [u8; 32] {
    if let Some(last) = encoded.last_mut() {
        *last &= 0x7f;
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use deedbook_schemas::keys::{SigningKey, sign};

    fn refused(signed: &[Signed], how: Signatures) -> Vec<usize> {
        Verifier::new(how).refused(signed)
    }

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

    #[test]
    fn keys_that_were_met_are_remembered_up_to_a_limit_and_stand_for_nobody_else() {
        let verifier = Verifier::new(Signatures::Batched);
        let mut all = signed(600);
        for _ in 0..2 {
            assert_eq!(verifier.refused(&all), Vec::<usize>::new());
            assert_eq!(verifier.points.0.read().unwrap().len(), 200);
        }
        all[5].key = all[6].key;
        all[550].signature.0[1] ^= 1;
        assert_eq!(verifier.refused(&all), [5, 550]);
        let others = (0..POINTS_MAX - 200).map(|number| {
            let mut key = PublicKey([0; 32]);
            key.0[..8].copy_from_slice(&number.to_be_bytes());
            (key, ED25519_BASEPOINT_POINT)
        });
        verifier.points.0.write().unwrap().extend(others);
        assert_eq!(verifier.refused(&signed(600)), Vec::<usize>::new());
        assert_eq!(verifier.points.0.read().unwrap().len(), POINTS_MAX);
        let key = PublicKey::of(&SigningKey::from_bytes(&[9; 32]));
        assert_eq!(verifier.points.of(&[key]).map(|it| it.len()), Some(1));
        assert_eq!(verifier.points.0.read().unwrap().len(), 1);
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
        let verifier = Verifier::new(Signatures::Batched);
        assert!(sound.verifies_strictly() && verifier.batch_verifies(std::slice::from_ref(&sound)));
        let mut found = 0;
        for (number, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
            let twisted = with_torsion(b"deed", *torsion, Scalar::from(7_u64));
            let all = [sound.clone(), twisted];
            assert_eq!(refused(&all, Signatures::Strict), [1], "{number}");
            let small = [sound.clone(), with_torsion(b"deed", *torsion, Scalar::ZERO)];
            assert_eq!(refused(&small, Signatures::Strict), [1]);
            for _ in 0..32 {
                found += u32::from(refused(&all, Signatures::Batched) == [1]);
                assert_eq!(refused(&small, Signatures::Batched), [1]);
            }
        }
        // 7 points of 32 tries: 3/4 on average are found, and 2^-60 of all runs find fewer than a third.
        assert!(found > 7 * 32 / 3, "{found}");
    }
}
