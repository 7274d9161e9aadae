// The form of a verb's answer.

import { type Negotiated, negotiate, verbNotAcceptable } from "../../api/door.ts";
import { type ApiRequest, header } from "../exchange.ts";
import type { ServedResource } from "../served-resource.ts";

/** What the client asked for. Throws 406 where nobody knows such a form. */
export function negotiateVerb({
  request,
  served,
}: {
  readonly request: ApiRequest;
  readonly served: Pick<ServedResource, "kind">;
}): Negotiated {
  const negotiated = negotiate(header(request.headers, "accept"), { protobuf: protobufRank(served) });
  if (negotiated === undefined) throw verbNotAcceptable();
  return negotiated;
}

/**
 * Go's clients ask for protobuf first of kinds that they know in it, and read JSON as well, which lies ready.
 * Of kinds that have no protobuf nobody gets JSON instead.
 */
function protobufRank({ kind }: Pick<ServedResource, "kind">): "ranked" | "last" {
  return kind.protobuf === undefined ? "ranked" : "last";
}
