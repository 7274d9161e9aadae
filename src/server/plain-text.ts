// Answers that are no Status but a line of text, as the reference's HTTP layer gives them.

import type { ApiResponse } from "./exchange.ts";
import { uncached } from "./render/document.ts";

/** Each answer has headers of its own, since filters add to them. */
export function plainText(status: number, text: string, headers: ApiResponse["headers"] = {}): ApiResponse {
  return {
    status,
    headers: {
      ...uncached,
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: Buffer.from(text),
  };
}
