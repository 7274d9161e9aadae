// DELETE on a collection: each object as if alone; the answer is the list as it was before.

import { StatusError } from "../../api/door.ts";
import type { ApiResponse } from "../exchange.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { removeObject } from "./delete.ts";
import { readDeleteOptions } from "./delete-options.ts";
import { respondWithList, selectList } from "./list.ts";
import { readListOptions } from "./list-options.ts";
import type { VerbContext } from "./verb.ts";

export async function deleteCollection(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const negotiated = negotiateVerb(request);
  const list = readListOptions(context);
  const options = await readDeleteOptions(request);
  const selection = await selectList(context, list);
  for (const entry of selection.entries()) {
    const { name = "", namespace = "" } = entry.object().metadata;
    try {
      await removeObject({ ...context, info: { ...context.info, namespace } }, name, options);
    } catch (error) {
      // Somebody else was faster: that is what was wanted.
      if (!(error instanceof StatusError && error.reason === "NotFound")) throw error;
    }
  }
  return respondWithList({ ...context, negotiated }, selection);
}
