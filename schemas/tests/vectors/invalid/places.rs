//! Where in the body of a kind something stands that can be broken: paths of map keys and array
//! indices.

use crate::common::cbor::Item;

type Path = &'static [u64];

/// A choice, and the first number that it has no word for.
pub(super) const CHOICES: [(&str, Path, u64); 16] = [
    ("accreditation", &[0], 12),
    ("civil-status", &[0], 9),
    ("first-registration", &[1, 0, 3], 4),
    ("power-of-attorney", &[0, 0, 0], 12),
    ("spousal-consent", &[1], 12),
    ("revocation", &[0], 2),
    ("transfer", &[0], 6),
    ("act", &[0], 3),
    ("servitude", &[3], 4),
    ("caveat", &[0], 5),
    ("subdivision", &[2, 0, 1, 0], 4),
    ("duty", &[0], 2),
    ("court-order", &[0, 0], 2),
    ("correction", &[1, 0], 3),
    ("access-consent", &[0], 5),
    ("access-entry", &[0], 5),
];

/// A share.
pub(super) const SHARES: [(&str, Path); 6] = [
    ("transfer", &[2, 0, 1]),
    ("first-registration", &[1, 0, 1]),
    ("group-party", &[0, 0, 1]),
    ("preemption-notice", &[0]),
    ("succession-certificate", &[1, 0, 1]),
    ("correction", &[1, 1, 0, 0, 1]),
];

/// A time.
pub(super) const TIMES: [(&str, Path); 12] = [
    ("civil-status", &[1, 1]),
    ("first-registration", &[1, 0, 2]),
    ("power-of-attorney", &[1]),
    ("spousal-consent", &[4]),
    ("servitude", &[4]),
    ("lease", &[4]),
    ("freeze", &[1]),
    ("caveat", &[1]),
    ("guardian-permission", &[1]),
    ("access-consent", &[1]),
    ("court-order", &[1]),
    ("correction", &[1, 1, 0, 0, 2]),
];

/// A text for people.
pub(super) const TEXTS: [(&str, Path); 13] = [
    ("accreditation", &[1]),
    ("first-registration", &[0, 2]),
    ("transfer", &[5]),
    ("legal-entity", &[0]),
    ("freeze", &[0]),
    ("preemption-notice", &[2]),
    ("subdivision", &[2, 0, 1, 2]),
    ("consolidation", &[2, 2]),
    ("duty", &[2]),
    ("requisition", &[0]),
    ("court-order", &[2]),
    ("access-entry", &[2]),
    ("profile", &[1, 0]),
];

/// The path of `kind` in a table.
pub(super) fn path(table: &[(&str, Path)], kind: &str) -> Option<Path> {
    table
        .iter()
        .find(|(other, _)| *other == kind)
        .map(|(_, path)| *path)
}

/// What stands at `path`, if anything does.
pub(super) fn at<'a>(item: &'a mut Item, path: &[u64]) -> Option<&'a mut Item> {
    let Some((step, rest)) = path.split_first() else {
        return Some(item);
    };
    let next = match item {
        Item::Map(entries) => {
            let found = entries
                .iter_mut()
                .find(|(key, _)| *key == Item::Uint(*step));
            &mut found?.1
        }
        Item::Array(items) => items.get_mut(usize::try_from(*step).unwrap())?,
        _ => return None,
    };
    at(next, rest)
}
