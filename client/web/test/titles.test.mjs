// The golden title certificates of ../../schemas/vectors/title-certificate: what each proves is
// compared field by field with what Rust found.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fromHex, json, verify } from "../out/verify.mjs";

const folder = new URL("../../../schemas/vectors/title-certificate/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));
const policy = readFileSync(new URL("policy.txt", folder));

test("every valid certificate proves what Rust says it proves", () => {
  for (const { name, kind, hex, statement } of read("valid.json")) {
    const proven = verify(fromHex(hex), policy);
    if (kind !== "title") {
      assert.equal(proven.proven, false, name);
      continue;
    }
    assert.ok(proven.proven, `${name}: ${proven.error}`);
    const { proven: _, file, headline, details, vouched, limits, ...found } = JSON.parse(json(proven));
    assert.deepEqual(found, statement, name);
    assert.equal(file, "title-certificate");
    assert.ok(headline && vouched && details.length > 0 && limits.length > 0, name);
  }
});

test("no invalid certificate proves anything", () => {
  for (const { name, hex } of read("invalid.json")) {
    const { proven, error } = verify(fromHex(hex), policy);
    assert.equal(proven, false, name);
    assert.ok(error.length > 0, name);
  }
});
