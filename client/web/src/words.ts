// A verified receipt in plain words: what it proves, who vouches for it, what it leaves open. The
// headlines and limits are those of the command `deedbook verify`. Nothing is checked here.

import { hex } from "./bytes";
import type { Fields, Value } from "./cbor";
import type { Policy } from "./policy";
import type { VerifiedReceipt } from "./receipt";
import type { SignedRecord } from "./record";
import { money, tell, word } from "./schema";
import { rfc3339, rfc3339Ms } from "./time";

export interface Words {
  /** One sentence: what is proved. */
  readonly headline: string;
  readonly details: readonly string[];
  readonly vouched: string;
  /** What it does not prove, one sentence each. */
  readonly limits: readonly string[];
}

export function receiptWords(verified: VerifiedReceipt, policy: Policy): Words {
  const { entry, checkpoint, index } = verified;
  const words = entryWords(entry);
  const place = `leaf ${index} of ${checkpoint.size} in the log ${checkpoint.origin}, root ${hex(checkpoint.root)}`;
  const policyLimit = "It rests on the policy file: whoever wrote that chose whose word counts.";
  return {
    headline: words.headline,
    details: [...words.details, place],
    vouched: vouched(verified, policy),
    limits: [...words.limits, policyLimit],
  };
}

function entryWords(entry: VerifiedReceipt["entry"]): Omit<Words, "vouched"> {
  switch (entry.is) {
    case "record":
      return {
        headline: `${describe(entry.record)} was entered in the log.`,
        details: details(entry.record),
        limits: ["It does not say what became of the record: only an outcome's receipt does."],
      };
    case "outcome":
      return {
        headline: headline(entry.outcome, entry.record),
        details: [...codes(entry.outcome), ...details(entry.record)],
        limits: limits(entry.outcome, entry.record),
      };
    case "seal": {
      const at = rfc3339Ms(entry.seal.get(1n) as bigint);
      return {
        headline: `Block ${String(entry.seal.get(0n))} ended at ${at}.`,
        details: [
          `state root ${hex(entry.seal.get(2n) as Uint8Array)}`,
          `next validators ${hex(entry.seal.get(3n) as Uint8Array)}`,
        ],
        limits: [],
      };
    }
  }
}

/** Who vouches for a checkpoint, and when. */
export function vouched(
  verified: Pick<VerifiedReceipt, "checkpoint" | "accepted">,
  policy: Policy,
): string {
  const { witnesses } = verified.accepted;
  const { origin } = verified.checkpoint;
  if (witnesses.length === 0) return `The log ${origin} signed; the policy asks for no witness.`;
  const times = witnesses.map((witness) => witness.time).sort((a, b) => (a < b ? -1 : 1));
  const [first, last] = [times[0] ?? 0n, times.at(-1) ?? 0n];
  const when =
    first === last ? `at ${rfc3339(first)}` : `between ${rfc3339(first)} and ${rfc3339(last)}`;
  const names = witnesses.map((witness) => witness.name).join(", ");
  return (
    `${witnesses.length} of the ${policy.known} witnesses that the policy names vouch for it ` +
    `(${names}), ${when}, and the log itself signed.`
  );
}

function field(record: SignedRecord, key: bigint): Value | undefined {
  return record.body instanceof Map ? record.body.get(key) : undefined;
}

function id(value: Value | undefined): string {
  return value instanceof Uint8Array ? hex(value) : "";
}

const ACTS: Record<string, string> = {
  give: "give away",
  servitude: "grant a servitude on",
  lease: "let",
  reparcel: "subdivide or consolidate",
  release: "give up or pass on rights in",
};

function act(value: Value | undefined): string {
  const name = word("act-kind", value);
  return ACTS[name] ?? name;
}

/** A record as the subject of a sentence. */
function describe(record: SignedRecord): string {
  const { kind, issuer, subject } = record.statement;
  switch (kind) {
    case "accreditation": {
      const what = field(record, 4n) === true ? "suspension" : "accreditation";
      return `The ${what} of ${String(field(record, 1n))} (${subject}) by ${issuer}`;
    }
    case "enrolment":
      return `The enrolment of party ${subject} by ${issuer}`;
    case "civil-status":
      return `A fact of civil status about ${subject} by ${issuer}`;
    case "first-registration":
      return `The first registration of property ${subject} by ${issuer}`;
    case "power-of-attorney":
      return `A power of attorney from ${issuer} to ${subject}`;
    case "spousal-consent": {
      const disponor = id(field(record, 0n));
      return `A spousal consent by ${issuer} for ${disponor} to ${act(field(record, 1n))} property ${subject}`;
    }
    case "revocation":
      return `The ${word("ending", field(record, 0n))} of ${subject} by ${issuer}`;
    case "transfer":
      return `The ${word("transfer-kind", field(record, 0n))} of property ${subject}`;
    case "act":
      return `An act of ${issuer} as ${word("act-role", field(record, 0n))} on ${subject}`;
    case "withdrawal":
      return `The withdrawal of instrument ${subject} by ${issuer}`;
    default:
      return `The ${kind.replaceAll("-", " ")} about ${subject} by ${issuer}`;
  }
}

const INSTRUMENTS = new Set([
  "transfer",
  "mortgage",
  "servitude",
  "lease",
  "assignment",
  "postponement",
  "subdivision",
  "consolidation",
]);

function headline(outcome: Fields, record: SignedRecord): string {
  const what = describe(record);
  const status = word("outcome-status", outcome.get(1n));
  const { kind } = record.statement;
  const refused = status === "refused" && (outcome.get(2n) as Value[]).length > 0;
  if (kind === "escrow-funding" && !refused) {
    const order =
      status === "registered"
        ? "The deed was registered, and the release of the money ordered"
        : "The deed was not registered, and the refund of the money ordered";
    return `${what}: ${order}.`;
  }
  if (status === "expired" && !INSTRUMENTS.has(kind)) return `${what} has lapsed.`;
  const version = outcome.get(3n);
  switch (status) {
    case "registered":
      return version === undefined
        ? `${what} was registered.`
        : `${what} was registered and made version ${String(version)} of the title.`;
    case "refused":
      return `${what} was refused.`;
    case "withdrawn":
      return `${what} was withdrawn before it was registered.`;
    case "expired":
      return `${what} expired before it was registered.`;
    default:
      return `${what} is pending.`;
  }
}

function codes(outcome: Fields): string[] {
  return (outcome.get(2n) as Value[]).map((code) => `refused by ${String(code)}`);
}

function details(record: SignedRecord): string[] {
  const lines =
    record.statement.kind === "transfer"
      ? transfer(record.body as Fields)
      : tell(record.rule, record.body);
  const { issuer, key, issuedAt } = record.statement;
  lines.push(`record ${record.id} on ledger ${hex(record.ledger)}`);
  lines.push(`signed by ${issuer} with key ${hex(key)} at ${rfc3339(issuedAt)}`);
  const { attestation, evidence } = record;
  if (attestation !== undefined) {
    const { statement, method, assurance, liveness, time } = attestation;
    lines.push(
      `identity checked by provider ${statement.issuer} at ${rfc3339(time)}: method ${method}, ` +
        `assurance ${assurance}, liveness ${liveness}`,
    );
  }
  if (evidence !== undefined) {
    const seconds = (evidence.get(4n) as bigint) / 1000n;
    const [bytes, root] = [String(evidence.get(1n)), id(evidence.get(0n))];
    lines.push(`recording of ${seconds} s, ${bytes} bytes, BLAKE3 root ${root}`);
  }
  return lines;
}

function transfer(body: Fields): string[] {
  const side = (key: bigint, verb: string): string[] =>
    (body.get(key) as [Uint8Array, Value[]][]).map(
      ([party, share]) => `${hex(party)} ${verb} ${share.join("/")}`,
    );
  const price = body.get(4n);
  const rest = new Map([...body].filter(([key]) => key > 4n));
  return [
    ...side(2n, "gives"),
    ...side(3n, "receives"),
    ...(price === undefined ? [] : [`price ${money(price)}`]),
    ...tell("transfer", rest),
  ];
}

function limits(outcome: Fields, record: SignedRecord): string[] {
  const { kind } = record.statement;
  const registered = word("outcome-status", outcome.get(1n)) === "registered";
  return [
    (registered ? LATER[kind] : undefined) ?? "It says nothing about what happened later.",
    "Parties are pseudonyms: it does not say who they are. That an accredited provider checked " +
      "the signer is the provider's word.",
  ];
}

const LATER: Record<string, string> = {
  "power-of-attorney":
    "It does not prove that the power is still in force: it may have been revoked, or have ended " +
    "otherwise, since. Ask a node for that.",
  "spousal-consent": "It does not prove that the consent is still unused and not revoked.",
  "officer-approval": "It does not prove that the approval is still unused and not withdrawn.",
  transfer:
    "It does not prove who holds the property today: a later deed may have changed it.",
};
