// DELETE on a collection: each object as if alone; the answer is the list as it was before.

import { StatusError } from "../../api/door.ts";
import type { CacheEntry } from "../cache/cache-entry.ts";
import type { ApiResponse } from "../exchange.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { removeObject } from "./delete.ts";
import { type DeleteOptions, readDeleteOptions } from "./delete-options.ts";
import { respondWithList, selectList } from "./list.ts";
import { readListOptions } from "./list-options.ts";
import type { VerbContext } from "./verb.ts";

/** So many objects are on their way to storage at once, which then commits them as one group. */
const workersMax = 16;

export async function deleteCollection(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const negotiated = negotiateVerb(context);
  const asked = readListOptions(context);
  // The reference goes through the collection in pages whatever the client asks for, and so reads a resourceVersion as that exact moment.
  const list = asked.limit === 0 ? { ...asked, limit: Number.MAX_SAFE_INTEGER } : asked;
  const options = await readDeleteOptions(request);
  const selection = await selectList(context, list);
  await deleteAll(context, selection.entries(), options);
  return respondWithList({ ...context, negotiated }, selection);
}

/** Rejects with the first failure, once nobody is at work any more. */
async function deleteAll(context: VerbContext, entries: Iterable<CacheEntry>, options: DeleteOptions): Promise<void> {
  const rest = entries[Symbol.iterator]();
  const failures: unknown[] = [];
  const work = async () => {
    for (let next = rest.next(); next.done !== true && failures.length === 0; next = rest.next())
      await deleteOne(context, next.value, options).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: workersMax }, work));
  if (failures.length > 0) throw failures[0];
}

async function deleteOne(context: VerbContext, entry: CacheEntry, options: DeleteOptions): Promise<void> {
  try {
    await removeObject(context, entry.object().metadata.name ?? "", options);
  } catch (error) {
    // Somebody else was faster: that is what was wanted.
    if (!(error instanceof StatusError && error.reason === "NotFound")) throw error;
  }
}
