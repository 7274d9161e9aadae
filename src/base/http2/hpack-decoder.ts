// Reads headers. https://www.rfc-editor.org/rfc/rfc7541

import { type Field, staticTable } from "./hpack-tables.ts";
import { decodeHuffman } from "./huffman.ts";
import { ConnectionError, errorCodes } from "./protocol.ts";

/** What the other side may make us remember: the size that every connection begins with. */
const tableBytesMax = 4_096;
/** What an entry takes beside its text, as HPACK counts. */
const entryBytes = 32;
/** No number of HPACK that means anything here has more than 28 bits. */
const shiftMax = 21;

export interface HeaderLimits {
  /** Of all headers, as HPACK counts: names, values and 32 bytes for each. */
  readonly bytesMax: number;
  readonly countMax: number;
}

/** The table of one connection, and the position in the block that is being read. */
export class HpackDecoder {
  readonly #limits: HeaderLimits;
  /** The newest entry is the last one. */
  readonly #entries: Field[] = [];
  #sizeBytes = 0;
  #maxBytes = tableBytesMax;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
  }

  /**
   * Names and values in turn, in Latin-1; undefined for more than the limits allow, of which the table has learned all the same. Throws a
   * ConnectionError for what is no HPACK: both tables would differ from then on.
   */
  decode(block: Buffer): string[] | undefined {
    this.#block = block;
    this.#at = 0;
    const headers: string[] = [];
    let sizeBytes = 0;
    let count = 0;
    while (this.#at < block.length) {
      const field = this.#field(count === 0);
      if (field === undefined) continue;
      const [name, value] = field;
      count++;
      sizeBytes += name.length + value.length + entryBytes;
      if (sizeBytes <= this.#limits.bytesMax && count <= this.#limits.countMax) headers.push(name, value);
    }
    return sizeBytes <= this.#limits.bytesMax && count <= this.#limits.countMax ? headers : undefined;
  }

  /** Undefined for a new size of the table, which may only come first. */
  #field(isFirst: boolean): Field | undefined {
    const first = this.#block[this.#at] ?? 0;
    if (first & 0x80) return this.#entry(this.#integer(7));
    if (first & 0x40) {
      const field = this.#literal(6);
      this.#remember(field);
      return field;
    }
    if ((first & 0x20) === 0) return this.#literal(4);
    if (!isFirst) throw malformed("the size of the table changes between headers");
    const maxBytes = this.#integer(5);
    if (maxBytes > tableBytesMax) throw malformed("the table is larger than allowed");
    this.#maxBytes = maxBytes;
    this.#evict();
    return undefined;
  }

  #literal(prefixBits: number): Field {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#text() : this.#entry(index)[0];
    return [name, this.#text()];
  }

  #entry(index: number): Field {
    const beyond = index - staticTable.length;
    const entry = beyond <= 0 ? staticTable[index - 1] : this.#entries[this.#entries.length - beyond];
    if (entry === undefined) throw malformed("a header is not in the table");
    return entry;
  }

  #remember(field: Field): void {
    this.#entries.push(field);
    this.#sizeBytes += field[0].length + field[1].length + entryBytes;
    this.#evict();
  }

  #evict(): void {
    let count = 0;
    while (this.#sizeBytes > this.#maxBytes) {
      const [name = "", value = ""] = this.#entries[count++] ?? [];
      this.#sizeBytes -= name.length + value.length + entryBytes;
    }
    if (count > 0) this.#entries.splice(0, count);
  }

  #integer(prefixBits: number): number {
    const prefixMax = 2 ** prefixBits - 1;
    let value = this.#byte() & prefixMax;
    if (value < prefixMax) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      if (shift >= shiftMax) throw malformed("a number is too large");
    }
  }

  #text(): string {
    const isHuffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const sizeBytes = this.#integer(7);
    const from = this.#at;
    this.#at += sizeBytes;
    if (this.#at > this.#block.length) throw malformed("a text goes on behind the end");
    return isHuffman ? decodeHuffman(this.#block, from, this.#at) : this.#block.toString("latin1", from, this.#at);
  }

  #byte(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) throw malformed("a header goes on behind the end");
    return byte;
  }
}

function malformed(why: string): ConnectionError {
  return new ConnectionError(errorCodes.compressionError, `the headers cannot be read: ${why}`);
}
