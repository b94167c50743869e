// Inclusion in the log's Merkle tree, by the recursive definition of RFC 9162 §2.1.1 and §2.1.3.1.

import { sha256 } from "@noble/hashes/sha2.js";

import { check, concat } from "./bytes";

export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), entry));
}

/** The root of a tree of `size` leaves in which `leaf` is leaf `index`. */
export function rootOf(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  path: readonly Uint8Array[],
): Uint8Array {
  check(index < size, `entry ${index} is not in a log of ${size} entries`);
  const sibling = path.at(-1);
  if (size === 1n) {
    check(sibling === undefined, "the path is too long for this log");
    return leaf;
  }
  check(sibling !== undefined, "the path is too short for this log");
  // The largest power of two below the size.
  const split = 1n << BigInt((size - 1n).toString(2).length - 1);
  const rest = path.slice(0, -1);
  return index < split
    ? node(rootOf(leaf, index, split, rest), sibling)
    : node(sibling, rootOf(leaf, index - split, size - split, rest));
}

function node(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}
