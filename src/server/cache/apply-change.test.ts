import assert from "node:assert/strict";
import { test } from "node:test";
import { widget, widgets } from "../../../test/support/widgets.ts";
import { encodeStored } from "../stored-object.ts";
import { applyChange } from "./apply-change.ts";
import { CacheEntry } from "./cache-entry.ts";
import { Tree } from "./tree.ts";

const key = "/registry/test.example.com/widgets/default/w";
const aValue = (color: string) =>
  encodeStored(widget, { apiVersion: "test.example.com/v1", kind: "Widget", metadata: { name: "w" }, spec: { color } });

test("applyChange() tells what was added, modified and deleted, and leaves the tree of before as it was", () => {
  const empty = Tree.empty<CacheEntry>();
  const added = applyChange(widgets, empty, { key, value: aValue("blue"), revision: 2 });
  const modified = applyChange(widgets, added.tree, { key, value: aValue("green"), revision: 3 });
  const deleted = applyChange(widgets, modified.tree, { key, value: undefined, revision: 4 });
  const told = [added, modified, deleted].map(({ event }) => [
    event?.type,
    event?.entry.revision,
    event?.previous?.revision,
    event?.entry.object().metadata.resourceVersion,
  ]);
  assert.deepEqual(told, [
    ["ADDED", 2, undefined, "2"],
    ["MODIFIED", 3, 2, "3"],
    ["DELETED", 4, 3, "4"],
  ]);
  assert.deepEqual([empty.size, added.tree.size, modified.tree.size, deleted.tree.size], [0, 1, 1, 0]);
  assert.deepEqual(added.tree.get(key)?.object().spec, { color: "blue" });
});

test("applyChange() tells nothing of a deletion of what was not there", () => {
  const { event } = applyChange(widgets, Tree.empty(), { key, value: undefined, revision: 2 });
  assert.equal(event, undefined);
});

test("an event holds the object before, and not the leaf of joined objects that it was a part of", () => {
  const entry = new CacheEntry(widgets, { key, value: aValue("blue"), revision: 2 });
  const item = entry.item("v1");
  const joined = Buffer.concat([item, Buffer.alloc(100_000)]);
  entry.shareItem(joined.subarray(0, item.length));
  const tree = Tree.empty<CacheEntry>().with(entry);
  const { event } = applyChange(widgets, tree, { key, value: aValue("green"), revision: 3 });
  const before = event?.previous?.item("v1");
  assert.deepEqual(before, item);
  assert.notEqual(before?.buffer, joined.buffer);
});
