import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/door.ts";
import { mutatingOptions, queryBoolean, queryInteger } from "./options.ts";

function refusal(action: () => unknown): StatusError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error;
  }
  throw new Error("nothing was thrown");
}

test("mutatingOptions() warns by default and writes in earnest", () => {
  const { dryRun, fieldManager, fieldValidation } = mutatingOptions("CreateOptions", new URLSearchParams());
  assert.deepEqual([dryRun, fieldManager, fieldValidation], [false, "", "Warn"]);
});

test("mutatingOptions() tells every fault in one answer", () => {
  const query = new URLSearchParams("force=1&fieldManager=a%0a&dryRun=x&fieldValidation=y");
  const error = refusal(() => mutatingOptions("PatchOptions", query));
  assert.equal(error.code, 422);
  assert.deepEqual(
    error.details?.causes?.map(({ field }) => field),
    ["force", "fieldManager", "dryRun", "fieldValidation"],
  );
});

test("mutatingOptions() wants every dryRun to say All", () => {
  assert.equal(mutatingOptions("CreateOptions", new URLSearchParams("dryRun=All")).dryRun, true);
  for (const query of ["dryRun=", "dryRun=All&dryRun=Some"])
    assert.equal(refusal(() => mutatingOptions("CreateOptions", new URLSearchParams(query))).code, 422);
});

test("mutatingOptions() wants a manager for apply, and takes force there alone", () => {
  const isApply = { isApply: true };
  assert.match(
    refusal(() => mutatingOptions("PatchOptions", new URLSearchParams(), isApply)).message,
    /fieldManager: Required value: is required for apply patch$/,
  );
  assert.equal(mutatingOptions("PatchOptions", new URLSearchParams("fieldManager=m&force"), isApply).force, true);
});

test("queryBoolean() is true for everything but 0 and false", () => {
  for (const [text, expected] of [
    ["a=", true],
    ["a=no", true],
    ["a=0", false],
    ["a=FALSE", false],
    ["b=1", false],
  ] as const)
    assert.equal(queryBoolean(new URLSearchParams(text), "a"), expected, text);
});

test("queryInteger() reads 64 bits and refuses everything else", () => {
  assert.equal(queryInteger(new URLSearchParams("a=-5"), "a"), -5);
  assert.equal(queryInteger(new URLSearchParams(), "a"), undefined);
  for (const text of ["a=", "a=1.5", "a=99999999999999999999"])
    assert.equal(refusal(() => queryInteger(new URLSearchParams(text), "a")).code, 400, text);
});
