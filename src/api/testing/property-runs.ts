// How often properties are tried: a little by default, `ANNEX_SCALE` times as often where somebody has the time.

/** Options for `fc.assert`. */
export function propertyRuns(runs: number): { numRuns: number } {
  return { numRuns: Math.ceil(runs * Number(process.env.ANNEX_SCALE ?? "1")) };
}
