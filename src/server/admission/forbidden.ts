// The refusal of an admission plug-in, in Kubernetes' words.

import { type StatusCause, StatusError } from "../../api/door.ts";
import type { AdmissionRequest } from "./admission.ts";

/** A 403 that names the object; where its name is still to be generated, what it will begin with. */
export function admissionForbidden(request: AdmissionRequest, why: string, causes?: StatusCause[]): StatusError {
  const { kind, resource, name, object } = request;
  const shown = name || object?.metadata.name || object?.metadata.generateName || "Unknown!";
  const forbidden = StatusError.forbidden({ group: kind.group, resource }, shown, why);
  if (causes === undefined) return forbidden;
  return new StatusError("Forbidden", forbidden.message, { details: { ...forbidden.details, causes } });
}
