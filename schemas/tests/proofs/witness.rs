//! What logs and witnesses say to each other, and policies with witnesses outside the network.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::limits::{CONSISTENCY_HASHES_MAX, WITNESS_ANSWER_BYTES_MAX};
use deedbook_schemas::note::{KeyName, SignatureLine, SignatureType, VerifierKey};
use deedbook_schemas::policy::{Policy, PolicyError};
use deedbook_schemas::witness::{
    AddCheckpoint, WitnessError, origin_hash, parse_cosignature_answer, parse_size_answer,
    size_answer,
};

fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

fn seed(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn key(text: &str, kind: SignatureType, byte: u8) -> VerifierKey {
    VerifierKey::new(name(text), kind, PublicKey::of(&seed(byte))).unwrap()
}

fn witness(text: &str, byte: u8) -> VerifierKey {
    key(text, SignatureType::CosignatureV1, byte)
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: name("log.example"),
        size: 9,
        root: TreeHash([5; 32]),
    }
}

fn signed() -> SignedCheckpoint {
    let checkpoint = checkpoint();
    let line = SignatureLine::sign_note(&checkpoint.origin, &seed(1), &checkpoint.text());
    SignedCheckpoint {
        checkpoint,
        signatures: vec![line],
    }
}

fn line(text: &str, byte: u8, time: u64) -> String {
    let cosignature = Cosignature::sign(&name(text), &seed(byte), &checkpoint(), Seconds(time));
    format!("{}\n", cosignature.to_line())
}

#[test]
fn a_request_reads_as_it_was_written_and_no_other_way() {
    for hashes in [0, 1, CONSISTENCY_HASHES_MAX] {
        let request = AddCheckpoint {
            old_size: 7,
            proof: vec![TreeHash([3; 32]); hashes],
            checkpoint: signed(),
        };
        let text = request.to_string();
        assert_eq!(AddCheckpoint::parse(text.as_bytes()), Ok(request));
        for (from, to) in [
            ("old 7\n", "old 07\n"),
            ("old 7\n", "old  7\n"),
            ("old 7\n", "Old 7\n"),
            ("old 7\n", "old 7 \n"),
            ("old 7\n", "old 7\r\n"),
            ("old 7\n", "old -1\n"),
            ("old 7\n", "old 9223372036854775808\n"),
            ("old 7\n", "old 7\nAAAA\n"),
            ("old 7\n", "\nold 7\n"),
            ("\n\nlog", "\nlog"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert!(
                AddCheckpoint::parse(changed.as_bytes()).is_err(),
                "{changed}"
            );
        }
        assert!(AddCheckpoint::parse(&text.as_bytes()[..text.len() - 1]).is_err());
    }
    let request = AddCheckpoint {
        old_size: 7,
        proof: vec![TreeHash([3; 32]); CONSISTENCY_HASHES_MAX + 1],
        checkpoint: signed(),
    };
    let refused = AddCheckpoint::parse(request.to_string().as_bytes());
    assert_eq!(refused, Err(WitnessError::TooManyHashes));
}

#[test]
fn a_size_is_digits_and_a_newline() {
    assert_eq!(parse_size_answer(size_answer(42).as_bytes()), Ok(42));
    for text in [
        "",
        "\n",
        "42",
        "042\n",
        "42\n\n",
        " 42\n",
        "x\n",
        "9223372036854775808\n",
    ] {
        assert!(parse_size_answer(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(parse_size_answer(&[0xff, b'\n']).is_err());
}

#[test]
fn an_answer_counts_if_the_witness_cosigned_this_checkpoint_once() {
    let ours = witness("w.example", 2);
    let read = |text: &str| parse_cosignature_answer(text.as_bytes(), &ours, &checkpoint());
    let good = line("w.example", 2, 5);
    assert_eq!(read(&good).unwrap().time, Seconds(5));
    // Lines by others are ignored, of whatever kind.
    let other = line("x.example", 3, 5);
    assert_eq!(
        read(&format!("{other}{good}{other}")).unwrap().time,
        Seconds(5)
    );
    assert!(matches!(read(&other), Err(WitnessError::NoCosignature(_))));
    // The same key under another name is another key.
    let renamed = line("y.example", 2, 5);
    assert!(matches!(
        read(&renamed),
        Err(WitnessError::NoCosignature(_))
    ));
    for wrong in [format!("{good}{good}"), line("w.example", 2, 0)] {
        assert!(matches!(read(&wrong), Err(WitnessError::Cosignature(_))));
    }
    let another = Checkpoint {
        size: 10,
        ..checkpoint()
    };
    let elsewhere = parse_cosignature_answer(good.as_bytes(), &ours, &another);
    assert!(matches!(elsewhere, Err(WitnessError::Cosignature(_))));
    for text in ["", "\n", good.trim_end(), "hello\n"] {
        assert!(read(text).is_err(), "{text:?}");
    }
    let long = good.repeat(WITNESS_ANSWER_BYTES_MAX / good.len() + 1);
    assert_eq!(read(&long), Err(WitnessError::Answer));
}

#[test]
fn a_log_is_named_by_the_hash_of_its_origin() {
    // printf log.example | sha256sum
    assert_eq!(
        origin_hash(&name("log.example")),
        "d7612c54297eaa3e5a7756b17ce3adc5bed251af8059d72bbb8b0075c67b85e9"
    );
}

#[test]
fn witnesses_outside_the_network_join_a_policy_once_and_leave_its_quorum() {
    let log = key("log.example", SignatureType::Ed25519, 1);
    let validators = [witness("a.example", 10), witness("b.example", 11)];
    let policy = Policy::for_network([log.clone()], validators.clone(), 2).unwrap();
    let outside = [witness("w.example", 2), witness("x.example", 3)];
    let public = policy.with_public(&outside, 2).unwrap();
    let expected = format!(
        "log {log}\nwitness a.example {}\nwitness b.example {}\nwitness w.example {}\nwitness \
         x.example {}\ngroup validators 2 a.example b.example\ngroup public 2 w.example \
         x.example\nquorum validators\n",
        validators[0], validators[1], outside[0], outside[1]
    );
    assert_eq!(public.to_text(), expected);
    assert_eq!(public.log_keys().collect::<Vec<_>>(), [&log]);
    let knows = |text: &str| public.knows(&text.trim_end().parse().unwrap());
    assert!(knows(&line("w.example", 2, 5)) && knows(&line("a.example", 10, 5)));
    assert!(!knows(&line("w.example", 4, 5)) && !knows(&line("y.example", 2, 5)));
    // One operator is one witness: no validator's key, no validator's name, nobody twice.
    for twice in [
        vec![witness("w.example", 10)],
        vec![witness("a.example", 2)],
        vec![witness("w.example", 2), witness("x.example", 2)],
        vec![witness("w.example", 2), witness("w.example", 3)],
    ] {
        let refused = policy.with_public(&twice, 1).unwrap_err();
        let known = matches!(
            refused,
            PolicyError::DuplicateKey(_) | PolicyError::NameTaken(_)
        );
        assert!(known, "{refused}");
    }
    assert!(policy.with_public(&[], 1).is_err());
    assert!(policy.with_public(&outside, 3).is_err());
}
