// No more requests at once than the server can hold. https://kubernetes.io/docs/concepts/cluster-administration/flow-control/

import { StatusError } from "../../api/door.ts";
import type { Filter } from "../exchange.ts";

export interface InFlightLimits {
  readonly requestsMax: number;
  readonly mutatingRequestsMax: number;
}

/** The reference's defaults (--max-requests-inflight, --max-mutating-requests-inflight). */
export const defaultInFlightLimits: InFlightLimits = { requestsMax: 400, mutatingRequestsMax: 200 };

const readingVerbs = new Set(["get", "list", "watch"]);

/** Watches do not count, and neither do system:masters, so that an administrator always gets in. */
export function limitInFlight({ requestsMax, mutatingRequestsMax }: InFlightLimits): Filter {
  let reading = 0;
  let mutating = 0;
  return (next) => async (request) => {
    const { verb } = request.info;
    if (verb === "watch" || request.user.groups.includes("system:masters")) return next(request);
    const isReading = readingVerbs.has(verb);
    if (isReading ? reading >= requestsMax : mutating >= mutatingRequestsMax) throw tooMany();
    if (isReading) reading++;
    else mutating++;
    try {
      return await next(request);
    } finally {
      if (isReading) reading--;
      else mutating--;
    }
  };
}

function tooMany(): StatusError {
  return new StatusError("TooManyRequests", "Too many requests, please try again later.", {
    details: { retryAfterSeconds: 1 },
  });
}
