// Checks values against the table that `schema.mjs` makes of schemas/deedbook.cddl, and tells them
// in its words.

import { check, hex } from "./bytes";
import type { Fields, Value } from "./cbor";
import { FRACTION_TERM_MAX } from "./limits";
import table from "./schema.json";
import { rfc3339 } from "./time";

type Type = string | number | readonly Type[] | { readonly [member: string]: Type };

const RULES = table.rules as unknown as Record<string, Type>;
/** Content type to the rule of the body. */
const KINDS = table.kinds as Record<string, string>;

/** The rule of a kind of record. */
export function bodyRule(kind: string): string {
  const rule = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  check(rule !== undefined, `"${kind}" is no kind of record that this verifier knows`);
  return rule;
}

function member(text: string): { key: bigint; required: boolean; word: string } {
  const [, key = "", optional, word = ""] = /^([0-9]+)(\??) ?(.*)$/.exec(text) ?? [];
  return { key: BigInt(key), required: optional === "", word };
}

/** Whether a value is of a type. */
export function fits(type: Type, value: Value | undefined): boolean {
  if (typeof type === "number") return value === BigInt(type);
  if (typeof type === "string") return fitsNamed(type, value);
  if (isMap(type)) return fitsMap(type, value);
  const [first, ...rest] = type;
  if (first === "=") return typeof value === "bigint" && value >= 0n && value < BigInt(rest.length);
  if (first === "/") return rest.some((choice) => fits(choice, value));
  if (!Array.isArray(value)) return false;
  if (first === "*") return value.every((item) => fits(rest[0] ?? "", item));
  if (value.length > type.length) return false;
  return type.every((part, index) => {
    if (!Array.isArray(part) || part[0] !== "?") return fits(part, value[index]);
    return index >= value.length || fits((part as readonly Type[])[1] ?? "", value[index]);
  });
}

function isMap(type: Type): type is { readonly [member: string]: Type } {
  return typeof type === "object" && !Array.isArray(type);
}

function fitsNamed(type: string, value: Value | undefined): boolean {
  switch (type) {
    case "uint":
      return typeof value === "bigint" && value >= 0n;
    case "tstr":
      return typeof value === "string";
    case "bstr":
      return value instanceof Uint8Array;
    case "bool":
      return typeof value === "boolean";
    case "null":
      return value === null;
    case "share":
      return fitsShare(value);
  }
  const length = /^b([0-9]+)$/.exec(type)?.[1];
  if (length !== undefined) return value instanceof Uint8Array && value.length === Number(length);
  const range = /^(-?[0-9]+)\.\.([0-9]+)$/.exec(type);
  if (range !== null) {
    const [low, high] = [BigInt(range[1] ?? ""), BigInt(range[2] ?? "")];
    return typeof value === "bigint" && value >= low && value <= high;
  }
  const rule = RULES[type];
  return rule !== undefined && fits(rule, value);
}

function fitsShare(value: Value | undefined): boolean {
  const [numerator, denominator, more] = Array.isArray(value) ? value : [];
  if (typeof numerator !== "bigint" || typeof denominator !== "bigint" || more !== undefined) {
    return false;
  }
  const inRange = numerator > 0n && numerator <= denominator && denominator <= FRACTION_TERM_MAX;
  return inRange && gcd(numerator, denominator) === 1n;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function fitsMap(type: { readonly [member: string]: Type }, value: Value | undefined): boolean {
  if (!(value instanceof Map)) return false;
  let seen = 0;
  for (const [text, of] of Object.entries(type)) {
    const { key, required } = member(text);
    if (value.has(key) ? !fits(of, value.get(key)) : required) return false;
    if (value.has(key)) seen += 1;
  }
  return seen === value.size;
}

/** What a value of a type says, one line a field, each under the words that lead to it. */
export function tell(type: Type, value: Value, path = ""): string[] {
  const line = (text: string): string[] => [path === "" ? text : `${path}: ${text}`];
  if (type === "share" && Array.isArray(value)) return line(value.join("/"));
  if (type === "money" && Array.isArray(value)) return line(money(value));
  if (value === null) return line("not stated");
  if ((type === "seconds" || type === "instant") && typeof value === "bigint") return line(rfc3339(value));
  if (typeof type === "string" && RULES[type] !== undefined) return tell(RULES[type], value, path);
  if (typeof type === "object" && !isMap(type)) return tellListed(type, value, path);
  if (isMap(type) && value instanceof Map) {
    return Object.entries(type).flatMap(([text, of]) => {
      const { key, word } = member(text);
      const field = value.get(key);
      const inner = path === "" ? word : `${path}, ${word}`;
      return field === undefined ? [] : tell(of, field, inner);
    });
  }
  if (value instanceof Uint8Array) return line(hex(value));
  if (typeof value === "boolean") return line(value ? "yes" : "no");
  return line(String(value));
}

function tellListed(type: readonly Type[], value: Value, path: string): string[] {
  const [first, ...rest] = type;
  if (first === "=") return [`${path}: ${rest[Number(value)]}`];
  if (first === "/") {
    const choice = rest.find((one) => fits(one, value));
    const word = typeof choice === "string" ? `${path}, ${choice.replaceAll("-", " ")}` : path;
    return choice === undefined ? [] : tell(choice, value, word);
  }
  if (!Array.isArray(value)) return [];
  if (first === "*") return value.flatMap((item) => tell(rest[0] ?? "", item, path));
  // The first number of a choice says which one it is, and the word did so already.
  return value.flatMap((item, index) => {
    const of = type[index];
    if (of === undefined || typeof of === "number") return [];
    return tell(Array.isArray(of) && of[0] === "?" ? of[1] : of, item, path);
  });
}

/** What JSON can say of a value: as the ledger's API does. */
export type Json = bigint | string | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** A value of a type as JSON, under the words of the table with underscores. */
export function toJson(type: Type, value: Value | undefined): Json {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array) return hex(value);
  if (type === "share" && Array.isArray(value)) return value.join("/");
  if (type === "money" && Array.isArray(value)) {
    return { minor: String(value[0]), currency: String(value[1]) };
  }
  if (type === "right") return rightJson(value);
  if (typeof type === "string" && RULES[type] !== undefined) return toJson(RULES[type], value);
  if (typeof type === "object" && isMap(type) && value instanceof Map) return mapJson(type, value);
  if (typeof type === "object" && !isMap(type)) {
    if (type[0] === "=") return snake(String(type[Number(value) + 1]));
    if (Array.isArray(value)) return value.map((item) => toJson(type[1] ?? "", item));
  }
  return typeof value === "bigint" || typeof value === "string" || typeof value === "boolean" ? value : null;
}

function snake(word: string): string {
  return word.replace(/[ -]/g, "_");
}

function mapJson(type: { readonly [member: string]: Type }, value: Fields): Json {
  const fields: [string, Json][] = [];
  for (const [text, of] of Object.entries(type)) {
    const { key, word } = member(text);
    // The one field that the API leaves out when it is absent.
    if (word !== "substitutions" || value.has(key)) {
      fields.push([snake(word), toJson(of, value.get(key))]);
    }
  }
  return Object.fromEntries(fields);
}

/** The fields of each right, as its rule lists them. */
const RIGHTS: readonly (readonly [name: string, ...fields: string[]])[] = [
  ["mortgage", "mortgagee", "amount", "rank"],
  ["servitude", "beneficiary", "kind", "until"],
  ["lease", "lessee", "until"],
  ["freeze", "authority", "until"],
  ["caveat", "claimant", "interest", "until"],
  ["self_lock", "holder", "opens"],
  ["priority_notice", "buyer", "instrument", "until"],
  ["preemption_notice", "disponor", "share", "price", "terms", "until", "waived"],
];

/** The name of a right. */
export function rightName(right: Value): string {
  return RIGHTS[Number(Array.isArray(right) ? right[0] : -1)]?.[0] ?? "unknown";
}

function rightJson(right: Value): Json {
  const name = rightName(right);
  const [, ...fields] = RIGHTS.find(([one]) => one === name) ?? [""];
  const values = Array.isArray(right) && Array.isArray(right[1]) ? right[1] : [];
  const rule = RULES[`right-${name.replaceAll("_", "-")}`];
  const types = Array.isArray(rule) && Array.isArray(rule[1]) ? (rule[1] as readonly Type[]) : [];
  const told = fields.map((field, index): [string, Json] => {
    const type = types[index] ?? "";
    const optional = Array.isArray(type) && (type[0] === "?" || type[0] === "/");
    const of = optional ? (type as readonly Type[])[1] : type;
    return [field, toJson(of ?? "", values[index])];
  });
  return { right: name, ...Object.fromEntries(told) };
}

/** The word of an enumeration's rule. */
export function word(rule: string, value: Value | undefined): string {
  const type = RULES[rule];
  const found = Array.isArray(type) ? (type as readonly Type[])[Number(value) + 1] : undefined;
  return typeof found === "string" ? found : "unknown";
}

/** An amount with two decimals, as every currency of the ledger has. */
export function money(value: Value | undefined): string {
  const [minor, currency] = Array.isArray(value) ? value : [];
  if (typeof minor !== "bigint") return "";
  return `${minor / 100n}.${String(minor % 100n).padStart(2, "0")} ${String(currency)}`;
}
