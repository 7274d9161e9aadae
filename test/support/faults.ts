// How much fault injection a run does, and with which chances. `ANNEX_SCALE=20 ANNEX_SEED=7 npm test` does twenty times as much with seed 7.

import type { TestContext } from "node:test";
import { type Random, seededRandom } from "../../src/base/random.ts";

/** How many rounds of something to do: `usually` by default, as many times that as ANNEX_SCALE says. */
export function rounds(usually: number): number {
  return Math.max(1, Math.round(usually * Number(process.env.ANNEX_SCALE ?? 1)));
}

/** The chances of a test. The seed is printed with it. */
export function chances(t: TestContext): Random {
  const seed = Number(process.env.ANNEX_SEED ?? Math.floor(Math.random() * 2 ** 32));
  t.diagnostic(`ANNEX_SEED=${seed}`);
  return seededRandom(seed);
}

export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
