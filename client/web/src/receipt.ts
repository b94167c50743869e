// Receipts (C2SP tlog-proof, `.tlog-proof`): what the log says at one place, the path to a
// checkpoint, and what the entry is. Nothing is returned that was not checked.

import { check, equal, fromBase64, fromUtf8 } from "./bytes";
import { decode, type Fields } from "./cbor";
import { ENTRY_BYTES_MAX, PROOF_HASHES_MAX, RECEIPT_BYTES_MAX } from "./limits";
import { leafHash, rootOf } from "./merkle";
import { signedCheckpoint, treeHash, treeNumber, type SignedCheckpoint } from "./note";
import type { Accepted, Policy } from "./policy";
import { record, type SignedRecord } from "./record";
import { fits } from "./schema";

export const RECEIPT_HEADER = "c2sp.org/tlog-proof@v1";

export type Entry =
  | { readonly is: "record"; readonly record: SignedRecord }
  | { readonly is: "outcome"; readonly outcome: Fields; readonly record: SignedRecord }
  | { readonly is: "seal"; readonly seal: Fields };

export interface VerifiedReceipt {
  readonly checkpoint: SignedCheckpoint;
  readonly accepted: Accepted;
  readonly index: bigint;
  readonly entry: Entry;
}

export function receipt(bytes: Uint8Array, policy: Policy): VerifiedReceipt {
  check(bytes.length <= RECEIPT_BYTES_MAX, "the receipt is too long");
  const text = fromUtf8(bytes, "the receipt");
  const blank = text.indexOf("\n\n");
  check(blank >= 0, "the receipt has no checkpoint");
  const lines = text.slice(0, blank).split("\n");
  check(lines.shift() === RECEIPT_HEADER, `a receipt begins with the line ${RECEIPT_HEADER}`);
  const extra = lines[0]?.startsWith("extra ") ? lines.shift()?.slice(6) : undefined;
  check(extra !== undefined, "the receipt carries no entry to prove (no extra line)");
  const place = lines.shift();
  check(place?.startsWith("index ") === true, "the receipt has no index line");
  const index = treeNumber(place.slice(6), "the receipt's index");
  check(lines.length <= PROOF_HASHES_MAX, "the receipt has too many hashes");
  const path = lines.map((line) => treeHash(line, "a line of the receipt's path"));
  const checkpoint = signedCheckpoint(text.slice(blank + 2));

  const data = fromBase64(extra, "the extra line");
  check(data.length >= 1 && data.length <= ENTRY_BYTES_MAX, "what the receipt carries is too long");
  const carried = decode(data);
  const pair = fits(["bstr"], carried) || fits(["bstr", "bstr"], carried);
  check(pair, "what the receipt carries is not an entry");
  const [entry, about] = carried as [Uint8Array, Uint8Array?];

  const root = rootOf(leafHash(entry), index, checkpoint.size, path);
  check(equal(root, checkpoint.root), "the entry is not in the log: the path leads to another root");
  const accepted = policy.accept(checkpoint);
  return { checkpoint, accepted, index, entry: readEntry(entry, about) };
}

/** First byte of every record: CBOR tag 18. */
const RECORD_FIRST_BYTE = 0xd2;

export function readEntry(bytes: Uint8Array, about: Uint8Array | undefined): Entry {
  const pairing = "an outcome comes with the record it is about, and nothing else does";
  if (bytes[0] === RECORD_FIRST_BYTE) {
    check(about === undefined, pairing);
    return { is: "record", record: record(bytes) };
  }
  const entry = decode(bytes);
  if (fits([2, "seal"], entry)) {
    check(about === undefined, pairing);
    return { is: "seal", seal: (entry as [bigint, Fields])[1] };
  }
  check(fits([1, "outcome"], entry), "the entry is not one of this log");
  check(about !== undefined, pairing);
  const outcome = (entry as [bigint, Fields])[1];
  const named = record(about);
  const same = equal(outcome.get(0n) as Uint8Array, named.idBytes);
  check(same, "the outcome is about another record than the receipt carries");
  return { is: "outcome", outcome, record: named };
}
