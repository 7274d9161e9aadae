// Bytes of an answer out of plain values, in the form that was agreed on.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { encodePrettyJson, encodeYaml, isPretty, mediaTypes, type Negotiated } from "../../api/door.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";

const compress = promisify(gzip);

/** Answers from here on are compressed for clients that read gzip, as in the reference: 128 KiB. */
export const gzipBytesMin = 128 * 1024;
/** The level that costs a quarter of the default and saves nearly as much. */
export const gzipLevel = 1;

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
  }: { readonly status: number; readonly format: Negotiated["format"]; readonly chunks: readonly Buffer[] },
): Promise<ApiResponse> {
  const headers = { ...uncached, "content-type": mediaTypes[format] };
  let sizeBytes = 0;
  for (const chunk of chunks) sizeBytes += chunk.length;
  if (sizeBytes < gzipBytesMin || !readsGzip(request)) return { status, headers, body: chunks };
  const body = await compress(Buffer.concat(chunks, sizeBytes), { level: gzipLevel });
  return { status, headers: { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" }, body };
}

/** Only a token that is exactly gzip counts, without parameters, as in the reference. */
export function readsGzip(request: ApiRequest): boolean {
  const accept = header(request.headers, "accept-encoding");
  return accept !== undefined && accept.split(",").some((token) => token.trim() === "gzip");
}
