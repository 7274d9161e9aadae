// OpenAPI v2 of several servers as one document. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v2

import { isDeepStrictEqual } from "node:util";

export type Json = Readonly<Record<string, unknown>>;

/** A document as a server has it, of which only some paths count. */
export interface PartialSpec {
  readonly document: Json;
  /** Such as `/apis/wardle.example.com/v1alpha1/`. */
  readonly prefixes: readonly string[];
}

const kinds = "x-kubernetes-group-version-kind";
const sections = ["definitions", "parameters"] as const;

/** The first document gives everything beside paths, definitions and parameters, and keeps its own where others say the same path or name. */
export function mergeSpecs(first: Json, others: readonly PartialSpec[]): Json {
  const paths = new Map(Object.entries(recordOf(first.paths)));
  const merged = new Map(sections.map((section) => [section, new Map(Object.entries(recordOf(first[section])))]));
  for (const { document, prefixes } of others) {
    const wanted = Object.entries(recordOf(document.paths)).filter(
      ([path]) => !paths.has(path) && prefixes.some((prefix) => path.startsWith(prefix)),
    );
    const renames = adopt(
      document,
      wanted.map(([, item]) => item),
      merged,
    );
    for (const [path, item] of wanted) paths.set(path, renamed(item, renames));
  }
  const result: Record<string, unknown> = { ...first, paths: sorted(paths) };
  for (const [section, entries] of merged) if (entries.size > 0) result[section] = sorted(entries);
  return result;
}

/** Takes over what `roots` refer to, and what that refers to. The result says which references have a new name. */
function adopt(
  document: Json,
  roots: readonly unknown[],
  merged: ReadonlyMap<string, Map<string, unknown>>,
): ReadonlyMap<string, string> {
  const used = referencesFrom(document, roots);
  const renames = new Map<string, string>();
  // Names first, since definitions refer to each other.
  for (const reference of used) {
    const { section, name } = split(reference);
    const target = merged.get(section);
    const own = recordOf(document[section])[name];
    if (target === undefined || own === undefined) continue;
    const free = freeName(name, own, target);
    if (free !== name) renames.set(reference, `#/${section}/${escapePointer(free)}`);
  }
  for (const reference of used) {
    const { section, name } = split(reference);
    const target = merged.get(section);
    const own = recordOf(document[section])[name];
    if (target === undefined || own === undefined) continue;
    const chosen = split(renames.get(reference) ?? reference).name;
    const there = target.get(chosen);
    target.set(chosen, there === undefined ? renamed(own, renames) : withKindsOf(there, own));
  }
  return renames;
}

/** The name itself where it is free or means the same, else with a number behind. */
function freeName(name: string, value: unknown, taken: ReadonlyMap<string, unknown>): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}_v${number}`;
    const there = taken.get(candidate);
    if (there === undefined || isDeepStrictEqual(withoutKinds(there), withoutKinds(value))) return candidate;
  }
}

/** Options kinds exist in every group: a shared definition lists the kinds of all of them. */
function withKindsOf(there: unknown, other: unknown): unknown {
  const more = recordOf(other)[kinds];
  if (!Array.isArray(more)) return there;
  const own = recordOf(there)[kinds];
  const listed: unknown[] = Array.isArray(own) ? [...own] : [];
  for (const kind of more) if (!listed.some((known) => isDeepStrictEqual(known, kind))) listed.push(kind);
  return { ...recordOf(there), [kinds]: listed };
}

function withoutKinds(value: unknown): unknown {
  const { [kinds]: _, ...rest } = recordOf(value);
  return rest;
}

function referencesFrom(document: Json, roots: readonly unknown[]): Set<string> {
  const found = new Set<string>();
  const waiting: unknown[] = [...roots];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== "object" || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "$ref" && typeof inner === "string") {
        if (found.has(inner)) continue;
        found.add(inner);
        const { section, name } = split(inner);
        waiting.push(recordOf(document[section])[name] ?? null);
      } else if (typeof inner === "object" && inner !== null) waiting.push(inner);
    }
  }
  return found;
}

function renamed(value: unknown, renames: ReadonlyMap<string, string>): unknown {
  if (renames.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, renames));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" && typeof inner === "string" ? (renames.get(inner) ?? inner) : renamed(inner, renames),
    ]),
  );
}

/** `#/definitions/a~1b` is the entry `a/b` of definitions. */
function split(reference: string): { readonly section: string; readonly name: string } {
  const [, section = "", name = ""] = /^#\/([^/]+)\/(.*)$/s.exec(reference) ?? [];
  return { section, name: name.replaceAll("~1", "/").replaceAll("~0", "~") };
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function sorted(entries: ReadonlyMap<string, unknown>): Json {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function recordOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
