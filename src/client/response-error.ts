// What a server said went wrong, as the error that our own code throws.

import { type StatusCause, type StatusDetails, StatusError, type StatusReason, statusCodes } from "../api/door.ts";
import { isRecord } from "../base/record.ts";

/** How much of an answer that is no Status a message quotes. */
const quotedCharactersMax = 2_048;

/** Reads the Status in an answer; whatever else it is becomes the message. */
export function statusErrorOf(code: number, body: Buffer): StatusError {
  const text = body.toString("utf8");
  return statusErrorOfObject(parse(text), code) ?? otherError(code, text);
}

/** Reads a Status object, such as the one in an ERROR event of a watch. Undefined where it is none. */
export function statusErrorOfObject(value: unknown, code?: number): StatusError | undefined {
  if (!isRecord(value) || value.kind !== "Status") return undefined;
  return new StatusError(reasonOf(value.reason), typeof value.message === "string" ? value.message : "", {
    code: typeof value.code === "number" ? value.code : (code ?? 500),
    ...(isRecord(value.details) ? { details: detailsOf(value.details) } : {}),
  });
}

function otherError(code: number, text: string): StatusError {
  const reason = reasonByCode[code] ?? "";
  const quoted = text.trim().slice(0, quotedCharactersMax);
  return new StatusError(reason, quoted === "" ? `the server answered ${code}` : quoted, { code });
}

const reasonByCode: Readonly<Record<number, StatusReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

function reasonOf(reason: unknown): StatusReason | "" {
  return typeof reason === "string" && isReason(reason) ? reason : "";
}

function isReason(reason: string): reason is StatusReason {
  return Object.hasOwn(statusCodes, reason);
}

function detailsOf(details: Readonly<Record<string, unknown>>): StatusDetails {
  const text = (name: "name" | "group" | "kind" | "uid") => {
    const value = details[name];
    return typeof value === "string" ? { [name]: value } : {};
  };
  const { causes, retryAfterSeconds } = details;
  return {
    ...text("name"),
    ...text("group"),
    ...text("kind"),
    ...text("uid"),
    ...(Array.isArray(causes) ? { causes: causes.filter(isRecord).map(causeOf) } : {}),
    ...(typeof retryAfterSeconds === "number" ? { retryAfterSeconds } : {}),
  };
}

function causeOf({ reason, message, field }: Readonly<Record<string, unknown>>): StatusCause {
  return {
    ...(typeof reason === "string" ? { reason } : {}),
    ...(typeof message === "string" ? { message } : {}),
    ...(typeof field === "string" ? { field } : {}),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
