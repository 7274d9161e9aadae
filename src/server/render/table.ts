// Tables: what `kubectl get` prints. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables

import { type ApiObject, StatusError } from "../../api/door.ts";
import type { CacheEntry } from "../cache/cache-entry.ts";
import type { Column, Resource } from "../resource.ts";

export type IncludeObject = "None" | "Metadata" | "Object";

const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description:
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
  cell: ({ metadata }) => metadata.name ?? "",
};

/** What a resource shows that declares no columns, as the reference's default table has it. */
const defaultColumns: readonly Column[] = [
  nameColumn,
  {
    name: "Created At",
    type: "date",
    description:
      "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
    // What is not an object yet, such as a bookmark, has the zero time, as the reference's type has it.
    cell: ({ metadata }) => metadata.creationTimestamp ?? "0001-01-01T00:00:00Z",
  },
];

/** The name comes first where a resource does not place it itself, as events do. */
export function columnsOf({ columns = defaultColumns }: Resource): readonly Column[] {
  return columns.some(({ name }) => name === nameColumn.name) ? columns : [nameColumn, ...columns];
}

/** The head of a table, as clients read it. */
export function columnDefinitions(resource: Resource): object[] {
  return columnsOf(resource).map(({ name, type, format = "", description = "", priority = 0 }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
}

/** Reads `?includeObject=`. Throws 400. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  throw StatusError.badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

export interface RowForm {
  readonly resource: Resource;
  readonly include: IncludeObject;
  /** The version of the table's group, `v1` or `v1beta1`. */
  readonly tableVersion: string;
  /** The objects' version, for include "Object". */
  readonly version: string;
  /** What an object begins with in that version: `{"kind":…,"apiVersion":…,` */
  readonly typeMeta: string;
  readonly now: Date;
}

/** One row of a table. */
export function encodeRow(entry: CacheEntry, form: RowForm): Buffer {
  const object = entry.object();
  const cells = JSON.stringify(columnsOf(form.resource).map((column) => column.cell(object, form.now)));
  return Buffer.from(`{"cells":${cells},"object":${rowObject(entry, object, form)}}`);
}

function rowObject(
  entry: CacheEntry,
  object: ApiObject,
  { include, tableVersion, version, typeMeta }: RowForm,
): string {
  switch (include) {
    case "None":
      return "null";
    case "Object":
      return `${typeMeta}${entry.item(version).toString("utf8", 1)}`;
    case "Metadata":
      return partialMetadata(object, tableVersion);
  }
}

/** An object's metadata alone. https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
export function partialMetadata({ metadata }: ApiObject, version: string): string {
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(metadata)}}`;
}
