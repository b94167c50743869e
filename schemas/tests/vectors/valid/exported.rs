//! What SCITT software reads: a COSE receipt for the sale, and the sale with the receipt in it.

use deedbook_schemas::checkpoint::Checkpoint;
use deedbook_schemas::cose::Statement;
use deedbook_schemas::cose_key::KeyThumbprint;
use deedbook_schemas::cose_receipt::{CoseReceipt, cose_sig_structure};
use deedbook_schemas::keys::{PublicKey, sign};
use deedbook_schemas::merkle::{Frontier, leaf_hash};
use deedbook_schemas::transparent::TransparentStatement;
use serde_json::json;

use super::Writer;
use crate::people::{LOG_SEED, genesis, key};

/// A tree of three leaves: the sale, the seller's act, a seal.
pub(super) fn all(writer: &mut Writer) {
    let entries = ["transfer-sale", "act-disponor", "seal"].map(|name| writer.bytes_of(name));
    let leaves = entries.clone().map(|entry| leaf_hash(&entry));
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.append(*leaf));
    let tree = Checkpoint {
        origin: genesis().origin.parse().unwrap(),
        size: 3,
        root: frontier.root(),
    };
    let log = key(LOG_SEED);
    let public = PublicKey::of(&log);
    let receipt = CoseReceipt {
        key: KeyThumbprint::of(&public),
        tree_size: tree.size,
        index: 0,
        hashes: leaves[1..].to_vec(),
        signature: sign(&log, &cose_sig_structure(&tree, &public)),
        origin: tree.origin,
    };
    assert_eq!(receipt.root(&entries[0]), Ok(frontier.root()));
    let content = json!({
        "origin": receipt.origin,
        "log_key": public,
        "key": receipt.key,
        "tree_size": receipt.tree_size,
        "index": receipt.index,
        "root": frontier.root(),
        "entry": "transfer-sale",
    });
    let bytes = receipt.encode();
    writer.plain(
        "cose-receipt",
        "cose-receipt",
        "cose-receipt",
        &bytes,
        None,
        content,
    );
    let transparent = TransparentStatement {
        statement: Statement::decode(&entries[0]).unwrap(),
        receipts: vec![bytes],
    };
    let content = json!({ "statement": "transfer-sale", "receipts": ["cose-receipt"] });
    writer.plain(
        "transparent-statement",
        "transparent-statement",
        "transparent-statement",
        &transparent.encode(),
        None,
        content,
    );
}
