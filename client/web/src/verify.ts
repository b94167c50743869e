// From the bytes of a file and of a policy to what is proved, in the one JSON that every verifier
// of this ledger prints.

import { check, hex, Refusal } from "./bytes";
import type { Value } from "./cbor";
import { expand, isCompact } from "./compact";
import { Policy, type Grade, type Witnessed } from "./policy";
import { receipt, type VerifiedReceipt } from "./receipt";
import { toJson, word, type Json } from "./schema";
import { stateReceipt, type VerifiedState } from "./state_receipt";
import { stateWords } from "./state_words";
import { titleCertificate, type Against, type ProvenPower, type VerifiedTitle } from "./title";
import { titleWords } from "./title_words";
import { receiptWords, type Words } from "./words";

/** What a receipt proves. Numbers above 2^53 are why these are bigints; see `json`. */
export interface ProvenReceipt extends Words {
  readonly proven: true;
  readonly file: "receipt";
  readonly grade: Grade;
  readonly record: string | null;
  readonly kind: string | null;
  readonly outcome: string | null;
  readonly codes: readonly Value[];
  readonly title_version: bigint | null;
  readonly origin: string;
  readonly leaf_index: bigint;
  readonly tree_size: bigint;
  readonly root: string;
  readonly witnesses: readonly Witnessed[];
}

/** What a title certificate proves. */
export interface ProvenTitle extends Words {
  readonly proven: true;
  readonly file: "title-certificate";
  readonly origin: string;
  readonly tree_size: bigint;
  readonly root: string;
  readonly height: bigint;
  /** Seconds: everything is judged at this time. */
  readonly time: bigint;
  readonly grade: Grade;
  readonly witnesses: readonly Witnessed[];
  readonly property: string;
  readonly title: Json;
  readonly clean: boolean;
  readonly against: readonly Against[];
  readonly pending: readonly Json[];
  readonly powers: readonly ProvenPower[];
}

/** What a state receipt of one object proves. */
export interface ProvenState extends Words {
  readonly proven: true;
  readonly file: "state-receipt";
  readonly origin: string;
  readonly tree_size: bigint;
  readonly root: string;
  readonly height: bigint;
  /** Seconds. */
  readonly time: bigint;
  readonly grade: Grade;
  readonly witnesses: readonly Witnessed[];
  /** Hexadecimal. */
  readonly key: string;
  /** Hexadecimal; null: nothing. */
  readonly value: string | null;
}

export type Proven = ProvenReceipt | ProvenTitle | ProvenState;

export interface NotProven {
  readonly proven: false;
  /** Why not, in words for people. */
  readonly error: string;
}

/** First byte of a state receipt: an array of five. */
const STATE_FIRST_BYTE = 0x85;

/** Verifies a receipt, a title certificate or a state receipt. Never throws for what a file or a policy says. */
export function verify(file: Uint8Array, policyFile: Uint8Array): Proven | NotProven {
  return refusing(() => verifyUnder(file, new Policy(policyFile)));
}

/** The same under a policy that was read before. */
export function verifyUnder(file: Uint8Array, policy: Policy): Proven | NotProven {
  return refusing(() => {
    if (isCompact(file)) return provenReceipt(receipt(expand(file), policy), policy);
    if (file[0] !== STATE_FIRST_BYTE) return provenReceipt(receipt(file, policy), policy);
    const state = stateReceipt(file, policy);
    return state.kind === "title" ? provenTitle(titleCertificate(state), policy) : provenState(state, policy);
  });
}

function refusing(prove: () => Proven | NotProven): Proven | NotProven {
  try {
    return prove();
  } catch (error) {
    if (error instanceof Refusal) return { proven: false, error: error.message };
    throw error;
  }
}

function provenReceipt(verified: VerifiedReceipt, policy: Policy): ProvenReceipt {
  const { accepted, checkpoint, entry, index } = verified;
  const record = entry.is === "seal" ? null : entry.record;
  const outcome = entry.is === "outcome" ? entry.outcome : null;
  return {
    proven: true,
    file: "receipt",
    grade: accepted.grade,
    ...receiptWords(verified, policy),
    record: record?.id ?? null,
    kind: record?.statement.kind ?? null,
    outcome: outcome === null ? null : word("outcome-status", outcome.get(1n)),
    codes: outcome === null ? [] : (outcome.get(2n) as Value[]),
    title_version: (outcome?.get(3n) as bigint | undefined) ?? null,
    origin: checkpoint.origin,
    leaf_index: index,
    tree_size: checkpoint.size,
    root: hex(checkpoint.root),
    witnesses: accepted.witnesses,
  };
}

function provenTitle(verified: VerifiedTitle, policy: Policy): ProvenTitle {
  const { accepted, checkpoint, height, time, property, title, against, pending, powers } = verified;
  const told = toJson("state-title", title);
  return {
    proven: true,
    file: "title-certificate",
    ...titleWords(verified, policy),
    origin: checkpoint.origin,
    tree_size: checkpoint.size,
    root: hex(checkpoint.root),
    height,
    time,
    grade: accepted.grade,
    witnesses: accepted.witnesses,
    property,
    title: told === null ? null : { cadastral_number: property, ...(told as object) },
    clean: title !== null && against.length === 0,
    against,
    pending,
    powers,
  };
}

function provenState(verified: VerifiedState, policy: Policy): ProvenState {
  const { accepted, checkpoint, height, time, held } = verified;
  const [object] = held;
  check(object !== undefined, "a state receipt without an object");
  const [key, value] = object;
  return {
    proven: true,
    file: "state-receipt",
    ...stateWords(verified, key, value, policy),
    origin: checkpoint.origin,
    tree_size: checkpoint.size,
    root: hex(checkpoint.root),
    height,
    time,
    grade: accepted.grade,
    witnesses: accepted.witnesses,
    key,
    value: value === null ? null : hex(value),
  };
}

/** JSON in which a bigint is a number with all its digits. */
export function json(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(json).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${json(field)}`);
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value);
}
