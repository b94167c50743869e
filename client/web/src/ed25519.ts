// Ed25519 (RFC 8032) with every ambiguity refused: the cofactorless equation, the nonce point
// compared byte by byte, scalars below the order, no point of small order. The curve's arithmetic
// is @noble/curves; its own `verify` multiplies by the cofactor and would accept signatures that
// other verifiers refuse.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

import { concat, equal, hex } from "./bytes";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;

type PointOf = ReturnType<typeof Point.fromBytes>;

function point(bytes: Uint8Array): PointOf | undefined {
  try {
    return Point.fromBytes(bytes, true);
  } catch {
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** What was found of keys: those of a policy come again with every file. */
const judged = new Map<string, boolean>();
const JUDGED_MAX = 1024;

/** Whether a key may be relied on: canonical, of full order, without a torsion part. */
export function admissible(key: Uint8Array): boolean {
  const name = hex(key);
  const found = judged.get(name) ?? judge(key);
  if (judged.size === JUDGED_MAX) judged.clear();
  judged.set(name, found);
  return found;
}

function judge(key: Uint8Array): boolean {
  const decoded = key.length === 32 ? point(key) : undefined;
  return (
    decoded !== undefined &&
    !decoded.isSmallOrder() &&
    decoded.isTorsionFree() &&
    equal(decoded.toBytes(), key)
  );
}

/** Whether `signature` is this key's over `message`. */
export function verifies(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false;
  const nonce = signature.subarray(0, 32);
  const scalar = littleEndian(signature.subarray(32));
  if (scalar >= ORDER) return false;
  const a = point(key);
  if (a === undefined || a.isSmallOrder()) return false;
  const challenge = littleEndian(sha512(concat(nonce, key, message))) % ORDER;
  const left = scalar === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(scalar);
  const right = challenge === 0n ? Point.ZERO : a.multiplyUnsafe(challenge);
  const r = left.subtract(right);
  return !r.isSmallOrder() && equal(r.toBytes(), nonce);
}
