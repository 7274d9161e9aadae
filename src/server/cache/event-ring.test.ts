import assert from "node:assert/strict";
import { test } from "node:test";
import { widgets } from "../../../test/support/widgets.ts";
import { CacheEntry } from "./cache-entry.ts";
import { EventRing } from "./event-ring.ts";

function anEvent(revision: number, sizeBytes = 100) {
  const entry = new CacheEntry(widgets, { key: "/k", value: Buffer.alloc(sizeBytes), revision });
  return { type: "ADDED", revision, entry, previous: undefined, encoded: new Map([["v1", Buffer.alloc(1)]]) } as const;
}

test("EventRing finds the first event after a revision", () => {
  const ring = new EventRing(5);
  for (const revision of [7, 9, 9, 12]) ring.push(anEvent(revision));
  assert.deepEqual(
    [5, 7, 8, 9, 11, 12, 99].map((revision) => ring.firstAfter(revision)),
    [0, 1, 1, 3, 3, 4, 4],
  );
  assert.equal(ring.at(3)?.revision, 12);
  assert.equal(ring.at(4), undefined);
});

test("EventRing drops the oldest events where there are too many, and says from which revision on it has all", () => {
  const ring = new EventRing(0);
  for (let revision = 1; revision <= 40_000; revision++) ring.push(anEvent(revision));
  assert.equal(ring.end, 40_000);
  assert.equal(ring.oldestRevision, 40_000 - 16_384);
  const first = ring.firstAfter(ring.oldestRevision);
  assert.equal(ring.at(first)?.revision, ring.oldestRevision + 1);
  assert.ok(ring.isGone(first - 1) && !ring.isGone(first));
  assert.equal(ring.at(first - 1), undefined);
});

test("EventRing drops the oldest events where they are too large", () => {
  const ring = new EventRing(0);
  for (let revision = 1; revision <= 100; revision++) ring.push(anEvent(revision, 1024 * 1024));
  assert.equal(ring.oldestRevision, 100 - 32);
});

test("EventRing keeps encoded bytes of recent events alone", () => {
  const ring = new EventRing(0);
  for (let revision = 1; revision <= 1_500; revision++) ring.push(anEvent(revision));
  assert.equal(ring.at(100)?.encoded.size, 0);
  assert.equal(ring.at(1_499)?.encoded.size, 1);
});

test("EventRing takes earlier events in front, until some had to go", () => {
  const ring = new EventRing(5);
  ring.push(anEvent(7));
  ring.prepend([anEvent(3), anEvent(5)], 2);
  assert.equal(ring.oldestRevision, 2);
  assert.deepEqual(
    [2, 3, 5, 7].map((revision) => ring.at(ring.firstAfter(revision))?.revision),
    [3, 5, 7, undefined],
  );
  assert.ok(!ring.hasDropped);
  for (let revision = 8; revision < 8 + 40; revision++) ring.push(anEvent(revision, 1024 * 1024));
  assert.ok(ring.hasDropped);
});
