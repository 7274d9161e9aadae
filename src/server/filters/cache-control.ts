// Nobody between the client and the server may keep an answer that is made for one user.

import type { Filter } from "../exchange.ts";
import { uncached } from "../render/document.ts";

/** Answers that say themselves who may keep them, such as discovery, keep their word. */
export const cacheControl: Filter = (next) => async (request) => {
  const response = await next(request);
  response.headers["cache-control"] ??= uncached["cache-control"];
  return response;
};
