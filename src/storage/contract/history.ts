// A random history against a model that is too simple to be wrong. The seed is printed; ANNEX_SEED repeats it.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, test } from "node:test";
import { type Random, seededRandom } from "../../base/random.ts";
import type { OpenStorage } from "../contract.ts";
import { compareKeys, type Write } from "../storage.ts";
import { assertFails, type Bench, openBench } from "./bench.ts";

const commits = 150;
const names = ["", "a", "a/b", "a/c", "b", "c/", "é", "𝒜", "￮", "zz"];

/** What stood at a revision: name to value and revision. */
type Contents = ReadonlyMap<string, { readonly value: string; readonly revision: number }>;

export function describeHistory(open: OpenStorage): void {
  describe("any history", () => {
    test("reads the same as a model at every revision, through every limit and from every watch", async (t) => {
      const seed = Number(process.env.ANNEX_SEED ?? randomInt(2 ** 32));
      t.diagnostic(`ANNEX_SEED=${seed}`);
      const random = seededRandom(seed);
      const bench = await openBench(t, open);
      const base = await bench.storage.currentRevision();
      const history = new Map<number, Contents>([[base, new Map()]]);
      for (let i = 0; i < commits; i++) await commitRandomly(bench, random, history);

      const revisions = [...history.keys()];
      for (let i = 0; i < 60; i++) await readRandomly(bench, random, history);
      for (let i = 0; i < 10; i++) await watchRandomly(bench, random, history);

      const compacted = revisions[random.below(revisions.length - 1) + 1] ?? base;
      await bench.storage.compact(compacted);
      for (const revision of revisions) {
        if (revision < compacted) await assertFails(bench.range({ revision }), "REVISION_COMPACTED");
        else await readRandomly(bench, random, new Map([[revision, history.get(revision) ?? new Map()]]));
      }
      await watchRandomly(bench, random, new Map([...history].filter(([revision]) => revision >= compacted)));
    });
  });
}

async function commitRandomly(bench: Bench, random: Random, history: Map<number, Contents>): Promise<void> {
  const [revision, contents] = [...history].at(-1) ?? [0, new Map()];
  const writes: Write[] = [];
  const next = new Map(contents);
  for (const name of names.filter(() => random.below(4) === 0)) {
    const current = contents.get(name)?.revision ?? 0;
    const value = random.below(3) === 0 ? undefined : `${random.next()}`;
    const expected = [current, current, current, undefined, random.below(revision)][random.below(5)];
    writes.push(bench.write(name, value, expected));
    if (value === undefined) next.delete(name);
    else next.set(name, { value, revision: -1 });
  }
  if (writes.length === 0) return;

  const fits = writes.every(({ key, expected }) => {
    return expected === undefined || expected === (contents.get(bench.name(key))?.revision ?? 0);
  });
  const result = await bench.storage.commit(writes);
  assert.equal(result.committed, fits);
  if (!result.committed || result.revision === revision) return;
  for (const [name, entry] of next) if (entry.revision === -1) next.set(name, { ...entry, revision: result.revision });
  history.set(result.revision, next);
}

async function readRandomly(bench: Bench, random: Random, history: ReadonlyMap<number, Contents>): Promise<void> {
  const [revision, contents] = [...history][random.below(history.size)] ?? [1, new Map()];
  const [start, end] = [pick(random), pick(random)].toSorted(compareKeys);
  const limit = random.below(names.length) + 1;
  const { entries, more } = await bench.range({
    start: bench.key(start ?? ""),
    end: bench.key(end ?? ""),
    revision,
    limit,
  });
  const expected = [...contents]
    .filter(([name]) => compareKeys(name, start ?? "") >= 0 && compareKeys(name, end ?? "") < 0)
    .toSorted(([a], [b]) => compareKeys(a, b));
  assert.deepEqual(
    entries.map((entry) => ({ name: bench.name(entry.key), value: `${entry.value}`, revision: entry.revision })),
    expected.slice(0, limit).map(([name, entry]) => ({ name, ...entry })),
  );
  assert.equal(more, expected.length > limit);
}

/** Follows the history from one of its revisions and holds each step against the model. */
async function watchRandomly(bench: Bench, random: Random, history: ReadonlyMap<number, Contents>): Promise<void> {
  const revisions = [...history.keys()];
  const from = random.below(revisions.length);
  const after = revisions[from] ?? 1;
  const end = revisions.at(-1);
  if (end === undefined || after === end) return; // Nothing happened since, so that nothing would come.
  const events = await bench.eventsUntil(bench.watch(after), end);
  const contents = new Map(history.get(after));
  for (const revision of revisions.slice(from + 1)) {
    for (const event of events.filter((event) => event.revision === revision)) {
      if (event.value === undefined) assert.ok(contents.delete(bench.name(event.key)));
      else contents.set(bench.name(event.key), { value: `${event.value}`, revision });
    }
    assert.deepEqual(contents, history.get(revision));
  }
}

function pick(random: Random): string {
  return names[random.below(names.length)] ?? "";
}
