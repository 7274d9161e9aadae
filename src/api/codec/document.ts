// A request's body as plain values, with what the client should be told about it.

import type { ObjectSchema } from "../schema/object-schema.ts";
import type { SchemaNode } from "../schema/schema-node.ts";
import { StatusError } from "../status-error.ts";
import { decodeCbor } from "./cbor.ts";
import { parseJson } from "./json.ts";
import { countKeys, scanKeys } from "./json-scan.ts";
import { decodeYaml } from "./yaml.ts";

export type BodyFormat = "json" | "yaml" | "cbor";

/** A decoded body. `duplicates` are paths of keys that stand twice, known beforehand for YAML and CBOR and found on demand for JSON. */
export interface ParsedDocument {
  readonly value: unknown;
  readonly format: BodyFormat;
  readonly bytes: Buffer;
  readonly duplicates: readonly string[];
}

/** Reads a body. Throws an Error whose message begins as Kubernetes' parse errors do, to be wrapped by who knows what was expected. */
export function parseDocument(bytes: Buffer, format: BodyFormat): ParsedDocument {
  if (format === "json") return { value: parseJson(bytes), format, bytes, duplicates: [] };
  if (format === "cbor") return { value: decodeCbor(bytes), format, bytes, duplicates: [] };
  const { value, duplicates } = decodeYaml(bytes.toString("utf8"));
  return { value, format, bytes, duplicates };
}

/** A body may not tell more than this many strict errors, as in Kubernetes. */
const strictErrorsMax = 100;

/** `unknown field "spec.x"` and `duplicate field "spec.y"` in document order, each told once. Empty for a body that is as it should be. */
export function strictErrors(document: ParsedDocument, schema: ObjectSchema): string[] {
  if (document.format !== "json")
    return [...document.duplicates.map(duplicateField), ...unknownFields(document.value, schema.root)].slice(
      0,
      strictErrorsMax,
    );
  const tally: Tally = { keys: 0, isClean: true };
  tallyKeys(document.value, schema.root, tally);
  if (tally.isClean && tally.keys === countKeys(document.bytes)) return [];
  return scanStrict(document, schema);
}

function duplicateField(path: string): string {
  return `duplicate field ${JSON.stringify(path)}`;
}

interface Tally {
  keys: number;
  isClean: boolean;
}

/** Counts all keys of a value, and notes whether the schema knows them all. */
function tallyKeys(value: unknown, node: SchemaNode | undefined, tally: Tally): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const items = node?.type === "list" ? node.items : undefined;
    for (const item of value) tallyKeys(item, items, tally);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    tally.keys++;
    const child = childOf(node, key);
    if (child === "unknown") tally.isClean = false;
    tallyKeys(member, child === "unknown" ? undefined : child, tally);
  }
}

/** The node below `key`: undefined where anything goes, "unknown" where the key may not be. */
function childOf(node: SchemaNode | undefined, key: string): SchemaNode | undefined | "unknown" {
  if (node === undefined) return undefined;
  switch (node.type) {
    case "object":
      return node.fields.get(key)?.node ?? (node.keepsUnknown ? undefined : "unknown");
    case "map":
      return node.values;
    default:
      return undefined;
  }
}

function scanStrict(document: ParsedDocument, schema: ObjectSchema): string[] {
  const found = new Set<string>();
  scanKeys(document.bytes.toString("utf8"), {
    key(parent, name, isDuplicate) {
      const node = nodeAt(schema.root, parent);
      const path = parent === "" ? name : `${parent}.${name}`;
      const child = childOf(node, name);
      if (child === "unknown") found.add(`unknown field ${JSON.stringify(path)}`);
      else if (isDuplicate) found.add(duplicateField(path));
      return child !== "unknown" && child?.type !== "free";
    },
  });
  return [...found].slice(0, strictErrorsMax);
}

/** The node at a path such as `spec.ports[0]`; keys of maps may hold dots, but below a map of texts nothing is asked. */
function nodeAt(root: SchemaNode, path: string): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  if (path === "") return node;
  for (const step of path.match(/\[\d+\]|[^.[\]]+/g) ?? []) {
    if (node === undefined) return undefined;
    if (step.startsWith("[")) node = node.type === "list" ? node.items : undefined;
    else {
      const child: SchemaNode | undefined | "unknown" = childOf(node, step);
      node = child === "unknown" ? undefined : child;
    }
  }
  return node;
}

function unknownFields(value: unknown, root: SchemaNode): string[] {
  const found: string[] = [];
  visit(value, root, "");
  return found;

  function visit(part: unknown, node: SchemaNode | undefined, path: string): void {
    if (typeof part !== "object" || part === null || node === undefined) return;
    if (Array.isArray(part)) {
      const items = node.type === "list" ? node.items : undefined;
      for (const [index, item] of part.entries()) visit(item, items, `${path}[${index}]`);
      return;
    }
    for (const [key, member] of Object.entries(part)) {
      const below = path === "" ? key : `${path}.${key}`;
      const child = childOf(node, key);
      if (child === "unknown") found.push(`unknown field ${JSON.stringify(below)}`);
      else visit(member, child, below);
    }
  }
}

/** The first bytes of a body, as parse errors quote them. */
export function quoteBody(bytes: Buffer): string {
  if (bytes.length === 0) return "<empty>";
  const head = bytes.subarray(0, 30);
  const shown = bytes[0] === 0x7b ? head.toString("utf8") : head.toString("hex");
  return bytes.length > 30 ? `${shown} ...` : shown;
}

/** 400 for a body that cannot be read at all. */
export function unreadableBody(kind: string, bytes: Buffer, cause: unknown): StatusError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return StatusError.badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${message} (${quoteBody(bytes)})`,
  );
}
