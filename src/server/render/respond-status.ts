// A Status as an answer, in whatever form the client reads.

import { encodeProtobufStatus, mediaTypes, negotiate, type Status, type StatusError } from "../../api/door.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import { encodeValue, uncached } from "./document.ts";

/** Answers with a Status: 200 where it carries no code. JSON for clients that ask for what nobody knows. */
export function respondWithStatus(request: ApiRequest, status: Status): ApiResponse {
  const negotiated = negotiate(header(request.headers, "accept"), { transforms: false }) ?? {
    format: "json",
    as: undefined,
    asVersion: "",
    pretty: undefined,
  };
  const body =
    negotiated.format === "protobuf" ? encodeProtobufStatus(status) : encodeValue(request, negotiated, status);
  const retryAfter = status.details?.retryAfterSeconds;
  const headers = {
    ...uncached,
    "content-type": mediaTypes[negotiated.format],
    ...(retryAfter === undefined || retryAfter <= 0 ? {} : { "retry-after": String(retryAfter) }),
  };
  return { status: status.code ?? 200, headers, body };
}

export function respondWithError(request: ApiRequest, error: StatusError): ApiResponse {
  return respondWithStatus(request, error.status);
}
