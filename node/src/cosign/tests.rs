use super::*;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::cose_receipt::cose_sig_structure;
use deedbook_schemas::keys::{PublicKey, sign};
use deedbook_schemas::note::{SignatureType, VerifierKey};
use deedbook_schemas::validators::{Validator, ValidatorSet};

const NAMES: [&str; 4] = ["registrar", "ministry", "notaries", "bank"];
const NOW: Seconds = Seconds(1_700_000_000);

fn origin() -> KeyName {
    "deedbook.example/test".parse().unwrap()
}

fn name(index: usize) -> KeyName {
    NAMES[index].parse().unwrap()
}

fn note_key(index: usize) -> SigningKey {
    SigningKey::from_bytes(&[u8::try_from(index).unwrap() + 1; 32])
}

fn validator(index: usize, power: u64) -> Validator {
    let key = |use_: u8| SigningKey::from_bytes(&[u8::try_from(index).unwrap() + use_; 32]);
    Validator {
        name: NAMES[index].to_owned(),
        consensus_key: PublicKey::of(&key(100)),
        note_key: PublicKey::of(&note_key(index)),
        log_share: PublicKey::of(&key(200)),
        power,
    }
}

/// One signer stands for all: what the threshold does is `log_signer`'s.
fn log_signing_key() -> SigningKey {
    SigningKey::from_bytes(&[250; 32])
}

fn log_key() -> PublicKey {
    PublicKey::of(&log_signing_key())
}

/// The log's signature of a tree.
fn log_signed(size: u64) -> TreeSignature {
    let checkpoint = Checkpoint {
        origin: origin(),
        size,
        root: root(size),
    };
    TreeSignature {
        tree_size: size,
        root: root(size),
        note_signature: sign(&log_signing_key(), checkpoint.text().as_bytes()),
        cose_signature: sign(
            &log_signing_key(),
            &cose_sig_structure(&checkpoint, &log_key()),
        ),
    }
}

fn set(powers: &[(usize, u64)]) -> ValidatorSet {
    let validators = powers
        .iter()
        .map(|(index, power)| validator(*index, *power))
        .collect();
    ValidatorSet::new(validators).unwrap()
}

fn four() -> ValidatorSet {
    set(&[(0, 1), (1, 1), (2, 1), (3, 1)])
}

fn root(size: u64) -> TreeHash {
    TreeHash([u8::try_from(size % 256).unwrap(); 32])
}

fn tree(size: u64) -> DurableTree {
    DurableTree {
        tree_size: size,
        root: root(size),
        validators: four(),
    }
}

/// The cosigner of the first validator, at a durable tree of 10 leaves.
fn registrar() -> Cosigner {
    Cosigner::new(origin(), log_key(), name(0), note_key(0), &tree(10))
}

fn cosigned_as(index: usize, size: u64, root: TreeHash, time: Seconds) -> CosignatureMessage {
    let checkpoint = Checkpoint {
        origin: origin(),
        size,
        root,
    };
    CosignatureMessage::of(
        &checkpoint,
        &Cosignature::sign(&name(index), &note_key(index), &checkpoint, time),
    )
}

fn cosigned(index: usize, size: u64) -> CosignatureMessage {
    cosigned_as(index, size, root(size), NOW)
}

#[test]
fn three_of_four_validators_confirm_a_tree() {
    let mut registrar = registrar();
    let sizes = registrar.cosigned_size();
    assert_eq!(registrar.own(), None, "nothing is cosigned yet");
    let own = registrar.on_durable(&tree(11), NOW).unwrap().unwrap();
    assert_eq!(own, cosigned(0, 11));
    assert_eq!(registrar.own(), Some(own));
    assert_eq!(
        registrar.on_cosignature(&cosigned(1, 11)),
        Ok(Received::Counted)
    );
    assert_eq!(
        (registrar.latest(), *sizes.borrow()),
        (None, 0),
        "two of four are no quorum"
    );
    assert_eq!(
        registrar.on_cosignature(&cosigned(3, 11)),
        Ok(Received::Counted)
    );
    assert_eq!(
        (registrar.latest(), *sizes.borrow()),
        (None, 0),
        "a receipt waits for the log's signature too"
    );
    registrar.on_log_signature(&log_signed(11));
    assert_eq!((registrar.log_signed_size(), *sizes.borrow()), (11, 11));
    let latest = registrar.latest().unwrap();
    assert_eq!(
        (latest.checkpoint.size, latest.checkpoint.root),
        (11, root(11))
    );
    let names: Vec<_> = latest
        .cosignatures
        .iter()
        .map(|one| one.name.to_string())
        .collect();
    assert_eq!(names, ["bank", "ministry", "registrar"]);
    assert!(registrar.at_least(11).is_some());
    assert!(registrar.at_least(12).is_none());
    registrar.on_cosignature(&cosigned(2, 11)).unwrap();
    assert_eq!(
        registrar.latest().unwrap().cosignatures.len(),
        4,
        "later ones join"
    );
}

#[test]
fn what_was_confirmed_is_a_signed_checkpoint_that_parses_and_verifies() {
    let mut registrar = registrar();
    registrar.on_durable(&tree(11), NOW).unwrap();
    registrar.on_log_signature(&log_signed(11));
    registrar.on_cosignature(&cosigned(1, 11)).unwrap();
    registrar.on_cosignature(&cosigned(2, 11)).unwrap();
    let signed = registrar.latest().unwrap().to_signed();
    let parsed = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    assert_eq!(parsed, signed);
    let (log, cosignatures) = parsed.signatures.split_first().unwrap();
    let key = VerifierKey::new(origin(), SignatureType::Ed25519, log_key()).unwrap();
    assert!(key.verify_note(&parsed.checkpoint.text(), log));
    let latest = registrar.latest().unwrap();
    let cose = cose_sig_structure(&latest.checkpoint, &log_key());
    assert!(log_key().verify(&cose, &latest.cose_signature));
    let members = Members::new(&four());
    assert_eq!(cosignatures.len(), 3);
    for line in cosignatures {
        let cosignature = Cosignature::from_line(line).unwrap();
        assert!(members.verify(&cosignature, &parsed.checkpoint));
    }
}

#[test]
fn a_log_signature_of_another_tree_than_ours_confirms_nothing() {
    let mut registrar = registrar();
    registrar.on_durable(&tree(11), NOW).unwrap();
    for index in [1, 2] {
        registrar.on_cosignature(&cosigned(index, 11)).unwrap();
    }
    let other_root = TreeSignature {
        root: root(12),
        ..log_signed(11)
    };
    registrar.on_log_signature(&other_root);
    registrar.on_log_signature(&log_signed(12));
    assert_eq!((registrar.latest(), registrar.log_signed_size()), (None, 0));
}

#[test]
fn a_quorum_is_one_of_power_and_not_of_heads() {
    for (powers, confirmed) in [
        ([1, 1, 1, 9], false),
        ([9, 1, 1, 1], true),
        ([2, 2, 2, 3], false),
    ] {
        let validators = set(&[
            (0, powers[0]),
            (1, powers[1]),
            (2, powers[2]),
            (3, powers[3]),
        ]);
        let tree = DurableTree {
            validators,
            ..tree(11)
        };
        let mut registrar = registrar();
        registrar.on_durable(&tree, NOW).unwrap();
        registrar.on_log_signature(&log_signed(11));
        registrar.on_cosignature(&cosigned(1, 11)).unwrap();
        registrar.on_cosignature(&cosigned(2, 11)).unwrap();
        assert_eq!(registrar.latest().is_some(), confirmed, "powers {powers:?}");
    }
}

#[test]
fn a_cosignature_that_does_not_count_changes_nothing() {
    let good = cosigned(1, 10);
    let name = |name: &str| CosignatureMessage {
        name: name.to_owned(),
        ..good.clone()
    };
    let signature = |name: &str, tree_size| CosignatureError::Signature {
        name: name.to_owned(),
        tree_size,
    };
    let stranger = |name: &str| CosignatureError::Stranger(name.to_owned());
    let other_time = CosignatureMessage {
        time: Seconds(NOW.0 + 1),
        ..good.clone()
    };
    let other_root = CosignatureMessage {
        root: root(9),
        ..good.clone()
    };
    let other_log = {
        let log = Checkpoint {
            origin: "other.example".parse().unwrap(),
            size: 10,
            root: root(10),
        };
        CosignatureMessage::of(
            &log,
            &Cosignature::sign(&"ministry".parse().unwrap(), &note_key(1), &log, NOW),
        )
    };
    let cases = [
        ("unknown name", name("nobody"), stranger("nobody")),
        ("no name at all", name("two words"), stranger("two words")),
        (
            "another validator's name",
            name("bank"),
            signature("bank", 10),
        ),
        ("another time", other_time, signature("ministry", 10)),
        ("another root", other_root, signature("ministry", 10)),
        ("another log", other_log, signature("ministry", 10)),
        (
            "another size, ahead",
            CosignatureMessage {
                tree_size: 11,
                ..good.clone()
            },
            signature("ministry", 11),
        ),
        (
            "a size before ours",
            cosigned(1, 9),
            CosignatureError::NotHeld {
                tree_size: 9,
                oldest: 10,
                newest: 10,
            },
        ),
    ];
    let mut registrar = registrar();
    registrar.on_durable(&tree(10), NOW).unwrap();
    for (what, message, error) in cases {
        assert_eq!(registrar.on_cosignature(&message), Err(error), "{what}");
    }
    assert_eq!(registrar.trees[&10].cosignatures.len(), 1);
    assert!(registrar.ahead.is_empty());
    assert!(
        registrar.forks().is_empty(),
        "what does not verify is no evidence"
    );
}

#[test]
fn one_validator_counts_once_however_often_it_cosigns() {
    let mut registrar = registrar();
    registrar.on_durable(&tree(11), NOW).unwrap();
    assert_eq!(
        registrar.on_cosignature(&cosigned(1, 11)),
        Ok(Received::Counted)
    );
    assert_eq!(
        registrar.on_cosignature(&cosigned(1, 11)),
        Ok(Received::Known)
    );
    let earlier = cosigned_as(1, 11, root(11), Seconds(NOW.0 - 1));
    assert_eq!(registrar.on_cosignature(&earlier), Ok(Received::Known));
    let later = cosigned_as(1, 11, root(11), Seconds(NOW.0 + 1));
    assert_eq!(registrar.on_cosignature(&later), Ok(Received::Counted));
    assert_eq!(registrar.latest(), None);
    assert_eq!(
        registrar.trees[&11].cosignatures[&name(1)].time,
        Seconds(NOW.0 + 1)
    );
}

#[test]
fn cosignatures_that_arrive_before_our_block_count_when_it_is_durable() {
    let mut registrar = registrar();
    for index in [1, 2] {
        assert_eq!(
            registrar.on_cosignature(&cosigned(index, 12)),
            Ok(Received::Ahead)
        );
    }
    assert_eq!(
        registrar.on_cosignature(&cosigned(1, 13)),
        Ok(Received::Ahead)
    );
    registrar.on_durable(&tree(11), NOW).unwrap();
    assert_eq!(registrar.latest(), None);
    registrar.on_durable(&tree(12), NOW).unwrap();
    registrar.on_log_signature(&log_signed(12));
    assert_eq!(registrar.latest().unwrap().checkpoint.size, 12);
    registrar.on_durable(&tree(13), NOW).unwrap();
    assert_eq!(registrar.trees[&13].cosignatures.len(), 2);
    assert!(registrar.ahead.is_empty());
}

#[test]
fn what_is_held_ahead_is_bounded_and_the_greatest_sizes_are_kept() {
    let mut registrar = registrar();
    for size in 11..=100 {
        registrar.on_cosignature(&cosigned(1, size)).unwrap();
    }
    let held: Vec<u64> = registrar.ahead[&name(1)]
        .keys()
        .map(|(size, _)| *size)
        .collect();
    assert_eq!(held, (85..=100).collect::<Vec<_>>());
}

#[test]
fn collecting_is_bounded_to_recent_trees() {
    let mut registrar = registrar();
    let last = 11 + u64::try_from(COSIGNED_SIZES_MAX).unwrap();
    for size in 11..=last {
        registrar.on_durable(&tree(size), NOW).unwrap();
    }
    assert_eq!(registrar.trees.len(), COSIGNED_SIZES_MAX);
    let late = registrar.on_cosignature(&cosigned(1, 11));
    assert!(
        matches!(late, Err(CosignatureError::NotHeld { oldest: 12, .. })),
        "{late:?}"
    );
}

#[test]
fn a_late_quorum_for_an_older_tree_does_not_replace_a_newer_one() {
    let mut registrar = registrar();
    for size in [11, 12] {
        registrar.on_durable(&tree(size), NOW).unwrap();
        registrar.on_log_signature(&log_signed(size));
    }
    for (index, size) in [(1, 12), (2, 12), (1, 11), (2, 11), (3, 11)] {
        registrar.on_cosignature(&cosigned(index, size)).unwrap();
    }
    assert_eq!(registrar.latest().unwrap().checkpoint.size, 12);
    assert_eq!(*registrar.cosigned_size().borrow(), 12);
}

#[test]
fn another_root_at_our_size_is_evidence_of_a_fork_and_is_not_counted() {
    let forked = cosigned_as(2, 11, root(99), NOW);
    let evidence = ForkEvidence {
        ours: root(11),
        theirs: forked.clone(),
    };
    let expected = Err(CosignatureError::Fork(Box::new(evidence.clone())));
    let mut registrar = registrar();
    registrar.on_durable(&tree(11), NOW).unwrap();
    registrar.on_cosignature(&cosigned(1, 11)).unwrap();
    assert_eq!(registrar.on_cosignature(&forked), expected);
    assert_eq!(registrar.on_cosignature(&forked), expected);
    assert_eq!(registrar.forks(), std::slice::from_ref(&evidence));
    assert_eq!(registrar.latest(), None);
    let text = evidence.to_string();
    let (ours, theirs) = (root(11).to_string(), root(99).to_string());
    assert!(
        text.contains(&ours) && text.contains(&theirs) && text.contains("notaries"),
        "{text}"
    );
}

#[test]
fn a_fork_that_was_announced_ahead_is_found_when_our_block_is_durable() {
    let mut registrar = registrar();
    let forked = cosigned_as(2, 11, root(99), NOW);
    assert_eq!(registrar.on_cosignature(&forked), Ok(Received::Ahead));
    assert_eq!(
        registrar.on_cosignature(&cosigned(2, 11)),
        Ok(Received::Ahead)
    );
    registrar.on_durable(&tree(11), NOW).unwrap();
    assert_eq!(
        registrar.forks(),
        [ForkEvidence {
            ours: root(11),
            theirs: forked
        }]
    );
    assert_eq!(
        registrar.trees[&11].cosignatures.len(),
        2,
        "its cosignature of our root counts"
    );
}

#[test]
fn our_own_key_used_elsewhere_for_another_root_is_a_fork_too() {
    let mut registrar = registrar();
    registrar.on_durable(&tree(11), NOW).unwrap();
    let twin = registrar.on_cosignature(&cosigned_as(0, 11, root(99), NOW));
    assert!(matches!(twin, Err(CosignatureError::Fork(_))), "{twin:?}");
}

#[test]
fn a_smaller_tree_or_a_second_root_is_never_cosigned() {
    let mut registrar = registrar();
    registrar.on_durable(&tree(12), NOW).unwrap();
    let smaller = CosignError::Smaller {
        tree_size: 11,
        durable: 12,
    };
    assert_eq!(registrar.on_durable(&tree(11), NOW), Err(smaller));
    let other = DurableTree {
        root: root(99),
        ..tree(12)
    };
    let refused = CosignError::OtherRoot {
        tree_size: 12,
        root: root(99),
        durable: root(12),
    };
    assert_eq!(registrar.on_durable(&other, NOW), Err(refused));
    let restarted = Cosigner::new(origin(), log_key(), name(0), note_key(0), &tree(12))
        .on_durable(&tree(11), NOW);
    assert_eq!(
        restarted,
        Err(CosignError::Smaller {
            tree_size: 11,
            durable: 12
        })
    );
}

#[test]
fn an_idle_network_refreshes_its_checkpoint_without_growing() {
    let mut registrar = registrar();
    let later = Seconds(NOW.0 + 60);
    registrar.on_durable(&tree(10), NOW).unwrap();
    registrar.on_log_signature(&log_signed(10));
    for index in [1, 2] {
        registrar.on_cosignature(&cosigned(index, 10)).unwrap();
    }
    let own = registrar.on_durable(&tree(10), later).unwrap().unwrap();
    assert_eq!(own, cosigned_as(0, 10, root(10), later));
    registrar
        .on_cosignature(&cosigned_as(1, 10, root(10), later))
        .unwrap();
    let latest = registrar.latest().unwrap();
    let times: Vec<_> = latest.cosignatures.iter().map(|one| one.time).collect();
    assert_eq!(times, [later, NOW, later]);
    assert_eq!(registrar.trees.len(), 1);
    let set_back = registrar.on_durable(&tree(10), NOW).unwrap().unwrap();
    assert_eq!(set_back.time, later, "a cosigner's time never goes back");
}

#[test]
fn a_node_that_is_no_validator_collects_without_cosigning() {
    let tree = DurableTree {
        validators: set(&[(1, 1), (2, 1), (3, 1)]),
        ..tree(11)
    };
    let mut registrar = registrar();
    assert_eq!(registrar.on_durable(&tree, NOW), Ok(None));
    registrar.on_log_signature(&log_signed(11));
    for index in [1, 2, 3] {
        registrar.on_cosignature(&cosigned(index, 11)).unwrap();
    }
    assert_eq!(registrar.latest().unwrap().cosignatures.len(), 3);
}

#[test]
fn a_node_with_another_note_key_than_the_sets_does_not_cosign() {
    let mut wrong = Cosigner::new(origin(), log_key(), name(0), note_key(3), &tree(10));
    assert_eq!(wrong.on_durable(&tree(11), NOW), Ok(None));
    assert!(wrong.trees[&11].cosignatures.is_empty());
}

#[test]
fn validators_that_leave_no_longer_count_for_the_tree_that_is_refreshed() {
    let mut registrar = registrar();
    registrar.on_durable(&tree(10), NOW).unwrap();
    registrar.on_cosignature(&cosigned(1, 10)).unwrap();
    let smaller = DurableTree {
        validators: set(&[(0, 1), (2, 1), (3, 1)]),
        ..tree(10)
    };
    registrar.on_durable(&smaller, NOW).unwrap();
    assert_eq!(
        registrar.trees[&10].cosignatures.keys().collect::<Vec<_>>(),
        [&name(0)]
    );
    let gone = registrar.on_cosignature(&cosigned(1, 10));
    assert_eq!(gone, Err(CosignatureError::Stranger("ministry".to_owned())));
}
