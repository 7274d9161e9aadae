// Whatever is sent, the answer is a good one or names the client's fault: no 5xx, no crash, nothing that cannot be read again, no growth.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { fischers } from "../../examples/wardle/fischer.ts";
import { flunders } from "../../examples/wardle/flunder.ts";
import { ships } from "../own-kind/ship/ship.ts";
import { type Asked, type AskedAnswer, type AskedServer, startAskedServer } from "../support/asked-server.ts";
import { chances, rounds } from "../support/faults.ts";
import { anyRequest } from "./requests.ts";

/** Requests between two looks at everything that is stored; a million are 2,000 rounds: ANNEX_SCALE=250. */
const requestsPerRound = 500;
const roundsUsually = 8;
/** By then everything has been compiled and asked for once. */
const warmRounds = 300;
/** What may still fill up: the rings of two resources that are written to, 32 MiB each, storage's history, 32 MiB at most twice, and half as much again for what holds them. */
const growthMaxBytes = 192 * 1024 * 1024;

const collections = [
  "/apis/wardle.example.com/v1alpha1/flunders",
  "/apis/wardle.example.com/v1beta1/flunders",
  "/apis/wardle.example.com/v1alpha1/fischers",
  "/apis/fleet.example.com/v1/ships",
  "/apis/fleet.example.com/v1beta1/ships",
];

test("no request brings the server down, makes it forget, or makes it grow", async (t) => {
  const random = chances(t);
  await using asked = await startAskedServer({ resources: [flunders, fischers, ships] });
  const counted = new Map<number, number>();
  let warmBytes = 0;
  const total = rounds(roundsUsually);
  for (let round = 0; round < total; round++) {
    for (const request of fc.sample(anyRequest, { numRuns: requestsPerRound, seed: random.below(2 ** 31) })) {
      const answer = await send(asked, request);
      counted.set(answer.status, (counted.get(answer.status) ?? 0) + 1);
      requireHonest(request, answer, asked);
    }
    await requireReadable(asked);
    if (round === Math.min(warmRounds, total >> 1)) warmBytes = usedBytes();
  }
  const grown = usedBytes() - warmBytes;
  const sorted = [...counted].sort(([a], [b]) => a - b).map(([status, times]) => `${status}: ${times}`);
  t.diagnostic(`${total * requestsPerRound} requests, ${sorted.join(", ")}; grown by ${Math.round(grown / 1024)} KiB`);
  assert.ok(grown < growthMaxBytes, `grown by ${grown} bytes`);
});

/** Watches end when they have said what is there. */
async function send(asked: AskedServer, request: Asked): Promise<AskedAnswer> {
  const isWatch = /[?&]watch=|\/watch\//.test(request.path);
  try {
    return await asked.ask(isWatch ? { ...request, signal: AbortSignal.timeout(2) } : request);
  } catch (error) {
    if (isWatch && error instanceof DOMException)
      return { status: 0, headers: {}, bytes: Buffer.alloc(0), json: undefined };
    throw new Error(`no answer to ${show(request)}`, { cause: error });
  }
}

/** Every fault is the client's, and told as a Status where that was asked for. */
function requireHonest(request: Asked, answer: AskedAnswer, { lastError }: AskedServer): void {
  const { status, headers, bytes } = answer;
  // Who asks for a revision that is still to come is told to come back.
  if (status === 504 && answer.json.details?.causes?.[0]?.reason === "ResourceVersionTooLarge") return;
  if (status >= 500) throw new Error(`${show(request)}\n${status} ${bytes}`, { cause: lastError() });
  const isJson = headers["content-type"] === "application/json" && headers["content-encoding"] === undefined;
  if (status < 400 || !isJson || bytes.length === 0 || request.path.startsWith("/openapi")) return;
  const { kind, code, reason, message, paths } = answer.json;
  // Of paths that nobody knows the reference lists those that somebody does.
  if (status === 404 && Array.isArray(paths)) return;
  assert.equal(kind, "Status", `${show(request)}\n${bytes}`);
  assert.equal(code, status, show(request));
  assert.ok(typeof message === "string" && reason !== "InternalError", `${show(request)}\n${bytes}`);
}

/** What was taken can be read in every version, its managed fields make sense, and it can go. */
async function requireReadable(asked: AskedServer): Promise<void> {
  for (const path of collections) {
    const { status, json, bytes } = await asked.ask({ path });
    assert.equal(status, 200, String(bytes));
    for (const { metadata } of json.items) {
      assert.ok(metadata.uid !== undefined && metadata.creationTimestamp !== undefined, JSON.stringify(metadata));
      for (const { manager, operation, fieldsV1 } of metadata.managedFields ?? [])
        assert.ok(
          manager !== undefined && operation !== undefined && typeof fieldsV1 === "object",
          JSON.stringify(metadata.managedFields),
        );
    }
  }
  for (const path of [
    "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders",
    "/apis/fleet.example.com/v1/namespaces/default/ships",
  ])
    assert.equal((await asked.ask({ method: "DELETE", path })).status, 200);
  assert.equal(Object.getOwnPropertyNames(Object.prototype).length, prototypeNames);
}
const prototypeNames = Object.getOwnPropertyNames(Object.prototype).length;

function show({ method, path, headers, body }: Asked): string {
  const sent = Buffer.isBuffer(body) ? `base64 ${body.toString("base64")}` : String(body);
  return `${method} ${path} ${JSON.stringify(headers)} ${sent}`;
}

/** What is left after a full collection. */
function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
