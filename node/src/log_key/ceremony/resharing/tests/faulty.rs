//! Resharing with one who sends something wrong, or begins with something wrong.

use super::*;

/// What is wrong, with whose package; how it comes about, from the true terms and the present shares;
/// what must be said of it.
type Wrong = (
    &'static str,
    &'static str,
    fn(&mut FirstPackage, &Terms, &Shares),
    &'static str,
);

/// The same log key in other shares.
fn dealt_otherwise(present: &LogKeys) -> LogKeys {
    let (LogKeys { shares, .. }, _) = holders(&FOUR);
    let log_key = present.log_key;
    LogKeys { log_key, shares }
}

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
            let other = Terms {
                present: dealt_otherwise(&terms.present),
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
    let leaving = super::terms(
        &terms.present,
        &["bank", "justice", "registrar"],
        &["court"],
    );
    let begun = super::begun(&leaving, &shares);
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

/// What somebody changes in a package on its way.
type Spoil<'a> = &'a dyn Fn(&mut FirstPackage);

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
    let others: [(&str, Spoil<'_>); 5] = [
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
}

#[test]
fn the_terms_are_under_the_fingerprint_whatever_the_packages_say_of_them() {
    let (terms, _, begun) = world();
    let all = firsts(&begun);
    let (ours, _) = begun[0].compare(&all).unwrap();
    let refs: Vec<&FirstPackage> = all.iter().collect();
    let others = [
        Terms {
            ledger: LedgerId([8; 32]),
            ..terms.clone()
        },
        Terms {
            present: dealt_otherwise(&terms.present),
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
    let (_, of_another) = super::dealt(&others);
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
