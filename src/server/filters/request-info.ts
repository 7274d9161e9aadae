// Reads what the request asks for, and how long it may take.

import { StatusError } from "../../api/door.ts";
import type { Filter } from "../exchange.ts";
import { parseGoDuration } from "../go-duration.ts";
import { readRequestInfo } from "../request-info.ts";

/** A request that is no watch gets this long, or what it asks for where that is less. */
const requestTimeoutMs = 60_000;

export const requestInfo: Filter = (next) => async (request) => {
  request.info = readRequestInfo(request);
  if (request.info.verb === "watch" || request.rawQuery === "") return next(request);
  const asked = request.query.get("timeout") ?? "";
  if (asked === "") return next(request);
  const durationMs = parseGoDuration(asked);
  if (typeof durationMs === "string")
    throw StatusError.badRequest(`invalid timeout specified in the request URL - time: ${durationMs}`);
  if (durationMs > 0 && durationMs < requestTimeoutMs)
    request.abortAfter(durationMs, new StatusError("Timeout", "request did not complete within the allotted timeout"));
  return next(request);
};
