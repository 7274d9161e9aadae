// ConfigMaps. https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/config-map-v1/

import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { defineResource } from "../../server/door.ts";
import { ageColumn, nameColumn, part, sizeOf } from "./columns.ts";
import { dataErrors } from "./data-keys.ts";
import { flagPointer, textMap } from "./fields.ts";
import { coreNumbers } from "./protobuf-numbers.ts";

const configMapKind = defineKind({
  group: "",
  kind: "ConfigMap",
  shortNames: ["cm"],
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: coreNumbers,
  definitionPrefix: "io.k8s.api.core",
  versions: {
    v1: {
      description: "ConfigMap holds configuration data for others to read.",
      schema: Type.Object({
        immutable: flagPointer("Whether the data may never change again."),
        data: textMap("The data, as text."),
        binaryData: Type.Optional(
          Type.Record(Type.String(), Type.String({ format: "byte" }), {
            description: "The data that is not UTF-8, in base64.",
          }),
        ),
      }),
    },
  },
});

export const configMaps = defineResource(configMapKind, {
  allowUnconditionalUpdate: true,
  validate: (object, { old }) => [
    ...dataErrors(object, ["data", "binaryData"]),
    ...(old === undefined ? [] : immutableErrors(object, old, ["data", "binaryData"])),
  ],
  columns: [
    nameColumn,
    {
      name: "Data",
      type: "string",
      description: "The number of entries.",
      cell: (object) => sizeOf(part(object, "data")) + sizeOf(part(object, "binaryData")),
    },
    ageColumn,
  ],
});

/** What an update may not touch once `immutable` is set. ConfigMaps and Secrets share the rule. */
export function immutableErrors(object: ApiObject, old: ApiObject, fields: readonly string[]): FieldError[] {
  if (old.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (object.immutable !== true)
    errors.push(fieldError.forbidden("immutable", "field is immutable when `immutable` is set"));
  for (const field of fields) {
    if (JSON.stringify(object[field] ?? {}) !== JSON.stringify(old[field] ?? {}))
      errors.push(fieldError.forbidden(field, "field is immutable when `immutable` is set"));
  }
  return errors;
}
