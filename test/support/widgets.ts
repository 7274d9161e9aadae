// A kind for tests of verbs: namespaced, with a status and a scale of its own.

import { Type } from "typebox";
import { defineKind, fieldError } from "../../src/api/door.ts";
import { defineResource } from "../../src/server/door.ts";

export const widget = defineKind({
  group: "test.example.com",
  kind: "Widget",
  scope: "Namespaced",
  versions: {
    v1: {
      schema: Type.Object({
        spec: Type.Optional(
          Type.Object({
            color: Type.Optional(Type.String()),
            replicas: Type.Optional(Type.Integer()),
            tags: Type.Optional(Type.Array(Type.String())),
          }),
        ),
        status: Type.Optional(
          Type.Object({
            phase: Type.Optional(Type.String()),
            replicas: Type.Optional(Type.Integer()),
            selector: Type.Optional(Type.String()),
          }),
        ),
      }),
    },
  },
});

export const widgets = defineResource(widget, {
  status: true,
  scale: {
    specReplicasPath: ".spec.replicas",
    statusReplicasPath: ".status.replicas",
    labelSelectorPath: ".status.selector",
  },
  connect: {
    echo: {
      methods: ["GET"],
      kind: { group: "test.example.com", version: "v1", kind: "Echo" },
      connect: async (_request, object) => ({
        status: 200,
        headers: {},
        body: Buffer.from(JSON.stringify(`echo of ${object.metadata.name}`)),
      }),
    },
  },
  prepareForCreate(object) {
    object.status = { phase: "New" };
  },
  validate: ({ spec }) => (spec?.color === "red" ? [fieldError.invalid("spec.color", "red", "must not be red")] : []),
});

interface WidgetOptions {
  readonly name?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly [metaField: string]: unknown;
}

/** A widget as a client sends it; other options are fields of its metadata. */
export function aWidget({ name = "w", spec, status, ...meta }: WidgetOptions = {}): Record<string, unknown> {
  return {
    apiVersion: "test.example.com/v1",
    kind: "Widget",
    metadata: { name, ...meta },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
}
