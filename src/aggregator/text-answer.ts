// The bare answers of the aggregator itself, which are text for whatever client.

import type { ApiResponse } from "../server/door.ts";

export function textAnswer(status: number, text: string): ApiResponse {
  return {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache, private",
    },
    body: Buffer.from(`${text}\n`),
  };
}
