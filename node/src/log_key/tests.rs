//! The ceremony with everybody honest, and with one who is not. Also gives other tests their keys.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use deedbook_schemas::keys::SigningKey;
use frost_ed25519::keys::KeyPackage;
use frost_ed25519::round1::commit;
use frost_ed25519::{SigningPackage, aggregate, round2};
use rand_core::OsRng;

use super::ceremony::{Begun, CeremonyError, Dealt, FirstPackage, Hex, SecondPackage, begin};
use super::*;

pub(crate) const FOUR: [&str; 4] = ["bank", "justice", "notaries", "registrar"];

pub(crate) fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Everybody's first step.
fn begun(names: &[&str]) -> Vec<Begun> {
    names
        .iter()
        .map(|name| begin(name, &owned(names)).unwrap())
        .collect()
}

fn firsts(begun: &[Begun]) -> Vec<FirstPackage> {
    begun.iter().map(|one| one.own.clone()).collect()
}

/// Everybody deals, whatever the others dealt.
fn dealt(begun: &[Begun]) -> (Vec<Dealt>, Vec<SecondPackage>) {
    let firsts = firsts(begun);
    let agreed = begun[0].compare(&firsts).unwrap();
    let all = begun.iter().map(|one| one.deal(&firsts, &agreed).unwrap());
    let (dealt, seconds): (Vec<_>, Vec<_>) = all.unzip();
    (dealt, seconds.into_iter().flatten().collect())
}

fn for_one(name: &str, seconds: &[SecondPackage]) -> Vec<SecondPackage> {
    seconds
        .iter()
        .filter(|second| second.to == name)
        .cloned()
        .collect()
}

/// A log key of these validators, and their shares in the order of the names.
pub(crate) fn ceremony(names: &[&str]) -> (LogKeys, Vec<LogShare>) {
    if let [name] = names {
        let (share, keys) = ceremony::alone(name).unwrap();
        return (keys, vec![share]);
    }
    let (dealt, seconds) = dealt(&begun(names));
    let finished = names.iter().zip(&dealt);
    let outcomes: Vec<_> = finished
        .map(|(name, one)| one.finish(&for_one(name, &seconds)).unwrap())
        .collect();
    let keys = outcomes[0].1.clone();
    assert!(
        outcomes.iter().all(|(_, other)| *other == keys),
        "all get the same keys"
    );
    (keys, outcomes.into_iter().map(|(share, _)| share).collect())
}

/// What these signers make of a message together.
pub(crate) fn sign(
    group: &LogGroup,
    keys: &[&KeyPackage],
    message: &[u8],
) -> Result<Signature, frost_ed25519::Error> {
    let nonces: Vec<_> = keys
        .iter()
        .map(|key| commit(key.signing_share(), &mut OsRng))
        .collect();
    let commitments = keys
        .iter()
        .zip(&nonces)
        .map(|(key, (_, public))| (*key.identifier(), *public));
    let package = SigningPackage::new(commitments.collect(), message);
    let mut shares = BTreeMap::new();
    for (key, (nonces, _)) in keys.iter().zip(&nonces) {
        shares.insert(*key.identifier(), round2::sign(&package, nonces, key)?);
    }
    let signature = aggregate(&package, &shares, group.package())?;
    Ok(Signature(signature.serialize()?.try_into().unwrap()))
}

#[test]
fn any_three_of_four_sign_and_any_two_cannot() {
    let (keys, shares) = ceremony(&FOUR);
    let group = LogGroup::new(&keys).unwrap();
    assert_eq!(group.threshold(), 3);
    let packages: Vec<KeyPackage> = FOUR
        .iter()
        .zip(&shares)
        .map(|(name, share)| group.key_package(name, share).unwrap())
        .collect();
    let key = ed25519_dalek::VerifyingKey::from_bytes(keys.log_key.as_bytes()).unwrap();
    for left_out in 0..4 {
        let three: Vec<_> = (0..4)
            .filter(|one| *one != left_out)
            .map(|one| &packages[one])
            .collect();
        let signature = sign(&group, &three, b"a checkpoint").unwrap();
        let dalek = ed25519_dalek::Signature::from_bytes(&signature.0);
        assert!(key.verify_strict(b"a checkpoint", &dalek).is_ok());
        assert!(key.verify_strict(b"another", &dalek).is_err());
    }
    for (one, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        let two = [&packages[one], &packages[other]];
        assert!(sign(&group, &two, b"a checkpoint").is_err());
        // Nor if they ignore the threshold that their key files name.
        let bold = two.map(|key| {
            let (id, share) = (*key.identifier(), *key.signing_share());
            KeyPackage::new(id, share, *key.verifying_share(), *key.verifying_key(), 2)
        });
        let lax = PublicKeyPackage::new(
            group.package().verifying_shares().clone(),
            *group.package().verifying_key(),
            Some(2),
        );
        let lax = LogGroup {
            package: lax,
            ..group.clone()
        };
        let forged = sign(&lax, &[&bold[0], &bold[1]], b"a checkpoint");
        assert!(!forged.is_ok_and(|signature| group.verify(b"a checkpoint", &signature)));
    }
}

#[test]
fn networks_of_every_size_make_a_key_that_a_quorum_signs_with() {
    for count in [1, 2, 3, 5, 7] {
        let names: Vec<String> = (0..count).map(|index| format!("node{index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (keys, shares) = ceremony(&names);
        let group = LogGroup::new(&keys).unwrap();
        let packages: Vec<_> = names
            .iter()
            .zip(&shares)
            .map(|(name, share)| group.key_package(name, share).unwrap())
            .collect();
        let quorum: Vec<_> = packages.iter().rev().take(group.threshold()).collect();
        let signature = sign(&group, &quorum, b"text").unwrap();
        assert!(group.verify(b"text", &signature), "{count}");
    }
}

/// What is wrong with justice's first package, and what must be said about it.
type Wrong = (
    &'static str,
    fn(&mut FirstPackage, &FirstPackage),
    &'static str,
);

#[test]
fn a_wrong_first_package_is_refused_and_its_sender_named() {
    let begun = begun(&FOUR);
    let all = firsts(&begun);
    let cases: [Wrong; 6] = [
        (
            "others take part",
            |first, _| first.participants.push("x".to_owned()),
            "names other",
        ),
        (
            "no package at all",
            |first, _| first.commitments = Hex(vec![7; 40]),
            "refused",
        ),
        (
            "another's proof",
            |first, other| first.commitments = other.commitments.clone(),
            "proof",
        ),
        (
            "a flipped proof",
            |first, _| *first.commitments.0.last_mut().unwrap() ^= 1,
            "refused",
        ),
        (
            "a weak key",
            |first, _| first.encryption_key = Hex(vec![1; 31]),
            "encryption key",
        ),
        (
            "no key",
            |first, _| first.encryption_key = Hex(vec![]),
            "encryption key",
        ),
    ];
    for (what, spoil, said) in cases {
        let mut received = all.clone();
        let other = received[0].clone();
        spoil(&mut received[1], &other);
        let error = begun[3].compare(&received).unwrap_err();
        assert!(
            matches!(&error, CeremonyError::Package { from, .. } if from == "justice"),
            "{what}: {error}"
        );
        assert!(error.to_string().contains(said), "{what}: {error}");
    }
    let few = begin("justice", &owned(&["justice", "registrar"])).unwrap();
    let mut received = all.clone();
    received[1].commitments = few.own.commitments;
    let error = begun[3].compare(&received).unwrap_err().to_string();
    assert!(
        error.contains("justice") && error.contains("2 signers, not 3"),
        "{error}"
    );

    let missing = begun[3].compare(&[all[0].clone(), all[2].clone(), all[3].clone()]);
    assert_eq!(missing, Err(CeremonyError::Missing("justice".to_owned())));
    let mut twice = all.clone();
    twice.push(all[1].clone());
    assert_eq!(
        begun[3].compare(&twice),
        Err(CeremonyError::Unexpected("justice".to_owned()))
    );
    let mut changed = all.clone();
    changed[3] = begin("registrar", &owned(&FOUR)).unwrap().own;
    assert_eq!(
        begun[3].compare(&changed),
        Err(CeremonyError::Changed("registrar".to_owned()))
    );
}

#[test]
fn one_who_deals_shares_of_another_polynomial_is_named_by_everybody() {
    let mut begun = begun(&FOUR);
    let other = begin("justice", &owned(&FOUR)).unwrap();
    let published = begun.remove(1);
    begun.insert(1, Begun::lying(published, &other));
    let (dealt, seconds) = dealt(&begun);
    for honest in [0, 2, 3] {
        let error = dealt[honest]
            .finish(&for_one(FOUR[honest], &seconds))
            .unwrap_err();
        assert!(
            matches!(&error, CeremonyError::Package { from, .. } if from == "justice"),
            "{error}"
        );
    }
}

#[test]
fn a_second_package_that_is_not_its_sender_s_for_this_recipient_is_refused() {
    let begun = begun(&FOUR);
    let (dealt, seconds) = dealt(&begun);
    let good = for_one("registrar", &seconds);
    assert!(dealt[3].finish(&good).is_ok());
    let from_justice = good
        .iter()
        .position(|second| second.from == "justice")
        .unwrap();
    let refused = |change: &dyn Fn(&mut SecondPackage)| {
        let mut received = good.clone();
        change(&mut received[from_justice]);
        let error = dealt[3].finish(&received).unwrap_err();
        assert!(
            matches!(&error, CeremonyError::Package { from, .. } if from == "justice"),
            "{error}"
        );
    };
    refused(&|second| second.ciphertext.0[3] ^= 1);
    refused(&|second| second.encapsulated_key.0[3] ^= 1);
    refused(&|second| second.ciphertext.0.clear());
    // Dealt to another; dealt by another; of another ceremony of the same people.
    let to_bank = for_one("bank", &seconds)
        .into_iter()
        .find(|one| one.from == "justice")
        .unwrap();
    refused(&|second| second.ciphertext = to_bank.ciphertext.clone());
    refused(&|second| {
        *second = SecondPackage {
            to: "registrar".to_owned(),
            ..to_bank.clone()
        }
    });
    let by_bank = good
        .iter()
        .find(|second| second.from == "bank")
        .unwrap()
        .clone();
    refused(&|second| {
        *second = SecondPackage {
            from: "justice".to_owned(),
            ..by_bank.clone()
        }
    });
    let mut missing = good.clone();
    missing.remove(from_justice);
    let error = dealt[3].finish(&missing).unwrap_err();
    assert_eq!(error, CeremonyError::Missing("justice".to_owned()));
}

#[test]
fn whoever_saw_other_packages_has_another_fingerprint_and_does_not_deal() {
    let begun = begun(&FOUR);
    let all = firsts(&begun);
    let ours = begun[0].compare(&all).unwrap();
    let read_out = ours.to_string().to_uppercase().replace(' ', "  ");
    assert_eq!(read_out.parse(), Ok(ours.clone()), "as it was read out");
    let mut shuffled = all.clone();
    shuffled.reverse();
    assert_eq!(
        begun[1].compare(&shuffled),
        Ok(ours.clone()),
        "in any order"
    );
    let mut other = all.clone();
    other[2] = begin("notaries", &owned(&FOUR)).unwrap().own;
    let theirs = begun[1].compare(&other).unwrap();
    assert_ne!(theirs, ours);
    let error = begun[1].deal(&other, &ours).unwrap_err();
    assert_eq!(
        error,
        CeremonyError::Fingerprint {
            ours: theirs,
            given: ours
        }
    );
}

#[test]
fn participants_that_are_no_list_of_validators_are_refused() {
    let lists: [&[&str]; 5] = [
        &["bank", "bank", "justice"],
        &["bank", "justice"],
        &["registrar", "two words"],
        &["registrar", "a+b"],
        &["registrar", ""],
    ];
    for names in lists {
        let refused = begin("registrar", &owned(names));
        assert!(
            matches!(refused, Err(CeremonyError::Participants(_))),
            "{names:?}"
        );
    }
    assert_eq!(
        begin("bank", &owned(&["bank"])).unwrap_err(),
        CeremonyError::Alone
    );
}

#[test]
fn shares_that_are_not_those_of_the_key_are_found_before_anything_is_signed() {
    let (keys, shares) = ceremony(&FOUR);
    let (others, _) = ceremony(&FOUR);
    for name in FOUR {
        let mut wrong = keys.clone();
        wrong.shares.insert(name.to_owned(), others.shares[name]);
        let error = LogGroup::new(&wrong).unwrap_err();
        assert!(
            matches!(error, LogKeyError::Inconsistent { .. }),
            "{name}: {error}"
        );
    }
    let swapped = LogKeys {
        log_key: others.log_key,
        ..keys.clone()
    };
    assert!(matches!(
        LogGroup::new(&swapped),
        Err(LogKeyError::Inconsistent { .. })
    ));
    let point = LogKeys {
        log_key: PublicKey([0; 32]),
        ..keys.clone()
    };
    assert_eq!(
        LogGroup::new(&point).unwrap_err(),
        LogKeyError::Point(PublicKey([0; 32]))
    );
    let nobody = LogKeys {
        shares: BTreeMap::new(),
        ..keys.clone()
    };
    assert_eq!(LogGroup::new(&nobody).unwrap_err(), LogKeyError::Names(0));

    let group = LogGroup::new(&keys).unwrap();
    let other_s = group.key_package("bank", &shares[1]);
    assert!(matches!(other_s, Err(LogKeyError::OtherShare { .. })));
    let stranger = group.key_package("court", &shares[1]);
    assert!(matches!(stranger, Err(LogKeyError::Stranger(_))));
}

#[test]
fn the_steps_work_through_files_and_leave_no_secret_behind() {
    let folder = tempfile::tempdir().unwrap();
    let exchange = folder.path().join("exchange");
    fs::create_dir(&exchange).unwrap();
    let names = owned(&FOUR);
    let side = |name: &str| {
        let keys = folder.path().join(name);
        Ceremony {
            keys,
            exchange: exchange.clone(),
        }
    };
    for name in FOUR {
        fs::create_dir(side(name).keys).unwrap();
        let early = side(name).compare().unwrap_err();
        assert!(matches!(early, CeremonyFileError::Order { .. }), "{early}");
        side(name).begin(name, &names).unwrap();
        assert!(
            side(name).begin(name, &names).is_err(),
            "nothing is overwritten"
        );
    }
    let agreed = side("bank").compare().unwrap();
    for name in FOUR {
        side(name).deal(&agreed).unwrap();
        let secret = fs::metadata(side(name).keys.join("ceremony-dealt.secret")).unwrap();
        assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    }
    let missing = exchange.join("second.2-justice.for.1-bank.json");
    let kept = fs::read(&missing).unwrap();
    fs::write(&missing, b"{}").unwrap();
    let error = side("bank").finish().unwrap_err().to_string();
    assert!(error.contains("justice"), "{error}");
    fs::write(&missing, kept).unwrap();
    let outcomes: Vec<_> = FOUR
        .iter()
        .map(|name| side(name).finish().unwrap())
        .collect();
    assert!(outcomes.iter().all(|keys| *keys == outcomes[0]));
    let exchanged: Vec<String> = fs::read_dir(&exchange)
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    for name in FOUR {
        let left: Vec<_> = fs::read_dir(side(name).keys)
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        assert_eq!(left, ["log.key"]);
        let path = side(name).keys.join("log.key");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let secret = fs::read_to_string(&path).unwrap();
        assert!(!exchanged.iter().any(|text| text.contains(secret.trim())));
    }
}

#[test]
fn secrets_do_not_show_when_printed() {
    let (_, shares) = ceremony(&FOUR);
    let secret = hex::encode(&shares[0].to_bytes()[..]);
    let begun = begin("bank", &owned(&FOUR)).unwrap();
    let stored = serde_json::to_value(&begun).unwrap();
    for text in [format!("{:?}", shares[0]), format!("{begun:?}")] {
        assert!(!text.contains(&secret));
        for field in ["polynomial", "decryption_key"] {
            assert!(!text.contains(stored[field].as_str().unwrap()), "{field}");
        }
    }
    let spoiled =
        serde_json::json!({"own": begun.own, "polynomial": "zz55", "decryption_key": "00"});
    let error = serde_json::from_value::<Begun>(spoiled)
        .unwrap_err()
        .to_string();
    assert!(!error.contains("zz55"), "{error}");
}

/// A note key for tests.
pub(crate) fn note_key(index: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(index).unwrap() + 1; 32])
}
