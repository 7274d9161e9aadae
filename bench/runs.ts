// What several runs of the same phases come to.

import type { Measured } from "./measure.ts";
import { middle, row } from "./report.ts";

export class Runs {
  /** By phase, and then by server. */
  readonly #measured = new Map<string, Map<string, Measured[]>>();

  add(name: string, label: string, measured: Measured): void {
    const byLabel = this.#measured.get(name) ?? new Map<string, Measured[]>();
    this.#measured.set(name, byLabel);
    byLabel.set(label, [...(byLabel.get(label) ?? []), measured]);
  }

  /** A row for each phase and server: the run whose cost is in the middle. */
  medians(): string[] {
    return [...this.#measured].flatMap(([name, byLabel]) => {
      const middles = [...byLabel].map(([label, runs]) => ({ label, measured: middle(runs) }));
      return middles.flatMap(({ label, measured }, index) => {
        const comparedTo = index === 0 ? undefined : middles[0]?.measured;
        return measured === undefined ? [] : [row({ name, label, measured, comparedTo })];
      });
    });
  }
}
