// What all patches agree on: what counts as an object, how deep one may nest, and how one that does not fit is refused.

import { isRecord } from "../../base/record.ts";
import { describeType } from "../schema/decode-error.ts";
import { StatusError } from "../status-error.ts";
import { isShallow } from "./bounded-copy.ts";

export type Values = Readonly<Record<string, unknown>>;

/** 422 with one text for all operations that fail, as the reference has it. */
export function patchFailed(): StatusError {
  return new StatusError("Invalid", "the server rejected our request due to an error in our request", { details: {} });
}

/** The patch as an object. Throws 400 for anything else, and for what nests too deep. */
export function requireRecord(patch: unknown): Record<string, unknown> {
  requireShallow(patch);
  if (isRecord(patch)) return patch;
  throw StatusError.badRequest(`error decoding patch: json: cannot unmarshal ${describeType(patch)} into an object`);
}

export function requireShallow(patch: unknown): void {
  if (!isShallow(patch)) throw StatusError.badRequest("error decoding patch: exceeded max depth");
}
