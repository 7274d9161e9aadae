// The outermost filter: every failure becomes an answer, every answer carries the audit ID and the warnings.

import { randomUUID } from "node:crypto";
import { StatusError } from "../../api/door.ts";
import { type ApiRequest, type ApiResponse, type Filter, header } from "../exchange.ts";
import type { Logger } from "../logging.ts";
import { respondWithError } from "../render/respond-status.ts";
import { warningHeaders } from "../warning-headers.ts";

export function recover(logger: Logger): Filter {
  return (next) => async (request) => {
    request.auditId = header(request.headers, "audit-id") || randomUUID();
    const response = await answer(request, () => next(request), logger);
    response.headers["audit-id"] = request.auditId;
    if (request.warnings.length > 0) response.headers.warning = warningHeaders(request.warnings);
    return response;
  };
}

async function answer(request: ApiRequest, ask: () => Promise<ApiResponse>, logger: Logger): Promise<ApiResponse> {
  try {
    return await ask();
  } catch (error) {
    return respondWithError(request, statusErrorOf(request, error, logger));
  }
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
