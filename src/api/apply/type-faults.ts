// Whether an applied object fits its kind's schema, in the reference's words.

import { isRecord } from "../../base/record.ts";
import type { ListNode, ScalarNode, SchemaNode } from "../schema/schema-node.ts";
import { jsonText } from "./go-json.ts";
import { formatPath, type PathElement } from "./path-element.ts";
import { childNode, itemElement, type Values } from "./shape.ts";

/** Objects nest a few levels deep; what nests deeper than this would end the functions that call themselves. */
const depthMax = 1_000;
/** A body of three megabytes has room for a million faults; a client reads the first ones. */
const faultsMax = 100;

/** What does not fit, as `.spec.unknown: field not declared in schema`. */
export function typeFaults(value: unknown, root: SchemaNode): string[] {
  const faults: string[] = [];
  visit({ value, node: root, path: [], faults });
  return faults;
}

interface Step {
  readonly value: unknown;
  readonly node: SchemaNode;
  /** Changed in place on the way down and up. */
  readonly path: PathElement[];
  readonly faults: string[];
}

function tell({ path, faults }: Step, what: string): void {
  const where = formatPath(path);
  if (faults.length < faultsMax) faults.push(where === "" ? what : `${where}: ${what}`);
}

function visit(step: Step): void {
  const { value, node, path } = step;
  if (value === null || value === undefined) return;
  if (path.length > depthMax) {
    tell(step, "exceeded max depth");
    return;
  }
  switch (node.type) {
    case "free":
      if (isRecord(value)) visitFields(step, value);
      else if (Array.isArray(value)) visitPlaces(step, value, node);
      return;
    case "scalar":
      if (!fits(value, node.scalar)) tell(step, `expected ${expected(node.scalar)}, got ${jsonText(value)}`);
      return;
    case "list":
      if (!Array.isArray(value)) tell(step, `expected list, got ${jsonText(value)}`);
      else if (node.listType === "atomic") visitPlaces(step, value, node.items);
      else visitItems(step, value, node);
      return;
    default:
      if (isRecord(value)) visitFields(step, value);
      else tell(step, `expected map, got ${jsonText(value)}`);
  }
}

function visitFields({ node, path, faults }: Step, fields: Values): void {
  for (const key in fields) {
    const child = childNode(node, key);
    path.push(`f:${key}`);
    const step = { value: fields[key], node: child ?? node, path, faults };
    if (child === undefined) tell(step, "field not declared in schema");
    else visit(step);
    path.pop();
  }
}

function visitPlaces({ path, faults }: Step, items: readonly unknown[], node: SchemaNode): void {
  for (const [index, value] of items.entries()) {
    path.push(`i:${index}`);
    visit({ value, node, path, faults });
    path.pop();
  }
}

function visitItems(step: Step, items: readonly unknown[], node: ListNode): void {
  const { path, faults } = step;
  const seen = new Set<PathElement>();
  for (const [index, value] of items.entries()) {
    const fault = itemFault(value, node);
    if (fault !== undefined) {
      tell(step, `element ${index}: ${fault}`);
      return;
    }
    const element = itemElement(node, value);
    if (seen.has(element)) tell(step, `duplicate entries for key ${formatPath([element])}`);
    seen.add(element);
    path.push(element);
    visit({ value, node: node.items, path, faults });
    path.pop();
  }
}

/** Why an item cannot be told apart from the others. */
function itemFault(item: unknown, node: ListNode): string | undefined {
  if (node.listType === "map") {
    if (item === null) return "associative list with keys may not have a null element";
    if (!isRecord(item)) return "associative list with keys may not have non-map elements";
    if (itemElement(node, item) !== "k:{}") return undefined;
    const keys = node.keys.map((key) => JSON.stringify(key)).join(" ");
    return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;
  }
  if (item === null) return "associative list without keys has an element that's an explicit null";
  if (isRecord(item)) return "associative list without keys has an element that's a map type";
  return Array.isArray(item) ? "not supported: associative list with lists as elements" : undefined;
}

function fits(value: unknown, scalar: ScalarNode["scalar"]): boolean {
  switch (scalar) {
    case "integer":
    case "number":
      return isNumber(value);
    case "boolean":
      return typeof value === "boolean";
    case "int-or-string":
      return isNumber(value) || typeof value === "string";
    default:
      return typeof value === "string";
  }
}

/** Numbers that JavaScript cannot hold exactly come as objects or as bigint. */
function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Number;
}

function expected(scalar: ScalarNode["scalar"]): string {
  if (scalar === "integer" || scalar === "number") return "numeric (int or float)";
  if (scalar === "int-or-string") return "any scalar";
  return scalar === "boolean" ? "boolean" : "string";
}
