//! `deedbook.cddl` as somebody else's validator reads it: the `cddl` crate.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cddl::validator::Validator as _;
use cddl::validator::cbor::CBORValidator;
use cddl::validator::cbor_value::decode_cbor;
use common::Valid;
use common::cbor::Item;
use deedbook_schemas::limits::SECONDS_MAX;
use deedbook_schemas::record::Record;

/// Breaks that CDDL can see, beside every null for an absent field. The others are about the form of the bytes (RFC 8949 §4.2), the
/// length of the whole, or signatures: no CDDL validator looks at those.
const STRUCTURAL: [&str; 46] = [
    "attestation_is_a_record",
    "attestation_is_text",
    "attestation_junk",
    "body_time_after_9999",
    "consistency_for_inclusion",
    "detached_payload",
    "empty_receipts",
    "empty_subject",
    "five_receipts",
    "float",
    "float_time",
    "header_unknown",
    "integer_for_bool",
    "huge_tree",
    "largest_integer",
    "long_key_identifier",
    "long_subject",
    "many_hashes",
    "missing_key",
    "missing_key_in_core",
    "negative",
    "no_proof",
    "no_receipts",
    "no_tag",
    "null",
    "other_structure",
    "payload_attached",
    "receipt_not_bytes",
    "other_content_type",
    "share_of_zero",
    "short_hash",
    "short_id",
    "short_issuer",
    "short_key_identifier",
    "text_for_bytes",
    "text_for_integer",
    "time_after_9999",
    "truncated",
    "two_proofs",
    "unknown_choice",
    "unknown_key",
    "unknown_key_in_core",
    "unknown_kind",
    "unprotected_not_empty",
    "unprotected_unknown",
    "wrong_algorithm",
];

fn schema(rule: &str) -> String {
    let path = common::folder("..").join("deedbook.cddl");
    // A validator takes the first rule as the root.
    format!("root = {rule}\n{}", std::fs::read_to_string(path).unwrap())
}

/// A schema that is read once.
struct Schema<'a>(cddl::ast::CDDL<'a>);

impl<'a> Schema<'a> {
    fn read(text: &'a str) -> Self {
        Self(cddl::cddl_from_str(text, true).unwrap())
    }

    fn validate(&self, bytes: &[u8]) -> Result<(), String> {
        let value = decode_cbor(bytes).map_err(|error| error.to_string())?;
        CBORValidator::new(&self.0, value, None)
            .validate()
            .map_err(|error| error.to_string())
    }
}

/// Vectors by the rule that describes them.
fn by_rule(vectors: Vec<Valid>) -> BTreeMap<String, Vec<Valid>> {
    let mut by_rule = BTreeMap::<_, Vec<_>>::new();
    for vector in vectors {
        by_rule.entry(vector.rule.clone()).or_default().push(vector);
    }
    by_rule
}

#[test]
fn every_valid_vector_is_valid_under_its_rule() {
    for (rule, vectors) in by_rule(common::valid()) {
        let text = schema(&rule);
        let schema = Schema::read(&text);
        for vector in vectors {
            assert_eq!(schema.validate(&vector.bytes()), Ok(()), "{}", vector.name);
        }
    }
}

#[test]
fn every_structural_break_is_refused_under_its_rule() {
    let rules: BTreeMap<_, _> = common::valid()
        .into_iter()
        .map(|vector| (vector.name, vector.rule))
        .collect();
    let mut by_rule = BTreeMap::<_, Vec<_>>::new();
    for (file, vector) in common::invalid_by_file() {
        by_rule
            .entry(&rules[&file])
            .or_default()
            .push((file, vector));
    }
    let mut seen = BTreeSet::new();
    let mut accepted = Vec::new();
    for (rule, vectors) in by_rule {
        let text = schema(rule);
        let schema = Schema::read(&text);
        for (file, vector) in vectors {
            let is_null = vector.name.starts_with("null_for_absent");
            if !is_null && !STRUCTURAL.contains(&vector.name.as_str()) {
                continue;
            }
            if schema.validate(&vector.bytes()).is_ok() {
                accepted.push(format!("{file} {}", vector.name));
            }
            if !is_null {
                seen.insert(vector.name);
            }
        }
    }
    assert_eq!(accepted, Vec::<String>::new());
    let expected = STRUCTURAL.map(str::to_owned).into_iter().collect();
    assert_eq!(seen, expected);
}

#[test]
fn no_kind_of_record_is_valid_under_another_kinds_rule() {
    let records = common::valid()
        .into_iter()
        .filter(Valid::is_record)
        .collect();
    let by_rule = by_rule(records);
    for rule in by_rule.keys() {
        let text = schema(rule);
        let schema = Schema::read(&text);
        for vector in by_rule.values().map(|vectors| &vectors[0]) {
            assert_eq!(
                schema.validate(&vector.bytes()).is_ok(),
                vector.rule == *rule,
                "{} under {rule}",
                vector.name
            );
        }
    }
}

#[test]
fn state_receipts_and_the_objects_in_them_are_valid_under_their_rules() {
    let path = common::folder("title-certificate").join("valid.json");
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let texts = [
        "title-certificate",
        "state-receipt",
        "state-title",
        "state-instrument",
        "state-power",
        "state-party",
    ]
    .map(|rule| (rule, schema(rule)));
    let schemas = BTreeMap::from_iter(texts.iter().map(|(rule, text)| (*rule, Schema::read(text))));
    let mut seen = BTreeSet::new();
    for vector in vectors {
        let bytes = hex::decode(vector["hex"].as_str().unwrap()).unwrap();
        let title = vector["kind"] == "title";
        let checked = schemas["title-certificate"].validate(&bytes);
        assert_eq!(checked.is_ok(), title, "{}: {checked:?}", vector["name"]);
        assert_eq!(schemas["state-receipt"].validate(&bytes), Ok(()));
        for object in Item::read(&bytes).items()[3].items() {
            let [Item::Bytes(key), Item::Bytes(value), _] = &object.items()[..] else {
                continue;
            };
            let rule = match key[0] {
                b'T' => "state-title",
                b'I' => "state-instrument",
                b'W' => "state-power",
                _ => "state-party",
            };
            seen.insert(rule);
            assert_eq!(schemas[rule].validate(value), Ok(()), "{}", vector["name"]);
        }
    }
    assert_eq!(seen.len(), 4);
}

/// The unsigned integers that are values, in the order of the bytes; of a list, the first few.
fn integers(item: &mut Item) -> Vec<&mut Item> {
    match item {
        Item::Uint(_) => vec![item],
        Item::Array(items) => items.iter_mut().take(4).flat_map(integers).collect(),
        Item::Map(entries) => entries
            .iter_mut()
            .flat_map(|(_, value)| integers(value))
            .collect(),
        _ => Vec::new(),
    }
}

/// The record, and its body, with the `index`-th integer of the body replaced; `None` if it has fewer.
fn with_integer(vector: &Valid, index: usize, value: u64) -> Option<(Vec<u8>, Vec<u8>)> {
    let Item::Tag(tag, mut statement) = Item::read(&vector.bytes()) else {
        panic!("not a statement: {}", vector.name)
    };
    let Item::Bytes(bytes) = &mut statement.items()[2] else {
        panic!("not a payload: {}", vector.name)
    };
    let mut payload = Item::read(bytes);
    let body = payload.entry(2);
    **integers(body).get_mut(index)? = Item::Uint(value);
    let body = body.write();
    *bytes = payload.write();
    Some((Item::Tag(tag, statement).write(), body))
}

/// Just inside and outside every range that a field can have: choices end at 1, 2, 3, 4, 5, 8 or 11, small
/// numbers at 2^8, 2^16 and 2^32, times in the year 9999.
fn boundaries() -> impl Iterator<Item = u64> {
    let ends = [
        u8::MAX.into(),
        u16::MAX.into(),
        u32::MAX.into(),
        SECONDS_MAX,
    ];
    let around = ends.into_iter().flat_map(|end: u64| [end, end + 1]);
    [0, 1, 2, 3, 4, 5, 6, 8, 9, 11, 12]
        .into_iter()
        .chain(around)
        .chain([u64::MAX])
}

/// Whether the codec and the CDDL agree; `None` where CDDL cannot say: whether a fraction is reduced
/// and at most one.
fn agree(schema: &Schema, (record, body): &(Vec<u8>, Vec<u8>)) -> Option<bool> {
    let codec = Record::decode(record).map_err(|error| error.to_string());
    let about_shares = |error: &String| error.contains("share") || error.contains("reduced");
    if codec.as_ref().is_err_and(about_shares) {
        return None;
    }
    Some(codec.is_ok() == schema.validate(body).is_ok())
}

#[test]
fn the_codec_and_the_cddl_draw_the_same_line_for_every_integer_of_every_body() {
    let mut differ = Vec::new();
    let records = common::valid()
        .into_iter()
        .filter(Valid::is_record)
        .collect();
    for (rule, vectors) in by_rule(records) {
        // The rule of the body alone: the frame is the same for all, and costs most of the time.
        let body = match rule.strip_prefix("record-").unwrap() {
            "profile" => "profile-change",
            kind => kind,
        };
        let text = schema(body);
        let schema = Schema::read(&text);
        for vector in &vectors {
            let count = (0..)
                .take_while(|index| with_integer(vector, *index, 0).is_some())
                .count();
            for (index, value) in (0..count).flat_map(|i| boundaries().map(move |v| (i, v))) {
                let bytes = with_integer(vector, index, value).unwrap();
                if agree(&schema, &bytes) == Some(false) {
                    differ.push(format!("{} {index} {value}", vector.name));
                }
            }
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}
