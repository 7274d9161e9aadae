// Waits for APIServices to be available.

import { apiServices } from "../aggregator/door.ts";
import type { Client } from "../client/door.ts";
import { part } from "./resources/columns.ts";

/** Resolves when all that are missing have become available, each of which is taken out. */
export async function untilAvailable(client: Client, missing: Set<string>, signal: AbortSignal): Promise<void> {
  if (missing.size === 0) return;
  const events = await client
    .resource(apiServices.kind, "v1")
    .watch({ signal, sendInitialEvents: true, allowWatchBookmarks: true });
  for await (const { object } of events) {
    const conditions: unknown = part(object, "status").conditions;
    const isAvailable =
      Array.isArray(conditions) && conditions.some(({ type, status }) => type === "Available" && status === "True");
    if (isAvailable) missing.delete(object.metadata.name ?? "");
    if (missing.size === 0) return;
  }
  throw new Error(`the watch of APIServices has ended before these were available: ${[...missing].join(", ")}`);
}
