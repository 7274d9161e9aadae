// What is wrong with an object's metadata, in Kubernetes' words and order.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/

import { type FieldError, fieldError } from "../field-error.ts";
import { parseApiVersion } from "../group-version.ts";
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from "../object-meta.ts";
import { dnsSubdomainFaults, labelKeyFaults, labelValueFaults, namespaceFaults, withoutTrailingDash } from "./names.ts";

/** Keys and values of all annotations together: 256 KiB. */
const annotationsBytesMax = 256 * 1024;
const managerBytesMax = 128;
const subresourceBytesMax = 256;

/** Why a name is none; `isPrefix` for a generateName. */
export type NameRule = (name: string, isPrefix: boolean) => readonly string[];

export interface MetaRules {
  readonly isNamespaced: boolean;
  readonly nameFaults: NameRule;
}

/** The faults of metadata, wherever it comes from. */
export function validateObjectMeta(meta: ObjectMeta, { isNamespaced, nameFaults }: MetaRules): FieldError[] {
  const errors: FieldError[] = [];
  const { name = "", generateName = "", namespace = "" } = meta;
  if (generateName !== "")
    for (const fault of nameFaults(withoutTrailingDash(generateName), true))
      errors.push(fieldError.invalid("metadata.generateName", generateName, fault));
  if (name === "") errors.push(fieldError.required("metadata.name", "name or generateName is required"));
  else for (const fault of nameFaults(name, false)) errors.push(fieldError.invalid("metadata.name", name, fault));
  if (isNamespaced && namespace === "") errors.push(fieldError.required("metadata.namespace"));
  if (isNamespaced && namespace !== "")
    for (const fault of namespaceFaults(namespace))
      errors.push(fieldError.invalid("metadata.namespace", namespace, fault));
  if (!isNamespaced && namespace !== "")
    errors.push(fieldError.forbidden("metadata.namespace", "not allowed on this type"));
  return [...generationErrors(meta), ...errors, ...sharedErrors(meta)];
}

/** The faults of an update, beside those of the new metadata: what may not change. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...finalizerAdditions(meta, old));
  const generation = meta.generation ?? 0;
  if (generation < (old.generation ?? 0))
    errors.push(fieldError.invalid("metadata.generation", generation, "must not be decremented"));
  const isImmutable = (field: keyof ObjectMeta, absent: unknown) => {
    const value = meta[field] ?? absent;
    if (value !== (old[field] ?? absent))
      errors.push(fieldError.invalid(`metadata.${field}`, value, "field is immutable"));
  };
  isImmutable("name", "");
  isImmutable("namespace", "");
  isImmutable("uid", "");
  isImmutable("creationTimestamp", null);
  isImmutable("deletionTimestamp", null);
  isImmutable("deletionGracePeriodSeconds", null);
  return [...errors, ...sharedErrors(meta)];
}

function generationErrors({ generation = 0 }: ObjectMeta): FieldError[] {
  return generation < 0
    ? [fieldError.invalid("metadata.generation", generation, "must be greater than or equal to 0")]
    : [];
}

function sharedErrors(meta: ObjectMeta): FieldError[] {
  return [
    ...labelErrors(meta.labels ?? {}),
    ...annotationErrors(meta.annotations ?? {}),
    ...ownerErrors(meta.ownerReferences ?? []),
    ...finalizerErrors(meta.finalizers ?? []),
    ...managedFieldsErrors(meta.managedFields ?? []),
  ];
}

/** In the order of keys, since Go's maps have none that clients could rely on. */
export function labelErrors(labels: Readonly<Record<string, string>>, path = "metadata.labels"): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const fault of labelKeyFaults(key)) errors.push(fieldError.invalid(path, key, fault));
    for (const fault of labelValueFaults(value)) errors.push(fieldError.invalid(path, value, fault));
  }
  return errors;
}

function annotationErrors(annotations: Readonly<Record<string, string>>): FieldError[] {
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const fault of labelKeyFaults(key.toLowerCase()))
      errors.push(fieldError.invalid("metadata.annotations", key, fault));
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (sizeBytes > annotationsBytesMax) errors.push(fieldError.tooLong("metadata.annotations", annotationsBytesMax));
  return errors;
}

function ownerErrors(owners: readonly OwnerReference[]): FieldError[] {
  const errors: FieldError[] = [];
  let controller = "";
  for (const owner of owners) {
    errors.push(...ownerReferenceErrors(owner));
    if (owner.controller !== true) continue;
    if (controller !== "")
      errors.push(
        fieldError.invalid(
          "metadata.ownerReferences",
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.name}`,
        ),
      );
    controller = owner.name;
  }
  return errors;
}

function ownerReferenceErrors(owner: OwnerReference): FieldError[] {
  const errors: FieldError[] = [];
  const path = "metadata.ownerReferences";
  const parsed = parseApiVersion(owner.apiVersion);
  if (parsed === undefined)
    errors.push(
      fieldError.invalid(`${path}.apiVersion`, owner.apiVersion, `unexpected GroupVersion string: ${owner.apiVersion}`),
    );
  if ((parsed?.version ?? "") === "")
    errors.push(fieldError.invalid(`${path}.apiVersion`, owner.apiVersion, "version must not be empty"));
  for (const field of ["kind", "name", "uid"] as const)
    if (owner[field] === "") errors.push(fieldError.invalid(`${path}.${field}`, owner[field], "must not be empty"));
  if (parsed?.group === "" && parsed.version === "v1" && owner.kind === "Event")
    errors.push(fieldError.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner"));
  return errors;
}

function finalizerErrors(finalizers: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set(finalizers);
  for (const finalizer of finalizers)
    for (const fault of labelKeyFaults(finalizer))
      errors.push(fieldError.invalid("metadata.finalizers", finalizer, fault));
  if (seen.has("orphan") && seen.has("foregroundDeletion"))
    errors.push(
      fieldError.invalid(
        "metadata.finalizers",
        finalizers,
        "finalizer orphan and foregroundDeletion cannot be both set",
      ),
    );
  return errors;
}

/** An object that is being deleted gets no new finalizers. */
function finalizerAdditions(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (old.deletionTimestamp === undefined) return [];
  const before = new Set(old.finalizers ?? []);
  const added = [...new Set(meta.finalizers ?? [])].filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return [];
  const shown = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(", ")}}`;
  return [
    fieldError.forbidden(
      "metadata.finalizers",
      `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
    ),
  ];
}

function managedFieldsErrors(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, entry] of entries.entries()) {
    const path = `metadata.managedFields[${index}]`;
    if (entry.operation !== "Apply" && entry.operation !== "Update")
      errors.push(fieldError.invalid(`${path}.operation`, entry.operation ?? "", "must be `Apply` or `Update`"));
    if ((entry.fieldsType ?? "") !== "" && entry.fieldsType !== "FieldsV1")
      errors.push(fieldError.invalid(`${path}.fieldsType`, entry.fieldsType, "must be `FieldsV1`"));
    errors.push(...fieldManagerErrors(entry.manager ?? "", `${path}.manager`));
    if (Buffer.byteLength(entry.subresource ?? "") > subresourceBytesMax)
      errors.push(fieldError.tooLong(`${path}.subresource`, subresourceBytesMax));
  }
  return errors;
}

/** The faults of a field manager's name, in options as in managedFields. */
export function fieldManagerErrors(manager: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > managerBytesMax) errors.push(fieldError.tooLong(path, managerBytesMax));
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      errors.push({
        reason: "FieldValueInvalid",
        field: path,
        message: `Invalid value: ${goQuote(manager)}: invalid character U+${code} (at position ${position})`,
      });
    }
    position += Buffer.byteLength(character);
  }
  return errors;
}

/** Letters, marks, numbers, punctuation, symbols and the ASCII space, as Go's unicode.IsPrint has it. */
function isPrintable(character: string): boolean {
  return character === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);
}

/** Text in Go's quotes: control characters as \x00 rather than JSON's \u0000. */
function goQuote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, "\\x$1");
}

/** The default rule of names. */
export const subdomainRule: NameRule = (name) => dnsSubdomainFaults(name);
