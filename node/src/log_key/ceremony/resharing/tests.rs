//! Resharing with everybody honest, and with one who is not.

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

fn some<'a>(shares: &'a Shares, count: usize) -> Vec<(&'a str, &'a LogShare)> {
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

/// Justice's package is changed by this function, which knows the true world; what must be said.
type Wrong = (
    &'static str,
    &'static str,
    fn(&mut FirstPackage, &Terms, &Shares),
    &'static str,
);

fn commit(first: &mut FirstPackage, terms: &Terms, share: &LogShare) {
    let (commitments, _) = deal(&first.from, terms, share).unwrap();
    first.commitments = Some(Hex(commitments));
}

const WRONG_FIRSTS: [Wrong; 19] = [
    (
        "another's share",
        "justice",
        |first, terms, shares| commit(first, terms, &shares["bank"]),
        "does not deal its present share",
    ),
    (
        "its share as it counts among other dealers",
        "justice",
        |first, terms, shares| {
            let dealers = owned(&["bank", "justice", "notaries"]);
            let other = Terms {
                dealers,
                ..terms.clone()
            };
            commit(first, &other, &shares["justice"]);
        },
        "does not deal its present share",
    ),
    (
        "too high a degree",
        "justice",
        |first, terms, shares| {
            let members = owned(&SEVEN);
            let other = Terms {
                members,
                ..terms.clone()
            };
            commit(first, &other, &shares["justice"]);
        },
        "for 5 signers, not 4",
    ),
    (
        "too low a degree",
        "justice",
        |first, terms, shares| {
            let members = owned(&FOUR);
            let other = Terms {
                members,
                ..terms.clone()
            };
            commit(first, &other, &shares["justice"]);
        },
        "for 3 signers, not 4",
    ),
    (
        "no degree at all",
        "justice",
        |first, _, _| first.commitments = Some(Hex(vec![])),
        "for 0 signers, not 4",
    ),
    (
        "no points",
        "justice",
        |first, _, _| first.commitments = Some(Hex(vec![2; 128])),
        "not a point",
    ),
    (
        "half a point",
        "justice",
        |first, _, _| first.commitments.as_mut().unwrap().0.truncate(127),
        "signers, not 4",
    ),
    (
        "no commitments",
        "justice",
        |first, _, _| first.commitments = None,
        "deals nothing",
    ),
    (
        "commitments of no dealer",
        "notaries",
        |first, terms, shares| {
            let (commitments, _) = deal("justice", terms, &shares["justice"]).unwrap();
            first.commitments = Some(Hex(commitments));
        },
        "of no dealer",
    ),
    (
        "no keys",
        "court",
        |first, _, _| first.candidate = None,
        "does not have the keys",
    ),
    (
        "a weak key",
        "court",
        |first, _, _| {
            let candidate = first.candidate.as_mut().unwrap();
            candidate.consensus_key = PublicKey([0; 32]);
        },
        "no key for a validator",
    ),
    (
        "another weak key",
        "court",
        |first, _, _| first.candidate.as_mut().unwrap().note_key = PublicKey([0; 32]),
        "no key for a validator",
    ),
    (
        "the log's key",
        "court",
        |first, terms, _| {
            first.candidate.as_mut().unwrap().note_key = terms.present.log_key;
        },
        "no key for a validator",
    ),
    (
        "another ledger",
        "court",
        |first, terms, _| {
            let ledger = LedgerId([8; 32]);
            let other = Terms {
                ledger,
                ..terms.clone()
            };
            first.holders = Hex(other.holders().to_vec());
        },
        "another ledger",
    ),
    (
        "other present shares",
        "court",
        |first, terms, _| {
            let (present, _) = holders(&FOUR);
            let other = Terms {
                present,
                ..terms.clone()
            };
            first.holders = Hex(other.holders().to_vec());
        },
        "other present shares",
    ),
    (
        "other dealers",
        "court",
        |first, _, _| first.dealers = owned(&["bank", "justice", "notaries"]),
        "other dealers",
    ),
    (
        "other members",
        "court",
        |first, _, _| first.members = owned(&FOUR),
        "other new validators",
    ),
    (
        "a weak encryption key",
        "justice",
        |first, _, _| first.encryption_key = Hex(vec![1; 31]),
        "encryption key",
    ),
    (
        "no encryption key",
        "court",
        |first, _, _| first.encryption_key = Hex(vec![]),
        "encryption key",
    ),
];

#[test]
fn a_wrong_first_package_is_refused_and_its_sender_named_by_everybody() {
    let (terms, shares, begun) = world();
    for (what, who, spoil, said) in WRONG_FIRSTS {
        let mut received = firsts(&begun);
        let first = received.iter_mut().find(|first| first.from == who).unwrap();
        let before = first.clone();
        spoil(first, &terms, &shares);
        assert_ne!(*first, before, "{what}");
        for honest in begun.iter().filter(|one| one.own.from != who) {
            let error = honest.compare(&received).unwrap_err();
            assert!(
                matches!(&error, CeremonyError::Package { from, .. } if from == who),
                "{what}: {error}"
            );
            assert!(error.to_string().contains(said), "{what}: {error}");
        }
    }
    // One who only deals, and brings keys.
    let leaving = super::tests::terms(
        &terms.present,
        &["bank", "justice", "registrar"],
        &["court"],
    );
    let begun = super::tests::begun(&leaving, &shares);
    let mut received = firsts(&begun);
    received[0].candidate = Some(candidate("bank"));
    let error = begun[1].compare(&received).unwrap_err().to_string();
    assert!(
        error.contains("bank") && error.contains("of no new validator"),
        "{error}"
    );
}

#[test]
fn a_package_that_is_missing_twice_changed_or_a_stranger_s_is_named() {
    let (_, _, begun) = world();
    let all = firsts(&begun);
    let court = all.iter().position(|first| first.from == "court").unwrap();
    let mut received = all.clone();
    received.remove(court);
    let error = begun[0].compare(&received).unwrap_err();
    assert_eq!(error, CeremonyError::Missing("court".to_owned()));
    let mut received = all.clone();
    received.push(all[court].clone());
    let error = begun[0].compare(&received).unwrap_err();
    assert_eq!(error, CeremonyError::Unexpected("court".to_owned()));
    let mut received = all.clone();
    received.push(FirstPackage {
        from: "stranger".to_owned(),
        ..all[court].clone()
    });
    let error = begun[0].compare(&received).unwrap_err();
    assert_eq!(error, CeremonyError::Unexpected("stranger".to_owned()));
    let mut received = all.clone();
    received[court].candidate.as_mut().unwrap().power = 2;
    let error = begun[court].compare(&received).unwrap_err();
    assert_eq!(error, CeremonyError::Changed("court".to_owned()));
}

#[test]
fn whoever_saw_anything_else_has_another_fingerprint_and_does_not_deal() {
    let (terms, shares, begun) = world();
    let all = firsts(&begun);
    let (ours, _) = begun[0].compare(&all).unwrap();
    let mut shuffled = all.clone();
    shuffled.reverse();
    assert_eq!(begun[1].compare(&shuffled).unwrap().0, ours, "in any order");
    let again = begin(
        "justice",
        &terms,
        &[shares["justice"].clone()],
        &candidate("justice"),
    );
    let again = again.unwrap().own;
    let others: [(&str, &dyn Fn(&mut FirstPackage)); 5] = [
        ("power", &|first| {
            first.candidate.as_mut().unwrap().power = 101
        }),
        ("consensus key", &|first| {
            first.candidate.as_mut().unwrap().consensus_key = candidate("x").consensus_key;
        }),
        ("note key", &|first| {
            first.candidate.as_mut().unwrap().note_key = candidate("x").note_key;
        }),
        ("encryption key", &|first| {
            first.encryption_key = again.encryption_key.clone()
        }),
        ("commitments", &|first| {
            first.commitments = again.commitments.clone()
        }),
    ];
    for (what, change) in others {
        let mut received = all.clone();
        change(
            received
                .iter_mut()
                .find(|first| first.from == "justice")
                .unwrap(),
        );
        let theirs = match begun[0].compare(&received) {
            Ok((theirs, _)) => theirs,
            Err(error) => panic!("{what}: {error}"),
        };
        assert_ne!(theirs, ours, "{what}");
        let error = begun[0].deal(&received, &ours).unwrap_err();
        let given = ours.clone();
        let want = CeremonyError::Fingerprint {
            ours: theirs,
            given,
        };
        assert_eq!(error, want, "{what}");
    }
    // The terms are under it themselves, whatever the packages say of them.
    let refs: Vec<&FirstPackage> = all.iter().collect();
    let (other_present, _) = holders(&FOUR);
    let others = [
        Terms {
            ledger: LedgerId([8; 32]),
            ..terms.clone()
        },
        Terms {
            present: other_present,
            ..terms.clone()
        },
        Terms {
            dealers: owned(&["bank", "justice", "notaries"]),
            ..terms.clone()
        },
        Terms {
            members: owned(&SEVEN),
            ..terms.clone()
        },
    ];
    for other in others {
        assert_ne!(packages::fingerprint(&other, &refs), ours, "{other:?}");
    }
}

#[test]
fn one_who_deals_a_wrong_share_is_named_by_the_one_who_gets_it() {
    let (terms, shares, mut begun) = world();
    let (_, other) = deal("justice", &terms, &shares["justice"]).unwrap();
    let justice = begun
        .iter_mut()
        .find(|one| one.own.from == "justice")
        .unwrap();
    justice
        .shares
        .insert("court".to_owned(), other["court"].clone());
    let (dealt, seconds) = dealt(&begun);
    for (name, one) in &dealt {
        let finished = one.finish(&for_one(name, &seconds));
        if name != "court" {
            assert!(finished.is_ok(), "{name}");
            continue;
        }
        let error = finished.unwrap_err();
        let named = matches!(&error, CeremonyError::Package { from, .. } if from == "justice");
        assert!(named, "{error}");
    }
}

#[test]
fn a_second_package_that_is_not_its_dealer_s_for_this_member_is_refused() {
    let (_, _, begun) = world();
    let (dealt, seconds) = dealt(&begun);
    let court = &dealt["court"];
    let good = for_one("court", &seconds);
    assert!(court.finish(&good).is_ok());
    let from_justice = good.iter().position(|one| one.from == "justice").unwrap();
    let refused = |change: &dyn Fn(&mut SecondPackage)| {
        let mut received = good.clone();
        change(&mut received[from_justice]);
        let error = court.finish(&received).unwrap_err();
        let named = matches!(&error, CeremonyError::Package { from, .. } if from == "justice");
        assert!(named, "{error}");
    };
    refused(&|second| second.ciphertext.0[3] ^= 1);
    refused(&|second| second.encapsulated_key.0[3] ^= 1);
    refused(&|second| second.ciphertext.0.clear());
    // Dealt to another; dealt by another; of another resharing of the same people.
    let to_bank = for_one("bank", &seconds);
    let to_bank = to_bank.iter().find(|one| one.from == "justice").unwrap();
    refused(&|second| {
        second.ciphertext = to_bank.ciphertext.clone();
        second.encapsulated_key = to_bank.encapsulated_key.clone();
    });
    let by_bank = good.iter().find(|one| one.from == "bank").unwrap();
    refused(&|second| {
        second.ciphertext = by_bank.ciphertext.clone();
        second.encapsulated_key = by_bank.encapsulated_key.clone();
    });
    let (_, _, others) = world();
    let (_, of_another) = super::tests::dealt(&others);
    let of_another = for_one("court", &of_another);
    let of_another = of_another.iter().find(|one| one.from == "justice").unwrap();
    refused(&|second| *second = of_another.clone());

    let mut missing = good.clone();
    missing.remove(from_justice);
    let error = court.finish(&missing).unwrap_err();
    assert_eq!(error, CeremonyError::Missing("justice".to_owned()));
    let mut twice = good.clone();
    twice.push(good[from_justice].clone());
    let error = court.finish(&twice).unwrap_err();
    assert_eq!(error, CeremonyError::Unexpected("justice".to_owned()));
    let mut strange = good.clone();
    strange.push(SecondPackage {
        from: "notaries".to_owned(),
        ..good[from_justice].clone()
    });
    let error = court.finish(&strange).unwrap_err();
    assert_eq!(error, CeremonyError::Unexpected("notaries".to_owned()));
}

#[test]
fn new_validators_that_make_no_set_are_refused_before_anything_is_dealt() {
    let (_, _, begun) = world();
    let error = |change: &dyn Fn(&mut [FirstPackage])| {
        let mut received = firsts(&begun);
        change(&mut received[1..]);
        begun[0].compare(&received).unwrap_err()
    };
    let same_key = error(&|others| others[0].candidate = others[1].candidate.clone());
    assert!(
        same_key.to_string().contains("shares a name or a key"),
        "{same_key}"
    );
    let none = error(&|others| others[0].candidate.as_mut().unwrap().power = 0);
    assert!(none.to_string().contains("court"), "{none}");
    let heavy = error(&|others| others[0].candidate.as_mut().unwrap().power = 1000);
    assert_eq!(heavy, CeremonyError::Powers);
}

#[test]
fn terms_that_cannot_be_kept_are_refused() {
    let (present, shares) = holders(&FOUR);
    let refused = |dealers: &[&str], members: &[&str]| {
        let terms = Terms::new(LEDGER, present.clone(), &owned(dealers), &owned(members));
        terms.unwrap_err()
    };
    let dealers = |given| CeremonyError::Dealers {
        given,
        wanted: 3,
        holders: 4,
    };
    assert_eq!(refused(&["bank", "justice"], &FIVE), dealers(2));
    assert_eq!(refused(&FOUR, &FIVE), dealers(4));
    assert_eq!(refused(&[], &FIVE), dealers(0));
    let stranger = refused(&["bank", "court", "justice"], &FIVE);
    assert_eq!(stranger, LogKeyError::Stranger("court".to_owned()).into());
    let three = &FOUR[..3];
    for (dealers, members) in [
        (["bank", "bank", "justice"].as_slice(), FIVE.as_slice()),
        (three, &[]),
        (three, &["bank", "bank"]),
        (three, &["two words"]),
    ] {
        let error = refused(dealers, members);
        assert!(matches!(error, CeremonyError::Participants(_)), "{error}");
    }
    let (other, _) = holders(&FOUR);
    let wrong = LogKeys {
        log_key: other.log_key,
        ..present.clone()
    };
    let error = Terms::new(LEDGER, wrong, &owned(three), &owned(&FIVE)).unwrap_err();
    assert!(
        matches!(error, CeremonyError::Key(LogKeyError::Inconsistent { .. })),
        "{error}"
    );

    let terms = terms(&present, three, &["bank", "court"]);
    let begin = |name, shares: &[&LogShare]| {
        let shares: Vec<LogShare> = shares.iter().map(|share| (*share).clone()).collect();
        super::begin(name, &terms, &shares, &candidate(name))
    };
    let error = begin("registrar", &[&shares["registrar"]]).unwrap_err();
    assert!(matches!(error, CeremonyError::Participants(_)), "{error}");
    for none_fits in [vec![], vec![&shares["notaries"], &shares["registrar"]]] {
        let error = begin("justice", &none_fits).unwrap_err();
        assert!(
            matches!(error, CeremonyError::Key(LogKeyError::NoneFits { .. })),
            "{error}"
        );
    }
    assert!(begin("justice", &[&shares["registrar"], &shares["justice"]]).is_ok());
    assert!(begin("court", &[]).is_ok(), "who only gets needs nothing");
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
