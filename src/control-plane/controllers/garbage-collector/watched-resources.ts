// The metadata of every object that can be watched and deleted, followed by one informer per resource; resources come and go as discovery says.

import { formatApiVersion, type ObjectMeta } from "../../../api/door.ts";
import type { Clock } from "../../../base/clock.ts";
import { type Change, type Client, Informer } from "../../../client/door.ts";
import { type Discovered, discoverResources, type ServedKind } from "../discover-resources.ts";

export type MetadataObject = { metadata: ObjectMeta };

interface WatchedResourcesOptions {
  /** Reads metadata alone; see metadata-only.ts. */
  readonly client: Client;
  readonly clock: Clock;
  /** Hears of every object once when its resource has been read, and of every change from then on. */
  readonly onChange: (kind: ServedKind, change: Change<MetadataObject>) => void;
}

interface Watched {
  readonly kind: ServedKind;
  readonly informer: Informer<MetadataObject>;
}

/** Events have no owners worth the memory of watching them, as the reference has it. */
const ignored = new Set(["/events", "events.k8s.io/events"]);

export class WatchedResources implements AsyncDisposable {
  readonly #options: WatchedResourcesOptions;
  readonly #watched = new Map<string, Watched>();
  #discovered: Discovered = { preferred: [], all: [], stale: [] };

  constructor(options: WatchedResourcesOptions) {
    this.#options = options;
  }

  /** Reads discovery anew, and begins and ends to follow resources accordingly. */
  async refresh(signal: AbortSignal): Promise<void> {
    const discovered = await discoverResources(this.#options.client, signal);
    this.#discovered = discovered;
    const wanted = new Map(
      discovered.preferred
        .filter(
          (kind) => !ignored.has(keyOf(kind)) && ["list", "watch", "delete"].every((verb) => kind.verbs.includes(verb)),
        )
        .map((kind) => [keyOf(kind), kind]),
    );
    for (const [key, { kind, informer }] of this.#watched) {
      const now = wanted.get(key);
      // A server that is away for a while takes nothing of what is known of its objects with it.
      if ((now === undefined && this.#isStale(kind.group)) || now?.version === kind.version) continue;
      this.#watched.delete(key);
      await informer[Symbol.asyncDispose]();
    }
    for (const [key, kind] of wanted) if (!this.#watched.has(key)) this.#follow(key, kind);
  }

  /** Whether all objects that can be read have been; servers that do not answer are not waited for. */
  get isSynced(): boolean {
    for (const { kind, informer } of this.#watched.values())
      if (!informer.isSynced && !this.#isStale(kind.group)) return false;
    return true;
  }

  /** Where objects of a kind are; undefined for a kind that nobody serves. */
  kindOf(apiVersion: string, kind: string): ServedKind | undefined {
    return this.#discovered.all.find((found) => found.kind === kind && formatApiVersion(found) === apiVersion);
  }

  /** The object as last seen; undefined where it was not. */
  get(kind: ServedKind, namespace: string, name: string): MetadataObject | undefined {
    return this.#watched.get(keyOf(kind))?.informer.get(name, namespace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.all(all.map(({ informer }) => informer[Symbol.asyncDispose]()));
  }

  #isStale(group: string): boolean {
    return this.#discovered.stale.some((version) => version.group === group);
  }

  #follow(key: string, kind: ServedKind): void {
    const { client, clock, onChange } = this.#options;
    const informer = new Informer<MetadataObject>({ client: client.resource(kind), clock });
    this.#watched.set(key, { kind, informer });
    informer.onChange((change) => onChange(kind, change));
    informer.start();
  }
}

function keyOf({ group, resource }: ServedKind): string {
  return `${group}/${resource}`;
}
