import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Makes much that lives for a moment, and prints how many MB V8 keeps for such objects then. */
const program = `
  import { getHeapSpaceStatistics } from "node:v8";
  import { keepYoungGenerationSmall } from "./src/server/young-generation.ts";
  if (process.env.KEEPS === "yes") keepYoungGenerationSmall();
  const kept = [];
  for (let i = 0; i < 3_000_000; i++) kept[i % 200_000] = { i, text: [i] };
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  console.log(Math.round(space.physical_space_size / 1e6));
`;

function youngMegabytes(keeps: "yes" | "no", ...options: string[]): number {
  const { stdout } = spawnSync(process.execPath, [...options, "--input-type=module", "--eval", program], {
    env: { ...process.env, NODE_OPTIONS: "", KEEPS: keeps },
    encoding: "utf8",
  });
  return Number(stdout);
}

test("keepYoungGenerationSmall() keeps V8 from growing its space for young objects", () => {
  const grown = youngMegabytes("no");
  const kept = youngMegabytes("yes");
  assert.ok(grown > 6 && kept > 0 && kept <= grown / 2, `${kept} MB in place of ${grown}`);
});

test("keepYoungGenerationSmall() leaves it to whoever has set the size", () => {
  assert.ok(youngMegabytes("yes", "--max-semi-space-size=32") > 6);
});
