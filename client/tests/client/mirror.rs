//! `log mirror`: what a node serves, byte for byte on disk; and logs that do not go on where it stands.

use std::collections::BTreeMap;
use std::path::Path;

use crate::command::{Desk, Served, code, serve, text};
use crate::ledger::{Ledger, VALIDATORS};

/// Enrols so many people in blocks of fifty.
fn grow(ledger: &mut Ledger, name: &str, blocks: usize) {
    for block in 0..blocks {
        let at = ledger.now();
        let names = (0..50).map(|number| format!("{name} {block}.{number}"));
        let records: Vec<_> = names.map(|name| ledger.pen.enrolment(&name, at)).collect();
        ledger.block(&records);
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let below = files(&path).into_iter();
            found.extend(below.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
    found
}

/// Mirrors what a node serves: exit code and what was said.
fn mirror(desk: &Desk, node: &Served) -> (i32, String) {
    let output = desk.run(&format!(
        "log mirror mirror --policy network.policy --node http://{}",
        node.address
    ));
    let said = [text(&output.stdout), text(&output.stderr)].concat();
    (code(&output), said)
}

#[test]
fn a_mirror_grows_with_the_log_and_holds_what_the_node_serves() {
    let (mut ledger, desk) = (Ledger::new(), Desk::new());
    desk.put("network.policy", ledger.policy().to_text());
    for blocks in [1, 4, 0, 7] {
        grow(&mut ledger, &format!("{blocks}"), blocks);
        let (status, said) = mirror(&desk, &serve(ledger.paths()));
        assert_eq!(status, 0, "{said}");
        assert_eq!(said.contains("nothing new"), blocks == 0, "{said}");
        let mut want = ledger.paths();
        want.remove("/v1/genesis");
        let held = files(&desk.path("mirror"));
        for (path, bytes) in want {
            let path = path.strip_prefix("/v1/log/").unwrap();
            assert!(held.get(path) == Some(&bytes), "{path}");
        }
    }
    // Partial tiles whose full ones are there are gone.
    assert!(desk.path("mirror/tile/0/000").is_file());
    assert!(!desk.path("mirror/tile/0/000.p").exists());
    let (status, report) = desk.json("audit --tiles mirror --policy network.policy");
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["records"], 600);
}

#[test]
fn a_log_that_does_not_go_on_where_the_mirror_stands_is_refused_and_nothing_changes() {
    let (mut ledger, desk) = (Ledger::new(), Desk::new());
    desk.put("network.policy", ledger.policy().to_text());
    grow(&mut ledger, "here", 1);
    let early = ledger.paths();
    grow(&mut ledger, "here too", 5);
    assert_eq!(mirror(&desk, &serve(ledger.paths())).0, 0);
    let held = files(&desk.path("mirror"));

    let mut other = Ledger::new();
    grow(&mut other, "elsewhere", 6);
    let same_size = other.paths();
    grow(&mut other, "elsewhere too", 2);
    let mut lonely = ledger.paths();
    let checkpoint = ledger.checkpoint(&VALIDATORS[..1]).to_string();
    lonely.insert("/v1/log/checkpoint".to_owned(), checkpoint.into_bytes());
    grow(&mut ledger, "later", 1);
    let mut changed = ledger.paths();
    let bundle = changed
        .keys()
        .find(|path| path.contains("entries/001"))
        .unwrap()
        .clone();
    *changed.get_mut(&bundle).unwrap().last_mut().unwrap() ^= 1;
    let mut cut = ledger.paths();
    cut.remove(&bundle);
    for (node, why) in [
        (early, "this mirror holds"),
        (same_size, "TWO HISTORIES"),
        (other.paths(), "TWO HISTORIES"),
        (lonely, "quorum"),
        (changed, "is not that of its entry"),
        (cut, "has no tile/entries/001"),
    ] {
        let (status, said) = mirror(&desk, &serve(node));
        assert_eq!(status, 1, "{said}");
        assert!(said.contains(why), "{why}: {said}");
        let now = files(&desk.path("mirror"));
        assert!(now.get("checkpoint") == held.get("checkpoint"), "{why}");
        let (status, report) = desk.json("audit --tiles mirror --policy network.policy");
        assert_eq!(status, 0, "{why}: {report}");
    }
    assert_eq!(mirror(&desk, &serve(ledger.paths())).0, 0);
}
