// OpenAPI for other rooms: a megabyte of code and documents that is loaded when somebody asks for it.

import type { ApiRequest, ApiResponse } from "../exchange.ts";
import type { OpenApiV2, OpenApiV3 } from "./openapi.ts";
import type { DocumentV2 } from "./protobuf-v2.ts";
import type { DocumentV3 } from "./protobuf-v3.ts";

export interface OpenApiCode {
  /** A document of one's own in both forms, each made when it is first asked for. */
  formsOfV2(document: () => DocumentV2): OpenApiV2;
  /** Answers /openapi/v2 in the form that the client wants. */
  answerV2(request: ApiRequest, forms: OpenApiV2): Promise<ApiResponse>;
  /** The same for the document of one group and version. */
  formsOfV3(document: () => DocumentV3): OpenApiV3;
  /** Answers a path below /openapi/v3 in the form that the client wants. */
  answerV3(request: ApiRequest, forms: OpenApiV3): ApiResponse;
}

export function loadOpenApi(): Promise<OpenApiCode> {
  return import("./openapi.ts");
}
