import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "./clock.ts";
import { ExpiringCache } from "./expiring-cache.ts";

function aClock(): Clock & { nowIs: number } {
  return {
    nowIs: 0,
    nowMs() {
      return this.nowIs;
    },
    after: () => () => undefined,
  };
}

test("get() answers until the entry's lifetime is over", () => {
  const clock = aClock();
  const cache = new ExpiringCache<string>({ entriesMax: 10, clock });
  cache.set("a", "yes", 100);
  clock.nowIs = 99;
  assert.equal(cache.get("a"), "yes");
  clock.nowIs = 100;
  assert.equal(cache.get("a"), undefined);
  assert.equal(cache.size, 0);
});

test("set() makes room by forgetting what was read the longest time ago", () => {
  const cache = new ExpiringCache<number>({ entriesMax: 2, clock: aClock() });
  cache.set("a", 1, 100);
  cache.set("b", 2, 100);
  cache.get("a");
  cache.set("c", 3, 100);
  assert.deepEqual([cache.get("a"), cache.get("b"), cache.get("c")], [1, undefined, 3]);
});

test("set() with no lifetime keeps nothing, and forgets what was there", () => {
  const cache = new ExpiringCache<number>({ entriesMax: 2, clock: aClock() });
  cache.set("a", 1, 100);
  cache.set("a", 2, 0);
  assert.equal(cache.get("a"), undefined);
});
