// Reads valid JSON with care where JSON.parse would lose something: keys that stand twice, lone surrogates, numbers beyond JavaScript's.
// Slower than JSON.parse by far, and only used for documents that have such things.

import { isRecord } from "../../base/record.ts";
import { exactInteger } from "../int64.ts";

/** What a reader tells about keys, and what it carries down for whom it tells. */
export interface KeyVisitor<Context> {
  /** At every key in document order. Gives the context of what is below the key; undefined where nothing there matters. */
  key(parent: Context, name: string, isDuplicate: boolean): Context | undefined;
  /** The context of one item of a list. */
  item(list: Context, index: number): Context | undefined;
}

interface Frame<Context> {
  readonly target: Record<string, unknown> | unknown[];
  readonly seen: Set<string>;
  readonly context: Context | undefined;
  /** The key whose value comes next, in an object. */
  key: string;
}

/**
 * Reads a text that JSON.parse has taken. As in Go's decoder, a second object under a key is merged into the first one, and of other
 * values the last one counts, except for null, which changes nothing. Integers beyond the safe ones are bigints as long as an int64
 * holds them, and a number that is an integer but is not written as one is a boxed Number.
 */
export function readJsonExactly<Context>(text: string, visitor: KeyVisitor<Context>, root: Context): unknown {
  return new ExactReader(text, visitor).read(root);
}

class ExactReader<Context> {
  readonly #text: string;
  readonly #visitor: KeyVisitor<Context>;
  readonly #frames: Frame<Context>[] = [];
  #at = 0;
  #result: unknown;

  constructor(text: string, visitor: KeyVisitor<Context>) {
    this.#text = text;
    this.#visitor = visitor;
  }

  /** With a stack of its own, since documents may nest deeper than calls can. */
  read(root: Context): unknown {
    this.#readValue(root);
    while (this.#frames.length > 0) this.#step();
    return this.#result;
  }

  /** Reads what comes next inside the innermost list or object. */
  #step(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    this.#skipSpace();
    const char = this.#text[this.#at];
    if (char === "}" || char === "]") {
      this.#at++;
      this.#frames.pop();
      return;
    }
    if (char === ",") {
      this.#at++;
      this.#skipSpace();
    }
    this.#readValue(Array.isArray(frame.target) ? this.#itemContext(frame) : this.#readKey(frame));
  }

  #itemContext({ target, context }: Frame<Context>): Context | undefined {
    return context === undefined ? undefined : this.#visitor.item(context, Array.isArray(target) ? target.length : 0);
  }

  #readKey(frame: Frame<Context>): Context | undefined {
    const name = this.#readString();
    this.#skipSpace();
    this.#at++; // The colon.
    const isDuplicate = frame.seen.has(name);
    frame.seen.add(name);
    frame.key = name;
    return frame.context === undefined ? undefined : this.#visitor.key(frame.context, name, isDuplicate);
  }

  #readValue(context: Context | undefined): void {
    this.#skipSpace();
    const char = this.#text[this.#at];
    if (char === "{") this.#open(this.#objectToFill(), context);
    else if (char === "[") this.#open([], context);
    else this.#put(this.#readScalar(char));
  }

  #open(target: Frame<Context>["target"], context: Context | undefined): void {
    this.#at++;
    this.#put(target);
    // Keys of an object that this one is merged into are no duplicates.
    this.#frames.push({ target, seen: new Set(), context, key: "" });
  }

  /** The object that stands under the key already, or a new one. */
  #objectToFill(): Record<string, unknown> {
    const frame = this.#frames.at(-1);
    if (frame === undefined || Array.isArray(frame.target)) return {};
    const before = Object.hasOwn(frame.target, frame.key) ? frame.target[frame.key] : undefined;
    return isRecord(before) ? before : {};
  }

  #put(value: unknown): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) this.#result = value;
    else if (Array.isArray(frame.target)) frame.target.push(value);
    else if (value !== null || !Object.hasOwn(frame.target, frame.key))
      Object.defineProperty(frame.target, frame.key, { value, enumerable: true, writable: true, configurable: true });
  }

  #readScalar(char: string | undefined): unknown {
    switch (char) {
      case '"':
        return this.#readString();
      case "t":
        this.#at += 4;
        return true;
      case "f":
        this.#at += 5;
        return false;
      case "n":
        this.#at += 4;
        return null;
      default:
        return this.#readNumber();
    }
  }

  #readString(): string {
    const start = this.#at++;
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    this.#at++;
    const parsed: unknown = JSON.parse(this.#text.slice(start, this.#at));
    return typeof parsed === "string" ? parsed.toWellFormed() : "";
  }

  #readNumber(): unknown {
    const start = this.#at;
    while (/[-+.\deE]/.test(this.#text[this.#at] ?? " ")) this.#at++;
    return exactNumber(this.#text.slice(start, this.#at));
  }

  #skipSpace(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }
}

/** The value of a JSON number: a bigint where only that is exact, and boxed where it is an integer but not written as one. */
function exactNumber(source: string): unknown {
  const value = Number(source);
  if (!Number.isInteger(value)) return value;
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : exactInteger(BigInt(source));
  return Object(value); // As `1.0` or `1e2`, which no integer field takes.
}
