// Compressed answers out of pieces that were compressed before: raw DEFLATE blocks of their own, stitched into one gzip member.
// https://datatracker.ietf.org/doc/html/rfc1951 https://datatracker.ietf.org/doc/html/rfc1952

import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";

const compress = promisify(deflateRaw);

/** The level that costs a quarter of the default and saves nearly as much. */
export const gzipLevel = 1;

/** Bytes as blocks that end on a whole byte and refer to nothing before them, so that they may follow any others. */
export interface Deflated {
  readonly blocks: Buffer;
  readonly crc: number;
  readonly sizeBytes: number;
  /** What the CRC of everything before is multiplied by when these bytes follow. */
  readonly shift: number;
}

/** Compresses a piece, off the event loop. */
export async function deflate(bytes: Buffer): Promise<Deflated> {
  // A sync flush ends the last block on a byte; each call has a window of its own.
  const blocks = await compress(bytes, { level: gzipLevel, finishFlush: constants.Z_SYNC_FLUSH });
  return { blocks, crc: crc32(bytes), sizeBytes: bytes.length, shift: shiftOf(bytes.length) };
}

/** A piece as it is, in one stored block: for a few bytes, which compressing would only make longer. At most 65,535. */
export function store(bytes: Buffer): Deflated {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(0xffff - bytes.length, 3);
  return {
    blocks: Buffer.concat([head, bytes]),
    crc: crc32(bytes),
    sizeBytes: bytes.length,
    shift: shiftOf(bytes.length),
  };
}

/** Deflate, no flags, no time, fastest, unknown system. */
const gzipHead = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
/** An empty block that says that it is the last one. */
const lastBlock = Buffer.from([3, 0]);

/** One gzip member of all pieces in their order. */
export function stitch(pieces: readonly Deflated[]): Buffer[] {
  let crc = 0;
  let sizeBytes = 0;
  const parts: Buffer[] = [gzipHead];
  for (const piece of pieces) {
    parts.push(piece.blocks);
    crc = (multiply(piece.shift, crc) ^ piece.crc) >>> 0;
    sizeBytes += piece.sizeBytes;
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc, 0);
  tail.writeUInt32LE(sizeBytes % 2 ** 32, 4);
  parts.push(lastBlock, tail);
  return parts;
}

// A CRC is a polynomial over GF(2), its highest bit the coefficient of x^0. Bytes that follow multiply what came before by x^8 each, modulo
// the CRC's own polynomial: crc(ab) = crc(a) * x^(8 * |b|) + crc(b), where the inversions at both ends cancel out.

const polynomial = 0xedb88320;
const one = 0x80000000;
/** x^8, the shift by one byte. */
const oneByte = one >>> 8;

/** x^(8 * sizeBytes), by squaring. */
function shiftOf(sizeBytes: number): number {
  let result = one;
  for (let square = oneByte, rest = sizeBytes; rest > 0; square = multiply(square, square)) {
    if (rest % 2 === 1) result = multiply(square, result);
    rest = Math.floor(rest / 2);
  }
  return result;
}

function multiply(a: number, b: number): number {
  let product = 0;
  let power = b;
  for (let bits = a; bits !== 0; bits <<= 1) {
    if ((bits | 0) < 0) product ^= power;
    power = (power & 1) === 1 ? (power >>> 1) ^ polynomial : power >>> 1;
  }
  return product >>> 0;
}
