// ServiceAccounts. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/service-account-v1/

import { defineKind, Type } from "../../api/door.ts";
import type { ResourceRules } from "../../server/door.ts";
import { ageColumn, nameColumn, sizeOf } from "./columns.ts";
import { atomicList, flagPointer, mapList, objectReference, text } from "./fields.ts";
import { coreNumbers } from "./protobuf-numbers.ts";

export const serviceAccountKind = defineKind({
  group: "",
  kind: "ServiceAccount",
  shortNames: ["sa"],
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: coreNumbers,
  definitionPrefix: "io.k8s.api.core",
  versions: {
    v1: {
      description: "ServiceAccount is an identity for programs.",
      schema: Type.Object({
        secrets: mapList(
          Type.Object(objectReference, { $id: "ObjectReference" }),
          ["name"],
          "Secrets that programs with this account may use.",
        ),
        imagePullSecrets: atomicList(
          Type.Object({ name: text("Name of the secret.") }, { $id: "LocalObjectReference" }),
          "Secrets for pulling images.",
        ),
        automountServiceAccountToken: flagPointer("Whether pods get a token by themselves."),
      }),
    },
  },
});

/** The rules; the `token` subresource is added by who can sign (see tokens). */
export const serviceAccountRules: ResourceRules = {
  allowUnconditionalUpdate: true,
  columns: [
    nameColumn,
    {
      name: "Secrets",
      type: "string",
      description: "The number of secrets.",
      cell: (object) => sizeOf(object.secrets),
    },
    ageColumn,
  ],
};
