import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import type { CacheEntry } from "./cache-entry.ts";
import { KeptRoots, rootsMax } from "./kept-roots.ts";
import { Tree } from "./tree.ts";

const minuteMs = 60_000;
const aSnapshot = (revision: number, isWhole = true) => ({ tree: Tree.empty<CacheEntry>(), revision, isWhole });

test("KeptRoots finds a moment of the whole under any prefix, and one that was read of a range under that range alone", () => {
  const kept = new KeptRoots(new ManualClock());
  kept.keep("/a/", aSnapshot(1));
  kept.keep("/a/", aSnapshot(2, false));
  assert.equal(kept.get("/b/", 1)?.revision, 1);
  assert.equal(kept.get("/a/", 2)?.revision, 2);
  assert.equal(kept.get("/b/", 2), undefined);
  assert.equal(kept.get("/a/", 3), undefined);
});

test("KeptRoots forgets a moment that nobody asked pages of for five minutes", () => {
  const clock = new ManualClock();
  const kept = new KeptRoots(clock);
  kept.keep("/", aSnapshot(1));
  kept.keep("/", aSnapshot(2));
  kept.keep("/", aSnapshot(3, false));
  clock.advance(4 * minuteMs);
  kept.keep("/", aSnapshot(1));
  clock.advance(minuteMs + 1);
  assert.equal(kept.get("/", 2), undefined);
  assert.equal(kept.get("/", 3), undefined);
  assert.equal(kept.get("/", 1)?.revision, 1, "it was asked for meanwhile");
  assert.equal(kept.length, 1);
});

test("KeptRoots keeps so many moments and no more, those that were asked for last", () => {
  const kept = new KeptRoots(new ManualClock());
  for (let revision = 1; revision <= rootsMax; revision++) kept.keep("/", aSnapshot(revision));
  kept.keep("/", aSnapshot(1));
  kept.keep("/", aSnapshot(rootsMax + 1));
  assert.equal(kept.length, rootsMax);
  assert.equal(kept.get("/", 1)?.revision, 1);
  assert.equal(kept.get("/", 2), undefined);
});

test("KeptRoots lets go of the moments before a revision", () => {
  const kept = new KeptRoots(new ManualClock());
  for (const revision of [3, 5, 7]) kept.keep("/", aSnapshot(revision));
  kept.forgetBefore(5);
  assert.deepEqual(
    [3, 5, 7].map((revision) => kept.get("/", revision)?.revision),
    [undefined, 5, 7],
  );
});
