// Writes headers. https://www.rfc-editor.org/rfc/rfc7541

import { staticTable } from "./hpack-tables.ts";
import { frameHeadBytes } from "./protocol.ts";

/** What the other side remembers for us at most, and what an entry takes beside its text. */
const tableBytesMax = 4_096;
const entryBytes = 32;

/** Headers that most requests or answers of a connection have with one of few values: named once, and then by number. */
const repeated = new Set([
  ":authority",
  "accept",
  "accept-encoding",
  "allow",
  "cache-control",
  "content-encoding",
  "content-type",
  "date",
  "te",
  "user-agent",
  "vary",
  "x-content-type-options",
  "x-kubernetes-pf-flowschema-uid",
  "x-kubernetes-pf-prioritylevel-uid",
]);

const staticNames = new Map<string, number>();
for (const [index, [name]] of staticTable.entries()) if (!staticNames.has(name)) staticNames.set(name, index + 1);
/** `:status 200` and such, as a whole. */
const staticFields = new Map(staticTable.map(([name, value], index) => [`${name}\0${value}`, index + 1]));
const staticStatuses = new Map(
  staticTable.flatMap(([name, value], index) => (name === ":status" ? [[Number(value), index + 1]] : [])),
);

/** Names in lower case. */
export type OutgoingHeaders = Readonly<Record<string, string | number | readonly string[]>>;

/** What a request begins with. */
export interface RequestLine {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

/** The other side's table is filled and never turned over: what does not fit any more is written out each time. */
export class HpackEncoder {
  /** Which entry has a header, counted from the first one. */
  readonly #entries = new Map<string, number>();
  #tableBytes = 0;
  #tableMax = tableBytesMax;
  /** A smaller table has to be announced with the next headers. */
  #isSmaller = false;
  #target = Buffer.allocUnsafe(1_024);
  #at = 0;

  /** The other side says how much it remembers. */
  limitTable(maxBytes: number): void {
    const tableMax = Math.min(maxBytes, tableBytesMax);
    if (tableMax === this.#tableMax) return;
    this.#tableMax = tableMax;
    this.#isSmaller = true;
    this.#entries.clear();
    this.#tableBytes = 0;
  }

  /** An answer's headers as one block, behind room for a frame's head. The buffer is good until the next call. Throws a TypeError for what is no header. */
  answer(status: number, headers: OutgoingHeaders): Buffer {
    this.#begin();
    this.#status(status);
    return this.#finish(headers);
  }

  /** A request's, in the same way. */
  request({ method, scheme, authority, path }: RequestLine, headers: OutgoingHeaders): Buffer {
    this.#begin();
    this.#pseudo(":method", method);
    this.#pseudo(":scheme", scheme);
    this.#header(":authority", authority);
    this.#pseudo(":path", path);
    return this.#finish(headers);
  }

  #begin(): void {
    this.#at = frameHeadBytes;
    if (this.#isSmaller) this.#announceTable();
  }

  #finish(headers: OutgoingHeaders): Buffer {
    for (const name in headers) {
      requireName(name);
      const value = headers[name];
      if (typeof value === "object") for (const one of value) this.#header(name, one);
      else this.#header(name, String(value));
    }
    return this.#target.subarray(0, this.#at);
  }

  /** Empties the other side's table, and says how large it is from now on. */
  #announceTable(): void {
    this.#isSmaller = false;
    this.#room(16);
    this.#integer(0, 5, 0x20);
    this.#integer(this.#tableMax, 5, 0x20);
  }

  #pseudo(name: string, value: string): void {
    const index = staticFields.get(`${name}\0${value}`);
    if (index === undefined) {
      requireValue(name, value);
      this.#literal(name, value, { prefixBits: 4, flag: 0 });
    } else {
      this.#room(8);
      this.#integer(index, 7, 0x80);
    }
  }

  #status(status: number): void {
    const index = staticStatuses.get(status);
    this.#room(16);
    if (index !== undefined) this.#integer(index, 7, 0x80);
    else {
      this.#integer(staticNames.get(":status") ?? 0, 4, 0);
      this.#text(String(status));
    }
  }

  #header(name: string, value: string): void {
    requireValue(name, value);
    if (repeated.has(name) && this.#known(name, value)) return;
    this.#literal(name, value, { prefixBits: 4, flag: 0 });
  }

  /** Whether the header was written by its number, or is known from now on. */
  #known(name: string, value: string): boolean {
    const key = `${name}\0${value}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#room(8);
      this.#integer(staticTable.length + this.#entries.size - entry, 7, 0x80);
      return true;
    }
    const sizeBytes = name.length + value.length + entryBytes;
    if (this.#tableBytes + sizeBytes > this.#tableMax) return false;
    this.#tableBytes += sizeBytes;
    this.#entries.set(key, this.#entries.size);
    this.#literal(name, value, { prefixBits: 6, flag: 0x40 });
    return true;
  }

  #literal(name: string, value: string, { prefixBits, flag }: { prefixBits: number; flag: number }): void {
    this.#room(name.length + value.length + 16);
    const index = staticNames.get(name);
    this.#integer(index ?? 0, prefixBits, flag);
    if (index === undefined) this.#text(name);
    this.#text(value);
  }

  #text(text: string): void {
    this.#integer(text.length, 7, 0);
    this.#at += this.#target.write(text, this.#at, "latin1");
  }

  #integer(value: number, prefixBits: number, flag: number): void {
    const prefixMax = 2 ** prefixBits - 1;
    if (value < prefixMax) {
      this.#target[this.#at++] = flag | value;
      return;
    }
    this.#target[this.#at++] = flag | prefixMax;
    let rest = value - prefixMax;
    for (; rest >= 0x80; rest >>>= 7) this.#target[this.#at++] = (rest & 0x7f) | 0x80;
    this.#target[this.#at++] = rest;
  }

  #room(sizeBytes: number): void {
    if (this.#at + sizeBytes <= this.#target.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#at + sizeBytes));
    this.#target.copy(larger, 0, 0, this.#at);
    this.#target = larger;
  }
}

/** Names that were found to be good. */
const goodNames = new Set<string>();
const goodNamesMax = 1_000;

function requireName(name: string): void {
  if (goodNames.has(name)) return;
  if (!/^[!#$%&'*+\-.^_`|~\da-z]+$/.test(name)) throw new TypeError(`Cannot send the header "${name}"`);
  if (goodNames.size < goodNamesMax) goodNames.add(name);
}

function requireValue(name: string, value: string): void {
  if (/[\0\r\n\u0100-\uffff]/.test(value)) throw new TypeError(`Cannot send such a value of the header "${name}"`);
}
