// No more requests at once than the server can hold, and a fair share of them for everybody.
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/

import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/clock.ts";
import { FairGate, type Leave } from "../../base/fair-gate.ts";
import type { ApiRequest, ApiResponse, Filter } from "../exchange.ts";
import { plainText } from "../plain-text.ts";
import { isLongRunning } from "../request-info.ts";

export interface InFlightLimits {
  readonly requestsMax: number;
  readonly mutatingRequestsMax: number;
}

/** The reference's defaults (--max-requests-inflight, --max-mutating-requests-inflight). */
const defaultInFlightLimits: InFlightLimits = { requestsMax: 400, mutatingRequestsMax: 200 };

/** A user's requests that wait: beyond that the user is told to come back. */
const waitersPerUserMax = 50;
/** At 4 KiB a request that waits, 1,000 are 4 MiB. */
const waitersMax = 1_000;
/** A quarter of what a request gets in all, as in the reference. */
const waitMs = 15_000;

const readingVerbs = new Set(["get", "list", "watch", "head", "options"]);
/** Who asks for the server's health must not wait behind those who make it ill. */
const healthPath = /^\/(?:healthz|livez|readyz)(?:\/|$)/;

export interface InFlight {
  readonly filter: Filter;
  readonly reading: FairGate;
  readonly mutating: FairGate;
}

/** Long-running requests do not count, and neither does system:masters, so that an administrator always gets in. */
export function limitInFlight(
  { requestsMax, mutatingRequestsMax }: InFlightLimits = defaultInFlightLimits,
  clock: Clock = systemClock,
): InFlight {
  const gate = (seats: number) =>
    new FairGate({ seats, waitersPerFlowMax: waitersPerUserMax, waitersMax, waitMs, clock });
  const reading = gate(requestsMax);
  const mutating = gate(mutatingRequestsMax);
  const filter: Filter = (next) => {
    const serve = async (request: ApiRequest, entered: Leave | undefined | Promise<Leave | undefined>) => {
      const leave = entered instanceof Promise ? await entered : entered;
      if (leave === undefined) return tooMany();
      try {
        return await next(request);
      } finally {
        leave();
      }
    };
    return (request) => {
      if (isExempt(request)) return next(request);
      const gate = readingVerbs.has(request.info.verb) ? reading : mutating;
      return serve(
        request,
        gate.enter(request.user.name, () => request.signal),
      );
    };
  };
  return { filter, reading, mutating };
}

function isExempt({ info, user }: ApiRequest): boolean {
  return (
    user.groups.includes("system:masters") || isLongRunning(info) || (!info.isResource && healthPath.test(info.path))
  );
}

function tooMany(): ApiResponse {
  return plainText(429, "Too many requests, please try again later.\n", { "retry-after": "1" });
}
