// YAML as Kubernetes reads and writes it: version 1.1 for words and numbers, keys sorted, the first document only.

import { isMap, isScalar, isSeq, Pair, parseAllDocuments, type Scalar, stringify, YAMLMap } from "yaml";

/** A body that is no YAML, or that JSON could not say. The message ends a 400's. */
export class YamlError extends Error {
  override readonly name = "YamlError";
}

/** Aliases may repeat a document at most this many times over: enough for templates, too few for a bomb. */
const aliasesMax = 100;

export interface DecodedYaml {
  readonly value: unknown;
  /** Paths of keys that stand twice; the last one counts. */
  readonly duplicates: readonly string[];
}

/** Reads the first document. Throws a YamlError. */
export function decodeYaml(text: string): DecodedYaml {
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, ""), {
    version: "1.1",
    uniqueKeys: false,
    merge: true,
    strict: true,
    logLevel: "silent",
    intAsBigInt: false,
  });
  const [first] = Array.isArray(documents) ? documents : [];
  if (first === undefined) return { value: null, duplicates: [] };
  const [error] = first.errors;
  if (error !== undefined) throw new YamlError(`yaml: ${error.message.split("\n")[0]}`);
  const duplicates: string[] = [];
  findDuplicates(first.contents, "", duplicates);
  try {
    return { value: jsonOf(first.toJS({ maxAliasCount: aliasesMax, mapAsMap: true })), duplicates };
  } catch (cause) {
    if (cause instanceof YamlError) throw cause;
    throw new YamlError(`yaml: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function findDuplicates(node: unknown, path: string, found: string[]): void {
  if (isSeq(node)) for (const [index, item] of node.items.entries()) findDuplicates(item, `${path}[${index}]`, found);
  if (!isMap(node)) return;
  const seen = new Set<string>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    const below = path === "" ? name : `${path}.${name}`;
    if (seen.has(name) && name !== "<<") found.push(below);
    seen.add(name);
    findDuplicates(value, below, found);
  }
}

/** Maps become objects with text for keys; what JSON cannot say is refused. */
function jsonOf(value: unknown): unknown {
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, member]) => [keyText(key), jsonOf(member)]));
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (value instanceof Set) return Object.fromEntries([...value].map((key) => [keyText(key), null]));
  if (typeof value === "number" && !Number.isFinite(value))
    throw new YamlError(`yaml: cannot represent ${value} in JSON`);
  if (typeof value === "bigint") return Number(value);
  return value === undefined ? null : value;
}

function keyText(key: unknown): string {
  if (typeof key === "object" && key !== null) throw new YamlError("yaml: a key must be a scalar");
  return String(key);
}

/** Writes plain JSON values with sorted keys; words that YAML 1.1 would read as something else are quoted. */
export function encodeYaml(value: unknown): string {
  return stringify(sorted(value), {
    version: "1.1",
    lineWidth: 0,
    indentSeq: false,
    nullStr: "null",
    singleQuote: null,
    aliasDuplicateObjects: false,
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const map = new YAMLMap<Scalar | string, unknown>();
  for (const key of Object.keys(value).sort()) {
    const member: unknown = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
    if (member !== undefined) map.items.push(new Pair<Scalar | string, unknown>(key, sorted(member)));
  }
  return map;
}
