import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../api/door.ts";
import type { Resource } from "../../server/door.ts";
import { coreEvents, events } from "./event.ts";

const now = new Date("2026-11-23T23:00:00Z");

function rowOf(resource: Resource, event: object): unknown[] {
  const object: ApiObject = { apiVersion: "v1", kind: "Event", metadata: { name: "e" }, ...event };
  return (resource.columns ?? []).map(({ cell }) => cell(object, now));
}

test("an event's row says how often and how long ago, of what, and from where", () => {
  const event = {
    involvedObject: { kind: "ConfigMap", name: "settings", fieldPath: "data" },
    type: "Normal",
    reason: "Changed",
    message: "it was changed\n",
    source: { component: "editor", host: "node-1" },
    firstTimestamp: "2026-11-23T20:00:00Z",
    lastTimestamp: "2026-11-23T22:00:00Z",
    count: 3,
  };
  const row = [
    "60m",
    "Normal",
    "Changed",
    "configmap/settings",
    "data",
    "editor, node-1",
    "it was changed",
    "3h",
    3,
    "e",
  ];
  assert.deepEqual(rowOf(coreEvents, event), row);
  const { involvedObject, message, source, firstTimestamp, lastTimestamp, count, ...same } = event;
  const renamed = { regarding: involvedObject, note: message, deprecatedSource: source, deprecatedCount: count };
  const times = { deprecatedFirstTimestamp: firstTimestamp, deprecatedLastTimestamp: lastTimestamp };
  assert.deepEqual(rowOf(events, { ...same, ...renamed, ...times }), row);
});

test("an event's row says who reports it now, how it goes on, and what has no name", () => {
  const event = {
    involvedObject: { kind: "Namespace" },
    type: "Warning",
    reason: "Slow",
    reportingComponent: "example.com/watcher",
    reportingInstance: "watcher-1",
    eventTime: "2026-11-23T20:00:00.000000Z",
    series: { count: 5, lastObservedTime: "2026-11-23T22:59:30.000000Z" },
  };
  const from = "example.com/watcher, watcher-1";
  assert.deepEqual(rowOf(coreEvents, event), ["30s", "Warning", "Slow", "namespace", "", from, "", "3h", 5, "e"]);
});

test("a table of events is never older than it says", () => {
  for (const { columns = [] } of [coreEvents, events])
    assert.deepEqual(
      columns.filter(({ changesWithTime }) => changesWithTime).map(({ name }) => name),
      ["Last Seen", "First Seen"],
    );
});
