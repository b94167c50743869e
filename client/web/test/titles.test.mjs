// The golden title certificates and state receipts of ../../schemas/vectors/title-certificate: what each proves is
// compared field by field with what Rust found.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fromHex, json, verify } from "../out/verify.mjs";

const folder = new URL("../../../schemas/vectors/title-certificate/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const policy = readFileSync(new URL("policy.txt", folder));

test("every valid file proves what Rust says it proves", () => {
  for (const { name, kind, hex, statement } of read("valid.json")) {
    const proven = verify(fromHex(hex), policy);
    assert.ok(proven.proven, `${name}: ${proven.error}`);
    const { proven: _, file, headline, details, vouched, limits, ...found } = JSON.parse(json(proven));
    assert.ok(headline && vouched && details.length > 0 && limits.length > 0, name);
    assert.equal(file, kind === "title" ? "title-certificate" : "state-receipt", name);
    // Of an object the vectors hold no more than the object.
    const { key, value } = found;
    assert.deepEqual(kind === "title" ? found : { key, value }, statement, name);
  }
});

test("no invalid certificate proves anything of a title", () => {
  for (const { name, hex } of read("invalid.json")) {
    const { proven, error, file } = verify(fromHex(hex), policy);
    if (name === "state-receipt-of-one-object") {
      assert.equal(file, "state-receipt");
      continue;
    }
    assert.equal(proven, false, name);
    assert.ok(error.length > 0, name);
  }
});
