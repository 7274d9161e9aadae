// A failure as the client sees it: Kubernetes' Status object.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/

import { type FieldError, formatFieldErrors } from "./field-error.ts";
import { formatGroupKind, formatGroupResource, type GroupResource } from "./group-version.ts";
import type { ListMeta } from "./object-meta.ts";
import { quoteText } from "./quote-text.ts";

/** Why a request failed, and the HTTP status that goes with it. */
export const statusCodes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  ServerTimeout: 500,
} as const;
export type StatusReason = keyof typeof statusCodes;

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: ListMeta;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

interface StatusErrorOptions {
  readonly details?: StatusDetails;
  /** Where it is not the one that goes with the reason. */
  readonly code?: number;
  readonly cause?: unknown;
  /** A list that went too old says where to go on. */
  readonly metadata?: ListMeta;
}

/** A failure of the client's or the world's, thrown anywhere below the filters and answered as a Status. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly reason: StatusReason | "";
  readonly code: number;
  readonly details: StatusDetails | undefined;
  readonly metadata: ListMeta;

  constructor(
    reason: StatusReason | "",
    message: string,
    { details, code, cause, metadata = {} }: StatusErrorOptions = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.code = code ?? (reason === "" ? 500 : statusCodes[reason]);
    this.details = details;
    this.metadata = metadata;
  }

  /** The object that goes over the wire. */
  get status(): Status {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: this.metadata,
      status: "Failure",
      message: this.message,
      ...(this.reason === "" ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }

  static badRequest(message: string): StatusError {
    return new StatusError("BadRequest", message);
  }

  static notFound(resource: GroupResource, name: string): StatusError {
    const details = detailsOf(resource, name);
    return new StatusError("NotFound", `${formatGroupResource(resource)} ${quoteText(name)} not found`, {
      details,
    });
  }

  static alreadyExists(resource: GroupResource, name: string): StatusError {
    const details = detailsOf(resource, name);
    return new StatusError("AlreadyExists", `${formatGroupResource(resource)} ${quoteText(name)} already exists`, {
      details,
    });
  }

  static conflict(resource: GroupResource, name: string, why: string): StatusError {
    const details = detailsOf(resource, name);
    return new StatusError(
      "Conflict",
      `Operation cannot be fulfilled on ${formatGroupResource(resource)} ${quoteText(name)}: ${why}`,
      { details },
    );
  }

  static forbidden(resource: GroupResource, name: string, why: string): StatusError {
    const details = detailsOf(resource, name);
    if (resource.resource === "" && resource.group === "")
      return new StatusError("Forbidden", `forbidden: ${why}`, { details });
    const quoted = name === "" ? "" : ` ${quoteText(name)}`;
    return new StatusError("Forbidden", `${formatGroupResource(resource)}${quoted} is forbidden: ${why}`, { details });
  }

  /** 422. `kind` is the kind's name, as Kubernetes has it for validation, not the resource. */
  static invalid(
    kind: { readonly group: string; readonly kind: string },
    name: string,
    errors: readonly FieldError[],
  ): StatusError {
    const causes = errors.map(({ reason, message, field }) => ({ reason, message, field }));
    const details: StatusDetails = {
      ...(name === "" ? {} : { name }),
      ...(kind.group === "" ? {} : { group: kind.group }),
      ...(kind.kind === "" ? {} : { kind: kind.kind }),
      causes,
    };
    const shown = errors.length === 0 ? "" : `: ${formatFieldErrors(errors)}`;
    return new StatusError("Invalid", `${formatGroupKind(kind)} ${quoteText(name)} is invalid${shown}`, {
      details,
    });
  }

  /** 404 for a path inside a known group, and the router's other refusals, which carry empty details. */
  static resourceNotFound(): StatusError {
    return new StatusError("NotFound", "the server could not find the requested resource", { details: {} });
  }

  static methodNotAllowed(): StatusError {
    return new StatusError("MethodNotAllowed", "the server does not allow this method on the requested resource", {
      details: {},
    });
  }
}

function detailsOf({ group, resource }: GroupResource, name: string): StatusDetails {
  return {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    ...(resource === "" ? {} : { kind: resource }),
  };
}
