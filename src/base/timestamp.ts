// Times in UTC with whole seconds, such as `2026-11-23T11:26:36Z`.

import type { Clock } from "./clock.ts";

let lastSecond = Number.NaN;
let lastTimestamp = "";

/** Now. Asked for by every write, formatted once a second. */
export function timestamp(clock: Clock): string {
  const second = Math.floor(clock.nowMs() / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastTimestamp = formatTimestamp(second * 1000);
  }
  return lastTimestamp;
}

/** A time in milliseconds since 1970. */
export function formatTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
