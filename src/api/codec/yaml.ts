// YAML as Kubernetes reads it: version 1.1 for words and numbers, the first document only, turned into what JSON can say.
// https://pkg.go.dev/sigs.k8s.io/yaml

import { isUtf8 } from "node:buffer";
import type { Alias, CST, Document, LineCounter, Pair } from "yaml";
import { lazily } from "../../base/lazily.ts";
import { setOwn } from "../../base/own.ts";
import { readJson } from "./json.ts";
import { readPlainScalar } from "./yaml-scalar.ts";

export { encodeYaml } from "./yaml-writer.ts";

const yaml = lazily<typeof import("yaml")>("yaml");

/** A body that is no YAML, or that JSON could not say. The message ends a 400's. */
export class YamlError extends Error {
  override readonly name = "YamlError";
}

/** As many levels as the composer, which calls itself, can stand with room to spare; no object comes near. */
const yamlDepthMax = 1_000;

/** A token takes 1 to 3 µs, so that the most hostile document takes a second. A line has about seven: 40,000 of them pass. */
const tokensMax = 300_000;

/** What aliases may add to a document: 400,000 values, as many as go-yaml lets pass, are some 40 MiB. A bomb wants billions. */
const aliasedNodesMax = 400_000;

export interface ReadYaml {
  readonly value: unknown;
  /** `line 5: key "name" already set in map` for keys that stand twice; the last one counts. */
  readonly duplicates: readonly string[];
}

/** Reads the first document as plain JSON values. Throws a YamlError. */
export function decodeYaml(text: string): unknown {
  return readText(text).value;
}

/** Reads the first document and tells which keys stand twice. Throws a YamlError. */
export function readYaml(bytes: Buffer): ReadYaml {
  if (!isUtf8(bytes)) throw new YamlError("yaml: invalid UTF-8");
  return readQuickly(bytes) ?? readText(bytes.toString("utf8"));
}

/** Most bodies of an apply are JSON, which is YAML as well, and read a hundred times as fast. */
function readQuickly(bytes: Buffer): ReadYaml | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    const { value, duplicates, hasOddNumbers } = readJson(bytes);
    // In YAML `1e2` is as good an integer as `100`, and keys that stand twice are told by line.
    return duplicates.length === 0 && !hasOddNumbers ? { value, duplicates } : undefined;
  } catch {
    return undefined; // Flow style that is no JSON; YAML has its own words for what is wrong.
  }
}

function readText(text: string): ReadYaml {
  const { LineCounter } = yaml();
  const lines = new LineCounter();
  try {
    if (hasControls.test(text)) throw new YamlError("yaml: control characters are not allowed");
    const document = firstDocument(text.replace(/^\uFEFF/, ""), lines);
    if (document === undefined) return { value: null, duplicates: [] };
    const [error] = document.errors;
    if (error !== undefined)
      throw new YamlError(`yaml: line ${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`);
    const reader = new ValueReader(lines);
    return { value: reader.read(document.contents), duplicates: reader.duplicates };
  } catch (cause) {
    if (cause instanceof YamlError) throw cause;
    throw new YamlError(`yaml: ${cause instanceof RangeError ? "exceeded max depth" : firstLine(String(cause))}`, {
      cause,
    });
  }
}

/** What YAML does not let stand as it is. https://yaml.org/spec/1.1/#c-printable */
const hasControls = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** What comes after the first document is not looked at, as in the reference. */
function firstDocument(text: string, lines: LineCounter): Document | undefined {
  const { Composer } = yaml();
  const composer = new Composer({
    version: "1.1",
    schema: "failsafe", // Words are given their meaning below.
    uniqueKeys: false,
    logLevel: "silent",
    lineCounter: lines,
  });
  for (const document of composer.compose(tokensOf(text, lines))) return document;
  return undefined;
}

/** Ends a document that nests too deep, or goes on for too long, before the parser has piled up all of it. */
function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  const { Lexer, Parser } = yaml();
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++tokens > tokensMax) throw new YamlError(`yaml: document has more than ${tokensMax} tokens`);
    yield* parser.next(lexeme);
    if (parser.stack.length > yamlDepthMax) throw new YamlError("yaml: exceeded max depth");
  }
  yield* parser.end();
}

function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "");
}

/** Turns a document's nodes into values. */
class ValueReader {
  readonly duplicates: string[] = [];
  readonly #lines: LineCounter;
  /** The node that each name stands for at this point of the document. */
  readonly #anchors = new Map<string, unknown>();
  /** What an alias meant where it stands, since names may be given anew further down. */
  readonly #targets = new Map<Alias, unknown>();
  /** How many aliases lead to the node that is being read. */
  #aliasDepth = 0;
  #aliasedNodes = 0;
  readonly #aliasesOnTheWay = new Set<unknown>();

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  read(node: unknown): unknown {
    if (this.#aliasDepth > 0 && ++this.#aliasedNodes > aliasedNodesMax)
      throw new YamlError("yaml: document contains excessive aliasing");
    const { isAlias, isMap, isNode, isScalar, isSeq } = yaml();
    if (isAlias(node)) return this.#readAlias(node);
    if (isNode(node) && "anchor" in node && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#readMap(node.items);
    if (isSeq(node)) return node.items.map((item) => this.read(item));
    if (isScalar(node)) return readScalar(node);
    return null;
  }

  #readAlias(alias: Alias): unknown {
    const target = this.#targetOf(alias);
    if (target === undefined) throw new YamlError(`yaml: unknown anchor '${alias.source}' referenced`);
    if (this.#aliasesOnTheWay.has(target)) throw new YamlError(`yaml: anchor '${alias.source}' value contains itself`);
    this.#aliasesOnTheWay.add(target);
    this.#aliasDepth++;
    const value = this.read(target);
    this.#aliasDepth--;
    this.#aliasesOnTheWay.delete(target);
    return value;
  }

  #targetOf(alias: Alias): unknown {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    this.#targets.set(alias, target);
    return target;
  }

  #readMap(pairs: readonly Pair[]): Record<string, unknown> {
    const target: Record<string, unknown> = {};
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) this.#merge(target, value);
      else {
        const name = keyText(this.read(key));
        if (Object.hasOwn(target, name) && this.#aliasDepth === 0)
          this.duplicates.push(`line ${this.#lineOf(key)}: key ${JSON.stringify(name)} already set in map`);
        setOwn(target, name, this.read(value));
      }
    }
    return target;
  }

  /** The members of another map, or of several, of which the first counts. https://yaml.org/type/merge.html */
  #merge(target: Record<string, unknown>, node: unknown): void {
    const value = this.read(node);
    const { isAlias, isSeq } = yaml();
    const source = isAlias(node) ? this.#targetOf(node) : node;
    const maps = isSeq(source) && Array.isArray(value) ? value.toReversed() : [value];
    for (const map of maps) {
      if (typeof map !== "object" || map === null || Array.isArray(map))
        throw new YamlError("yaml: map merge requires map or sequence of maps as the value");
      for (const [name, member] of Object.entries(map)) setOwn(target, name, member);
    }
  }

  #lineOf(key: unknown): number {
    const range = yaml().isScalar(key) ? key.range : undefined;
    return range === undefined || range === null ? 1 : this.#lines.linePos(range[0]).line;
  }
}

interface ScalarParts {
  readonly value: unknown;
  readonly source?: string;
  readonly type?: string;
  readonly tag?: string;
}

const tagPrefix = "tag:yaml.org,2002:";

function isMergeKey(key: unknown): boolean {
  return yaml().isScalar(key) && key.type === "PLAIN" && key.tag === undefined && key.source === "<<";
}

function readScalar(scalar: ScalarParts): unknown {
  const text = typeof scalar.value === "string" ? scalar.value : "";
  if (scalar.tag === `${tagPrefix}binary`) return decodeBinary(text);
  const isText =
    scalar.tag === `${tagPrefix}str` || scalar.tag === "!" || (scalar.tag === undefined && scalar.type !== "PLAIN");
  if (isText) return text;
  const plain = readPlainScalar(text);
  switch (plain.is) {
    case "null":
      return null;
    case "boolean":
      return plain.value;
    case "number":
      if (typeof plain.value === "number" && !Number.isFinite(plain.value))
        throw new YamlError(`error converting YAML to JSON: json: unsupported value: ${goFloat(plain.value)}`);
      return scalar.tag === `${tagPrefix}float` ? Number(plain.value) : plain.value;
    default:
      return text;
  }
}

function decodeBinary(text: string): string {
  const base64 = text.replace(/\s/g, "");
  if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(base64))
    throw new YamlError("yaml: !!binary value contains invalid base64 data");
  return Buffer.from(base64, "base64").toString("utf8");
}

function goFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

/** Keys become text, as JSON wants them. */
function keyText(key: unknown): string {
  if (typeof key === "object" && key !== null) throw new YamlError(`yaml: invalid map key: ${JSON.stringify(key)}`);
  if (key === null) throw new YamlError("unsupported map key of type null");
  return String(key);
}
