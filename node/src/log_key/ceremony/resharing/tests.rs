//! Resharing with everybody honest. Does not live here: with one who is not (`faulty`).

mod faulty;

use deedbook_schemas::keys::SigningKey as Ed25519;
use frost_ed25519::keys::{KeyPackage, PublicKeyPackage, VerifyingShare};

use super::*;
use crate::log_key::tests::{FOUR, ceremony, owned, sign};

const FIVE: [&str; 5] = ["bank", "court", "justice", "notaries", "registrar"];
const SEVEN: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const LEDGER: LedgerId = LedgerId([7; 32]);

type Shares = BTreeMap<String, LogShare>;

/// A log key and who holds it.
fn holders(names: &[&str]) -> (LogKeys, Shares) {
    let (keys, shares) = ceremony(names);
    (keys, owned(names).into_iter().zip(shares).collect())
}

fn terms(present: &LogKeys, dealers: &[&str], members: &[&str]) -> Terms {
    Terms::new(LEDGER, present.clone(), &owned(dealers), &owned(members)).unwrap()
}

/// The validator's own keys of whoever has this name.
fn candidate(name: &str) -> Candidate {
    let key = |context| PublicKey::of(&Ed25519::from_bytes(&derive(context, &[name.as_bytes()])));
    Candidate {
        consensus_key: key("test consensus"),
        note_key: key("test note"),
        power: 100,
    }
}

/// Everybody's first step.
fn begun(terms: &Terms, shares: &Shares) -> Vec<Begun> {
    let own = |name: &String| shares.get(name).cloned().into_iter().collect::<Vec<_>>();
    let names = terms.participants();
    let all = names.iter();
    all.map(|name| begin(name, terms, &own(name), &candidate(name)).unwrap())
        .collect()
}

fn firsts(begun: &[Begun]) -> Vec<FirstPackage> {
    begun.iter().map(|one| one.own.clone()).collect()
}

/// Everybody deals, whatever the others dealt.
fn dealt(begun: &[Begun]) -> (BTreeMap<String, Dealt>, Vec<SecondPackage>) {
    let firsts = firsts(begun);
    let (agreed, _) = begun[0].compare(&firsts).unwrap();
    let (mut all, mut seconds) = (BTreeMap::new(), Vec::new());
    for one in begun {
        let (dealt, sent) = one.deal(&firsts, &agreed).unwrap();
        all.insert(one.own.from.clone(), dealt);
        seconds.extend(sent);
    }
    (all, seconds)
}

fn for_one(name: &str, seconds: &[SecondPackage]) -> Vec<SecondPackage> {
    let to_them = seconds.iter().filter(|second| second.to == name);
    to_them.cloned().collect()
}

/// The key after a resharing: who holds it now, and with what.
fn reshare(terms: &Terms, shares: &Shares) -> (LogKeys, Shares) {
    let begun = begun(terms, shares);
    let (_, announced) = begun[0].compare(&firsts(&begun)).unwrap();
    let (dealt, seconds) = dealt(&begun);
    let mut next = BTreeMap::new();
    for (name, one) in &dealt {
        let (share, set) = one.finish(&for_one(name, &seconds)).unwrap();
        assert_eq!(set, announced, "{name}: all get the set that was compared");
        assert_eq!(share.is_some(), terms.is_member(name), "{name}");
        next.extend(share.map(|share| (name.clone(), share)));
    }
    let keys = LogKeys::of(terms.present.log_key, announced.as_slice()).unwrap();
    (keys, next)
}

/// Whether those who hold these shares can sign in the log's name, if they ignore every threshold
/// and every public share.
fn can_sign(log_key: &LogKeys, parts: &[(&str, &LogShare)]) -> bool {
    let group = LogGroup::new(log_key).unwrap();
    let key = *group.package().verifying_key();
    let count = u16::try_from(parts.len()).unwrap();
    let packages: Vec<_> = parts
        .iter()
        .map(|(name, share)| {
            let public = VerifyingShare::from(*share.0);
            KeyPackage::new(identifier(name), *share.0, public, key, count)
        })
        .collect();
    let public = packages
        .iter()
        .map(|one| (*one.identifier(), *one.verifying_share()))
        .collect();
    let bold = LogGroup {
        package: PublicKeyPackage::new(public, key, Some(count)),
        ..group.clone()
    };
    let packages: Vec<&KeyPackage> = packages.iter().collect();
    sign(&bold, &packages, b"text").is_ok_and(|signature| group.verify(b"text", &signature))
}

fn some(shares: &Shares, count: usize) -> Vec<(&str, &LogShare)> {
    let all = shares.iter().rev().take(count);
    all.map(|(name, share)| (name.as_str(), share)).collect()
}

/// What changes, who holds the key, who deals it, who gets it.
type Change = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const CHANGES: [Change; 11] = [
    ("one joins", &FOUR, &["bank", "justice", "registrar"], &FIVE),
    (
        "one leaves and deals",
        &FIVE,
        &["bank", "court", "justice", "registrar"],
        &FOUR,
    ),
    (
        "one leaves and is gone",
        &FIVE,
        &["bank", "justice", "notaries", "registrar"],
        &FOUR,
    ),
    (
        "one is replaced",
        &FOUR,
        &["bank", "justice", "notaries"],
        &["bank", "court", "notaries", "registrar"],
    ),
    (
        "three hand over to seven others",
        &["bank", "justice", "registrar"],
        &["bank", "justice", "registrar"],
        &SEVEN,
    ),
    (
        "seven hand over to two others",
        &SEVEN,
        &["a", "c", "d", "e", "g"],
        &["bank", "registrar"],
    ),
    (
        "refreshed",
        &FOUR,
        &["justice", "notaries", "registrar"],
        &FOUR,
    ),
    ("one alone takes others in", &["bank"], &["bank"], &FOUR),
    (
        "all leave but one",
        &FOUR,
        &["bank", "justice", "notaries"],
        &["bank"],
    ),
    (
        "four hand over to one other",
        &FOUR,
        &["bank", "justice", "notaries"],
        &["court"],
    ),
    (
        "one hands over to one other",
        &["bank"],
        &["bank"],
        &["court"],
    ),
];

#[test]
fn the_new_holders_sign_under_the_same_key_and_one_fewer_cannot() {
    for (what, old, dealers, members) in CHANGES {
        let (present, shares) = holders(old);
        let (keys, next) = reshare(&terms(&present, dealers, members), &shares);
        assert_eq!(keys.log_key, present.log_key, "{what}");
        let names: Vec<&String> = next.keys().collect();
        assert_eq!(names, members.iter().collect::<Vec<_>>(), "{what}");
        let group = LogGroup::new(&keys).unwrap();
        let threshold = quorum_count(members.len());
        assert_eq!(group.threshold(), threshold, "{what}");
        let packages: Vec<_> = next
            .iter()
            .map(|(name, share)| group.key_package(name, share).unwrap())
            .collect();
        let quorum: Vec<_> = packages.iter().rev().take(threshold).collect();
        let signature = sign(&group, &quorum, b"a checkpoint").unwrap();
        // As whoever knows nothing of all this verifies it.
        let key = ed25519_dalek::VerifyingKey::from_bytes(present.log_key.as_bytes()).unwrap();
        let dalek = ed25519_dalek::Signature::from_bytes(&signature.0);
        assert!(key.verify_strict(b"a checkpoint", &dalek).is_ok(), "{what}");
        assert!(can_sign(&keys, &some(&next, threshold)), "{what}");
        assert!(
            threshold == 1 || !can_sign(&keys, &some(&next, threshold - 1)),
            "{what}: one fewer than the threshold"
        );
    }
}

#[test]
fn old_and_new_shares_do_not_go_together() {
    // Where one alone hands over to one alone, both have the whole key.
    let between_several = |change: &Change| change.1.len() + change.3.len() > 2;
    for (what, old, dealers, members) in CHANGES.into_iter().filter(between_several) {
        let (present, shares) = holders(old);
        let (keys, next) = reshare(&terms(&present, dealers, members), &shares);
        let (leaving, stale) = shares.first_key_value().unwrap();
        let mut mixed = next.clone();
        mixed.remove(leaving);
        let mut mixed = some(&mixed, members.len());
        mixed.push((leaving, stale));
        assert!(!can_sign(&keys, &mixed), "{what}");
    }
}

#[test]
fn a_quorum_of_old_shares_signs_for_ever_unless_they_are_destroyed() {
    let (present, shares) = holders(&FOUR);
    let (keys, _) = reshare(&terms(&present, &FOUR[..3], &FIVE), &shares);
    assert!(can_sign(&keys, &some(&shares, 3)));
    assert!(!can_sign(&keys, &some(&shares, 2)), "2 of 4 destroyed them");
}

#[test]
fn a_key_is_dealt_anew_again_and_again() {
    let (mut keys, mut shares) = holders(&FOUR);
    let log_key = keys.log_key;
    let steps: [(&[&str], &[&str]); 4] = [
        (&["bank", "justice", "notaries"], &FIVE),
        (&["bank", "court", "justice", "registrar"], &SEVEN),
        (&["a", "b", "c", "d", "g"], &["b"]),
        (&["b"], &["b"]),
    ];
    for (dealers, members) in steps {
        (keys, shares) = reshare(&terms(&keys, dealers, members), &shares);
        assert_eq!(keys.log_key, log_key);
        assert!(can_sign(&keys, &some(&shares, quorum_count(members.len()))));
    }
}

/// bank, justice and registrar deal to bank, court, justice, notaries and registrar.
fn world() -> (Terms, Shares, Vec<Begun>) {
    let (present, shares) = holders(&FOUR);
    let terms = terms(&present, &["bank", "justice", "registrar"], &FIVE);
    let begun = begun(&terms, &shares);
    (terms, shares, begun)
}

#[test]
fn of_an_old_and_a_new_share_each_group_chooses_its_own() {
    let (present, shares) = holders(&FOUR);
    let (next, new) = reshare(&terms(&present, &FOUR[..3], &FIVE), &shares);
    let kept = [shares["bank"].clone(), new["bank"].clone()];
    for (keys, want) in [(&present, &kept[0]), (&next, &kept[1])] {
        let group = LogGroup::new(keys).unwrap();
        let chosen = group.choose("bank", &kept).unwrap();
        assert_eq!(chosen.to_bytes(), want.to_bytes());
        assert!(group.key_package("bank", chosen).is_ok());
        let error = group.choose("justice", &kept).unwrap_err();
        assert!(
            matches!(error, LogKeyError::NoneFits { count: 2, .. }),
            "{error}"
        );
    }
    let group = LogGroup::new(&present).unwrap();
    let error = group.choose("court", &kept).unwrap_err();
    assert_eq!(error, LogKeyError::Stranger("court".to_owned()));
}

#[test]
fn secrets_do_not_show_when_printed() {
    let (_, _, begun) = world();
    let bank = &begun[0];
    let stored = serde_json::to_value(bank).unwrap();
    let (dealt, _) = dealt(&begun);
    for text in [format!("{bank:?}"), format!("{:?}", dealt["bank"])] {
        let key = stored["decryption_key"].as_str().unwrap();
        assert!(!text.contains(key));
        for share in stored["shares"].as_object().unwrap().values() {
            assert!(!text.contains(share.as_str().unwrap()));
        }
    }
}
