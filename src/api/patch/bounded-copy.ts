// Copies within limits: a patch may copy copies of copies, and nest what it copies in itself.

import { setOwn } from "../../base/own.ts";

/** What nests deeper would end the functions that call themselves. Objects nest a few levels deep. */
export const depthMax = 1_000;

/** Bytes that copies may still take, about as their JSON has them. */
export interface CopyBudget {
  bytes: number;
}

/** A deep copy; undefined where it would be too deep or too large. */
export function boundedCopy(value: unknown, budget: CopyBudget, depth = 0): unknown {
  if (typeof value !== "object" || value === null) {
    budget.bytes -= typeof value === "string" ? Buffer.byteLength(value) + 2 : 4;
    return budget.bytes < 0 ? undefined : value;
  }
  budget.bytes -= 2;
  if (depth > depthMax || budget.bytes < 0) return undefined;
  if (Array.isArray(value)) return copyList(value, budget, depth);
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    budget.bytes -= Buffer.byteLength(key) + 4;
    const copied = boundedCopy(member, budget, depth + 1);
    if (copied === undefined) return undefined;
    setOwn(copy, key, copied);
  }
  return copy;
}

function copyList(list: readonly unknown[], budget: CopyBudget, depth: number): unknown[] | undefined {
  const copy: unknown[] = [];
  for (const item of list) {
    budget.bytes -= 1;
    const copied = boundedCopy(item, budget, depth + 1);
    if (copied === undefined) return undefined;
    copy.push(copied);
  }
  return copy;
}

/** Whether nothing in the value nests deeper than `depthMax`. */
export function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth > depthMax) return false;
  if (Array.isArray(value)) return value.every((item) => isShallow(item, depth + 1));
  for (const key in value) if (!isShallow(Reflect.get(value, key), depth + 1)) return false;
  return true;
}
