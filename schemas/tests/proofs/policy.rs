//! Policies: which checkpoints they accept, and which files are none.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, Cosignature, SignedCheckpoint};
use deedbook_schemas::keys::{PublicKey, SigningKey};
use deedbook_schemas::limits::{
    KEY_NAME_CHARS_MAX, POLICY_BYTES_MAX, POLICY_DEFINITIONS_MAX, VALIDATORS_MAX,
};
use deedbook_schemas::note::{NoteKeyId, SignatureLine, SignatureType, VerifierKey};
use deedbook_schemas::policy::{EvaluationError, Policy, PolicyError};

use crate::network::{
    LOG, ORIGIN, VALIDATORS, checkpoint, cosignature_line, log_key, log_line, name, network,
    secret, signed, validator_keys, vkey,
};

#[test]
fn two_of_four_validators_are_no_quorum_and_the_refusal_names_them() {
    let refused = network().verify(&signed(&[1, 2]));
    let witnesses = vec![VALIDATORS[1].to_owned(), VALIDATORS[2].to_owned()];
    let quorum = "validators".to_owned();
    assert_eq!(refused, Err(EvaluationError::Quorum { quorum, witnesses }));
    let evaluation = network().evaluate(&signed(&[1, 2])).unwrap();
    assert!(evaluation.log_signed && !evaluation.quorum_met && evaluation.groups.is_empty());
}

#[test]
fn a_checkpoint_without_its_log_s_signature_is_refused_however_many_cosigned() {
    let mut unsigned = signed(&[0, 1, 2, 3]);
    unsigned.signatures.remove(0);
    assert_eq!(
        network().verify(&unsigned),
        Err(EvaluationError::Log(name(ORIGIN)))
    );
    assert!(network().evaluate(&unsigned).unwrap().quorum_met);
}

#[test]
fn a_log_key_of_the_policy_does_not_sign_for_another_origin() {
    let mut other = checkpoint();
    other.origin = name("ledger.example/other");
    let line = SignatureLine::sign_note(&name(ORIGIN), &secret(LOG), &other.text());
    let cosigned = (0..4).map(|seed| cosignature_line(&other, seed));
    let signatures = std::iter::once(line).chain(cosigned).collect();
    let signed = SignedCheckpoint {
        checkpoint: other.clone(),
        signatures,
    };
    assert_eq!(
        network().verify(&signed),
        Err(EvaluationError::Log(other.origin))
    );
}

#[test]
fn a_known_key_s_wrong_or_repeated_signature_spoils_the_note() {
    let good = signed(&[0, 1, 2, 3]);
    let mut wrong = good.clone();
    wrong.signatures[4].signature[20] ^= 1;
    let bank = name(VALIDATORS[3]);
    assert_eq!(
        network().verify(&wrong),
        Err(EvaluationError::Signature(bank.clone()))
    );
    let mut short = good.clone();
    short.signatures[4].signature.pop();
    assert_eq!(
        network().verify(&short),
        Err(EvaluationError::Signature(bank.clone()))
    );
    let mut twice = good.clone();
    twice.signatures.push(good.signatures[4].clone());
    assert_eq!(
        network().verify(&twice),
        Err(EvaluationError::Duplicate(bank.clone()))
    );
    let mut two_times = good.clone();
    let later = Cosignature::sign(&bank, &secret(3), &good.checkpoint, Seconds(1_790_000_999));
    two_times.signatures.push(later.to_line());
    assert_eq!(
        network().verify(&two_times),
        Err(EvaluationError::Duplicate(bank))
    );
    let mut wrong_log = good;
    wrong_log.signatures[0].signature[0] ^= 1;
    assert_eq!(
        network().verify(&wrong_log),
        Err(EvaluationError::Signature(name(ORIGIN)))
    );
}

#[test]
fn a_stranger_s_lines_are_ignored() {
    let mut signed = signed(&[0, 1, 2]);
    let expected = network().verify(&signed).unwrap();
    let checkpoint = signed.checkpoint.clone();
    let stranger = name("stranger.example");
    let same_name = Cosignature::sign(&name(VALIDATORS[3]), &secret(9), &checkpoint, Seconds(1));
    let same_key = Cosignature::sign(&stranger, &secret(3), &checkpoint, Seconds(1));
    let post_quantum = SignatureLine {
        name: stranger,
        key_id: NoteKeyId([1, 2, 3, 4]),
        signature: vec![7; 2428],
    };
    signed
        .signatures
        .extend([same_name.to_line(), same_key.to_line(), post_quantum]);
    assert_eq!(network().verify(&signed), Ok(expected));
}

#[test]
fn any_one_of_several_log_keys_signs_in_the_log_s_name() {
    let logs = [7, LOG].map(|seed| vkey(ORIGIN, SignatureType::Ed25519, seed));
    let policy = Policy::for_network(logs, validator_keys(), 3).unwrap();
    assert!(policy.verify(&signed(&[0, 1, 2])).is_ok());
    let mut both = signed(&[0, 1, 2]);
    let text = both.checkpoint.text();
    both.signatures
        .push(SignatureLine::sign_note(&name(ORIGIN), &secret(7), &text));
    assert!(policy.verify(&both).is_ok());
    both.signatures[4].signature[0] ^= 1;
    assert_eq!(
        policy.verify(&both),
        Err(EvaluationError::Signature(name(ORIGIN)))
    );
}

#[test]
fn a_network_of_the_largest_size_has_a_policy_and_a_checkpoint_that_read_back() {
    let secret = |role: u8, index: u8| {
        SigningKey::from_bytes(&[[role; 16], [index; 16]].concat().try_into().unwrap())
    };
    let origin = name(&"щ".repeat(KEY_NAME_CHARS_MAX));
    let validator = |index: u8| name(&format!("{index:03}{}", "щ".repeat(KEY_NAME_CHARS_MAX - 3)));
    let indexes = 0..u8::try_from(VALIDATORS_MAX).unwrap();
    let logs = indexes.clone().map(|index| {
        let public = PublicKey::of(&secret(1, index));
        VerifierKey::new(origin.clone(), SignatureType::Ed25519, public).unwrap()
    });
    let witnesses = indexes.clone().map(|index| {
        let public = PublicKey::of(&secret(2, index));
        VerifierKey::new(validator(index), SignatureType::CosignatureV1, public).unwrap()
    });
    let policy = Policy::for_network(logs, witnesses, 67).unwrap();
    assert_eq!(Policy::from_text(&policy.to_text()), Ok(policy.clone()));

    let checkpoint = Checkpoint {
        origin: origin.clone(),
        ..checkpoint()
    };
    let text = checkpoint.text();
    let lines = indexes.flat_map(|index| {
        let cosignature = Cosignature::sign(
            &validator(index),
            &secret(2, index),
            &checkpoint,
            Seconds(1),
        );
        let log = SignatureLine::sign_note(&origin, &secret(1, index), &text);
        [log, cosignature.to_line()]
    });
    let signatures = lines.collect();
    let signed = SignedCheckpoint {
        checkpoint: checkpoint.clone(),
        signatures,
    };
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    assert_eq!(
        policy.verify(&read).unwrap().witnesses.len(),
        VALIDATORS_MAX
    );
}

/// Lines that define the log, three witnesses `a`, `b`, `c`, and a key nobody has yet.
fn lines() -> (String, String) {
    let witness = |name: &str, seed| {
        format!(
            "witness {name} {}\n",
            vkey(name, SignatureType::CosignatureV1, seed)
        )
    };
    let text = format!(
        "log {}\n{}{}{}",
        log_key(),
        witness("a", 0),
        witness("b", 1),
        witness("c", 2)
    );
    (text, vkey("d", SignatureType::CosignatureV1, 3).to_string())
}

#[test]
fn a_policy_with_comments_blanks_urls_and_nested_groups_reads_and_is_written_plainly() {
    let (text, fourth) = lines();
    let text = format!(
        "# who we trust\n\n \t\n  # indented\n{text}witness\t d {fourth}  https://d.example/ \n\
         group ab all a b\ngroup any-of any ab c\n\tgroup top 2 any-of d\nquorum top\n"
    );
    let policy = Policy::from_text(&text).unwrap();
    let plain = policy.to_text();
    assert!(plain.contains("d+") && plain.contains(" https://d.example/\n"));
    assert!(
        plain.ends_with("group ab 2 a b\ngroup any-of 1 ab c\ngroup top 2 any-of d\nquorum top\n")
    );
    assert_eq!(Policy::from_text(&plain), Ok(policy.clone()));

    let checkpoint = checkpoint();
    let cosigned = |witnesses: &[(&str, u8)]| {
        let lines = witnesses.iter().map(|(witness, seed)| {
            Cosignature::sign(&name(witness), &secret(*seed), &checkpoint, Seconds(1)).to_line()
        });
        let signatures = std::iter::once(log_line(&checkpoint))
            .chain(lines)
            .collect();
        let signed = SignedCheckpoint {
            checkpoint: checkpoint.clone(),
            signatures,
        };
        let evaluation = policy.evaluate(&signed).unwrap();
        (evaluation.groups.join(" "), evaluation.quorum_met)
    };
    let outcome = |groups: &str, met| (groups.to_owned(), met);
    assert_eq!(cosigned(&[]), outcome("", false));
    assert_eq!(cosigned(&[("a", 0), ("d", 3)]), outcome("", false));
    assert_eq!(cosigned(&[("a", 0), ("b", 1)]), outcome("ab any-of", false));
    assert_eq!(cosigned(&[("c", 2), ("d", 3)]), outcome("any-of top", true));
    assert_eq!(
        cosigned(&[("d", 3), ("b", 1), ("a", 0)]),
        outcome("ab any-of top", true)
    );
}

#[test]
fn a_policy_that_asks_for_no_witness_still_asks_for_the_log() {
    let policy = Policy::from_text(&format!("log {}\nquorum none\n", log_key())).unwrap();
    assert!(policy.verify(&signed(&[])).unwrap().witnesses.is_empty());
    let mut unsigned = signed(&[0]);
    unsigned.signatures.remove(0);
    assert!(matches!(
        policy.verify(&unsigned),
        Err(EvaluationError::Log(_))
    ));
}

/// Asserts what is wrong with a policy that begins with [`lines`] and ends with `tail`.
fn refuses(tail: &str, expected: PolicyError) {
    let (text, _) = lines();
    assert_eq!(
        Policy::from_text(&format!("{text}{tail}")),
        Err(expected),
        "{tail:?}"
    );
}

#[test]
fn groups_and_quorum_name_only_what_earlier_lines_define() {
    let unknown = |name: &str| PolicyError::Unknown(name.to_owned());
    let twice = |member: &str| PolicyError::MemberTwice(member.to_owned());
    let taken = |name: &str| PolicyError::NameTaken(name.to_owned());
    refuses("", PolicyError::Quorum);
    refuses("quorum a\nquorum b\n", PolicyError::Quorum);
    refuses("quorum a\nquorum a\n", PolicyError::Quorum);
    refuses("quorum none\nquorum a\n", PolicyError::Quorum);
    refuses("quorum d\n", unknown("d"));
    refuses("quorum g\ngroup g any a b\n", unknown("g"));
    refuses("group g any a none\n", unknown("none"));
    refuses("group g any a g\n", unknown("g"));
    refuses("group g any a a\n", twice("a"));
    refuses("group g any a b\ngroup h any c a\n", twice("a"));
    refuses("group a any b c\n", taken("a"));
    refuses("group none any b c\n", taken("none"));
    let (_, fourth) = lines();
    refuses(&format!("witness a {fourth}\n"), taken("a"));
    refuses(&format!("witness none {fourth}\n"), taken("none"));
}

#[test]
fn a_threshold_is_a_plain_number_between_one_and_the_members() {
    for asked in [
        "0",
        "3",
        "01",
        "+1",
        "-1",
        "ANY",
        "1.0",
        "18446744073709551616",
    ] {
        let (group, threshold) = ("g".to_owned(), asked.to_owned());
        let expected = PolicyError::Threshold {
            group,
            threshold,
            members: 2,
        };
        refuses(&format!("group g {asked} a b\n"), expected);
    }
    let (group, threshold) = ("g".to_owned(), "all".to_owned());
    refuses(
        "group g all\n",
        PolicyError::Threshold {
            group,
            threshold,
            members: 0,
        },
    );
    let impossible = Policy::for_network([log_key()], validator_keys(), 5);
    assert!(matches!(
        impossible,
        Err(PolicyError::Threshold { members: 4, .. })
    ));
}

#[test]
fn a_key_has_one_role_and_the_type_that_it_needs() {
    let duplicate = |key: &VerifierKey| PolicyError::DuplicateKey(key.name().clone());
    let cosigner = |text: &str, seed| vkey(text, SignatureType::CosignatureV1, seed);
    for key in [cosigner("a", 0), cosigner("z", 0), cosigner("a", LOG)] {
        refuses(&format!("witness d {key}\n"), duplicate(&key));
    }
    refuses(&format!("log {}\n", log_key()), duplicate(&log_key()));
    let (_, fourth) = lines();
    for line in [
        format!("log {fourth}\n"),
        format!("witness l {}\n", log_key()),
    ] {
        let refused = Policy::from_text(&line);
        assert!(matches!(refused, Err(PolicyError::Role { .. })), "{line}");
    }
    assert_eq!(Policy::from_text("quorum none\n"), Err(PolicyError::NoLog));
}

#[test]
fn a_line_that_is_none_of_the_format_s_is_refused() {
    for line in [
        "quorum",
        "quorum a b",
        "quorums a",
        "Quorum a",
        "quorum a # why",
        "group g",
        "log",
    ] {
        refuses(&format!("{line}\n"), PolicyError::Line(line.to_owned()));
    }
    refuses("log a b c\n", PolicyError::Line("log a b c".to_owned()));
    for tail in ["quorum a", "quorum a\r\n", "# \u{7f}\nquorum a\n"] {
        refuses(tail, PolicyError::NotText);
    }
    assert_eq!(Policy::from_text(""), Err(PolicyError::NotText));
    let long = "#".repeat(POLICY_BYTES_MAX) + "\n";
    assert_eq!(
        Policy::from_text(&long),
        Err(PolicyError::TooLong(POLICY_BYTES_MAX + 1))
    );
}

#[test]
fn a_policy_has_a_largest_number_of_definitions() {
    let (mut text, _) = lines();
    text += "group g0 any a\n";
    for index in 1..POLICY_DEFINITIONS_MAX - 4 {
        text += &format!("group g{index} any g{}\n", index - 1);
    }
    assert!(Policy::from_text(&format!("{text}quorum g0\n")).is_ok());
    let more = Policy::from_text(&format!("{text}group more any b\nquorum g0\n"));
    assert_eq!(more, Err(PolicyError::TooMany));
}
