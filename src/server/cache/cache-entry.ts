// One object as the cache holds it: its bytes, and what was worked out from them.

import { type ApiObject, fromHub, type Kind } from "../../api/door.ts";
import type { KeyValue } from "../../storage/door.ts";
import type { Resource } from "../resource.ts";
import { decodeStored, encodeItem, itemOfStored } from "../stored-object.ts";
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
  readonly #resource: Resource;
  #value: Buffer;
  /** Whether `#value` is the item of the stored version by now, and no longer the stored bytes. */
  #isItem = false;
  readonly #isCanonical: boolean;
  #selectable: Selectable | undefined;

  /** `isCanonical`: the value was encoded here, so that nothing is missing in it. */
  constructor(
    resource: Resource,
    { key, value, revision }: KeyValue,
    { isCanonical = false }: { readonly isCanonical?: boolean } = {},
  ) {
    this.key = key;
    this.revision = revision;
    this.#resource = resource;
    this.#value = value;
    this.#isCanonical = isCanonical;
  }

  /** The same object as of another revision: how a delete shows what it deleted. */
  at(revision: number): CacheEntry {
    const value = Buffer.from(
      `${JSON.stringify(fromHub(this.#resource.kind, this.object(), this.#resource.kind.stored))}\n`,
    );
    return new CacheEntry(this.#resource, { key: this.key, value, revision });
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

  /** Labels and selectable fields, kept once they were asked for. */
  get selectable(): Selectable {
    this.#selectable ??= this.#readSelectable();
    return this.#selectable;
  }

  #storedItem(): Buffer {
    if (this.#isItem) return this.#value;
    const { kind } = this.#resource;
    // A value that another writer left without its version's defaults is read with them, as the reference reads it.
    this.#value =
      this.#isCanonical || kind.versions[kind.stored]?.default === undefined
        ? itemOfStored(kind, this.#value, this.revision)
        : this.#defaultedItem(kind);
    this.#isItem = true;
    return this.#value;
  }

  #defaultedItem(kind: Kind): Buffer {
    const item = itemOfStored(kind, this.#value, this.revision);
    const withDefaults = encodeItem(fromHub(kind, this.object(), kind.stored));
    // Equal but for the place of the resourceVersion: the same length means that nothing was added.
    return withDefaults.length === item.length ? item : withDefaults;
  }

  #readSelectable(): Selectable {
    const object = this.object();
    const { name = "", namespace = "", labels = none } = object.metadata;
    const fields: Record<string, string> = { "metadata.name": name };
    if (this.#resource.kind.scope === "Namespaced") fields["metadata.namespace"] = namespace;
    for (const [path, read] of Object.entries(this.#resource.selectableFields ?? noFields)) fields[path] = read(object);
    return { labels, fields };
  }
}
