//! The table of refusals against the code of the law: every code is used by it and asserted by a test of
//! it, and every rule has a code or says why not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use deedbook_schemas::rejection::Code;

/// Rules that refuse nothing by themselves: a corrected text is a new text (34), verdicts are
/// deterministic (46), versions meet end to begin (48). Tests of the law hold them.
const WITHOUT_CODE: [u8; 3] = [34, 46, 48];

fn registry() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/registry")
}

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("the law's folder") {
        let path = entry.expect("an entry of it").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(path).expect("a source file"));
        }
    }
    text
}

#[test]
fn the_law_uses_every_code_and_its_tests_name_every_code() {
    // What of the law verifiers of certificates share is in the schemas.
    let shared = registry().join("../../schemas/src/standing.rs");
    let shared = std::fs::read_to_string(shared).expect("the rules that verifiers share");
    let law = sources(&registry().join("src")) + &shared;
    let tests = sources(&registry().join("tests/law"));
    for code in Code::ALL {
        let variant = format!("Code::{code:?}");
        let used = law.match_indices(&variant).any(|(at, _)| {
            let next = law[at + variant.len()..].chars().next();
            !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
        });
        assert!(used, "{code} is in the table and not in the law");
        let told = tests.contains(code.as_str()) || tests.contains(&variant);
        assert!(
            told,
            "{code} is refused by the law and asserted by no test of it"
        );
    }
}

#[test]
fn every_rule_has_a_code_or_a_reason_to_have_none() {
    let with: BTreeSet<u8> = Code::ALL.iter().map(|code| code.rule()).collect();
    let without: BTreeSet<u8> = WITHOUT_CODE.into();
    assert!(with.is_disjoint(&without));
    let all: BTreeSet<u8> = with.union(&without).copied().collect();
    assert_eq!(all, (1..=50).collect());
}
