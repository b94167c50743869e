//! The order of the house: which crate may know which, and what no file may hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn output(program: &str, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(root()).output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    output.stdout
}

/// Our crates that each of our crates depends on; dev-dependencies left out.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let arguments = [
        "metadata",
        "--offline",
        "--format-version",
        "1",
        "--no-deps",
    ];
    let metadata: Value = serde_json::from_slice(&output(env!("CARGO"), &arguments)).unwrap();
    let ours = |name: &Value| {
        let name = name.as_str().unwrap().strip_prefix("deedbook-");
        name.map(str::to_owned)
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let lasting = dependencies.filter(|dependency| dependency["kind"] != "dev");
            let name = ours(&package["name"]).unwrap();
            (name, lasting.filter_map(|it| ours(&it["name"])).collect())
        })
        .collect()
}

#[test]
fn every_crate_depends_on_those_below_it_alone() {
    let allowed = [
        ("schemas", &[][..]),
        ("registry", &["schemas"]),
        ("client", &["schemas", "registry"]),
        ("node", &["schemas", "registry"]),
        ("testnet", &["schemas", "registry", "client", "node"]),
        (
            "tests",
            &["schemas", "registry", "client", "node", "testnet"],
        ),
    ];
    let allowed: BTreeMap<_, BTreeSet<_>> = allowed
        .map(|(name, below)| (name, below.iter().copied().collect()))
        .into();
    for (name, below) in arrows() {
        let allowed = allowed.get(name.as_str());
        let allowed = allowed.unwrap_or_else(|| panic!("{name} has no place in the order yet"));
        let above: Vec<_> = below
            .iter()
            .filter(|it| !allowed.contains(it.as_str()))
            .collect();
        assert!(above.is_empty(), "{name} must not depend on {above:?}");
    }
}

#[test]
fn no_file_holds_unfinished_work_or_a_path_of_one_machine() {
    // Joined here, so that this file does not hold them.
    let needles = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["todo", "!("].concat(),
        ["/wo", "rk/"].concat(),
        ["/ho", "me/"].concat(),
        ["/ro", "ot/"].concat(),
    ];
    let files = output("git", &["ls-files", "-z"]);
    let mut found = Vec::new();
    for file in files
        .split(|byte| *byte == 0)
        .filter(|file| !file.is_empty())
    {
        let name = std::str::from_utf8(file).unwrap();
        // A listed file that is not there was deleted and not committed yet.
        let Ok(bytes) = std::fs::read(root().join(name)) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            let hits = needles.iter().filter(|needle| line.contains(*needle));
            found.extend(hits.map(|needle| format!("{name}:{}: {needle}", number + 1)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_is_what_a_run_leaves_behind() {
    let files = output("git", &["ls-files"]);
    let files = String::from_utf8(files).unwrap();
    let left: Vec<_> = files
        .lines()
        .filter(|name| {
            let kinds = ["sst", "wal", "log", "key", "tlog-proof"];
            let kind = Path::new(name).extension().and_then(|it| it.to_str());
            kind.is_some_and(|kind| kinds.contains(&kind))
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
