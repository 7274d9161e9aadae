// The object in a request's body, checked to be what the URL says it is.

import {
  type ApiObject,
  bodyFormat,
  DecodeError,
  decodeProtobufObject,
  decodeVersioned,
  formatApiVersion,
  objectSchema,
  type ParsedDocument,
  parseApiVersion,
  parseDocument,
  patchedDocument,
  StatusError,
  strictErrors,
  unreadableBody,
  unsupportedMediaType,
} from "../../api/door.ts";
import { type ApiRequest, header } from "../exchange.ts";
import type { FieldValidation } from "./options.ts";
import type { VerbContext } from "./verb.ts";

/** No request's body may be larger: 3 MiB, twice what etcd takes. */
export const bodyBytesMax = 3 * 1024 * 1024;

/** The format of the body. Throws 415 for one that is not read. */
export function requireBodyFormat({ headers }: ApiRequest): BodyOptions["format"] {
  const contentType = header(headers, "content-type");
  const format = bodyFormat(contentType);
  if (format === undefined) throw unsupportedMediaType(contentType ?? "");
  return format;
}

interface BodyOptions {
  readonly format: NonNullable<ReturnType<typeof bodyFormat>>;
  readonly fieldValidation: FieldValidation;
}

/** The object in a body, in the request's version and with its defaults. Throws 400. */
export function decodeBody(context: VerbContext, bytes: Buffer, { format, fieldValidation }: BodyOptions): ApiObject {
  const { kind } = context.served.kind;
  let document: ParsedDocument;
  try {
    document = format === "protobuf" ? parseProtobuf(context, bytes) : parseDocument(bytes, format);
  } catch (error) {
    throw unreadableBody(kind, bytes, error);
  }
  const { value } = document;
  // A number that is no integer literal comes boxed.
  if (value !== null && (typeof value !== "object" || Array.isArray(value) || value instanceof Number))
    throw unreadableBody(kind, bytes, new DecodeError("", "object", value));
  const fault = typeMetaFault(value);
  if (fault !== undefined) throw unreadableBody(kind, bytes, fault);
  const version = requireKind(context, value);
  const object = decodeDocument(context, document, {
    version,
    fieldValidation,
    refuse: (cause) =>
      StatusError.badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${cause}`),
  });
  requireVersion(context, version);
  return object;
}

/** For kinds that are known as protobuf messages; of others the most that can be said is what is wrong. */
function parseProtobuf({ served: { kind }, version }: VerbContext, bytes: Buffer): ParsedDocument {
  if (kind.protobuf === undefined) return parseDocument(bytes, "protobuf");
  const { root } = objectSchema(kind, version);
  return patchedDocument(decodeProtobufObject(bytes, { root, name: kind.kind, numbers: kind.protobuf }));
}

interface DecodeOptions {
  readonly version: string;
  readonly fieldValidation: FieldValidation;
  /** What is said where the document cannot be decoded. */
  readonly refuse: (cause: string) => StatusError;
  /** What was found wrong before, told first. */
  readonly faults?: readonly string[];
}

/** Decodes a parsed body; unknown and duplicate fields become warnings or a refusal as `fieldValidation` says. */
export function decodeDocument(
  { request, served: { kind } }: VerbContext,
  document: ParsedDocument,
  { version, fieldValidation, refuse, faults = [] }: DecodeOptions,
): ApiObject {
  const object = decodeOrRefuse();
  object.kind = kind.kind;
  object.apiVersion = formatApiVersion({ group: kind.group, version });
  if (fieldValidation === "Ignore") return object;
  const found = strictErrors(document, objectSchema(kind, version));
  const all = faults.length === 0 ? found : [...faults, ...found];
  if (all.length > 0 && fieldValidation === "Strict") throw refuse(`strict decoding error: ${all.join(", ")}`);
  request.warnings.push(...all);
  return object;

  function decodeOrRefuse(): ApiObject {
    try {
      return decodeVersioned(kind, version, document.value);
    } catch (error) {
      if (error instanceof DecodeError) throw refuse(error.message);
      throw error;
    }
  }
}

/** What is wrong with a kind or apiVersion that is no text, or none at all. */
export function typeMetaFault(value: unknown): Error | undefined {
  for (const field of ["kind", "apiVersion"] as const) {
    const given = member(value, field);
    if (given !== undefined && typeof given !== "string") return new DecodeError(field, "string", given);
  }
  const apiVersion = typeMetaText(value, "apiVersion");
  return parseApiVersion(apiVersion) === undefined
    ? new RangeError(`unexpected GroupVersion string: ${apiVersion}`)
    : undefined;
}

/** The version that a body names, that of the URL where it names none. Throws 400 for another kind. */
export function requireKind({ served: { kind }, version }: VerbContext, value: unknown): string {
  const shown = typeMetaText(value, "kind") || kind.kind;
  const apiVersion = typeMetaText(value, "apiVersion");
  const refuse = (shownVersion: string, cause: string) =>
    StatusError.badRequest(
      `${shown} in version ${JSON.stringify(shownVersion)} cannot be handled as a ${kind.kind}: ${cause}`,
    );
  const named = parseApiVersion(apiVersion);
  if (named === undefined) throw refuse(apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  const isDefaulted = named.version === "" && (named.group === "" || named.group === kind.group);
  const meant = isDefaulted ? { group: kind.group, version } : named;
  if (meant.group === kind.group && shown === kind.kind && Object.hasOwn(kind.versions, meant.version))
    return meant.version;
  const inVersion = JSON.stringify(formatApiVersion(meant));
  throw refuse(meant.version, `no kind ${JSON.stringify(shown)} is served here for version ${inVersion}`);
}

/** Throws 400 where a body is of another version than the URL. */
function requireVersion({ served: { kind }, version: expected }: VerbContext, version: string): void {
  if (version === expected) return;
  const given = formatApiVersion({ group: kind.group, version });
  const wanted = formatApiVersion({ group: kind.group, version: expected });
  throw StatusError.badRequest(
    `the API version in the data (${given}) does not match the expected API version (${wanted})`,
  );
}

/** 400: an object must say its name, even where the URL does. */
export function namelessObject(name: string): StatusError {
  return StatusError.badRequest(
    `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
  );
}

/** The kind or apiVersion of a body, empty where it is no text. */
export function typeMetaText(value: unknown, name: "kind" | "apiVersion"): string {
  const text = member(value, name);
  return typeof text === "string" ? text : "";
}

/**
 * A member of the type meta; undefined where it is null or not there. `Kind` and `APIVersion` count, too: unlike any other field,
 * these two are looked up without regard to case before the object is decoded, and the last one wins.
 */
function member(value: unknown, name: "kind" | "apiVersion"): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  let found: unknown;
  for (const [key, given] of Object.entries(value))
    if (key.length === name.length && given !== null && key.toLowerCase() === name.toLowerCase()) found = given;
  return found;
}
