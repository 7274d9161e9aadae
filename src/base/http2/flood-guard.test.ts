import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { FloodGuard } from "./flood-guard.ts";
import { ConnectionError } from "./protocol.ts";

/** How many frames pass until one is too many. */
function passing(floods: FloodGuard): number {
  for (let passed = 0; ; passed++)
    try {
      floods.count();
    } catch (error) {
      assert.ok(error instanceof ConnectionError);
      return passed;
    }
}

test("a burst of a thousand frames passes, and thirty-three more for each second after it", () => {
  const clock = new ManualClock();
  const floods = new FloodGuard(clock);
  assert.equal(passing(floods), 1_000);
  clock.advance(10_000);
  assert.equal(passing(floods), 330);
});

test("a connection of a day has no more to spend than a new one", () => {
  const clock = new ManualClock();
  const floods = new FloodGuard(clock);
  clock.advance(24 * 60 * 60 * 1_000);
  assert.ok(passing(floods) <= 2_000);
  clock.advance(24 * 60 * 60 * 1_000);
  assert.equal(passing(floods), 1_000);
});
