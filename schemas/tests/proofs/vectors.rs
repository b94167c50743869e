//! Golden vectors made by other programs: checkpoints, proofs, tiles. They lie in the folder
//! `shared` beside the checkout; where it is absent these tests say so and pass.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use deedbook_schemas::block::Seconds;
use deedbook_schemas::checkpoint::SignedCheckpoint;
use deedbook_schemas::digest::TreeHash;
use deedbook_schemas::merkle::{
    Frontier, ProofError, consistency_proof, inclusion_proof, leaf_hash, verify_consistency,
};
use deedbook_schemas::note::{NoteError, VerifierKey};
use deedbook_schemas::policy::{EvaluationError, Policy};
use deedbook_schemas::receipt::{Receipt, ReceiptError};
use deedbook_schemas::tile::{
    HashPlace, Tile, TileError, TileKind, changed_tiles, decode_entries, decode_hashes,
    encode_entries, encode_hashes,
};

const SIZES: [u64; 7] = [0, 1, 100, 256, 300, 512, 600];
const TIME: Seconds = Seconds(1_790_000_000);

/// The vectors' folder, or `None` with a word on the console.
fn vectors() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/tlog");
    if folder.is_dir() {
        return Some(folder);
    }
    // Past the test runner, which keeps what a passing test prints with eprintln to itself.
    let skipped = writeln!(
        std::io::stderr(),
        "SKIPPED: no golden vectors at {}",
        folder.display()
    );
    skipped.unwrap();
    None
}

#[allow(
    clippy::disallowed_methods,
    reason = "the crate has no disk; its golden vectors have"
)]
fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(folder: &Path, name: &str) -> String {
    String::from_utf8(bytes(folder, name)).unwrap()
}

fn policy(folder: &Path) -> Policy {
    let log = text(folder, "log.vkey");
    let witness = text(folder, "witness.vkey");
    let lines = format!(
        "log {}\nwitness bar {}\nquorum bar\n",
        log.trim(),
        witness.trim()
    );
    Policy::from_text(&lines).unwrap()
}

fn unwitnessed(folder: &Path, log: &str) -> Policy {
    let log = text(folder, log);
    Policy::from_text(&format!("log {}\nquorum none\n", log.trim())).unwrap()
}

/// The 600 entries, from the site's bundles.
fn entries(folder: &Path) -> Vec<Vec<u8>> {
    let bundles = [0, 1, 2].map(|index| Tile::of_tree(TileKind::Entries, index, 600).unwrap());
    let mut entries = Vec::new();
    for bundle in bundles {
        let bytes = bytes(folder, &format!("site/{bundle}"));
        let decoded = decode_entries(&bytes, bundle.width).unwrap();
        assert_eq!(encode_entries(decoded.iter().copied()).unwrap(), bytes);
        entries.extend(decoded.into_iter().map(<[u8]>::to_vec));
    }
    entries
}

fn read_from_site(folder: &Path) -> impl Fn(u8, u64) -> Result<TreeHash, TileError> {
    let site = folder.join("site");
    move |level, index| {
        let place = HashPlace::of(level, index);
        let tile = place.tile(600).unwrap();
        place.hash(&bytes(&site, &tile.to_string()))
    }
}

#[test]
fn verifier_keys_format_back_and_a_post_quantum_one_is_refused_by_name() {
    let Some(folder) = vectors() else { return };
    for name in ["log.vkey", "witness.vkey", "frost.vkey"] {
        let vkey = text(&folder, name);
        let key: VerifierKey = vkey.trim().parse().unwrap();
        assert_eq!(key.to_string(), vkey.trim());
    }
    let unsupported = text(&folder, "pq.vkey").trim().parse::<VerifierKey>();
    assert!(matches!(
        unsupported,
        Err(NoteError::SignatureType { got: 0x06, .. })
    ));
}

#[test]
fn checkpoints_of_every_size_verify_and_format_back() {
    let Some(folder) = vectors() else { return };
    let mut frontier = Frontier::default();
    let leaves: Vec<_> = entries(&folder)
        .iter()
        .map(|entry| leaf_hash(entry))
        .collect();
    for size in SIZES {
        while frontier.size() < size {
            frontier.append(leaves[usize::try_from(frontier.size()).unwrap()]);
        }
        let note = text(&folder, &format!("checkpoint.{size}.cosigned"));
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        assert_eq!(signed.to_string(), note);
        assert_eq!(
            (signed.checkpoint.size, signed.checkpoint.root),
            (size, frontier.root())
        );
        let evaluation = policy(&folder).verify(&signed).unwrap();
        assert_eq!(evaluation.witnesses.len(), 1);
        assert_eq!(evaluation.witnesses[0].name, "bar");
        assert_eq!(evaluation.witnesses[0].time, TIME);

        let note = text(&folder, &format!("checkpoint.{size}"));
        let signed = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        let refused = policy(&folder).verify(&signed);
        assert!(matches!(refused, Err(EvaluationError::Quorum { .. })));
        assert!(
            unwitnessed(&folder, "log.vkey")
                .verify(&signed)
                .unwrap()
                .log_signed
        );
    }
}

#[test]
fn a_threshold_signature_verifies_like_any_log_s_and_a_post_quantum_line_is_ignored() {
    let Some(folder) = vectors() else { return };
    let frost = text(&folder, "frost.checkpoint");
    let signed = SignedCheckpoint::parse(frost.as_bytes()).unwrap();
    assert!(unwitnessed(&folder, "frost.vkey").verify(&signed).is_ok());
    let stranger = unwitnessed(&folder, "log.vkey").verify(&signed);
    assert!(matches!(stranger, Err(EvaluationError::Log(_))));
    // The program that made this one left out the last newline, which the format demands.
    let pq = text(&folder, "pq.checkpoint");
    assert!(SignedCheckpoint::parse(pq.as_bytes()).is_err());
    let pq = format!("{pq}\n");
    let signed = SignedCheckpoint::parse(pq.as_bytes()).unwrap();
    assert_eq!(signed.to_string(), pq);
    assert_eq!(signed.signatures.len(), 2);
    assert!(unwitnessed(&folder, "log.vkey").verify(&signed).is_ok());
}

#[test]
fn proofs_verify_name_their_witness_and_are_made_alike_from_the_site_s_tiles() {
    let Some(folder) = vectors() else { return };
    let entries = entries(&folder);
    for index in [0_u64, 42, 255, 256, 511, 512, 599] {
        let note = text(&folder, &format!("proof.{index}.tlog-proof"));
        let receipt = Receipt::parse(note.as_bytes()).unwrap();
        assert_eq!(receipt.to_string(), note);
        assert_eq!((receipt.extra(), receipt.index()), (None, index));
        let entry = bytes(&folder, &format!("entry.{index}"));
        assert_eq!(entry, entries[usize::try_from(index).unwrap()]);
        let proved = receipt.verify(&entry, &policy(&folder)).unwrap();
        assert_eq!((proved.index, proved.tree_size), (index, 600));
        assert_eq!(proved.origin.as_str(), "registry.example/transfers");
        assert_eq!(proved.witnesses[0].name, "bar");
        assert_eq!(
            (proved.earliest(), proved.latest()),
            (Some(TIME), Some(TIME))
        );

        let other = receipt.verify(&entries[7], &policy(&folder));
        assert!(matches!(
            other,
            Err(ReceiptError::Inclusion(ProofError::Root { .. }))
        ));

        let hashes = inclusion_proof(index, 600, read_from_site(&folder)).unwrap();
        let made = Receipt::new(entry.clone(), index, hashes, receipt.checkpoint().clone());
        let extra = format!("extra {}\nindex", BASE64.encode(&entry));
        assert_eq!(made.to_string(), note.replacen("index", &extra, 1));
        assert!(made.verify(&entry, &policy(&folder)).is_ok());
    }
}

#[test]
fn consistency_proofs_verify_and_a_rewritten_history_does_not() {
    let Some(folder) = vectors() else { return };
    let root = |size: u64| {
        let note = text(&folder, &format!("checkpoint.{size}"));
        SignedCheckpoint::parse(note.as_bytes())
            .unwrap()
            .checkpoint
            .root
    };
    let verify = |name: &str| {
        let note = text(&folder, name);
        let (head, checkpoint) = note.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old: u64 = lines
            .next()
            .unwrap()
            .strip_prefix("old ")
            .unwrap()
            .parse()
            .unwrap();
        let proof: Vec<_> = lines
            .map(|line| TreeHash(BASE64.decode(line).unwrap().try_into().unwrap()))
            .collect();
        let signed = SignedCheckpoint::parse(checkpoint.as_bytes()).unwrap();
        assert!(unwitnessed(&folder, "log.vkey").verify(&signed).is_ok());
        let new = signed.checkpoint;
        let result = verify_consistency(old, new.size, &root(old), &new.root, &proof);
        (result, old, new.size, proof)
    };
    for (old, new) in [
        (0, 1),
        (1, 100),
        (100, 256),
        (256, 300),
        (300, 600),
        (512, 600),
        (600, 600),
    ] {
        let (result, from, to, proof) = verify(&format!("add.{old}.{new}"));
        assert_eq!((result, from, to), (Ok(()), old, new));
        if new == 600 {
            assert_eq!(
                consistency_proof(old, new, read_from_site(&folder)).unwrap(),
                proof
            );
        }
    }
    let (forged, ..) = verify("add.forged");
    assert!(matches!(forged, Err(ProofError::Root { .. })));
    let (other_hash, ..) = verify("b3.add.300.600");
    assert!(matches!(other_hash, Err(ProofError::Root { .. })));
}

#[test]
fn the_site_s_tiles_are_the_bytes_that_the_frontier_completes() {
    let Some(folder) = vectors() else { return };
    let mut frontier = Frontier::default();
    let mut rows = [Vec::new(), Vec::new()];
    for entry in entries(&folder) {
        frontier.append_with(leaf_hash(&entry), |level, _, hash| match level {
            0 => rows[0].push(hash),
            8 => rows[1].push(hash),
            _ => {}
        });
    }
    let mut paths = BTreeSet::new();
    for tile in changed_tiles(0, 600) {
        let TileKind::Hashes(level) = tile.kind else {
            panic!("{tile} is no hash tile")
        };
        let bytes = bytes(&folder, &format!("site/{tile}"));
        let start = usize::try_from(tile.index).unwrap() * 256;
        let hashes = &rows[usize::from(level)][start..start + usize::from(tile.width)];
        assert_eq!(bytes, encode_hashes(hashes), "{tile}");
        assert_eq!(decode_hashes(&bytes, tile.width).unwrap(), hashes);
        paths.insert(tile.to_string());
    }
    let expected = [
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
    ];
    assert_eq!(paths, expected.map(str::to_owned).into());
    let checkpoint = text(&folder, "site/checkpoint");
    let signed = SignedCheckpoint::parse(checkpoint.as_bytes()).unwrap();
    assert_eq!(signed.checkpoint.root, frontier.root());
}
