// GET on a collection.

import {
  encodeProtobufList,
  encodeProtobufMetadataList,
  type FieldSelector,
  type ListMeta,
  type Negotiated,
  namespaceFaults,
  type ObjectMeta,
  parseJson,
  pathSegmentFaults,
  requiredValue,
  StatusError,
} from "../../api/door.ts";
import { prefixEnd, StorageError } from "../../storage/door.ts";
import type { CacheEntry } from "../cache/cache-entry.ts";
import { EntrySelector } from "../cache/entry-selector.ts";
import { readRange } from "../cache/read-range.ts";
import type { Snapshot } from "../cache/snapshot.ts";
import type { Tree } from "../cache/tree.ts";
import type { ApiResponse } from "../exchange.ts";
import { statusOfStorageError } from "../registry.ts";
import { encodeValue, respondWithBytes, wantsPretty } from "../render/document.ts";
import { type Form, formOf } from "../render/form.ts";
import { bytesOf, type Piece } from "../render/kept-bytes.ts";
import { leafBytes } from "../render/leaf-bytes.ts";
import { negotiateVerb } from "../render/negotiate-verb.ts";
import { noProtobuf } from "../render/respond-object.ts";
import type { ServedResource } from "../served-resource.ts";
import { type ContinueToken, decodeContinue, encodeContinue } from "./continue-token.ts";
import { type ListOptions, parseResourceVersion, readListOptions } from "./list-options.ts";
import type { VerbContext } from "./verb.ts";

export async function list(context: VerbContext): Promise<ApiResponse> {
  const negotiated = negotiateVerb(context);
  const options = readListOptions(context);
  return respondWithList({ ...context, negotiated }, await selectList(context, options));
}

/** What a list found: a range of one moment's tree, and which of it counts. */
export interface Selection {
  readonly snapshot: Snapshot;
  readonly start: string;
  readonly end: string;
  /** Undefined where everything counts. */
  readonly selector: EntrySelector | undefined;
  readonly meta: ListMeta;
  entries(): Iterable<CacheEntry>;
}

/** Finds what the options ask for. */
export async function selectList(context: VerbContext, options: ListOptions): Promise<Selection> {
  const { served, info } = context;
  const prefix = rangePrefix(served, info.namespace);
  const token = options.continueToken === "" ? undefined : decodeContinue(options.continueToken);
  const keys = keysOf(served, options, info.namespace);
  const snapshot = await snapshotFor(context, options, { prefix, token, isSingle: keys.isSingle });
  const selector = EntrySelector.of(options);
  const isLimited = options.limit > 0 && options.resourceVersion !== "0" && !keys.isSingle;
  const start = token === undefined ? keys.start : `${prefix}${token.start}`;
  const { end } = keys;
  const revision = String(snapshot.revision);
  const whole = (from: string, to: string, meta: ListMeta): Selection => ({
    snapshot,
    start: from,
    end: to,
    selector,
    meta,
    entries: () => selected(snapshot.tree, { start: from, end: to, selector }),
  });
  if (!isLimited) return whole(start, end, { resourceVersion: revision });
  const last = lastOfPage(snapshot.tree, { start, end, selector, limit: options.limit });
  if (last === undefined) return whole(start, end, { resourceVersion: revision });
  const next = `${last}\0`;
  served.cache.keptRoots.keep(prefix, snapshot);
  const remaining = selector === undefined ? { remainingItemCount: snapshot.tree.count(next, end) } : {};
  return whole(start, next, {
    resourceVersion: revision,
    continue: encodeContinue({ revision: snapshot.revision, start: next.slice(prefix.length) }),
    ...remaining,
  });
}

interface Keys {
  readonly start: string;
  readonly end: string;
  /** A list of one name is a read of that object, which knows neither pages nor what follows. */
  readonly isSingle: boolean;
}

/** The keys to look at: those of the namespace and of the name that the field selector leaves. */
function keysOf(served: ServedResource, { fields, continueToken }: ListOptions, requestNamespace: string): Keys {
  const namespace = requestNamespace !== "" ? requestNamespace : selectedNamespace(served, fields);
  const prefix = rangePrefix(served, namespace);
  const name = requiredValue(fields, "metadata.name") ?? "";
  const isSingle =
    name !== "" &&
    continueToken === "" &&
    (namespace !== "" || !served.isNamespaced) &&
    pathSegmentFaults(name).length === 0;
  return isSingle
    ? { start: `${prefix}${name}`, end: `${prefix}${name}\0`, isSingle }
    : { start: prefix, end: prefixEnd(prefix), isSingle };
}

function selectedNamespace({ isNamespaced }: ServedResource, fields: FieldSelector): string {
  const namespace = isNamespaced ? (requiredValue(fields, "metadata.namespace") ?? "") : "";
  return namespaceFaults(namespace).length === 0 ? namespace : "";
}

/** What all keys of a list begin with. Throws 400 for a namespace that would climb out of it. */
export function rangePrefix({ keyPrefix, isNamespaced }: ServedResource, namespace: string): string {
  if (!isNamespaced || namespace === "") return keyPrefix;
  if (namespace === "." || namespace === "..") throw StatusError.badRequest(`invalid key: ${keyPrefix}${namespace}`);
  return `${keyPrefix}${namespace}/`;
}

interface Range {
  readonly start: string;
  readonly end: string;
  readonly selector: EntrySelector | undefined;
}

function* selected(tree: Tree<CacheEntry>, { start, end, selector }: Range): Iterable<CacheEntry> {
  if (selector === undefined) yield* tree.entries(start, end);
  else for (const slice of tree.slices(start, end)) yield* selector.select(slice);
}

/** The key of the last entry of a page that something follows, whether or not it matches; undefined where the page holds the rest. */
function lastOfPage(
  tree: Tree<CacheEntry>,
  { start, end, selector, limit }: Range & { readonly limit: number },
): string | undefined {
  const isFollowed = (rank: number) => rank + 1 < tree.rank(end);
  if (selector === undefined) {
    const rank = tree.rank(start) + limit - 1;
    return isFollowed(rank) ? tree.at(rank)?.key : undefined;
  }
  let found = 0;
  for (const { key } of selected(tree, { start, end, selector }))
    if (++found === limit) return isFollowed(tree.rank(key)) ? key : undefined;
  return undefined;
}

/** The moment that the options ask for. */
async function snapshotFor(
  context: VerbContext,
  options: ListOptions,
  {
    prefix,
    token,
    isSingle,
  }: { readonly prefix: string; readonly token: ContinueToken | undefined; readonly isSingle: boolean },
): Promise<Snapshot> {
  const { served, request } = context;
  const { cache } = served;
  const { resourceVersion, resourceVersionMatch: match } = options;
  if (token !== undefined) {
    if (resourceVersion !== "" && resourceVersion !== "0")
      throw StatusError.badRequest("specifying resource version is not allowed when using continue");
    if (token.revision > 0)
      return snapshotAt(context, token.revision, { prefix, isContinued: true, token: options.continueToken });
    return cache.freshSnapshot({ start: prefix, end: prefixEnd(prefix) }, request.signal);
  }
  if (resourceVersion === "") return cache.freshSnapshot({ start: prefix, end: prefixEnd(prefix) }, request.signal);
  const revision = parseResourceVersion(resourceVersion, "invalid resource version: ");
  const isExact = match === "Exact" || (match === "" && options.limit > 0 && revision > 0 && !isSingle);
  // `00` is no way around what is forbidden for 0, but the newest version all the same.
  if (isExact && revision > 0) return snapshotAt(context, revision, { prefix, isContinued: false, token: "" });
  cache.requireReady();
  if (revision > 0) await cache.waitFor(revision, request.signal);
  return cache.snapshot;
}

interface ExactRead {
  readonly prefix: string;
  readonly isContinued: boolean;
  readonly token: string;
}

/** The objects as they were at exactly this revision: from the cache where it still knows, else from storage's history. */
async function snapshotAt(
  { served, request }: VerbContext,
  wanted: number | bigint,
  { prefix, isContinued, token }: ExactRead,
): Promise<Snapshot> {
  const { cache } = served;
  await cache.waitFor(wanted, request.signal);
  const revision = Number(wanted);
  if (revision === cache.revision) return cache.snapshot;
  const kept = cache.keptRoots.get(prefix, revision);
  if (kept !== undefined) return kept;
  try {
    const range = { start: prefix, end: prefixEnd(prefix), revision, signal: request.signal };
    const { entries } = await readRange(cache.storage, range);
    return { tree: cache.treeOf(entries), revision, isWhole: false };
  } catch (error) {
    if (isContinued && error instanceof StorageError && error.code === "REVISION_COMPACTED") throw expiredToken(token);
    throw statusOfStorageError(error, { operation: "list", of: served.groupResource });
  }
}

/** 410 with a token that goes on at the same place, with what is there now. */
function expiredToken(token: string): StatusError {
  const message =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
  return new StatusError("Expired", message, {
    metadata: { continue: encodeContinue({ ...decodeContinue(token), revision: -1 }) },
  });
}

export type ListAnswer = VerbContext & { readonly negotiated: Negotiated };

const comma = Buffer.from(",");

/** Answers with what was found. */
export async function respondWithList(answer: ListAnswer, selection: Selection): Promise<ApiResponse> {
  const { request, negotiated } = answer;
  requireListForm(answer);
  const form = formOf(answer);
  if (negotiated.format === "protobuf") return respondWithProtobuf(answer, form, selection);
  const { kind, apiVersion, itemsField, extra, whenEmpty } = form.list;
  const head = `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(selection.meta)},${extra}"${itemsField}":`;
  const items = itemChunks(selection, form);
  const chunks =
    items.length === 0
      ? [Buffer.from(`${head}${whenEmpty}}\n`)]
      : [Buffer.from(`${head}[`), ...items, Buffer.from("]}\n")];
  if (negotiated.format === "json" && !wantsPretty(request, negotiated))
    return respondWithBytes(request, { status: 200, format: "json", chunks });
  return respondWithBytes(request, {
    status: 200,
    format: negotiated.format,
    chunks: [encodeValue(request, negotiated, parseJson(Buffer.concat(chunks.map(bytesOf))))],
  });
}

/** The items with commas between them: whole leaves as they lie ready, parts of leaves joined for this answer. */
function itemChunks({ snapshot, start, end, selector }: Selection, form: Form): Piece[] {
  const chunks: Piece[] = [];
  for (const slice of snapshot.tree.slices(start, end)) {
    const { leaf, from, to } = slice;
    const isWhole = selector === undefined && form.isLasting && from === 0 && to === leaf.size;
    const kept = isWhole ? leafBytes(leaf, form) : undefined;
    if (kept !== undefined) {
      chunks.push(kept, comma);
      continue;
    }
    const entries = selector?.select(slice) ?? leaf.entries.slice(from, to);
    for (const entry of entries) chunks.push(form.item(entry), comma);
  }
  chunks.pop();
  return chunks;
}

/** Throws 406 for a form that lists do not have. */
function requireListForm({ served, negotiated }: ListAnswer): void {
  if (negotiated.as !== "PartialObjectMetadata") return;
  throw new StatusError(
    "NotAcceptable",
    `you requested PartialObjectMetadata, but the requested object is a list (${goTypeOf(served)})`,
  );
}

function goTypeOf({ kind }: ServedResource): string {
  return `*${kind.group.split(".")[0] || "core"}.${kind.kind}List`;
}

function* metadataOf(selection: Selection): Iterable<ObjectMeta> {
  for (const entry of selection.entries()) yield entry.object().metadata;
}

/** Of kinds without numbers only a list of nothing can be said, and their metadata. */
function respondWithProtobuf(
  { request, served, version, negotiated }: ListAnswer,
  form: Form,
  selection: Selection,
): Promise<ApiResponse> {
  const { kind, apiVersion } = form.list;
  if (negotiated.as === "PartialObjectMetadataList") {
    const body = encodeProtobufMetadataList(apiVersion, selection.meta, metadataOf(selection));
    return respondWithBytes(request, { status: 200, format: "protobuf", chunks: [body] });
  }
  const entries = [...selection.entries()];
  if (entries.length > 0 && served.kind.protobuf === undefined) throw noProtobuf(version, kind);
  const items = entries.map((entry) => form.item(entry));
  const body = encodeProtobufList({ apiVersion, kind, metadata: selection.meta }, items);
  return respondWithBytes(request, { status: 200, format: "protobuf", chunks: [body] });
}
