// The forms an object may be shown in: whole, as a row of a table, as metadata alone. Each turns an entry into the bytes of one item.

import { encodeProtobufMetadata, formatApiVersion, type Kind, type Negotiated, parseJson } from "../../api/door.ts";
import type { CacheEntry } from "../cache/cache-entry.ts";
import type { ApiRequest } from "../exchange.ts";
import type { ServedResource } from "../served-resource.ts";
import { typeMetaOf } from "../stored-object.ts";
import { jsonFraming, protobufFraming, type WatchFraming } from "../watch-framing.ts";
import { columnDefinitions, columnsOf, encodeRow, includeObjectOf, partialMetadata } from "./table.ts";
import { messageOf, wholeProtobuf } from "./whole-protobuf.ts";

export interface Form {
  /** The same for all requests that get the same bytes. */
  readonly key: string;
  /** Whether the bytes hold for as long as the object does, and not only for this second. */
  readonly isLasting: boolean;
  /** Whether an item is just what the cache holds. */
  readonly isStored: boolean;
  /** One item of a list. */
  item(entry: CacheEntry): Buffer;
  /** The object alone, as get and watch show it, in pieces to be joined. `isFirst` for the first one that a watcher gets. */
  single(entry: CacheEntry, isFirst: boolean): readonly Buffer[];
  /** How a watch tells events of such objects. */
  readonly framing: WatchFraming;
  /** What stands before and after the items of a list. */
  readonly list: {
    readonly kind: string;
    readonly apiVersion: string;
    readonly itemsField: string;
    readonly extra: string;
    readonly whenEmpty: string;
  };
}

interface FormOptions {
  readonly request: ApiRequest;
  readonly served: ServedResource;
  readonly version: string;
  readonly negotiated: Negotiated;
}

/** The form that the client asked for. */
export function formOf({ request, served, version, negotiated }: FormOptions): Form {
  if (negotiated.as === undefined && negotiated.format !== "protobuf") return objectForm(served.kind, version);
  if (negotiated.as === undefined) return protobufObjectForm(served, version);
  const typeMeta = typeMetaOf(served.kind, version);
  if (negotiated.as === "Table") return tableForm({ request, served, version, negotiated }, typeMeta);
  return negotiated.format === "protobuf"
    ? protobufMetadataForm(negotiated.asVersion)
    : metadataForm(negotiated.asVersion);
}

const objectForms = new WeakMap<Kind, Map<string, Form>>();

/** Made once: most requests want it. */
function objectForm(kind: Kind, version: string): Form {
  const forms = objectForms.get(kind) ?? new Map<string, Form>();
  objectForms.set(kind, forms);
  const form = forms.get(version) ?? makeObjectForm(kind, version);
  forms.set(version, form);
  return form;
}

function makeObjectForm(kind: Kind, version: string): Form {
  const head = Buffer.from(typeMetaOf(kind, version));
  return {
    key: version,
    isLasting: true,
    isStored: version === kind.stored,
    item: (entry) => entry.item(version),
    single(entry) {
      const [first, rest] = entry.pieces(version);
      return rest === undefined ? [head, first.subarray(1)] : [head, first.subarray(1), rest];
    },
    framing: jsonFraming,
    list: {
      kind: `${kind.kind}List`,
      apiVersion: formatApiVersion({ group: kind.group, version }),
      itemsField: "items",
      extra: "",
      whenEmpty: "[]",
    },
  };
}

/** For clients that read nothing but protobuf, of kinds that have numbers. */
function protobufObjectForm({ kind }: ServedResource, version: string): Form {
  const form = objectForm(kind, version);
  const shown = (entry: CacheEntry) => Object(parseJson(entry.item(version)));
  return {
    ...form,
    key: `${form.key} protobuf`,
    isStored: false,
    item: (entry) => Buffer.from(messageOf(kind, version, shown(entry))),
    single: (entry) => [wholeProtobuf(kind, version, shown(entry))],
    framing: protobufFraming,
  };
}

function tableForm({ request, served, version, negotiated }: FormOptions, typeMeta: string): Form {
  const { resource } = served;
  const include = includeObjectOf(request.query);
  const tableVersion = negotiated.asVersion;
  const form = { resource, include, tableVersion, version, typeMeta, now: new Date(served.clock.nowMs()) };
  const apiVersion = `meta.k8s.io/${tableVersion}`;
  const definitions = JSON.stringify(columnDefinitions(resource));
  return {
    key: `Table ${tableVersion} ${include} ${include === "Object" ? version : ""}`,
    isLasting: !columnsOf(resource).some((column) => column.changesWithTime === true),
    isStored: false,
    item: (entry) => encodeRow(entry, form),
    single: (entry, isFirst) => [
      Buffer.from(
        `{"kind":"Table","apiVersion":"${apiVersion}","metadata":{"resourceVersion":"${entry.revision}"},"columnDefinitions":${isFirst ? definitions : "null"},"rows":[${encodeRow(entry, form)}]}`,
      ),
    ],
    framing: jsonFraming,
    list: {
      kind: "Table",
      apiVersion,
      itemsField: "rows",
      extra: `"columnDefinitions":${definitions},`,
      whenEmpty: "null",
    },
  };
}

function metadataForm(asVersion: string): Form {
  const encode = (entry: CacheEntry) => Buffer.from(partialMetadata(entry.object(), asVersion));
  return {
    key: `PartialObjectMetadata ${asVersion}`,
    isLasting: true,
    isStored: false,
    item: encode,
    single: (entry) => [encode(entry)],
    framing: jsonFraming,
    list: {
      kind: "PartialObjectMetadataList",
      apiVersion: `meta.k8s.io/${asVersion}`,
      itemsField: "items",
      extra: "",
      whenEmpty: "null",
    },
  };
}

/** Metadata is the one form that every kind has in protobuf. */
function protobufMetadataForm(asVersion: string): Form {
  const form = metadataForm(asVersion);
  const encode = (entry: CacheEntry) => encodeProtobufMetadata(form.list.apiVersion, entry.object().metadata);
  return {
    ...form,
    key: `${form.key} protobuf`,
    item: encode,
    single: (entry) => [encode(entry)],
    framing: protobufFraming,
  };
}
