// Web pages of other origins, where the operator lets them in. https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS

import { type ApiResponse, type Filter, header } from "../exchange.ts";
import { uncached } from "../render/document.ts";

const allowed = {
  "access-control-allow-methods": "POST, GET, OPTIONS, PUT, DELETE, PATCH",
  "access-control-allow-headers":
    "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since",
  "access-control-expose-headers": "Date",
  "access-control-allow-credentials": "true",
} as const;

/** `--cors-allowed-origins`: patterns, one of which an Origin must match. Without any, an Origin changes nothing. */
export function cors(patterns: readonly RegExp[]): Filter {
  if (patterns.length === 0) return (next) => next;
  return (next) => async (request) => {
    const origin = header(request.headers, "origin") ?? "";
    if (origin === "" || !patterns.some((pattern) => pattern.test(origin))) return next(request);
    const response: ApiResponse =
      request.method === "OPTIONS" ? { status: 204, headers: { ...uncached }, body: undefined } : await next(request);
    return { ...response, headers: { ...response.headers, ...allowed, "access-control-allow-origin": origin } };
  };
}
