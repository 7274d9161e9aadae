import assert from "node:assert/strict";
import { test } from "node:test";
import { isLinearizable, type Operation } from "./linearizability.ts";

const never = Number.POSITIVE_INFINITY;

test("a read that sees an older value than one that ended before it is not linearizable", () => {
  const writes = [aWrite(1, 2, undefined, "a"), aWrite(3, 4, "a", "b")];
  assert.ok(isLinearizable([...writes, aRead(5, 6, "b")]));
  assert.ok(!isLinearizable([...writes, aRead(5, 6, "a")]));
  assert.ok(isLinearizable([aWrite(1, 2, undefined, "a"), aWrite(3, 9, "a", "b"), aRead(5, 6, "a"), aRead(7, 8, "b")]));
  assert.ok(
    !isLinearizable([aWrite(1, 2, undefined, "a"), aWrite(3, 9, "a", "b"), aRead(5, 6, "b"), aRead(7, 8, "a")]),
  );
});

test("a write that went through although somebody had changed the value is not linearizable", () => {
  const first = aWrite(1, 2, undefined, "a");
  assert.ok(!isLinearizable([first, aWrite(3, 4, "a", "b"), aWrite(3, 4, "a", "c")]));
  assert.ok(isLinearizable([first, aWrite(3, 4, "a", "b"), aWrite(3, 4, "a", "c", "b")]));
  assert.ok(!isLinearizable([first, aWrite(3, 4, "a", "b"), aWrite(3, 4, "a", "c", "z")]));
});

test("a write without an answer may have happened late, or never, but not before its call", () => {
  const first = aWrite(1, 2, undefined, "a");
  const lost = aLostWrite(3, "a", "b");
  assert.ok(isLinearizable([first, lost, aRead(5, 6, "a"), aRead(7, 8, "a")]));
  assert.ok(isLinearizable([first, lost, aRead(5, 6, "a"), aRead(7, 8, "b")]));
  assert.ok(!isLinearizable([first, lost, aRead(5, 6, "b"), aRead(7, 8, "a")]));
  assert.ok(!isLinearizable([first, { ...lost, called: 7 }, aRead(5, 6, "b")]));
});

test("a write that found another value than it expected, and was not told which, did not meet what it expected", () => {
  const first = aWrite(1, 2, undefined, "a");
  const refused = (expected: string | undefined): Operation => ({
    called: 3,
    answered: 4,
    call: { kind: "write", expected, value: "b", found: "another" },
  });
  assert.ok(isLinearizable([first, refused("z")]));
  assert.ok(isLinearizable([first, refused(undefined)]));
  assert.ok(!isLinearizable([first, refused("a")]));
});

test("a delete is a write of nothing", () => {
  const first = aWrite(1, 2, undefined, "a");
  const deleted: Operation = {
    called: 3,
    answered: 4,
    call: { kind: "write", expected: "a", value: undefined, found: { value: "a" } },
  };
  assert.ok(isLinearizable([first, deleted, aRead(5, 6, undefined), aWrite(7, 8, undefined, "b")]));
  assert.ok(!isLinearizable([first, deleted, aRead(5, 6, "a")]));
});

test("many writes without an answer do not make the search long", () => {
  const lost = Array.from({ length: 40 }, (_, i) => aLostWrite(3, "a", `lost ${i}`));
  const reads = Array.from({ length: 40 }, (_, i) => aRead(4 + i, 100, i < 20 ? "a" : "lost 7"));
  assert.ok(isLinearizable([aWrite(1, 2, undefined, "a"), ...lost, ...reads]));
});

function aRead(called: number, answered: number, saw: string | undefined): Operation {
  return { called, answered, call: { kind: "read", saw } };
}

function aWrite(
  called: number,
  answered: number,
  expected: string | undefined,
  value: string,
  found = expected,
): Operation {
  return { called, answered, call: { kind: "write", expected, value, found: { value: found } } };
}

function aLostWrite(called: number, expected: string | undefined, value: string): Operation {
  return { called, answered: never, call: { kind: "write", expected, value, found: undefined } };
}
