//! Damage: flipped bits, cut-off logs. Right answers or an error, never a wrong tip.

use std::path::PathBuf;

use super::*;

const FLIPS: u64 = 200;

/// Which bits are flipped.
const SEED: u64 = 31;

/// What a whole store answers at every height.
struct Truth {
    tips: Vec<Tip>,
    decided: Vec<(Vec<u8>, Certificate)>,
    entries: Vec<Vec<u8>>,
    values: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A folder with table files and a write-ahead log that was not emptied.
fn build(path: &Path) -> Truth {
    let mut numbers = Numbers(30);
    let store = open(path);
    let mut tips = vec![store.tip()];
    for height in 0..30 {
        grow(&store, &mut numbers, 1);
        tips.push(store.tip());
        if height == 12 {
            store.close().unwrap();
        }
    }
    let heights = 1..=store.tip().height.0;
    let keys = (0..40).map(|key| format!("p/{key}").into_bytes());
    Truth {
        tips,
        decided: heights
            .map(|h| store.decided(Height(h)).unwrap().unwrap())
            .collect(),
        entries: store.entries(0, u64::MAX).unwrap(),
        values: keys
            .filter_map(|key| Some((key.clone(), store.get(&key).unwrap()?)))
            .collect(),
    }
}

impl Truth {
    /// Opens the folder and asks for everything. Says at which height it stood; panics on a wrong
    /// answer.
    fn question(&self, path: &Path) -> Result<u64, StoreError> {
        let store = Store::open(path, LEDGER)?;
        let tip = store.tip();
        let height = usize::try_from(tip.height.0).unwrap();
        assert_eq!(tip, self.tips[height], "a tip that never was");
        store.verify_tip()?;
        for (height, decided) in (1..=tip.height.0).zip(&self.decided) {
            assert_eq!(store.decided(Height(height))?.as_ref(), Some(decided));
            store.rehash_block(Height(height))?;
        }
        let size = usize::try_from(tip.tree_size).unwrap();
        assert_eq!(store.entries(0, tip.tree_size)?, self.entries[..size]);
        for key in (0..40).map(|key| format!("p/{key}").into_bytes()) {
            let (value, proof) = store.prove(tip.state_version, &key)?;
            proof
                .verify(&tip.state_root, &key, value.as_deref())
                .unwrap();
            assert_eq!(store.get(&key)?, value);
            if height + 1 == self.tips.len() {
                assert_eq!(value.as_ref(), self.values.get(&key));
            }
        }
        Ok(tip.height.0)
    }
}

fn files(path: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(path)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| {
            endings
                .iter()
                .any(|ending| file.to_string_lossy().ends_with(ending))
        })
        .filter(|file| file.metadata().unwrap().len() > 0)
        .collect();
    files.sort();
    files
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap().path();
        std::fs::copy(&file, to.path().join(file.file_name().unwrap())).unwrap();
    }
    to
}

#[test]
fn a_flipped_bit_gives_right_answers_or_an_error_and_never_a_wrong_tip() {
    let folder = tempfile::tempdir().unwrap();
    let truth = build(folder.path());
    let newest = truth.question(copy(folder.path()).path()).unwrap();
    let mut numbers = Numbers(SEED);
    let (mut refused, mut harmless, mut earlier) = (0, 0, 0);
    for flip in 0..FLIPS {
        let damaged = copy(folder.path());
        let files = files(damaged.path(), &[".sst", ".log"]);
        let file = &files[usize::try_from(numbers.below(files.len() as u64)).unwrap()];
        let mut bytes = std::fs::read(file).unwrap();
        let bit = numbers.below(bytes.len() as u64 * 8);
        bytes[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
        std::fs::write(file, bytes).unwrap();
        match truth.question(damaged.path()) {
            Err(_) => refused += 1,
            Ok(height) if height == newest => harmless += 1,
            // The flip looks like a log cut off at its end. The signing guard knows better.
            Ok(height) => {
                assert!(
                    file.extension().is_some_and(|ending| ending == "log"),
                    "flip {flip}"
                );
                println!(
                    "flip {flip}: bit {bit} of {} opens at {height}",
                    file.display()
                );
                earlier += 1;
            }
        }
    }
    println!(
        "seed {SEED}, {FLIPS} flips: {refused} refused, {harmless} harmless, {earlier} at an earlier tip"
    );
    assert!(refused > FLIPS / 2);
}

#[test]
fn a_write_ahead_log_cut_off_anywhere_opens_whole_at_some_earlier_height() {
    let folder = tempfile::tempdir().unwrap();
    let truth = build(folder.path());
    let log = files(folder.path(), &[".log"]).pop().unwrap();
    let length = log.metadata().unwrap().len();
    let mut last = 0;
    for cut in 0..=24 {
        let damaged = copy(folder.path());
        let file = damaged.path().join(log.file_name().unwrap());
        let file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(length * cut / 24).unwrap();
        let height = truth.question(damaged.path()).unwrap();
        assert!(height >= last, "a longer log holds no less");
        last = height;
    }
    assert_eq!(last + 1, truth.tips.len() as u64);
}
