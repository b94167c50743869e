// The limits of schemas/src/limits.rs that an offline verifier meets, under the same names.

export const RECORD_BYTES_MAX = 48 * 1024;
export const ENTRY_BYTES_MAX = 65_535;
export const KEY_NAME_CHARS_MAX = 64;
export const CADASTRAL_NUMBER_BYTES_MAX = 64;
export const LABEL_BYTES_MAX = 64;
export const SECONDS_MAX = 253_402_300_799n;
export const TREE_SIZE_MAX = 2n ** 63n - 1n;
export const PROOF_HASHES_MAX = 64;
export const COSIGNATURE_TIME_MAX = 2n ** 63n - 1n;
export const NOTE_SIGNATURES_MAX = 201;
export const CHECKPOINT_BYTES_MAX = 64 * 1024;
export const RECEIPT_BYTES_MAX = 160 * 1024;
export const POLICY_BYTES_MAX = 128 * 1024;
export const POLICY_DEFINITIONS_MAX = 256;
export const STATE_PROOF_HASHES_MAX = 256;
export const FRACTION_TERM_MAX = 2n ** 63n - 1n;
export const STATE_RECEIPT_OBJECTS_MAX = 96;
export const STATE_RECEIPT_BYTES_MAX = 2 * 1024 * 1024;
export const POWER_DEPTH_MAX = 4;
