// PATCH on an object, in its five forms. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply

import {
  type ApiObject,
  applyJsonPatch,
  applyMergePatch,
  applyObject,
  applyStrategicMergePatch,
  DecodeError,
  fromHub,
  objectSchema,
  type ParsedDocument,
  parseDocument,
  StatusError,
  trackUpdate,
} from "../../api/door.ts";
import { type ApiResponse, header } from "../exchange.ts";
import { fieldManagerOf } from "../field-manager.ts";
import { timestamp } from "../object-rules.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { respondWithStored } from "../render/respond-object.ts";
import { keyOf } from "../served-resource.ts";
import { storeNew } from "./create.ts";
import { type MutatingOptions, mutatingOptions } from "./options.ts";
import { bodyBytesMax, decodeDocument } from "./request-object.ts";
import { changeObject, requirePreconditions } from "./update.ts";
import type { VerbContext } from "./verb.ts";

const forms = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
  "application/apply-patch+cbor": "apply-cbor",
} as const;
type PatchForm = (typeof forms)[keyof typeof forms];

export async function patch(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const form = patchForm(header(request.headers, "content-type"));
  const negotiated = negotiateVerb(request);
  const bytes = await request.readBody(bodyBytesMax);
  const isApply = form === "apply" || form === "apply-cbor";
  const options = mutatingOptions("PatchOptions", request.query, { isApply });
  if (isApply) return apply(context, { bytes, format: form === "apply" ? "yaml" : "cbor", options, negotiated });
  const { served, info } = context;
  const manager = fieldManagerOf(options.fieldManager, request);
  const stored = await served.registry.update(
    keyOf(served, info.namespace, info.name),
    async (current) => {
      if (current === undefined) throw StatusError.notFound(served.groupResource, info.name);
      const live = current.object();
      const versionedLive = fromHub(served.kind, live, context.version);
      const { versioned } = decodeDocument(
        context,
        patched(context, { bytes, form, live: versionedLive }),
        options.fieldValidation,
      );
      requirePatchedName(context, versioned);
      requireUid(context, versioned, live);
      requirePreconditions(context, { ...versioned, metadata: { ...versioned.metadata, uid: "" } }, live);
      const updated = trackUpdate({
        kind: served.kind,
        version: context.version,
        live: versionedLive,
        updated: versioned,
        manager,
        subresource: info.subresource,
        now: timestamp(served.clock),
      });
      return changeObject(context, { live, updated, dryRun: options.dryRun });
    },
    { dryRun: options.dryRun, signal: request.signal },
  );
  return respondWithStored({ ...context, negotiated, status: 200 }, stored);
}

function patchForm(contentType: string | undefined): PatchForm {
  const [media = ""] = (contentType ?? "").split(";");
  const form = Object.entries(forms).find(([name]) => name === media.trim());
  if (form !== undefined) return form[1];
  throw new StatusError("UnsupportedMediaType", "415: Unsupported Media Type", { details: {} });
}

interface PatchInput {
  readonly bytes: Buffer;
  readonly form: PatchForm;
  /** The object in the request's version. */
  readonly live: ApiObject;
}

/** The patched object as a document of its own, so that it is decoded like any other body. */
function patched(context: VerbContext, { bytes, form, live }: PatchInput): ParsedDocument {
  const parsed = parsePatch(bytes);
  let value: unknown;
  if (form === "json") value = applyJsonPatch(live, parsed.value);
  else if (form === "merge") value = applyMergePatch(live, parsed.value);
  else
    value = {
      ...asRecord(
        applyStrategicMergePatch(live, parsed.value, objectSchema(context.served.kind, context.version).root),
      ),
      kind: live.kind,
      apiVersion: live.apiVersion,
    };
  return { ...parsed, value, format: "yaml", duplicates: [] };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function parsePatch(bytes: Buffer): ParsedDocument {
  try {
    return parseDocument(bytes, "json");
  } catch (error) {
    throw StatusError.badRequest(`error decoding patch: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function requirePatchedName({ info, served }: VerbContext, { metadata }: ApiObject): void {
  if (metadata.name === info.name && (!served.isNamespaced || (metadata.namespace ?? "") === info.namespace)) return;
  if (metadata.name !== info.name)
    throw StatusError.badRequest(
      `the name of the object (${metadata.name ?? ""}) does not match the name on the URL (${info.name})`,
    );
  throw StatusError.badRequest("the namespace of the provided object does not match the namespace sent on the request");
}

/** A patch that sets another uid changes what must not change, and is invalid rather than in conflict. */
function requireUid({ served, info }: VerbContext, { metadata }: ApiObject, live: ApiObject): void {
  const { uid = "" } = metadata;
  if (uid === "" || uid === live.metadata.uid) return;
  const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`;
  throw StatusError.invalid(served.kind, info.name, [{ reason: "FieldValueInvalid", field: "metadata.uid", message }]);
}

interface ApplyInput {
  readonly bytes: Buffer;
  readonly format: "yaml" | "cbor";
  readonly options: MutatingOptions;
  readonly negotiated: ReturnType<typeof negotiateVerb>;
}

/** Server-side apply: what is not there is created. */
async function apply(context: VerbContext, { bytes, format, options, negotiated }: ApplyInput): Promise<ApiResponse> {
  const { request, served, info } = context;
  const applied = readApplied(context, bytes, format);
  const { dryRun, fieldManager, force = false } = options;
  const merge = (live: ApiObject | undefined) =>
    applyObject({
      kind: served.kind,
      version: context.version,
      live,
      applied,
      manager: fieldManager,
      force,
      subresource: info.subresource,
      now: timestamp(served.clock),
    });
  const key = keyOf(served, info.namespace, info.name);
  try {
    const stored = await served.registry.update(
      key,
      async (current) => {
        if (current === undefined) throw new Missing();
        const live = current.object();
        const updated = merge(fromHub(served.kind, live, context.version));
        requireUid(context, updated, live);
        requirePreconditions(context, updated, live);
        return changeObject(context, { live, updated, dryRun });
      },
      { dryRun, signal: request.signal },
    );
    return respondWithStored({ ...context, negotiated, status: 200 }, stored);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
  }
  requireNothingExpected(context, applied);
  if (info.subresource !== "") throw StatusError.notFound(served.groupResource, info.name);
  const created = merge(undefined);
  if (served.isNamespaced) created.metadata.namespace = info.namespace;
  const stored = await storeNew(context, created, { dryRun, checksResourceVersion: false });
  return respondWithStored({ ...context, negotiated, status: 201 }, stored);
}

/** Nothing is there to apply to. */
class Missing extends Error {}

function requireNothingExpected({ served, info }: VerbContext, { metadata }: ApiObject): void {
  const { uid = "" } = metadata;
  if (uid !== "")
    throw StatusError.conflict(
      served.groupResource,
      info.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
}

function readApplied(context: VerbContext, bytes: Buffer, format: "yaml" | "cbor"): ApiObject {
  const { served, info } = context;
  let document: ParsedDocument;
  try {
    document = parseDocument(bytes, format);
  } catch (error) {
    throw StatusError.badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const body = asRecord(document.value);
  if (
    body.kind !== served.kind.kind ||
    body.apiVersion !== `${served.kind.group === "" ? "" : `${served.kind.group}/`}${context.version}`
  )
    throw StatusError.badRequest(`invalid object type: ${shownType(body)}`);
  const metadata = asRecord(body.metadata);
  const meta = (field: string): string => {
    const value = metadata[field] ?? "";
    if (typeof value !== "string")
      throw StatusError.badRequest(new DecodeError(`metadata.${field}`, "string", value).message);
    return value;
  };
  if (meta("name") === "") throw StatusError.badRequest("name must be provided");
  if (meta("name") !== info.name)
    throw StatusError.badRequest(
      `the name of the object (${meta("name")}) does not match the name on the URL (${info.name})`,
    );
  if (served.isNamespaced && meta("namespace") !== "" && meta("namespace") !== info.namespace)
    throw StatusError.badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  if (document.duplicates.length > 0)
    context.request.warnings.push(...document.duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`));
  return { ...body, kind: served.kind.kind, apiVersion: String(body.apiVersion), metadata };
}

/** `group/version, Kind=kind`, as messages show a type. */
function shownType({ apiVersion, kind }: Record<string, unknown>): string {
  const text = typeof apiVersion === "string" ? apiVersion : "";
  return `${text.includes("/") ? text : `/${text}`}, Kind=${typeof kind === "string" ? kind : ""}`;
}
