//! What can be wrong with records alone, and what of it only the law refuses.

use deedbook_schemas::limits::RECORD_BYTES_MAX;

use super::{BODY, Breaker, Parts};
use crate::common::cbor::Item;
use crate::common::{Filler, Invalid};
use crate::refusal;

const ATTESTATION: u64 = 4;

pub(super) fn all(breaker: &mut Breaker) {
    record(breaker);
    law(breaker);
}

fn record(breaker: &mut Breaker) {
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
    if let Some(change) = fraction_break(&breaker.vector.kind) {
        for (name, terms) in [
            ("unreduced_share", [2, 4]),
            ("zero_share", [0, 1]),
            ("share_above_one", [3, 2]),
            ("share_of_zero", [1, 0]),
            ("share_beyond_limit", [1, 1 << 63]),
        ] {
            breaker.statement(
                name,
                &format!("a share of {}/{}", terms[0], terms[1]),
                |parts| {
                    *change(parts.payload.entry(BODY)) =
                        Item::Array(terms.map(Item::Uint).to_vec());
                },
            );
        }
    }
    optional_nulls(breaker);
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

/// Where a kind has its first share.
fn fraction_break(kind: &str) -> Option<fn(&mut Item) -> &mut Item> {
    match kind {
        "transfer" => Some(|body| &mut body.entry(2).items()[0].items()[1]),
        "first-registration" => Some(|body| body.entry(1).items()[0].entry(1)),
        _ => None,
    }
}

/// Null for a field of the body that may be absent.
fn optional_nulls(breaker: &mut Breaker) {
    let optional: &[u64] = match breaker.vector.kind.as_str() {
        "transfer" => &[4, 5],
        "act" => &[1],
        "power-of-attorney" => &[1, 2, 3],
        "spousal-consent" => &[2, 3, 5],
        _ => &[],
    };
    for key in optional {
        breaker.statement(
            &format!("null_for_absent_{key}"),
            "null for an absent field of the body",
            |parts| {
                let entries = parts.payload.entry(BODY).entries();
                entries.retain(|(other, _)| *other != Item::Uint(*key));
                entries.push((Item::Uint(*key), Item::Simple(22)));
                entries.sort_by_key(|(key, _)| key.write());
            },
        );
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

/// What the codec lets through, because the meaning of a text is the law's.
fn law(breaker: &mut Breaker) {
    type Text = fn(&mut Item) -> &mut Item;
    let place: Text = match breaker.vector.kind.as_str() {
        "accreditation" => |body| body.entry(1),
        "first-registration" => |body| body.entry(0).entry(2),
        "transfer" => |body| body.entry(5),
        _ => return,
    };
    for (name, code, text) in [
        ("non_nfc_text", "record.field_invalid", "Cafe\u{301}"),
        ("bidi_text", "record.field_invalid", "12 \u{202e}daoR"),
        ("personal_number", "record.personal_data", "850101300123"),
        ("biometric_text", "record.personal_data", "face_template 1"),
    ] {
        let mut parts = Parts::of(breaker.vector);
        *place(parts.payload.entry(BODY)) = Item::Text(text.to_owned());
        let bytes = parts.build();
        assert_eq!(
            refusal(&breaker.vector.kind, &bytes),
            None,
            "{name} is the law's"
        );
        breaker.broken.push(Invalid {
            name: name.to_owned(),
            kind: breaker.vector.kind.clone(),
            why: format!("a text the law refuses: {text:?}"),
            refusal: "law".to_owned(),
            code: Some(code.to_owned()),
            hex: hex::encode(bytes),
            filler: None,
        });
    }
}
