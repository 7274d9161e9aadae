// The form of a verb's answer.

import { type Negotiated, negotiate, verbNotAcceptable } from "../../api/door.ts";
import { type ApiRequest, header } from "../exchange.ts";

/** What the client asked for. Throws 406 where nobody knows such a form. */
export function negotiateVerb(request: ApiRequest): Negotiated {
  const negotiated = negotiate(header(request.headers, "accept"));
  if (negotiated === undefined) throw verbNotAcceptable();
  return negotiated;
}
