// Whether storage answers, for the health endpoints. https://kubernetes.io/docs/reference/using-api/health-checks/

import type { Clock } from "../base/clock.ts";
import type { Storage } from "../storage/door.ts";
import type { HealthCheck } from "./health.ts";

export interface StorageCheckTimeouts {
  /** Default two seconds, as all of these in the reference. */
  readonly healthMs: number;
  readonly readyMs: number;
}

interface StorageChecksOptions {
  /** "etcd", or "etcd-override" where some resources have a storage of their own. */
  readonly name?: string;
  /** "-0" for the first of those. */
  readonly suffix?: string;
  readonly timeouts?: StorageCheckTimeouts;
  readonly clock: Clock;
}

const defaultTimeouts: StorageCheckTimeouts = { healthMs: 2_000, readyMs: 2_000 };

/** By the reference's names, whichever engine it is. */
export function storageChecks(storage: Storage, options: StorageChecksOptions): HealthCheck[] {
  const { name = "etcd", suffix = "", timeouts = defaultTimeouts, clock } = options;
  const check = (timeoutMs: number) => (signal: AbortSignal) => ask(storage, { timeoutMs, signal, clock });
  return [
    { name: `${name}${suffix}`, check: check(timeouts.healthMs) },
    { name: `${name}-readiness${suffix}`, endpoints: ["readyz"], check: check(timeouts.readyMs) },
  ];
}

interface AskOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

async function ask(storage: Storage, { timeoutMs, signal, clock }: AskOptions): Promise<void> {
  const late = new AbortController();
  const cancelTimer = clock.after(timeoutMs, () => late.abort(new Error("context deadline exceeded")));
  try {
    await storage.check({ signal: AbortSignal.any([signal, late.signal]) });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`error getting data from etcd: ${reason}`, { cause });
  } finally {
    cancelTimer();
  }
}
