// A Status as an answer, in whatever form the client reads.

import {
  encodeProtobufStatus,
  mediaTypes,
  type Negotiated,
  negotiate,
  type Status,
  type StatusError,
} from "../../api/door.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import { encodeValue, uncached } from "./document.ts";

/** Answers with a Status: 200 where it carries no code. What was not agreed on before is worked out here. */
export function respondWithStatus(
  request: ApiRequest,
  status: Status,
  negotiated: Negotiated = negotiateStatus(request),
): ApiResponse {
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

/** Indented JSON for clients that ask for what nobody knows, such as a failure as a table: somebody will read it. */
function negotiateStatus({ headers }: ApiRequest): Negotiated {
  const agreed = negotiate(header(headers, "accept"), { transforms: false });
  return agreed ?? { format: "json", as: undefined, asVersion: "", pretty: true };
}

export function respondWithError(request: ApiRequest, error: StatusError): ApiResponse {
  return respondWithStatus(request, error.status);
}
