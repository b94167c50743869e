//! The page as people use it: headless Chromium, no network, its own content-security policy.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certificates::{certificates, state_receipts};
use crate::log::policy_text;
use crate::machines::{say, workshop};
use crate::receipts::{compact_receipts, receipts};

/// What `page.mjs` exits with where there is no Chromium.
const SKIPPED: i32 = 77;

/// Files for the page, and what it must say of them.
struct Cases {
    folder: TempDir,
    list: Vec<Value>,
}

impl Cases {
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn add(&mut self, name: &str, bytes: &[u8], policy: &Path, proven: bool, says: &[&str]) {
        let file = self.write(name, bytes);
        self.list.push(json!({
            "name": name, "file": file, "policy": policy, "proven": proven, "says": says
        }));
    }

    /// Files that prove something.
    fn add_genuine(&mut self, policy: &Path) {
        let common = ["Proven.", "Who vouches for it", "What it does not prove"];
        for (turn, receipt) in receipts(8).iter().enumerate() {
            let says = [&common[..], &["ledger.example/deeds", "signed"]].concat();
            self.add(&format!("receipt-{turn}"), receipt, policy, true, &says);
        }
        for (turn, title) in certificates().iter().take(8).enumerate() {
            let says = [&common[..], &["2026-03-02T09:00:00Z", "property KZ-"]].concat();
            self.add(&format!("certificate-{turn}"), title, policy, true, &says);
        }
        for (turn, receipt) in compact_receipts(3).iter().enumerate() {
            let says = [&common[..], &["ledger.example/deeds", "signed"]].concat();
            self.add(&format!("compact-{turn}"), receipt, policy, true, &says);
        }
        for (turn, object) in state_receipts(6).iter().enumerate() {
            let says = [&common[..], &["the register held", "about one key"]].concat();
            self.add(&format!("state-{turn}"), object, policy, true, &says);
        }
    }

    /// Files and policies that prove nothing.
    fn add_others(&mut self, policy: &Path) {
        let short = self.write("short.policy", &policy_text().as_bytes()[..100]);
        let receipt = &receipts(1)[0];
        let mut spoiled = receipt.clone();
        spoiled[100] = if spoiled[100] == b'A' { b'B' } else { b'A' };
        let refused = ["Not proven.", "Do not rely on this file"];
        self.add("spoiled", &spoiled, policy, false, &refused);
        self.add("short-policy", receipt, &short, false, &["The policy"]);
        self.add("empty", b"", policy, false, &["no checkpoint"]);
        self.add("image", b"\x89PNG\r\n\x1a\n\0", policy, false, &refused);
    }
}

#[test]
fn the_page_says_what_a_file_proves_and_asks_nobody() {
    let Some(web) = workshop() else { return };
    let mut cases = Cases {
        folder: tempfile::tempdir().unwrap(),
        list: Vec::new(),
    };
    let policy = cases.write("network.policy", policy_text().as_bytes());
    cases.add_genuine(&policy);
    cases.add_others(&policy);
    let list = json!(cases.list).to_string();
    let list = cases.write("cases.json", list.as_bytes());
    let mut command = Command::new("node");
    command.arg("test/page.mjs").arg(list);
    let output = command
        .current_dir(web.join("client/web"))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    match output.status.code() {
        Some(0 | SKIPPED) => say(said.trim()),
        status => panic!("page.mjs: {status:?}: {said}"),
    }
}
