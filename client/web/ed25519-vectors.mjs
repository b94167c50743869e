// Writes ../../schemas/vectors/ed25519.json. What is valid follows from how
// a case is made, not from asking a verifier.

import { writeFileSync } from "node:fs";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const TORSION = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
].map(hexToBytes);
const torsion = TORSION.map((bytes) => Point.fromBytes(bytes, true));

const number = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const bytes32 = (value) => Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const times = (point, scalar) => (scalar === 0n ? Point.ZERO : point.multiplyUnsafe(scalar));

const secret = number(sha512(utf8ToBytes("a test key"))) % ORDER;
const nonce = number(sha512(utf8ToBytes("a test nonce"))) % ORDER;
const honest = Point.BASE.multiply(secret);
const keys = [];
const signatures = [];

/** A signature by `secret` under a key and a nonce point that may have torsion of their own. */
function sign(key, point, message, why) {
  const [a, r] = [key.toBytes(), point.toBytes()];
  const challenge = number(sha512(concatBytes(r, a, utf8ToBytes(message)))) % ORDER;
  const scalar = (nonce + challenge * secret) % ORDER;
  const exact = point.add(times(key, challenge)).equals(times(Point.BASE, scalar));
  const valid = exact && !key.isSmallOrder() && !point.isSmallOrder();
  const add = (scalar, valid, why) => {
    const signature = bytesToHex(concatBytes(r, bytes32(scalar)));
    signatures.push({ why, key: bytesToHex(a), message, signature, valid });
  };
  add(scalar, valid, why);
  if (valid) add(scalar + ORDER, false, `${why}, scalar plus the order`);
  if (valid) add((scalar + 1n) % ORDER, false, `${why}, scalar plus one`);
}

torsion.forEach((inKey, i) => {
  const key = honest.add(inKey);
  keys.push({ why: `torsion ${i} in the key`, key: bytesToHex(key.toBytes()), admitted: i === 0 });
  torsion.forEach((inNonce, j) => {
    const point = Point.BASE.multiply(nonce).add(inNonce);
    for (const message of ["deed", "deed 2", "deed 3", "deed 4"]) {
      sign(key, point, message, `torsion ${i} in the key, ${j} in the nonce`);
    }
  });
});
TORSION.forEach((key, i) => {
  keys.push({ why: `small order ${i}`, key: bytesToHex(key), admitted: false });
  TORSION.forEach((point, j) => {
    const signature = bytesToHex(concatBytes(point, new Uint8Array(32)));
    const why = `small order ${i} as key, ${j} as nonce, scalar zero`;
    signatures.push({ why, key: bytesToHex(key), message: "any deed", signature, valid: false });
  });
  const signature = bytesToHex(concatBytes(key, bytes32(5n)));
  const why = `small order ${i} as nonce`;
  signatures.push({ why, key: bytesToHex(honest.toBytes()), message: "deed", signature, valid: false });
});
for (let y = 0; y < 19; y += 1) {
  for (const last of [0x7f, 0xff]) {
    const key = new Uint8Array(32).fill(0xff);
    key.set([0xed + y], 0);
    key.set([last], 31);
    keys.push({ why: `y of p plus ${y}, last byte ${last}`, key: bytesToHex(key), admitted: false });
  }
}
for (const [first, last] of [[1, 0x80], [2, 0]]) {
  const key = new Uint8Array(32);
  key.set([first], 0);
  key.set([last], 31);
  keys.push({ why: `y of ${first}, last byte ${last}: no point`, key: bytesToHex(key), admitted: false });
}
const rows = (list) => list.map((row) => JSON.stringify(row)).join(",\n");
const text = `{"keys": [\n${rows(keys)}\n], "signatures": [\n${rows(signatures)}\n]}\n`;
writeFileSync(new URL("../../schemas/vectors/ed25519.json", import.meta.url), text);
