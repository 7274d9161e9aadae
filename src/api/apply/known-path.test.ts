import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldSet } from "./field-set.ts";
import { rootPath } from "./known-path.ts";

test("the same paths in the same order make the same set, and another order an equal one", () => {
  const paths = [["f:a"], ["f:b", 'k:{"name":"x"}'], ["f:b", "v:1"]];
  const set = FieldSet.of(...paths);
  assert.equal(FieldSet.of(...paths), set);
  const other = FieldSet.of(...paths.toReversed());
  assert.notEqual(other, set);
  assert.ok(other.equals(set));
  assert.notEqual(FieldSet.of(...paths.slice(0, 2)), set);
});

test("a path names its elements from the object down, whichever way it was found", () => {
  const path = rootPath().field("metadata").field("labels").at("v:1");
  assert.deepEqual(path.elements(), ["f:metadata", "f:labels", "v:1"]);
  assert.equal(rootPath().at("f:metadata").at("f:labels").at("v:1"), path);
});

test("paths without number do not pile up: all are forgotten, and sets are as they were", () => {
  const before = rootPath();
  const paths = [["f:a", "f:b"], ["f:c"]];
  const set = FieldSet.of(...paths);
  for (let i = 0; i < 30_000; i++) FieldSet.of(["f:labels", `f:l${i}`]);
  assert.notEqual(rootPath(), before);
  const again = FieldSet.of(...paths);
  assert.notEqual(again, set);
  assert.ok(again.equals(set));
});
