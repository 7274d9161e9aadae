// How much room V8 takes for objects that live for a moment.

import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Two halves of 8 MB, which is what it has become when a server has started. V8 would go on to 58 MB under load and keep them. */
const sizeMaxBytes = 16 * 1024 * 1024;

/** Options by which whoever starts the program decides for himself. */
const ownChoice = /--(max|min)[-_]semi[-_]space[-_]size|--semi[-_]space[-_]growth[-_]factor/;

/**
 * Keeps V8's space for young objects at about 16 MB. Measured with 10,000 creates: 202 to 243 MB resident in place of 263 to 269, with the
 * same CPU time; at 2 MB it took 20 % more. An idle V8 makes the space smaller, so that it must be able to grow again.
 */
export function keepYoungGenerationSmall(): void {
  if (ownChoice.test(`${process.execArgv.join(" ")} ${process.env.NODE_OPTIONS ?? ""}`)) return;
  let mayGrow = true;
  const decide = () => {
    const isSmall = youngSizeBytes() < sizeMaxBytes;
    if (isSmall === mayGrow) return;
    mayGrow = isSmall;
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
  };
  decide();
  // The space changes with collections alone. Where one follows the other at once it may double once more before we hear of it.
  new PerformanceObserver(decide).observe({ entryTypes: ["gc"] });
}

function youngSizeBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0;
}
