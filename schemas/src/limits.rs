//! Every limit of the ledger, with its arithmetic. Nothing that crosses a boundary is unbounded.
//!
//! A limit that changes what a node accepts into a block changes consensus: all nodes must share
//! it, so it stands here and not in a configuration file.

/// Bytes of one record (a COSE_Sign1 statement). A log entry has to stay below the 65,536 bytes
/// that a C2SP entry bundle can frame with its `u16` length; 48 KiB leaves room for what an
/// export wraps around it.
pub const RECORD_BYTES_MAX: usize = 48 * 1024;

/// Bytes of one log entry: the `u16` length prefix of a C2SP tlog-tiles entry bundle.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Records of one atomic bundle. The largest lawful deed has 16 disponors, 16 acquirers, a
/// consent for each disponor and the instrument: 16 + 16 + 16 + 1 = 49, rounded up.
pub const BUNDLE_RECORDS_MAX: usize = 64;

/// Bytes of one atomic bundle: typical records have 0.8 KiB, 64 of them 51 KiB; four of the
/// largest must fit: 4 × 48 KiB = 192 KiB, rounded up.
pub const BUNDLE_BYTES_MAX: usize = 256 * 1024;

/// Records of one block. 2,048 × 0.7 KiB = 1.4 MiB, executed in about 0.15 s on one core with
/// signatures already verified.
pub const BLOCK_RECORDS_MAX: usize = 2_048;

/// Bytes of one encoded block. 2 MiB are 16 proposal parts; with four validators on loopback
/// they arrive within 20 ms. Holds 8 of the largest bundles.
pub const BLOCK_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Bytes of one proposal part. 2 MiB / 128 KiB = 16 parts a block.
pub const PART_BYTES_MAX: usize = 128 * 1024;

/// Validators of one network. 2f+1 of 100 are 67 cosignatures of about 130 bytes: 8.7 KiB a
/// checkpoint.
pub const VALIDATORS_MAX: usize = 100;

/// Characters of a validator's, witness's or log's note key name.
pub const KEY_NAME_CHARS_MAX: usize = 64;

/// Holders on one title, and disponors or acquirers of one instrument.
pub const HOLDERS_MAX: usize = 16;

/// Denominator and numerator of a share, and of every sum of shares. Sums are computed in
/// `u128`: two terms below 2^63 cross-multiply below 2^127.
pub const FRACTION_TERM_MAX: u64 = i64::MAX as u64;

/// Money in minor units of one currency: 2^63 - 1, so that sums of 64 amounts fit `u128`.
pub const MONEY_MINOR_MAX: u64 = i64::MAX as u64;

/// Bytes of a cadastral number.
pub const CADASTRAL_NUMBER_BYTES_MAX: usize = 64;

/// Bytes of a free text field (address, terms). Free text creates no rights.
pub const TEXT_BYTES_MAX: usize = 512;

/// Bytes of a short label (method, media type, currency).
pub const LABEL_BYTES_MAX: usize = 64;

/// Properties, counterparties or kinds of act listed in the scope of one power.
pub const SCOPE_LIST_MAX: usize = 64;

/// Parties named in one civil-status record. 256 × 19 bytes = 4.8 KiB.
pub const STATUS_PARTIES_MAX: usize = 256;

/// Civil-status facts kept on one party: marriages, divorces and contracts of a lifetime.
pub const STATUS_FACTS_MAX: usize = 64;

/// Keys of one party, current and past.
pub const PARTY_KEYS_MAX: usize = 16;

/// Statements of one evidence manifest.
pub const STATEMENTS_MAX: usize = 16;

/// Bytes of one video file: 4 GiB, one hour at 9 Mbit/s.
pub const EVIDENCE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Milliseconds of one recording: 4 hours.
pub const EVIDENCE_DURATION_MS_MAX: u64 = 4 * 3600 * 1000;

/// Requirements listed for one instrument: one act a party (32), one consent a disponor (16),
/// one status a disponor (16).
pub const REQUIREMENTS_MAX: usize = 64;

/// Hashes of one inclusion proof: a tree of 2^64 leaves has 64 levels.
pub const PROOF_HASHES_MAX: usize = 64;

/// Signature lines of one note: every validator, the log, and as many witnesses.
pub const NOTE_SIGNATURES_MAX: usize = 2 * VALIDATORS_MAX + 1;

/// Bytes of one signed checkpoint: 201 lines of up to 240 bytes.
pub const CHECKPOINT_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one receipt: a record in base64 (64 KiB), 64 hashes of 45 bytes, a checkpoint.
pub const RECEIPT_BYTES_MAX: usize = 160 * 1024;

/// Bytes of one policy file.
pub const POLICY_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one genesis file.
pub const GENESIS_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of the id of one stream of proposal parts (8 are used), and of a libp2p peer id (an
/// Ed25519 one has 38).
pub const STREAM_ID_BYTES_MAX: usize = 64;

/// Unfinished or undelivered streams of proposal parts one publisher may have at a node. A
/// proposer sends one a round; with re-streaming after a lost round two overlap, doubled.
pub const STREAMS_PER_PUBLISHER_MAX: usize = 4;

/// Bytes of all streams of one publisher: two whole blocks, 4 MiB.
pub const STREAM_BYTES_PER_PUBLISHER_MAX: usize = 2 * BLOCK_BYTES_MAX;

/// Bytes of all streams at one node: 32 MiB, so 8 of up to 100 publishers may be as greedy as
/// they can before the greediest loses its oldest stream.
pub const STREAM_BYTES_MAX: usize = 16 * BLOCK_BYTES_MAX;

/// Different blocks a node executes for one (height, round). An honest proposer sends one; the
/// engine keeps two of a dishonest one and a third that won a polka.
pub const PROPOSALS_PER_ROUND_MAX: usize = 3;

/// Rounds ahead of the current one for which a node takes proposals: the engine's own limit.
pub const ROUNDS_AHEAD_MAX: u32 = 10;

/// Blocks of one sync response.
pub const SYNC_BLOCKS_MAX: usize = 16;

/// Bytes of blocks in one sync response: 4 of the largest, 8 MiB, below the 10 MiB of the
/// transport with 16 × 100 signatures of 84 bytes (131 KiB) beside them.
pub const SYNC_BYTES_MAX: usize = 4 * BLOCK_BYTES_MAX;
