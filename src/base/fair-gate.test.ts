import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "./clock.ts";
import { FairGate, type FairGateOptions, type Leave } from "./fair-gate.ts";

/** A clock that stands still until a test moves it. */
function handClock(): Clock & { pass(): void } {
  const wakes = new Set<() => void>();
  return {
    nowMs: () => 0,
    after(_delayMs, wake) {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    pass() {
      for (const wake of [...wakes]) wake();
    },
  };
}

const forever = () => new AbortController().signal;

function gate(options: Partial<FairGateOptions> = {}): FairGate {
  return new FairGate({
    seats: 1,
    waitersPerFlowMax: 10,
    waitersMax: 100,
    waitMs: 1_000,
    clock: handClock(),
    ...options,
  });
}

test("enter() gives free seats at once", () => {
  const two = gate({ seats: 2 });
  assert.equal(typeof two.enter("a", forever), "function");
  assert.equal(typeof two.enter("a", forever), "function");
  assert.ok(two.enter("a", forever) instanceof Promise);
  assert.equal(two.inside, 2);
});

test("those who wait enter one of each flow after the other", async () => {
  const one = gate();
  const first = one.enter("busy", forever);
  const order: string[] = [];
  const wait = async (flow: string) => {
    const leave = await one.enter(flow, forever);
    order.push(flow);
    leave?.();
  };
  const waiting = [wait("busy"), wait("busy"), wait("busy"), wait("calm"), wait("other"), wait("calm")];
  (first as Leave)();
  await Promise.all(waiting);
  assert.deepEqual(order, ["busy", "calm", "other", "busy", "calm", "busy"]);
  assert.deepEqual([one.inside, one.waiting], [0, 0]);
});

test("enter() turns away a flow of which too many wait, and lets another one wait", () => {
  const one = gate({ waitersPerFlowMax: 1 });
  one.enter("a", forever);
  assert.ok(one.enter("a", forever) instanceof Promise);
  assert.equal(one.enter("a", forever), undefined);
  assert.ok(one.enter("b", forever) instanceof Promise);
});

test("enter() turns everybody away where too many wait in all", () => {
  const one = gate({ waitersMax: 1 });
  one.enter("a", forever);
  assert.ok(one.enter("b", forever) instanceof Promise);
  assert.equal(one.enter("c", forever), undefined);
});

test("who has waited too long, or has gone away, is turned away and takes no seat", async () => {
  const clock = handClock();
  const one = gate({ clock });
  const leave = one.enter("a", forever) as Leave;
  const abort = new AbortController();
  const impatient = one.enter("b", forever);
  const gone = one.enter("c", () => abort.signal);
  const patient = one.enter("d", forever);
  abort.abort();
  assert.equal(await gone, undefined);
  assert.equal(one.waiting, 2);
  leave();
  assert.equal(typeof (await impatient), "function");
  clock.pass();
  assert.equal(await patient, undefined);
  assert.equal(one.waiting, 0);
});
