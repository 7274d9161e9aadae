import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { IncomingRequest } from "./incoming-request.ts";

function aRequest(onClose: (listener: () => void) => void = () => undefined): IncomingRequest {
  const peer = { remoteAddress: "192.0.2.7", certificates: [], memo: new Map() };
  const head = { method: "GET", url: "/x", headers: {}, httpVersion: "1.1" } as const;
  return new IncomingRequest({ ...head, peer, stream: undefined, upgrade: undefined, onClose });
}

for (const delaysMs of [
  [1, 3_600_000],
  [3_600_000, 1],
])
  test(`of the times ${delaysMs.join(" and ")} ms after which a request is given up the first counts`, async () => {
    const request = aRequest();
    for (const delayMs of delaysMs) request.abortAfter(delayMs, `after ${delayMs}`);
    // A timer of a request keeps nothing running.
    const alive = setInterval(() => undefined, 1000);
    await once(request.signal, "abort");
    clearInterval(alive);
    assert.equal(request.signal.reason, "after 1");
  });
