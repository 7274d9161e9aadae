// A watch over WebSocket: one text frame per event. https://datatracker.ietf.org/doc/html/rfc6455

import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { StatusError } from "../api/door.ts";
import { type ApiRequest, type ApiResponse, header } from "./exchange.ts";

/** The protocols that a client may ask for: events as text, or in base64. */
const protocols = ["binary.k8s.io", "base64.binary.k8s.io", ""] as const;

export function isWebSocket(request: ApiRequest): boolean {
  return request.upgrade?.toLowerCase() === "websocket";
}

/** Takes the connection over. Throws 403 for requests of unknown origin and 400 for handshakes that are none. */
export function acceptWebSocket(request: ApiRequest, stream: AsyncIterableIterator<Buffer>): ApiResponse {
  const key = header(request.headers, "sec-websocket-key");
  if (header(request.headers, "sec-websocket-version") !== "13" || key === undefined)
    throw StatusError.badRequest("the WebSocket handshake must have version 13 and a key");
  if (header(request.headers, "origin") === undefined)
    throw new StatusError("Forbidden", "the WebSocket handshake must have an Origin");
  const asked = (header(request.headers, "sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const protocol = protocols.find((known) => known !== "" && asked.includes(known));
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const headers = {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-accept": accept,
    ...(protocol === undefined ? {} : { "sec-websocket-protocol": protocol }),
  };
  return {
    status: 101,
    headers,
    body: undefined,
    takeOver: (socket) => void send(socket, stream, protocol === "base64.binary.k8s.io"),
  };
}

async function send(socket: Duplex, stream: AsyncIterableIterator<Buffer>, isBase64: boolean): Promise<void> {
  socket.on("error", () => void stream.return?.());
  socket.on("close", () => void stream.return?.());
  socket.on("data", (data: Buffer) => {
    // A client only ever says goodbye here.
    if (((data[0] ?? 0) & 0x0f) === opcodes.close) socket.end(frame(opcodes.close, data.subarray(0, 0)));
  });
  for await (const chunk of stream) {
    for (const line of splitLines(chunk)) {
      if (socket.destroyed) return;
      const payload = isBase64 ? Buffer.from(line.toString("base64")) : line;
      if (!socket.write(frame(opcodes.text, payload))) await drained(socket);
    }
  }
  socket.end(frame(opcodes.close, Buffer.from([normalClosure >> 8, normalClosure & 0xff])));
}

const opcodes = { text: 0x1, close: 0x8 } as const;
const normalClosure = 1000;

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

/** Frames of a server are not masked. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}
