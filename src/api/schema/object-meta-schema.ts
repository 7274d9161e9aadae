// The shape of `metadata`. The descriptions are what `kubectl explain` shows.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/

import { Type } from "./type.ts";

const text = (description: string) => Type.Optional(Type.String({ description }));
const time = (description: string) => Type.Optional(Type.String({ description, format: "date-time" }));

const ownerReference = Type.Object(
  {
    apiVersion: Type.String({ description: "API version of the referent." }),
    kind: Type.String({
      description:
        "Kind of the referent. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
    }),
    name: Type.String({
      description:
        "Name of the referent. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
    }),
    uid: Type.String({
      description:
        "UID of the referent. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#uids",
    }),
    controller: Type.Optional(
      Type.Boolean({ keepEmpty: true, description: "If true, this reference points to the managing controller." }),
    ),
    blockOwnerDeletion: Type.Optional(
      Type.Boolean({
        keepEmpty: true,
        description:
          'If true, and the owner has the "foregroundDeletion" finalizer, the owner stays in storage until this reference is removed.',
      }),
    ),
  },
  {
    $id: "OwnerReference",
    "x-kubernetes-map-type": "atomic",
    description: "Names an owner of this object, in the same namespace or cluster-scoped.",
  },
);

const managedFieldsEntry = Type.Object(
  {
    manager: text("Manager is an identifier of the workflow managing these fields."),
    operation: text(
      "Operation is the type of operation which lead to this ManagedFieldsEntry being created: 'Apply' or 'Update'.",
    ),
    apiVersion: text("APIVersion defines the version of this resource that this field set applies to."),
    time: time("Time is the timestamp of when the ManagedFields entry was added or changed."),
    fieldsType: text('FieldsType is the discriminator for the fields format. There is one possible value: "FieldsV1"'),
    fieldsV1: Type.Optional(
      Type.Unsafe<object>(
        Type.Any({
          "x-kubernetes-preserve-unknown-fields": true,
          keepEmpty: true,
          description: "FieldsV1 holds the fields as a tree.",
        }),
      ),
    ),
    subresource: text(
      "Subresource is the name of the subresource used to update that object, or empty if the main resource was used.",
    ),
  },
  {
    $id: "ManagedFieldsEntry",
    description:
      "ManagedFieldsEntry is a workflow-id, a FieldSet and the group version of the resource that the fieldset applies to.",
  },
);

/** In the order in which Kubernetes writes the fields. */
export const objectMetaSchema = Type.Object(
  {
    name: text(
      "Name must be unique within a namespace. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
    ),
    generateName: text(
      "GenerateName is an optional prefix, used by the server, to generate a unique name ONLY IF the Name field has not been provided.",
    ),
    namespace: text(
      "Namespace defines the space within which each name must be unique. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces",
    ),
    selfLink: text("Deprecated: selfLink is a legacy read-only field that is no longer populated by the system."),
    uid: text(
      "UID is the unique in time and space value for this object, set by the server. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#uids",
    ),
    resourceVersion: text(
      "An opaque value that represents the internal version of this object, for optimistic concurrency and watches. Populated by the system.",
    ),
    generation: Type.Optional(
      Type.Integer({
        format: "int64",
        description:
          "A sequence number representing a specific generation of the desired state. Populated by the system.",
      }),
    ),
    creationTimestamp: time(
      "CreationTimestamp is the server time when this object was created. Populated by the system.",
    ),
    deletionTimestamp: time(
      "DeletionTimestamp is when this resource will be deleted, set by the server when a graceful deletion is requested.",
    ),
    deletionGracePeriodSeconds: Type.Optional(
      Type.Integer({
        format: "int64",
        keepEmpty: true,
        description: "Number of seconds allowed for this object to gracefully terminate. Read-only.",
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String(), Type.String({ default: "" }), {
        description:
          "Map of string keys and values that can be used to organize and select objects. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels",
      }),
    ),
    annotations: Type.Optional(
      Type.Record(Type.String(), Type.String({ default: "" }), {
        description:
          "Annotations is an unstructured map that may be set by external tools to store and retrieve arbitrary metadata. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations",
      }),
    ),
    ownerReferences: Type.Optional(
      Type.Array(ownerReference, {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["uid"],
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-patch-merge-key": "uid",
        description:
          "List of objects depended by this object. If ALL objects in the list have been deleted, this object will be garbage collected.",
      }),
    ),
    finalizers: Type.Optional(
      Type.Array(Type.String({ default: "" }), {
        "x-kubernetes-list-type": "set",
        "x-kubernetes-patch-strategy": "merge",
        description:
          "Must be empty before the object is deleted from the registry. Each entry is an identifier for the responsible component that will remove the entry from the list.",
      }),
    ),
    managedFields: Type.Optional(
      Type.Array(managedFieldsEntry, {
        keepEmpty: true,
        "x-kubernetes-list-type": "atomic",
        description:
          "ManagedFields maps workflow-id and version to the set of fields that are managed by that workflow.",
      }),
    ),
  },
  {
    $id: "ObjectMeta",
    description:
      "ObjectMeta is metadata that all persisted resources must have, which includes all objects users must create.",
  },
);
