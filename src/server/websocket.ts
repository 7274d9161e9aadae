// A watch over WebSocket: one text frame per event. https://datatracker.ietf.org/doc/html/rfc6455

import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { tokenProtocolPrefix } from "./authentication/bearer-token.ts";
import { type ApiRequest, type ApiResponse, header } from "./exchange.ts";
import { closeFrame, FrameReader, pongFrame, textFrame } from "./websocket-frame.ts";

export function isWebSocket(request: ApiRequest): boolean {
  return request.upgrade?.toLowerCase() === "websocket";
}

/** Takes the connection over. Answers 403 to requests of unknown origin and 400 to handshakes that are none. */
export function acceptWebSocket(request: ApiRequest, stream: AsyncIterableIterator<Buffer>): ApiResponse {
  // The connection is no longer HTTP's by now: whatever the answer is, it is a bare one, without a warning.
  request.warnings.length = 0;
  const refusal = refusalOf(request);
  if (refusal !== undefined) {
    void stream.return?.();
    return refusal;
  }
  const key = header(request.headers, "sec-websocket-key") ?? "";
  const [protocol] = protocolsOf(request);
  return {
    status: 101,
    headers: {
      ...bare,
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-accept": createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64"),
      ...(protocol === undefined ? {} : { "sec-websocket-protocol": protocol }),
    },
    body: undefined,
    takeOver: (socket, head) => void send(socket, head, stream),
  };
}

/** No values: the header is left out, and nobody fills it in. */
const bare = { "cache-control": [] };

/** What may stand in Origin: a URL, or the path of one; `null`, as pages without an origin have it, is none. */
const origin = /^(\*$|\/|[a-z][a-z\d+.-]*:)/i;

function refusalOf(request: ApiRequest): ApiResponse | undefined {
  const { headers } = request;
  const refuse = (status: number, text: string, more: ApiResponse["headers"] = {}): ApiResponse => ({
    status,
    headers: { ...bare, ...more },
    body: Buffer.from(text),
  });
  if ((header(headers, "sec-websocket-key") ?? "") === "") return refuse(400, "mismatch challenge/response");
  if (header(headers, "sec-websocket-version") !== "13")
    return refuse(400, "missing or bad WebSocket Version", { "sec-websocket-version": "13" });
  if (!origin.test(header(headers, "origin") ?? "")) return refuse(403, "");
  return protocolsOf(request).length > 1 ? refuse(400, "") : undefined;
}

/** A client gets the protocol that it names, since the frames are the same in all; nobody chooses among several. A token is none. */
function protocolsOf({ headers }: ApiRequest): readonly string[] {
  const asked = header(headers, "sec-websocket-protocol")?.trim() ?? "";
  const names = asked === "" ? [] : asked.split(",").map((name) => name.trim());
  return names.filter((name) => !name.startsWith(tokenProtocolPrefix));
}

async function send(socket: Duplex, head: Buffer, stream: AsyncIterableIterator<Buffer>): Promise<void> {
  const stop = () => void stream.return?.();
  socket.on("error", stop);
  socket.on("close", stop);
  listen(socket, head, stop);
  try {
    for await (const chunk of stream)
      for (const line of splitLines(chunk)) {
        if (!socket.writable) return;
        if (!socket.write(textFrame(line))) await drained(socket);
      }
    if (socket.writable) socket.end(closeFrame(normalClosure));
  } catch (error) {
    socket.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

const normalClosure = 1000;

/** A client has nothing to say here but goodbye, or to ask whether anybody is there. */
function listen(socket: Duplex, head: Buffer, stop: () => void): void {
  const reader = new FrameReader({
    ping: (payload) => socket.writable && socket.write(pongFrame(payload)),
    close: () => {
      stop();
      if (socket.writable) socket.end(closeFrame(normalClosure));
    },
  });
  const read = (data: Buffer) => {
    if (!reader.read(data)) socket.destroy();
  };
  if (head.length > 0) read(head);
  socket.on("data", read);
}

function* splitLines(chunk: Buffer): Iterable<Buffer> {
  for (let start = 0; start < chunk.length; ) {
    const end = chunk.indexOf(0x0a, start) + 1 || chunk.length;
    yield chunk.subarray(start, end);
    start = end;
  }
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", resolve);
    socket.once("close", resolve);
  });
}
