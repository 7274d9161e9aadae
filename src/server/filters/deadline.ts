// How long a request may take, where its client says so: `?timeout=30s`.

import { StatusError } from "../../api/door.ts";
import type { ApiResponse, Filter } from "../exchange.ts";
import { parseGoDuration } from "../go-duration.ts";
import { plainText } from "../plain-text.ts";
import { isLongRunning } from "../request-info.ts";

/** No client gets longer than this by asking for it, as in the reference (`--request-timeout`). */
const requestTimeoutMsDefault = 60_000;

/** Answers 504 in time, whatever the handler does, and aborts what it waits for. Long-running requests have timeouts of their own. */
export function deadline(requestTimeoutMs: number = requestTimeoutMsDefault): Filter {
  return (next) => (request) => {
    if (request.rawQuery === "" || isLongRunning(request.info)) return next(request);
    const asked = request.query.get("timeout") ?? "";
    if (asked === "") return next(request);
    const durationMs = parseGoDuration(asked);
    if (typeof durationMs === "string")
      throw StatusError.badRequest(`invalid timeout specified in the request URL - time: ${durationMs}`);
    if (durationMs <= 0) return next(request);
    request.abortAfter(Math.min(durationMs, requestTimeoutMs), timedOut());
    return Promise.race([next(request), answerWhenAborted(request.signal)]);
  };
}

function timedOut(): StatusError {
  return new StatusError("Timeout", "Timeout: request did not complete within the allotted timeout", { details: {} });
}

/** The reference writes this Status by hand: as text, without its kind. */
function answerWhenAborted(signal: AbortSignal): Promise<ApiResponse> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      const { kind: _kind, apiVersion: _apiVersion, ...status } = timedOut().status;
      resolve(plainText(504, `${JSON.stringify(status)}\n`));
    });
  });
}
