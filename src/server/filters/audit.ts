// Records who did what. https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/

import { StatusError } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { auditEvent } from "../audit/audit-event.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { AuditPolicy, AuditStage } from "../audit/audit-policy.ts";
import type { ApiRequest, ApiResponse, Filter } from "../exchange.ts";
import { respondWithError } from "../render/respond-status.ts";
import { isLongRunning } from "../request-info.ts";

export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly log: AuditLog;
  readonly clock: Clock;
}

/** Comes after authentication: requests of nobody knows whom are not recorded. */
export function audit({ policy, log, clock }: AuditOptions): Filter {
  return (next) => async (request) => {
    const { user } = request;
    const { level, omitStages, omitManagedFields } = policy(request.info, user);
    if (level === "None") return next(request);
    const receivedMs = clock.nowMs();
    const body = level === "Metadata" ? undefined : rememberBody(request);
    const record = (stage: AuditStage, response?: ApiResponse) => {
      if (omitStages.includes(stage)) return;
      const common = { request, level, stage, user, receivedMs, nowMs: clock.nowMs(), omitManagedFields };
      log.write(auditEvent({ ...common, ...(response === undefined ? {} : { response }), requestBytes: body?.() }));
    };
    record("RequestReceived");
    const response = await answerOf(request, next);
    if (isLongRunning(request.info) && response.status < 300) {
      record("ResponseStarted", response);
      request.signal.addEventListener("abort", () => record("ResponseComplete", response), { once: true });
    } else record("ResponseComplete", response);
    return response;
  };
}

/** Refusals are answers, too. */
async function answerOf(
  request: ApiRequest,
  next: (request: ApiRequest) => Promise<ApiResponse>,
): Promise<ApiResponse> {
  try {
    return await next(request);
  } catch (error) {
    if (error instanceof StatusError) return respondWithError(request, error);
    throw error;
  }
}

/** Keeps what the verb reads of the body; the result tells it. */
function rememberBody(request: ApiRequest): () => Buffer | undefined {
  const read = request.readBody.bind(request);
  let bytes: Buffer | undefined;
  Object.defineProperty(request, "readBody", {
    value: async (maxBytes: number) => {
      bytes = await read(maxBytes);
      return bytes;
    },
  });
  return () => bytes;
}
