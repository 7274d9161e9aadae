// GET with ?watch, and the deprecated /watch/ paths: changes as they happen.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import { randomInt } from "node:crypto";
import {
  mediaTypes,
  type Negotiated,
  negotiate,
  StatusError,
  verbNotAcceptable,
  watchNotAcceptable,
} from "../../api/door.ts";
import { EntrySelector } from "../cache/entry-selector.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import { uncached } from "../render/document.ts";
import { formOf } from "../render/form.ts";
import { offersProtobuf } from "../render/negotiate-verb.ts";
import { WatchStream } from "../watch-stream.ts";
import { acceptWebSocket, isWebSocket } from "../websocket.ts";
import { rangePrefix } from "./list.ts";
import { type ListOptions, parseResourceVersion, readListOptions } from "./list-options.ts";
import type { VerbContext } from "./verb.ts";

/** A watch without a timeout of its own ends after 30 to 60 minutes, at random, so that watchers do not come back all at once. */
const watchSecondsMin = 1_800;

export async function watch(context: VerbContext): Promise<ApiResponse> {
  const { request } = context;
  const negotiated = negotiateWatch(context);
  const options = readListOptions(context);
  if (isUnspeakable(request, negotiated)) return respond(context, negotiated, silence(context, options));
  const stream = await openStream(context, options, negotiated);
  if (isWebSocket(request)) return acceptWebSocket(request, stream);
  return respond(context, negotiated, stream);
}

function respond(_context: VerbContext, { format }: Negotiated, body: AsyncIterable<Buffer>): ApiResponse {
  const type = format === "json" ? mediaTypes.json : `${mediaTypes[format]};stream=watch`;
  return { status: 200, headers: { ...uncached, "content-type": type }, body };
}

/** Throws 406: watches are JSON, or protobuf for kinds that have it. */
function negotiateWatch({ request, served }: VerbContext): Negotiated {
  const negotiated = negotiate(header(request.headers, "accept"), { protobuf: offersProtobuf(served) });
  if (negotiated === undefined) throw verbNotAcceptable();
  if (negotiated.format === "yaml") throw watchNotAcceptable();
  return negotiated;
}

/** Of kinds that are declared here protobuf knows the metadata alone. */
function isUnspeakable(request: ApiRequest, { format, as }: Negotiated): boolean {
  return format === "protobuf" && (as !== "PartialObjectMetadata" || isWebSocket(request));
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

async function openStream(context: VerbContext, options: ListOptions, negotiated: Negotiated): Promise<WatchStream> {
  const { request, served, info, version } = context;
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
  const isFromStart = options.resourceVersion === "" || options.resourceVersion === "0";
  const startsWithObjects = options.sendInitialEvents ?? isFromStart;
  if (!startsWithObjects) {
    if (isFromStart) await cache.waitFresh(request.signal);
    const from = isFromStart ? cache.revision : parseResourceVersion(options.resourceVersion);
    await cache.reachBack(from);
    return new WatchStream({ ...common, start: { from: "revision", revision: from } });
  }
  const error = await waitForStart(context, options);
  const announcesEnd = options.sendInitialEvents === true && options.allowWatchBookmarks;
  return new WatchStream({
    ...common,
    start: error === undefined ? { from: "objects", announcesEnd } : { from: "error", error },
  });
}

/** Waits until the objects are as new as the watch wants them; a revision that does not come is told as an event. */
async function waitForStart(
  { served, request }: VerbContext,
  { resourceVersion }: ListOptions,
): Promise<StatusError | undefined> {
  const revision = resourceVersion === "" ? 0 : parseResourceVersion(resourceVersion);
  try {
    if (resourceVersion === "") await served.cache.waitFresh(request.signal);
    else if (revision > 0) await served.cache.waitFor(revision, request.signal);
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
