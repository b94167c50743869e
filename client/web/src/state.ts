// Proofs against the state root: that a key holds a value, or that it holds none. The state is a
// Jellyfish Merkle tree over BLAKE3: a binary trie over the bits of the key's hash in which a
// subtree of one leaf is that leaf.

import { check, equal, utf8 } from "./bytes";
import type { Fields } from "./cbor";
import { STATE_PROOF_HASHES_MAX } from "./limits";
import { derive } from "./record";

const EMPTY = utf8("SPARSE_MERKLE_PLACEHOLDER_HASH__");

function hash(...parts: Uint8Array[]): Uint8Array {
  return derive("deedbook 2026 state tree", ...parts);
}

/** The form of a proof: the leaf at the path's end, and the hashes beside the path. */
export const STATE_PROOF = { "0?": ["b32", "b32"], "1": ["*", ["/", "b32", "null"]] };

/** Refuses unless the proof shows that `key` holds exactly `value` under `root`; null is nothing. */
export function checkProof(proof: Fields, root: Uint8Array, key: Uint8Array, value: Uint8Array | null): void {
  const place = derive("deedbook 2026 state key", key);
  const siblings = proof.get(1n) as (Uint8Array | null)[];
  check(siblings.length <= STATE_PROOF_HASHES_MAX, "a state proof is deeper than the tree");
  const leaf = proof.get(0n) as [Uint8Array, Uint8Array] | undefined;
  const here = leaf !== undefined && equal(leaf[0], place);
  if (value !== null) {
    const same = here && equal(leaf[1], hash(value));
    check(same, "a state proof does not end at what the certificate carries");
  } else if (leaf !== undefined) {
    // Another key is alone in the subtree where this one would be.
    const apart = !here && bits(place, siblings.length) === bits(leaf[0], siblings.length);
    check(apart, "a state proof does not show that the key is absent");
  }
  let node = leaf === undefined ? EMPTY : hash(utf8("JMT::LeafNode"), leaf[0], leaf[1]);
  const path = bits(place, siblings.length);
  siblings.forEach((sibling, index) => {
    check(sibling === null || !equal(sibling, EMPTY), "a state proof spells out an empty side");
    const beside = sibling ?? EMPTY;
    const right = path.charAt(siblings.length - 1 - index) === "1";
    const [a, b] = right ? [beside, node] : [node, beside];
    node = hash(utf8("JMT::IntrnalNode"), a, b);
  });
  check(equal(node, root), "a state proof leads to another root");
}

/** The first `count` bits, as digits. */
function bits(bytes: Uint8Array, count: number): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(2).padStart(8, "0");
  return text.slice(0, count);
}
