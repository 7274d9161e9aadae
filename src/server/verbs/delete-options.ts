// DeleteOptions, from the body or, where there is none, from the query.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/

import {
  bodyFormat,
  decodeProtobufOptions,
  type FieldError,
  fieldError,
  parseDocument,
  StatusError,
  unsupportedMediaType,
} from "../../api/door.ts";
import { isRecord } from "../../base/record.ts";
import { type ApiRequest, header } from "../exchange.ts";
import { dryRunErrors, queryBoolean, queryInteger } from "./options.ts";
import { bodyBytesMax, typeMetaFault, typeMetaText } from "./request-object.ts";

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  readonly orphanDependents: boolean | undefined;
  /** An empty text in a body is a precondition that fails. */
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

const policies = ["Foreground", "Background", "Orphan"] as const;
type PropagationPolicy = (typeof policies)[number];

/** Reads the options. Throws 400 for a body that cannot be read, 415 for one of an unknown type, 422 for values that are not allowed. */
export async function readDeleteOptions(request: ApiRequest): Promise<DeleteOptions> {
  const bytes = await request.readBody(bodyBytesMax);
  // Any body at all, even {}, hides the query.
  const raw = bytes.length > 0 ? fromBody(bytes, request) : fromQuery(request.query);
  const propagationPolicy = policies.find((known) => known === raw.propagationPolicy);
  const errors = [...policyErrors(raw, propagationPolicy), ...dryRunErrors(raw.dryRun)];
  if (errors.length > 0) throw StatusError.invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors);
  return { ...raw, dryRun: raw.dryRun.length > 0, propagationPolicy };
}

interface RawOptions extends Omit<DeleteOptions, "dryRun" | "propagationPolicy"> {
  readonly dryRun: readonly string[];
  readonly propagationPolicy: string | undefined;
}

function policyErrors(
  { propagationPolicy: named, orphanDependents }: RawOptions,
  policy: PropagationPolicy | undefined,
): FieldError[] {
  if (named === undefined) return [];
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined)
    errors.push(
      fieldError.invalid("propagationPolicy", named, "orphanDependents and deletionPropagation cannot be both set"),
    );
  if (policy === undefined) errors.push(fieldError.notSupported("propagationPolicy", named, [...policies, "nil"]));
  return errors;
}

function fromQuery(query: URLSearchParams): RawOptions {
  return {
    dryRun: query.getAll("dryRun"),
    gracePeriodSeconds: queryInteger(query, "gracePeriodSeconds"),
    propagationPolicy: query.get("propagationPolicy") ?? undefined,
    orphanDependents: query.has("orphanDependents") ? queryBoolean(query, "orphanDependents") : undefined,
    // In a query an empty precondition is none.
    uid: query.get("uid") || undefined,
    resourceVersion: query.get("resourceVersion") || undefined,
  };
}

function fromBody(bytes: Buffer, request: ApiRequest): RawOptions {
  const contentType = header(request.headers, "content-type");
  const format = bodyFormat(contentType);
  if (format === undefined) throw unsupportedMediaType(contentType ?? "");
  const value = parseBody(bytes, format);
  requireType(value);
  const body = new Members("DeleteOptions", value);
  const preconditions = body.record("preconditions");
  // Of a feature that is off; its type is checked all the same.
  body.boolean("ignoreStoreReadErrorWithClusterBreakingPotential");
  return {
    dryRun: body.texts("dryRun"),
    gracePeriodSeconds: body.integer("gracePeriodSeconds"),
    propagationPolicy: body.text("propagationPolicy"),
    orphanDependents: body.boolean("orphanDependents"),
    uid: preconditions?.text("uid"),
    resourceVersion: preconditions?.text("resourceVersion"),
  };
}

function parseBody(bytes: Buffer, format: NonNullable<ReturnType<typeof bodyFormat>>): object {
  let value: unknown;
  try {
    value = format === "protobuf" ? decodeProtobufOptions(bytes) : parseDocument(bytes, format).value;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw StatusError.badRequest(format === "json" ? `couldn't get version/kind; json parse error: ${why}` : why);
  }
  if (value === null) return {};
  if (typeof value === "object" && !Array.isArray(value) && !(value instanceof Number)) return value;
  const type = Array.isArray(value) ? "array" : typeof value;
  throw StatusError.badRequest(
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into DeleteOptions`,
  );
}

/** Options may call themselves by any group and version, as old clients do, but by no other kind. */
function requireType(value: object): void {
  const fault = typeMetaFault(value);
  if (fault !== undefined) throw StatusError.badRequest(fault.message);
  const kind = typeMetaText(value, "kind") || "DeleteOptions";
  if (kind !== "DeleteOptions")
    throw StatusError.badRequest(
      `decoded object cannot be converted to DeleteOptions: no kind ${JSON.stringify(kind)} in scheme "options"`,
    );
}

/** Reads members of a known type; null is the same as absent, and what is not asked for is ignored. Throws 400. */
class Members {
  readonly #type: string;
  readonly #value: object;

  constructor(type: string, value: object) {
    this.#type = type;
    this.#value = value;
  }

  text(name: string): string | undefined {
    const value = this.#member(name);
    return value === undefined || typeof value === "string" ? value : this.#refuse(name, "string");
  }

  boolean(name: string): boolean | undefined {
    const value = this.#member(name);
    return value === undefined || typeof value === "boolean" ? value : this.#refuse(name, "bool");
  }

  integer(name: string): number | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    // Of 64 bits in the reference; nobody counts further than a double does.
    if (typeof value === "bigint") return Number(value);
    return typeof value === "number" && Number.isSafeInteger(value) ? value : this.#refuse(name, "int64");
  }

  texts(name: string): string[] {
    const value = this.#member(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) return this.#refuse(name, "[]string");
    return value.map((item) => (typeof (item ?? "") === "string" ? (item ?? "") : this.#refuse(name, "[]string")));
  }

  record(name: string): Members | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    return isRecord(value) ? new Members(`${this.#type}.${name}`, value) : this.#refuse(name, "object");
  }

  #member(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? (Reflect.get(this.#value, name) ?? undefined) : undefined;
  }

  #refuse(name: string, type: string): never {
    throw StatusError.badRequest(`json: cannot unmarshal ${this.#type}.${name} into a value of type ${type}`);
  }
}
