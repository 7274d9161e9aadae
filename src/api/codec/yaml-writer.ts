// Writes plain JSON values as YAML, to the letter as Kubernetes does: keys in natural order, lists at their key's indentation, words that
// YAML 1.1 would read as something else in quotes, lines folded behind column 80.
// https://github.com/yaml/libyaml (the emitter that go-yaml follows)

import { isBase60, readPlainScalar } from "./yaml-scalar.ts";

/** The value as one YAML document. */
export function encodeYaml(value: unknown): string {
  const writer = new Writer();
  writer.writeNode(value, { indent: 0, place: "root" });
  return writer.finish();
}

/** Where a line may be folded at a space. */
const foldColumn = 80;
/** A key of more bytes than this stands behind a question mark, on a line of its own. */
const simpleKeyBytesMax = 128;

interface Position {
  /** The column of the keys or dashes of the list or object that the value stands in. */
  readonly indent: number;
  readonly place: "root" | "value" | "item";
}

class Writer {
  #out = "";
  /** Characters since the last line break. */
  #column = 0;

  finish(): string {
    return `${this.#out}\n`;
  }

  writeNode(value: unknown, position: Position): void {
    if (typeof value === "string") this.#writeText(value, position.indent);
    else if (typeof value !== "object" || value === null || value instanceof Number) this.#space(scalarText(value));
    else if (Array.isArray(value)) this.#writeList(value, position);
    else this.#writeObject(value, position);
  }

  #writeList(list: readonly unknown[], { indent, place }: Position): void {
    if (list.length === 0) {
      this.#space("[]");
      return;
    }
    // A list under a key stands at the key's own column; one in a list, two further.
    const column = place === "item" ? indent + 2 : indent;
    for (const [index, item] of list.entries()) {
      this.#startLine(column, place === "item" && index === 0);
      this.#put("-");
      this.writeNode(item === undefined ? null : item, { indent: column, place: "item" });
    }
  }

  #writeObject(object: object, { indent, place }: Position): void {
    const members = Object.entries(object).filter(([, member]) => member !== undefined);
    if (members.length === 0) {
      this.#space("{}");
      return;
    }
    const column = place === "root" ? indent : indent + 2;
    for (const [index, [key, member]] of members.sort(([a], [b]) => compareKeys(a, b)).entries()) {
      this.#startLine(column, place === "item" && index === 0);
      this.writeNode(member, { indent: column, place: this.#writeKey(key, column) });
    }
  }

  /** Returns where the key's value stands: behind a long key's colon it goes on as behind a dash. */
  #writeKey(key: string, column: number): "value" | "item" {
    const style = styleOf(key, { isKey: true });
    if (Buffer.byteLength(key) <= simpleKeyBytesMax && !key.includes("\n")) {
      this.#put(style === "double" ? escaped(key) : quoted(key, style));
      this.#put(":");
      return "value";
    }
    this.#put("?");
    this.#writeText(key, column);
    this.#startLine(column, false);
    this.#put(":");
    return "item";
  }

  #writeText(text: string, indent: number): void {
    const style = styleOf(text, { isKey: false });
    this.#put(this.#column === 0 ? "" : " ");
    if (style === "literal") this.#writeLiteral(text, indent + 2);
    else this.#writeFolded(style === "double" ? escaped(text) : quoted(text, style), { style, indent: indent + 2 });
  }

  /** Writes a text that is folded at spaces behind the column where lines should end. */
  #writeFolded(shown: string, { style, indent }: { readonly style: TextStyle; readonly indent: number }): void {
    const chars = [...shown];
    const first = style === "plain" ? 0 : 2;
    const last = style === "plain" ? chars.length : chars.length - 2;
    for (const [index, char] of chars.entries()) {
      const mayFold = char === " " && chars[index - 1] !== " " && this.#column > foldColumn;
      const isInside = index >= first && index < last;
      if (mayFold && isInside && (style === "double" || chars[index + 1] !== " ")) {
        this.#put(`\n${" ".repeat(indent)}`);
        if (style === "double" && chars[index + 1] === " ") this.#put("\\");
      } else this.#put(char);
    }
  }

  #writeLiteral(text: string, indent: number): void {
    const hint = /^[ \n]/.test(text) ? "2" : "";
    const keep = text === "\n" || text.endsWith("\n\n") ? "+" : "";
    this.#put(`|${hint}${text.endsWith("\n") ? keep : "-"}`);
    const lines = text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n");
    for (const line of lines) this.#put(line === "" ? "\n" : `\n${" ".repeat(indent)}${line}`);
  }

  /** The first member of what stands in a list goes on behind the dash. */
  #startLine(column: number, staysOnLine: boolean): void {
    if (staysOnLine) this.#put(" ");
    else this.#put(this.#out === "" ? "" : `\n${" ".repeat(column)}`);
  }

  #space(text: string): void {
    this.#put(this.#column === 0 ? text : ` ${text}`);
  }

  #put(text: string): void {
    this.#out += text;
    const lineBreak = text.lastIndexOf("\n");
    this.#column = lineBreak < 0 ? this.#column + text.length : text.length - lineBreak - 1;
  }
}

/** Numbers as JSON has them, null, true and false. */
function scalarText(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  return JSON.stringify(value) ?? "null";
}

type TextStyle = "plain" | "single" | "double" | "literal";

/** How a text is written: as plainly as it may be read back. */
function styleOf(text: string, { isKey }: { readonly isKey: boolean }): TextStyle {
  const isSpecial = hasSpecial(text);
  if (text.includes("\n")) return isKey || isSpecial || / (?:\n|$)/.test(text) ? "double" : "literal";
  if (readPlainScalar(text).is !== "text" || isBase60(text)) return "double";
  if (isSpecial) return "double";
  return /^ | $/.test(text) || hasIndicators(text) ? "single" : "plain";
}

/** What cannot be shown as it is: control characters, and characters beyond the basic plane. */
function hasSpecial(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped.
  return /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/.test(text);
}

/** Whether YAML would take some character of an unquoted text for a sign of its own. */
function hasIndicators(text: string): boolean {
  return /^[#,[\]{}&*!|>'"%@`]|^[?:-](?= |$)|^---|^\.\.\.|:(?: |$)| #/.test(text);
}

function quoted(text: string, style: TextStyle): string {
  return style === "single" ? `'${text.replaceAll("'", "''")}'` : text;
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["\0", "\\0"],
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ["\x1b", "\\e"],
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\x85", "\\N"],
  ["\u2028", "\\L"],
  ["\u2029", "\\P"],
]);

function escaped(text: string): string {
  const shown = Array.from(text, (char) => escapes.get(char) ?? (hasSpecial(char) ? escapeOf(char) : char));
  return `"${shown.join("")}"`;
}

function escapeOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** go-yaml's natural order: numbers in keys by their value, letters after everything else. */
function compareKeys(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  for (let at = 0; at < a.length && at < b.length; at++) {
    const [x = "", y = ""] = [a[at], b[at]];
    if (x !== y) return compareAt({ a, b, at }, x, y);
  }
  return a.length - b.length;
}

interface Difference {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly at: number;
}

function compareAt(difference: Difference, x: string, y: string): number {
  const [xIsLetter, yIsLetter] = [/\p{L}/u.test(x), /\p{L}/u.test(y)];
  const byCode = (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
  if (xIsLetter && yIsLetter) return byCode;
  if (xIsLetter || yIsLetter) return xIsLetter ? 1 : -1;
  const { a, b, at } = difference;
  const head = (x === "0" || y === "0") && /[1-9]\d*$/.test(a.slice(0, at).join("")) ? "1" : "";
  const [an, bn] = [digitsFrom(a, at), digitsFrom(b, at)];
  const byValue = Number(head + an || 0) - Number(head + bn || 0);
  return byValue || an.length - bn.length || byCode;
}

function digitsFrom(chars: readonly string[], at: number): string {
  return /^\d*/.exec(chars.slice(at).join(""))?.[0] ?? "";
}
