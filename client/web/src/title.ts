// Title certificates (`.deedbook-title`): everything the register holds about one property, and
// whether powers are in force, at one checkpoint. That it was held is `state_receipt`'s to prove; the
// steps here are those that the module schemas/src/title_certificate.rs lists; everything is judged at the
// seal's time.

import { check, fromUtf8, hex } from "./bytes";
import { decode, type Fields, type Value } from "./cbor";
import { POWER_DEPTH_MAX } from "./limits";
import type { SignedCheckpoint } from "./note";
import type { Accepted } from "./policy";
import { isIdentifier } from "./record";
import { fits, rightName, toJson, word, type Json } from "./schema";
import type { Held, VerifiedState } from "./state_receipt";

export interface Against {
  readonly what: string;
  readonly id: string | null;
}

export interface ProvenPower {
  readonly id: string;
  readonly status: string;
  readonly since: bigint | null;
  readonly codes: readonly string[];
  readonly covers_property: boolean;
  readonly power: Json;
}

export interface VerifiedTitle {
  readonly checkpoint: SignedCheckpoint;
  readonly accepted: Accepted;
  readonly height: bigint;
  /** Seconds. */
  readonly time: bigint;
  readonly property: string;
  readonly title: Fields | null;
  readonly against: readonly Against[];
  readonly pending: readonly Json[];
  readonly powers: readonly ProvenPower[];
}

/** Reads what a state receipt of kind 1 proves; refuses what is missing, or called for by nothing. */
export function titleCertificate(proven: VerifiedState): VerifiedTitle {
  const { checkpoint, accepted, height, time } = proven;
  const state = new State(proven.held);
  const property = state.property();
  const title = state.take("title", key("T", new TextEncoder().encode(property)));
  const pending = title === null ? [] : pendingOf(title).map((id) => instrument(id, state));
  const powers = state.powers().map((id) => power(id, property, state, time));
  state.finish();
  const against = title === null ? [] : standsAgainst(title, time);
  return { checkpoint, accepted, height, time, property, title, against, pending, powers };
}

function key(prefix: string, id: Uint8Array): string {
  return hex(new TextEncoder().encode(prefix)) + hex(id);
}

/** The proven objects by key, and which of them something called for. */
class State {
  private readonly used = new Set<string>();

  constructor(private readonly held: Held) {}

  /** The cadastral number of the one title key. */
  property(): string {
    const titles = [...this.held.keys()].filter((at) => at.startsWith("54"));
    check(titles.length === 1, `${titles.length} titles; a certificate is about one`);
    const bytes = Uint8Array.from((titles[0] ?? "").slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const property = fromUtf8(bytes, "the cadastral number");
    check(isIdentifier(property, 64), "the title's key is not a cadastral number");
    return property;
  }

  /** The ids of the powers that it tells about. */
  powers(): string[] {
    return [...this.held.keys()].filter((at) => /^57[0-9a-f]{64}$/.test(at)).map((at) => at.slice(2));
  }

  /** What a key holds, null for nothing; the object is called for. */
  take(rule: string, at: string): Fields | null {
    const bytes = this.held.get(at);
    check(bytes !== undefined, `the certificate lacks the ${rule} ${at}`);
    this.used.add(at);
    if (bytes === null) return null;
    const value = decode(bytes);
    check(fits(`state-${rule}`, value), `the object ${at} is not a well-formed ${rule}`);
    return value as Fields;
  }

  takeHeld(rule: string, at: string): Fields {
    const value = this.take(rule, at);
    check(value !== null, `the certificate says that the ${rule} ${at} does not exist`);
    return value;
  }

  finish(): void {
    const idle = [...this.held.keys()].find((at) => !this.used.has(at));
    check(idle === undefined, `nothing in the certificate calls for the object ${idle}`);
  }
}

function encumbrances(title: Fields): Fields[] {
  return title.get(7n) as Fields[];
}

function rightFields(encumbrance: Fields): { name: string; fields: Value[] } {
  const right = encumbrance.get(2n) as [bigint, Value[]];
  return { name: rightName(right), fields: right[1] };
}

/** The instruments of the slot and of every priority notice, ascending. */
function pendingOf(title: Fields): string[] {
  const ids = new Set<string>();
  const slot = title.get(5n);
  if (slot instanceof Uint8Array) ids.add(hex(slot));
  for (const encumbrance of encumbrances(title)) {
    const { name, fields } = rightFields(encumbrance);
    if (name === "priority_notice") ids.add(hex(fields[1] as Uint8Array));
  }
  return [...ids].sort();
}

const TEXTS = [
  "transfer",
  "mortgage",
  "servitude",
  "lease",
  "assignment",
  "postponement",
  "subdivision",
  "consolidation",
];

function instrument(id: string, state: State): Json {
  const object = state.takeHeld("instrument", `49${id}`);
  const pending = object.get(4n) as Fields | undefined;
  const text = pending?.get(0n) as [bigint, Value] | undefined;
  const acts = (pending?.get(3n) ?? []) as Fields[];
  return {
    id,
    kind: text === undefined ? null : (TEXTS[Number(text[0])] ?? null),
    status: word("outcome-status", object.get(1n)),
    lodged: object.get(2n) as bigint,
    changed: object.get(3n) as bigint,
    expires: (pending?.get(2n) as bigint | undefined) ?? null,
    acts: acts.map(actJson),
  };
}

function actJson(act: Fields): Json {
  const [party, role, signer, record, power] = [0n, 1n, 2n, 3n, 4n].map((field) => act.get(field));
  const told = {
    party: toJson("party-id", party),
    role: toJson("act-role", role),
    signer: toJson("party-id", signer),
    record: toJson("record-id", record),
  };
  return power === undefined ? told : { ...told, power: toJson("record-id", power) };
}

/** When a right ends by time, by its name: which of its fields says so. */
const ENDS: Record<string, number> = {
  servitude: 2,
  lease: 1,
  freeze: 1,
  caveat: 2,
  self_lock: 1,
  priority_notice: 2,
};

function standsAgainst(title: Fields, now: bigint): Against[] {
  const against: Against[] = [];
  if (title.get(9n) === true) against.push({ what: "cancelled", id: null });
  const slot = title.get(5n);
  if (slot instanceof Uint8Array) against.push({ what: "slot", id: hex(slot) });
  for (const encumbrance of encumbrances(title)) {
    const { name, fields } = rightFields(encumbrance);
    const end = fields[ENDS[name] ?? -1];
    const over = typeof end === "bigint" && now >= end;
    if (!over) against.push({ what: name, id: hex(encumbrance.get(0n) as Uint8Array) });
  }
  return against;
}

/** In the order in which the ledger lists them. */
const CODES = [
  "poa.not_yet",
  "poa.expired",
  "poa.not_notarised",
  "poa.parent_ended",
  "poa.revoked",
  "poa.renounced",
  "poa.ended_by_death",
];

function power(id: string, property: string, state: State, now: bigint): ProvenPower {
  const object = state.take("power", `57${id}`);
  if (object === null) {
    return { id, status: "absent", since: null, codes: [], covers_property: false, power: null };
  }
  const found = codesAlone(object, state, now);
  let above = object.get(6n);
  for (let depth = 0; above instanceof Uint8Array; depth += 1) {
    check(depth < POWER_DEPTH_MAX, `the power ${id} has too many powers above it`);
    const ancestor = state.takeHeld("power", `57${hex(above)}`);
    if (codesAlone(ancestor, state, now).size > 0) found.add("poa.parent_ended");
    above = ancestor.get(6n);
  }
  const codes = CODES.filter((code) => found.has(code));
  const properties = (object.get(2n) as Fields).get(1n) as string[] | undefined;
  return {
    id,
    ...statusOf(object, found),
    codes,
    covers_property: properties === undefined || properties.includes(property),
    power: toJson("state-power", object),
  };
}

/** Why a power is not in force by itself, whatever it is part of. */
function codesAlone(power: Fields, state: State, now: bigint): Set<string> {
  const codes = new Set<string>();
  if (power.has(6n) && !power.has(7n)) codes.add("poa.not_notarised");
  if (now < (power.get(3n) as bigint)) codes.add("poa.not_yet");
  if (now >= (power.get(4n) as bigint)) codes.add("poa.expired");
  const ended = power.get(5n) as Fields | undefined;
  if (ended !== undefined) codes.add(ended.get(0n) === 0n ? "poa.revoked" : "poa.renounced");
  for (const [side, turn] of [[0n, 8n], [1n, 9n]] as const) {
    const party = state.take("party", key("P", power.get(side) as Uint8Array));
    if (party === null || !unbroken(party, power.get(turn) as bigint, now)) {
      codes.add("poa.ended_by_death");
    }
  }
  return codes;
}

/** Whether a party can act, and could without a break since `turn`. */
function unbroken(party: Fields, turn: bigint, now: bigint): boolean {
  const [nature, [what]] = party.get(9n) as [bigint, [Fields?]];
  const until = party.get(7n);
  const dissolved = nature === 1n && what?.get(3n) === true;
  const ward = party.has(6n) || (typeof until === "bigint" && now < until);
  const canAct = !dissolved && !party.has(5n) && !ward;
  return canAct && (nature !== 0n || party.get(10n) === turn);
}

function statusOf(power: Fields, codes: Set<string>): { status: string; since: bigint | null } {
  const ended = power.get(5n) as Fields | undefined;
  if (codes.size === 0) return { status: "in_force", since: null };
  if (ended !== undefined) return { status: "revoked", since: (ended.get(2n) as bigint) / 1000n };
  if (codes.has("poa.expired")) return { status: "expired", since: power.get(4n) as bigint };
  const over = codes.has("poa.ended_by_death") || codes.has("poa.parent_ended");
  return { status: over ? "ended" : "not_yet", since: null };
}
