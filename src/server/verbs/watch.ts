// GET with ?watch, and the deprecated /watch/ paths: changes as they happen.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import { randomInt } from "node:crypto";
import { mediaTypes, type Negotiated, StatusError, watchNotAcceptable } from "../../api/door.ts";
import { EntrySelector } from "../cache/entry-selector.ts";
import type { ApiResponse } from "../exchange.ts";
import { uncached } from "../render/document.ts";
import { formOf } from "../render/form.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { WatchStream } from "../watch-stream.ts";
import { acceptWebSocket, isWebSocket } from "../websocket.ts";
import { rangePrefix } from "./list.ts";
import { type ListOptions, parseResourceVersion, readListOptions } from "./list-options.ts";
import type { VerbContext } from "./verb.ts";

/** A watch without a timeout of its own ends after 30 to 60 minutes, at random, so that watchers do not come back all at once. */
const watchSecondsMin = 1_800;

export async function watch(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const negotiated = negotiateVerb(context);
  const options = readListOptions(context);
  const after = options.resourceVersion === "" ? 0 : parseResourceVersion(options.resourceVersion);
  if (negotiated.format === "yaml") throw watchNotAcceptable();
  if (isUnspeakable(context, negotiated)) return respond(context, negotiated, silence(context, options));
  const stream = await openStream({ ...context, options, negotiated, after });
  if (isWebSocket(request)) return acceptWebSocket(request, stream);
  return respond(context, negotiated, stream);
}

function respond(_context: VerbContext, { format }: Negotiated, body: AsyncIterable<Buffer>): ApiResponse {
  const type = format === "json" ? mediaTypes.json : `${mediaTypes[format]};stream=watch`;
  return { status: 200, headers: { ...uncached, "content-type": type }, body };
}

/** Of kinds without numbers protobuf knows the metadata alone, and of all kinds no list as an event. */
function isUnspeakable({ request, served }: VerbContext, { format, as }: Negotiated): boolean {
  if (format !== "protobuf") return false;
  const isKnown = as === undefined ? served.kind.protobuf !== undefined : as === "PartialObjectMetadata";
  return !isKnown || isWebSocket(request);
}

/** Such a watch opens and ends at its first event, which is how the reference refuses. */
async function* silence({ served, request }: VerbContext, { timeoutSeconds = 0 }: ListOptions): AsyncIterable<Buffer> {
  await new Promise<void>((resolve) => {
    const stop = served.cache.onChange(resolve);
    const cancel = timeoutSeconds === 0 ? () => {} : served.clock.after(timeoutSeconds * 1000, resolve);
    request.signal.addEventListener("abort", () => {
      stop();
      cancel();
      resolve();
    });
  });
}

interface Opening extends VerbContext {
  readonly options: ListOptions;
  readonly negotiated: Negotiated;
  /** The resourceVersion that the client has; 0 for none. */
  readonly after: number | bigint;
}

async function openStream(opening: Opening): Promise<WatchStream> {
  const { request, served, info, version, options, negotiated, after } = opening;
  const { cache } = served;
  const prefix = rangePrefix(served, info.namespace);
  const form = formOf({ request, served, version, negotiated });
  cache.requireReady();
  const timeoutMs = timeoutMsOf(options);
  const common = {
    cache,
    clock: served.clock,
    form,
    prefix,
    selector: EntrySelector.of(options),
    timeoutMs,
    signal: request.signal,
    wantsBookmarks: options.allowWatchBookmarks,
    endsAtOnce: negotiated.as === "PartialObjectMetadataList",
  };
  const startsWithObjects = options.sendInitialEvents ?? after === 0;
  if (!startsWithObjects) {
    if (after === 0) await cache.waitFresh(request.signal);
    const from = after === 0 ? cache.revision : Number(after);
    await cache.reachBack(from);
    return new WatchStream({ ...common, start: { from: "revision", revision: from } });
  }
  const error = await waitForStart(opening);
  const announcesEnd = options.sendInitialEvents === true && options.allowWatchBookmarks;
  return new WatchStream({
    ...common,
    start: error === undefined ? { from: "objects", announcesEnd } : { from: "error", error },
  });
}

/** Waits until the objects are as new as the watch wants them; a revision that does not come is told as an event. */
async function waitForStart({ served, request, options, after }: Opening): Promise<StatusError | undefined> {
  try {
    if (options.resourceVersion === "") await served.cache.waitFresh(request.signal);
    else if (after > 0) await served.cache.waitFor(after, request.signal);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

function timeoutMsOf({ timeoutSeconds }: ListOptions): number {
  if (timeoutSeconds === undefined || timeoutSeconds === 0)
    return (watchSecondsMin + randomInt(watchSecondsMin)) * 1000;
  return Math.max(0, timeoutSeconds * 1000);
}
