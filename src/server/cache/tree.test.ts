import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../base/random.ts";
import { compareKeys } from "../../storage/door.ts";
import { Tree } from "./tree.ts";

interface Entry {
  readonly key: string;
  readonly value: number;
}

/** ANNEX_SCALE=50 makes it a million. */
const steps = 20_000 * Number(process.env.ANNEX_SCALE ?? 1);
/** So many keys that leaves split and join, and branches with them. */
const names = 6_000;

test("Tree equals a sorted map at every step of a random run, and its snapshots never change", () => {
  const seed = Number(process.env.ANNEX_SEED ?? 20_261_123);
  const random = seededRandom(seed);
  const model = new SortedMap();
  let tree = Tree.empty<Entry>();
  const snapshots: { tree: Tree<Entry>; expected: readonly Entry[] }[] = [];
  const aKey = () => `/k/${random.below(names).toString(36)}`;
  // Now more keys come than go, now more go, down to none.
  let growth = 0.6;

  for (let step = 0; step < steps; step++) {
    const where = `seed ${seed}, step ${step}`;
    if (random.below(10_000) === 0) growth = random.next();
    const key = aKey();
    if (random.next() < growth) {
      tree = tree.with({ key, value: step });
      model.put({ key, value: step });
    } else {
      tree = tree.without(key);
      model.remove(key);
    }
    const rank = model.rank(key);
    assert.equal(tree.size, model.entries.length, where);
    assert.equal(tree.rank(key), rank, where);
    for (const near of [rank - 1, rank, rank + 1])
      if (near >= 0) assert.equal(tree.at(near)?.value, model.entries[near]?.value, where);
    if (random.below(1_000) !== 0) continue;
    snapshots.push({ tree, expected: model.entries.slice() });
    if (snapshots.length > 50) assertEqual(snapshots.splice(random.below(50), 1)[0], where);
    const [start = "", end = ""] = [aKey(), aKey()].sort(compareKeys);
    const wanted = model.entries.slice(model.rank(start), model.rank(end));
    assert.deepEqual([...tree.entries(start, end)], wanted, where);
    assert.equal(tree.count(start, end), wanted.length, where);
  }
  for (const snapshot of snapshots) assertEqual(snapshot, `seed ${seed}, at the end`);
});

function assertEqual(
  snapshot: { readonly tree: Tree<Entry>; readonly expected: readonly Entry[] } | undefined,
  where: string,
): void {
  assert.deepEqual([...(snapshot?.tree.entries("", "~") ?? [])], snapshot?.expected, where);
}

/** What the tree must be equal to: a sorted array, too simple to be wrong. */
class SortedMap {
  readonly entries: Entry[] = [];

  rank(key: string): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.entries[middle]?.key ?? "", key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  put(entry: Entry): void {
    this.entries.splice(this.rank(entry.key), this.#has(entry.key) ? 1 : 0, entry);
  }

  remove(key: string): void {
    if (this.#has(key)) this.entries.splice(this.rank(key), 1);
  }

  #has(key: string): boolean {
    return this.entries[this.rank(key)]?.key === key;
  }
}

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
