import assert from "node:assert/strict";
import { test } from "node:test";
import { widget, widgets } from "../../../test/support/widgets.ts";
import { parseFieldSelector, parseLabelSelector } from "../../api/door.ts";
import { seededRandom } from "../../base/random.ts";
import { encodeStored } from "../stored-object.ts";
import { CacheEntry } from "./cache-entry.ts";
import { EntrySelector } from "./entry-selector.ts";
import { Tree } from "./tree.ts";

const selectors = [
  "color=red",
  "color in (red,blue)",
  "color!=red",
  "color",
  "!color",
  "color=red,size=s",
  "size=m",
  "constructor=x",
];

function entryOf(number: number, labels: Readonly<Record<string, string>>, revision: number): CacheEntry {
  const name = `w${String(number).padStart(4, "0")}`;
  const metadata = { name, namespace: "default", labels: { ...labels } };
  const value = encodeStored(widget, { apiVersion: "test.example.com/v1", kind: "Widget", metadata });
  return new CacheEntry(widgets, { key: `/${name}`, value, revision });
}

test("a selector finds in each slice of a tree what it matches, whatever was kept of earlier trees", () => {
  const seed = Number(process.env.ANNEX_SEED ?? 20_261_123);
  const random = seededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)] as Item;
  const labelsOf = () => ({
    ...(random.below(4) > 0 && { color: pick(["red", "blue", "green"]) }),
    ...(random.below(2) > 0 && { size: pick(["s", "m"]) }),
  });
  let tree = Tree.from(Array.from({ length: 300 }, (_, number) => entryOf(number, labelsOf(), 1)));
  for (let step = 0; step < 200; step++) {
    const changed = entryOf(random.below(400), labelsOf(), step + 2);
    tree = random.below(4) > 0 ? tree.with(changed) : tree.without(changed.key);
    const text = pick(selectors);
    const name = random.below(5) === 0 ? "metadata.name=w0007" : "";
    const selector = EntrySelector.of({ labels: parseLabelSelector(text), fields: parseFieldSelector(name) });
    assert.ok(selector);
    const start = `/w0${random.below(3)}`;
    const expected = [...tree.entries(start, "0")].filter((entry) => selector.matches(entry));
    const found = [...tree.slices(start, "0")].flatMap((slice) => selector.select(slice));
    assert.deepEqual(
      found.map(({ key }) => key),
      expected.map(({ key }) => key),
      `seed ${seed}, step ${step}: ${text}`,
    );
  }
});

test("a selector without requirements is none", () => {
  assert.equal(EntrySelector.of({ labels: [], fields: [] }), undefined);
});

test("labels are read wherever managed fields stand, and whatever else has their name", () => {
  const entries = '"managedFields":[{"manager":"m","fieldsV1":{"f:labels":{}}}]';
  const values = [
    `{"metadata":{"name":"a","labels":{"color":"red"},${entries}},"spec":{"color":"x"}}`,
    `{"metadata":{"name":"a",${entries},"labels":{"color":"red"}}}`,
    `{"metadata":{"name":"a","labels":{"color":"red"}},"spec":{"color":"x",${entries}}}`,
    `{"spec":{"deep":{"color":"x",${entries}}},"metadata":{"name":"a","labels":{"color":"red"}}}`,
    `{"metadata":{"name":"a","annotations":{"x":",\\"managedFields\\":["},"labels":{"color":"red"}}}`,
  ];
  for (const value of values) {
    const entry = new CacheEntry(widgets, { key: "/a", value: Buffer.from(value), revision: 1 });
    assert.deepEqual(entry.selectable.labels, { color: "red" }, value);
  }
});
