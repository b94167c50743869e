//! `deedbook.cddl` as somebody else's validator reads it: the `cddl` crate.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

/// Breaks that CDDL can see. The others are about the form of the bytes (RFC 8949 §4.2), the
/// length of the whole, or signatures: no CDDL validator looks at those.
const STRUCTURAL: [&str; 26] = [
    "attestation_is_a_record",
    "attestation_is_text",
    "attestation_junk",
    "empty_subject",
    "float",
    "float_time",
    "header_unknown",
    "largest_integer",
    "long_key_identifier",
    "long_subject",
    "missing_key",
    "negative",
    "no_tag",
    "null",
    "null_for_absent",
    "other_content_type",
    "share_of_zero",
    "short_issuer",
    "short_key_identifier",
    "text_for_integer",
    "time_after_9999",
    "truncated",
    "unknown_key",
    "unknown_kind",
    "unprotected_not_empty",
    "wrong_algorithm",
];

fn schema(rule: &str) -> String {
    let path = common::folder("..").join("deedbook.cddl");
    // A validator takes the first rule as the root.
    format!("root = {rule}\n{}", std::fs::read_to_string(path).unwrap())
}

fn validate(schema: &str, bytes: &[u8]) -> Result<(), String> {
    cddl::validate_cbor_from_slice(schema, bytes, None).map_err(|error| error.to_string())
}

#[test]
fn every_valid_vector_is_valid_under_its_rule() {
    for vector in common::valid() {
        let result = validate(&schema(&vector.rule), &vector.bytes());
        assert_eq!(result, Ok(()), "{}", vector.name);
    }
}

#[test]
fn every_structural_break_is_refused_under_its_rule() {
    let rules: BTreeMap<_, _> = common::valid()
        .into_iter()
        .map(|vector| (vector.name, vector.rule))
        .collect();
    let mut seen = BTreeSet::new();
    let mut accepted = Vec::new();
    for (file, vector) in common::invalid_by_file() {
        if !STRUCTURAL.contains(&vector.name.as_str()) {
            continue;
        }
        if validate(&schema(&rules[&file]), &vector.bytes()).is_ok() {
            accepted.push(format!("{file} {}", vector.name));
        }
        seen.insert(vector.name);
    }
    assert_eq!(accepted, Vec::<String>::new());
    assert_eq!(seen.len(), STRUCTURAL.len());
}

#[test]
fn no_kind_of_record_is_valid_under_another_kinds_rule() {
    let by_rule: BTreeMap<_, _> = common::valid()
        .into_iter()
        .filter(common::Valid::is_record)
        .map(|vector| (vector.rule.clone(), vector))
        .collect();
    for rule in by_rule.keys() {
        let schema = schema(rule);
        for vector in by_rule.values() {
            let accepted = validate(&schema, &vector.bytes()).is_ok();
            assert_eq!(
                accepted,
                vector.rule == *rule,
                "{} under {rule}",
                vector.name
            );
        }
    }
}
