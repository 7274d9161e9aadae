// JSON Merge Patch. https://datatracker.ietf.org/doc/html/rfc7386

import { getOwn, setOwn } from "../../base/own.ts";
import { StatusError } from "../status-error.ts";

/** The target with the patch laid over it: null removes, objects are merged, anything else replaces. Throws 400 for a patch that is no object. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch))
    throw StatusError.badRequest(
      `error decoding patch: json: cannot unmarshal ${patch === null ? "null" : Array.isArray(patch) ? "array" : typeof patch} into an object`,
    );
  return merge(target, patch);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merge(target: unknown, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else setOwn(merged, key, isRecord(value) ? merge(getOwn(merged, key), value) : value);
  }
  return merged;
}
