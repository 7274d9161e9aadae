// JSON Patch with the habits of Kubernetes' library: indexes count from the end below zero, and a missing member tests equal to null.
// https://datatracker.ietf.org/doc/html/rfc6902. No library of ours has these habits, and to patch around one would be more code than this.

import { getOwn, setOwn } from "../../base/own.ts";
import { deepEqual } from "../apply/shape.ts";
import { StatusError } from "../status-error.ts";

/** As in the reference; more is a 413. */
const operationsMax = 10_000;
/** Copies may not grow a document beyond this: ten copies of copies would. In bytes of JSON, as a request's body may have. */
const copiedBytesMax = 3 * 1024 * 1024;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from: string | undefined;
  readonly value: unknown;
  readonly hasValue: boolean;
}

/** The document after all operations, or none: `target` stays as it is. Throws 400 for what is no patch, 413, and 422 where one fails. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (patch === null) return target;
  if (!Array.isArray(patch))
    throw StatusError.badRequest(
      "error decoding patch: json: cannot unmarshal object into a JSON Patch, which must be an array of operations",
    );
  if (patch.length > operationsMax)
    throw new StatusError(
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`,
    );
  const operations = patch.map(readOperation);
  let copiedBytes = 0;
  let document: unknown = structuredClone(target);
  for (const operation of operations) {
    if (operation.op === "copy") {
      copiedBytes += Buffer.byteLength(JSON.stringify(read(document, operation.from ?? "")) ?? "");
      if (copiedBytes > copiedBytesMax) throw failed();
    }
    document = applyOperation(document, operation);
  }
  return document;
}

function readOperation(value: unknown): Operation {
  const malformed = () =>
    StatusError.badRequest(`error decoding patch: unexpected operation: ${JSON.stringify(value)}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed();
  const member = (name: string): unknown => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined);
  const [op, path, from] = [member("op"), member("path"), member("from")];
  if (typeof op !== "string" || !["add", "remove", "replace", "move", "copy", "test"].includes(op)) throw malformed();
  if (typeof path !== "string" || (from !== undefined && typeof from !== "string")) throw malformed();
  if ((op === "move" || op === "copy") && from === undefined) throw malformed();
  return { op, path, from, value: member("value") ?? null, hasValue: Object.hasOwn(value, "value") };
}

/** 422 with one text for all failures, as the reference has it. */
function failed(): StatusError {
  return new StatusError("Invalid", "the server rejected our request due to an error in our request", { details: {} });
}

function applyOperation(document: unknown, { op, path, from = "", value, hasValue }: Operation): unknown {
  switch (op) {
    case "test":
      if (!deepEqual(readOrNull(document, path), value)) throw failed();
      return document;
    case "remove":
      return change(document, path, { kind: "remove" });
    case "replace":
      read(document, path);
      if (!hasValue) throw failed();
      return change(document, path, { kind: "replace", value });
    case "add":
      if (!hasValue) throw failed();
      return change(document, path, { kind: "add", value });
    case "copy":
      return change(document, path, { kind: "add", value: structuredClone(read(document, from)) });
    default: {
      const moved = read(document, from);
      return change(change(document, from, { kind: "remove" }), path, { kind: "add", value: moved });
    }
  }
}

/** The steps of a JSON pointer. Throws where it does not begin with a slash. */
function stepsOf(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw failed();
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

const missing = Symbol("missing");

function readOrMissing(document: unknown, pointer: string): unknown {
  let value: unknown = document;
  for (const step of stepsOf(pointer)) {
    if (Array.isArray(value)) {
      const index = indexOf(step, value.length);
      if (index === undefined || index >= value.length) throw failed();
      value = value[index];
    } else if (isRecord(value)) {
      if (!Object.hasOwn(value, step)) return missing;
      value = getOwn(value, step);
    } else return missing;
  }
  return value;
}

function read(document: unknown, pointer: string): unknown {
  const value = readOrMissing(document, pointer);
  if (value === missing) throw failed();
  return value;
}

function readOrNull(document: unknown, pointer: string): unknown {
  const value = readOrMissing(document, pointer);
  return value === missing ? null : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Below zero it counts from the end, of `length` places. */
function indexOf(step: string, length: number): number | undefined {
  if (!/^-?(0|[1-9]\d*)$/.test(step)) return undefined;
  const index = Number(step);
  const place = index < 0 ? length + index : index;
  return place < 0 ? undefined : place;
}

type Edit = { readonly kind: "remove" } | { readonly kind: "add" | "replace"; readonly value: unknown };

/** Edits the document in place; the root itself may be replaced. */
function change(document: unknown, pointer: string, edit: Edit): unknown {
  const steps = stepsOf(pointer);
  const last = steps.pop();
  if (last === undefined) {
    if (edit.kind === "remove") throw failed();
    return edit.value;
  }
  const parent =
    steps.length === 0
      ? document
      : read(document, `/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`);
  if (Array.isArray(parent)) editList(parent, last, edit);
  else if (isRecord(parent)) editMap(parent, last, edit);
  else throw failed();
  return document;
}

function editList(list: unknown[], step: string, edit: Edit): void {
  if (edit.kind === "add" && step === "-") {
    list.push(edit.value);
    return;
  }
  const index = indexOf(step, edit.kind === "add" ? list.length + 1 : list.length);
  if (index === undefined || index > list.length || (edit.kind !== "add" && index >= list.length)) throw failed();
  if (edit.kind === "remove") list.splice(index, 1);
  else list.splice(index, edit.kind === "add" ? 0 : 1, edit.value);
}

function editMap(map: Record<string, unknown>, key: string, edit: Edit): void {
  if (edit.kind !== "remove") setOwn(map, key, edit.value);
  else if (Object.hasOwn(map, key)) delete map[key];
  else throw failed();
}
