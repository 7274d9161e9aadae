import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Runs a program and resolves to the number of MB that it prints. */
function megabytesOf(program: string): number {
  const prelude = `
    import { setImmediate } from "node:timers/promises";
    import { getHeapSpaceStatistics } from "node:v8";
    import { keepHeapSmall } from "./src/server/heap-size.ts";
    keepHeapSmall();
    const space = (name) => getHeapSpaceStatistics().find(({ space_name }) => space_name === name);
    let highest = 0;
  `;
  const print = "console.log(Math.round(highest / 2 ** 20));";
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", prelude + program + print], {
    env: { ...process.env, NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  assert.match(stdout, /^\d+\n$/, stderr);
  return Number(stdout);
}

test("keepHeapSmall() lets V8's space for young objects grow to 16 MB, or one step beyond", () => {
  // Makes much that lives for a moment, in turns as a server does.
  const kept = megabytesOf(`
    const kept = [];
    for (let i = 0; i < 4_000_000; i++) {
      kept[i % 20_000] = { i, text: [i] };
      if (i % 10_000 !== 0) continue;
      await setImmediate();
      highest = Math.max(highest, space("new_space").space_size);
    }
  `);
  // Without it nearly every run ends between 40 and 58 MB; how far V8 goes is its own choice, so that nothing is said of that.
  assert.ok(kept >= 1 && kept <= 32, `${kept} MB`);
});

test("keepHeapSmall() has old objects collected before they are twice as many as those that live", () => {
  // Some 36 MB live, and each of them is replaced again and again.
  const used = megabytesOf(`
    const kept = [];
    for (let i = 0; i < 3_000_000; i++) {
      kept[i % 200_000] = { text: Array.from({ length: 10 }, () => i) };
      if (i % 10_000 !== 0) continue;
      await setImmediate();
      highest = Math.max(highest, space("old_space").space_used_size);
    }
  `);
  assert.ok(used >= 30 && used <= 80, `${used} MB`);
});
