// The rules of change that hold for every object, around those of its resource. Objects are in the hub's shape and changed in place.

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import {
  type ApiObject,
  type FieldError,
  incrementInt64,
  type ObjectMeta,
  pathSegmentFaults,
  StatusError,
  validateObjectMeta,
  validateObjectMetaUpdate,
  validateSchema,
} from "../api/door.ts";
import type { Clock } from "../base/clock.ts";
import { timestamp } from "../base/timestamp.ts";
import { generateName, nameRuleOf } from "./object-names.ts";
import type { Resource, RuleContext } from "./resource.ts";

/** Takes away what clients may not set on create. */
export function wipeSystemFields(meta: ObjectMeta): void {
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  delete meta.uid;
  delete meta.creationTimestamp;
}

/** The last step before a new object is stored: its identity and name, the resource's own preparation, and every check. */
export function prepareNewObject(
  resource: Resource,
  object: ApiObject,
  context: RuleContext & { readonly clock: Clock },
): void {
  const { metadata } = object;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(context.clock);
  if (isUnnamed(metadata)) metadata.name = generateName(metadata.generateName ?? "");
  if (resource.kind.scope === "Cluster") delete metadata.namespace;
  // A status that is written by itself begins as the resource says, whatever the client sent.
  if (resource.status === true) delete object.status;
  resource.prepareForCreate?.(object, context);
  if (tracksGeneration(resource)) metadata.generation = 1;
  const errors = newObjectErrors(resource, object, context);
  if (errors.length > 0) throw StatusError.invalid(resource.kind, metadata.name ?? "", errors);
}

/** Whether an object still waits for the name that the server makes. */
export function isUnnamed({ name = "", generateName: prefix = "" }: ObjectMeta): boolean {
  return name === "" && prefix !== "";
}

/**
 * Where a resource only asks that a name fits a path, its own faults hide those of the metadata, as in sample-apiserver;
 * a resource with a rule for names checks all metadata together with them, as the core kinds do.
 */
function newObjectErrors(resource: Resource, object: ApiObject, context: RuleContext): readonly FieldError[] {
  const own = ownErrors(resource, object, context);
  const isHiding = resource.nameRule === "path-segment";
  if (isHiding && own.length > 0) return own;
  const isNamespaced = resource.kind.scope === "Namespaced";
  return [...validateObjectMeta(object.metadata, { isNamespaced, nameFaults: nameRuleOf(resource) }), ...own];
}

function ownErrors(resource: Resource, object: ApiObject, context: RuleContext): FieldError[] {
  const errors = validateSchema(resource.kind, resource.kind.hub, object);
  const { old } = context;
  if (resource.validate !== undefined && (old === undefined || resource.validatesUpdates !== false))
    errors.push(...resource.validate(object, context));
  return errors;
}

function tracksGeneration({ tracksGeneration: own, status = false }: Resource): boolean {
  return own ?? status;
}

/** The last step before an object is replaced: what clients cannot change, the resource's own preparation, and every check. */
export function prepareChangedObject(
  resource: Resource,
  object: ApiObject,
  context: RuleContext & { readonly old: ApiObject },
): void {
  const { old } = context;
  const { metadata } = object;
  if (resource.kind.scope === "Cluster") delete metadata.namespace;
  setOrDelete(metadata, "generation", old.metadata.generation);
  resource.prepareForUpdate?.(object, context);
  keepSystemFields(metadata, old.metadata);
  if (tracksGeneration(resource) && context.subresource !== "status" && isSpecChanged(object, old))
    metadata.generation = incrementInt64(old.metadata.generation);
  const errors = changedObjectErrors(resource, object, context);
  if (errors.length > 0) throw StatusError.invalid(resource.kind, metadata.name ?? "", errors);
  keepTimesOfNoChange(object, old);
}

function changedObjectErrors(
  resource: Resource,
  object: ApiObject,
  context: RuleContext & { readonly old: ApiObject },
): readonly FieldError[] {
  const isNamespaced = resource.kind.scope === "Namespaced";
  return [
    // The name cannot change, so that the resource's own rule for it was asked when it was made.
    ...validateObjectMeta(object.metadata, { isNamespaced, nameFaults: pathSegmentFaults }),
    ...validateObjectMetaUpdate(object.metadata, context.old.metadata),
    ...ownErrors(resource, object, context),
  ];
}

function keepSystemFields(metadata: ObjectMeta, old: ObjectMeta): void {
  if ((metadata.uid ?? "") === "") setOrDelete(metadata, "uid", old.uid);
  if (old.creationTimestamp !== undefined) metadata.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp = old.deletionTimestamp;
  if (metadata.deletionGracePeriodSeconds === undefined)
    setOrDelete(metadata, "deletionGracePeriodSeconds", old.deletionGracePeriodSeconds);
}

function setOrDelete<Field extends keyof ObjectMeta>(
  metadata: ObjectMeta,
  field: Field,
  value: ObjectMeta[Field],
): void {
  if (value === undefined) delete metadata[field];
  else metadata[field] = value;
}

/** Everything but metadata and status is what users want, and counts as a new generation. */
function isSpecChanged(object: ApiObject, old: ApiObject): boolean {
  return !isDeepStrictEqual(specOf(object), specOf(old));
}

function specOf({
  metadata: _metadata,
  status: _status,
  kind: _kind,
  apiVersion: _apiVersion,
  ...rest
}: ApiObject): object {
  return rest;
}

/**
 * Takes back new times of managed fields where nothing else changed: preparation and admission may have undone
 * what the client wanted, and a write that changes nothing must be none.
 */
function keepTimesOfNoChange(object: ApiObject, old: ApiObject): void {
  const { managedFields = [] } = object.metadata;
  const { managedFields: oldFields = [] } = old.metadata;
  if (managedFields.length !== oldFields.length) return;
  if (managedFields.every(({ time }, index) => time === oldFields[index]?.time)) return;
  if (isDeepStrictEqual(withoutTimes(object), withoutTimes(old))) object.metadata.managedFields = oldFields;
}

function withoutTimes({ metadata, ...rest }: ApiObject): object {
  const managedFields = metadata.managedFields?.map(({ time: _time, ...entry }) => entry);
  return { ...rest, metadata: { ...metadata, managedFields } };
}
