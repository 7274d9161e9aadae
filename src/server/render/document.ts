// Bytes of an answer out of plain values, in the form that was agreed on.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { encodePrettyJson, encodeYaml, isPretty, mediaTypes, type Negotiated } from "../../api/door.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import { type Deflated, deflate, gzipLevel, stitch, store } from "./deflated.ts";
import { bytesOf, KeptBytes, type Piece } from "./kept-bytes.ts";

const compress = promisify(gzip);

/** Answers from here on are compressed for clients that read gzip, as in the reference: 128 KiB. */
const gzipBytesMin = 128 * 1024;

/** The headers of every answer that is made per request. */
export const uncached = { "cache-control": "no-cache, private" } as const;

/** Whether JSON for this request is indented. */
export function wantsPretty(request: ApiRequest, negotiated: Negotiated): boolean {
  return isPretty(negotiated, { query: request.query.get("pretty"), userAgent: header(request.headers, "user-agent") });
}

/** Encodes a plain value as JSON or YAML. */
export function encodeValue(request: ApiRequest, negotiated: Negotiated, value: unknown): Buffer {
  if (negotiated.format === "yaml") return Buffer.from(encodeYaml(value));
  return Buffer.from(wantsPretty(request, negotiated) ? encodePrettyJson(value) : `${JSON.stringify(value)}\n`);
}

/** An answer of ready bytes, compressed where it is large and the client reads gzip. */
export async function respondWithBytes(
  request: ApiRequest,
  {
    status,
    format,
    chunks,
  }: { readonly status: number; readonly format: Negotiated["format"]; readonly chunks: readonly Piece[] },
): Promise<ApiResponse> {
  const headers = { ...uncached, "content-type": mediaTypes[format] };
  const ready = chunks.map(bytesOf);
  let sizeBytes = 0;
  for (const chunk of ready) sizeBytes += chunk.length;
  if (sizeBytes < gzipBytesMin || !readsGzip(request)) return { status, headers, body: ready };
  const body = chunks.some((chunk) => chunk instanceof KeptBytes)
    ? stitch(await deflatedPieces(chunks))
    : await compress(Buffer.concat(ready, sizeBytes), { level: gzipLevel });
  return { status, headers: { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" }, body };
}

/** Kept pieces as they lie ready; what stands between them is compressed as one. */
async function deflatedPieces(chunks: readonly Piece[]): Promise<Deflated[]> {
  const pieces: Deflated[] = [];
  let loose: Buffer[] = [];
  const closeRun = async () => {
    if (loose.length > 0) pieces.push(await deflatedRun(loose));
    loose = [];
  };
  for (const chunk of chunks) {
    if (!(chunk instanceof KeptBytes)) {
      loose.push(chunk);
      continue;
    }
    if (loose.length > 0) await closeRun();
    const deflated = chunk.deflated();
    pieces.push(deflated instanceof Promise ? await deflated : deflated);
  }
  await closeRun();
  return pieces;
}

/** A stored block has five bytes more than what is in it: compressing less than this gains nothing. */
const storedBytesMax = 64;
const storedComma = store(Buffer.from(","));

function deflatedRun(run: readonly Buffer[]): Deflated | Promise<Deflated> {
  const bytes = Buffer.concat(run);
  if (bytes.length === 1 && bytes[0] === 0x2c) return storedComma;
  return bytes.length <= storedBytesMax ? store(bytes) : deflate(bytes);
}

/** Only a token that is exactly gzip counts, without parameters, as in the reference. */
export function readsGzip(request: ApiRequest): boolean {
  const accept = header(request.headers, "accept-encoding");
  return accept?.split(",").some((token) => token.trim() === "gzip") ?? false;
}
