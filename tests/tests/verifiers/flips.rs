//! Every single bit flipped: refused by all three, or the same is proved by fewer signatures.

use std::ops::Range;
use std::time::Instant;

use serde_json::Value;

use crate::certificates::certificates;
use crate::log::policy_text;
use crate::machines::{Flips, Machine, machines, say};
use crate::receipts::receipts;

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

/// What each machine makes of a file and of its flips, asked at once.
fn ask(
    machines: &mut [Box<dyn Machine>],
    file: &[u8],
    bits: &Range<usize>,
) -> Vec<(Option<Value>, Flips)> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = machines
            .iter_mut()
            .map(|machine| scope.spawn(|| (machine.file(file), machine.flips(bits.clone()))))
            .collect();
        asked
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    })
}

/// Flips every bit of each file; how many of the flips still proved the same.
fn flip(files: &[Vec<u8>]) -> usize {
    let mut machines = machines();
    for machine in &mut machines {
        assert!(
            machine.policy(policy_text().as_bytes()),
            "{}",
            machine.name()
        );
    }
    let names: Vec<_> = machines.iter().map(|machine| machine.name()).collect();
    let (started, mut flips, mut same) = (Instant::now(), 0, 0);
    for (number, file) in files.iter().enumerate() {
        let bits = file.len() * 8;
        let answers = ask(&mut machines, file, &(0..bits));
        let whole = answers[0]
            .0
            .clone()
            .expect("the whole file proves something");
        for (name, answer) in names.iter().zip(&answers) {
            assert_eq!(answer.0.as_ref(), Some(&whole), "{name} of file {number}");
            for (bit, found) in &answer.1 {
                assert!(
                    same_but_fewer(found, &whole),
                    "{name}: bit {bit} of file {number}: {found}"
                );
            }
            assert_eq!(
                answer.1, answers[0].1,
                "{name} and Rust differ on file {number}"
            );
        }
        flips += bits;
        same += answers[0].1.len();
    }
    let (count, took) = (files.len(), started.elapsed());
    say(&format!(
        "{flips} single-bit flips of {count} files by {}: {same} proved the same, all others were refused ({took:.0?})",
        names.join(", ")
    ));
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
    let same = flip(&sample(receipts(100), 2));
    assert!(
        same > 0,
        "a spoiled name makes a cosignature a stranger's, which is ignored"
    );
}

#[test]
fn no_flipped_bit_of_a_title_certificate_changes_what_is_proved() {
    flip(&sample(certificates(), 1));
}

/// How many random mutations this run makes.
pub(crate) fn mutations() -> usize {
    if full() { 100_000 } else { 2_000 }
}
