// Times for people.

import { SECONDS_MAX } from "./limits";

/** Seconds since 1970 as `2026-03-01T12:00:00Z`. */
export function rfc3339(seconds: bigint): string {
  if (seconds > SECONDS_MAX) return `${seconds} s`;
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, "Z");
}

/** Milliseconds since 1970 as `2026-03-01T12:00:00.123Z`. */
export function rfc3339Ms(milliseconds: bigint): string {
  const [seconds, rest] = [milliseconds / 1000n, milliseconds % 1000n];
  const whole = rfc3339(seconds).replace(/Z$/, "");
  return `${whole}.${String(rest).padStart(3, "0")}Z`;
}
