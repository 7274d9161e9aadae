// What fieldValidation tells: fields that the kind does not know, and fields that stand twice.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#setting-the-field-validation-level

import type { SchemaNode } from "../schema/schema-node.ts";
import type { ParsedDocument } from "./document.ts";
import { readJsonExactly } from "./json-reader.ts";
import { decodeUtf8 } from "./utf8.ts";

/** A document may not tell more than this many strict errors, as in Kubernetes. */
const strictErrorsMax = 100;

/**
 * `unknown field "spec.x"` and `duplicate field "spec.y"`, each told once: in document order for JSON; otherwise what stands twice comes
 * first, and the unknown fields follow in the order of the alphabet. Empty for a body that is as it should be.
 */
export function strictErrors(document: ParsedDocument, schema: { readonly root: SchemaNode }): string[] {
  const unknown = unknownFields(document.value, schema.root, { sorted: document.format !== "json" });
  if (document.duplicates.length === 0) return unknown;
  if (document.format === "json" && document.bytes.length > 0) return inDocumentOrder(document.bytes, schema.root);
  return [...document.duplicates, ...unknown].slice(0, strictErrorsMax);
}

/** Where a walk is: the shape that is expected there, and its path. */
interface Place {
  readonly node: SchemaNode;
  readonly path: string;
}

function inDocumentOrder(bytes: Buffer, root: SchemaNode): string[] {
  const found = new Set<string>();
  const visitor = {
    key({ node, path }: Place, name: string, isDuplicate: boolean): Place | undefined {
      const below = path === "" ? name : `${path}.${name}`;
      const child = childOf(node, name);
      if (found.size >= strictErrorsMax) return undefined;
      if (child === "unknown") found.add(unknownField(below));
      else if (isDuplicate) found.add(duplicateField(below));
      return placeOf(child, below);
    },
    item: ({ node, path }: Place, index: number): Place | undefined =>
      placeOf(node.type === "list" ? node.items : undefined, `${path}[${index}]`),
  };
  readJsonExactly(decodeUtf8(bytes), visitor, { node: root, path: "" });
  return [...found];
}

function placeOf(node: SchemaNode | undefined | "unknown", path: string): Place | undefined {
  return node === undefined || node === "unknown" || node.type === "scalar" ? undefined : { node, path };
}

function unknownField(path: string): string {
  return `unknown field ${JSON.stringify(path)}`;
}

export function duplicateField(path: string): string {
  return `duplicate field ${JSON.stringify(path)}`;
}

/** The node below `key`: undefined where anything goes, "unknown" where the key may not be. */
function childOf(node: SchemaNode, key: string): SchemaNode | undefined | "unknown" {
  switch (node.type) {
    case "object":
      return node.fields.get(key)?.node ?? (node.keepsUnknown ? undefined : "unknown");
    case "map":
      return node.values;
    default:
      return undefined;
  }
}

interface Search {
  readonly sorted: boolean;
  readonly found: string[];
}

function unknownFields(value: unknown, root: SchemaNode, { sorted }: { readonly sorted: boolean }): string[] {
  const found: string[] = [];
  if (!isClean(value, root)) findUnknown(value, { node: root, path: "" }, { sorted, found });
  return found;
}

/** Nearly every object is clean, and then no path needs to be spelled out. Goes only as deep as the schema does. */
function isClean(value: unknown, node: SchemaNode): boolean {
  if (typeof value !== "object" || value === null) return true;
  switch (node.type) {
    case "object":
      for (const key in value) {
        const field = node.fields.get(key);
        if (field === undefined) {
          if (!node.keepsUnknown) return false;
        } else if (field.node.type !== "scalar" && !isClean(Reflect.get(value, key), field.node)) return false;
      }
      return true;
    case "map":
      if (node.values.type !== "scalar")
        for (const key in value) if (!isClean(Reflect.get(value, key), node.values)) return false;
      return true;
    case "list":
      return !Array.isArray(value) || node.items.type === "scalar" || value.every((item) => isClean(item, node.items));
    default:
      return true;
  }
}

function findUnknown(value: unknown, { node, path }: Place, search: Search): void {
  if (typeof value !== "object" || value === null) return;
  if (node.type === "list") {
    if (Array.isArray(value))
      for (const [index, item] of value.entries())
        findUnknown(item, { node: node.items, path: `${path}[${index}]` }, search);
    return;
  }
  const keys = Object.keys(value);
  if (search.sorted) keys.sort();
  for (const key of keys) {
    if (search.found.length >= strictErrorsMax) return;
    const below = path === "" ? key : `${path}.${key}`;
    const child = childOf(node, key);
    if (child === "unknown") search.found.push(unknownField(below));
    else if (child !== undefined) findUnknown(Reflect.get(value, key), { node: child, path: below }, search);
  }
}
