// Requests that leave HTTP (WebSocket, SPDY): after the handshake the two connections are one.

import type { Duplex } from "node:stream";
import type { ApiRequest, ApiResponse } from "../server/door.ts";
import type { Backend } from "./backend.ts";
import { upgradeHeaders } from "./forwarded-headers.ts";
import { forwardedPath, forwardedQuery } from "./forwarded-path.ts";
import { type ResponseHead, readResponseHead } from "./response-head.ts";
import { textAnswer } from "./text-answer.ts";

/** A backend gets this long to answer the handshake. */
const handshakeTimeoutMs = 30_000;
/** No header at all, in place of the one that filters would add: the answer is the backend's alone. */
const none: readonly string[] = [];
/** A refusal is passed on up to this size: 1 MiB is more than any Status. */
const refusalBytesMax = 1024 * 1024;

export async function proxyUpgrade(request: ApiRequest, backend: Backend): Promise<ApiResponse> {
  const { socket, authority } = await backend.dial(request.signal);
  socket.write(formatHead(request, authority));
  let read: { readonly head: ResponseHead; readonly rest: Buffer };
  try {
    read = await readResponseHead(socket, { timeoutMs: handshakeTimeoutMs, signal: request.signal });
  } catch (error) {
    socket.destroy();
    if (request.signal.aborted || !(error instanceof Error)) throw error;
    return textAnswer(503, error.message);
  }
  const { head, rest } = read;
  if (head.status === 101)
    return {
      status: 101,
      headers: { "cache-control": none, ...head.headers },
      body: undefined,
      takeOver: join(socket, rest),
    };
  if (head.status >= 400) {
    // What came is passed on as it is, and the connection ends.
    const { connection: _, ...headers } = head.headers;
    return { status: head.status, headers: { "cache-control": none, ...headers }, body: refusal(socket, rest, head) };
  }
  socket.destroy();
  return textAnswer(503, `invalid upgrade response: status code ${head.status}`);
}

function formatHead(request: ApiRequest, authority: string): Buffer {
  const lines = [
    `${request.method} ${forwardedPath(request.rawPath)}${forwardedQuery(request.rawQuery)} HTTP/1.1`,
    `host: ${authority}`,
  ];
  // A line end in a value would end the header: nothing of the kind goes through.
  for (const [name, value] of Object.entries(upgradeHeaders(request)))
    for (const one of typeof value === "string" ? [value] : value)
      lines.push(`${name}: ${one.replace(/[\r\n\0]/g, " ")}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** Both ways at once; the end of either is the end of both, after what was already sent. */
function join(backend: Duplex, rest: Buffer): (client: Duplex, head: Buffer) => void {
  return (client, head) => {
    if (rest.length > 0) client.write(rest);
    if (head.length > 0) backend.write(head);
    client.pipe(backend);
    backend.pipe(client);
    client.once("close", () => backend.destroy());
    backend.once("close", () => client.end());
    backend.on("error", () => client.destroy());
    client.on("error", () => backend.destroy());
  };
}

/** Ends where the body does, by its length or its last chunk, since a backend may keep the connection open. */
async function* refusal(socket: Duplex, rest: Buffer, { bodyBytes, headers }: ResponseHead): AsyncIterable<Buffer> {
  const isChunked = headers["transfer-encoding"] !== undefined;
  let left = Math.min(isChunked ? refusalBytesMax : (bodyBytes ?? refusalBytesMax), refusalBytesMax);
  let tail = "";
  const isLast = (chunk: Buffer) => {
    left -= chunk.length;
    tail = (tail + chunk.toString("latin1")).slice(-lastChunk.length);
    return left <= 0 || (isChunked && tail === lastChunk);
  };
  try {
    if (rest.length > 0) {
      yield rest.subarray(0, left);
      if (isLast(rest)) return;
    }
    if (left > 0)
      for await (const chunk of socket) {
        yield chunk.subarray(0, left);
        if (isLast(chunk)) return;
      }
  } finally {
    socket.destroy();
  }
}

const lastChunk = "0\r\n\r\n";
