// Deterministic CBOR (RFC 8949 §4.2), as far as the ledger uses it: definite lengths, shortest
// heads, maps with ascending unsigned keys, no floats. What is not the one encoding of its value
// is refused while it is read.

import { check, concat, fromUtf8, utf8 } from "./bytes";

export type Value = bigint | Uint8Array | string | boolean | null | Value[] | Fields | Tagged;
/** A map, in the order of its keys. */
export type Fields = Map<bigint, Value>;

export class Tagged {
  constructor(
    readonly tag: bigint,
    readonly value: Value,
  ) {}
}

/** Deeper than anything the ledger writes. */
const DEPTH_MAX = 16;

export function decode(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = reader.value(DEPTH_MAX);
  check(reader.done(), "CBOR: bytes follow the value");
  return value;
}

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  done(): boolean {
    return this.at === this.bytes.length;
  }

  value(depth: number): Value {
    check(depth > 0, "CBOR: nested too deeply");
    const [major, argument] = this.head();
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1n - argument;
      case 2:
        return this.take(argument).slice();
      case 3:
        return fromUtf8(this.take(argument), "a text in CBOR");
      case 4:
        return this.array(argument, depth);
      case 5:
        return this.map(argument, depth);
      case 6:
        return new Tagged(argument, this.value(depth - 1));
      default:
        return simple(argument);
    }
  }

  /** Major type and argument, in the shortest form. */
  private head(): [number, bigint] {
    const first = this.take(1n)[0] ?? 0;
    const [major, short] = [first >> 5, first & 31];
    if (short < 24) return [major, BigInt(short)];
    check(short <= 27, "CBOR: an indefinite length or a reserved head");
    check(major !== 7, "CBOR: a float or an unknown simple value");
    const length = 1 << (short - 24);
    const at = this.at;
    this.take(BigInt(length));
    const argument = [
      () => BigInt(this.view.getUint8(at)),
      () => BigInt(this.view.getUint16(at)),
      () => BigInt(this.view.getUint32(at)),
      () => this.view.getBigUint64(at),
    ][short - 24]?.();
    const least = length === 1 ? 24n : 1n << BigInt(4 * length);
    check(argument !== undefined && argument >= least, "CBOR: a head that is not the shortest");
    return [major, argument];
  }

  private take(count: bigint): Uint8Array {
    check(count <= BigInt(this.bytes.length - this.at), "CBOR: cut short");
    const start = this.at;
    this.at += Number(count);
    return this.bytes.subarray(start, this.at);
  }

  /** A count of items, each of which is one byte at least. */
  private count(argument: bigint): number {
    check(argument <= BigInt(this.bytes.length - this.at), "CBOR: cut short");
    return Number(argument);
  }

  private array(argument: bigint, depth: number): Value[] {
    const items: Value[] = [];
    for (let left = this.count(argument); left > 0; left -= 1) items.push(this.value(depth - 1));
    return items;
  }

  private map(argument: bigint, depth: number): Fields {
    const fields: Fields = new Map();
    let last = -1n;
    for (let left = this.count(argument); left > 0; left -= 1) {
      const key = this.value(1);
      check(typeof key === "bigint" && key > last, "CBOR: map keys that do not ascend");
      last = key;
      fields.set(key, this.value(depth - 1));
    }
    return fields;
  }
}

function simple(argument: bigint): boolean | null {
  check(argument >= 20n && argument <= 22n, "CBOR: an unknown simple value");
  return argument === 22n ? null : argument === 21n;
}

/** The one encoding of a value. */
export function encode(value: Value): Uint8Array {
  if (typeof value === "bigint") return value < 0n ? head(1, -1n - value) : head(0, value);
  if (typeof value === "string") {
    const text = utf8(value);
    return concat(head(3, BigInt(text.length)), text);
  }
  if (value instanceof Uint8Array) return concat(head(2, BigInt(value.length)), value);
  if (Array.isArray(value)) return concat(head(4, BigInt(value.length)), ...value.map(encode));
  if (value instanceof Map) {
    const fields = [...value].flatMap(([key, field]) => [encode(key), encode(field)]);
    return concat(head(5, BigInt(value.size)), ...fields);
  }
  if (value instanceof Tagged) return concat(head(6, value.tag), encode(value.value));
  return Uint8Array.of(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
}

function head(major: number, argument: bigint): Uint8Array {
  const first = major << 5;
  if (argument < 24n) return Uint8Array.of(first | Number(argument));
  const size = argument < 0x100n ? 0 : argument < 0x10000n ? 1 : argument < 0x100000000n ? 2 : 3;
  const bytes = new Uint8Array(1 + (1 << size));
  bytes[0] = first | (24 + size);
  for (let at = bytes.length - 1, rest = argument; at > 0; at -= 1, rest >>= 8n) {
    bytes[at] = Number(rest & 0xffn);
  }
  return bytes;
}
