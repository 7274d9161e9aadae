// What a JSON patch, a merge patch or a strategic merge patch makes of an object. Apply is its own matter.

import {
  type ApiObject,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  compileSchema,
  DecodeError,
  fieldError,
  objectSchema,
  type ParsedDocument,
  parseApiVersion,
  parseDocument,
  patchedDocument,
  StatusError,
  strictErrors,
} from "../../api/door.ts";
import { hubObject } from "./hub-object.ts";
import type { FieldValidation } from "./options.ts";
import { decodeDocument, namelessObject, requireKind, typeMetaFault, typeMetaText } from "./request-object.ts";
import type { VerbContext } from "./verb.ts";

export type PatchForm = "json" | "merge" | "strategic";

interface PatchInput {
  readonly bytes: Buffer;
  readonly form: PatchForm;
  /** In the request's version. */
  readonly live: ApiObject;
  readonly fieldValidation: FieldValidation;
}

/** The patched object in the hub's shape. Throws 400 for what is no patch, 422 where it does not fit or its result is no object. */
export function patchedObject(context: VerbContext, input: PatchInput): ApiObject {
  const patch = parsePatch(input);
  const value = applyPatch(context, patch.value, input);
  const shown = input.form === "strategic" ? JSON.stringify(patch.value) : JSON.stringify(value);
  const refuse = (why: string) =>
    StatusError.invalid({ group: "", kind: "" }, "", [fieldError.invalid("patch", shown, why)]);
  const version = versionOf(context, value, { ...input, refuse });
  const faults = input.fieldValidation === "Ignore" ? [] : patchFaults(patch, input.form);
  const object = decodeDocument(
    context,
    // A strategic merge tells unknown fields in the order of the alphabet, as documents other than JSON do.
    { ...patchedDocument(value), format: input.form === "strategic" ? "yaml" : "json" },
    { version, fieldValidation: input.fieldValidation, refuse, faults },
  );
  return hubObject(context, { object, version });
}

function parsePatch({ bytes, form }: PatchInput): ParsedDocument {
  try {
    return parseDocument(bytes, "json");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw StatusError.badRequest(form === "strategic" ? message : `error decoding patch: ${message}`);
  }
}

function applyPatch({ served, version }: VerbContext, patch: unknown, { form, live }: PatchInput): unknown {
  switch (form) {
    case "json":
      return applyJsonPatch(live, patch);
    case "merge":
      return applyMergePatch(live, patch);
    case "strategic":
      return applyStrategicMergePatch(live, patch, objectSchema(served.kind, version).root);
  }
}

interface VersionOptions {
  readonly refuse: (why: string) => StatusError;
  /** A strategic merge has the request's version whatever it says of itself. */
  readonly form: PatchForm;
  readonly fieldValidation: FieldValidation;
}

/** The version that the result says it has: a patch may change even that. */
function versionOf(context: VerbContext, value: unknown, { refuse, form, fieldValidation }: VersionOptions): string {
  if (form === "strategic") return context.version;
  const fault = Array.isArray(value) ? new DecodeError("", "object", value) : typeMetaFault(value);
  if (fault !== undefined) throw refuse(fault.message);
  if (!hasVersion(context, value)) throw withoutVersion(context, value, { refuse, form, fieldValidation });
  try {
    return requireKind(context, value);
  } catch (error) {
    throw error instanceof StatusError ? refuse(error.message) : error;
  }
}

/** Without a version no field is known, not even the name. */
function withoutVersion(
  { request, info, served: { kind } }: VerbContext,
  value: unknown,
  { refuse, fieldValidation }: VersionOptions,
): StatusError {
  const named = typeMetaText(value, "kind") || kind.kind;
  if (named !== kind.kind) return refuse(`no kind ${JSON.stringify(named)} is served here without a version`);
  const fields = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const faults = fields
    .filter((name) => name !== "kind" && name !== "apiVersion")
    .map((name) => `unknown field ${JSON.stringify(name)}`);
  if (fieldValidation === "Strict" && faults.length > 0) return refuse(`strict decoding error: ${faults.join(", ")}`);
  if (fieldValidation === "Warn") request.warnings.push(...faults);
  return namelessObject(info.name);
}

/** Whether it has a version, or the group of somebody else. */
function hasVersion({ served: { kind } }: VerbContext, value: unknown): boolean {
  const { group, version } = parseApiVersion(typeMetaText(value, "apiVersion")) ?? { group: "", version: "" };
  return version !== "" || (group !== "" && group !== kind.group);
}

const text = { type: "string" } as const;
const operations = compileSchema({
  type: "array",
  items: { type: "object", properties: { op: text, path: text, from: text, value: {} } },
});

/** What is wrong with the patch itself: fields that stand twice, and what is no part of an operation. */
function patchFaults(patch: ParsedDocument, form: PatchForm): readonly string[] {
  if (form !== "json") return patch.duplicates;
  return strictErrors(patch, { root: operations }).map((fault) => `json patch ${fault}`);
}
