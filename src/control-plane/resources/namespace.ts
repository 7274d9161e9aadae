// Namespaces. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/

import { type ApiObject, defineKind, Type } from "../../api/door.ts";
import { defineResource, type ResourceRules } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn, part } from "./columns.ts";
import { atomicList, mapList, struct, text, time } from "./fields.ts";
import { coreNumbers } from "./protobuf-numbers.ts";

export const namespaceKind = defineKind({
  group: "",
  kind: "Namespace",
  shortNames: ["ns"],
  scope: "Cluster",
  emptyValues: "omit",
  protobuf: coreNumbers,
  definitionPrefix: "io.k8s.api.core",
  versions: {
    v1: {
      description: "Namespace provides a scope for names.",
      schema: Type.Object({
        spec: struct(
          Type.Object(
            { finalizers: atomicList(Type.String(), "What must happen before the namespace is removed.") },
            { $id: "NamespaceSpec", description: "What the namespace is meant to be." },
          ),
        ),
        status: struct(
          Type.Object(
            {
              phase: text("Active, or Terminating while its contents are being deleted."),
              conditions: mapList(
                Type.Object(
                  {
                    type: Type.String({ description: "What the condition is about." }),
                    status: Type.String({ description: "True, False or Unknown." }),
                    lastTransitionTime: time("When the status last changed."),
                    reason: text("Why, as one CamelCase word."),
                    message: text("Why, as a person reads it."),
                  },
                  { $id: "NamespaceCondition", description: "How far the deletion of the contents is." },
                ),
                ["type"],
                "How far the deletion of the contents is.",
              ),
            },
            { $id: "NamespaceStatus", description: "Where the namespace is in its life." },
          ),
        ),
      }),
    },
  },
});

/** Removed by the namespace controller once nothing is left in the namespace. */
export const namespaceFinalizer = "kubernetes";

/** The rules; `connect` subresources are added by who can write (see control-plane.ts). */
export const namespaceRules: ResourceRules = {
  nameRule: "dns-label",
  status: true,
  // Nobody means all of them at once.
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  tracksGeneration: false,
  allowUnconditionalUpdate: true,
  prepareForCreate(object) {
    const finalizers = part(object, "spec").finalizers;
    const kept = Array.isArray(finalizers) ? finalizers.filter((name) => name !== namespaceFinalizer) : [];
    object.spec = { finalizers: [namespaceFinalizer, ...kept] };
    object.status = { phase: "Active" };
    labelWithName(object);
  },
  prepareForUpdate(object, { old }) {
    // Finalizers of the spec change through /finalize alone.
    object.spec = old.spec;
    labelWithName(object);
  },
  isDeletable: (object) => !hasFinalizers(object),
  beginDelete(object) {
    if (!hasFinalizers(object)) return "remove";
    object.status = { ...part(object, "status"), phase: "Terminating" };
    return "keep";
  },
  columns: [
    nameColumn,
    {
      name: "Status",
      type: "string",
      description: "The status of the namespace",
      cell: (object) => cellText(part(object, "status").phase),
    },
    ageColumn,
  ],
};

export const namespaces = defineResource(namespaceKind, namespaceRules);

/** Those of the spec, which a namespace has beside those of its metadata. */
function hasFinalizers(object: ApiObject): boolean {
  const { finalizers } = part(object, "spec");
  return Array.isArray(finalizers) && finalizers.length > 0;
}

function labelWithName(object: { metadata: { name?: string; labels?: Record<string, string> } }): void {
  const { name, labels } = object.metadata;
  if (name !== undefined) object.metadata.labels = { ...labels, "kubernetes.io/metadata.name": name };
}
