// The outermost filter: every failure becomes an answer, every answer carries the audit ID and the warnings.

import { randomUUID } from "node:crypto";
import { StatusError } from "../../api/door.ts";
import { type ApiRequest, type ApiResponse, type Filter, header } from "../exchange.ts";
import type { Logger } from "../logging.ts";
import { respondWithError } from "../render/respond-status.ts";

/** Warnings are told once each, and no more of them than this in all: clients have limits for headers. */
const warningsBytesMax = 4 * 1024;

export function recover(logger: Logger): Filter {
  return (next) => async (request) => {
    request.auditId = header(request.headers, "audit-id") || randomUUID();
    let response: ApiResponse;
    try {
      response = await next(request);
    } catch (error) {
      response = respondWithError(request, statusErrorOf(request, error, logger));
    }
    response.headers["audit-id"] = request.auditId;
    if (request.warnings.length > 0) response.headers.warning = warningHeaders(request.warnings);
    return response;
  };
}

/** What nobody expected is our fault: it is logged, and the client learns no more than that. */
function statusErrorOf(request: ApiRequest, error: unknown, logger: Logger): StatusError {
  if (error instanceof StatusError) return error;
  if (request.signal.aborted) {
    const { reason } = request.signal;
    return reason instanceof StatusError ? reason : new StatusError("Timeout", "the client has gone away");
  }
  logger.error({ error, path: request.rawPath, method: request.method }, "a request failed unexpectedly");
  return new StatusError("InternalError", "Internal error occurred: see the server's log", {
    details: { causes: [{ message: "see the server's log" }] },
  });
}

function warningHeaders(warnings: readonly string[]): string[] {
  const headers: string[] = [];
  let sizeBytes = 0;
  for (const text of new Set(warnings)) {
    // A header is Latin-1; what is not goes as question marks rather than breaking the answer.
    const safe = text.replace(/[\0-\x1f\x7f]/g, " ").replace(/[^\x20-\xff]/gu, "?");
    const value = `299 - "${safe.replace(/["\\]/g, "\\$&")}"`;
    sizeBytes += value.length;
    if (sizeBytes > warningsBytesMax) break;
    headers.push(value);
  }
  return headers;
}
