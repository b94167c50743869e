//! Other people's code reads what we write: `coset` here, PyPI's `pycose` and `cbor2` where they
//! are installed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod common;

use std::io::Write as _;

use coset::iana::{self, CwtClaimName, EnumI64 as _};
use coset::{
    Algorithm, CborSerializable as _, ContentType, CoseSign1, Label, RegisteredLabelWithPrivate,
    TaggedCborSerializable as _, cbor::value::Value,
};
use deedbook_schemas::cose::Statement;
use deedbook_schemas::keys::{PublicKey, Signature};

fn claims(header: &coset::Header) -> Value {
    let claims = Label::Int(15);
    let found = header.rest.iter().find(|(label, _)| *label == claims);
    found.unwrap().1.clone()
}

fn claim(claims: &Value, name: CwtClaimName) -> Value {
    let name = Value::from(name.to_i64());
    let found = claims
        .as_map()
        .unwrap()
        .iter()
        .find(|(key, _)| *key == name);
    found.unwrap().1.clone()
}

#[test]
fn coset_reads_every_statement_and_verifies_it_with_its_own_to_be_signed_bytes() {
    for vector in common::valid() {
        let Some(to_be_signed) = &vector.to_be_signed else {
            continue;
        };
        let bytes = vector.bytes();
        let sign1 = CoseSign1::from_tagged_slice(&bytes).unwrap();
        let header = &sign1.protected.header;
        let eddsa = RegisteredLabelWithPrivate::Assigned(iana::Algorithm::EdDSA);
        assert_eq!(header.alg, Some(eddsa as Algorithm), "{}", vector.name);
        let content_type = format!("application/vnd.deedbook.{}+cbor", vector.kind);
        assert_eq!(header.content_type, Some(ContentType::Text(content_type)));
        assert!(sign1.unprotected.is_empty());

        let key = PublicKey(header.key_id.clone().try_into().unwrap());
        assert_eq!(
            hex::encode(sign1.tbs_data(&[])),
            *to_be_signed,
            "{}",
            vector.name
        );
        sign1
            .verify_signature(&[], |signature, message| {
                let signature = Signature(signature.try_into().unwrap());
                key.verify(message, &signature)
                    .then_some(())
                    .ok_or("forged")
            })
            .unwrap();

        let ours = Statement::decode(&bytes).unwrap();
        let theirs = claims(header);
        let issuer = Value::from(ours.header.issuer.to_string());
        assert_eq!(claim(&theirs, CwtClaimName::Iss), issuer);
        assert_eq!(
            claim(&theirs, CwtClaimName::Sub),
            Value::from(ours.header.subject.clone())
        );
        assert_eq!(
            claim(&theirs, CwtClaimName::Iat),
            Value::from(ours.header.issued_at.0)
        );
        assert_eq!(sign1.payload, Some(ours.payload), "{}", vector.name);
    }
}

#[test]
fn what_coset_writes_from_what_it_read_is_what_we_wrote() {
    for vector in common::valid() {
        if vector.to_be_signed.is_some() {
            let sign1 = CoseSign1::from_tagged_slice(&vector.bytes()).unwrap();
            assert_eq!(
                hex::encode(sign1.clone().to_tagged_vec().unwrap()),
                vector.hex
            );
            let mut rebuilt = sign1;
            rebuilt.protected.original_data = None;
            let header = rebuilt.protected.header.clone().to_vec().unwrap();
            let ours = Statement::decode(&vector.bytes()).unwrap();
            assert_eq!(header, ours.header.encode(), "{}", vector.name);
        }
    }
}

/// Exit status of the script when a module is missing (as automake's tests have it).
const SKIPPED: i32 = 77;

/// Says it past the capture of a passing test's output: a skipped check must be seen.
fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

#[test]
fn python_reads_every_vector_where_its_modules_are_installed() {
    let script = common::folder("../../tests/interop/cose.py");
    let output = match std::process::Command::new("python3").arg(&script).output() {
        Ok(output) => output,
        Err(error) => return say(&format!("SKIPPED: python3: {error}\n")),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => say(&String::from_utf8_lossy(&output.stdout)),
        Some(SKIPPED) => say(&said),
        status => panic!("{}: {status:?}: {said}", script.display()),
    }
}
