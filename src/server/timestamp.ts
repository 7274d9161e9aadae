// The time as Kubernetes writes it.

import type { Clock } from "../base/clock.ts";

let lastSecond = Number.NaN;
let lastTimestamp = "";

/** Now, in UTC with whole seconds: `2026-11-23T11:26:36Z`. Asked for by every write, formatted once a second. */
export function timestamp(clock: Clock): string {
  const second = Math.floor(clock.nowMs() / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastTimestamp = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return lastTimestamp;
}
