// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature). Whose
// signatures count is for the policy to say.

import { sha256 } from "@noble/hashes/sha2.js";

import { check, concat, equal, fromBase64, fromDecimal, fromUtf8, hex, utf8 } from "./bytes";
import { admissible, verifies } from "./ed25519";
import {
  CHECKPOINT_BYTES_MAX,
  COSIGNATURE_TIME_MAX,
  KEY_NAME_CHARS_MAX,
  NOTE_SIGNATURES_MAX,
  TREE_SIZE_MAX,
} from "./limits";

// Unicode White_Space and control characters, and the plus sign.
const NOT_IN_NAMES =
  /[\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/u;

export function keyName(text: string): string {
  const characters = [...text].length;
  const holds = characters >= 1 && characters <= KEY_NAME_CHARS_MAX && !NOT_IN_NAMES.test(text);
  check(holds, `"${excerpt(text)}" is not the name of a key`);
  return text;
}

export function excerpt(text: string): string {
  return [...text].slice(0, 100).join("");
}

export type KeyRole = "log" | "witness";
const ROLE: Record<number, KeyRole> = { 1: "log", 4: "witness" };

/** A named public key that may be relied on (vkey). */
export interface VerifierKey {
  readonly name: string;
  /** Eight hexadecimal digits. */
  readonly id: string;
  /** By its signature type: 0x01 signs as a log, 0x04 as a witness. */
  readonly role: KeyRole;
  readonly public: Uint8Array;
}

/** Reads `<name>+<key id>+<base64 of type and key>`. */
export function verifierKey(text: string): VerifierKey {
  const parts = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(text);
  check(parts !== null, `"${excerpt(text)}" is not a verifier key (name+id+base64)`);
  const [, name = "", id = "", encoded = ""] = parts;
  keyName(name);
  const typed = fromBase64(encoded, `the key of ${name}`);
  const role = ROLE[typed[0] ?? 0];
  check(role !== undefined, `the key of ${name} has an unsupported signature type`);
  check(typed.length === 33, `the key of ${name} is not 32 bytes long`);
  const own = hex(sha256(concat(utf8(`${name}\n`), typed)).subarray(0, 4));
  check(own === id, `the key of ${name} carries the id ${excerpt(id)}, its own is ${own}`);
  const key = typed.slice(1);
  check(admissible(key), `the key of ${name} is not one to rely on`);
  return { name, id, role, public: key };
}

/** One signature line of a note, unverified. */
export interface SignatureLine {
  readonly name: string;
  readonly id: string;
  readonly signature: Uint8Array;
}

function signatureLine(line: string): SignatureLine {
  const parts = /^— ([^ ]*) (.*)$/su.exec(line);
  check(parts !== null, `"${excerpt(line)}" is not a signature line`);
  const [, name = "", encoded = ""] = parts;
  const bytes = fromBase64(encoded, "a signature line");
  check(bytes.length > 4, "a signature line without a signature");
  keyName(name);
  return { name, id: hex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
}

/** A checkpoint and its signature lines, none of them verified. */
export interface SignedCheckpoint {
  readonly text: string;
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  readonly signatures: readonly SignatureLine[];
}

export function signedCheckpoint(note: string): SignedCheckpoint {
  check(utf8(note).length <= CHECKPOINT_BYTES_MAX, "the checkpoint is too long");
  check(!/[\u0000-\u0009\u000b-\u001f]/u.test(note), "the checkpoint has a control character");
  const blank = note.lastIndexOf("\n\n");
  check(blank >= 0 && note.endsWith("\n"), "the checkpoint has no signatures");
  const text = note.slice(0, blank + 1);
  // Of "…\n\n" alone the one newline at the end is the blank line's.
  check(blank + 2 < note.length, "the checkpoint has no signatures");
  const lines = note.slice(blank + 2, -1).split("\n");
  check(lines.length <= NOTE_SIGNATURES_MAX, "the checkpoint has too many signatures");
  const signatures = lines.map(signatureLine);
  const [origin = "", size = "", root = "", end, ...more] = text.split("\n");
  check(end === "" && more.length === 0, "a checkpoint has three lines: origin, size, root");
  keyName(origin);
  const checkpoint = {
    text,
    origin,
    size: treeNumber(size, "the checkpoint's tree size"),
    root: treeHash(root, "the checkpoint's root"),
    signatures,
  };
  const possible = checkpoint.size > 0n || equal(checkpoint.root, sha256(new Uint8Array()));
  check(possible, "a log without entries cannot have this root");
  return checkpoint;
}

export function signedCheckpointOf(bytes: Uint8Array): SignedCheckpoint {
  return signedCheckpoint(fromUtf8(bytes, "the checkpoint"));
}

export function treeNumber(text: string, what: string): bigint {
  const number = fromDecimal(text);
  check(number !== undefined && number <= TREE_SIZE_MAX, `${what} is not a number`);
  return number;
}

export function treeHash(text: string, what: string): Uint8Array {
  const bytes = fromBase64(text, what);
  check(bytes.length === 32, `${what} is not a hash`);
  return bytes;
}

/** The line that says it is by `key`; a key has one line at most. */
export function lineOf(key: VerifierKey, signed: SignedCheckpoint): SignatureLine | undefined {
  const [line, second] = signed.signatures.filter(
    (line) => line.name === key.name && line.id === key.id,
  );
  check(second === undefined, `${key.name} signed twice`);
  return line;
}

/** Checks the log's own signature. */
export function checkLogLine(key: VerifierKey, line: SignatureLine, text: string): void {
  const holds = verifies(key.public, utf8(text), line.signature);
  check(holds, `the signature of ${key.name} does not verify`);
}

/** Checks a cosignature and returns its time in seconds. */
export function cosignedAt(key: VerifierKey, line: SignatureLine, text: string): bigint {
  const wrong = `the signature of ${key.name} does not verify`;
  check(line.signature.length === 72, wrong);
  const time = BigInt(`0x${hex(line.signature.subarray(0, 8))}`);
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  const holds = time <= COSIGNATURE_TIME_MAX;
  check(holds && verifies(key.public, message, line.signature.subarray(8)), wrong);
  return time;
}
