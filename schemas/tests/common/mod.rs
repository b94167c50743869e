//! The golden vectors as files: their shape, where they are, and how a test reads them.

#![allow(
    dead_code,
    reason = "each test binary includes this module and uses a part of it"
)]

pub(crate) mod cbor;

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a test may rely on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Valid {
    /// The file's name without its extension.
    pub(crate) name: String,
    /// A kind of record (`transfer`), `attestation`, `entry`, `header`, `block`, `certificate`,
    /// `genesis`, `cose-receipt` or `transparent-statement`.
    pub(crate) kind: String,
    /// The rule of `deedbook.cddl` that describes `hex`.
    pub(crate) rule: String,
    /// The bytes.
    pub(crate) hex: String,
    /// Its id: of a record, a block, a ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// The `Sig_structure` that was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to_be_signed: Option<String>,
    /// The seed of the key that signed it: test keys, of no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<String>,
    /// The same in JSON: the draft of a record, otherwise the value.
    pub(crate) content: serde_json::Value,
}

/// Bytes that must be refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invalid {
    /// Unique within its file.
    pub(crate) name: String,
    /// As in [`Valid`].
    pub(crate) kind: String,
    /// What is wrong.
    pub(crate) why: String,
    /// `too_long`, `malformed`, `not_canonical` (the codec refuses), `signature` (it decodes, and
    /// does not verify) or `law` (it verifies; the law refuses with `code`).
    pub(crate) refusal: String,
    /// The law's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    /// The bytes.
    pub(crate) hex: String,
    /// Bytes left out of `hex`, to keep the file small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) filler: Option<Filler>,
}

/// `count` zero bytes that stand at byte `at` of the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Filler {
    /// Where.
    pub(crate) at: usize,
    /// How many.
    pub(crate) count: usize,
}

impl Valid {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        hex::decode(&self.hex).unwrap()
    }

    pub(crate) fn is_record(&self) -> bool {
        self.rule.starts_with("record-")
    }
}

impl Invalid {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = hex::decode(&self.hex).unwrap();
        if let Some(Filler { at, count }) = self.filler {
            bytes.splice(at..at, std::iter::repeat_n(0, count));
        }
        bytes
    }
}

/// `schemas/vectors/<folder>`.
pub(crate) fn folder(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(folder)
}

fn files<T: DeserializeOwned>(from: &str) -> Vec<(String, T)> {
    let mut files: Vec<_> = std::fs::read_dir(folder(from))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect();
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}

/// Every valid vector, by name.
pub(crate) fn valid() -> Vec<Valid> {
    files::<Valid>("valid")
        .into_iter()
        .map(|(_, vector)| vector)
        .collect()
}

/// Every invalid vector, with the name of the valid one it is broken from.
pub(crate) fn invalid_by_file() -> Vec<(String, Invalid)> {
    files::<Vec<Invalid>>("invalid")
        .into_iter()
        .flat_map(|(name, vectors)| {
            vectors
                .into_iter()
                .map(move |vector| (name.clone(), vector))
        })
        .collect()
}

/// Every invalid vector.
pub(crate) fn invalid() -> Vec<Invalid> {
    invalid_by_file()
        .into_iter()
        .map(|(_, vector)| vector)
        .collect()
}
