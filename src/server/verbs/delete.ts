// DELETE on an object: at once, or marked until its last finalizer is gone.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/#cascading-deletion

import { type ApiObject, type Status, StatusError } from "../../api/door.ts";
import type { ApiResponse } from "../exchange.ts";
import { timestamp } from "../object-rules.ts";
import type { Change, Stored } from "../registry.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithStored } from "../render/respond-object.ts";
import { respondWithStatus } from "../render/respond-status.ts";
import { keyOf } from "../served-resource.ts";
import { type DeleteOptions, readDeleteOptions } from "./delete-options.ts";
import type { VerbContext } from "./verb.ts";

export async function deleteObject(context: VerbContext): Promise<ApiResponse> {
  const { request, info } = context;
  const negotiated = negotiateVerb(request);
  const options = await readDeleteOptions(request);
  const { stored, wasRemoved, last } = await removeObject(context, info.name, options);
  if (!wasRemoved)
    return respondWithStored(
      { ...context, negotiated, status: options.orphanDependents === false ? 202 : 200 },
      stored,
    );
  return respondWithStatus(request, successOf(context, last));
}

export interface Removed {
  readonly stored: Stored;
  readonly wasRemoved: boolean;
  /** The object as it was. */
  readonly last: ApiObject;
}

/** Deletes one object of the request's namespace, or marks it. */
export async function removeObject(context: VerbContext, name: string, options: DeleteOptions): Promise<Removed> {
  const { request, served, info } = context;
  const { dryRun } = options;
  let last: ApiObject | undefined;
  const stored = await served.registry.update(
    keyOf(served, info.namespace, name),
    async (current): Promise<Change> => {
      if (current === undefined) throw StatusError.notFound(served.groupResource, name);
      const live = current.object();
      last = current.object();
      requirePreconditions(context, live, options);
      await admitDelete(context, { name, live: last, dryRun });
      return markOrRemove(context, live, options);
    },
    { dryRun, signal: request.signal },
  );
  if (last === undefined) throw StatusError.notFound(served.groupResource, name);
  return { stored, wasRemoved: stored.wasRemoved, last };
}

/** The Status that tells of a delete. */
function successOf({ served }: VerbContext, { metadata }: ApiObject): Status {
  const { group, resource } = served.groupResource;
  const details = {
    name: metadata.name ?? "",
    ...(group === "" ? {} : { group }),
    kind: resource,
    uid: metadata.uid ?? "",
  };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** Unlike other conflicts, these name the kind in their details. */
function requirePreconditions(
  { served }: VerbContext,
  { metadata }: ApiObject,
  { uid, resourceVersion }: DeleteOptions,
): void {
  const { kind } = served;
  const refuse = (why: string) => {
    const name = metadata.name ?? "";
    return StatusError.conflict({ group: kind.group, resource: kind.kind }, name, why);
  };
  if (uid !== undefined && uid !== metadata.uid)
    throw refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}

async function admitDelete(
  { request, served, info }: VerbContext,
  { name, live, dryRun }: { readonly name: string; readonly live: ApiObject; readonly dryRun: boolean },
): Promise<void> {
  const admission = {
    operation: "DELETE",
    kind: served.kind,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name,
    user: request.user,
    dryRun,
    object: undefined,
    oldObject: live,
    signal: request.signal,
    warn: (text: string) => request.warnings.push(text),
  } as const;
  await served.admission.mutate(admission);
  await served.admission.validate(admission);
}

function markOrRemove({ served, request }: VerbContext, object: ApiObject, options: DeleteOptions): Change {
  const { metadata } = object;
  const before = metadata.finalizers ?? [];
  const finalizers = finalizersForDelete(before, options, served.resource.defaultPropagation);
  const stays = served.resource.beginDelete?.(object, { user: request.user, subresource: "" }) === "keep";
  if (finalizers.length === 0 && !stays) return { to: "nothing" };
  const isMarked = metadata.deletionTimestamp !== undefined;
  if (isMarked && sameTexts(finalizers, before)) return { to: "same" };
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  if (!isMarked) {
    metadata.deletionTimestamp = timestamp(served.clock);
    metadata.deletionGracePeriodSeconds = 0;
    if ((metadata.generation ?? 0) > 0) metadata.generation = (metadata.generation ?? 0) + 1;
  }
  return { to: "object", object };
}

const orphan = "orphan";
const foreground = "foregroundDeletion";

/** The finalizers that the garbage collector takes off again, as the options ask; without a word from them those that are there stay. */
function finalizersForDelete(
  before: readonly string[],
  { orphanDependents, propagationPolicy }: DeleteOptions,
  byDefault: "background" | "orphan" | undefined,
): string[] {
  const isNamed = propagationPolicy !== undefined || orphanDependents !== undefined;
  if (!isNamed && (before.includes(orphan) || before.includes(foreground))) return [...before];
  const wantsOrphan =
    propagationPolicy === "Orphan" || orphanDependents === true || (!isNamed && byDefault === "orphan");
  const rest = before.filter((finalizer) => finalizer !== orphan && finalizer !== foreground);
  if (wantsOrphan) rest.push(orphan);
  if (propagationPolicy === "Foreground") rest.push(foreground);
  return rest;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at]);
}
