// The object in a request's body, checked to be what the URL says it is.

import {
  type ApiObject,
  bodyFormat,
  DecodeError,
  decodeVersioned,
  formatApiVersion,
  objectSchema,
  type ParsedDocument,
  parseApiVersion,
  parseDocument,
  StatusError,
  strictErrors,
  toHub,
  unreadableBody,
  unsupportedMediaType,
} from "../../api/door.ts";
import { header } from "../exchange.ts";
import type { FieldValidation } from "./options.ts";
import type { VerbContext } from "./verb.ts";

/** No request's body may be larger: 3 MiB, twice what etcd takes. */
export const bodyBytesMax = 3 * 1024 * 1024;

export interface RequestObject {
  /** In the version that the body names, with its defaults. */
  readonly versioned: ApiObject;
  readonly hub: ApiObject;
}

/** Reads the body of a create or update. Throws 413, 415 and 400. */
export async function readRequestObject(
  context: VerbContext,
  fieldValidation: FieldValidation,
): Promise<RequestObject> {
  const { request, served } = context;
  const bytes = await request.readBody(bodyBytesMax);
  const contentType = header(request.headers, "content-type");
  const format = bodyFormat(contentType);
  if (format === undefined || format === "protobuf") throw unsupportedMediaType(contentType ?? "");
  let document: ParsedDocument;
  try {
    document = parseDocument(bytes, format);
  } catch (error) {
    throw unreadableBody(served.kind.kind, bytes, error);
  }
  if (document.value !== null && (typeof document.value !== "object" || Array.isArray(document.value)))
    throw unreadableBody(served.kind.kind, bytes, new DecodeError("", "object", document.value));
  return decodeDocument(context, document, fieldValidation);
}

/** Decodes a parsed body; unknown and duplicate fields become warnings or a refusal as `fieldValidation` says. */
export function decodeDocument(
  context: VerbContext,
  document: ParsedDocument,
  fieldValidation: FieldValidation,
): RequestObject {
  const { request, served } = context;
  const { kind } = served;
  const version = requireKind(context, document.value);
  const describe = (cause: string) =>
    StatusError.badRequest(
      `${kind.kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind.kind}: ${cause}`,
    );
  let versioned: ApiObject;
  try {
    versioned = decodeVersioned(kind, version, document.value);
  } catch (error) {
    if (error instanceof DecodeError) throw describe(error.message);
    throw error;
  }
  versioned.kind = kind.kind;
  versioned.apiVersion = formatApiVersion({ group: kind.group, version });
  if (fieldValidation !== "Ignore") {
    const faults = strictErrors(document, objectSchema(kind, version));
    if (faults.length > 0 && fieldValidation === "Strict")
      throw describe(`strict decoding error: ${faults.join(", ")}`);
    request.warnings.push(...faults);
  }
  if (version !== context.version) {
    const expected = formatApiVersion({ group: kind.group, version: context.version });
    throw StatusError.badRequest(
      `the API version in the data (${versioned.apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  return { versioned, hub: toHub(kind, versioned, version) };
}

/** The version that a body names, that of the URL where it names none. Throws 400 for another kind. */
export function requireKind({ served, version }: VerbContext, value: unknown): string {
  const { kind } = served;
  const { kind: given, apiVersion } = typeMeta(value);
  const parsed = apiVersion === "" ? { group: kind.group, version } : parseApiVersion(apiVersion);
  const shown = given === "" ? kind.kind : given;
  const refuse = (cause: string) =>
    StatusError.badRequest(
      `${shown} in version ${JSON.stringify(parsed?.version ?? apiVersion)} cannot be handled as a ${kind.kind}: ${cause}`,
    );
  if (parsed === undefined) throw refuse(`unexpected GroupVersion string: ${apiVersion}`);
  const isOurs = parsed.group === kind.group && shown === kind.kind && Object.hasOwn(kind.versions, parsed.version);
  if (!isOurs)
    throw refuse(
      `no kind ${JSON.stringify(shown)} is served here for version ${JSON.stringify(formatApiVersion(parsed))}`,
    );
  return parsed.version;
}

function typeMeta(value: unknown): { kind: string; apiVersion: string } {
  if (typeof value !== "object" || value === null) return { kind: "", apiVersion: "" };
  const text = (name: string): string => {
    const member: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : "";
    return typeof member === "string" ? member : "";
  };
  return { kind: text("kind"), apiVersion: text("apiVersion") };
}
