//! `audit --tiles`: a mirror that is whole, edited, cut off, or forgetful; progress that is remembered;
//! evidence that belongs to the log, and evidence that does not.

use std::path::{Path, PathBuf};

use deedbook_client::audit::{AuditError, Options, Recordings, Signatures, Source, Stop, audit};
use deedbook_schemas::block::Seconds;
use deedbook_schemas::digest::{EvidenceRoot, RecordId};
use deedbook_schemas::record::Record;
use serde_json::Value;

use crate::command::{Desk, code, text};
use crate::ledger::{Ledger, VALIDATORS};

/// A log of two bundles: many enrolments, then the usual story's beginning.
fn long() -> Ledger {
    let mut ledger = Ledger::new();
    for block in 0..6 {
        let at = ledger.now();
        let names = (0..50).map(|number| format!("person {block}.{number}"));
        let records: Vec<_> = names.map(|name| ledger.pen.enrolment(&name, at)).collect();
        ledger.block(&records);
    }
    ledger
}

fn mirrored(ledger: &Ledger, desk: &Desk) -> PathBuf {
    let folder = desk.path("mirror");
    ledger.mirror(&folder, &ledger.checkpoint(&VALIDATORS[..3]));
    folder
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The present of the tests' ledgers, some years after them.
const NOW: Seconds = Seconds(1_900_000_000);

fn options(signatures: Signatures) -> Options {
    Options {
        signatures,
        state: None,
        save_every: std::time::Duration::ZERO,
        recordings: Recordings::default(),
        now: NOW,
        stop: Stop::default(),
    }
}

fn audited(ledger: &Ledger, folder: &Path) -> Result<u64, AuditError> {
    let source = Source::mirror(folder.to_str().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let policy = ledger.policy();
    let options = options(Signatures::Batched);
    let audited = audit(&source, &ledger.genesis, &policy, options, |_| ());
    runtime
        .block_on(audited)
        .map(|audited| audited.report.leaves)
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

#[test]
fn a_mirror_is_audited_from_a_folder_strictly_and_without_its_checkpoint() {
    let (ledger, desk) = (long(), Desk::new());
    let folder = mirrored(&ledger, &desk);
    let (status, report) = desk.json("audit --tiles mirror");
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["leaves"].as_u64(), Some(ledger.entries.len() as u64));
    assert_eq!(report["records"], 300);
    let (status, strict) = desk.json("audit --tiles mirror --strict");
    assert_eq!((status, &strict["root"]), (0, &report["root"]));
    assert_ne!(strict["signatures"], report["signatures"]);
    std::fs::remove_file(folder.join("checkpoint")).unwrap();
    let (status, bare) = desk.json("audit --tiles mirror");
    assert_eq!((status, &bare["root"]), (0, &report["root"]));
    assert!(
        bare["vouched_by"][0]
            .as_str()
            .unwrap()
            .contains("certificate")
    );
}

#[test]
fn each_of_400_changed_bytes_of_a_mirror_is_found_and_its_place_named() {
    let (ledger, desk) = (long(), Desk::new());
    let folder = mirrored(&ledger, &desk);
    assert_eq!(
        audited(&ledger, &folder).unwrap(),
        ledger.entries.len() as u64
    );
    let files = files(&folder.join("tile"));
    let mut numbers = Numbers(41);
    for flip in 0..400 {
        let path = &files[flip % files.len()];
        let sound = std::fs::read(path).unwrap();
        let (place, bit) = (numbers.below(sound.len()), numbers.below(8));
        let mut changed = sound.clone();
        changed[place] ^= 1 << bit;
        std::fs::write(path, changed).unwrap();
        let error = audited(&ledger, &folder).unwrap_err();
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        let bundle = if name.contains("/001") {
            256..512
        } else {
            0..256
        };
        let named = match &error {
            AuditError::Finding(finding) => match finding.leaf {
                Some(leaf) => bundle.contains(&leaf),
                None => finding.height.is_some() || finding.what.contains(name),
            },
            AuditError::Source(error) => error.to_string().contains(name),
            _ => false,
        };
        assert!(named, "byte {place} of {name}, bit {bit}: {error}");
        std::fs::write(path, sound).unwrap();
    }
}

#[test]
fn what_is_missing_cut_off_too_long_foreign_or_in_the_future_is_told_clearly() {
    let (ledger, desk) = (long(), Desk::new());
    let folder = mirrored(&ledger, &desk);
    let refused = |reason: &str| {
        let output = desk.run("audit --tiles mirror");
        let said = text(&output.stderr);
        assert_eq!(code(&output), 1, "{reason}: {said}");
        assert!(said.contains(reason), "{reason}: {said}");
    };
    for name in [
        "tile/entries/000",
        "tile/blocks/000",
        "tile/0/000",
        "tile/1/000.p/1",
    ] {
        let path = folder.join(name);
        let sound = std::fs::read(&path).unwrap();
        std::fs::write(&path, &sound[..sound.len() - 1]).unwrap();
        refused(name);
        std::fs::write(&path, [&sound, &b"more"[..]].concat()).unwrap();
        refused(name);
        std::fs::write(&path, vec![0; 20 * 1024 * 1024]).unwrap();
        refused(name);
        std::fs::remove_file(&path).unwrap();
        refused(&format!("has no {name}"));
        std::fs::write(&path, sound).unwrap();
    }
    let path = folder.join("checkpoint");
    let write = |text: String| std::fs::write(&path, text).unwrap();
    let mut signed = ledger.checkpoint(&VALIDATORS[..3]);
    write(signed.to_string().replace("deeds\n", "other\n"));
    refused("of log ledger.example/other");
    signed.checkpoint.size += 1;
    write(signed.to_string());
    refused("does not verify");
    write(
        ledger
            .checkpoint_at(&VALIDATORS[..3], Seconds(u64::MAX >> 2))
            .to_string(),
    );
    refused("ahead of this machine's clock");
    write("nothing".to_owned());
    refused("checkpoint");
}

#[test]
fn progress_is_remembered_and_a_damaged_foreign_or_overtaken_one_is_refused() {
    let (mut ledger, desk) = (long(), Desk::new());
    mirrored(&ledger, &desk);
    let audit = "audit --tiles mirror --state progress";
    let (status, report) = desk.json(audit);
    assert_eq!(
        (status, &report["resumed"]),
        (0, &Value::from(0)),
        "{report}"
    );
    let first = report["leaves"].clone();
    let at = ledger.now();
    let more = ledger.pen.enrolment("latecomer", at);
    ledger.block(&[more]);
    std::fs::rename(desk.path("mirror"), desk.path("shorter")).unwrap();
    mirrored(&ledger, &desk);
    let (status, report) = desk.json(audit);
    assert_eq!((status, &report["resumed"]), (0, &first), "{report}");
    let (whole, _) = (desk.json("audit --tiles mirror").1, ());
    for field in [
        "root",
        "state_root",
        "records",
        "precommits",
        "blocks",
        "height",
    ] {
        assert_eq!(report[field], whole[field], "{field}");
    }
    let (status, shrunken) = desk.json("audit --tiles shorter --state progress");
    assert_eq!(status, 1);
    assert!(
        shrunken["error"].as_str().unwrap().contains("shrank"),
        "{shrunken}"
    );

    let sound = std::fs::read(desk.path("progress")).unwrap();
    let mut numbers = Numbers(42);
    for _ in 0..40 {
        let mut damaged = sound.clone();
        damaged[numbers.below(sound.len())] ^= 1 << numbers.below(8);
        desk.put("progress", damaged);
        let (status, refused) = desk.json(audit);
        assert_eq!(status, 1);
        assert!(
            refused["error"].as_str().unwrap().contains("damaged"),
            "{refused}"
        );
    }
    desk.put("progress", &sound[..sound.len() / 2]);
    assert_eq!(desk.json(audit).0, 1);
    desk.put("progress", &sound);
    let (status, foreign) = desk.json(&format!("{audit} --strict"));
    assert_eq!(status, 1);
    assert!(
        foreign["error"].as_str().unwrap().contains("batched"),
        "{foreign}"
    );
    assert_eq!(desk.json(audit).0, 0);
}

#[test]
fn a_log_rewritten_behind_the_progress_is_a_split_view_and_both_checkpoints_are_kept() {
    let (ledger, _) = Ledger::with_a_sale();
    let desk = Desk::new();
    mirrored(&ledger, &desk);
    let audit = "audit --tiles mirror --state progress --alarms alarms";
    assert_eq!(desk.json(audit).0, 0);
    std::fs::remove_dir_all(desk.path("mirror")).unwrap();
    let rewritten = Ledger::with_another_sale();
    mirrored(&rewritten, &desk);
    let (status, alarm) = desk.json(audit);
    assert_eq!(status, 1, "{alarm}");
    assert!(
        alarm["error"].as_str().unwrap().contains("SPLIT VIEW"),
        "{alarm}"
    );
    let evidence = alarm["split_view"]["evidence"].as_array().unwrap();
    assert_eq!(evidence.len(), 2);
    for file in evidence {
        let note = std::fs::read(desk.path(file.as_str().unwrap())).unwrap();
        let signed = deedbook_schemas::checkpoint::SignedCheckpoint::parse(&note).unwrap();
        ledger.policy().verify(&signed).unwrap();
    }
}

#[test]
fn evidence_is_known_by_its_content_and_a_changed_file_is_no_recording() {
    let mut ledger = Ledger::new();
    let at = ledger.now();
    let people = ["seller", "buyer"].map(|name| ledger.pen.enrolment(name, at));
    ledger.block(&people);
    let at = ledger.now();
    let film = b"moving pictures".repeat(1_000);
    let root = EvidenceRoot(*blake3::hash(&film).as_bytes());
    let power = ledger
        .pen
        .power_recorded("buyer", "seller", at, (root, film.len() as u64));
    let id: RecordId = Record::decode(&power).unwrap().id;
    ledger.block(&[power]);
    let desk = Desk::new();
    mirrored(&ledger, &desk);
    std::fs::create_dir_all(desk.path("films/2026")).unwrap();
    desk.put("films/2026/any name", &film);
    let audit = "audit --tiles mirror --evidence films --state progress";
    let (status, report) = desk.json(audit);
    assert_eq!(status, 0, "{report}");
    assert_eq!(report["evidence"][0]["record"], id.to_string());
    let (status, again) = desk.json(audit);
    assert_eq!(
        (status, &again["evidence"][0]["on_log"]),
        (0, &Value::from(true)),
        "{again}"
    );
    let mut changed = film.clone();
    changed[7] ^= 1;
    desk.put("films/changed", changed);
    let (status, report) = desk.json(audit);
    assert_eq!(status, 1, "{report}");
    assert!(
        report["error"]
            .as_str()
            .unwrap()
            .starts_with("1 of 2 files"),
        "{report}"
    );
    assert_eq!(report["evidence"][1]["on_log"], false);
}
