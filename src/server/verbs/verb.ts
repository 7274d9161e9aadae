// What a verb gets: one request for one served resource.

import type { ApiRequest, ApiResponse } from "../exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ServedResource } from "../served-resource.ts";

export interface VerbContext {
  readonly request: ApiRequest;
  readonly served: ServedResource;
  /** The version that the URL names. */
  readonly version: string;
  readonly info: RequestInfo;
}

/** One file of this folder each. Throws StatusErrors. */
export type Verb = (context: VerbContext) => Promise<ApiResponse>;
