// Reads the events of a watch: one JSON value a line.

import { StatusError } from "../api/door.ts";
import { statusErrorOfObject } from "./response-error.ts";

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  /** Nothing happened up to the object's resourceVersion; with the annotation `k8s.io/initial-events-end` all initial events were sent. */
  | { readonly type: "BOOKMARK"; readonly object: T };

/** An object of 3 MiB, the most that a server takes, with as much again for escapes. */
const eventBytesMax = 8 * 1024 * 1024;

/** Yields events until the stream ends. Throws a StatusError for an ERROR event. */
export async function* readWatch<T>(body: AsyncIterable<Buffer>): AsyncIterable<WatchEvent<T>> {
  for await (const line of readLines(body)) {
    const event = parseEvent<T>(line);
    if (event !== undefined) yield event;
  }
}

async function* readLines(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      const tail = chunk.subarray(start, end);
      yield pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > eventBytesMax)
      throw new StatusError("InternalError", `Cannot read a watch as each event must be below ${eventBytesMax} bytes`);
  }
  if (pendingBytes > 0) yield Buffer.concat(pending);
}

function parseEvent<T>(line: Buffer): WatchEvent<T> | undefined {
  if (line.length === 0) return undefined;
  const value: unknown = JSON.parse(line.toString("utf8"));
  if (typeof value !== "object" || value === null || !("type" in value) || !("object" in value)) return undefined;
  const { type, object } = value;
  if (type === "ERROR")
    throw (
      statusErrorOfObject(object) ??
      new StatusError("InternalError", `the watch failed: ${line.toString("utf8").slice(0, 200)}`)
    );
  if (!isObject<T>(object)) return undefined;
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED" || type === "BOOKMARK") return { type, object };
  return undefined;
}

/** What a server sends as an object of a kind is taken to have the kind's shape, as it has validated it. */
function isObject<T>(value: unknown): value is T {
  return typeof value === "object" && value !== null;
}
