// Trust policies (C2SP tlog-policy): whose signatures make a checkpoint one to rely on, and which
// grade they give it. As strict as the ledger's own reader: logs sign plainly, witnesses cosign,
// one public key has one role.

import { check, equal, fromDecimal, fromUtf8 } from "./bytes";
import { POLICY_BYTES_MAX, POLICY_DEFINITIONS_MAX } from "./limits";
import {
  checkLogLine,
  cosignedAt,
  excerpt,
  lineOf,
  verifierKey,
  type KeyRole,
  type SignedCheckpoint,
  type VerifierKey,
} from "./note";

interface Group {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly string[];
}

/** A witness that cosigned, and when by its own clock, in seconds. */
export interface Witnessed {
  readonly name: string;
  readonly time: bigint;
}

/** `accepted`: the policy accepts it and says nothing of validators. */
export type Grade = "accepted" | "committed" | "witnessed";

/** What a policy finds in a checkpoint that it accepts. */
export interface Accepted {
  readonly witnesses: readonly Witnessed[];
  readonly groups: readonly string[];
  readonly grade: Grade;
}

const VALIDATORS = "validators";
const PUBLIC = "public";

export class Policy {
  private readonly logs: VerifierKey[] = [];
  private readonly witnesses = new Map<string, VerifierKey>();
  private readonly groups = new Map<string, Group>();
  private readonly grouped = new Set<string>();
  private quorum: string | undefined;

  constructor(bytes: Uint8Array) {
    check(bytes.length <= POLICY_BYTES_MAX, "the policy is too long");
    const text = fromUtf8(bytes, "the policy");
    check(text.endsWith("\n"), "the policy does not end in a newline");
    check(!/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text), "the policy has a control character");
    for (const line of text.slice(0, -1).split("\n")) this.line(line);
    check(this.logs.length > 0, "the policy names no log");
    check(this.quorum !== undefined, "the policy has no quorum line");
  }

  /** How many witnesses it names. */
  get known(): number {
    return this.witnesses.size;
  }

  private line(line: string): void {
    const [word = "", ...items] = line.split(/[ \t]+/).filter((item) => item !== "");
    if (word === "" || word.startsWith("#")) return;
    const [first, second, ...rest] = items;
    if (word === "log" && first !== undefined && items.length <= 2) {
      this.logs.push(this.key(first, "log"));
    } else if (word === "witness" && first !== undefined && second !== undefined && items.length <= 3) {
      const key = this.key(second, "witness");
      this.define(first);
      this.witnesses.set(first, key);
    } else if (word === "group" && first !== undefined && second !== undefined) {
      this.group(first, second, rest);
    } else if (word === "quorum" && first !== undefined && items.length === 1) {
      check(this.quorum === undefined, "the policy has two quorum lines");
      check(first === "none" || this.isDefined(first), `no earlier line defines ${excerpt(first)}`);
      this.quorum = first;
    } else {
      check(false, `"${excerpt(line)}" is not a line of a policy`);
    }
  }

  private key(text: string, role: KeyRole): VerifierKey {
    const key = verifierKey(text);
    check(key.role === role, `the key of ${key.name} is not a ${role}'s`);
    const taken = [...this.logs, ...this.witnesses.values()].some(
      (other) =>
        equal(other.public, key.public) || (other.name === key.name && other.id === key.id),
    );
    check(!taken, `the key of ${key.name} is there twice`);
    this.checkRoom();
    return key;
  }

  private group(name: string, threshold: string, members: string[]): void {
    this.checkRoom();
    for (const member of members) {
      check(this.isDefined(member), `no earlier line defines ${excerpt(member)}`);
      check(!this.grouped.has(member), `${excerpt(member)} is a member twice`);
      this.grouped.add(member);
    }
    const words: Record<string, bigint> = { any: 1n, all: BigInt(members.length) };
    const asked = Object.hasOwn(words, threshold) ? words[threshold] : fromDecimal(threshold);
    const possible = asked !== undefined && asked >= 1n && asked <= BigInt(members.length);
    check(possible, `group ${excerpt(name)} asks for ${excerpt(threshold)} of ${members.length}`);
    this.define(name);
    this.groups.set(name, { name, threshold: Number(asked), members });
  }

  private isDefined(name: string): boolean {
    return this.witnesses.has(name) || this.groups.has(name);
  }

  private define(name: string): void {
    check(name !== "none" && !this.isDefined(name), `the name ${excerpt(name)} is taken`);
  }

  private checkRoom(): void {
    const definitions = this.logs.length + this.witnesses.size + this.groups.size;
    check(definitions < POLICY_DEFINITIONS_MAX, "the policy has too many definitions");
  }

  /** Verifies every signature by a known key; refuses unless a log signed and the quorum is met. */
  accept(signed: SignedCheckpoint): Accepted {
    let logSigned = false;
    for (const key of this.logs) {
      const line = lineOf(key, signed);
      if (line === undefined) continue;
      checkLogLine(key, line, signed.text);
      logSigned ||= key.name === signed.origin;
    }
    const witnesses: Witnessed[] = [];
    for (const [name, key] of this.witnesses) {
      const line = lineOf(key, signed);
      if (line === undefined) continue;
      witnesses.push({ name, time: cosignedAt(key, line, signed.text) });
    }
    check(logSigned, `the policy has no log whose signature ${signed.origin} carries`);
    const satisfied = new Set(witnesses.map((witness) => witness.name));
    const groups: string[] = [];
    for (const { name, threshold, members } of this.groups.values()) {
      if (members.filter((member) => satisfied.has(member)).length < threshold) continue;
      satisfied.add(name);
      groups.push(name);
    }
    const names = witnesses.map((witness) => witness.name).join(", ");
    const met = this.quorum === "none" || satisfied.has(this.quorum ?? "");
    check(met, `the quorum "${this.quorum}" of the policy is not met: cosigned by [${names}]`);
    return { witnesses, groups, grade: this.grade(witnesses, groups) };
  }

  /** `witnessed` if somebody besides the validators vouches: the group `public`, or any witness. */
  private grade(witnesses: readonly Witnessed[], groups: readonly string[]): Grade {
    if (!groups.includes(VALIDATORS)) return "accepted";
    const validators = this.within(VALIDATORS);
    const outside = this.groups.has(PUBLIC)
      ? groups.includes(PUBLIC)
      : witnesses.some((witness) => !validators.has(witness.name));
    return outside ? "witnessed" : "committed";
  }

  /** Everybody in a group and in the groups within it. */
  private within(name: string): Set<string> {
    const members = this.groups.get(name)?.members ?? [];
    return new Set(members.flatMap((member) => [member, ...this.within(member)]));
  }
}
