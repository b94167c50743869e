//! Validators that sign together over a network in memory, some of them faulty.

mod faulty;
mod network;
mod schedule;

use deedbook_schemas::limits::LOG_NONCES_MAX;

use super::*;
use crate::log_key::LogKeyError;
use network::{Network, SECOND, root};

#[test]
fn a_durable_tree_is_signed_in_one_round_trip_without_waiting_for_a_clock() {
    let mut network = Network::ready(4);
    network.durable(10);
    network.settle();
    for node in 0..4 {
        let signed = network.signers[node].signed().unwrap();
        assert_eq!((signed.tree_size, signed.root), (10, root(10)));
        network.assert_verifies_elsewhere(signed);
    }
    let said = network.counts();
    assert_eq!((said.requests, said.shares, said.signed), (1, 2, 1));
}

#[test]
fn every_validator_takes_its_turn_and_block_after_block_is_signed() {
    let mut network = Network::ready(4);
    let mut coordinators = BTreeSet::new();
    for size in 1..=100 {
        network.durable(size);
        network.settle();
        assert_eq!(network.signed(), [Some(size); 4], "tree {size}");
        coordinators.extend(network.coordinators_of(size));
        if size % 5 == 0 {
            network.tick();
        }
    }
    assert_eq!(coordinators.len(), 4);
    network.assert_no_nonce_was_used_twice();
}

#[test]
fn a_network_of_one_and_a_network_of_seven_with_two_silent_sign() {
    let mut alone = Network::ready(1);
    alone.durable(3);
    assert_eq!(alone.signed(), [Some(3)]);
    let mut seven = Network::ready(7);
    seven.silent = BTreeSet::from([1, 4]);
    for size in 1..=10 {
        seven.durable(size);
        seven.until_signed(size, 30 * SECOND);
    }
    seven.assert_no_nonce_was_used_twice();
}

#[test]
fn fewer_than_the_threshold_sign_nothing_and_go_on_when_one_returns() {
    let mut network = Network::ready(4);
    network.silent = BTreeSet::from([0, 2]);
    network.durable(10);
    for _ in 0..20 * SECOND {
        network.tick();
    }
    assert_eq!(network.signed(), [None; 4]);
    network.silent.remove(&2);
    network.durable(11);
    network.until_signed(11, 5 * SECOND);
}

#[test]
fn a_node_that_restarts_learns_the_signature_of_the_newest_tree() {
    let mut network = Network::ready(4);
    network.durable(10);
    network.settle();
    network.restart(2, 2_000_000);
    network.durable_at(2, 10);
    for _ in 0..SECOND {
        network.tick();
    }
    assert_eq!(network.signed(), [Some(10); 4]);
    for node in 0..4 {
        network.restart(node, 3_000_000);
        network.durable_at(node, 10);
    }
    network.until_signed(10, 2 * SECOND);
}

/// Offers of before a restart are of no use after it, also if the clock was set back meanwhile.
#[test]
fn a_node_that_restarts_with_its_clock_set_back_takes_part_again() {
    let mut network = Network::ready(4);
    network.durable(10);
    network.settle();
    network.restart(2, 1);
    network.durable_at(2, 10);
    network.silent = BTreeSet::from([3]);
    for size in 11..=16 {
        network.durable(size);
        network.until_signed(size, 10 * SECOND);
    }
    network.assert_no_nonce_was_used_twice();
}

/// Of three validators all three are needed.
#[test]
fn a_request_for_a_tree_that_is_not_durable_yet_is_answered_when_it_is() {
    let mut network = Network::ready(3);
    let behind = (network.turn_of(10) + 1) % 3;
    for node in (0..3).filter(|node| *node != behind) {
        network.durable_at(node, 10);
    }
    network.settle();
    assert_eq!(network.signed(), [None; 3]);
    network.durable_at(behind, 10);
    network.settle();
    assert_eq!(network.signed(), [Some(10); 3]);
}

#[test]
fn a_signature_of_a_tree_that_is_not_durable_yet_counts_when_it_is_and_not_before() {
    let mut network = Network::ready(4);
    for node in [0, 1, 2] {
        network.durable_at(node, 10);
    }
    network.settle();
    for _ in 0..5 * SECOND {
        network.tick();
    }
    assert_eq!(network.signed(), [Some(10), Some(10), Some(10), None]);
    network.durable_at(3, 10);
    assert_eq!(network.signed(), [Some(10); 4]);
}

#[test]
fn a_signer_that_falls_behind_or_is_flooded_keeps_what_it_holds_bounded() {
    let mut network = Network::ready(4);
    network.silent = BTreeSet::from([1, 2, 3]);
    for size in 1..=1_000 {
        network.durable_at(0, size);
        network.tick();
    }
    let signer = &network.signers[0];
    assert_eq!(signer.trees.len(), LOG_TREES_MAX);
    assert!(signer.sessions.len() <= LOG_SESSIONS_MAX);
    assert!(signer.ahead.len() <= COSIGNATURES_AHEAD_MAX);
    assert!(signer.early.len() <= 3);
    assert_eq!(LOG_NONCES_MAX, 16);
}

#[test]
fn a_share_that_is_not_the_genesis_s_does_not_start() {
    let network = Network::ready(4);
    let refused = network.signer_with_share_of(1);
    assert!(matches!(refused, Err(LogKeyError::OtherShare { .. })));
}

/// What a signature costs, all four on one core: `cargo test --release ... cost_of -- --ignored`.
#[test]
#[ignore = "a measurement"]
fn cost_of_a_signature() {
    let mut network = Network::ready(4);
    let started = std::time::Instant::now();
    for size in 1..=200 {
        network.durable(size);
        network.settle();
        if size % 5 == 0 {
            network.tick();
        }
    }
    let each = started.elapsed() / 200;
    assert_eq!(network.signed(), [Some(200); 4]);
    println!("{each:?} of arithmetic for both signatures of a tree, at four validators together");
}
