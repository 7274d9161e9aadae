// GET /metrics.

import { gzipSync } from "node:zlib";
import type { ApiRequest, ApiResponse } from "../exchange.ts";
import { gzipLevel } from "../render/deflated.ts";
import { readsGzip, uncached } from "../render/document.ts";
import { type Metric, renderMetrics } from "./registry.ts";

/** Answers /metrics, to any method, compressed for scrapers that read gzip, as all do; undefined for other paths. */
export function answerMetrics(request: ApiRequest, metrics: () => Iterable<Metric>): ApiResponse | undefined {
  if (request.path !== "/metrics") return undefined;
  const headers = { ...uncached, "content-type": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" };
  const body = Buffer.from(renderMetrics(metrics()));
  if (!readsGzip(request)) return { status: 200, headers, body };
  // Text that repeats itself: 75 kB take a tenth of a millisecond.
  return {
    status: 200,
    headers: { ...headers, "content-encoding": "gzip" },
    body: gzipSync(body, { level: gzipLevel }),
  };
}
