// Kinds for tests of this room: one as Kubernetes' sample server has it, and one with a field of every sort.

import type { Static } from "typebox";
import { defineKind } from "../kind.ts";
import { Type } from "../schema/type.ts";

const alphaSpec = Type.Object(
  { reference: Type.Optional(Type.String()), referenceType: Type.Optional(Type.String()) },
  { $id: "FlunderSpec", default: {} },
);
const hubSpec = Type.Object(
  {
    flunderReference: Type.Optional(Type.String()),
    fischerReference: Type.Optional(Type.String()),
    referenceType: Type.Optional(Type.String()),
  },
  { $id: "FlunderSpec", default: {} },
);
const status = Type.Object({}, { $id: "FlunderStatus", default: {} });

/** Go's ways: empty values are left out, spec and status are always there. */
export const flunder = defineKind({
  group: "wardle.example.com",
  kind: "Flunder",
  scope: "Namespaced",
  hub: "v1beta1",
  stored: "v1alpha1",
  emptyValues: "omit",
  versions: {
    v1alpha1: {
      schema: Type.Object({ spec: alphaSpec, status }),
      default({ spec }) {
        if ((spec.referenceType ?? "") === "" && (spec.reference ?? "") !== "") spec.referenceType = "Flunder";
      },
      toHub: ({ spec }) => ({ spec: toHubSpec(spec), status: {} }),
      fromHub: ({ spec }) => ({ spec: toAlphaSpec(spec), status: {} }),
    },
    v1beta1: { schema: Type.Object({ spec: hubSpec, status }) },
  },
});

function toHubSpec({ reference, referenceType = "" }: Static<typeof alphaSpec>): Static<typeof hubSpec> {
  if (reference === undefined) return { referenceType };
  return referenceType === "Fischer"
    ? { fischerReference: reference, referenceType }
    : { flunderReference: reference, referenceType };
}

function toAlphaSpec({
  flunderReference = "",
  fischerReference = "",
  referenceType = "",
}: Static<typeof hubSpec>): Static<typeof alphaSpec> {
  return { reference: referenceType === "Fischer" ? fischerReference : flunderReference, referenceType };
}

/** A CustomResourceDefinition's ways: what the client wrote is kept, and the schema says what is allowed. */
export const gadget = defineKind({
  group: "example.com",
  kind: "Gadget",
  scope: "Cluster",
  versions: {
    v1: {
      schema: Type.Object({
        spec: Type.Object({
          replicas: Type.Optional(Type.Integer({ format: "int32", minimum: 0, maximum: 10, default: 1 })),
          total: Type.Optional(Type.Integer({ format: "int64" })),
          weight: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
          color: Type.Optional(Type.Union([Type.Literal("red"), Type.Literal("blue")])),
          code: Type.Optional(Type.String({ pattern: "^[a-z]+$", minLength: 2, maxLength: 4 })),
          port: Type.Optional(Type.Unsafe<number | string>({ "x-kubernetes-int-or-string": true })),
          address: Type.Optional(Type.String({ format: "ipv4" })),
          data: Type.Optional(Type.String({ format: "byte" })),
          at: Type.Optional(Type.String({ format: "date-time" })),
          renewed: Type.Optional(Type.String({ format: "date-time", "x-micro-time": true })),
          note: Type.Optional(Type.String({ nullable: true })),
          tags: Type.Optional(Type.Array(Type.String(), { "x-kubernetes-list-type": "set", minItems: 1, maxItems: 3 })),
          parts: Type.Optional(
            Type.Array(Type.Object({ name: Type.String(), size: Type.Optional(Type.Integer({ default: 1 })) }), {
              "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["name"],
            }),
          ),
          limits: Type.Optional(Type.Record(Type.String(), Type.Object({ max: Type.Optional(Type.Integer()) }))),
          anything: Type.Optional(Type.Unsafe<unknown>({ "x-kubernetes-preserve-unknown-fields": true })),
        }),
      }),
    },
  },
});
