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

/// Records of one atomic bundle. A deed of eight disponors and eight acquirers, with a consent and a
/// power for each disponor, eight mortgages discharged, a lender, funding, duties and the instrument has
/// 8 + 8 + 8 + 8 + 8 + 5 = 45, rounded up. A larger deed comes in several bundles and registers with
/// the last.
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

/// Holdings on one title, and disponors or acquirers of one instrument. A holding has 35 to 52 bytes,
/// all of them 1.7 KiB at most.
pub const HOLDERS_MAX: usize = 32;

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

/// The last second a record may name: 9999-12-31T23:59:59Z, the last that RFC 3339 can write.
/// Far below 2^53 and 2^64: no sum of two times and a term of years overflows.
pub const SECONDS_MAX: u64 = 253_402_300_799;

/// Keys of one party, current and past.
pub const PARTY_KEYS_MAX: usize = 16;

/// Statements of one evidence manifest.
pub const STATEMENTS_MAX: usize = 16;

/// Bytes of one video file: 4 GiB, one hour at 9 Mbit/s.
pub const EVIDENCE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Milliseconds of one recording: 4 hours.
pub const EVIDENCE_DURATION_MS_MAX: u64 = 4 * 3600 * 1000;

/// Consents in force for the disposals of one holder. 16 holders × 4 ids × 34 bytes are 2.2 KiB in
/// a title proof at most; each holder has their own room, so that nobody can fill another's.
pub const CONSENTS_PER_HOLDER_MAX: usize = 4;

/// Encumbrances of one title, of all kinds: 104 × 100 bytes are 10.4 KiB at most. Each kind has its
/// own room (below), so that nobody can fill another's: 4 kinds of 16, 8 caveats, one lock or one
/// notice for each of 32 holders, rounded up.
pub const ENCUMBRANCES_MAX: usize = 112;

/// Mortgages, servitudes, leases or freezes of one title, each.
pub const ENCUMBRANCES_OF_A_KIND_MAX: usize = 16;

/// Caveats of one title; one a claimant.
pub const CAVEATS_MAX: usize = 8;

/// Supplements of one pending instrument: for each of 32 mortgages of two titles a consent and a
/// discharge, for each of 32 parties a permission, a few duties and requisitions: 104, rounded up.
pub const SUPPLEMENTS_MAX: usize = 128;

/// Open requisitions of one instrument.
pub const REQUISITIONS_MAX: usize = 8;

/// Titles that one instrument changes: of a subdivision the old and the new ones.
pub const PARCELS_MAX: usize = 16;

/// Officers of one legal entity: 32 × 17 bytes. As many approve one act at a time: 32 × 34 bytes of ids,
/// and 32 approvals of 90 bytes, until the act or the profile's `pending_days`.
pub const OFFICERS_MAX: usize = 32;

/// Members of one group, groups within it counted with all of theirs.
pub const GROUP_MEMBERS_MAX: usize = 32;

/// Groups within groups: a group of persons has depth 1.
pub const GROUP_DEPTH_MAX: usize = 3;

/// Signatures of one instrument. An exchange of 32 persons for 32 persons needs 128 and its lender's;
/// doubled for entities and groups. Each takes 120 bytes of the pending instrument, 30 KiB in all,
/// and every act reads each signer and party once more: 256 × 2 µs.
pub const ACTS_MAX: usize = 256;

/// Powers passed on in a row. Every use of the last one reads all of them.
pub const POWER_DEPTH_MAX: usize = 4;

/// Authorities above one another: local, regional and supreme court, and one to spare.
pub const SUPERIORS_MAX: usize = 4;

/// Lines of one settlement, sources or destinations.
pub const SETTLEMENT_LINES_MAX: usize = 32;

/// Beginnings of cadastral numbers in one notary's territory.
pub const TERRITORY_MAX: usize = 64;

/// Holidays of one calendar: ten years of 25 days, rounded up. 256 × 3 bytes in a profile, which is
/// read with each record: 1 µs.
pub const HOLIDAYS_MAX: usize = 256;

/// Business days of one term: a year and a day. Counting it looks at 7 × (367 + 256) days at most, of
/// 10 ns each.
pub const BUSINESS_DAYS_MAX: u16 = 367;

/// Profiles of one ledger over its life.
pub const PROFILES_MAX: usize = 256;

/// Instruments that wait for the civil status, officers or guardian of one party, or for a change of
/// one title's mortgages. A fact about 256 parties looks again at 256 × 8 = 2,048 of them, a full block's
/// worth. What finds no room is looked at once a day, for the [`EXPIRY_STEPS_MAX`] of a block.
pub const WAITING_MAX: usize = 8;

/// Steps of expiry that one block makes: a step reads one list of ids or ends one instrument. The
/// rest follows in the next block. One list holds at most a block's records, so that a block ends
/// at most 2,048 + 2,048 instruments.
pub const EXPIRY_STEPS_MAX: usize = BLOCK_RECORDS_MAX;

/// Days ahead for which times stand in the calendar; what is due later is put there once it is nearer.
/// 100 × 24 hours, and the few times that are no full hours, are about 2,500 × 5 bytes = 12 KiB, read
/// and written by a block that schedules something.
pub const SCHEDULE_DAYS_MAX: u16 = 100;

/// Digits in a row that a cadastral number may not have: those of an individual identification
/// number (rule 41).
pub const PERSONAL_NUMBER_DIGITS: usize = 12;

/// Leaves of the log: what a signed 64-bit integer holds, as the verifiers of other logs keep it.
/// At 1,000 leaves a second it is reached after 292 million years.
pub const TREE_SIZE_MAX: u64 = i64::MAX as u64;

/// Hashes of one inclusion proof: a tree of 2^63 - 1 leaves has 63 levels, rounded up.
pub const PROOF_HASHES_MAX: usize = 64;

/// Hashes of a full tile and entries of a full bundle (C2SP tlog-tiles).
pub const TILE_WIDTH: u16 = 256;

/// Bytes of a bundle of certified headers: every entry of a bundle the seal of a block, each with a
/// header of 260 bytes, 100 precommits of 89 bytes, and 60 around them.
pub const CERTIFIED_BUNDLE_BYTES_MAX: usize =
    TILE_WIDTH as usize * (260 + VALIDATORS_MAX * 89 + 60);

/// Highest level that a tile's path may name (C2SP tlog-tiles). Our trees reach 62 / 8 = 7.
pub const TILE_LEVEL_MAX: u8 = 63;

/// Time of a cosignature in seconds since 1970 (C2SP tlog-cosignature): 2^63 - 1.
pub const COSIGNATURE_TIME_MAX: u64 = i64::MAX as u64;

/// Signature lines of one note: every validator, the log, and as many witnesses.
pub const NOTE_SIGNATURES_MAX: usize = 2 * VALIDATORS_MAX + 1;

/// Bytes of one signed checkpoint: 201 lines of up to 240 bytes.
pub const CHECKPOINT_BYTES_MAX: usize = 64 * 1024;

/// Hashes of one consistency proof in a request to a witness (C2SP tlog-witness).
pub const CONSISTENCY_HASHES_MAX: usize = 63;

/// Bytes of one request to a witness: a checkpoint (65,536), 63 hashes of 45 bytes (2,835), an old
/// size line of 24 and a blank line, rounded up.
pub const ADD_CHECKPOINT_BYTES_MAX: usize = CHECKPOINT_BYTES_MAX + 4 * 1024;

/// Bytes of a witness's answer: a cosignature line has at most 380, ML-DSA-44 ones that we skip
/// 3,600 each; four of them, rounded up.
pub const WITNESS_ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Witnesses that one node pushes to. A checkpoint has room for 100 beside the validators.
pub const WITNESSES_MAX: usize = 32;

/// Checkpoints with cosignatures of witnesses that a node holds. One every half second at most:
/// the last 32 s, so that slow witnesses meet at one size. 64 × 9 KiB with 100 validators.
pub const WITNESSED_SIZES_MAX: usize = 64;

/// Logs that one of our witnesses knows. Its database is written whole: 32 × 64 KiB at worst, 1 KiB
/// each with four validators.
pub const WITNESS_LOGS_MAX: usize = 32;

/// Bytes of one receipt: an entry in base64 (87,380), 64 hashes of 45 bytes (2,880), a checkpoint
/// (65,536), together 152 KiB, rounded up.
pub const RECEIPT_BYTES_MAX: usize = 160 * 1024;

/// Bytes of one QR code: version 40 at level L in byte mode (ISO/IEC 18004, table 7). A receipt of an
/// act of 0.75 KiB in a log of 2^27 leaves with three cosignatures takes 2.1 KiB of it.
pub const QR_BYTES_MAX: usize = 2_953;

/// Bytes of one COSE receipt: 64 hashes of 34 bytes (2,176), an origin of 64 × 4 bytes written
/// twice (516), a size, key id, signature and frame (170), together 2.8 KiB, rounded up.
pub const COSE_RECEIPT_BYTES_MAX: usize = 3 * 1024;

/// Receipts in one transparent statement: of our log, and of a few others that hold the record too.
pub const STATEMENT_RECEIPTS_MAX: usize = 4;

/// Bytes of one transparent statement: a record, its receipts, and three bytes of length each.
pub const TRANSPARENT_STATEMENT_BYTES_MAX: usize =
    RECORD_BYTES_MAX + STATEMENT_RECEIPTS_MAX * (COSE_RECEIPT_BYTES_MAX + 3) + 8;

/// Bytes of one RFC 3161 answer: a TSTInfo of some hundred bytes, a signature of at most 1 KiB, and a
/// path of at most eight certificates of 4 KiB, doubled.
pub const TIMESTAMP_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one policy file: 100 validators, each with a name of 64 × 4 bytes written three times
/// and a key of 60: 81 KiB; and as many bytes again for half as many witnesses, rounded up.
pub const POLICY_BYTES_MAX: usize = 128 * 1024;

/// Logs, witnesses and groups of one policy: 100 validators, and 156 others. C2SP tlog-policy asks for
/// 32 of each.
pub const POLICY_DEFINITIONS_MAX: usize = 256;

/// Bytes of one genesis file.
pub const GENESIS_BYTES_MAX: usize = 1024 * 1024;

/// Refusals that a node remembers for clients who wait: 10,000 of up to 300 bytes are 3 MiB, ten
/// seconds at 1,000 refusals a second.
pub const REJECTIONS_KEPT: std::num::NonZeroUsize =
    std::num::NonZeroUsize::new(10_000).expect("10,000 is not zero");

/// Requests in work at one node. Each holds a bundle of at most 256 KiB: 128 MiB at the very
/// worst, and a thousand long-polls.
pub const API_REQUESTS_MAX: usize = 1_024;

/// Seconds a request may wait for something to happen (`?wait=`).
pub const API_WAIT_SECONDS_MAX: u64 = 30;

/// Entries that one step of an event stream reads: of 48 KiB at most, 12 MiB.
pub const ENTRIES_READ_MAX: u64 = 256;

/// Seconds that a bundle waits for a block before it is forgotten: its records' time of signing
/// is stale after the profile's window (15 minutes by default) anyway.
pub const MEMPOOL_AGE_SECONDS_MAX: u64 = 300;

/// Bytes of waiting bundles that one heartbeat sends again: two of the largest gossip messages.
pub const GOSSIP_REBROADCAST_BYTES_MAX: usize = 512 * 1024;

/// Bytes of bundles that one gossip message carries, with their CBOR heads: the largest bundle
/// and 64 + 1 heads of at most 5 bytes (325), rounded up to a KiB.
pub const GOSSIP_BATCH_BYTES_MAX: usize = BUNDLE_BYTES_MAX + 1024;

/// Bytes of one gossip message: a batch, and below 64 bytes for nonce, kind and array heads.
pub const GOSSIP_MESSAGE_BYTES_MAX: usize = GOSSIP_BATCH_BYTES_MAX + 64;

/// Bundles of one gossip message: 256 KiB of the smallest useful ones, 0.5 KiB each.
pub const GOSSIP_BUNDLES_MAX: usize = 512;

/// Messages that wait to be sent by a node. Bundles in it share their bytes with the mempool, so
/// its [`MEMPOOL_BYTES_MAX`] bounds them.
pub const GOSSIP_OUTBOX_MAX: usize = 1_024;

/// Received messages that wait for the node: 256 × 257 KiB = 64 MiB.
pub const GOSSIP_INBOX_MAX: usize = 256;

/// Received messages of one peer that wait for the node: a quarter of the inbox, so that one
/// faulty peer of four leaves room for the other two.
pub const GOSSIP_INBOX_PEER_MAX: usize = GOSSIP_INBOX_MAX / 4;

/// Messages queued for one connection: half of them our own, half relayed. 128 × 257 KiB =
/// 32 MiB for a peer that reads nothing; what is dropped is broadcast again later.
pub const GOSSIP_PEER_QUEUE_MAX: usize = 128;

/// Messages held for a moment before they are relayed: 1,024 ids, their bytes are gossipsub's.
pub const GOSSIP_RELAYS_MAX: usize = 1_024;

/// Bytes of pending records: 32 full blocks, about two seconds of work.
pub const MEMPOOL_BYTES_MAX: usize = 32 * BLOCK_BYTES_MAX;

/// Pending records: the bytes above at 0.5 KiB each. About 300 bytes of index a record add up to
/// 38 MiB.
pub const MEMPOOL_RECORDS_MAX: usize = 131_072;

/// Pending bytes of one party: an eighth, 2,700 deeds of 3 KiB. A flood fills the pool only if
/// eight enrolled parties take part in it.
pub const MEMPOOL_PARTY_BYTES_MAX: usize = MEMPOOL_BYTES_MAX / 8;

/// Pending records of one party: an eighth.
pub const MEMPOOL_PARTY_RECORDS_MAX: usize = MEMPOOL_RECORDS_MAX / 8;

/// Signatures remembered as verified: twice what the mempool holds. At about 100 bytes an entry
/// 26 MiB.
pub const VERIFIED_SIGNATURES_MAX: usize = 2 * MEMPOOL_RECORDS_MAX;

/// Recent tree sizes whose cosignatures a node collects: 1,000 × 100 validators × 150 bytes =
/// 15 MiB at worst, 600 KiB with four; 20 s of blocks at full speed.
pub const COSIGNED_SIZES_MAX: usize = 1_000;

/// Cosignatures of one validator kept for trees that we have not reached yet. The greatest are
/// kept; one is enough to confirm everything below it.
pub const COSIGNATURES_AHEAD_MAX: usize = 16;

/// Nonces that a validator offers one coordinator of log signatures. A session takes one; when half
/// are gone they are filled up at the next tenth of a second: for at least 80 sessions a second with
/// one coordinator, twice as many as there are blocks, and for at most 160, 0.2 s of arithmetic. With
/// as many that may be on their way, 100 coordinators × 2 × 16 × 0.6 KiB = 2 MiB. One offer has 145
/// bytes, a message of them 2.3 KiB.
pub const LOG_NONCES_MAX: usize = 16;

/// Sessions of log signatures that a coordinator has open: one a tree, 16 blocks are 0.5 s at full
/// speed. A session of 67 signers has 67 × 0.8 KiB.
pub const LOG_SESSIONS_MAX: usize = 16;

/// Recent tree sizes for which a validator takes part in a log signature: 64 blocks are 2 s at full
/// speed.
pub const LOG_TREES_MAX: usize = 64;

/// Proofs of a fork that a node keeps: one a validator is more than anybody needs.
pub const FORK_EVIDENCE_MAX: usize = VALIDATORS_MAX;

/// Hashes of one state proof: the state tree has one level a bit of a 32-byte key hash.
pub const STATE_PROOF_HASHES_MAX: usize = 256;

/// Bytes of one state proof: 256 hashes of 34 bytes, a leaf of 69, heads; rounded up. Typical
/// are 20 hashes.
pub const STATE_PROOF_BYTES_MAX: usize = 9 * 1024;

/// Bytes of a key of the state that may be asked for: one prefix byte and a cadastral number, the
/// longest id.
pub const STATE_KEY_BYTES_MAX: usize = 1 + CADASTRAL_NUMBER_BYTES_MAX;

/// Powers that one title certificate is asked about: a sale has a power for each of a few sellers and
/// a sub-power or two.
pub const CERTIFICATE_POWERS_MAX: usize = 8;

/// Objects of one state receipt: a title, the instruments of its slot and of two reservations, and 8
/// powers, each with 4 that it is part of and the 6 parties of them: 4 + 8 × (5 + 6) = 92, rounded up.
pub const STATE_RECEIPT_OBJECTS_MAX: usize = 96;

/// Bytes of one state receipt or title certificate. At worst a title of 64 KiB (104 encumbrances of
/// 100 bytes, offers of up to 1.2 KiB), 3 instruments of 96 KiB (a text of 48, 256 acts, 128
/// supplements), 40 powers and 48 parties of 8 KiB, 96 proofs of 9 KiB and a checkpoint of 64 KiB:
/// 1.9 MiB, rounded up. Typical are 5 KiB.
pub const STATE_RECEIPT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// State versions that stay provable behind the newest. A version is a block that changed the
/// state: at 25 blocks a second 64 of them are the last 2.5 s, while cosignatures arrive within
/// one block. The price is that many blocks' worth of replaced tree nodes on disk: with 80 made-up
/// deeds a block (`store/tests/cost.rs`), 0.20 of the records' bytes after a clean stop and 0.09
/// after compaction, against keeping one version.
pub const STATE_VERSIONS_KEPT: u64 = 64;

/// Bytes of one answer that reads a run of log entries. An entry bundle has 256 entries of up to
/// 65,535 bytes, 16 MiB, and must fit whole; typical ones have 0.7 KiB and fill 0.2 MiB.
pub const ENTRIES_READ_BYTES_MAX: usize = 17 * 1024 * 1024;

/// Undecided proposals kept for one round. An honest round has one; a second is evidence of an
/// equivocating proposer. 4 × 2 MiB = 8 MiB a round.
pub const PROPOSALS_PER_ROUND_MAX: usize = 4;

/// Entries of one answer about who read a party's rights: 100 × 300 bytes are 30 KiB.
pub const ACCESSES_MAX: usize = 100;

/// Rows of one listing of the secondary index.
pub const INDEX_ROWS_MAX: usize = 1_000;

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

/// Different proposed blocks a node executes for one (height, round). An honest proposer sends
/// one; the engine keeps two of a dishonest one and a third that won a polka. One less than
/// [`PROPOSALS_PER_ROUND_MAX`], so that a decided block that comes by sync always has its place.
pub const PROPOSALS_EXECUTED_PER_ROUND_MAX: usize = PROPOSALS_PER_ROUND_MAX - 1;

/// Rounds ahead of the current one for which a node takes proposals: the engine's own limit.
pub const ROUNDS_AHEAD_MAX: u32 = 10;

/// Blocks of one sync response.
pub const SYNC_BLOCKS_MAX: usize = 16;

/// Bytes of blocks in one sync response: 4 of the largest, 8 MiB, below the 10 MiB of the
/// transport with 16 × 100 signatures of 84 bytes (131 KiB) beside them.
pub const SYNC_BYTES_MAX: usize = 4 * BLOCK_BYTES_MAX;

/// Heights a node starts on a peer's word before it looks again. A node that is behind gets this
/// many blocks by sync for one message; a peer that lies costs as many empty blocks, 64 × 0.6 KiB.
pub const IDLE_HEIGHTS_AHEAD_MAX: u64 = 64;
