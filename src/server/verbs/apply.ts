// Server-side apply: the client says what it wants to own, the server merges. What is not there is created.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/

import {
  type ApiObject,
  applyObject,
  decodeVersioned,
  fromHub,
  parseApiVersion,
  parseDocument,
  StatusError,
} from "../../api/door.ts";
import { timestamp } from "../../base/timestamp.ts";
import type { Change, Changed } from "../registry.ts";
import { keyOf } from "../served-resource.ts";
import { changeObject } from "./change-object.ts";
import { requireNamespace } from "./create.ts";
import { hubObject } from "./hub-object.ts";
import type { MutatingOptions } from "./options.ts";
import { createInstead } from "./store-new.ts";
import { requireName } from "./update.ts";
import type { VerbContext } from "./verb.ts";

/** Merges the body into the object, or makes it the object. */
export async function apply(context: VerbContext, bytes: Buffer, options: MutatingOptions): Promise<Changed> {
  const { request, served, info } = context;
  const { dryRun } = options;
  const warningsBefore = request.warnings.length;
  return served.registry.update(
    keyOf(served, info.namespace, info.name),
    async (current): Promise<Change> => {
      request.warnings.length = warningsBefore;
      const live = current?.object();
      if (live === undefined && info.subresource !== "") throw StatusError.notFound(served.groupResource, info.name);
      // What cannot be read is told only of what could be applied to.
      const applied = readApplied(bytes);
      const object = merge(context, { live, applied: requireType(context, applied.value), options });
      tellDuplicates(context, applied.duplicates, options);
      if (live === undefined) requireNoUid(context, object);
      requireNamespace(context, object);
      requireName(object, info.name);
      return live === undefined
        ? createInstead(context, object, { dryRun })
        : changeObject(context, { live, object, dryRun });
    },
    { dryRun, signal: request.signal },
  );
}

interface AppliedBody {
  readonly value: Readonly<Record<string, unknown>>;
  readonly duplicates: readonly string[];
}

/** Reads the body as untyped YAML. Throws 400. */
function readApplied(bytes: Buffer): AppliedBody {
  const refuse = (why: string) => StatusError.badRequest(`error decoding YAML: ${why}`);
  try {
    const { value, duplicates } = parseDocument(bytes, "yaml");
    if (value === null || value === undefined) return { value: {}, duplicates };
    if (typeof value === "object" && !Array.isArray(value)) return { value: { ...value }, duplicates };
    throw refuse(`json: cannot unmarshal ${Array.isArray(value) ? "array" : typeof value} into an object`);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw refuse(error instanceof Error ? error.message : String(error));
  }
}

/** An apply must say what it applies, and that must be what the URL names. Throws 400. */
function requireType({ served: { kind }, version }: VerbContext, value: AppliedBody["value"]): ApiObject {
  const apiVersion = textOf(value.apiVersion);
  const parsed = parseApiVersion(apiVersion);
  const kindName = parsed === undefined ? "" : textOf(value.kind);
  if (parsed?.group !== kind.group || parsed.version !== version || kindName !== kind.kind) {
    const { group = "", version: named = "" } = parsed ?? {};
    throw StatusError.badRequest(`invalid object type: ${group}/${named}, Kind=${kindName}`);
  }
  const metadata = value.metadata ?? {};
  // The merge checks the types of all fields, those of metadata included.
  return { ...value, apiVersion, kind: kindName, metadata };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

interface MergeInput {
  readonly live: ApiObject | undefined;
  readonly applied: ApiObject;
  readonly options: MutatingOptions;
}

/** The merged object in the hub's shape, with its defaults, which nobody owns. Throws the 409 that names the conflicts. */
function merge(context: VerbContext, { live, applied, options }: MergeInput): ApiObject {
  const { served, info, version } = context;
  const merged = applyObject({
    kind: served.kind,
    version,
    live: live === undefined ? undefined : fromHub(served.kind, live, version),
    applied,
    manager: options.fieldManager,
    force: options.force ?? false,
    subresource: info.subresource,
    ...(served.resource.status === true ? { ignores: otherHalf(info.subresource) } : {}),
    now: timestamp(served.clock),
  });
  return hubObject(context, { object: decodeVersioned(served.kind, version, merged), version, live });
}

/** Where a resource has a status of its own, an apply of the one half owns nothing of the other. */
function otherHalf(subresource: string): (field: string) => boolean {
  if (subresource !== "status") return (field) => field === "status";
  return (field) => field !== "status" && field !== "kind" && field !== "apiVersion";
}

function tellDuplicates({ request }: VerbContext, duplicates: readonly string[], options: MutatingOptions): void {
  if (duplicates.length === 0 || options.fieldValidation === "Ignore") return;
  if (options.fieldValidation === "Strict")
    throw StatusError.badRequest(`error strict decoding YAML: ${duplicates.join(", ")}`);
  request.warnings.push(...duplicates);
}

function requireNoUid({ served, info }: VerbContext, { metadata: { uid = "" } }: ApiObject): void {
  if (uid === "") return;
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw StatusError.conflict(served.groupResource, info.name, why);
}
