import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../base/random.ts";
import { compareKeys } from "../../storage/door.ts";
import { Tree } from "./tree.ts";

interface Entry {
  readonly key: string;
  readonly value: number;
}

const steps = 20_000 * Number(process.env.ANNEX_SCALE ?? 1);

test("Tree equals a sorted map at every step of a random run, and its snapshots never change", () => {
  const seed = Number(process.env.ANNEX_SEED ?? 20_261_123);
  const random = seededRandom(seed);
  const model = new Map<string, number>();
  let tree = Tree.empty<Entry>();
  const snapshots: { tree: Tree<Entry>; expected: string[] }[] = [];
  const below = random.below;
  const sorted = () => [...model.keys()].sort(compareKeys);

  for (let step = 0; step < steps; step++) {
    const key = `/k/${below(3_000).toString(36)}`;
    if (random.next() < 0.6) {
      tree = tree.with({ key, value: step });
      model.set(key, step);
    } else {
      tree = tree.without(key);
      model.delete(key);
    }
    assert.equal(tree.size, model.size, `seed ${seed}, step ${step}`);
    assert.equal(tree.get(key)?.value, model.get(key), `seed ${seed}, step ${step}`);
    if (step % 997 !== 0) continue;
    snapshots.push({ tree, expected: sorted() });
    const start = `/k/${below(3_000).toString(36)}`;
    const end = `/k/${below(3_000).toString(36)}`;
    const wanted = sorted().filter((name) => compareKeys(name, start) >= 0 && compareKeys(name, end) < 0);
    assert.deepEqual(
      [...tree.entries(start, end)].map((entry) => entry.key),
      wanted,
      `seed ${seed}, step ${step}`,
    );
    if (compareKeys(start, end) < 0) assert.equal(tree.count(start, end), wanted.length);
  }

  for (const { tree: kept, expected } of snapshots)
    assert.deepEqual(
      [...kept.entries("", "~")].map((entry) => entry.key),
      expected,
    );
});

test("Tree.from() builds what a run of with() builds", () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => ({
    key: `/k/${String(index).padStart(6, "0")}`,
    value: index,
  }));
  let grown = Tree.empty<Entry>();
  for (const entry of entries) grown = grown.with(entry);
  const built = Tree.from(entries);
  assert.deepEqual([...built.entries("", "~")], [...grown.entries("", "~")]);
  assert.equal(built.rank("/k/005000"), 5_000);
});
