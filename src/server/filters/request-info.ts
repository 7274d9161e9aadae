// Reads what the request asks for, for all who come after.

import type { Filter } from "../exchange.ts";
import { readRequestInfo } from "../request-info.ts";

export const requestInfo: Filter = (next) => (request) => {
  request.info = readRequestInfo(request);
  return next(request);
};
