// A verified title certificate in plain words. Nothing is checked here.

import { hex } from "./bytes";
import type { Fields, Value } from "./cbor";
import type { Policy } from "./policy";
import { tell, toJson } from "./schema";
import { rfc3339 } from "./time";
import type { ProvenPower, VerifiedTitle } from "./title";
import { vouched, type Words } from "./words";

export function titleWords(verified: VerifiedTitle, policy: Policy): Words {
  const { checkpoint, title, property, time, height, pending, powers } = verified;
  const details = title === null ? [] : titleDetails(title);
  for (const instrument of pending) {
    const { id, kind, status } = instrument as { id: string; kind: string | null; status: string };
    details.push(`${kind ?? "instrument"} ${id} holds or reserves the slot: ${status}`);
  }
  details.push(...powers.map((power) => powerLine(power, property)));
  details.push(`block ${height}, which ended at ${rfc3339(time)}`);
  details.push(`the log ${checkpoint.origin} of ${checkpoint.size} entries, root ${hex(checkpoint.root)}`);
  return {
    headline: headline(verified),
    details,
    vouched: vouched(verified, policy),
    limits: [
      `It says how the register stood at ${rfc3339(time)}, and nothing about what happened later.`,
      "Parties are pseudonyms: it does not say who they are.",
      "A deed that no holder has signed yet is not listed.",
      "It rests on the policy file: whoever wrote that chose whose word counts.",
    ],
  };
}

function headline({ title, property, time, against }: VerifiedTitle): string {
  const at = rfc3339(time);
  if (title === null) return `At ${at} the register held no property ${property}.`;
  if (against.length === 0) {
    return `At ${at} the title of property ${property} was clean: nothing stood against its holders.`;
  }
  const what = against.map((one) => (one.what === "slot" ? "a pending deed" : one.what.replaceAll("_", " ")));
  return `At ${at} this stood against the title of property ${property}, and nothing else: ${what.join(", ")}.`;
}

function titleDetails(title: Fields): string[] {
  const lines = [`version ${String(title.get(0n))} of the title`];
  for (const holding of title.get(2n) as Fields[]) {
    const [party, share] = [holding.get(0n) as Uint8Array, holding.get(1n) as Value[]];
    lines.push(`${hex(party)} holds ${share.join("/")}`);
  }
  lines.push(...tell("spatial-unit", title.get(1n) ?? null));
  for (const encumbrance of title.get(7n) as Fields[]) {
    const { right, ...fields } = toJson("right", encumbrance.get(2n)) as Record<string, unknown>;
    const told = Object.entries(fields).map(([name, field]) => `${name} ${plain(name, field)}`);
    lines.push(`${String(right).replaceAll("_", " ")} ${hex(encumbrance.get(0n) as Uint8Array)}: ${told.join(", ")}`);
  }
  return lines;
}

function plain(name: string, field: unknown): string {
  if (field === null) return "not stated";
  if ((name === "until" || name === "opens") && typeof field === "bigint") return rfc3339(field);
  if (Array.isArray(field)) return field.join(" ");
  if (typeof field === "object") {
    const { minor, currency } = field as { minor: string; currency: string };
    const padded = minor.padStart(3, "0");
    return `${padded.slice(0, -2)}.${padded.slice(-2)} ${currency}`;
  }
  return String(field);
}

const STATUSES: Record<string, string> = {
  absent: "was never registered",
  in_force: "is in force",
  revoked: "was revoked or renounced",
  expired: "has expired",
  ended: "has ended",
  not_yet: "is not in force yet",
};

function powerLine(power: ProvenPower, property: string): string {
  const since = power.since === null ? "" : ` since ${rfc3339(power.since)}`;
  const covers = power.covers_property ? "covers" : "does not cover";
  const scope = power.power === null ? "" : `; it ${covers} property ${property}`;
  const codes = power.codes.length === 0 ? "" : ` (${power.codes.join(", ")})`;
  return `power ${power.id} ${STATUSES[power.status] ?? power.status}${since}${codes}${scope}`;
}
