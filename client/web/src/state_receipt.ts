// State receipts: that the register held exactly this, or nothing, under some keys at a checkpoint. The
// steps are those that the module schemas/src/state_receipt.rs lists. A title certificate is one of them
// (`title`); the other kind is about one object, whatever it is (`.deedbook-state`).

import { check, compare, equal, hex } from "./bytes";
import { decode, type Fields } from "./cbor";
import { STATE_RECEIPT_BYTES_MAX, STATE_RECEIPT_OBJECTS_MAX } from "./limits";
import { leafHash, rootOf } from "./merkle";
import { signedCheckpoint, type SignedCheckpoint } from "./note";
import type { Accepted, Policy } from "./policy";
import { derive } from "./record";
import { fits } from "./schema";
import { checkProof, STATE_PROOF } from "./state";

/** What each key holds, null for nothing, by the key in hexadecimal, ascending. */
export type Held = ReadonlyMap<string, Uint8Array | null>;

export interface VerifiedState {
  readonly kind: "title" | "object";
  readonly checkpoint: SignedCheckpoint;
  readonly accepted: Accepted;
  readonly height: bigint;
  /** Seconds. */
  readonly time: bigint;
  readonly held: Held;
}

type Proved = [Uint8Array, Uint8Array | null, Fields];
type Parts = [bigint, string, [bigint, Uint8Array[], Uint8Array], Proved[], Uint8Array];
const OBJECT = ["bstr", ["/", "bstr", "null"], STATE_PROOF];
const FORM = [["/", 1, 2], "tstr", ["uint", ["*", "b32"], "bstr"], ["*", OBJECT], "b32"];
/** The check at the end, and its head before it. */
const [CHECK_BYTES, CHECK_HEAD_BYTES] = [32, 2];

export function stateReceipt(bytes: Uint8Array, policy: Policy): VerifiedState {
  check(bytes.length <= STATE_RECEIPT_BYTES_MAX, "the file is too long");
  const before = bytes.subarray(0, -CHECK_BYTES - CHECK_HEAD_BYTES);
  const whole = equal(bytes.subarray(-CHECK_BYTES), derive("deedbook 2026 state receipt", before));
  check(whole, "the file is damaged, or none of the ledger's: its check does not fit");
  const parts = decode(bytes);
  check(fits(FORM, parts), "this is neither a receipt nor a certificate");
  const [number, note, seal, objects] = parts as Parts;
  const kind = number === 1n ? "title" : "object";
  const checkpoint = signedCheckpoint(note);
  const accepted = policy.accept(checkpoint);
  const { height, time, stateRoot } = readSeal(seal, checkpoint);
  const most = kind === "title" ? STATE_RECEIPT_OBJECTS_MAX : 1;
  const few = objects.length >= 1 && objects.length <= most;
  check(few, `${objects.length} objects are none or too many`);
  return { kind, checkpoint, accepted, height, time, held: proved(objects, stateRoot) };
}

/** The seal is the log's last entry, so its state is the state at the checkpoint. */
function readSeal(
  [index, path, entry]: [bigint, Uint8Array[], Uint8Array],
  checkpoint: SignedCheckpoint,
): { height: bigint; time: bigint; stateRoot: Uint8Array } {
  check(index + 1n === checkpoint.size, "the seal is not the log's last entry");
  const root = rootOf(leafHash(entry), index, checkpoint.size, path);
  check(equal(root, checkpoint.root), "the seal is not in the log: the path leads to another root");
  const sealed = decode(entry);
  check(fits([2, "seal"], sealed), "the log's last entry is not a seal");
  const fields = (sealed as [bigint, Fields])[1];
  const [height, time, first] = [0n, 1n, 4n].map((field) => fields.get(field) as bigint);
  check(height !== undefined && time !== undefined && first !== undefined, "the seal is not one");
  check(first <= index, "the seal's block begins after it");
  return { height, time: time / 1000n, stateRoot: fields.get(2n) as Uint8Array };
}

function proved(objects: readonly Proved[], root: Uint8Array): Held {
  const held = new Map<string, Uint8Array | null>();
  let last: Uint8Array | undefined;
  for (const [key, value, proof] of objects) {
    check(last === undefined || compare(last, key) < 0, "the objects are not in order");
    checkProof(proof, root, key, value);
    held.set(hex(key), value);
    last = key;
  }
  return held;
}
