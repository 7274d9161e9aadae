// From `kubectl apply` to `kubectl apply --server-side`: what the annotation of the former says was kubectl's is kubectl's.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#migration-between-client-side-and-server-side-apply

import type { ApiObject } from "../object-meta.ts";
import { objectSchema } from "../schema/object-schema.ts";
import type { ApplyObject } from "./apply-object.ts";
import { compareObjects } from "./compare.ts";
import { FieldSet } from "./field-set.ts";
import type { Conflict } from "./ownership.ts";
import { isMap } from "./shape.ts";
import { fieldSetOf } from "./typed.ts";

const annotation = "kubectl.kubernetes.io/last-applied-configuration";
/** Only this manager migrates; others never wrote the annotation. */
const migratingManager = "kubectl";
/** An annotation that would be larger is left out, as kubectl leaves it out. */
const annotationBytesMax = 256 * 1024;

/** Whether all conflicts are about fields that the live object still has as kubectl last applied them. */
export function kubectlMayForce(
  { kind, version, live, manager }: ApplyObject,
  conflicts: readonly Conflict[],
): boolean {
  const last = live === undefined || manager !== migratingManager ? undefined : lastApplied(live);
  if (last === undefined) return false;
  const { root } = objectSchema(kind, version);
  const { added, modified, removed } = compareObjects(last, live, root);
  const own = fieldSetOf(last, root).difference(modified).difference(added).difference(removed);
  const disputed = conflicts.reduce((all, { fields }) => all.union(fields), new FieldSet());
  return disputed.difference(own).isEmpty;
}

function lastApplied({ metadata }: ApiObject): Readonly<Record<string, unknown>> | undefined {
  const text = metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined; // Not written by kubectl, so that it says nothing.
  }
}

/** The object, with the annotation rewritten where kubectl applies to an object that has it, so that client-side apply can go on. */
export function withLastApplied({ live, applied, manager }: ApplyObject, object: ApiObject): ApiObject {
  if (manager !== migratingManager || live?.metadata.annotations?.[annotation] === undefined) return object;
  const { managedFields: _managedFields, annotations = {}, ...metadata } = applied.metadata;
  const { [annotation]: _annotation, ...others } = annotations;
  const text = `${JSON.stringify({ ...applied, metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations: others }) } })}\n`;
  if (Buffer.byteLength(text) > annotationBytesMax) return object;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [annotation]: text } },
  };
}
