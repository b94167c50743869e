//! Every single bit flipped: refused by all three, or the same is proved by fewer signatures.

use std::ops::Range;
use std::time::Instant;

use serde_json::Value;

use crate::certificates::{certificates, state_receipts};
use crate::log::policy_text;
use crate::machines::{Flips, Machine, say, share};
use crate::receipts::{compact_receipts, receipts};

/// A statement without who vouches for it, and who does.
fn parts(statement: &Value) -> (Value, Vec<Value>) {
    let mut rest = statement.clone();
    let fields = rest.as_object_mut().unwrap();
    fields.remove("grade");
    let witnesses = fields.remove("witnesses").unwrap();
    (rest, witnesses.as_array().unwrap().clone())
}

/// Whether `found` says what `whole` says, vouched for by some of the same witnesses.
pub(crate) fn same_but_fewer(found: &Value, whole: &Value) -> bool {
    let ((found, some), (whole, all)) = (parts(found), parts(whole));
    found == whole && some.iter().all(|witness| all.contains(witness))
}

/// Bits of a file that are flipped in one go.
struct Piece<'f> {
    number: usize,
    file: &'f [u8],
    bits: Range<usize>,
}

const PIECE_BITS: usize = 4096;

fn pieces(files: &[Vec<u8>]) -> Vec<Piece<'_>> {
    let of = |(number, file): (usize, &'_ Vec<u8>)| {
        let end = file.len() * 8;
        (0..end).step_by(PIECE_BITS).map(move |from| {
            let bits = from..(from + PIECE_BITS).min(end);
            (number, bits)
        })
    };
    let all = files.iter().enumerate().flat_map(of);
    all.map(|(number, bits)| Piece {
        number,
        file: &files[number],
        bits,
    })
    .collect()
}

/// Flips every bit of a piece before all machines: how many flips still proved the same, and what is
/// wrong, said aloud at once.
fn flip_piece(machines: &mut [Box<dyn Machine>], piece: &Piece<'_>) -> (usize, Vec<String>) {
    let Piece { number, file, bits } = piece;
    let mut known: Option<(Value, Flips)> = None;
    let mut wrong = Vec::new();
    for machine in machines {
        let name = machine.name();
        let whole = machine.file(file).expect("the whole file proves something");
        let flips = machine.flips(bits.clone());
        for (bit, found) in &flips {
            if !same_but_fewer(found, &whole) {
                wrong.push(format!("{name}: bit {bit} of file {number}: {found}"));
            }
        }
        let answer = (whole, flips);
        if known.as_ref().is_some_and(|first| *first != answer) {
            wrong.push(format!(
                "{name} and Rust differ on {bits:?} of file {number}"
            ));
        }
        known.get_or_insert(answer);
    }
    wrong.iter().for_each(|line| say(line));
    (known.map_or(0, |(_, flips)| flips.len()), wrong)
}

/// Flips every bit of each file; how many of the flips still proved the same.
fn flip(what: &str, files: &[Vec<u8>]) -> usize {
    let started = Instant::now();
    let policy = policy_text().into_bytes();
    let (same, wrong): (Vec<usize>, Vec<Vec<String>>) =
        share(what, &pieces(files), &policy, flip_piece)
            .into_iter()
            .unzip();
    let same = same.iter().sum();
    let bits: usize = files.iter().map(|file| file.len() * 8).sum();
    let (count, took) = (files.len(), started.elapsed());
    say(&format!(
        "{bits} single-bit flips of {count} {what}: {same} proved the same, all others were refused ({took:.0?})"
    ));
    assert_eq!(wrong.concat(), Vec::<String>::new());
    same
}

fn full() -> bool {
    std::env::var("DEEDBOOK_MUTATIONS").is_ok_and(|value| value == "full")
}

/// How many of `all` files to flip in this run.
fn sample(mut files: Vec<Vec<u8>>, some: usize) -> Vec<Vec<u8>> {
    if !full() {
        // The first has no signature to spare, the second has one.
        files.truncate(some);
    }
    files
}

#[test]
fn no_flipped_bit_of_a_receipt_changes_what_is_proved() {
    let same = flip("receipts", &sample(receipts(100), 2));
    assert!(
        same > 0,
        "a spoiled name makes a cosignature a stranger's, which is ignored"
    );
}

#[test]
fn no_flipped_bit_of_a_title_certificate_changes_what_is_proved() {
    let same = flip("title certificates", &sample(certificates(), 1));
    assert_eq!(same, 0, "a certificate with a changed bit is damaged");
}

#[test]
fn no_flipped_bit_of_a_compact_receipt_changes_what_is_proved() {
    flip("compact receipts", &sample(compact_receipts(20), 1));
}

#[test]
fn no_flipped_bit_of_a_state_receipt_changes_what_is_proved() {
    let same = flip("state receipts", &sample(state_receipts(10), 1));
    assert_eq!(same, 0, "a state receipt with a changed bit is damaged");
}

/// How many random mutations this run makes.
pub(crate) fn mutations() -> usize {
    if full() { 100_000 } else { 2_000 }
}
