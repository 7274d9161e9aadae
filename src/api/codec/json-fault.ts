// What is wrong with a text that is no JSON, in the words of Go's decoder, which clients and their users know.

/** Objects and lists nest at most this deep, as in the reference; JSON.parse itself would take more than our own walks can. */
export const jsonDepthMax = 10_000;

/** A byte that may not stand where it stands. */
class Fault extends Error {}

/** The first fault of `bytes`, such as `invalid character '}' looking for beginning of value`; undefined where there is none. */
export function jsonFault(bytes: Buffer): string | undefined {
  try {
    new FaultFinder(bytes).readDocument();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

/** Reads JSON byte by byte and keeps nothing of it. */
class FaultFinder {
  readonly #bytes: Buffer;
  #at = 0;
  /** The closing brackets still to come, innermost last. */
  readonly #open: ("}" | "]")[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readDocument(): void {
    this.#readValues();
    this.#skipSpace();
    if (this.#at < this.#bytes.length) throw this.#invalid("after top-level value");
  }

  /** Reads one value and all that is in it. */
  #readValues(): void {
    do {
      this.#skipSpace();
      const opens = this.#readValueOrOpening();
      if (!opens) this.#readWhatFollows();
    } while (this.#open.length > 0);
  }

  /** True where a list or object was opened, and its first value comes next. */
  #readValueOrOpening(): boolean {
    switch (this.#peek()) {
      case "{":
        this.#push("}");
        return !this.#closesAtOnce() && this.#readKey();
      case "[":
        this.#push("]");
        return !this.#closesAtOnce();
      case '"':
        this.#readString();
        return false;
      case "t":
        return this.#readLiteral("true");
      case "f":
        return this.#readLiteral("false");
      case "n":
        return this.#readLiteral("null");
      default:
        return this.#readNumber();
    }
  }

  #push(closing: "}" | "]"): void {
    if (this.#open.length >= jsonDepthMax) throw this.#invalid("exceeded max depth");
    this.#open.push(closing);
    this.#at++;
  }

  #closesAtOnce(): boolean {
    this.#skipSpace();
    const closing = this.#open.at(-1);
    if (this.#peek() !== closing) return false;
    this.#open.pop();
    this.#at++;
    return true;
  }

  /** Reads commas and closing brackets up to where the next value begins. */
  #readWhatFollows(): void {
    for (let closing = this.#open.at(-1); closing !== undefined; closing = this.#open.at(-1)) {
      this.#skipSpace();
      const next = this.#peek();
      if (next === ",") {
        this.#at++;
        this.#skipSpace();
        if (closing === "}") this.#readKey();
        return;
      }
      if (next !== closing)
        throw this.#invalid(closing === "}" ? "after object key:value pair" : "after array element");
      this.#open.pop();
      this.#at++;
    }
  }

  /** Always true: a value comes next. */
  #readKey(): true {
    if (this.#peek() !== '"') throw this.#invalid("looking for beginning of object key string");
    this.#readString();
    this.#skipSpace();
    if (this.#peek() !== ":") throw this.#invalid("after object key");
    this.#at++;
    return true;
  }

  #readString(): void {
    this.#at++;
    for (let char = this.#peek(); char !== '"'; char = this.#peek()) {
      if (char < " ") throw this.#invalid("in string literal");
      this.#at++;
      if (char === "\\") this.#readEscape();
    }
    this.#at++;
  }

  #readEscape(): void {
    const char = this.#peek();
    if (!'"\\/bfnrtu'.includes(char)) throw this.#invalid("in string escape code");
    this.#at++;
    if (char !== "u") return;
    for (let digits = 0; digits < 4; digits++) this.#readOneOf(/[\da-fA-F]/, "in \\u hexadecimal character escape");
  }

  #readLiteral(word: string): false {
    this.#at++;
    for (const char of word.slice(1)) {
      if (this.#peek() !== char) throw this.#invalid(`in literal ${word} (expecting ${quoteChar(char)})`);
      this.#at++;
    }
    return false;
  }

  #readNumber(): false {
    if (this.#peek() === "-") {
      this.#at++;
      if (!/\d/.test(this.#peek())) throw this.#invalid("in numeric literal");
    } else if (!/\d/.test(this.#peek())) throw this.#invalid("looking for beginning of value");
    if (this.#peek() === "0") this.#at++;
    else this.#skipDigits();
    if (this.#peekOrEnd() === ".") {
      this.#at++;
      this.#readOneOf(/\d/, "after decimal point in numeric literal");
      this.#skipDigits();
    }
    if (/[eE]/.test(this.#peekOrEnd())) {
      this.#at++;
      if (/[+-]/.test(this.#peek())) this.#at++;
      this.#readOneOf(/\d/, "in exponent of numeric literal");
      this.#skipDigits();
    }
    return false;
  }

  #skipDigits(): void {
    while (/\d/.test(this.#peekOrEnd())) this.#at++;
  }

  #readOneOf(allowed: RegExp, context: string): void {
    if (!allowed.test(this.#peek())) throw this.#invalid(context);
    this.#at++;
  }

  #skipSpace(): void {
    while (" \t\r\n".includes(this.#peekOrEnd() || "x")) this.#at++;
  }

  /** The byte to come as a character; empty at the end. */
  #peekOrEnd(): string {
    const byte = this.#bytes[this.#at];
    return byte === undefined ? "" : String.fromCharCode(byte);
  }

  #peek(): string {
    const char = this.#peekOrEnd();
    if (char === "") throw new Fault("unexpected end of JSON input");
    return char;
  }

  #invalid(context: string): Fault {
    return new Fault(`invalid character ${quoteChar(this.#peek())} ${context}`);
  }
}

/** A byte in single quotes, as Go shows it. */
function quoteChar(char: string): string {
  if (char === "'") return "'\\''";
  if (char === '"') return `'"'`;
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\" };
  const code = char.charCodeAt(0);
  const isShown = (code >= 0x20 && code < 0x7f) || (code > 0xa0 && code !== 0xad);
  return `'${escapes[char] ?? (isShown ? char : `\\x${code.toString(16).padStart(2, "0")}`)}'`;
}
