import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnershipGraph } from "./ownership-graph.ts";

function reference(uid: string, blockOwnerDeletion = false) {
  return { apiVersion: "v1", kind: "ConfigMap", name: uid, uid, blockOwnerDeletion };
}

function aDependent(uid: string, ...owners: ReturnType<typeof reference>[]) {
  return { uid, identity: uid, owners, awaitsDependents: false };
}

const uids = (found: Iterable<{ uid: string }>) => [...found].map(({ uid }) => uid);

test("dependentsOf() knows dependents of an owner that was never seen, until they name it no longer", () => {
  const graph = new OwnershipGraph<string>();
  graph.set(aDependent("b", reference("a")));
  graph.set(aDependent("c", reference("a"), reference("x")));
  assert.deepEqual(uids(graph.dependentsOf("a")), ["b", "c"]);

  graph.set(aDependent("b", reference("x")));
  assert.deepEqual(uids(graph.dependentsOf("a")), ["c"]);
  assert.deepEqual(uids(graph.dependentsOf("x")), ["c", "b"]);
});

test("an owner that goes leaves its dependents known, and a dependent that goes leaves nothing", () => {
  const graph = new OwnershipGraph<string>();
  graph.set(aDependent("b", reference("a")));
  graph.set(aDependent("c", reference("b")));
  graph.delete("b");
  assert.deepEqual(uids(graph.dependentsOf("b")), ["c"]);
  assert.equal(graph.hasDependents("a"), false);
  graph.set(aDependent("c"));
  assert.equal(graph.hasDependents("b"), false);
});

test("blockersOf() finds only dependents that block this very owner", () => {
  const graph = new OwnershipGraph<string>();
  graph.set(aDependent("b", reference("a", true)));
  graph.set(aDependent("c", reference("a"), reference("x", true)));
  assert.deepEqual(uids(graph.blockersOf("a")), ["b"]);
  assert.deepEqual(uids(graph.blockersOf("x")), ["c"]);
});
