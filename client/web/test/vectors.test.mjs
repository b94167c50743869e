// The golden vectors of ../../schemas/vectors: every record that Rust's codec reads is read here,
// and every one that it or a signature refuses is refused here.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { decode, encode, fromHex, hex, readEntry, record, Refusal } from "../out/verify.mjs";

const folder = new URL("../../../schemas/vectors/", import.meta.url);
const NOT_HERE = new Set([
  "attestation", "header", "block", "certificate", "genesis", "cose-receipt", "transparent-statement",
]);

function vectors(part) {
  const names = readdirSync(new URL(part, folder));
  const all = names.flatMap((name) => JSON.parse(readFileSync(new URL(part + name, folder), "utf8")));
  return all.filter((vector) => !NOT_HERE.has(vector.kind));
}

function bytesOf({ hex, filler }) {
  const bytes = [...fromHex(hex)];
  if (filler) bytes.splice(filler.at, 0, ...new Uint8Array(filler.count));
  return new Uint8Array(bytes);
}

function read(vector) {
  const bytes = bytesOf(vector);
  return vector.kind === "entry" ? readEntry(bytes, undefined) : record(bytes);
}

// Checks that Rust makes too, and elsewhere than in its codec: a vector that was broken in its body
// keeps the attestation of the whole one, and an outcome alone has no record beside it.
const AFTER_THE_CODEC = /about another person, act or ledger|an outcome comes with/;

function refusalOf(vector) {
  try {
    read(vector);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Refusal, `${vector.kind} ${vector.name}: ${error.stack}`);
    return AFTER_THE_CODEC.test(error.message) ? undefined : error.message;
  }
}

test("every valid record is read under its own id", () => {
  let read_ = 0;
  for (const vector of vectors("valid/")) {
    if (vector.kind === "entry") continue;
    assert.equal(read(vector).id, vector.id, vector.name);
    read_ += 1;
  }
  assert.ok(read_ >= 90, `${read_} records`);
});

test("what the codec or a signature refuses is refused, and what only the law refuses is read", () => {
  const counts = { refused: 0, read: 0 };
  for (const vector of vectors("invalid/")) {
    const refusal = refusalOf(vector);
    const name = `${vector.kind} ${vector.name} (${vector.refusal}): ${refusal ?? "read"}`;
    assert.equal(refusal === undefined, vector.refusal === "law", name);
    counts[refusal === undefined ? "read" : "refused"] += 1;
  }
  assert.ok(counts.refused > 1_000 && counts.read > 20, JSON.stringify(counts));
});

test("every valid entry of the ledger's own is read", () => {
  const entries = vectors("valid/").filter((vector) => vector.kind === "entry");
  assert.ok(entries.length >= 5);
  for (const vector of entries) assert.equal(refusalOf(vector), undefined, vector.name);
});

test("what is decoded encodes back to the same bytes", () => {
  for (const vector of vectors("valid/")) {
    const bytes = fromHex(vector.hex);
    assert.equal(hex(encode(decode(bytes))), vector.hex, vector.name);
  }
});
