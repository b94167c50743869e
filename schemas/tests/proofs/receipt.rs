//! Receipts: what one proves, and that nothing else is one.

use std::convert::Infallible;

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::limits::{NOTE_SIGNATURES_MAX, RECEIPT_BYTES_MAX};
use deedbook_schemas::merkle::{empty_root, inclusion_proof};
use deedbook_schemas::policy::Policy;
use deedbook_schemas::receipt::{Receipt, ReceiptError, VerifiedReceipt};

use crate::network::{
    ORIGIN, VALIDATORS, checkpoint, cosignature_line, entry, name, network, signed, subtree,
};

fn receipt(validators: &[u8]) -> Receipt {
    let read = |level: u8, index: u64| Ok::<_, Infallible>(subtree(level, index));
    let hashes = inclusion_proof(5, 11, read).unwrap();
    Receipt::new(entry(5), 5, hashes, signed(validators))
}

/// Reads a receipt and proves the entry that it carries, as a person with a file does.
fn prove(bytes: &[u8], policy: &Policy) -> Result<(Vec<u8>, VerifiedReceipt), ReceiptError> {
    let receipt = Receipt::parse(bytes)?;
    let entry = receipt.extra().ok_or(ReceiptError::Extra)?;
    Ok((entry.to_vec(), receipt.verify(entry, policy)?))
}

#[test]
fn a_receipt_proves_its_entry_to_a_holder_of_the_policy_s_text() {
    let policy = Policy::from_text(&network().to_text()).unwrap();
    let bytes = receipt(&[0, 1, 3]).to_string();
    let (proved_entry, proved) = prove(bytes.as_bytes(), &policy).unwrap();
    assert_eq!(proved_entry, entry(5));
    assert_eq!(
        (proved.index, proved.tree_size, proved.root),
        (5, 11, checkpoint().root)
    );
    assert_eq!(proved.origin, name(ORIGIN));
    let names: Vec<_> = proved
        .witnesses
        .iter()
        .map(|witness| witness.name.as_str())
        .collect();
    assert_eq!(names, [VALIDATORS[0], VALIDATORS[1], VALIDATORS[3]]);
    assert_eq!(proved.groups, ["validators"]);
    assert_eq!(proved.earliest(), Some(Seconds(1_790_000_000)));
    assert_eq!(proved.latest(), Some(Seconds(1_790_000_003)));
    assert_eq!(Receipt::parse(bytes.as_bytes()).unwrap().to_string(), bytes);
}

#[test]
fn a_receipt_with_any_bit_flipped_fails_or_proves_the_same() {
    let policy = network();
    let bytes = receipt(&[0, 1, 2, 3]).to_string().into_bytes();
    let (same_entry, same) = prove(&bytes, &policy).unwrap();
    let mut still_proves = 0;
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1 << bit;
            let Ok((entry, proved)) = prove(&flipped, &policy) else {
                continue;
            };
            still_proves += 1;
            assert_eq!(entry, same_entry);
            let statement = |proved: &VerifiedReceipt| {
                (
                    proved.origin.clone(),
                    proved.tree_size,
                    proved.root,
                    proved.index,
                )
            };
            assert_eq!(statement(&proved), statement(&same));
            assert_eq!(proved.groups, same.groups);
            assert_eq!(proved.witnesses.len(), 3, "one line became a stranger's");
            assert!(
                proved
                    .witnesses
                    .iter()
                    .all(|witness| same.witnesses.contains(witness))
            );
        }
    }
    assert!(
        still_proves > 0,
        "a spoiled key name makes a line a stranger's, which is ignored"
    );
    // Without a cosignature to spare nothing at all may change.
    let bytes = receipt(&[0, 1, 2]).to_string().into_bytes();
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1 << bit;
            assert!(
                prove(&flipped, &policy).is_err(),
                "byte {position}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_receipt_cut_short_or_continued_proves_nothing() {
    let policy = network();
    let bytes = receipt(&[0, 1, 2]).to_string().into_bytes();
    for end in 0..bytes.len() {
        assert!(prove(&bytes[..end], &policy).is_err(), "{end}");
    }
    for tail in [
        b"\n".as_slice(),
        b" ",
        b"\0",
        b"x",
        b"\n\n",
        "— ".as_bytes(),
    ] {
        assert!(
            prove(&[bytes.as_slice(), tail].concat(), &policy).is_err(),
            "{tail:?}"
        );
    }
    let long = vec![b'a'; RECEIPT_BYTES_MAX + 1];
    assert_eq!(
        Receipt::parse(&long),
        Err(ReceiptError::TooLong(RECEIPT_BYTES_MAX + 1))
    );
}

#[test]
fn the_largest_receipt_stays_within_its_limit() {
    let checkpoint = checkpoint();
    let count = NOTE_SIGNATURES_MAX;
    let signatures: Vec<_> = (0..count)
        .map(|_| cosignature_line(&checkpoint, 0))
        .collect();
    let signed = SignedCheckpoint {
        checkpoint,
        signatures,
    };
    let hashes = vec![empty_root(); 64];
    let bytes = Receipt::new(vec![1; 65_535], 5, hashes, signed).to_string();
    assert!(bytes.len() <= RECEIPT_BYTES_MAX);
    assert_eq!(Receipt::parse(bytes.as_bytes()).unwrap().to_string(), bytes);
    let one_hash_more = bytes.replacen("index 5\n", &format!("index 5\n{}=\n", "A".repeat(43)), 1);
    assert_eq!(
        Receipt::parse(one_hash_more.as_bytes()),
        Err(ReceiptError::TooManyHashes)
    );
}

#[test]
fn a_receipt_has_one_spelling() {
    let good = receipt(&[0, 1, 2]).to_string();
    let edits: [(&str, &str); 12] = [
        ("proof@v1", "proof@v2"),
        ("extra ", "extra  "),
        ("extra ", "Extra "),
        ("extra ", "extra \nextra "),
        ("index 5", "index 05"),
        ("index 5", "index +5"),
        ("index 5", "index 5 "),
        ("index 5", "index 9223372036854775808"),
        ("index 5\n", ""),
        ("index 5\n", "index 5\n\n"),
        ("\n", "\r\n"),
        ("\n\n", "\n"),
    ];
    for (from, to) in edits {
        let edited = good.replacen(from, to, 1);
        assert_ne!(edited, good);
        assert!(
            Receipt::parse(edited.as_bytes()).is_err(),
            "{from:?} to {to:?}"
        );
    }
    let without_entry: String = good
        .lines()
        .filter(|line| !line.starts_with("extra"))
        .map(|line| format!("{line}\n"))
        .collect();
    let bare = Receipt::parse(without_entry.as_bytes()).unwrap();
    assert_eq!(bare.extra(), None);
    assert!(bare.verify(&entry(5), &network()).is_ok());
    assert!(bare.verify(&entry(6), &network()).is_err());
}

#[test]
fn a_receipt_proves_the_entry_asked_about_whatever_it_carries() {
    let read = |level: u8, index: u64| Ok::<_, Infallible>(subtree(level, index));
    let hashes = inclusion_proof(5, 11, read).unwrap();
    let receipt = Receipt::new(entry(6), 5, hashes, signed(&[0, 1, 2]));
    assert!(receipt.verify(&entry(5), &network()).is_ok());
    assert!(matches!(
        receipt.verify(&entry(6), &network()),
        Err(ReceiptError::Inclusion(_))
    ));
}
