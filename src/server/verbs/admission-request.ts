// What admission is told about a write.

import type { ApiObject } from "../../api/door.ts";
import type { AdmissionRequest } from "../admission/admission.ts";
import type { VerbContext } from "./verb.ts";

interface WhatIsWritten {
  readonly operation: AdmissionRequest["operation"];
  readonly name: string;
  readonly dryRun: boolean;
  readonly object?: ApiObject | undefined;
  readonly oldObject?: ApiObject | undefined;
}

/** The request as plug-ins see it; who asks and where comes from the request. */
export function admissionRequest(
  { request, served, info }: VerbContext,
  { operation, name, dryRun, object, oldObject }: WhatIsWritten,
): AdmissionRequest {
  return {
    operation,
    kind: served.kind,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name,
    user: request.user,
    dryRun,
    object,
    oldObject,
    signal: request.signal,
    warn: (text) => request.warnings.push(text),
  };
}
