//! The invalid vectors: every kind, broken in every way, and signed anew wherever a signature can
//! cover the break, so that nothing but the break is wrong.

use deedbook_schemas::keys::{SigningKey, sign};

use crate::common::cbor::Item;
use crate::common::{Invalid, Valid};
use crate::refusal;

mod body;
mod exported;
mod places;
mod record;
mod statement;
mod tree;

const CLAIMS: u64 = 15;
const BODY: u64 = 2;

/// A statement in parts that can each be broken.
#[derive(Clone)]
struct Parts {
    tag: Option<u64>,
    protected: Item,
    unprotected: Item,
    payload: Item,
    key: SigningKey,
}

impl Parts {
    fn of(vector: &Valid) -> Self {
        let Item::Tag(tag, mut statement) = Item::read(&vector.bytes()) else {
            panic!("not a statement: {}", vector.name)
        };
        let [Item::Bytes(protected), unprotected, Item::Bytes(payload), _] = &statement.items()[..]
        else {
            panic!("not a statement: {}", vector.name)
        };
        let seed = hex::decode(vector.seed.as_deref().unwrap()).unwrap();
        Self {
            tag: Some(tag),
            protected: Item::read(protected),
            unprotected: unprotected.clone(),
            payload: Item::read(payload),
            key: SigningKey::from_bytes(&seed.try_into().unwrap()),
        }
    }

    /// The bytes, with a signature that verifies over whatever the parts are now.
    fn build(&self) -> Vec<u8> {
        let protected = Item::Bytes(self.protected.write());
        let payload = Item::Bytes(self.payload.write());
        let signed = Item::Array(vec![
            Item::Text("Signature1".to_owned()),
            protected.clone(),
            Item::Bytes(Vec::new()),
            payload.clone(),
        ]);
        let signature = Item::Bytes(sign(&self.key, &signed.write()).0.to_vec());
        let statement = Item::Array(vec![
            protected,
            self.unprotected.clone(),
            payload,
            signature,
        ]);
        match self.tag {
            Some(tag) => Item::Tag(tag, Box::new(statement)),
            None => statement,
        }
        .write()
    }

    fn header(&mut self, key: u64) -> &mut Item {
        self.protected.entry(key)
    }

    fn claim(&mut self, key: u64) -> &mut Item {
        self.header(CLAIMS).entry(key)
    }
}

/// Where the breaks of one vector are collected.
struct Breaker<'a> {
    vector: &'a Valid,
    broken: Vec<Invalid>,
}

impl Breaker<'_> {
    fn bytes(&mut self, name: &str, why: &str, bytes: &[u8]) {
        let refusal = refusal(&self.vector.kind, bytes)
            .unwrap_or_else(|| panic!("{} {name}: not refused", self.vector.name));
        self.broken.push(Invalid {
            name: name.to_owned(),
            kind: self.vector.kind.clone(),
            why: why.to_owned(),
            refusal: refusal.to_owned(),
            code: None,
            hex: hex::encode(bytes),
            filler: None,
        });
    }

    fn statement(&mut self, name: &str, why: &str, change: impl FnOnce(&mut Parts)) {
        let mut parts = Parts::of(self.vector);
        change(&mut parts);
        self.bytes(name, why, &parts.build());
    }
}

/// Every break of one valid vector.
pub(crate) fn broken(vector: &Valid, valid: &[Valid]) -> Vec<Invalid> {
    let mut breaker = Breaker {
        vector,
        broken: Vec::new(),
    };
    breaker.bytes("empty", "no bytes at all", &[]);
    let bytes = vector.bytes();
    breaker.bytes(
        "truncated",
        "the last byte is missing",
        &bytes[..bytes.len() - 1],
    );
    breaker.bytes(
        "trailing_byte",
        "one byte follows",
        &[&bytes, &[0u8][..]].concat(),
    );
    match vector.kind.as_str() {
        "cose-receipt" => exported::receipt(&mut breaker),
        "transparent-statement" => exported::transparent(&mut breaker),
        _ if vector.seed.is_some() => {
            statement::all(&mut breaker);
            tree::all(&mut breaker, true);
        }
        _ => tree::all(&mut breaker, false),
    }
    if vector.is_record() {
        record::all(&mut breaker, valid);
    }
    breaker.broken
}

/// The breaks of one valid record's body; what is around it is every kind's.
pub(crate) fn broken_body(vector: &Valid, valid: &[Valid]) -> Vec<Invalid> {
    let mut breaker = Breaker {
        vector,
        broken: Vec::new(),
    };
    tree::body(&mut breaker);
    body::all(&mut breaker, valid);
    body::shares(&mut breaker, &body::NO_SHARES[3..4]);
    body::law(&mut breaker, &body::NO_TEXTS[2..3]);
    breaker.broken
}
