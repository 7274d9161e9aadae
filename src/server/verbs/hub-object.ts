// What a client sent, in the hub's shape: the border behind which the code of a kind's author begins.

import { type ApiObject, fromHub, missingFields, StatusError, toHub } from "../../api/door.ts";
import type { VerbContext } from "./verb.ts";

/**
 * Conversions and rules see only objects that have what their types say. Whoever writes a status alone may leave the rest out.
 * `version` is the object's, `live` is in the hub's shape. Throws 422.
 */
export function hubObject(
  { served, info }: VerbContext,
  {
    object,
    version,
    live,
  }: { readonly object: ApiObject; readonly version: string; readonly live?: ApiObject | undefined },
): ApiObject {
  const { kind } = served;
  const missing = missingFields(kind, version, object);
  if (missing.length === 0) return toHub(kind, object, version);
  if (info.subresource !== "status" || live === undefined)
    throw StatusError.invalid(kind, object.metadata.name ?? "", missing);
  const { metadata, status } = object;
  const { status: _status, ...rest } = fromHub(kind, live, version);
  const whole = { ...rest, metadata, ...(status === undefined ? {} : { status }) };
  const stillMissing = missingFields(kind, version, whole);
  if (stillMissing.length > 0) throw StatusError.invalid(kind, metadata.name ?? "", stillMissing);
  return toHub(kind, whole, version);
}
