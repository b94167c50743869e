//! One of four is faulty: the other three sign, and nobody signs a second root.

use minicbor::bytes::ByteArray;

use super::network::{LEDGER, Lie, Network, SECOND, origin, restate, root};
use super::*;
use crate::gossip::GossipMessage;
use crate::log_key::tests::note_key;
use deedbook_schemas::limits::{KEY_NAME_CHARS_MAX, VALIDATORS_MAX};

/// Ten trees, with the faulty one in each position; the honest have the signature of each.
fn others_sign(lie: impl Fn(usize) -> Lie) -> Vec<Network> {
    let play = |faulty| {
        let mut network = Network::ready_with(4, BTreeMap::from([(faulty, lie(faulty))]));
        for size in 1..=10 {
            network.durable(size);
            network.until_signed(size, 10 * SECOND);
        }
        network.assert_no_nonce_was_used_twice();
        network
    };
    (0..4).map(play).collect()
}

fn assert_only_the_faulty_is_blamed(networks: &[Network]) {
    for (faulty, network) in networks.iter().enumerate() {
        let blamed: BTreeSet<&String> =
            network.signers.iter().flat_map(LogSigner::cheats).collect();
        assert_eq!(blamed, BTreeSet::from([&network.names[faulty]]));
    }
}

#[test]
fn a_silent_one_delays_only_what_it_is_first_asked_for() {
    for silent in 0..4 {
        let mut network = Network::ready(4);
        network.silent.insert(silent);
        for size in 1..=20 {
            network.durable(size);
            network.until_signed(size, 10 * SECOND);
        }
        for size in 21..=40 {
            network.durable(size);
            // Who is known to be silent costs nothing.
            network.until_signed(size, 0);
            network.tick();
        }
    }
}

#[test]
fn one_that_sends_wrong_shares_is_found_out_and_left_out() {
    let networks = others_sign(|faulty| {
        Box::new(move |message| match &message.body {
            Body::Shares(to, shares) => {
                let note = shares.cose;
                let shares = Shares {
                    note,
                    ..shares.clone()
                };
                vec![restate(faulty, &message, Body::Shares(to.clone(), shares))]
            }
            _ => vec![message],
        })
    });
    assert_only_the_faulty_is_blamed(&networks);
}

#[test]
fn one_whose_shares_are_no_numbers_is_found_out_and_left_out() {
    let networks = others_sign(|faulty| {
        Box::new(move |message| match &message.body {
            Body::Shares(to, shares) => {
                let cose = ByteArray::from([0xff; 32]);
                let shares = Shares {
                    cose,
                    ..shares.clone()
                };
                vec![restate(faulty, &message, Body::Shares(to.clone(), shares))]
            }
            _ => vec![message],
        })
    });
    assert_only_the_faulty_is_blamed(&networks);
}

#[test]
fn one_whose_commitments_are_no_points_is_found_out_and_left_out() {
    let half = [&[0x58, 32][..], &[0xee; 32]].concat();
    let garbage: message::Commitments =
        minicbor::decode(&[&[0x82], half.as_slice(), half.as_slice()].concat()).unwrap();
    let networks = others_sign(|faulty| {
        Box::new(move |message| match &message.body {
            Body::Offers(to, offers) => {
                let mut offers = offers.clone();
                for offer in &mut offers {
                    offer.note = garbage;
                }
                vec![restate(faulty, &message, Body::Offers(to.clone(), offers))]
            }
            _ => vec![message],
        })
    });
    assert_only_the_faulty_is_blamed(&networks);
}

/// It offers one thing and then another under the same serials, and knows the nonces of neither.
#[test]
fn one_that_equivocates_about_its_commitments() {
    let share = frost_ed25519::keys::SigningShare::deserialize(&[7; 32]).unwrap();
    others_sign(|faulty| {
        Box::new(move |message| match &message.body {
            Body::Offers(to, offers) => {
                let other = || {
                    offers
                        .iter()
                        .map(|offer| draw(&share, offer.serial).1)
                        .collect()
                };
                let restated = |offers| restate(faulty, &message, Body::Offers(to.clone(), offers));
                vec![restated(other()), restated(other()), message.clone()]
            }
            _ => vec![message],
        })
    });
}

/// Whatever the others said it says again, all the time.
#[test]
fn one_that_replays_what_others_said() {
    let mut network = Network::ready(4);
    for size in 1..=20 {
        let heard: Vec<_> = network.said.iter().rev().take(100).cloned().collect();
        for message in heard {
            network.inject(message);
        }
        network.settle();
        network.durable(size);
        network.until_signed(size, 10 * SECOND);
    }
    network.assert_no_nonce_was_used_twice();
    for signer in &network.signers {
        assert!(
            signer.cheats().is_empty(),
            "nobody is blamed for what another repeats"
        );
    }
    let answered = network.counts().shares;
    let is_request = |message: &&LogSigningMessage| matches!(message.body, Body::Request(_));
    let requests: Vec<_> = network.said.iter().filter(is_request).cloned().collect();
    for request in requests {
        network.inject(request);
    }
    network.settle();
    assert_eq!(
        network.counts().shares,
        answered,
        "a request is answered once"
    );
}

#[test]
fn one_that_asks_for_shares_and_never_says_what_they_add_up_to() {
    others_sign(|_| {
        Box::new(|message| match &message.body {
            Body::Signed(_) => vec![],
            _ => vec![message],
        })
    });
}

#[test]
fn one_with_another_history_is_refused_and_gets_no_signature_of_it() {
    for faulty in 0..4 {
        let mut network = Network::ready(4);
        for node in (0..4).filter(|node| *node != faulty) {
            network.durable_at(node, 10);
        }
        network.durable_with_root(faulty, 10, TreeHash([0xaa; 32]));
        for _ in 0..5 * SECOND {
            network.tick();
        }
        for node in 0..4 {
            let signed = network.signers[node].signed().map(|signed| signed.root);
            let expected = (node != faulty).then(|| root(10));
            assert_eq!(signed, expected, "node {node}, faulty {faulty}");
        }
        let alarm = |(node, error): &(usize, LogSigningError)| {
            *node == faulty && matches!(error, LogSigningError::Fork { .. })
        };
        assert!(
            network.errors.iter().any(alarm),
            "it sees that the log's key signed another"
        );
    }
}

#[test]
fn nobody_signs_a_second_root_of_a_size_whatever_is_asked() {
    let mut network = Network::ready(4);
    network.durable(10);
    network.settle();
    let shares = network.counts().shares;
    let others = ["node1", "node2", "node3"];
    let trees = [
        (10, [0xaa; 32]),
        (9, [0xbb; 32]),
        (5, root(5).0),
        (10, root(9).0),
    ];
    for (size, other) in trees {
        let request = network.request_of(0, (size, TreeHash(other)), &others);
        network.inject(request);
    }
    network.settle();
    network.tick();
    assert_eq!(network.counts().shares, shares, "no share for any of them");
    let refused = |(_, error): &&(usize, LogSigningError)| matches!(error, LogSigningError::OtherRoot { tree_size: 10, ours, .. } if *ours == root(10));
    assert_eq!(network.errors.iter().filter(refused).count(), 6);
    // Nor does a store that changed get a second root past the signer.
    network.durable_with_root(1, 10, TreeHash([0xaa; 32]));
    assert_eq!(network.signers[1].trees[&10].root, root(10));
}

#[test]
fn requests_that_are_none_are_refused_and_cost_no_share() {
    let mut network = Network::ready(4);
    network.durable(10);
    network.settle();
    for node in 1..4 {
        network.silent = (0..4).filter(|other| *other != node).collect();
        network.durable_at(node, 11);
    }
    network.silent.clear();
    let (now, tree) = (network.now, (11, root(11)));
    for (what, signers) in [
        ("too few", vec!["node1", "node2"]),
        ("too many", vec!["node0", "node1", "node2", "node3"]),
        ("a name twice", vec!["node1", "node2", "node2"]),
        ("a stranger", vec!["node1", "node2", "court"]),
    ] {
        let request = network.request_of(0, tree, &signers);
        let answer = network.signers[1].on_message(request, now).map(|_| ());
        let refused = matches!(answer, Err(LogSigningError::Request { .. }));
        assert!(refused, "{what}: {answer:?}");
    }
    let others = network.request_of(0, tree, &["node0", "node2", "node3"]);
    assert!(
        network.signers[1]
            .on_message(others, now)
            .unwrap()
            .publish
            .is_empty()
    );
}

#[test]
fn a_message_beyond_its_limits_is_no_message() {
    let mut network = Network::ready(4);
    let names = |count: usize| vec!["n".to_owned(); count];
    let want = |offers_of| {
        Body::Want(Want {
            serial: 1,
            offers_of,
            signed: None,
        })
    };
    let offers = |count| {
        let (_, offer) = draw(network.signers[0].key.as_ref().unwrap().signing_share(), 1);
        Body::Offers("node1".to_owned(), vec![offer; count])
    };
    let mut cases = vec![
        ("many names", want(names(VALIDATORS_MAX)), true),
        ("too many names", want(names(VALIDATORS_MAX + 1)), false),
        (
            "a name too long",
            want(vec!["n".repeat(KEY_NAME_CHARS_MAX + 1)]),
            false,
        ),
        ("no name", want(vec![String::new()]), false),
        ("all offers", offers(LOG_NONCES_MAX), true),
        ("too many offers", offers(LOG_NONCES_MAX + 1), false),
    ];
    for (what, count, fits) in [
        ("all", VALIDATORS_MAX, true),
        ("more", VALIDATORS_MAX + 1, false),
    ] {
        let request = network.request_of(0, (1, root(1)), &vec!["node1"; count]);
        cases.push((what, request.body, fits));
    }
    for (what, body, fits) in cases {
        let message = Box::new(network.in_the_name_of(0, body));
        let bytes = GossipMessage::LogSigning(message).encode(1);
        assert_eq!(GossipMessage::decode(&bytes).is_ok(), fits, "{what}");
    }
}

#[test]
fn what_is_not_its_author_s_is_refused() {
    let mut network = Network::ready(4);
    let want = Want {
        serial: 1,
        offers_of: vec![],
        signed: None,
    };
    let good = network.in_the_name_of(1, Body::Want(want));
    let now = network.now;
    let by = |name: &str| LogSigningMessage {
        from: name.to_owned(),
        ..good.clone()
    };
    let offers = network.in_the_name_of(1, Body::Offers("node0".to_owned(), vec![]));
    let offers = LogSigningMessage {
        from: "court".to_owned(),
        ..offers
    };
    let refused = network.signers[0].on_message(offers, now).map(|_| ());
    assert_eq!(refused, Err(LogSigningError::Stranger("court".to_owned())));
    let cases = [
        ("node0", LogSigningError::Stranger("node0".to_owned())),
        ("node2", LogSigningError::Signature("node2".to_owned())),
    ];
    for (name, expected) in cases {
        let refused = network.signers[0].on_message(by(name), now).map(|_| ());
        assert_eq!(refused, Err(expected));
    }
    assert!(network.signers[0].on_message(good, now).is_ok());
}

#[test]
fn a_node_that_is_no_validator_asks_what_was_signed_and_signs_nothing() {
    let mut network = Network::ready(4);
    network.durable(10);
    network.settle();
    let mut follower = LogSigner::new(SignerConfig {
        ledger: LEDGER,
        origin: origin(),
        name: "court",
        note_key: note_key(9),
        key: None,
        group: Arc::new(LogGroup::new(&network.keys).unwrap()),
        validators: &network.validators,
        first_serial: 1,
    });
    let now = network.now + Duration::from_secs(60);
    assert!(follower.on_tick(now).publish.is_empty(), "it lacks nothing");
    let step = follower.on_durable(10, root(10), now).unwrap();
    assert!(step.publish.is_empty() && step.signed.is_none());
    let later = now + Duration::from_millis(400);
    let asked = follower.on_tick(later).publish;
    assert!(matches!(
        &asked[..],
        [LogSigningMessage {
            body: Body::Want(_),
            ..
        }]
    ));
    let signer = &mut network.signers[0];
    let heard = signer.on_message(asked[0].clone(), later).unwrap();
    assert!(
        heard.publish.is_empty(),
        "not at once, but with the next tick"
    );
    let told = signer.on_tick(later);
    assert!(told.peer_is_behind);
    let is_signed = |message: &&LogSigningMessage| matches!(message.body, Body::Signed(_));
    let told = told.publish.iter().find(is_signed).unwrap().clone();
    let step = follower.on_message(told, later).unwrap();
    assert_eq!(step.signed.as_ref(), network.signers[0].signed());
    // It has what it wanted, and is asked for no share.
    let after = follower.on_tick(later + Duration::from_secs(1));
    assert!(after.publish.is_empty());
}

#[test]
fn a_finished_signature_that_does_not_verify_counts_nowhere() {
    let mut network = Network::ready(4);
    network.durable(10);
    network.settle();
    let signed = network.signers[0].signed().unwrap().clone();
    let (note, now) = (signed.note_signature, network.now);
    let later = TreeSignature {
        tree_size: 11,
        ..signed
    };
    let spoiled = [
        later.clone(),
        TreeSignature {
            root: root(11),
            ..later.clone()
        },
        TreeSignature {
            tree_size: 10,
            root: root(11),
            ..later.clone()
        },
        TreeSignature {
            cose_signature: note,
            ..later
        },
    ];
    for signature in spoiled {
        let message = network.in_the_name_of(0, Body::Signed(signature));
        let step = network.signers[1].on_message(message, now).unwrap();
        assert!(step.signed.is_none());
        assert!(network.signers[1].ahead.is_empty());
    }
}
