// Passes a request on to the server behind an APIService, and its answer back, as both come.

import type { Readable } from "node:stream";
import { createGunzip, gunzipSync, gzipSync } from "node:zlib";
import { StatusError } from "../api/door.ts";
import { type ApiRequest, type ApiResponse, type Headers, isLongRunning } from "../server/door.ts";
import { type Backend, BackendError, type BackendResponse } from "./backend.ts";
import { bodyStream } from "./body-stream.ts";
import { NoRouteError } from "./endpoints.ts";
import { forwardedHeaders, isHopByHop, namedByConnection } from "./forwarded-headers.ts";
import { cleanPath, forwardedPath, forwardedQuery } from "./forwarded-path.ts";
import { absoluteLinks } from "./html-links.ts";
import { absoluteLink } from "./location.ts";
import { textAnswer } from "./text-answer.ts";
import { proxyUpgrade } from "./upgrade.ts";
import { BadLinkError } from "./url-reference.ts";

/** A request that is no watch gets this long for its answer to begin and end, as everywhere in Kubernetes. */
const requestTimeoutMs = 60_000;
/** Made once: it is the same for all, and making an error costs more than most of a request. */
const tooLate = new StatusError("Timeout", "request did not complete within the allotted timeout");
/** Each chunk is a trip to another thread and back: 16 MB in chunks of 16 KiB, which is the default, would be a thousand. */
const inflatedChunkBytes = 256 * 1024;
/** HTML is read whole to change its links: 8 MiB are more than any page of an API. */
const htmlBytesMax = 8 * 1024 * 1024;

export interface ProxyOptions {
  /** Whether links to the backend get its address. Default true, for what clients ask of the backend by its own paths. */
  readonly rewritesLinks?: boolean;
}

export async function proxy(
  request: ApiRequest,
  backend: Backend,
  { rewritesLinks = true }: ProxyOptions = {},
): Promise<ApiResponse> {
  try {
    if (request.upgrade !== undefined) return await proxyUpgrade(request, backend);
    return await pass(request, backend, rewritesLinks);
  } catch (error) {
    return failed(request, error);
  }
}

async function pass(request: ApiRequest, backend: Backend, rewritesLinks: boolean): Promise<ApiResponse> {
  const { method, info } = request;
  const path = forwardedPath(request.rawPath);
  const uri = cleanPath(path);
  const wantsGzip = addsGzip(request);
  if (!isLongRunning(info)) request.abortAfter(requestTimeoutMs, tooLate);
  const body = request.body === undefined ? undefined : bodyStream(request.body);
  const response = await backend.send({
    method,
    path: `${path}${forwardedQuery(request.rawQuery)}`,
    headers: (authority) => {
      const headers = forwardedHeaders(request, authority, uri);
      if (wantsGzip) headers["accept-encoding"] = "gzip";
      return headers;
    },
    ...(body === undefined ? {} : { body }),
    signal: request.signal,
  });
  return answerOf(response, { wantsGzip, isHead: method === "HEAD", rewritesLinks });
}

/** Where the client says nothing of encodings, the hop is compressed and the client does not notice. */
function addsGzip({ headers, method }: ApiRequest): boolean {
  const isSaid = (name: string) => (headers[name] ?? "") !== "" && !namedByConnection(headers).has(name);
  return !isSaid("accept-encoding") && !isSaid("range") && method !== "HEAD";
}

interface AnswerOptions {
  readonly wantsGzip: boolean;
  readonly isHead: boolean;
  readonly rewritesLinks: boolean;
}

function answerOf(
  response: BackendResponse,
  { wantsGzip, isHead, rewritesLinks }: AnswerOptions,
): ApiResponse | Promise<ApiResponse> {
  const { status, authority } = response;
  let { body } = response;
  const headers = answerHeaders(response);
  const [location = ""] = [headers.location ?? ""].flat();
  if (rewritesLinks && location !== "") headers.location = locationOf(response, location);
  if (isHead) {
    body.resume();
    return { status, headers, body: undefined };
  }
  if (wantsGzip && /^gzip$/i.test(String(headers["content-encoding"])) && hasBody(status, headers)) {
    delete headers["content-encoding"];
    delete headers["content-length"];
    body = inflated(body);
  }
  if (rewritesLinks && location === "" && /^\s*text\/html\s*(?:;|$)/.test(String(headers["content-type"] ?? "")))
    return htmlAnswer({ status, body, headers }, authority);
  return { status, headers, body };
}

function hasBody(status: number, headers: Headers): boolean {
  return status !== 204 && status !== 304 && headers["content-length"] !== "0";
}

/** Which pages may read an answer is the aggregator's to say. https://fetch.spec.whatwg.org/#http-responses */
const withheld = new Set([
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
]);

/** Added to the aggregator's own: an answer then says twice that nobody may keep it. */
function answerHeaders({ status, headers }: BackendResponse): Record<string, string | readonly string[]> {
  const named = namedByConnection(headers);
  const answer: Record<string, string | readonly string[]> = Object.create(null);
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || isHopByHop(name, named) || withheld.has(name) || name.startsWith(":")) continue;
    answer[name] = value;
  }
  // What the client has already is of the type that it has.
  if (status === 304) delete answer["content-type"];
  const cacheControl = answer["cache-control"];
  answer["cache-control"] = cacheControl === undefined ? uncached : [uncached, cacheControl].flat();
  return answer;
}

const uncached = "no-cache, private";

function locationOf({ body, authority }: BackendResponse, location: string): string {
  try {
    return absoluteLink(location, authority);
  } catch (error) {
    body.destroy();
    throw error;
  }
}

/** Errors of either stream end both. */
function inflated(body: Readable): Readable {
  const gunzip = createGunzip({ chunkSize: inflatedChunkBytes });
  body.once("error", (error) => gunzip.destroy(error));
  body.once("close", () => {
    if (!body.readableEnded) gunzip.destroy(new Error("half an answer"));
  });
  gunzip.once("close", () => body.destroy());
  return body.pipe(gunzip);
}

async function htmlAnswer(
  { status, body, headers }: { status: number; body: Readable; headers: Record<string, string | readonly string[]> },
  authority: string,
): Promise<ApiResponse> {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "gzip") return { status, headers, body };
  const page = await readPage(body);
  const html = absoluteLinks((encoding === "gzip" ? gunzipSync(page) : page).toString("utf8"), authority);
  delete headers["content-length"];
  return { status, headers, body: encoding === "gzip" ? gzipSync(html) : Buffer.from(html) };
}

async function readPage(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > htmlBytesMax)
      throw new RangeError(`Cannot pass on a page as it must be below ${htmlBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function failed(request: ApiRequest, error: unknown): ApiResponse {
  const { signal } = request;
  if (signal.aborted && signal.reason instanceof StatusError) return timedOut();
  if (error instanceof NoRouteError) return textAnswer(503, "service unavailable");
  if (error instanceof BadLinkError)
    return textAnswer(503, `Internal error occurred: error trying to parse Location header: ${error.message}`);
  const what = request.upgrade === undefined ? "error trying to reach service" : "error dialing backend";
  if (error instanceof BackendError) return textAnswer(503, `${what}: ${error.message}`);
  return textAnswer(503, `${what}: ${error instanceof Error ? error.message : String(error)}`);
}

/** A Status without kind and apiVersion, as text: what Kubernetes' timeout filter writes. */
function timedOut(): ApiResponse {
  const status = {
    metadata: {},
    status: "Failure",
    message: "Timeout: request did not complete within the allotted timeout",
    reason: "Timeout",
    details: {},
    code: 504,
  };
  return textAnswer(504, JSON.stringify(status));
}
