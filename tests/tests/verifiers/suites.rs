//! What each verifier checks by itself, and that what is built of the sources is what is committed.

use std::process::Command;

use deedbook_testnet::network::process::sibling;
use serde_json::Value;

use crate::certificates::{certificates, state_receipts};
use crate::log::policy_text;
use crate::machines::{has_python, machines, repository, say, succeeds, workshop};
use crate::receipts::{compact_receipts, receipts};

#[test]
fn the_typescript_is_strict_and_passes_its_own_tests() {
    let Some(web) = workshop() else { return };
    let folder = web.join("client/web");
    let tsc = web.join("node_modules/typescript/bin/tsc");
    succeeds(
        Command::new("node")
            .arg(tsc)
            .args(["-p", "."])
            .current_dir(&folder),
    );
    let tests = ["vectors", "titles", "ed25519"].map(|name| format!("test/{name}.test.mjs"));
    succeeds(
        Command::new("node")
            .arg("--test")
            .args(tests)
            .current_dir(&folder),
    );
}

#[test]
fn the_python_passes_its_own_tests() {
    if has_python() {
        let test = repository().join("client/verifier/test_verify.py");
        succeeds(Command::new("python3").arg("-B").arg(test));
    }
}

#[test]
fn what_is_committed_is_what_the_sources_build() {
    let Some(web) = workshop() else { return };
    for file in [
        "client/web/dist/verify.html",
        "client/web/src/schema.json",
        "client/verifier/deedbook_verify.py",
    ] {
        let read = |folder: &std::path::Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(
            read(web) == read(&repository()),
            "{file} is not current: node client/web/build.mjs"
        );
    }
}

#[test]
fn the_commands_give_the_same_json() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("network.policy");
    std::fs::write(&policy, policy_text()).unwrap();
    let mut machines = machines();
    for machine in &mut machines {
        assert!(machine.policy(policy_text().as_bytes()));
    }
    let mut files = [receipts(5), compact_receipts(2), state_receipts(4)].concat();
    files.extend(certificates().into_iter().take(9));
    for file in files {
        let path = folder.path().join("file");
        std::fs::write(&path, &file).unwrap();
        let mut commands = vec![Command::new(sibling("deedbook").unwrap())];
        commands[0].arg("verify");
        if has_python() {
            commands.push(Command::new("python3"));
            commands[1]
                .arg("-B")
                .arg(repository().join("client/verifier/deedbook_verify.py"));
        }
        let mut found: Vec<Value> = machines
            .iter_mut()
            .map(|machine| machine.file(&file).unwrap())
            .collect();
        for mut command in commands {
            let output = succeeds(
                command
                    .arg(&path)
                    .arg("--policy")
                    .arg(&policy)
                    .arg("--json"),
            );
            let mut statement: Value = serde_json::from_slice(&output.stdout).unwrap();
            for word in ["headline", "details", "vouched", "limits"] {
                statement.as_object_mut().unwrap().remove(word);
            }
            found.push(statement);
        }
        assert!(
            found.windows(2).all(|pair| pair[0] == pair[1]),
            "{found:#?}"
        );
    }
    say("the commands of Rust and Python, and all three verifiers, gave the same JSON");
}
