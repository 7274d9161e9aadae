// From `kubectl apply` to `kubectl apply --server-side`: what the annotation of the former says was kubectl's is kubectl's.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#migration-between-client-side-and-server-side-apply

import { setOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import { formatApiVersion } from "../group-version.ts";
import type { ApiObject } from "../object-meta.ts";
import { objectSchema } from "../schema/object-schema.ts";
import type { ApplyObject } from "./apply-object.ts";
import { compareObjects } from "./compare.ts";
import type { FieldSet } from "./field-set.ts";
import { goJson } from "./go-json.ts";
import type { Conflict } from "./ownership.ts";
import { compareTexts } from "./path-element.ts";
import { typeFaults } from "./type-faults.ts";
import { fieldSetOf } from "./typed-fields.ts";

const annotation = "kubectl.kubernetes.io/last-applied-configuration";
/** Only this manager migrates; others never wrote the annotation. */
const migratingManager = "kubectl";
/** What all annotations of an object may have together, keys and values. One that would be too much is left out, as kubectl leaves it out. */
const annotationBytesMax = 256 * 1024;

/** The conflicts without those about fields that the live object still has as kubectl last applied them. */
export function conflictsBeyondKubectl(options: ApplyObject, conflicts: readonly Conflict[]): readonly Conflict[] {
  const own = conflicts.length === 0 || options.manager !== migratingManager ? undefined : lastAppliedFields(options);
  if (own === undefined) return conflicts;
  return conflicts
    .map(({ owner, fields }) => ({ owner, fields: fields.difference(own) }))
    .filter(({ fields }) => !fields.isEmpty);
}

/** The fields that kubectl applied and that are still so; undefined where the annotation does not tell. */
function lastAppliedFields({ kind, version, live }: ApplyObject): FieldSet | undefined {
  const last = live === undefined ? undefined : lastApplied(live);
  if (last?.apiVersion !== formatApiVersion({ group: kind.group, version })) return undefined;
  const { root } = objectSchema(kind, version);
  if (typeFaults(last, root).length > 0) return undefined;
  const { added, modified, removed } = compareObjects(last, live, root);
  return fieldSetOf(last, root).difference(modified).difference(added).difference(removed);
}

function lastApplied({ metadata }: ApiObject): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(metadata.annotations?.[annotation] ?? "null");
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // Not written by kubectl, so that it says nothing.
  }
}

/** The object, with the annotation rewritten where kubectl applies to an object that has it, so that client-side apply can go on. */
export function withLastApplied({ applied, manager }: ApplyObject, object: ApiObject): ApiObject {
  const { annotations = {} } = object.metadata;
  if (manager !== migratingManager || (annotations[annotation] ?? "") === "") return object;
  const { [annotation]: _last, ...others } = annotations;
  const renewed = { ...others, [annotation]: lastAppliedText(applied) };
  const bytes = Object.entries(renewed).reduce((sum, entry) => sum + Buffer.byteLength(entry.join("")), 0);
  return { ...object, metadata: { ...object.metadata, annotations: bytes > annotationBytesMax ? others : renewed } };
}

/** The applied object without the annotation, as Go writes it: keys in order, a line end behind. */
function lastAppliedText(applied: ApiObject): string {
  const metadata: ApiObject["metadata"] = { ...applied.metadata };
  if (metadata.annotations === null) delete metadata.annotations;
  else if (isRecord(metadata.annotations)) {
    const { [annotation]: _last, ...others } = metadata.annotations;
    metadata.annotations = others;
  }
  return `${goJson(inKeyOrder({ ...applied, metadata }))}\n`;
}

function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isRecord(value)) return value;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort(compareTexts)) setOwn(sorted, key, inKeyOrder(value[key]));
  return sorted;
}
