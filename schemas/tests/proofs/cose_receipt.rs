//! COSE receipts: what one proves, to whom, and that nothing else is one.

use std::convert::Infallible;

use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::cose_key::KeyThumbprint;
use deedbook_schemas::cose_receipt::{CoseReceipt, CoseReceiptError, cose_sig_structure};
use deedbook_schemas::keys::{PublicKey, sign};
use deedbook_schemas::limits::{COSE_RECEIPT_BYTES_MAX, KEY_NAME_CHARS_MAX, PROOF_HASHES_MAX};
use deedbook_schemas::merkle::{ProofError, inclusion_proof, leaf_hash, node_hash};
use deedbook_schemas::note::SignatureType;
use deedbook_schemas::policy::Policy;

use crate::network::{
    LOG, ORIGIN, checkpoint, entry, log_key, name, network, secret, subtree, vkey,
};

fn receipt(origin: &str, seed: u8) -> CoseReceipt {
    let read = |level: u8, index: u64| Ok::<_, Infallible>(subtree(level, index));
    let key = secret(seed);
    let public = PublicKey::of(&key);
    let tree = Checkpoint {
        origin: name(origin),
        ..checkpoint()
    };
    CoseReceipt {
        key: KeyThumbprint::of(&public),
        tree_size: 11,
        index: 5,
        hashes: inclusion_proof(5, 11, read).unwrap(),
        signature: sign(&key, &cose_sig_structure(&tree, &public)),
        origin: tree.origin,
    }
}

#[test]
fn a_cose_receipt_proves_its_entry_under_the_log_key_of_a_policy() {
    let bytes = receipt(ORIGIN, LOG).encode();
    let proved = CoseReceipt::decode(&bytes)
        .unwrap()
        .verify(&entry(5), &network())
        .unwrap();
    assert_eq!((proved.index, proved.tree_size), (5, 11));
    assert_eq!(proved.root, checkpoint().root);
    assert_eq!(proved.origin, name(ORIGIN));
    assert_eq!(proved.key, KeyThumbprint::of(log_key().public()));
}

#[test]
fn no_flipped_bit_of_a_cose_receipt_or_its_entry_is_proved() {
    let bytes = receipt(ORIGIN, LOG).encode();
    let prove = |bytes: &[u8], entry: &[u8]| {
        let receipt = CoseReceipt::decode(bytes)?;
        receipt.verify(entry, &network())
    };
    assert!(prove(&bytes, &entry(5)).is_ok());
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(prove(&flipped, &entry(5)).is_err(), "bit {bit}");
    }
    for bit in 0..8 * entry(5).len() {
        let mut flipped = entry(5);
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(
            prove(&bytes, &flipped),
            Err(CoseReceiptError::Signature { .. })
        ));
    }
}

#[test]
fn another_log_another_key_and_another_log_s_receipt_prove_nothing() {
    let stranger = receipt(ORIGIN, LOG + 1).verify(&entry(5), &network());
    assert!(matches!(stranger, Err(CoseReceiptError::UnknownKey { .. })));
    let elsewhere = receipt("other.example/deeds", LOG).verify(&entry(5), &network());
    assert!(matches!(
        elsewhere,
        Err(CoseReceiptError::UnknownKey { .. })
    ));
    // Signed for another origin, and renamed.
    let renamed = CoseReceipt {
        origin: name(ORIGIN),
        ..receipt("other.example/deeds", LOG)
    };
    assert!(matches!(
        renamed.verify(&entry(5), &network()),
        Err(CoseReceiptError::Signature { .. })
    ));
    // Signed by another key, and said to be by the log's.
    let disguised = CoseReceipt {
        key: KeyThumbprint::of(log_key().public()),
        ..receipt(ORIGIN, LOG + 1)
    };
    assert!(matches!(
        disguised.verify(&entry(5), &network()),
        Err(CoseReceiptError::Signature { .. })
    ));
}

#[test]
fn where_each_validator_has_a_log_key_of_its_own_one_of_them_is_not_believed() {
    let keys = [LOG, LOG + 1].map(|seed| vkey(ORIGIN, SignatureType::Ed25519, seed));
    let policy = Policy::for_network(keys, crate::network::validator_keys(), 3).unwrap();
    assert_eq!(
        receipt(ORIGIN, LOG).verify(&entry(5), &policy),
        Err(CoseReceiptError::OneOfSeveral {
            origin: name(ORIGIN),
            keys: 2
        })
    );
}

#[test]
fn a_signature_of_the_checkpoint_is_none_of_the_receipt() {
    let text = checkpoint().text();
    let receipt = CoseReceipt {
        signature: sign(&secret(LOG), text.as_bytes()),
        ..receipt(ORIGIN, LOG)
    };
    assert!(matches!(
        receipt.verify(&entry(5), &network()),
        Err(CoseReceiptError::Signature { .. })
    ));
    let message = cose_sig_structure(&checkpoint(), log_key().public());
    assert!(std::str::from_utf8(&message).is_err(), "a note is text");
}

/// The last leaf of a tree of 2 and of 3 have one hash on their left each: the same hashes lead from
/// both to the same root. RFC 9942 signs the root alone; our subject signs the size as well.
#[test]
fn size_and_index_cannot_be_changed_together() {
    let leaves = [leaf_hash(&entry(0)), leaf_hash(&entry(1))];
    let root = node_hash(&leaves[0], &leaves[1]);
    let key = secret(LOG);
    let tree = Checkpoint {
        origin: name(ORIGIN),
        size: 2,
        root,
    };
    let receipt = CoseReceipt {
        tree_size: 2,
        index: 1,
        hashes: vec![leaves[0]],
        signature: sign(&key, &cose_sig_structure(&tree, &PublicKey::of(&key))),
        ..receipt(ORIGIN, LOG)
    };
    assert!(receipt.verify(&entry(1), &network()).is_ok());
    let moved = CoseReceipt {
        tree_size: 3,
        index: 2,
        ..receipt
    };
    assert_eq!(moved.root(&entry(1)), Ok(root));
    assert!(matches!(
        moved.verify(&entry(1), &network()),
        Err(CoseReceiptError::Signature { .. })
    ));
}

#[test]
fn a_leaf_outside_its_tree_is_refused() {
    let receipt = CoseReceipt {
        index: 11,
        ..receipt(ORIGIN, LOG)
    };
    assert_eq!(
        receipt.verify(&entry(5), &network()),
        Err(CoseReceiptError::Inclusion(ProofError::Index {
            index: 11,
            size: 11
        }))
    );
}

#[test]
fn the_longest_receipt_is_within_its_limit() {
    let origin = "\u{1f3e0}".repeat(KEY_NAME_CHARS_MAX);
    let longest = CoseReceipt {
        tree_size: u64::from(u32::MAX) << 31,
        index: u64::from(u32::MAX) << 30,
        hashes: vec![checkpoint().root; PROOF_HASHES_MAX],
        ..receipt(&origin, LOG)
    };
    let bytes = longest.encode();
    assert!(bytes.len() <= COSE_RECEIPT_BYTES_MAX, "{}", bytes.len());
    assert_eq!(CoseReceipt::decode(&bytes), Ok(longest));
}
