// Ed25519 where verifiers could disagree: every mix of torsion in key and nonce ("Taming the many
// EdDSAs", Chalkias, Garillot, Nikolaenko), small orders, other encodings, scalars above the order.
// ../../../schemas/vectors/ed25519.json holds the answers, which Rust and Python are asked for too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { admissible, fromHex, utf8, verifies } from "../out/verify.mjs";

const { keys, signatures } = JSON.parse(
  readFileSync(new URL("../../../schemas/vectors/ed25519.json", import.meta.url), "utf8"),
);

test("keys are admitted as the ledger admits them", () => {
  for (const { key, admitted, why } of keys) assert.equal(admissible(fromHex(key)), admitted, why);
});

test("signatures verify as the ledger verifies them", () => {
  for (const { key, message, signature, valid, why } of signatures) {
    assert.equal(verifies(fromHex(key), utf8(message), fromHex(signature)), valid, why);
  }
});
