// Verifies many cases in one process, for the differential tests of ../../../tests. One command a line:
//   policy HEX       the policy from now on; `-` is the reply if it is refused, `+` if not
//   file HEX         the file from now on; the reply is `-`, or what it proves as JSON without words
//   flips FROM TO    the file with each one of these bits flipped; a line `BIT JSON` for each that still
//                    proves something, then `.`
// Bundled with the shipped verifier, as out/batch.mjs.

import { createInterface } from "node:readline";
import { fromHex, json, Policy, Refusal, verifyUnder } from "../src/node";

// A refusal is told by its words: thousands of them a second need no stack each.
Error.stackTraceLimit = 0;

let policy;
let file;

function proves(bytes) {
  const proven = policy === undefined ? { proven: false } : verifyUnder(bytes, policy);
  if (!proven.proven) return undefined;
  const { headline, details, vouched, limits, ...statement } = proven;
  return json(statement);
}

const commands = {
  policy([hex]) {
    policy = undefined;
    try {
      policy = new Policy(fromHex(hex ?? ""));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    return [policy === undefined ? "-" : "+"];
  },
  file([hex]) {
    file = fromHex(hex ?? "");
    return [proves(file) ?? "-"];
  },
  flips([from, to]) {
    const lines = [];
    for (let bit = Number(from); bit < Number(to); bit += 1) {
      file[bit >> 3] ^= 1 << (bit & 7);
      const statement = proves(file);
      file[bit >> 3] ^= 1 << (bit & 7);
      if (statement !== undefined) lines.push(`${bit} ${statement}`);
    }
    return [...lines, "."];
  },
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const [command, ...words] = line.split(" ");
  process.stdout.write(`${commands[command](words).join("\n")}\n`);
}
