//! What can be wrong with any map or array.

use super::{BODY, Breaker, Parts};
use crate::common::cbor::Item;

/// Breaks the whole; of a statement, its payload.
pub(super) fn all(breaker: &mut Breaker, signed: bool) {
    for (name, why, change) in TREE_BREAKS {
        if signed {
            let mut parts = Parts::of(breaker.vector);
            if change(&mut parts.payload) {
                breaker.bytes(name, why, &parts.build());
            }
        } else {
            let mut item = Item::read(&breaker.vector.bytes());
            if change(&mut item) {
                breaker.bytes(name, why, &item.write());
            }
        }
    }
}

/// The breaks that [`body`] makes.
const BODY_BREAKS: [&str; 3] = [
    "unknown_key_in_core",
    "keys_out_of_order_in_core",
    "negative",
];

/// Breaks a record's body alone.
pub(super) fn body(breaker: &mut Breaker) {
    for (name, why, change) in TREE_BREAKS {
        let mut parts = Parts::of(breaker.vector);
        // An array has no key that could be out of order, an empty map none at all.
        if BODY_BREAKS.contains(&name) && change(&mut parts.payload) {
            breaker.bytes(name, why, &parts.build());
        }
    }
}

/// The innermost part that carries the meaning: a record's body, an entry's object, a block's
/// header, or the whole.
pub(super) fn core(item: &mut Item) -> &mut Item {
    let is_payload = matches!(item, Item::Map(entries)
        if entries.len() >= 3 && matches!(entries[2].1, Item::Map(_) | Item::Array(_))
            && matches!(&entries[1].1, Item::Bytes(nonce) if nonce.len() == 16));
    match item {
        Item::Map(_) if is_payload => item.entry(BODY),
        Item::Array(items) => items
            .iter_mut()
            .find(|item| matches!(item, Item::Map(_)))
            .unwrap(),
        _ => item,
    }
}

type Break = (&'static str, &'static str, fn(&mut Item) -> bool);

const TREE_BREAKS: [Break; 16] = [
    ("long_integer", "an integer in nine bytes", |item| {
        core(item)
            .first_uint()
            .map(|uint| *uint = uint.long())
            .is_some()
    }),
    ("long_key", "key 0 in two bytes", |item| {
        with_entries(item, |entries| {
            entries[0].0 = Item::Raw(vec![0x18, 0]);
        })
    }),
    ("float", "a float for an integer", |item| {
        let float = Item::Raw(vec![0xf9, 0x3c, 0]);
        core(item).first_uint().map(|uint| *uint = float).is_some()
    }),
    ("negative", "a negative for an unsigned integer", |item| {
        core(item)
            .first_uint()
            .map(|uint| *uint = Item::Nint(0))
            .is_some()
    }),
    ("text_for_integer", "a text for an integer", |item| {
        let text = Item::Text("1".to_owned());
        core(item).first_uint().map(|uint| *uint = text).is_some()
    }),
    ("tagged_integer", "a tagged integer", |item| {
        core(item)
            .first_uint()
            .map(|uint| *uint = Item::Tag(1, Box::new(uint.clone())))
            .is_some()
    }),
    (
        "indefinite_map",
        "the outer map or array in indefinite length",
        |item| {
            *item = item.indefinite();
            true
        },
    ),
    (
        "duplicate_key_in_core",
        "the inner map's first key twice",
        |item| match core(item) {
            Item::Map(entries) if !entries.is_empty() => {
                entries.insert(0, entries[0].clone());
                true
            }
            _ => false,
        },
    ),
    (
        "keys_out_of_order_in_core",
        "the inner map's second key before its first",
        |item| match core(item) {
            Item::Map(entries) if entries.len() > 1 => {
                entries.swap(0, 1);
                true
            }
            _ => false,
        },
    ),
    (
        "indefinite_core",
        "the inner map or array in indefinite length",
        |item| {
            let core = core(item);
            *core = core.indefinite();
            true
        },
    ),
    ("duplicate_key", "the first key twice", |item| {
        with_entries(item, |entries| {
            entries.insert(0, entries[0].clone());
        })
    }),
    ("unknown_key", "a key that no rule has", |item| {
        with_entries(item, |entries| {
            entries.push((Item::Uint(99), Item::Uint(0)));
        })
    }),
    (
        "unknown_key_in_core",
        "the inner map or array has one more",
        |item| {
            match core(item) {
                Item::Map(entries) => entries.push((Item::Uint(23), Item::Uint(0))),
                Item::Array(items) => items.push(Item::Uint(0)),
                other => panic!("{other:?}"),
            }
            true
        },
    ),
    (
        "keys_out_of_order",
        "the second key before the first",
        |item| {
            with_entries(item, |entries| {
                entries.swap(0, 1);
            })
        },
    ),
    ("missing_key", "the first key is missing", |item| {
        with_entries(item, |entries| {
            entries.remove(0);
        })
    }),
    ("null", "null for a value", |item| {
        with_entries(item, |entries| {
            entries[0].1 = Item::Simple(22);
        })
    }),
];

fn with_entries(item: &mut Item, change: impl FnOnce(&mut Vec<(Item, Item)>)) -> bool {
    let map = if matches!(item, Item::Map(_)) {
        item
    } else {
        core(item)
    };
    change(map.entries());
    true
}
