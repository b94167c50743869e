use super::super::guard_file::FILE_BYTES;
use super::*;

const LEDGER: LedgerId = LedgerId([7; 32]);
const ONE: BlockId = BlockId([1; 32]);
const TWO: BlockId = BlockId([2; 32]);

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

struct Home {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard");
    SigningGuard::create(&path, &LEDGER, &PublicKey::of(&key())).unwrap();
    Home {
        _folder: folder,
        path,
    }
}

impl Home {
    fn open(&self) -> SigningGuard {
        SigningGuard::open(&self.path, &LEDGER, key()).unwrap()
    }
}

fn at(height: u64, round: u32, step: Step) -> Position {
    Position {
        height: Height(height),
        round,
        step,
    }
}

/// Signs a message made of the position and the block, as real ones are.
fn ask(
    guard: &SigningGuard,
    position: Position,
    block: Option<&BlockId>,
) -> Result<Signature, Refusal> {
    let message = format!("{position} {block:?}");
    guard
        .sign(position, block, message.as_bytes())
        .map_err(|error| match error {
            SignError::Refused(refusal) => refusal,
            SignError::Io(error) => panic!("{error}"),
        })
}

#[test]
fn the_same_bytes_get_the_same_signature_also_after_a_restart() {
    let home = home();
    let guard = home.open();
    let first = ask(&guard, at(5, 1, Step::Prevote), Some(&ONE)).unwrap();
    assert_eq!(ask(&guard, at(5, 1, Step::Prevote), Some(&ONE)), Ok(first));
    drop(guard);
    let guard = home.open();
    assert_eq!(guard.height(), Height(5));
    assert_eq!(ask(&guard, at(5, 1, Step::Prevote), Some(&ONE)), Ok(first));
    assert!(guard.public_key().verify(
        format!("{} {:?}", at(5, 1, Step::Prevote), Some(ONE)).as_bytes(),
        &first
    ));
}

#[test]
fn a_second_value_for_one_height_round_and_step_is_refused_also_after_a_restart() {
    let home = home();
    for step in [Step::Parts, Step::Proposal, Step::Prevote, Step::Precommit] {
        let guard = home.open();
        ask(&guard, at(5, 0, step), Some(&ONE)).unwrap();
        assert_eq!(
            ask(&guard, at(5, 0, step), Some(&TWO)),
            Err(Refusal::Conflict(at(5, 0, step)))
        );
        assert_eq!(
            ask(&guard, at(5, 0, step), None),
            Err(Refusal::Conflict(at(5, 0, step)))
        );
        drop(guard);
        let guard = home.open();
        assert_eq!(
            ask(&guard, at(5, 0, step), Some(&TWO)),
            Err(Refusal::Conflict(at(5, 0, step)))
        );
    }
}

#[test]
fn nothing_is_signed_below_what_was_signed() {
    let home = home();
    let guard = home.open();
    ask(&guard, at(5, 2, Step::Prevote), None).unwrap();
    for below in [
        at(5, 2, Step::Proposal),
        at(5, 1, Step::Precommit),
        at(4, 9, Step::Precommit),
    ] {
        let signed = at(5, 2, Step::Prevote);
        let refused = Err(Refusal::Regression {
            wanted: below,
            signed,
        });
        assert_eq!(ask(&guard, below, None), refused);
    }
    for above in [
        at(5, 2, Step::Precommit),
        at(5, 3, Step::Parts),
        at(6, 0, Step::Parts),
    ] {
        ask(&guard, above, None).unwrap();
    }
}

#[test]
fn a_lock_of_an_earlier_run_binds_until_the_engine_shows_it_or_the_height_is_over() {
    let home = home();
    let guard = home.open();
    ask(&guard, at(5, 0, Step::Precommit), Some(&ONE)).unwrap();
    ask(&guard, at(5, 1, Step::Prevote), Some(&TWO)).expect("in one run the engine knows its lock");
    ask(&guard, at(5, 1, Step::Precommit), None).unwrap();
    drop(guard);

    let guard = home.open();
    assert_eq!(guard.inherited_lock(Height(5)), Some(ONE));
    let wanted = at(5, 2, Step::Prevote);
    assert_eq!(
        ask(&guard, wanted, Some(&TWO)),
        Err(Refusal::Locked {
            wanted,
            locked: ONE
        })
    );
    ask(&guard, wanted, None).expect("nil is safe");
    ask(&guard, at(5, 3, Step::Prevote), Some(&ONE)).expect("the locked block is safe");
    guard.recall(Height(5), 1, &ONE);
    assert_eq!(
        guard.inherited_lock(Height(5)),
        Some(ONE),
        "another round's precommit is not it"
    );
    guard.recall(Height(5), 0, &ONE);
    assert_eq!(guard.inherited_lock(Height(5)), None);
    ask(&guard, at(5, 4, Step::Prevote), Some(&TWO)).expect("the engine knows its lock");
    drop(guard);

    let guard = home.open();
    ask(&guard, at(6, 0, Step::Prevote), Some(&TWO)).expect("height 5 is over");
}

#[test]
fn repeating_the_locking_precommit_shows_that_the_engine_knows_it() {
    let home = home();
    ask(&home.open(), at(5, 0, Step::Precommit), Some(&ONE)).unwrap();
    let guard = home.open();
    ask(&guard, at(5, 0, Step::Precommit), Some(&ONE)).unwrap();
    assert_eq!(guard.inherited_lock(Height(5)), None);
}

#[test]
fn no_flip_of_a_bit_forgets_a_signature() {
    let home = home();
    let guard = home.open();
    for height in 1..=3 {
        ask(&guard, at(height, 0, Step::Prevote), Some(&ONE)).unwrap();
        let whole = std::fs::read(&home.path).unwrap();
        let state = newest(&whole).unwrap();
        for index in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[index] ^= 1 << (index % 8);
            assert_eq!(newest(&damaged).unwrap(), state, "byte {index}");
        }
    }
}

#[test]
fn a_torn_write_leaves_the_state_before_it() {
    let home = home();
    let guard = home.open();
    ask(&guard, at(1, 0, Step::Prevote), Some(&ONE)).unwrap();
    let before = std::fs::read(&home.path).unwrap();
    let state = newest(&before).unwrap();
    ask(&guard, at(2, 0, Step::Prevote), Some(&ONE)).unwrap();
    let after = std::fs::read(&home.path).unwrap();
    // Every prefix of the write, and every subset of its 512-byte sectors in reverse.
    for sectors in 0..=FILE_BYTES / 512 {
        let (cut, end) = (sectors * 512, FILE_BYTES);
        let forward = [&after[..cut], &before[cut..]].concat();
        let backward = [&before[..end - cut], &after[end - cut..]].concat();
        for torn in [forward, backward] {
            let found = newest(&torn).unwrap().sequence;
            assert!(
                found == state.sequence || found == state.sequence + 1,
                "{found}"
            );
        }
    }
}

#[test]
fn a_file_of_another_length_or_without_a_whole_slot_is_corrupt() {
    let home = home();
    let whole = std::fs::read(&home.path).unwrap();
    let longer = [whole.clone(), vec![0]].concat();
    for damaged in [
        &whole[..0],
        &whole[..100],
        &whole[..FILE_BYTES - 1],
        &longer,
        &[0; FILE_BYTES],
    ] {
        std::fs::write(&home.path, damaged).unwrap();
        let error = SigningGuard::open(&home.path, &LEDGER, key()).unwrap_err();
        assert!(matches!(error, GuardError::Corrupt(..)), "{error}");
    }
}

#[test]
fn a_missing_foreign_or_busy_guard_is_refused_and_an_existing_one_is_not_replaced() {
    let home = home();
    let public = PublicKey::of(&key());
    let error = SigningGuard::create(&home.path, &LEDGER, &public).unwrap_err();
    assert!(matches!(error, GuardError::Exists(_)), "{error}");
    let error = SigningGuard::open(&home.path, &LedgerId([8; 32]), key()).unwrap_err();
    assert!(matches!(error, GuardError::Ledger { .. }), "{error}");
    let other = SigningKey::from_bytes(&[4; 32]);
    let error = SigningGuard::open(&home.path, &LEDGER, other).unwrap_err();
    assert!(matches!(error, GuardError::Key { .. }), "{error}");
    let held = home.open();
    let error = SigningGuard::open(&home.path, &LEDGER, key()).unwrap_err();
    assert!(matches!(error, GuardError::InUse(_)), "{error}");
    drop(held);
    std::fs::remove_file(&home.path).unwrap();
    let error = SigningGuard::open(&home.path, &LEDGER, key()).unwrap_err();
    assert!(matches!(error, GuardError::Missing(_)), "{error}");
}
