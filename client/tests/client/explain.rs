//! `deedbook explain` tells exactly the table of refusals.

use std::process::Command;

use deedbook_schemas::rejection::Code;

#[test]
fn explain_lists_exactly_the_table() {
    let explain = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_deedbook"))
            .arg("explain")
            .args(arguments)
            .output()
            .expect("running deedbook");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let table: serde_json::Value =
        serde_json::from_str(&explain(&["--all", "--json"])).expect("JSON");
    let rows = table.as_array().expect("a list");
    assert_eq!(rows.len(), Code::ALL.len());
    for (row, code) in rows.iter().zip(Code::ALL) {
        assert_eq!(row["code"], code.as_str());
        assert_eq!(row["rule"], code.rule());
        assert_eq!(row["source"], code.source());
        assert_eq!(row["text"], code.text());
    }
    let text = explain(&["--all"]);
    for code in Code::ALL {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{code} ")));
        let line = line.unwrap_or_else(|| panic!("{code} is not listed"));
        assert!(
            line.contains(code.source()) && line.contains(code.text()),
            "{line}"
        );
    }
    let one = explain(&["consent.missing"]);
    assert!(
        one.contains("rule 12") && one.contains("Marriage Code 34"),
        "{one}"
    );
}
