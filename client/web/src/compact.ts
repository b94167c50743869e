// A receipt as its QR code carries it: the same receipt in CBOR, without base64 and repetition
// (schemas/src/compact_receipt.rs). It is expanded to the one text that it was made from, and only that
// is verified; what could be written in two ways is refused here.

import { check, toBase64, utf8 } from "./bytes";
import { decode } from "./cbor";
import { RECEIPT_BYTES_MAX } from "./limits";
import { keyName } from "./note";
import { RECEIPT_HEADER } from "./receipt";
import { fits } from "./schema";

const LINE = [["/", "tstr", "null"], "bstr"];
const FORM = [3, "uint", "bstr", ["tstr", "uint", "b32"], ["*", LINE], ["?", "bstr"]];
type Parts = [bigint, bigint, Uint8Array, [string, bigint, Uint8Array], [string | null, Uint8Array][], Uint8Array?];
const HASH_BYTES = 32;

/** Whether a file begins as the compact form does: an array of five or six, whose first is 3. */
export function isCompact(bytes: Uint8Array): boolean {
  return (bytes[0] === 0x85 || bytes[0] === 0x86) && bytes[1] === 3;
}

/** The text of the receipt. */
export function expand(bytes: Uint8Array): Uint8Array {
  check(bytes.length <= RECEIPT_BYTES_MAX, "the receipt is too long");
  const parts = decode(bytes);
  check(fits(FORM, parts), "this is not a receipt in its compact form");
  const [, index, path, [origin, size, root], signatures, extra] = parts as Parts;
  check(extra === undefined || extra.length > 0, "the compact receipt spells out that it carries nothing");
  check(path.length % HASH_BYTES === 0, "the compact receipt's path is not whole hashes");
  const lines = [RECEIPT_HEADER];
  if (extra !== undefined) lines.push(`extra ${toBase64(extra)}`);
  lines.push(`index ${index}`);
  for (let at = 0; at < path.length; at += HASH_BYTES) lines.push(toBase64(path.subarray(at, at + HASH_BYTES)));
  lines.push("", keyName(origin), String(size), toBase64(root), "");
  for (const [name, signed] of signatures) {
    check(name !== origin, "the compact receipt spells out its origin's name twice");
    lines.push(`— ${keyName(name ?? origin)} ${toBase64(signed)}`);
  }
  return utf8([...lines, ""].join("\n"));
}
