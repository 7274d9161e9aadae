// Short words for the schemas of the control plane's own kinds.

import type { TSchema, TSchemaOptions } from "typebox";
import { Type } from "../../api/door.ts";

/** An optional text; empty is the same as absent. */
export const text = (description: string) => Type.Optional(Type.String({ description }));
/** An optional text behind a Go pointer: the empty text is kept. */
export const textPointer = (description: string) => Type.Optional(Type.String({ description, keepEmpty: true }));
export const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
export const flagPointer = (description: string) => Type.Optional(Type.Boolean({ description, keepEmpty: true }));
export const int32 = (description: string) => Type.Optional(Type.Integer({ description, format: "int32" }));
export const int32Pointer = (description: string) =>
  Type.Optional(Type.Integer({ description, format: "int32", keepEmpty: true }));
export const int64 = (description: string) => Type.Optional(Type.Integer({ description, format: "int64" }));
export const int64Pointer = (description: string) =>
  Type.Optional(Type.Integer({ description, format: "int64", keepEmpty: true }));
export const time = (description: string) => Type.Optional(Type.String({ description, format: "date-time" }));

/** A list that one writer owns as a whole. */
export const atomicList = <Item extends TSchema>(item: Item, description: string, options: TSchemaOptions = {}) =>
  Type.Optional(Type.Array(item, { description, "x-kubernetes-list-type": "atomic", ...options }));
/** A list of unlike scalars, each with its own owner. */
export const setList = <Item extends TSchema>(item: Item, description: string) =>
  Type.Optional(Type.Array(item, { description, "x-kubernetes-list-type": "set" }));
/** A list of objects told apart by `keys`, each with its own owner. */
export const mapList = <Item extends TSchema>(item: Item, keys: readonly [string, ...string[]], description: string) =>
  Type.Optional(
    Type.Array(item, {
      description,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [...keys],
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": keys[0],
    }),
  );
export const textMap = (description: string) =>
  Type.Optional(Type.Record(Type.String(), Type.String(), { description }));
/** A struct that Go always writes, empty or not. */
export const struct = <Schema extends TSchema & Described>(schema: Schema) =>
  Type.Optional({ ...described(schema), default: {} });
/** A struct behind a Go pointer: kept where it is empty, absent where it is not given. */
export const pointer = <Schema extends TSchema & Described>(schema: Schema) =>
  Type.Optional({ ...described(schema), keepEmpty: true });

interface Described {
  readonly description?: string;
}

/** What a named schema is, is what the field with it is: `kubectl explain` shows it at both. */
export const described = <Schema extends TSchema & Described>(schema: Schema) => ({
  ...schema,
  fieldDescription: schema.description,
});

/** The label selector of the meta group. */
export const labelSelector = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        matchLabels: textMap("Every label here must have this value."),
        matchExpressions: atomicList(
          Type.Object(
            {
              key: Type.String({ description: "The label that the requirement speaks of." }),
              operator: Type.String({ description: "In, NotIn, Exists or DoesNotExist." }),
              values: atomicList(Type.String(), "The values for In and NotIn."),
            },
            { $id: "LabelSelectorRequirement", description: "One condition on a label." },
          ),
          "Requirements that must all hold.",
        ),
      },
      {
        $id: "LabelSelector",
        description: "Selects objects by their labels; an empty selector selects all.",
        fieldDescription: description,
        "x-kubernetes-map-type": "atomic",
        keepEmpty: true,
      },
    ),
  );

/** A condition as the meta group has it. */
export const conditions = (description: string) =>
  mapList(
    Type.Object(
      {
        type: Type.String({ description: "What the condition says something about, in CamelCase." }),
        status: Type.String({ description: "True, False or Unknown." }),
        observedGeneration: int64("The generation that the condition was set for."),
        lastTransitionTime: Type.String({ format: "date-time", description: "When the status last changed." }),
        reason: Type.String({ description: "Why, as one CamelCase word." }),
        message: Type.String({ description: "Why, as a person reads it." }),
      },
      { $id: "Condition" },
    ),
    ["type"],
    description,
  );

/** Names another object. */
export const objectReference = {
  kind: text("Kind of the object."),
  namespace: text("Namespace of the object."),
  name: text("Name of the object."),
  uid: text("UID of the object."),
  apiVersion: text("Version of the object's API."),
  resourceVersion: text("The version of the object that is meant."),
  fieldPath: text("The part of the object that is meant."),
};
