//! What can be wrong with records alone: attestation, length, and the body's texts.

use deedbook_schemas::limits::RECORD_BYTES_MAX;

use super::body::{self, NO_SHARES, NO_TEXTS, law, shares};
use super::{Breaker, Parts};
use crate::common::cbor::Item;
use crate::common::{Filler, Invalid, Valid};
use crate::refusal;

const ATTESTATION: u64 = 4;

pub(super) fn all(breaker: &mut Breaker, valid: &[Valid]) {
    record(breaker, valid);
    law(breaker, &NO_TEXTS);
}

fn record(breaker: &mut Breaker, valid: &[Valid]) {
    let without_attestation = |parts: &mut Parts| {
        parts
            .payload
            .entries()
            .retain(|(key, _)| *key != Item::Uint(ATTESTATION));
    };
    let with_attestation = |parts: &mut Parts, value: Item| {
        without_attestation(parts);
        parts
            .payload
            .entries()
            .push((Item::Uint(ATTESTATION), value));
    };
    breaker.statement(
        "null_for_absent",
        "null for an absent attestation",
        |parts| {
            with_attestation(parts, Item::Simple(22));
        },
    );
    let own = breaker.vector.bytes();
    let malformed = [
        (
            "attestation_empty",
            "an attestation of no bytes",
            Item::Bytes(Vec::new()),
        ),
        (
            "attestation_junk",
            "an attestation that is no statement",
            Item::Bytes(vec![0xa0]),
        ),
        (
            "attestation_is_a_record",
            "a record in the place of the attestation",
            Item::Bytes(own),
        ),
        (
            "attestation_is_text",
            "a text in the place of the attestation",
            Item::Text("yes".to_owned()),
        ),
    ];
    for (name, why, value) in malformed {
        breaker.statement(name, why, |parts| with_attestation(parts, value));
    }
    broken_attestation(breaker);
    shares(breaker, &NO_SHARES);
    body::all(breaker, valid);
    oversize(breaker, &with_attestation);
}

fn broken_attestation(breaker: &mut Breaker) {
    let mut parts = Parts::of(breaker.vector);
    let attested = parts
        .payload
        .entries()
        .iter()
        .any(|(key, _)| *key == Item::Uint(ATTESTATION));
    if !attested {
        return;
    }
    let Item::Bytes(good) = parts.payload.entry(ATTESTATION).clone() else {
        panic!("an attestation is a byte string")
    };
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let variants = [
        (
            "attestation_truncated",
            "the attestation's last byte is missing",
            good[..good.len() - 1].to_vec(),
        ),
        (
            "attestation_trailing",
            "a byte after the attestation",
            [good.clone(), vec![0]].concat(),
        ),
        (
            "attestation_untagged",
            "an attestation without its tag",
            good[1..].to_vec(),
        ),
        (
            "attestation_forged",
            "the attestation's signature does not verify",
            flipped,
        ),
    ];
    for (name, why, bytes) in variants {
        breaker.statement(name, why, |parts| {
            *parts.payload.entry(ATTESTATION) = Item::Bytes(bytes);
        });
    }
}

fn oversize(breaker: &mut Breaker, with_attestation: &impl Fn(&mut Parts, Item)) {
    let mut parts = Parts::of(breaker.vector);
    with_attestation(&mut parts, Item::Bytes(vec![0; RECORD_BYTES_MAX]));
    let bytes = parts.build();
    assert_eq!(refusal(&breaker.vector.kind, &bytes), Some("too_long"));
    let at = bytes.len() - 66 - RECORD_BYTES_MAX;
    assert!(
        bytes[at..at + RECORD_BYTES_MAX]
            .iter()
            .all(|byte| *byte == 0)
    );
    breaker.broken.push(Invalid {
        name: "oversize".to_owned(),
        kind: breaker.vector.kind.clone(),
        why: format!("longer than {RECORD_BYTES_MAX} bytes"),
        refusal: "too_long".to_owned(),
        code: None,
        hex: hex::encode([&bytes[..at], &bytes[at + RECORD_BYTES_MAX..]].concat()),
        filler: Some(Filler {
            at,
            count: RECORD_BYTES_MAX,
        }),
    });
}
