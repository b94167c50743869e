// Records: COSE_Sign1 (RFC 9052) signed statements in the one form the ledger accepts, and the
// identity attestation inside. Whether a record is lawful was for the ledger to judge.

import { blake3 } from "@noble/hashes/blake3.js";

import { check, equal, hex, utf8 } from "./bytes";
import { decode, encode, Tagged, type Fields, type Value } from "./cbor";
import { verifies } from "./ed25519";
import {
  CADASTRAL_NUMBER_BYTES_MAX,
  LABEL_BYTES_MAX,
  RECORD_BYTES_MAX,
  SECONDS_MAX,
} from "./limits";
import { bodyRule, fits } from "./schema";

/** BLAKE3 in key-derivation mode: the context names the one use of the hash. */
export function derive(context: string, ...parts: Uint8Array[]): Uint8Array {
  const hasher = blake3.create({ context: utf8(context) });
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** A signed statement, its signature unchecked. */
export interface Statement {
  /** The middle of the content type. */
  readonly kind: string;
  readonly key: Uint8Array;
  /** Hexadecimal. */
  readonly issuer: string;
  readonly subject: string;
  /** Seconds, by the signer's clock. */
  readonly issuedAt: bigint;
  readonly protectedHeader: Uint8Array;
  readonly payload: Fields;
  readonly signature: Uint8Array;
  readonly toBeSigned: Uint8Array;
}

function signedBytes(protectedHeader: Uint8Array, payload: Uint8Array): Uint8Array {
  return encode(["Signature1", protectedHeader, new Uint8Array(), payload]);
}

export function isIdentifier(value: Value | undefined, max: number): value is string {
  return typeof value === "string" && /^[!-~]+$/.test(value) && value.length <= max;
}

function statement(bytes: Uint8Array, what: string): Statement {
  check(bytes.length <= RECORD_BYTES_MAX, `the ${what} is too long`);
  const tagged = decode(bytes);
  const wrong = `the ${what} is not a signed statement (COSE_Sign1)`;
  check(tagged instanceof Tagged && tagged.tag === 18n, wrong);
  const parts = tagged.value;
  check(Array.isArray(parts) && parts.length === 4, wrong);
  const [header, unprotected, payload, signature] = parts;
  check(header instanceof Uint8Array && payload instanceof Uint8Array, wrong);
  check(unprotected instanceof Map && unprotected.size === 0, wrong);
  check(signature instanceof Uint8Array && signature.length === 64, wrong);
  const fields = decode(payload);
  check(fields instanceof Map, `the ${what} has no fields`);
  return {
    ...protectedHeader(header, what),
    protectedHeader: header,
    payload: fields,
    signature,
    toBeSigned: signedBytes(header, payload),
  };
}

function protectedHeader(
  bytes: Uint8Array,
  what: string,
): Pick<Statement, "kind" | "key" | "issuer" | "subject" | "issuedAt"> {
  const wrong = `the ${what} has not the header of a signed statement`;
  const header = decode(bytes);
  check(header instanceof Map && [...header.keys()].join() === "1,3,4,15", wrong);
  check(header.get(1n) === -8n, `the ${what} is not signed with EdDSA`);
  const type = header.get(3n);
  const kind = typeof type === "string" ? /^application\/vnd\.deedbook\.(.*)\+cbor$/s.exec(type)?.[1] : "";
  check(isIdentifier(kind, LABEL_BYTES_MAX), wrong);
  const [key, claims] = [header.get(4n), header.get(15n)];
  check(key instanceof Uint8Array && key.length === 32, wrong);
  check(claims instanceof Map && [...claims.keys()].join() === "1,2,6", wrong);
  const [issuer, subject, issuedAt] = [claims.get(1n), claims.get(2n), claims.get(6n)];
  check(typeof issuer === "string" && /^[0-9a-f]{32}$/.test(issuer), wrong);
  check(isIdentifier(subject, CADASTRAL_NUMBER_BYTES_MAX), wrong);
  check(typeof issuedAt === "bigint" && issuedAt >= 0n && issuedAt <= SECONDS_MAX, wrong);
  return { kind, key, issuer, subject, issuedAt };
}

/** A provider's word that it checked who signed. */
export interface Attestation {
  readonly statement: Statement;
  readonly method: string;
  readonly assurance: bigint;
  readonly liveness: bigint;
  readonly time: bigint;
}

export interface SignedRecord {
  /** Hexadecimal: a hash of what was signed. */
  readonly id: string;
  readonly idBytes: Uint8Array;
  readonly statement: Statement;
  readonly ledger: Uint8Array;
  readonly rule: string;
  readonly body: Value;
  readonly evidence: Fields | undefined;
  readonly attestation: Attestation | undefined;
}

/** Reads a record; checks its form, its signature, and its attestation's. */
export function record(bytes: Uint8Array): SignedRecord {
  const signed = statement(bytes, "record");
  const rule = bodyRule(signed.kind);
  const fields = signed.payload;
  check(fits(payloadType(rule), fields), `the record is not a well-formed ${signed.kind}`);
  const id = derive("deedbook 2026 record id", signed.toBeSigned);
  const name = hex(id);
  checkSignature(signed, `record ${name}`);
  const ledger = fields.get(0n) as Uint8Array;
  const attested = fields.get(4n);
  return {
    id: name,
    idBytes: id,
    statement: signed,
    ledger,
    rule,
    body: fields.get(2n) ?? null,
    evidence: fields.get(3n) as Fields | undefined,
    attestation: attested instanceof Uint8Array ? attestation(attested, signed) : undefined,
  };
}

function payloadType(body: string): { readonly [member: string]: string } {
  return { "0": "ledger-id", "1": "b16", "2": body, "3?": "evidence-manifest", "4?": "bstr" };
}

function checkSignature(signed: Statement, what: string): void {
  const holds = verifies(signed.key, signed.toBeSigned, signed.signature);
  check(holds, `the signature of ${what} does not verify`);
}

/** An attestation must be about this act, this ledger and this person. */
function attestation(bytes: Uint8Array, act: Statement): Attestation {
  const signed = statement(bytes, "identity attestation");
  check(signed.kind === "attestation", "what is embedded as an attestation is none");
  const said = signed.payload;
  check(fits("attestation", said), "the identity attestation is not well-formed");
  checkSignature(signed, "the identity attestation");
  const bare: Fields = new Map([...act.payload].filter(([key]) => key !== 4n));
  const message = signedBytes(act.protectedHeader, encode(bare));
  const digest = derive("deedbook 2026 act digest", message);
  const aboutThis =
    equal(said.get(1n) as Uint8Array, digest) &&
    equal(said.get(0n) as Uint8Array, act.payload.get(0n) as Uint8Array) &&
    signed.subject === act.issuer;
  check(aboutThis, "the identity attestation is about another person, act or ledger");
  return {
    statement: signed,
    method: said.get(2n) as string,
    assurance: said.get(3n) as bigint,
    liveness: said.get(4n) as bigint,
    time: said.get(5n) as bigint,
  };
}
