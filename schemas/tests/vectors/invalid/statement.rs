//! What can be wrong with a signed statement around its payload, and with the payload's bytes.

use deedbook_schemas::keys::SigningKey;
use deedbook_schemas::limits::SECONDS_MAX;

use super::tree::core;
use super::{Breaker, Parts};
use crate::common::cbor::Item;

const CONTENT_TYPE: u64 = 3;
const KEY_IDENTIFIER: u64 = 4;

pub(super) fn all(breaker: &mut Breaker) {
    envelope(breaker);
    protected_header(breaker);
    claims(breaker);
    signature(breaker);
    payload_bytes(breaker);
}

fn envelope(breaker: &mut Breaker) {
    breaker.statement("no_tag", "COSE_Sign1 without its tag", |parts| {
        parts.tag = None
    });
    breaker.statement("wrong_tag", "tag 17 (COSE_Mac0) for 18", |parts| {
        parts.tag = Some(17)
    });
    breaker.statement(
        "unprotected_not_empty",
        "an algorithm in the unprotected header",
        |parts| {
            parts.unprotected = Item::Map(vec![(Item::Uint(1), Item::Nint(7))]);
        },
    );
    let bytes = breaker.vector.bytes();
    let tagged = |tag: &[u8]| [tag, &bytes[1..]].concat();
    breaker.bytes("long_tag", "tag 18 in two bytes", &tagged(&[0xd8, 18]));
    breaker.bytes("double_tag", "tagged twice", &tagged(&[0xd2, 0xd2]));
    let mut indefinite = bytes.clone();
    indefinite[1] = 0x9f;
    indefinite.push(0xff);
    breaker.bytes(
        "indefinite_statement",
        "the outer array in indefinite length",
        &indefinite,
    );
    let mut deep = vec![0x81; 4096];
    deep.push(0);
    breaker.bytes("deep_nesting", "4,096 arrays within each other", &deep);
    let bomb = [
        0xd2, 0x84, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];
    breaker.bytes(
        "length_bomb",
        "a protected header of 2^63 - 1 bytes is announced",
        &bomb,
    );
}

fn protected_header(breaker: &mut Breaker) {
    breaker.statement("wrong_algorithm", "ES256 for EdDSA", |parts| {
        *parts.header(1) = Item::Nint(6);
    });
    let other = match breaker.vector.kind.as_str() {
        "withdrawal" => "act",
        _ => "withdrawal",
    };
    let content_types = [
        (
            "other_kind",
            format!("application/vnd.deedbook.{other}+cbor"),
        ),
        (
            "unknown_kind",
            "application/vnd.deedbook.dowry+cbor".to_owned(),
        ),
        (
            "upper_case_kind",
            format!(
                "application/vnd.deedbook.{}+cbor",
                breaker.vector.kind.to_uppercase()
            ),
        ),
        ("other_content_type", "application/cbor".to_owned()),
    ];
    for (name, content_type) in content_types {
        breaker.statement(name, &format!("content type {content_type}"), |parts| {
            *parts.header(CONTENT_TYPE) = Item::Text(content_type.clone());
        });
    }
    for (name, length) in [("short_key_identifier", 31), ("long_key_identifier", 33)] {
        breaker.statement(name, &format!("a kid of {length} bytes"), |parts| {
            *parts.header(KEY_IDENTIFIER) = Item::Bytes(vec![1; length]);
        });
    }
    breaker.statement("header_out_of_order", "kid before content type", |parts| {
        parts.protected.entries().swap(1, 2);
    });
    breaker.statement("header_duplicate", "the content type twice", |parts| {
        let content_type = parts.protected.entries()[1].clone();
        parts.protected.entries().insert(1, content_type);
    });
    breaker.statement(
        "header_unknown",
        "crit (2) in the protected header",
        |parts| {
            let crit = (Item::Uint(2), Item::Array(vec![Item::Uint(15)]));
            parts.protected.entries().insert(1, crit);
        },
    );
    breaker.statement(
        "header_trailing",
        "a byte after the protected header's map",
        |parts| {
            parts.protected = Item::Raw([parts.protected.write(), vec![0]].concat());
        },
    );
}

fn claims(breaker: &mut Breaker) {
    breaker.statement(
        "upper_case_issuer",
        "the issuer in upper-case hexadecimal",
        |parts| {
            let Item::Text(issuer) = parts.claim(1) else {
                panic!("the issuer is a text")
            };
            *issuer = issuer.to_uppercase();
        },
    );
    breaker.statement("short_issuer", "an issuer of 30 digits", |parts| {
        *parts.claim(1) = Item::Text("ab".repeat(15));
    });
    let subjects = [
        ("empty_subject", String::new()),
        ("long_subject", "a".repeat(65)),
        ("non_nfc_subject", "KZ-ALA-e\u{301}".to_owned()),
        ("bidi_subject", "KZ-\u{202e}ALA".to_owned()),
        ("spaced_subject", "KZ ALA".to_owned()),
    ];
    for (name, subject) in subjects {
        breaker.statement(
            name,
            "a subject is 1 to 64 printable ASCII characters",
            |parts| {
                *parts.claim(2) = Item::Text(subject.clone());
            },
        );
    }
    breaker.statement("long_time", "iat in nine bytes", |parts| {
        *parts.claim(6) = parts.claim(6).long();
    });
    breaker.statement("float_time", "iat as a float", |parts| {
        *parts.claim(6) = Item::Raw([vec![0xfb], 1.772_442e9f64.to_be_bytes().to_vec()].concat());
    });
    breaker.statement("time_after_9999", "iat after the year 9999", |parts| {
        *parts.claim(6) = Item::Uint(SECONDS_MAX + 1);
    });
}

fn signature(breaker: &mut Breaker) {
    let bytes = breaker.vector.bytes();
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    breaker.bytes(
        "signature_flipped",
        "the last bit of the signature",
        &flipped,
    );
    let mut zero = bytes.clone();
    let start = zero.len() - 64;
    zero[start..].fill(0);
    breaker.bytes("signature_zero", "a signature of zeros", &zero);
    let mut identity = zero;
    identity[start] = 1;
    breaker.bytes("signature_identity", "R the identity, S zero", &identity);
    let other = SigningKey::from_bytes(&[99; 32]);
    breaker.statement(
        "other_signer",
        "signed by another key than kid's",
        |parts| parts.key = other,
    );
}

fn payload_bytes(breaker: &mut Breaker) {
    if core(&mut Parts::of(breaker.vector).payload)
        .first_uint()
        .is_some()
    {
        let why = "2^64 - 1 for a level, a choice or a time";
        breaker.statement("largest_integer", why, |parts| {
            if let Some(uint) = core(&mut parts.payload).first_uint() {
                *uint = Item::Uint(u64::MAX);
            }
        });
    }
    breaker.statement(
        "payload_trailing",
        "a byte after the payload's map",
        |parts| {
            parts.payload = Item::Raw([parts.payload.write(), vec![0]].concat());
        },
    );
    breaker.statement(
        "payload_truncated",
        "the payload's last byte is missing",
        |parts| {
            let mut bytes = parts.payload.write();
            bytes.pop();
            parts.payload = Item::Raw(bytes);
        },
    );
    breaker.statement("payload_empty", "no payload", |parts| {
        parts.payload = Item::Raw(Vec::new())
    });
}
