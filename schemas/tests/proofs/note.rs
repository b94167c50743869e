//! Keys, notes, checkpoints and cosignatures: one spelling each.

use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::{Checkpoint, CheckpointError, Cosignature};
use deedbook_schemas::keys::{PublicKey, Signature, sign};
use deedbook_schemas::limits::{CHECKPOINT_BYTES_MAX, KEY_NAME_CHARS_MAX, NOTE_SIGNATURES_MAX};
use deedbook_schemas::note::{
    KeyName, NoteError, SignatureLine, SignatureType, SignedNote, VerifierKey,
};

use crate::network::{
    LOG, ORIGIN, VALIDATORS, checkpoint, log_key, log_line, name, secret, validator_keys, vkey,
};

#[test]
fn a_plain_signature_is_no_cosignature_and_the_reverse() {
    let checkpoint = checkpoint();
    let text = checkpoint.text();
    let validator = &validator_keys()[0];
    let signature = sign(&secret(0), text.as_bytes());
    let plain = SignatureLine {
        name: validator.name().clone(),
        key_id: validator.id(),
        signature: signature.0.to_vec(),
    };
    assert!(!validator.verify_note(&text, &plain));
    assert_eq!(Cosignature::from_line(&plain), None);
    let as_log = vkey(VALIDATORS[0], SignatureType::Ed25519, 0);
    let cosignature = Cosignature::sign(
        validator.name(),
        &secret(0),
        &checkpoint,
        Seconds(1_790_000_000),
    );
    assert!(cosignature.verify(validator, &checkpoint));
    assert!(!cosignature.verify(&as_log, &checkpoint));
    assert!(!as_log.verify_note(&text, &cosignature.to_line()));
    assert_eq!(
        Cosignature::from_line(&cosignature.to_line()),
        Some(cosignature.clone())
    );
    let other_time = Cosignature {
        time: Seconds(1_790_000_001),
        ..cosignature
    };
    assert!(!other_time.verify(validator, &checkpoint));
}

#[test]
fn a_cosignature_s_time_ends_at_two_to_the_63() {
    let make = |time| Cosignature::sign(&name("w"), &secret(1), &checkpoint(), Seconds(time));
    let key = vkey("w", SignatureType::CosignatureV1, 1);
    let last = make((1 << 63) - 1);
    assert!(last.verify(&key, &checkpoint()));
    assert!(Cosignature::from_line(&last.to_line()).is_some());
    let beyond = make(1 << 63);
    assert!(!beyond.verify(&key, &checkpoint()));
    assert_eq!(Cosignature::from_line(&beyond.to_line()), None);
}

#[test]
fn a_signature_made_elsewhere_becomes_the_log_s_line() {
    let checkpoint = checkpoint();
    let signature: Signature = sign(&secret(LOG), checkpoint.text().as_bytes());
    let public = PublicKey::of(&secret(LOG));
    let line = SignatureLine::from_signature(&checkpoint.origin, &public, &signature);
    assert_eq!(line, log_line(&checkpoint));
    assert!(log_key().verify_note(&checkpoint.text(), &line));
}

#[test]
fn a_key_name_is_short_and_without_spaces_plus_or_control_characters() {
    let longest = "é".repeat(KEY_NAME_CHARS_MAX);
    for good in [
        "a",
        "ledger.example/deeds",
        "нотариат.қаз",
        longest.as_str(),
    ] {
        assert_eq!(good.parse::<KeyName>().unwrap().as_str(), good);
    }
    let long = "a".repeat(KEY_NAME_CHARS_MAX + 1);
    for wrong in [
        "",
        " ",
        "a b",
        "a+b",
        "a\u{a0}b",
        "a\u{2003}b",
        "a\u{85}",
        "a\nb",
        "a\u{7f}",
        &long,
    ] {
        assert!(
            matches!(wrong.parse::<KeyName>(), Err(NoteError::KeyName(_))),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_verifier_key_has_one_spelling_and_an_admissible_key() {
    let good = log_key().to_string();
    assert_eq!(good.parse(), Ok(log_key()));
    let (head, _) = good.rsplit_once('+').unwrap();
    let weak = PublicKey([0; 32]);
    let refused = VerifierKey::new(name("w"), SignatureType::Ed25519, weak);
    assert_eq!(refused, Err(NoteError::Inadmissible(name("w"))));
    let upper = good.replacen(
        &log_key().id().to_string(),
        &log_key().id().to_string().to_uppercase(),
        1,
    );
    assert_ne!(upper, good, "the id has a letter");
    let wrong = [
        upper,
        good.replacen(ORIGIN, "ledger.example/other", 1),
        head.to_owned(),
        format!("{head}+"),
        format!("{head}+AQ=="),
        format!("{good}="),
        format!("{good}\n"),
        format!("+{good}"),
        good.trim_end_matches('=').to_owned() + "====",
        String::new(),
    ];
    for text in wrong {
        assert!(text.parse::<VerifierKey>().is_err(), "{text:?}");
    }
}

#[test]
fn a_note_is_split_at_its_last_empty_line_and_formats_back() {
    let line = log_line(&checkpoint());
    for text in ["a\n", "a\n\nb\n", "a\n\n", "a\n\n\n\nb\n", "\u{7f}ü\n"] {
        let note = SignedNote {
            text: text.to_owned(),
            signatures: vec![line.clone(); 2],
        };
        let bytes = note.to_string();
        assert_eq!(SignedNote::parse(bytes.as_bytes()), Ok(note), "{text:?}");
    }
}

#[test]
fn whatever_is_not_a_note_is_refused() {
    let line = log_line(&checkpoint()).to_string();
    let parse = |text: &str| SignedNote::parse(text.as_bytes());
    assert!(parse(&format!("a\n\n{line}\n")).is_ok());
    let (short, _) = line.rsplit_once(' ').unwrap();
    for wrong in [
        String::new(),
        "a\n".to_owned(),
        "a\n\n".to_owned(),
        format!("\n{line}\n"),
        format!("a\n{line}\n"),
        format!("a\n\n{line}"),
        format!("a\n\n{line}\n\n"),
        format!("a\n\n{line} \n"),
        format!("a\n\n {line}\n"),
        format!("a\n\n{}\n", line.replacen('—', "-", 1)),
        format!("a\n\n{}\n", line.replacen(' ', "  ", 1)),
        format!("a\n\n{short}\n"),
        format!("a\n\n{short} AAAAAA==\n"),
        format!("a\n\n{short} AAAA\n"),
        format!("a\n\n{line}=\n"),
        format!("a\tb\n\n{line}\n"),
        format!("a\r\n\n{line}\n"),
        format!("a\0\n\n{line}\n"),
    ] {
        assert!(parse(&wrong).is_err(), "{wrong:?}");
    }
    assert!(SignedNote::parse(b"a\xff\n\n").is_err());
    let lines = |count: usize| format!("a\n\n{}", format!("{line}\n").repeat(count));
    assert!(parse(&lines(NOTE_SIGNATURES_MAX)).is_ok());
    let count = NOTE_SIGNATURES_MAX + 1;
    assert_eq!(
        parse(&lines(count)),
        Err(NoteError::TooManySignatures(count))
    );
    let padding = "a".repeat(CHECKPOINT_BYTES_MAX);
    assert!(matches!(
        parse(&format!("{padding}\n\n{line}\n")),
        Err(NoteError::TooLong(_))
    ));
}

#[test]
fn a_checkpoint_has_exactly_its_three_lines() {
    let good = checkpoint();
    let text = good.text();
    assert_eq!(Checkpoint::parse(&text), Ok(good.clone()));
    let root = text.lines().last().unwrap();
    for wrong in [
        String::new(),
        "\n".to_owned(),
        format!("{ORIGIN}\n11\n"),
        format!("{ORIGIN}\n11\n{root}"),
        format!("{ORIGIN}\n11\n{root}\nextension\n"),
        format!("{ORIGIN}\n11\n{root}\n\n"),
        format!("\n11\n{root}\n"),
        format!("{ORIGIN} \n11\n{root}\n"),
        format!("{ORIGIN}\n011\n{root}\n"),
        format!("{ORIGIN}\n+11\n{root}\n"),
        format!("{ORIGIN}\n-1\n{root}\n"),
        format!("{ORIGIN}\n\n{root}\n"),
        format!("{ORIGIN}\n9223372036854775808\n{root}\n"),
        format!("{ORIGIN}\n11\n{}\n", root.trim_end_matches('=')),
        format!("{ORIGIN}\n11\n{root}=\n"),
        format!("{ORIGIN}\n11\nAAAA\n"),
        format!("{ORIGIN}\n11\n{root} \n"),
    ] {
        assert!(Checkpoint::parse(&wrong).is_err(), "{wrong:?}");
    }
    let impossible = Checkpoint {
        size: 0,
        ..good.clone()
    }
    .text();
    assert_eq!(
        Checkpoint::parse(&impossible),
        Err(CheckpointError::EmptyRoot(good.root))
    );
}
