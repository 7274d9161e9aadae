// DeleteOptions, from the body or, where there is none, from the query.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/

import {
  bodyFormat,
  type FieldError,
  fieldError,
  parseDocument,
  StatusError,
  unsupportedMediaType,
} from "../../api/door.ts";
import { type ApiRequest, header } from "../exchange.ts";
import { dryRunErrors, queryBoolean, queryInteger } from "./options.ts";
import { bodyBytesMax } from "./request-object.ts";

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: "Orphan" | "Background" | "Foreground" | undefined;
  readonly orphanDependents: boolean | undefined;
  /** An empty text in a body is a precondition that fails. */
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

const policies = ["Orphan", "Background", "Foreground"] as const;

/** Reads the options. Throws 400 for a body that cannot be read, 415 for one of an unknown type, 422 for values that are not allowed. */
export async function readDeleteOptions(request: ApiRequest): Promise<DeleteOptions> {
  const bytes = await request.readBody(bodyBytesMax);
  const raw = bytes.length > 0 ? fromBody(bytes, request) : fromQuery(request.query);
  const errors: FieldError[] = [...dryRunErrors(raw.dryRun)];
  const { propagationPolicy, orphanDependents } = raw;
  if (propagationPolicy !== undefined && orphanDependents !== undefined)
    errors.unshift(
      fieldError.invalid(
        "propagationPolicy",
        propagationPolicy,
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    );
  const policy = policies.find((known) => known === propagationPolicy);
  if (propagationPolicy !== undefined && policy === undefined)
    errors.unshift(
      fieldError.notSupported("propagationPolicy", propagationPolicy, ["Background", "Foreground", "Orphan", "nil"]),
    );
  if (errors.length > 0) throw StatusError.invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors);
  return { ...raw, dryRun: raw.dryRun.length > 0, propagationPolicy: policy };
}

interface RawOptions extends Omit<DeleteOptions, "dryRun" | "propagationPolicy"> {
  readonly dryRun: readonly string[];
  readonly propagationPolicy: string | undefined;
}

function fromQuery(query: URLSearchParams): RawOptions {
  const text = (name: string) => query.get(name) || undefined;
  return {
    dryRun: query.getAll("dryRun"),
    gracePeriodSeconds: queryInteger(query, "gracePeriodSeconds"),
    propagationPolicy: query.get("propagationPolicy") ?? undefined,
    orphanDependents: query.has("orphanDependents") ? queryBoolean(query, "orphanDependents") : undefined,
    uid: text("uid"),
    resourceVersion: text("resourceVersion"),
  };
}

function fromBody(bytes: Buffer, request: ApiRequest): RawOptions {
  const contentType = header(request.headers, "content-type");
  const format = bodyFormat(contentType);
  if (format === undefined || format === "protobuf") throw unsupportedMediaType(contentType ?? "");
  const body = new Body(decode(bytes, format));
  const preconditions = body.record("preconditions");
  return {
    dryRun: body.texts("dryRun"),
    gracePeriodSeconds: body.integer("gracePeriodSeconds"),
    propagationPolicy: body.text("propagationPolicy"),
    orphanDependents: body.boolean("orphanDependents"),
    uid: preconditions?.text("uid"),
    resourceVersion: preconditions?.text("resourceVersion"),
  };
}

function decode(bytes: Buffer, format: "json" | "yaml"): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseDocument(bytes, format).value;
  } catch (error) {
    throw StatusError.badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value))
    throw StatusError.badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(value) ? "array" : typeof value} into DeleteOptions`,
    );
  const { kind = "DeleteOptions", ...options }: { kind?: unknown } & Record<string, unknown> = { ...value };
  if (kind !== "DeleteOptions" && kind !== "")
    throw StatusError.badRequest(
      `decoded object cannot be converted to DeleteOptions: no kind ${JSON.stringify(kind)} in scheme "options"`,
    );
  return options;
}

/** Reads members of a known type; null is the same as absent. */
class Body {
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(value: Readonly<Record<string, unknown>>) {
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
    return value === undefined || (typeof value === "number" && Number.isInteger(value))
      ? value
      : this.#refuse(name, "int64");
  }

  texts(name: string): string[] {
    const value = this.#member(name);
    if (value === undefined) return [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) return this.#refuse(name, "[]string");
    return value;
  }

  record(name: string): Body | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    return typeof value === "object" && !Array.isArray(value)
      ? new Body({ ...value })
      : this.#refuse(name, "Preconditions");
  }

  #member(name: string): {} | undefined {
    return (Object.hasOwn(this.#value, name) ? this.#value[name] : undefined) ?? undefined;
  }

  #refuse(name: string, type: string): never {
    throw StatusError.badRequest(`json: cannot unmarshal DeleteOptions.${name}: it must be of type ${type}`);
  }
}
