// Requests without a socket, for tests that speak to a server or a verb directly.

import { StatusError } from "../../src/api/door.ts";
import type { ApiRequest, ApiResponse, Headers, RequestInfo, UserInfo } from "../../src/server/door.ts";

export interface RequestOptions {
  readonly method?: string;
  /** With the query, as a client would send it. */
  readonly url: string;
  readonly headers?: Headers;
  /** Text and bytes go out as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly user?: UserInfo;
  readonly info?: Partial<RequestInfo>;
  readonly signal?: AbortSignal;
}

export const admin: UserInfo = {
  name: "admin",
  uid: "",
  groups: ["system:masters", "system:authenticated"],
  extra: {},
};

const noInfo: RequestInfo = {
  isResource: false,
  path: "",
  verb: "",
  group: "",
  version: "",
  namespace: "",
  resource: "",
  subresource: "",
  name: "",
  rest: [],
  labelSelector: "",
  fieldSelector: "",
};

/** A request as the HTTP room would hand it to the filters, or, with `info`, as the filters would hand it to a verb. */
export function aRequest({
  method = "GET",
  url,
  headers = {},
  body,
  user = admin,
  info = {},
  signal,
}: RequestOptions): ApiRequest {
  const [rawPath = "", rawQuery = ""] = url.split("?", 2);
  const bytes = bytesOf(body);
  const ended = new AbortController();
  return {
    method,
    rawPath,
    path: decodeURIComponent(rawPath),
    rawQuery,
    query: new URLSearchParams(rawQuery),
    headers: {
      accept: "application/json",
      "user-agent": "conformance/1.0",
      ...(bytes === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    peer: { remoteAddress: "127.0.0.1", certificates: [], memo: new Map() },
    httpVersion: "2.0",
    signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
    abortAfter(delayMs, reason) {
      setTimeout(() => ended.abort(reason), delayMs).unref();
    },
    readBody: async (maxBytes) => limited(bytes ?? Buffer.alloc(0), maxBytes),
    body: bytes === undefined ? undefined : chunksOf(bytes),
    upgrade: undefined,
    auditId: "",
    info: { ...noInfo, path: rawPath, ...info },
    user,
    warnings: [],
    auditAnnotations: new Map(),
  };
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function limited(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length <= maxBytes) return bytes;
  throw new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${maxBytes}`);
}

async function* chunksOf(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes;
}

/** The whole body of an answer. */
export async function readAnswer({ body }: ApiResponse): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  if (Array.isArray(body)) return Buffer.concat(body);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body of an answer as JSON. */
export async function readJsonAnswer(response: ApiResponse): Promise<unknown> {
  return JSON.parse((await readAnswer(response)).toString("utf8"));
}
