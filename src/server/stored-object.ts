// The form in which objects lie in storage: canonical JSON in the stored version, without resourceVersion, as the reference writes it.

import {
  type ApiObject,
  decodeVersioned,
  formatApiVersion,
  fromHub,
  type Kind,
  objectSchema,
  parseApiVersion,
  parseJson,
  toHub,
  withZeroFields,
} from "../api/door.ts";
import { isRecord } from "../base/record.ts";

/** The bytes of an object, given in the hub's shape. */
export function encodeStored(kind: Kind, object: ApiObject): Buffer {
  const stored =
    kind.hub === kind.stored ? objectSchema(kind, kind.stored).decode(object) : fromHub(kind, object, kind.stored);
  delete stored.metadata.resourceVersion;
  delete stored.metadata.selfLink;
  const value = ownBuffer(`${escapeMarkup(JSON.stringify(stored))}\n`);
  encodedHere.add(value);
  return value;
}

/** In memory of its own: what Node cuts out of its shared slabs of 64 KiB would hold a whole slab for as long as the cache holds it. */
function ownBuffer(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** Go's encoder escapes what HTML would read; the same bytes let either server see that a write of the other's object changes nothing. */
function escapeMarkup(json: string): string {
  if (!markup.test(json)) return json;
  return json.replace(everyMarkup, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const markup = /[<>&\u2028\u2029]/;
const everyMarkup = new RegExp(markup, "g");

/** An engine in this process hands a writer's own buffer to its watchers: what is known about it stays known. */
const encodedHere = new WeakSet<Buffer>();

/** Whether the value came out of `encodeStored`, so that no default is missing in it. */
export function wasEncodedHere(value: Buffer): boolean {
  return encodedHere.has(value);
}

/** The object in the hub's shape, with the revision as its resourceVersion. Fresh: the caller may change it. */
export function decodeStored(kind: Kind, value: Buffer, revision: number): ApiObject {
  const json = parseJson(value);
  const version = versionOf(kind, json);
  // What was stored before a field was required, and a bookmark, which has none, are read as Go would read them.
  const object = withZeroFields(kind, version, decodeVersioned(kind, version, json));
  object.apiVersion = formatApiVersion({ group: kind.group, version });
  object.kind = kind.kind;
  object.metadata.resourceVersion = String(revision);
  return kind.hub === version ? object : toHub(kind, object, version);
}

/** The version that a stored value is in: of a server that stored another one, if it says so; the items of lists say nothing. */
function versionOf(kind: Kind, json: unknown): string {
  const apiVersion = isRecord(json) ? json.apiVersion : undefined;
  const said = typeof apiVersion === "string" ? parseApiVersion(apiVersion) : undefined;
  const isKnown = said?.group === kind.group && Object.hasOwn(kind.versions, said.version);
  return isKnown ? said.version : kind.stored;
}

/** What every stored value of a kind begins with, up to the first field of its metadata. */
function storedPrefix(kind: Kind): string {
  return `${typeMetaOf(kind, kind.stored)}"metadata":{`;
}

/** `{"kind":"Flunder","apiVersion":"wardle.example.com/v1alpha1",` */
export function typeMetaOf(kind: Kind, version: string): string {
  return `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(formatApiVersion({ group: kind.group, version }))},`;
}

/**
 * The object as an item of a list in the stored version: without kind and apiVersion, with its resourceVersion.
 * Copies bytes where the value has the form that we and the reference write, and goes by way of the object otherwise.
 */
export function itemOfStored(kind: Kind, value: Buffer, revision: number): Buffer {
  const [head, rest] = itemPieces(kind, value, revision);
  return rest === undefined ? head : ownCopy([head, rest]);
}

/** The same item in one or two pieces, of which the second is a part of the value. */
export function itemPieces(kind: Kind, value: Buffer, revision: number): readonly [Buffer, Buffer?] {
  const prefix = prefixBytes(kind);
  const hasOurForm =
    value.length > prefix.length + 2 &&
    value.at(-1) === newline &&
    value[prefix.length] === quote &&
    value.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
  if (!hasOurForm) return [itemOf(kind, decodeStored(kind, value, revision))];
  return [itemHead(revision), value.subarray(prefix.length, value.length - 1)];
}

function itemHead(revision: number): Buffer {
  return Buffer.from(`{"metadata":{"resourceVersion":"${revision}",`, "latin1");
}

/** An item with another resourceVersion; undefined for one that does not begin with it, as ours do. */
export function withRevision(
  item: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): Buffer | undefined {
  const head = itemHead(from);
  if (!item.subarray(0, head.length).equals(head)) return undefined;
  return ownCopy([itemHead(to), item.subarray(head.length)]);
}

/** The pieces in memory of their own. */
export function ownCopy(pieces: readonly Buffer[]): Buffer {
  const copy = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) at += piece.copy(copy, at);
  return copy;
}

const newline = 0x0a;
const quote = 0x22;
const prefixes = new WeakMap<Kind, Buffer>();

function prefixBytes(kind: Kind): Buffer {
  const known = prefixes.get(kind);
  if (known !== undefined) return known;
  const prefix = Buffer.from(storedPrefix(kind));
  prefixes.set(kind, prefix);
  return prefix;
}

function itemOf(kind: Kind, hub: ApiObject): Buffer {
  return encodeItem(fromHub(kind, hub, kind.stored));
}

/** An object of any version as an item of a list, in the same escapes as what is stored. */
export function encodeItem({ kind: _kind, apiVersion: _apiVersion, ...rest }: ApiObject): Buffer {
  return ownBuffer(escapeMarkup(JSON.stringify(rest)));
}
