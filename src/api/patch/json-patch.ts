// JSON Patch with the habits of Kubernetes' library: indexes count from the end below zero, a missing member tests equal to null, and
// what stands before the first slash of a path is skipped. https://datatracker.ietf.org/doc/html/rfc6902
// No library of ours has these habits, and to patch around one would be more code than this.

import { getOwn, setOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import { goJson } from "../apply/go-json.ts";
import { deepEqual } from "../apply/shape.ts";
import { describeType } from "../schema/decode-error.ts";
import { StatusError } from "../status-error.ts";
import { boundedCopy, type CopyBudget } from "./bounded-copy.ts";
import { patchFailed, requireShallow, type Values } from "./patch-error.ts";

/** As in the reference; more is a 413. */
const operationsMax = 10_000;
/** Copies may not grow a document beyond this: ten copies of copies would. In bytes of JSON, as a request's body may have. */
const copiedBytesMax = 3 * 1024 * 1024;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from: string;
  /** Null where it was left out, which only a test may do. */
  readonly value: unknown;
}

/** The document after all operations, or none: `target` stays as it is. Throws 400 for what is no patch, 413, and 422 where one fails. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (patch === null) return target;
  requireShallow(patch);
  if (!Array.isArray(patch))
    throw StatusError.badRequest(`error decoding patch: json: cannot unmarshal ${describeType(patch)} into operations`);
  const operations = patch.map(readOperation);
  if (operations.length > operationsMax)
    throw new StatusError(
      "RequestEntityTooLarge",
      `Request entity too large: The allowed maximum operations in a JSON patch is ${operationsMax}, got ${operations.length}`,
    );
  const budget = { bytes: copiedBytesMax };
  let document: unknown = structuredClone(target);
  for (const operation of operations) document = applyOperation(document, operation, budget);
  return document;
}

function readOperation(value: unknown): Operation {
  if (value !== null && !isRecord(value))
    throw StatusError.badRequest(
      `error decoding patch: json: cannot unmarshal ${describeType(value)} into an operation`,
    );
  const fields = value ?? {};
  const [op, path, from] = ["op", "path", "from"].map((name) => textField(fields, name));
  const fault = faultOf({ op, path, from }, Object.hasOwn(fields, "value"));
  if (fault !== undefined) throw StatusError.badRequest(`invalid operation ${inKeyOrder(value)}: ${fault}`);
  return { op: op ?? "", path: path ?? "", from: from ?? "", value: getOwn(fields, "value") ?? null };
}

function textField(fields: Values, name: string): string | undefined {
  const value = getOwn(fields, name) ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw StatusError.badRequest(
    `error decoding patch: json: cannot unmarshal ${describeType(value)} into field "${name}" of type string`,
  );
}

type TextFields = Readonly<Record<"op" | "path" | "from", string | undefined>>;

/** What an operation lacks, in the words and the order of Kubernetes' library. */
function faultOf({ op, path, from }: TextFields, hasValue: boolean): string | undefined {
  switch (op) {
    case "add":
    case "replace":
      if (!hasValue) return "failed to decode 'value': operation, missing value field: missing value";
      break;
    case "move":
    case "copy":
      if (from === undefined) return "failed to decode 'from': operation, missing from field: missing value";
      break;
    case "remove":
    case "test":
      break;
    default:
      return "unsupported operation";
  }
  return path === undefined ? "failed to decode 'path': operation missing path field: missing value" : undefined;
}

function inKeyOrder(operation: Values | null): string {
  if (operation === null) return "null";
  return goJson(Object.fromEntries(Object.entries(operation).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function applyOperation(document: unknown, { op, path, from, value }: Operation, budget: CopyBudget): unknown {
  // The library takes no scalar for a document, and says nothing.
  if (path === "" && op === "replace") return isRecord(value) || Array.isArray(value) ? ownCopy(value) : document;
  if (path === "" && op === "test") {
    if (!deepEqual(document, value)) throw patchFailed();
    return document;
  }
  switch (op) {
    case "test":
      if (!deepEqual(find(document, path).get() ?? null, value)) throw patchFailed();
      break;
    case "remove":
      find(document, path).remove();
      break;
    case "replace":
      find(document, path).replace(ownCopy(value));
      break;
    case "add":
      find(document, path).add(ownCopy(value));
      break;
    case "copy": {
      const copy = boundedCopy(required(find(document, from)), budget);
      if (copy === undefined) throw patchFailed();
      find(document, path).add(copy);
      break;
    }
    default: {
      const source = find(document, from);
      const moved = required(source);
      source.remove();
      find(document, path).add(moved);
    }
  }
  return document;
}

/** Later operations may change what an earlier one brought, and must not change the patch. */
function ownCopy(value: unknown): unknown {
  return typeof value === "object" ? structuredClone(value) : value;
}

/** A place in a map or list that is there; the place itself may be empty. */
interface Place {
  /** Undefined where nothing is there. Throws where an index is outside of its list. */
  get(): unknown;
  add(value: unknown): void;
  replace(value: unknown): void;
  remove(): void;
}

function required(place: Place): unknown {
  const value = place.get();
  if (value === undefined) throw patchFailed();
  return value;
}

/** Throws where a map or list on the way is missing. */
function find(document: unknown, pointer: string): Place {
  const [, ...steps] = pointer.split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = steps.pop();
  if (last === undefined) throw patchFailed();
  let parent = document;
  for (const step of steps) parent = required(placeIn(parent, step));
  return placeIn(parent, last);
}

function placeIn(parent: unknown, step: string): Place {
  if (Array.isArray(parent)) return listPlace(parent, step);
  if (isRecord(parent)) return mapPlace(parent, step);
  throw patchFailed();
}

function mapPlace(map: Record<string, unknown>, key: string): Place {
  return {
    get: () => getOwn(map, key),
    add: (value) => setOwn(map, key, value),
    replace(value) {
      if (!Object.hasOwn(map, key)) throw patchFailed();
      setOwn(map, key, value);
    },
    remove() {
      if (!Object.hasOwn(map, key)) throw patchFailed();
      delete map[key];
    },
  };
}

function listPlace(list: unknown[], step: string): Place {
  return {
    get: () => list[indexOf(step, list.length)],
    add(value) {
      if (step === "-") list.push(value);
      else list.splice(indexOf(step, list.length + 1), 0, value);
    },
    replace(value) {
      list[indexOf(step, list.length)] = value;
    },
    remove() {
      list.splice(indexOf(step, list.length), 1);
    },
  };
}

/** An index among `length` places, from the end where it is below zero. */
function indexOf(step: string, length: number): number {
  const index = /^[-+]?\d+$/.test(step) ? Number(step) : Number.NaN;
  const place = index < 0 ? length + index : index;
  if (!(place >= 0 && place < length)) throw patchFailed();
  return place;
}
