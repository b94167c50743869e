//! Grades: what a policy says about a checkpoint that it accepts.

use deedbook_schemas::policy::{Grade, Policy};

use crate::network::{VALIDATORS, log_key, signed, validator_keys};

/// A policy of the log, the four validators' keys as witnesses, and these lines.
fn grade(lines: &[&str], cosigners: &[u8]) -> Grade {
    let mut text = format!("log {}\n", log_key());
    for key in validator_keys() {
        text.push_str(&format!("witness {} {key}\n", key.name()));
    }
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let policy = Policy::from_text(&text).unwrap();
    let evaluation = policy.verify(&signed(cosigners)).unwrap();
    policy.grade(&evaluation)
}

#[test]
fn a_grade_counts_the_validators_and_somebody_outside() {
    let [a, b, c, d] = VALIDATORS;
    let validators = format!("group validators 2 {a} {b} {c}");
    let quorum = "quorum validators";
    let lines = [validators.as_str(), quorum];
    assert_eq!(grade(&lines, &[0, 1]), Grade::Committed);
    assert_eq!(grade(&lines, &[0, 1, 2]), Grade::Committed);
    assert_eq!(grade(&lines, &[0, 1, 3]), Grade::Witnessed);

    // Whoever is in a group of the validators' is one of them.
    let inner = format!("group inner any {c} {d}");
    let nested = format!("group validators 2 {a} {b} inner");
    let lines = [inner.as_str(), &nested, quorum];
    assert_eq!(grade(&lines, &[0, 3]), Grade::Committed);

    // A policy that says who the public is means these, and as many as it says.
    let public = format!("group public all {c} {d}");
    let two = format!("group validators 2 {a} {b}");
    let lines = [two.as_str(), &public, quorum];
    assert_eq!(grade(&lines, &[0, 1, 3]), Grade::Committed);
    assert_eq!(grade(&lines, &[0, 1, 2, 3]), Grade::Witnessed);
}

#[test]
fn what_the_validators_did_not_decide_is_accepted_at_most() {
    let [a, b, c, d] = VALIDATORS;
    let bare: &[&str] = &["quorum none"];
    assert_eq!(grade(bare, &[0, 1, 2, 3]), Grade::Accepted);
    let validators = format!("group validators 2 {a} {b}");
    let public = format!("group public 1 {c} {d}");
    let lines = [validators.as_str(), &public, "quorum public"];
    assert_eq!(grade(&lines, &[2]), Grade::Accepted);
    assert_eq!(grade(&lines, &[0, 2, 3]), Grade::Accepted);
    assert_eq!(grade(&lines, &[0, 1, 3]), Grade::Witnessed);
    assert!(Grade::Accepted < Grade::Committed && Grade::Committed < Grade::Witnessed);
}
