import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

test("Turns lets one in after the other, in the order in which they came", async () => {
  const turns = new Turns();
  const log: string[] = [];
  const visit = async (who: string) => {
    const leave = await turns.take("key");
    log.push(`${who} in`);
    await Promise.resolve();
    log.push(`${who} out`);
    leave();
  };
  await Promise.all([visit("a"), visit("b"), visit("c")]);
  assert.deepEqual(log, ["a in", "a out", "b in", "b out", "c in", "c out"]);
});

test("Turns makes nobody wait at another key, nor after the last one has left", async () => {
  const turns = new Turns();
  const leave = await turns.take("one");
  await turns.take("two");
  leave();
  await turns.take("one");
});
