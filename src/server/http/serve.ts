// From a request to its answer, whatever it came over: nothing that a client or a handler does may end the process.

import type { ApiResponse, Handler } from "../exchange.ts";
import { type IncomingOptions, IncomingRequest } from "./incoming-request.ts";
import { BadPathError } from "./url.ts";

/** Asks the handler. A path that cannot be decoded is refused before anybody looks at it. */
export async function answer(handler: Handler, options: IncomingOptions): Promise<ApiResponse> {
  try {
    return await handler(new IncomingRequest(options));
  } catch (error) {
    // Filters answer every failure; one that comes through all of them is theirs.
    return error instanceof BadPathError ? text(400, "400 Bad Request") : text(500, "500 Internal Server Error");
  }
}

/** A bare answer of the HTTP layer, and the end of the connection where it is HTTP/1.1. */
export function text(status: number, body: string): ApiResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", connection: "close" },
    body: Buffer.from(body),
  };
}

export function ignore(): void {
  // A client that went away is not our failure; the stream's close event tells those who wait.
}
