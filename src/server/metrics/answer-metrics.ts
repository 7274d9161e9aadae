// GET /metrics.

import type { ApiRequest, ApiResponse } from "../exchange.ts";
import { uncached } from "../render/document.ts";
import { type Metric, renderMetrics } from "./registry.ts";

/** Answers /metrics, to any method; undefined for other paths. */
export function answerMetrics({ path }: ApiRequest, metrics: () => Iterable<Metric>): ApiResponse | undefined {
  if (path !== "/metrics") return undefined;
  return {
    status: 200,
    headers: { ...uncached, "content-type": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores" },
    body: Buffer.from(renderMetrics(metrics())),
  };
}
