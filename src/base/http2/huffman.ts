// Text in HPACK's Huffman code. https://www.rfc-editor.org/rfc/rfc7541#section-5.2

import { codeLengths } from "./hpack-tables.ts";
import { ConnectionError, errorCodes } from "./protocol.ts";

/** A step of eight bits: to a symbol, which takes some of them, or to the next table. */
interface Step {
  /** Undefined for a symbol. */
  readonly table: Table | undefined;
  readonly symbol: number;
  /** How many bits of the step belong to the symbol. */
  readonly bits: number;
}

type Table = (Step | undefined)[];

const endSymbol = 256;
const root = makeTables();

/** The codes of one length follow each other in the order of their symbols, and those of the next length follow them. */
function makeTables(): Table {
  const table: Table = new Array(256);
  const symbols = codeLengths.map((length, symbol) => ({ length, symbol }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let lengthBefore = 0;
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - lengthBefore);
    lengthBefore = length;
    put(table, { code, length, symbol });
    code++;
  }
  return table;
}

function put(
  table: Table,
  { code, length, symbol }: { readonly code: number; readonly length: number; readonly symbol: number },
): void {
  let at = table;
  let rest = length;
  for (; rest > 8; rest -= 8) {
    const index = (code >>> (rest - 8)) & 0xff;
    const next = at[index]?.table ?? new Array(256);
    at[index] = { table: next, symbol: 0, bits: 8 };
    at = next;
  }
  const first = (code << (8 - rest)) & 0xff;
  for (let index = first; index < first + 2 ** (8 - rest); index++)
    at[index] = { table: undefined, symbol, bits: rest };
}

/** A symbol has at least five bits. */
const bitsMin = 5;
let decoded = Buffer.allocUnsafe(4_096);

/** Decodes bytes into Latin-1 text. Throws a ConnectionError. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  const sizeMax = Math.ceil(((end - start) * 8) / bitsMin);
  if (decoded.length < sizeMax) decoded = Buffer.allocUnsafe(sizeMax);
  let sizeBytes = 0;
  let bits = 0;
  let bitCount = 0;
  let table = root;
  for (let at = start; at < end; at++) {
    bits = ((bits << 8) | (bytes[at] ?? 0)) & 0xffff;
    bitCount += 8;
    while (bitCount >= 8) {
      const step = table[(bits >>> (bitCount - 8)) & 0xff];
      if (step === undefined || step.symbol === endSymbol) throw malformed();
      bitCount -= step.bits;
      table = step.table ?? root;
      if (step.table === undefined) decoded[sizeBytes++] = step.symbol;
    }
  }
  for (;;) {
    // What is left is shorter than a step: symbols, and then at most seven bits of the end's code, which are ones.
    const rest = bits & (2 ** bitCount - 1);
    const step = table[(rest << (8 - bitCount)) & 0xff];
    if (bitCount === 0 || step === undefined || step.table !== undefined || step.bits > bitCount) {
      if (table !== root || rest !== 2 ** bitCount - 1) throw malformed();
      return decoded.toString("latin1", 0, sizeBytes);
    }
    decoded[sizeBytes++] = step.symbol;
    bitCount -= step.bits;
    table = root;
  }
}

function malformed(): ConnectionError {
  return new ConnectionError(errorCodes.compressionError, "a header is not in HPACK's code");
}
