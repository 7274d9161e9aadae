// The condition Available of an APIService.

import type { ApiObject } from "../api/door.ts";

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

export type Verdict = Pick<Condition, "status"> & { readonly reason: string; readonly message: string };

export const localVerdict: Verdict = {
  status: "True",
  reason: "Local",
  message: "Local APIServices are always available",
};

/** What an APIService says of itself; undefined before anybody looked. */
export function availableCondition(apiService: ApiObject): Condition | undefined {
  return conditionsOf(apiService).find(({ type }) => type === "Available");
}

/** The conditions with Available as it is now. The time moves only with the status. */
export function withAvailable(apiService: ApiObject, verdict: Verdict, nowMs: number): Condition[] {
  const conditions = conditionsOf(apiService);
  const index = conditions.findIndex(({ type }) => type === "Available");
  const before = conditions[index];
  const moved = before?.status !== verdict.status || before.lastTransitionTime === undefined;
  const time = moved ? `${new Date(nowMs).toISOString().slice(0, 19)}Z` : before.lastTransitionTime;
  const { status, reason, message } = verdict;
  const now: Condition = { type: "Available", status, lastTransitionTime: time, reason, message };
  return before === undefined ? [...conditions, now] : conditions.with(index, now);
}

export function conditionsOf({ status }: ApiObject): Condition[] {
  if (typeof status !== "object" || status === null || !("conditions" in status)) return [];
  return Array.isArray(status.conditions) ? status.conditions : [];
}
