// Events. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
// Served as v1 of the core group and as events.k8s.io/v1; each is stored as it was written, under its own key.

import type { TObject } from "typebox";
import { type ApiObject, defineKind, Type } from "../../api/door.ts";
import { type Column, defineResource, type ResourceRules } from "../../server/door.ts";
import { ageOf, cellText, nameColumn, part } from "./columns.ts";
import { int32, objectReference, pointer, struct, text, time } from "./fields.ts";
import { coreNumbers, eventsNumbers } from "./protobuf-numbers.ts";

const microTime = (description: string) =>
  Type.Optional(Type.String({ format: "date-time", "x-micro-time": true, keepEmpty: true, description }));
const source = Type.Object(
  { component: text("The program that reports."), host: text("The node that it runs on.") },
  { $id: "EventSource", description: "Who reports, and from where." },
);
const reference = Type.Object(objectReference, {
  $id: "ObjectReference",
  "x-kubernetes-map-type": "atomic",
  description: "The object that it is about.",
});
const related = pointer(
  Type.Object(objectReference, { $id: "ObjectReference", description: "Another object that has to do with it." }),
);
const series = pointer(
  Type.Object(
    { count: int32("How often, by the last heartbeat."), lastObservedTime: microTime("The last time.") },
    { $id: "EventSeries", description: "How it goes on, where it goes on." },
  ),
);

const coreSchema = Type.Object({
  involvedObject: struct(reference),
  reason: text("Why, as one CamelCase word."),
  message: text("What happened, as a person reads it."),
  source: struct(source),
  firstTimestamp: time("The first time."),
  lastTimestamp: time("The last time."),
  count: int32("How often."),
  type: text("Normal or Warning."),
  eventTime: microTime("When it was first seen."),
  series,
  action: text("What was done about it."),
  related,
  reportingComponent: text("The controller that reports."),
  reportingInstance: text("Which one of its instances."),
});

const groupSchema = Type.Object({
  eventTime: microTime("When it was first seen."),
  series,
  reportingController: text("The controller that reports."),
  reportingInstance: text("Which one of its instances."),
  action: text("What was done."),
  reason: text("Why, as one CamelCase word."),
  regarding: struct(reference),
  related,
  note: text("What happened, as a person reads it."),
  type: text("Normal or Warning."),
  deprecatedSource: struct(source),
  deprecatedFirstTimestamp: time("The first time."),
  deprecatedLastTimestamp: time("The last time."),
  deprecatedCount: int32("How often."),
});

function eventKind<Schema extends TObject>(group: string, definitionPrefix: string, schema: Schema) {
  return defineKind({
    group,
    kind: "Event",
    shortNames: ["ev"],
    scope: "Namespaced",
    emptyValues: "omit",
    protobuf: group === "" ? coreNumbers : eventsNumbers,
    definitionPrefix,
    versions: { v1: { description: "Event reports something that happened to an object.", schema } },
  });
}

export const coreEvents = defineResource(
  eventKind("", "io.k8s.api.core", coreSchema),
  rulesOf("involvedObject", "message", "reportingComponent"),
);
export const events = defineResource(
  eventKind("events.k8s.io", "io.k8s.api.events", groupSchema),
  rulesOf("regarding", "note", "reportingController"),
);

/** The two forms differ in the names of their fields alone. */
function rulesOf(aboutField: string, messageField: string, reporterField: string): ResourceRules {
  const about = (object: ApiObject, field: string): string => cellText(part(object, aboutField)[field]);
  const reporter = (object: ApiObject): string =>
    cellText(sourceOf(object).component) || cellText(object[reporterField]);
  const instance = (object: ApiObject): string => cellText(sourceOf(object).host) || cellText(object.reportingInstance);
  const columns: readonly Column[] = [
    {
      name: "Last Seen",
      type: "string",
      changesWithTime: true,
      description: "How long ago it was last seen.",
      cell: (object, now) => ageOf(lastSeen(object), now),
    },
    { name: "Type", type: "string", description: "Normal or Warning.", cell: (object) => cellText(object.type) },
    { name: "Reason", type: "string", description: "Why.", cell: (object) => cellText(object.reason) },
    {
      name: "Object",
      type: "string",
      description: "What it happened to.",
      cell: (object) => withMore(about(object, "kind").toLowerCase(), "/", about(object, "name")),
    },
    {
      name: "Subobject",
      type: "string",
      priority: 1,
      description: "The part that it happened to.",
      cell: (object) => about(object, "fieldPath"),
    },
    {
      name: "Source",
      type: "string",
      priority: 1,
      description: "Who reports.",
      cell: (object) => withMore(reporter(object), ", ", instance(object)),
    },
    {
      name: "Message",
      type: "string",
      description: "What happened.",
      cell: (object) => cellText(object[messageField]).trim(),
    },
    {
      name: "First Seen",
      type: "string",
      changesWithTime: true,
      priority: 1,
      description: "How long ago it was first seen.",
      cell: (object, now) => ageOf(firstSeen(object), now),
    },
    {
      name: "Count",
      type: "string",
      priority: 1,
      description: "How often.",
      cell: countOf,
    },
    { ...nameColumn, priority: 1 },
  ];
  return {
    nameRule: "dns-subdomain",
    allowUnconditionalUpdate: true,
    allowCreateOnUpdate: true,
    selectableFields: {
      "involvedObject.kind": (object) => about(object, "kind"),
      "involvedObject.namespace": (object) => about(object, "namespace"),
      "involvedObject.name": (object) => about(object, "name"),
      "involvedObject.uid": (object) => about(object, "uid"),
      "involvedObject.apiVersion": (object) => about(object, "apiVersion"),
      "involvedObject.resourceVersion": (object) => about(object, "resourceVersion"),
      "involvedObject.fieldPath": (object) => about(object, "fieldPath"),
      reason: (object) => cellText(object.reason),
      reportingComponent: (object) => cellText(object[reporterField]),
      source: reporter,
      type: (object) => cellText(object.type),
    },
    columns,
  };
}

function textOf(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === "string" && value !== "");
}

function withMore(text: string, separator: string, more: string): string {
  return more === "" ? text : `${text}${separator}${more}`;
}

/** By the name that the field has in either form. */
function sourceOf(object: ApiObject): Readonly<Record<string, unknown>> {
  return { ...part(object, "deprecatedSource"), ...part(object, "source") };
}

function firstSeen(object: ApiObject): string | undefined {
  return textOf(object.firstTimestamp, object.deprecatedFirstTimestamp, object.eventTime);
}

function lastSeen(object: ApiObject): string | undefined {
  return (
    textOf(part(object, "series").lastObservedTime, object.lastTimestamp, object.deprecatedLastTimestamp) ??
    firstSeen(object)
  );
}

function countOf(object: ApiObject): number {
  const counts = [part(object, "series").count, object.count, object.deprecatedCount];
  return counts.find((count): count is number => typeof count === "number") ?? 1;
}
