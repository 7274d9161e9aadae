// The rules of change that hold for every object, around those of its resource. Objects are in the hub's shape.

import { randomInt, randomUUID } from "node:crypto";
import {
  type ApiObject,
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  type FieldError,
  fieldError,
  type NameRule,
  type ObjectMeta,
  pathSegmentFaults,
  StatusError,
  validateObjectMeta,
  validateObjectMetaUpdate,
  validateSchema,
} from "../api/door.ts";
import type { Clock } from "../base/clock.ts";
import type { Resource, RuleContext } from "./resource.ts";

const nameRules: Readonly<Record<string, NameRule>> = {
  "dns-subdomain": (name) => dnsSubdomainFaults(name),
  "dns-label": (name) => dnsLabelFaults(name),
  "dns-1035-label": (name) => dns1035LabelFaults(name),
  "path-segment": pathSegmentFaults,
};

/** What names of a resource may be. */
export function nameRuleOf({ nameRule = "dns-subdomain" }: Resource): NameRule {
  if (typeof nameRule === "function") return nameRule;
  return nameRules[nameRule] ?? ((name) => dnsSubdomainFaults(name));
}

/** Letters and digits that make no words by accident. */
const generatedLetters = "bcdfghjklmnpqrstvwxz2456789";
const generatedLength = 5;
/** A prefix is cut so that the whole name fits a DNS label. */
const generatedPrefixMax = 63 - generatedLength;

/** A name that begins with `prefix`. */
export function generateName(prefix: string): string {
  let suffix = "";
  for (let at = 0; at < generatedLength; at++) suffix += generatedLetters[randomInt(generatedLetters.length)];
  return `${prefix.slice(0, generatedPrefixMax)}${suffix}`;
}

/** The time as Kubernetes writes it; asked often, made once a second. */
export function timestamp(clock: Clock): string {
  const seconds = Math.floor(clock.nowMs() / 1000);
  if (seconds !== lastSecond) {
    lastSecond = seconds;
    lastTimestamp = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  }
  return lastTimestamp;
}
let lastSecond = Number.NaN;
let lastTimestamp = "";

/** Takes away what clients may not set on create; what they may set, they keep. */
export function wipeSystemFields(meta: ObjectMeta): void {
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  delete meta.uid;
  delete meta.creationTimestamp;
}

/** The last step before a new object is stored: the resource's own preparation, names, identity, and every check. */
export function prepareNewObject(
  resource: Resource,
  object: ApiObject,
  context: RuleContext & { readonly clock: Clock },
): void {
  const { metadata } = object;
  wipeSystemFields(metadata);
  resource.prepareForCreate?.(object, context);
  if (tracksGeneration(resource)) metadata.generation = 1;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(context.clock);
  if (resource.kind.scope === "Cluster") delete metadata.namespace;
  if ((metadata.name ?? "") === "" && (metadata.generateName ?? "") !== "")
    metadata.name = generateName(metadata.generateName ?? "");
  const errors = newObjectErrors(resource, object, context);
  if (errors.length > 0) throw StatusError.invalid(resource.kind, metadata.name ?? "", errors);
}

/** A resource's own faults hide those of the metadata. */
function newObjectErrors(resource: Resource, object: ApiObject, context: RuleContext): readonly FieldError[] {
  const own = [
    ...validateSchema(resource.kind, resource.kind.hub, object),
    ...(resource.validate?.(object, context) ?? []),
  ];
  if (own.length > 0) return own;
  return validateObjectMeta(object.metadata, {
    isNamespaced: resource.kind.scope === "Namespaced",
    nameFaults: nameRuleOf(resource),
  });
}

export function tracksGeneration({ tracksGeneration: own, status = false }: Resource): boolean {
  return own ?? status;
}

/** The last step before an object is replaced. `object` is changed in place. */
export function prepareChangedObject(
  resource: Resource,
  object: ApiObject,
  context: RuleContext & { readonly old: ApiObject },
): void {
  const { old } = context;
  const { metadata } = object;
  if (old.metadata.generation === undefined) delete metadata.generation;
  else metadata.generation = old.metadata.generation;
  if (resource.kind.scope === "Cluster") delete metadata.namespace;
  resource.prepareForUpdate?.(object, context);
  keepWhatUpdatesOmit(metadata, old.metadata);
  if (tracksGeneration(resource) && context.subresource !== "status" && specChanged(object, old))
    metadata.generation = (old.metadata.generation ?? 0) + 1;
  const errors = [
    ...resourceVersionErrors(resource, metadata),
    ...validateObjectMetaUpdate(metadata, old.metadata),
    ...validateSchema(resource.kind, resource.kind.hub, object),
    ...(resource.validate === undefined || resource.validatesUpdates === false
      ? []
      : resource.validate(object, context)),
  ];
  if (errors.length > 0) throw StatusError.invalid(resource.kind, metadata.name ?? "", errors);
}

function resourceVersionErrors(resource: Resource, { resourceVersion = "" }: ObjectMeta): FieldError[] {
  if (resourceVersion !== "" && resourceVersion !== "0") return [];
  if (resource.allowUnconditionalUpdate === true) return [];
  return [fieldError.invalid("metadata.resourceVersion", 0, "must be specified for an update")];
}

function keepWhatUpdatesOmit(metadata: ObjectMeta, old: ObjectMeta): void {
  if ((metadata.uid ?? "") === "" && old.uid !== undefined) metadata.uid = old.uid;
  if (metadata.creationTimestamp === undefined && old.creationTimestamp !== undefined)
    metadata.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp = old.deletionTimestamp;
  if (metadata.deletionGracePeriodSeconds === undefined && old.deletionGracePeriodSeconds !== undefined)
    metadata.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
}

/** Everything but metadata and status is what users want, and counts as a new generation. */
function specChanged(object: ApiObject, old: ApiObject): boolean {
  const wanted = ({ metadata: _metadata, status: _status, kind: _kind, apiVersion: _apiVersion, ...rest }: ApiObject) =>
    JSON.stringify(rest);
  return wanted(object) !== wanted(old);
}
