// JSON Merge Patch. https://datatracker.ietf.org/doc/html/rfc7386

import { getOwn, setOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import { StatusError } from "../status-error.ts";
import { requireRecord, type Values } from "./patch-error.ts";

/** The target with the patch laid over it: null removes, objects are merged, anything else replaces. Throws 400 for a patch that is no object. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null) throw StatusError.badRequest("Invalid JSON Patch");
  return merge(target, requireRecord(patch));
}

function merge(target: unknown, patch: Values): Record<string, unknown> {
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else setOwn(merged, key, isRecord(value) ? merge(getOwn(merged, key), value) : withoutNulls(value));
  }
  return merged;
}

/** What replaces is taken as it would be laid over nothing, as in the reference: objects in lists lose their nulls, too. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return isRecord(value) ? merge(undefined, value) : value;
}
