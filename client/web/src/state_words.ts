// A verified state receipt of one object in plain words. Nothing is checked here.

import { fromHex, fromUtf8, hex, Refusal } from "./bytes";
import { decode } from "./cbor";
import type { Policy } from "./policy";
import { fits, tell } from "./schema";
import type { VerifiedState } from "./state_receipt";
import { rfc3339 } from "./time";
import { vouched, type Words } from "./words";

/** What a key begins with, and what is held under it. */
const KINDS: Record<string, string> = { T: "title", I: "instrument", W: "power", P: "party" };

/** The same for the one key and what it holds. */
export function stateWords(verified: VerifiedState, key: string, value: Uint8Array | null, policy: Policy): Words {
  const { checkpoint, height, time } = verified;
  const kind = KINDS[String.fromCharCode(parseInt(key.slice(0, 2), 16))];
  const what = kind === undefined ? `the key ${key}` : `the ${kind} ${nameOf(kind, key.slice(2))}`;
  const at = rfc3339(time);
  return {
    headline: `At ${at} the register held ${value === null ? "nothing" : "this"} under ${what}.`,
    details: [
      ...(value === null ? [] : told(kind, value)),
      `block ${height}, which ended at ${at}`,
      `the log ${checkpoint.origin} of ${checkpoint.size} entries, root ${hex(checkpoint.root)}`,
    ],
    vouched: vouched(verified, policy),
    limits: [
      `It says what the register held at ${at}, and nothing about what happened later.`,
      "It is about one key: what stands under others may change what this means.",
      "Parties are pseudonyms: it does not say who they are.",
      "It rests on the policy file: whoever wrote that chose whose word counts.",
    ],
  };
}

/** A title's name is a cadastral number; the others are ids. */
function nameOf(kind: string, rest: string): string {
  return kind === "title" ? readable(() => fromUtf8(fromHex(rest), "the cadastral number")) ?? rest : rest;
}

function told(kind: string | undefined, value: Uint8Array): string[] {
  const object = readable(() => decode(value));
  const rule = `state-${kind}`;
  if (kind !== undefined && object !== undefined && fits(rule, object)) return tell(rule, object);
  return [`the ${value.length} bytes ${hex(value)}`];
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
