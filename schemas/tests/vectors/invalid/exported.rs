//! What can be wrong with a COSE receipt, and with a statement that carries one.

use super::Breaker;
use crate::common::cbor::Item;

type Break = (&'static str, &'static str, fn(&mut Parts));

/// A receipt in parts that can each be broken.
struct Parts {
    protected: Item,
    unprotected: Item,
    proof: Item,
    payload: Item,
    signature: Item,
}

impl Parts {
    fn read(bytes: &[u8]) -> Self {
        let Item::Tag(18, mut receipt) = Item::read(bytes) else {
            panic!("not a receipt")
        };
        let [Item::Bytes(protected), unprotected, payload, signature] = &receipt.items()[..] else {
            panic!("not a receipt")
        };
        let mut unprotected = unprotected.clone();
        let Item::Bytes(proof) = &proofs(&mut unprotected)[0] else {
            panic!("not a proof")
        };
        Self {
            protected: Item::read(protected),
            proof: Item::read(proof),
            payload: payload.clone(),
            signature: signature.clone(),
            unprotected,
        }
    }

    fn write(mut self) -> Vec<u8> {
        if let Some(first) = proofs(&mut self.unprotected).first_mut() {
            *first = Item::Bytes(self.proof.write());
        }
        let parts = vec![
            Item::Bytes(self.protected.write()),
            self.unprotected,
            self.payload,
            self.signature,
        ];
        Item::Tag(18, Box::new(Item::Array(parts))).write()
    }
}

/// The array under 396, -1.
fn proofs(unprotected: &mut Item) -> &mut Vec<Item> {
    unprotected.entry(396).entries()[0].1.items()
}

const BREAKS: [Break; 17] = [
    ("wrong_algorithm", "ES256 for EdDSA", |parts| {
        *parts.protected.entry(1) = Item::Nint(6);
    }),
    (
        "short_key_identifier",
        "a thumbprint of 31 bytes",
        |parts| {
            *parts.protected.entry(4) = Item::Bytes(vec![7; 31]);
        },
    ),
    (
        "other_structure",
        "a verifiable data structure that is not RFC 9162's",
        |parts| {
            *parts.protected.entry(395) = Item::Uint(2);
        },
    ),
    ("other_subject", "a subject that is not the tree", |parts| {
        *parts.protected.entry(15).entry(2) = Item::Text("other.example".to_owned());
    }),
    (
        "other_size",
        "a proof for a tree of another size",
        |parts| {
            parts.proof.items()[0] = Item::Uint(4);
        },
    ),
    ("no_origin", "an origin that no key can have", |parts| {
        let spaced = Item::Text("a b".to_owned());
        *parts.protected.entry(15).entry(1) = spaced;
        *parts.protected.entry(15).entry(2) = Item::Text("a b#3".to_owned());
    }),
    (
        "header_unknown",
        "a protected header that no rule has",
        |parts| {
            let unknown = (Item::Uint(400), Item::Uint(0));
            parts.protected.entries().push(unknown);
        },
    ),
    (
        "unprotected_unknown",
        "an unprotected header that no rule has",
        |parts| {
            let unknown = (Item::Uint(397), Item::Uint(0));
            parts.unprotected.entries().push(unknown);
        },
    ),
    (
        "payload_attached",
        "the root in the receipt, which the verifier must compute",
        |parts| {
            parts.payload = Item::Bytes(vec![7; 32]);
        },
    ),
    ("short_signature", "a signature of 63 bytes", |parts| {
        parts.signature = Item::Bytes(vec![7; 63]);
    }),
    ("no_proof", "no inclusion proof", |parts| {
        proofs(&mut parts.unprotected).clear();
    }),
    ("two_proofs", "two inclusion proofs", |parts| {
        let proofs = proofs(&mut parts.unprotected);
        proofs.push(proofs[0].clone());
    }),
    (
        "consistency_for_inclusion",
        "a consistency proof (-2)",
        |parts| {
            parts.unprotected.entry(396).entries()[0].0 = Item::Nint(1);
        },
    ),
    ("short_hash", "a hash of 31 bytes", |parts| {
        parts.proof.items()[2].items()[0] = Item::Bytes(vec![7; 31]);
    }),
    ("many_hashes", "65 hashes", |parts| {
        parts.proof.items()[2] = Item::Array(vec![Item::Bytes(vec![7; 32]); 65]);
    }),
    ("huge_tree", "a tree of 2^63 leaves", |parts| {
        let Item::Text(origin) = parts.protected.entry(15).entry(1).clone() else {
            panic!("not an origin")
        };
        *parts.protected.entry(15).entry(2) = Item::Text(format!("{origin}#{}", 1u64 << 63));
        parts.proof.items()[0] = Item::Uint(1 << 63);
    }),
    ("long_integer", "the leaf index in nine bytes", |parts| {
        let long = parts.proof.items()[1].long();
        parts.proof.items()[1] = long;
    }),
];

/// Every break of a receipt.
pub(super) fn receipt(breaker: &mut Breaker) {
    let bytes = breaker.vector.bytes();
    for (name, why, change) in BREAKS {
        let mut parts = Parts::read(&bytes);
        change(&mut parts);
        breaker.bytes(name, why, &parts.write());
    }
    breaker.bytes("no_tag", "COSE_Sign1 without its tag", &bytes[1..]);
}

/// Every break of a transparent statement around the record.
pub(super) fn transparent(breaker: &mut Breaker) {
    let bytes = breaker.vector.bytes();
    let mut change = |name: &str, why: &str, change: fn(&mut Vec<Item>)| {
        let Item::Tag(18, mut statement) = Item::read(&bytes) else {
            panic!("not a statement")
        };
        change(statement.items());
        breaker.bytes(name, why, &Item::Tag(18, statement).write());
    };
    change("no_receipts", "the record alone", |parts| {
        parts[1] = Item::Map(Vec::new());
    });
    change("empty_receipts", "a list without receipts", |parts| {
        *parts[1].entry(394) = Item::Array(Vec::new());
    });
    change("five_receipts", "one more than fit", |parts| {
        let receipt = parts[1].entry(394).items()[0].clone();
        *parts[1].entry(394) = Item::Array(vec![receipt; 5]);
    });
    change(
        "receipt_not_bytes",
        "the receipt as it is, not as bytes",
        |parts| {
            let Item::Bytes(receipt) = parts[1].entry(394).items()[0].clone() else {
                panic!("not bytes")
            };
            parts[1].entry(394).items()[0] = Item::Raw(receipt);
        },
    );
    change("long_receipt", "a receipt of 3,073 bytes", |parts| {
        parts[1].entry(394).items()[0] = Item::Bytes(vec![7; 3073]);
    });
    change(
        "unprotected_unknown",
        "an unprotected header that no rule has",
        |parts| {
            parts[1].entries().push((Item::Uint(400), Item::Uint(0)));
        },
    );
    change(
        "detached_payload",
        "the record's payload left out",
        |parts| {
            parts[2] = Item::Simple(22);
        },
    );
    breaker.bytes("no_tag", "COSE_Sign1 without its tag", &bytes[1..]);
}
