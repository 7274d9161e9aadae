import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Makes much that lives for a moment, and prints by how many MB V8's room for such objects has grown meanwhile. */
const program = `
  import { getHeapSpaceStatistics } from "node:v8";
  import { keepYoungGenerationSmall } from "./src/server/young-generation.ts";
  const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size;
  if (process.env.KEEPS === "yes") keepYoungGenerationSmall();
  const before = size();
  const kept = [];
  for (let i = 0; i < 2_000_000; i++) kept[i % 200_000] = { i, text: [i] };
  console.log(Math.round((size() - before) / 2 ** 20));
`;

function grownMegabytes(keeps: "yes" | "no", ...options: string[]): number {
  const { stdout, stderr } = spawnSync(process.execPath, [...options, "--input-type=module", "--eval", program], {
    env: { ...process.env, NODE_OPTIONS: "", KEEPS: keeps },
    encoding: "utf8",
  });
  assert.match(stdout, /^-?\d+\n$/, stderr);
  return Number(stdout);
}

test("keepYoungGenerationSmall() keeps V8 from growing its space for young objects", () => {
  assert.ok(grownMegabytes("no") > 4);
  assert.ok(grownMegabytes("yes") <= 1);
});

test("keepYoungGenerationSmall() leaves it to whoever has set the size", () => {
  assert.ok(grownMegabytes("yes", "--max-semi-space-size=32") > 4);
});
