//! What can be wrong with the body of a record, field by field.

use std::collections::BTreeSet;

use deedbook_schemas::limits::SECONDS_MAX;

use super::places::{CHOICES, SHARES, TEXTS, TIMES, at, path};
use super::{BODY, Breaker, Parts};
use crate::common::cbor::Item;
use crate::common::{Invalid, Valid};
use crate::refusal;

pub(super) fn all(breaker: &mut Breaker, valid: &[Valid]) {
    missing_key(breaker);
    short_id(breaker);
    choice(breaker);
    integer_for_bool(breaker);
    time(breaker);
    nulls(breaker, valid);
}

fn body(breaker: &Breaker) -> Item {
    Parts::of(breaker.vector).payload.entry(BODY).clone()
}

/// Another body in the same record.
fn with_body(breaker: &mut Breaker, name: &str, why: &str, body: Item) {
    breaker.statement(name, why, |parts| *parts.payload.entry(BODY) = body);
}

fn missing_key(breaker: &mut Breaker) {
    let mut body = body(breaker);
    let kept = match &mut body {
        // A first key that may be absent is none that is missing.
        Item::Map(entries) if breaker.vector.kind != "guardianship" && !entries.is_empty() => {
            entries.remove(0);
            true
        }
        Item::Array(items) => items.pop().is_some(),
        _ => false,
    };
    if kept {
        let why = "the body's first key or last item is missing";
        with_body(breaker, "missing_key_in_core", why, body);
    }
}

/// The first name made of a hash, or of a party, in the order of the bytes.
fn first_id(item: &mut Item) -> Option<&mut Vec<u8>> {
    match item {
        Item::Bytes(bytes) if matches!(bytes.len(), 16 | 32) => Some(bytes),
        Item::Array(items) => items.iter_mut().find_map(first_id),
        Item::Map(entries) => entries.iter_mut().find_map(|(_, value)| first_id(value)),
        _ => None,
    }
}

fn short_id(breaker: &mut Breaker) {
    let mut body = body(breaker);
    if let Some(id) = first_id(&mut body) {
        id.pop();
        let why = "an id that lacks its last byte";
        with_body(breaker, "short_id", why, body);
    } else if let Item::Map(entries) = &mut body
        && let Some((_, value @ Item::Bytes(_))) = entries.first_mut()
    {
        *value = Item::Text("d2".to_owned());
        with_body(breaker, "text_for_bytes", "a text for bytes", body);
    }
}

fn choice(breaker: &mut Breaker) {
    let kind = &breaker.vector.kind;
    let Some((_, path, unknown)) = CHOICES.iter().find(|(other, ..)| other == kind) else {
        return;
    };
    let mut body = body(breaker);
    *at(&mut body, path).unwrap() = Item::Uint(*unknown);
    let why = format!("{unknown} for a choice that ends below it");
    with_body(breaker, "unknown_choice", &why, body);
}

fn integer_for_bool(breaker: &mut Breaker) {
    let mut body = body(breaker);
    let Item::Map(entries) = &mut body else {
        return;
    };
    let bool = |item: &Item| matches!(item, Item::Simple(20 | 21));
    if let Some((_, value)) = entries.iter_mut().find(|(_, value)| bool(value)) {
        *value = Item::Uint(1);
        with_body(breaker, "integer_for_bool", "1 for true", body);
    }
}

fn time(breaker: &mut Breaker) {
    let mut body = body(breaker);
    let place = path(&TIMES, &breaker.vector.kind).and_then(|path| at(&mut body, path));
    if let Some(time @ Item::Uint(_)) = place {
        *time = Item::Uint(SECONDS_MAX + 1);
        let why = "a time after the year 9999";
        with_body(breaker, "body_time_after_9999", why, body);
    }
}

/// Null for every field that some vectors of the kind have and others do not.
fn nulls(breaker: &mut Breaker, valid: &[Valid]) {
    let bodies: Vec<_> = valid
        .iter()
        .filter(|vector| vector.is_record() && vector.kind == breaker.vector.kind)
        .map(|vector| Parts::of(vector).payload.entry(BODY).clone())
        .collect();
    for path in optional(&bodies) {
        let (key, map) = path.split_last().unwrap();
        let mut body = body(breaker);
        let Some(Item::Map(entries)) = at(&mut body, map) else {
            continue;
        };
        entries.retain(|(other, _)| *other != Item::Uint(*key));
        entries.push((Item::Uint(*key), Item::Simple(22)));
        entries.sort_by_key(|(key, _)| key.write());
        let steps: Vec<_> = path.iter().map(u64::to_string).collect();
        let name = format!("null_for_absent_{}", steps.join("_"));
        let why = "null for an absent field of the body";
        with_body(breaker, &name, why, body);
    }
}

/// The paths of the map keys that are in some of these bodies, and not in all that have the map.
fn optional(bodies: &[Item]) -> BTreeSet<Vec<u64>> {
    let mut keys = BTreeSet::new();
    for body in bodies {
        note(body, &mut Vec::new(), &mut keys);
    }
    let absent_somewhere = |path: &Vec<u64>| {
        let (key, map) = path.split_last().unwrap();
        bodies.iter().any(|body| {
            let found = at(&mut body.clone(), map).cloned();
            matches!(found, Some(Item::Map(entries))
                if entries.iter().all(|(other, _)| *other != Item::Uint(*key)))
        })
    };
    keys.into_iter().filter(absent_somewhere).collect()
}

/// Notes the paths of map keys. Not within choices: their alternatives differ.
fn note(item: &Item, path: &mut Vec<u64>, keys: &mut BTreeSet<Vec<u64>>) {
    match item {
        Item::Map(entries) => {
            for (key, value) in entries {
                let Item::Uint(key) = key else {
                    panic!("a key is an integer: {key:?}")
                };
                path.push(*key);
                keys.insert(path.clone());
                note(value, path, keys);
                path.pop();
            }
        }
        Item::Array(items) if !matches!(&items[..], [Item::Uint(_), Item::Array(_)]) => {
            for (index, item) in (0..).zip(items) {
                path.push(index);
                note(item, path, keys);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Shares that are none, with their names.
pub(super) const NO_SHARES: [(&str, [u64; 2]); 5] = [
    ("unreduced_share", [2, 4]),
    ("zero_share", [0, 1]),
    ("share_above_one", [3, 2]),
    ("share_of_zero", [1, 0]),
    ("share_beyond_limit", [1, 1 << 63]),
];

pub(super) fn shares(breaker: &mut Breaker, terms: &[(&str, [u64; 2])]) {
    let Some(path) = path(&SHARES, &breaker.vector.kind) else {
        return;
    };
    for (name, terms) in terms {
        let mut body = body(breaker);
        let Some(share @ Item::Array(_)) = at(&mut body, path) else {
            return;
        };
        *share = Item::Array(terms.map(Item::Uint).to_vec());
        let why = format!("a share of {}/{}", terms[0], terms[1]);
        with_body(breaker, name, &why, body);
    }
}

/// Texts that the codec lets through, because the meaning of a text is the law's.
pub(super) const NO_TEXTS: [(&str, &str, &str); 4] = [
    ("non_nfc_text", "record.field_invalid", "Cafe\u{301}"),
    ("bidi_text", "record.field_invalid", "12 \u{202e}daoR"),
    ("personal_number", "record.personal_data", "850101300123"),
    ("biometric_text", "record.personal_data", "face_template 1"),
];

pub(super) fn law(breaker: &mut Breaker, texts: &[(&str, &str, &str)]) {
    let Some(path) = path(&TEXTS, &breaker.vector.kind) else {
        return;
    };
    for (name, code, text) in texts {
        let mut parts = Parts::of(breaker.vector);
        let Some(place) = at(parts.payload.entry(BODY), path) else {
            return;
        };
        *place = Item::Text((*text).to_owned());
        let bytes = parts.build();
        assert_eq!(
            refusal(&breaker.vector.kind, &bytes),
            None,
            "{name} is the law's"
        );
        breaker.broken.push(Invalid {
            name: (*name).to_owned(),
            kind: breaker.vector.kind.clone(),
            why: format!("a text the law refuses: {text:?}"),
            refusal: "law".to_owned(),
            code: Some((*code).to_owned()),
            hex: hex::encode(bytes),
            filler: None,
        });
    }
}
