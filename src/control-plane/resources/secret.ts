// Secrets. https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/

import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { defineResource } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn, part, sizeOf } from "./columns.ts";
import { immutableErrors } from "./config-map.ts";
import { dataErrors } from "./data-keys.ts";
import { flagPointer, text } from "./fields.ts";
import { coreNumbers } from "./protobuf-numbers.ts";

export const secretKind = defineKind({
  group: "",
  kind: "Secret",
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: coreNumbers,
  definitionPrefix: "io.k8s.api.core",
  versions: {
    v1: {
      description: "Secret holds data that must not be seen by everybody. At most 1 MiB.",
      schema: Type.Object({
        immutable: flagPointer("Whether the data may never change again."),
        data: Type.Optional(
          Type.Record(Type.String(), Type.String({ format: "byte" }), { description: "The data, in base64." }),
        ),
        stringData: Type.Optional(
          Type.Record(Type.String(), Type.String(), {
            description: "Data as text, for writing; merged into data and never shown.",
          }),
        ),
        type: text("What the data is for, which decides the keys it must have."),
      }),
      default(object) {
        if (object.type === undefined || object.type === "") object.type = "Opaque";
      },
    },
  },
});

/** The keys that a type of secret must have. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
};

export const secrets = defineResource(secretKind, {
  allowUnconditionalUpdate: true,
  prepareForCreate: mergeStringData,
  prepareForUpdate(object, { old }) {
    mergeStringData(object);
    if ((object.type ?? "") === "" && old.type !== undefined) object.type = old.type;
  },
  validate: (object, { old }) => [
    ...dataErrors(object, ["data"]),
    ...typeErrors(object),
    ...(old === undefined ? [] : [...typeChangeErrors(object, old), ...immutableErrors(object, old, ["data"])]),
  ],
  selectableFields: { type: (object) => cellText(object.type) },
  columns: [
    nameColumn,
    { name: "Type", type: "string", description: "What the data is for.", cell: (object) => cellText(object.type) },
    {
      name: "Data",
      type: "string",
      description: "The number of entries.",
      cell: (object) => sizeOf(part(object, "data")),
    },
    ageColumn,
  ],
});

function mergeStringData(object: ApiObject): void {
  const entries = Object.entries(part(object, "stringData"));
  delete object.stringData;
  if (entries.length === 0) return;
  const encoded = entries.map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")] as const);
  object.data = { ...part(object, "data"), ...Object.fromEntries(encoded) };
}

function typeErrors(object: ApiObject): FieldError[] {
  const type = cellText(object.type);
  const data = part(object, "data");
  if (
    type === "kubernetes.io/service-account-token" &&
    !object.metadata.annotations?.["kubernetes.io/service-account.name"]
  )
    return [fieldError.required("metadata.annotations[kubernetes.io/service-account.name]")];
  if (type === "kubernetes.io/basic-auth" && !("username" in data) && !("password" in data))
    return [fieldError.required("data[username]"), fieldError.required("data[password]")];
  const missing = (requiredKeys[type] ?? []).filter((key) => !Object.hasOwn(data, key));
  return missing.map((key) => fieldError.required(`data[${key}]`));
}

function typeChangeErrors(object: ApiObject, old: ApiObject): FieldError[] {
  return object.type === old.type ? [] : [fieldError.invalid("type", object.type, "field is immutable")];
}
