import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { widget, widgets } from "../../../test/support/widgets.ts";
import { openMemoryStorage } from "../../storage/memory/memory-storage.ts";
import { StorageError } from "../../storage/storage-error.ts";
import { encodeStored } from "../stored-object.ts";
import { get } from "../verbs/get.ts";
import { cacheMetrics } from "./cache-metrics.ts";
import { renderMetrics } from "./registry.ts";
import { storageMetrics } from "./storage-metrics.ts";

const of = { group: "test.example.com", resource: "widgets" };

test("cacheMetrics() tells what a cache holds, what it may hold and what has happened to it", async () => {
  await using server = await serveForTest(widgets);
  const key = `${server.served.keyPrefix}default/a`;
  const object = { apiVersion: "test.example.com/v1", kind: "Widget", metadata: { name: "a", namespace: "default" } };
  const value = encodeStored(widget, object);
  const write = (written: Buffer | undefined) =>
    server.storage.commit([{ key, value: written, expected: undefined }]).then(({ revision }) => revision);
  await write(value);
  await write(undefined);
  const revision = await write(value);
  await server.ask(get, { name: "a" });

  const text = renderMetrics(cacheMetrics([server.served]));
  const labels = 'group="test.example.com",resource="widgets"';
  for (const line of [
    'apiserver_storage_objects{resource="widgets.test.example.com"} 1',
    `apiserver_resource_objects{${labels}} 1`,
    `apiserver_resource_size_estimate_bytes{${labels}} ${value.length}`,
    `apiserver_watch_cache_resource_version{${labels}} ${revision}`,
    `apiserver_watch_cache_capacity{${labels}} 16384`,
    `annex_watch_cache_events{${labels}} 3`,
    `annex_watch_cache_events_bytes{${labels}} ${4 * value.length}`,
    `annex_watch_cache_events_bytes_max{${labels}} 33554432`,
    `annex_watch_cache_kept_lists{${labels}} 0`,
    `apiserver_watch_cache_events_received_total{${labels}} 3`,
    `apiserver_watch_cache_initializations_total{${labels}} 1`,
    `apiserver_terminated_watchers_total{${labels}} 0`,
    `apiserver_watch_cache_consistent_read_total{fallback="false",${labels},success="true"} 1`,
  ])
    assert.ok(text.includes(`\n${line}\n`), `${line}\n${text}`);
});

test("storageMetrics() counts each read and write of storage by what it is for", async () => {
  await using memory = openMemoryStorage();
  const { measured, metrics } = storageMetrics();
  const storage = measured(memory, of);
  const value = Buffer.from("x");
  await storage.commit([{ key: "/a", value, expected: 0 }]);
  await storage.commit([{ key: "/a", value, expected: undefined }]);
  await storage.commit([{ key: "/a", value: undefined, expected: undefined }]);
  await storage.range({ start: "/a", end: "/a\0" });
  await storage.range({ start: "/", end: "0" });
  await assert.rejects(storage.range({ start: "/", end: "0", revision: 1_000 }), StorageError);

  const text = renderMetrics(metrics);
  const labelsOf = (operation: string) => `group="test.example.com",operation="${operation}",resource="widgets"`;
  for (const [operation, count] of Object.entries({ get: 1, list: 2, create: 1, update: 1, delete: 1 })) {
    assert.ok(text.includes(`\netcd_requests_total{${labelsOf(operation)}} ${count}\n`), text);
    assert.ok(text.includes(`\netcd_request_duration_seconds_count{${labelsOf(operation)}} ${count}\n`), text);
  }
  assert.ok(text.includes(`\netcd_request_errors_total{${labelsOf("list")}} 1\n`), text);
  assert.equal(storage.currentRevision(), memory.currentRevision());
});
