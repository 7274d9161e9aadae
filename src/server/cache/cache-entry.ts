// One object as the cache holds it: its bytes, and what was worked out from them.

import { type ApiObject, fromHub, type Kind, type ObjectMeta } from "../../api/door.ts";
import type { KeyValue } from "../../storage/door.ts";
import type { Resource } from "../resource.ts";
import {
  decodeStored,
  encodeItem,
  itemOfStored,
  itemPieces,
  ownCopy,
  wasEncodedHere,
  withRevision,
} from "../stored-object.ts";
import type { Keyed } from "./tree.ts";

/** What selectors look at. */
export interface Selectable {
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

const none = {};
const noFields: Readonly<Record<string, (object: ApiObject) => string>> = {};

export class CacheEntry implements Keyed {
  readonly key: string;
  readonly revision: number;
  /** Of the value that it was made of. */
  readonly sizeBytes: number;
  readonly #resource: Resource;
  #value: Buffer;
  /** Whether `#value` is the item of the stored version by now, and no longer the stored bytes. */
  #isItem: boolean;
  /** Whether `#value` is a part of a leaf's joined bytes. */
  #isShared = false;
  readonly #isCanonical: boolean;
  #selectable: Selectable | undefined;

  /** `isCanonical`: the value was encoded here, so that nothing is missing in it; `isItem`: it is an item of a list already. */
  constructor(
    resource: Resource,
    { key, value, revision }: KeyValue,
    { isCanonical = false, isItem = false }: { readonly isCanonical?: boolean; readonly isItem?: boolean } = {},
  ) {
    this.key = key;
    this.revision = revision;
    this.sizeBytes = value.length;
    this.#resource = resource;
    this.#value = value;
    this.#isItem = isItem;
    this.#isCanonical = isCanonical || wasEncodedHere(value);
  }

  /** The same object as of another revision: how a delete shows what it deleted. */
  at(revision: number): CacheEntry {
    // Stored bytes say nothing of their revision.
    if (!this.#isItem)
      return new CacheEntry(
        this.#resource,
        { key: this.key, value: this.#value, revision },
        { isCanonical: this.#isCanonical },
      );
    const value = withRevision(this.#storedItem(), { from: this.revision, to: revision });
    if (value !== undefined)
      return new CacheEntry(this.#resource, { key: this.key, value, revision }, { isItem: true });
    const { kind } = this.#resource;
    const object = this.object();
    object.metadata.resourceVersion = String(revision);
    const item = encodeItem(fromHub(kind, object, kind.stored));
    return new CacheEntry(this.#resource, { key: this.key, value: item, revision }, { isItem: true });
  }

  /** Whether exactly these bytes lie in storage. */
  holds(value: Buffer): boolean {
    if (!this.#isItem) return value.equals(this.#value);
    return itemOfStored(this.#resource.kind, value, this.revision).equals(this.#value);
  }

  /** The object in the hub's shape, with its resourceVersion. Fresh: the caller may change it. */
  object(): ApiObject {
    return decodeStored(this.#resource.kind, this.#value, this.revision);
  }

  /** The bytes without kind and apiVersion, as an item of a list in `version`. */
  item(version: string): Buffer {
    const { kind } = this.#resource;
    if (version === kind.stored) return this.#storedItem();
    return encodeItem(fromHub(kind, this.object(), version));
  }

  /** The same bytes in one or two pieces, for whoever copies them anyway: nothing is made that the cache would keep. */
  pieces(version: string): readonly [Buffer, Buffer?] {
    const { kind } = this.#resource;
    const isReady = version === kind.stored && !this.#isItem && this.#hasDefaults(kind);
    return isReady ? itemPieces(kind, this.#value, this.revision) : [this.item(version)];
  }

  /** Takes the same item from a larger buffer in place of one of its own. */
  shareItem(item: Buffer): void {
    this.#value = item;
    this.#isItem = true;
    this.#isShared = true;
  }

  /** Copies what it has out of a larger buffer, which it would hold for as long as it is held itself. */
  detach(): void {
    if (this.#isShared) this.#value = ownCopy([this.#value]);
    this.#isShared = false;
  }

  /** Labels and selectable fields, kept once they were asked for. */
  get selectable(): Selectable {
    this.#selectable ??= this.#readSelectable();
    return this.#selectable;
  }

  #storedItem(): Buffer {
    if (this.#isItem) return this.#value;
    const { kind } = this.#resource;
    // A value that another writer left without its version's defaults is read with them, as the reference reads it.
    this.#value = this.#hasDefaults(kind) ? itemOfStored(kind, this.#value, this.revision) : this.#defaultedItem(kind);
    this.#isItem = true;
    return this.#value;
  }

  #hasDefaults(kind: Kind): boolean {
    return this.#isCanonical || kind.versions[kind.stored]?.default === undefined;
  }

  #defaultedItem(kind: Kind): Buffer {
    const item = itemOfStored(kind, this.#value, this.revision);
    const withDefaults = encodeItem(fromHub(kind, this.object(), kind.stored));
    // Equal but for the place of the resourceVersion: the same length means that nothing was added.
    return withDefaults.length === item.length ? item : withDefaults;
  }

  #readSelectable(): Selectable {
    const { selectableFields = noFields, kind } = this.#resource;
    const fieldNames = Object.keys(selectableFields);
    const object = fieldNames.length > 0 ? this.object() : undefined;
    const { name = "", namespace = "", labels = none } = object?.metadata ?? this.#metadata();
    const fields: Record<string, string> = { "metadata.name": name };
    if (kind.scope === "Namespaced") fields["metadata.namespace"] = namespace;
    if (object !== undefined) for (const [path, read] of Object.entries(selectableFields)) fields[path] = read(object);
    return { labels, fields };
  }

  /** Metadata is the same in every version: no need to convert the rest. */
  #metadata(): Pick<ObjectMeta, "name" | "namespace" | "labels"> {
    return readMetadata(this.#value) ?? this.object().metadata;
  }
}

/** What selectors need of the metadata; undefined where it is not as we and the reference write it. */
function readMetadata(value: Buffer): Pick<ObjectMeta, "name" | "namespace" | "labels"> | undefined {
  const { metadata } = parseUpToManagedFields(value);
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const { name, namespace, labels }: { name?: unknown; namespace?: unknown; labels?: unknown } = metadata;
  if (typeof name !== "string") return undefined;
  const read: Pick<ObjectMeta, "name" | "namespace" | "labels"> = { name };
  if (typeof namespace === "string") read.namespace = namespace;
  if (labels === undefined) return read;
  return isLabels(labels) ? { ...read, labels } : undefined;
}

const managedFields = Buffer.from(',"managedFields":[');
const labelsField = Buffer.from('"labels":');

/** Managed fields are most of an object: what comes before them is read alone where no labels follow, as we and the reference write it. */
function parseUpToManagedFields(value: Buffer): { readonly metadata?: unknown } {
  const end = value.indexOf(managedFields);
  if (end >= 0 && value.indexOf(labelsField, end) < 0)
    try {
      return JSON.parse(`${value.toString("utf8", 0, end)}}}`);
    } catch {
      // They are a field of something else.
    }
  return JSON.parse(value.toString("utf8"));
}

function isLabels(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" && value !== null && Object.values(value).every((label) => typeof label === "string")
  );
}
