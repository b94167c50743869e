// What programs in node use of the verifier; the page uses `verify` alone.

export { fromHex, hex, Refusal, utf8 } from "./bytes";
export { decode, encode } from "./cbor";
export { admissible, verifies } from "./ed25519";
export { Policy } from "./policy";
export { readEntry } from "./receipt";
export { derive, record } from "./record";
export { json, verify, verifyUnder } from "./verify";
