import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../test/support/verbs.ts";
import { aWidget, widgets } from "../../test/support/widgets.ts";
import { openMemoryStorage } from "../storage/memory/memory-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { StorageError } from "../storage/storage-error.ts";
import { create } from "./verbs/create.ts";
import { get } from "./verbs/get.ts";
import { patch } from "./verbs/patch.ts";
import { update } from "./verbs/update.ts";

const merge = { "content-type": "application/merge-patch+json" };

test("Registry loses no write of sixteen clients that count in one annotation and try again after conflicts", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ annotations: { count: "0" } }) });
  const increments = 8;
  const client = async () => {
    for (let done = 0; done < increments; ) {
      const { body } = await resource.ask(get, { name: "w" });
      const { resourceVersion = "", annotations = {} } = body.metadata;
      const count = String(Number(annotations.count) + 1);
      const { status } = await resource.ask(update, {
        name: "w",
        body: aWidget({ resourceVersion, annotations: { count } }),
      });
      assert.ok(status === 200 || status === 409, `answered ${status}`);
      if (status === 200) done++;
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  const { body } = await resource.ask(get, { name: "w" });
  assert.equal(body.metadata.annotations?.count, String(16 * increments));
});

test("Registry makes patches without a resourceVersion anew until each of them is in", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const names = Array.from({ length: 64 }, (_, at) => `l${at}`);
  const answers = await Promise.all(
    names.map((name) =>
      resource.ask(patch, { name: "w", headers: merge, body: { metadata: { labels: { [name]: "1" } } } }),
    ),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  const { body } = await resource.ask(get, { name: "w" });
  assert.deepEqual(Object.keys(body.metadata.labels ?? {}).sort(), names.sort());
});

test("Registry tells a warning once though the change was tried more than once", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      resource.ask(patch, { name: "w", headers: merge, body: { other: 1, metadata: { labels: { [`l${at}`]: "1" } } } }),
    ),
  );
  for (const { warnings } of answers) assert.deepEqual(warnings, ['unknown field "other"']);
});

test("Registry refuses, and finds nothing to do, only by what storage has, since the cache may lag", async () => {
  const storage = withSilentWatch(openMemoryStorage());
  await using resource = await serveForTest(widgets, { storage });
  // The cache never hears of this object, nor of its change.
  const { body: first } = await resource.ask(create, { body: aWidget({ labels: { a: "1" } }) });
  const { status, body: second } = await resource.ask(update, {
    name: "w",
    body: aWidget({ resourceVersion: first.metadata.resourceVersion ?? "", labels: { a: "2" } }),
  });
  assert.equal(status, 200);
  const undone = await resource.ask(patch, { name: "w", headers: merge, body: { metadata: { labels: { a: "1" } } } });
  assert.deepEqual(undone.body.metadata.labels, { a: "1" });
  assert.notEqual(undone.body.metadata.resourceVersion, second.metadata.resourceVersion);
});

test("Registry refuses nothing, and leaves nothing undone, because of an object that the cache has as it was", async () => {
  const local = openMemoryStorage();
  let isDeaf = false;
  const storage = overriding(local, {
    async *watch(prefix, options) {
      for await (const batch of local.watch(prefix, options)) {
        if (isDeaf) await new Promise((resolve) => options.signal.addEventListener("abort", resolve));
        yield batch;
      }
    },
  });
  await using resource = await serveForTest(widgets, { storage });
  const { body: first } = await resource.ask(create, { body: aWidget({ labels: { a: "1" } }) });
  await resource.ask(get, { name: "w" });
  isDeaf = true;
  const { body: second } = await resource.ask(update, {
    name: "w",
    body: aWidget({ resourceVersion: first.metadata.resourceVersion ?? "", labels: { a: "2" } }),
  });
  // The cache still has label 1: to it this patch is none, and the update after it comes with a resourceVersion of the future.
  const undone = await resource.ask(patch, { name: "w", headers: merge, body: { metadata: { labels: { a: "1" } } } });
  assert.notEqual(undone.body.metadata.resourceVersion, second.metadata.resourceVersion);
  const { status } = await resource.ask(update, {
    name: "w",
    body: aWidget({ resourceVersion: undone.body.metadata.resourceVersion ?? "", labels: { a: "3" } }),
  });
  assert.equal(status, 200);
});

test("Registry answers 413 for an object that storage takes for too large, and 503 while storage is full", async () => {
  for (const [code, status] of [
    ["TOO_LARGE", 413],
    ["NO_SPACE", 503],
    ["CORRUPT", 500],
  ] as const) {
    await using resource = await serveForTest(widgets, { storage: withFailingCommits(openMemoryStorage(), code) });
    assert.equal((await resource.ask(create, { body: aWidget() })).status, status);
  }
});

test("Registry says when to try again where storage did not do it, and does not where it may have", async () => {
  const storage = withFailingCommits(openMemoryStorage(), "UNAVAILABLE");
  await using resource = await serveForTest(widgets, { storage });
  const { body } = await resource.ask(create, { body: aWidget() });
  const { code, reason, message, details } = body;
  assert.deepEqual(
    { code, reason, message, details },
    {
      code: 500,
      reason: "ServerTimeout",
      message:
        "The create operation against widgets.test.example.com could not be completed at this time, please try again.",
      details: { name: "create", group: "test.example.com", kind: "widgets", retryAfterSeconds: 2 },
    },
  );

  const unsure = withFailingCommits(openMemoryStorage(), "UNAVAILABLE", { mayHaveHappened: true });
  await using other = await serveForTest(widgets, { storage: unsure });
  const answer = await other.ask(create, { body: aWidget() });
  assert.deepEqual([answer.status, answer.body.reason, answer.body.details], [504, "Timeout", {}]);
});

function withFailingCommits(
  storage: Storage,
  code: "TOO_LARGE" | "UNAVAILABLE" | "NO_SPACE" | "CORRUPT",
  options: { readonly mayHaveHappened?: boolean } = {},
): Storage {
  return overriding(storage, { commit: () => Promise.reject(new StorageError(code, "it was to fail", options)) });
}

function withSilentWatch(storage: Storage): Storage {
  return overriding(storage, {
    async *watch(_prefix, { signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
}

function overriding(storage: Storage, overrides: Partial<Storage>): Storage {
  return {
    range: (query) => storage.range(query),
    commit: (writes, options) => storage.commit(writes, options),
    watch: (prefix, options) => storage.watch(prefix, options),
    currentRevision: (options) => storage.currentRevision(options),
    requestProgress: () => storage.requestProgress(),
    compact: (revision) => storage.compact(revision),
    check: (options) => storage.check(options),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
    ...overrides,
  };
}
