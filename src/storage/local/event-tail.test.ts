import assert from "node:assert/strict";
import { test } from "node:test";
import { EventTail } from "./event-tail.ts";

test("eventsAfter() answers what came after a revision, and how far that goes", () => {
  const tail = new EventTail(1);
  for (const revision of [2, 3, 5]) tail.push([anEvent(revision)], revision);
  assert.deepEqual(revisionsAfter(tail, 1), [[2, 3, 5], 5]);
  assert.deepEqual(revisionsAfter(tail, 3), [[5], 5]);
  assert.deepEqual(revisionsAfter(tail, 4), [[5], 5]);
  assert.deepEqual(revisionsAfter(tail, 5), [[], 5]);
});

test("eventsAfter() ends a page with a whole revision once it is large enough", () => {
  const tail = new EventTail(1);
  tail.push([anEvent(2), anEvent(2), anEvent(3), anEvent(3)], 3);
  assert.deepEqual(revisionsAfter(tail, 1, 1), [[2, 2], 2]);
  assert.deepEqual(revisionsAfter(tail, 2, 1), [[3, 3], 3]);
});

test("push() lets the oldest changes go and says from where the others are whole", () => {
  const tail = new EventTail(1);
  for (let revision = 2; revision <= 10_001; revision++) tail.push([anEvent(revision)], revision);
  assert.equal(tail.after, 10_001 - 4_096);
  assert.equal(tail.eventsAfter(tail.after, Number.POSITIVE_INFINITY).events.length, 4_096);
  assert.throws(() => tail.eventsAfter(tail.after - 1, 1));
});

test("push() keeps at most 16 MiB, also of one revision that is larger", () => {
  const tail = new EventTail(1);
  const value = Buffer.alloc(5 * 1024 * 1024);
  for (const revision of [2, 3, 4, 5]) tail.push([anEvent(revision, value)], revision);
  assert.equal(tail.after, 2);
  tail.push(
    [6, 6, 6, 6].map((revision) => anEvent(revision, value)),
    6,
  );
  assert.equal(tail.after, 6);
  assert.deepEqual(revisionsAfter(tail, 6), [[], 6]);
});

function anEvent(revision: number, value = Buffer.from("1")) {
  return { key: "/a", value, revision };
}

function revisionsAfter(tail: EventTail, after: number, sizeMaxBytes = Number.POSITIVE_INFINITY): [number[], number] {
  const { events, revision } = tail.eventsAfter(after, sizeMaxBytes);
  return [events.map((event) => event.revision), revision];
}
