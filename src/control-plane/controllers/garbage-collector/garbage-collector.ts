// Deletes what belongs to nobody any more, and carries out the two patient ways of deleting: dependents first, and dependents left behind.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/

import { formatApiVersion, StatusError } from "../../../api/door.ts";
import type { Clock } from "../../../base/clock.ts";
import { type Change, type Client, WorkQueue } from "../../../client/door.ts";
import type { Logger } from "../../../server/door.ts";
import type { ServedKind } from "../discover-resources.ts";
import { recordEvent } from "../record-event.ts";
import { type Dependent, type OwnerReference, OwnershipGraph } from "./ownership-graph.ts";
import { type MetadataObject, WatchedResources } from "./watched-resources.ts";

interface GarbageCollectorOptions {
  /** Reads metadata alone; see metadata-only.ts. */
  readonly client: Client;
  /** Calls `listener` when extension servers come, go or change. */
  readonly onApisChange: (listener: () => void) => () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Finds an object; the UID says which one of those that had the name. */
interface Identity {
  readonly kind: ServedKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The start of a control plane goes first. */
const startDelayMs = 500;
/** Discovery is read anew so often, from memory: what an extension server has come to serve is collected soon after. */
const refreshEveryMs = 5_000;
const refreshSoonMs = 200;
/** An object whose owner cannot be looked up is tried again, ever later, up to this. */
const retryMaxMs = 30_000;
const workers = 4;
const discovery = "discovery";

const orphan = "orphan";
const foreground = "foregroundDeletion";

export class GarbageCollector implements AsyncDisposable {
  readonly #options: GarbageCollectorOptions;
  readonly #stop = new AbortController();
  readonly #graph = new OwnershipGraph<Identity>();
  readonly #queue: WorkQueue;
  readonly #identities = new Map<string, Identity>();
  readonly #resources: WatchedResources;
  readonly #discovery: WorkQueue;
  #stopListening: () => void = () => {};

  constructor(options: GarbageCollectorOptions) {
    this.#options = options;
    const { client, clock, logger } = options;
    this.#resources = new WatchedResources({ client, clock, onChange: (kind, change) => this.#see(kind, change) });
    this.#queue = new WorkQueue({
      work: (uid) => this.#work(uid),
      workers,
      clock,
      delayMaxMs: retryMaxMs,
      onError: (uid, error) => logger.info({ error, uid }, "an object could not be collected yet"),
    });
    this.#discovery = new WorkQueue({
      work: async (key, signal) => {
        try {
          await this.#resources.refresh(signal);
        } finally {
          this.#discovery.addAfter(key, refreshEveryMs);
        }
      },
      clock,
      onError: (_key, error) => logger.warn({ error }, "the garbage collector could not read discovery"),
    });
  }

  start(): void {
    const { clock, onApisChange } = this.#options;
    let cancel = clock.after(startDelayMs, () => {
      this.#discovery.add(discovery);
      const stop = onApisChange(() => {
        cancel();
        cancel = clock.after(refreshSoonMs, () => this.#discovery.add(discovery));
      });
      this.#stopListening = () => {
        stop();
        cancel();
      };
    });
    this.#stopListening = cancel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening();
    this.#stop.abort();
    await this.#discovery.close();
    await this.#queue.close();
    await this.#resources[Symbol.asyncDispose]();
  }

  #see(kind: ServedKind, { type, object: { metadata }, old }: Change<MetadataObject>): void {
    const { uid = "", namespace = "", name = "", ownerReferences: owners = [] } = metadata;
    const identity = { kind, namespace, name, uid };
    // An object that was deleted and made anew between two looks is another one.
    if (old?.metadata.uid !== undefined && old.metadata.uid !== uid) this.#gone(old.metadata.uid);
    if (type === "deleted") {
      this.#gone(uid);
      return;
    }
    const before = this.#graph.get(uid)?.owners ?? [];
    const awaitsDependents = isMarked(metadata, foreground);
    this.#graph.set({ uid, identity, owners, awaitsDependents });
    if (awaitsDependents || isMarked(metadata, orphan)) {
      this.#enqueue(identity);
      if (awaitsDependents) for (const dependent of this.#graph.dependentsOf(uid)) this.#enqueue(dependent.identity);
    } else if (owners.some((owner) => !this.#isKnown(owner, identity))) this.#enqueue(identity);
    // An owner that waits for its dependents may wait for this one no longer.
    for (const owner of before)
      if (!owners.some((now) => isSameReference(now, owner))) this.#enqueueOwner(owner, identity);
  }

  #gone(uid: string): void {
    const known = this.#graph.get(uid);
    this.#graph.delete(uid);
    for (const dependent of this.#graph.dependentsOf(uid)) this.#enqueue(dependent.identity);
    for (const owner of known?.owners ?? []) if (known !== undefined) this.#enqueueOwner(owner, known.identity);
  }

  /** Only an owner that waits is of interest; whether it does is looked up when its turn comes. */
  #enqueueOwner(owner: OwnerReference, dependent: Identity): void {
    const kind = this.#resources.kindOf(owner.apiVersion, owner.kind);
    if (kind === undefined) return;
    const namespace = kind.isNamespaced ? dependent.namespace : "";
    const known = this.#resources.get(kind, namespace, owner.name);
    if (known?.metadata.uid === owner.uid && isMarked(known.metadata, foreground))
      this.#enqueue({ kind, namespace, name: owner.name, uid: owner.uid });
  }

  #enqueue(identity: Identity): void {
    this.#identities.set(identity.uid, identity);
    this.#queue.add(identity.uid);
  }

  /** Whether the owner was seen, alive or waiting for nobody: then there is nothing to do about its dependents. */
  #isKnown(owner: OwnerReference, dependent: Identity): boolean {
    const kind = this.#resources.kindOf(owner.apiVersion, owner.kind);
    if (kind === undefined || (kind.isNamespaced && !dependent.kind.isNamespaced)) return false;
    const known = this.#resources.get(kind, kind.isNamespaced ? dependent.namespace : "", owner.name);
    return known?.metadata.uid === owner.uid && !isMarked(known.metadata, foreground);
  }

  async #work(uid: string): Promise<void> {
    const identity = this.#identities.get(uid);
    if (identity === undefined) return;
    const live = await this.#read(identity);
    if (live === undefined) this.#gone(uid);
    else if (isMarked(live.metadata, orphan)) await this.#orphanDependents(identity, live);
    else if (isMarked(live.metadata, foreground)) await this.#awaitDependents(identity, live);
    else if (live.metadata.deletionTimestamp === undefined) await this.#collect(identity, live);
    // A change that came meanwhile has put it here anew; the queue then calls once more.
    if (this.#identities.get(uid) === identity) this.#identities.delete(uid);
  }

  /** The object as its server has it now; undefined where it is gone. */
  async #read({ kind, namespace, name, uid }: Identity): Promise<MetadataObject | undefined> {
    try {
      const object = await this.#options.client.resource(kind).get(name, { namespace, signal: this.#stop.signal });
      return object.metadata.uid === uid ? object : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Deletes an object that nobody owns any more; one that somebody still does only loses its other owners. */
  async #collect(identity: Identity, live: MetadataObject): Promise<void> {
    const { ownerReferences: owners = [] } = live.metadata;
    const states = await Promise.all(owners.map((owner) => this.#stateOf(owner, identity)));
    if (states.includes("unknowable")) return;
    const solid = owners.filter((_owner, index) => states[index] === "solid");
    if (solid.length === owners.length) return;
    if (solid.length > 0) return this.#patch(identity, live, { ownerReferences: solid });
    const isAwaited = states.includes("waiting");
    if (!isAwaited || !this.#graph.hasDependents(identity.uid)) return this.#delete(identity, live, policyOf(live));
    // Owners that wait in a circle would wait for ever.
    const isCircle = [...this.#graph.dependentsOf(identity.uid)].some(({ awaitsDependents }) => awaitsDependents);
    if (isCircle && owners.some(({ blockOwnerDeletion }) => blockOwnerDeletion === true))
      await this.#patch(identity, live, {
        ownerReferences: owners.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
      });
    await this.#delete(identity, isCircle ? undefined : live, "Foreground");
  }

  /** "waiting" for an owner that is being deleted after its dependents. Throws where nobody can say. */
  async #stateOf(owner: OwnerReference, dependent: Identity): Promise<"solid" | "absent" | "waiting" | "unknowable"> {
    const kind = this.#resources.kindOf(owner.apiVersion, owner.kind);
    if (kind === undefined)
      throw new Error(`Cannot look up an owner as its kind must be served: ${owner.apiVersion} ${owner.kind}`);
    if (kind.isNamespaced && !dependent.kind.isNamespaced) {
      await this.#tellOfNamespace(owner, dependent);
      return "unknowable";
    }
    const namespace = kind.isNamespaced ? dependent.namespace : "";
    const found = await this.#read({ kind, namespace, name: owner.name, uid: owner.uid });
    if (found === undefined) return "absent";
    return isMarked(found.metadata, foreground) ? "waiting" : "solid";
  }

  /** Carries out a foreground deletion: the object goes once nothing that blocks it is left. */
  async #awaitDependents(identity: Identity, live: MetadataObject): Promise<void> {
    this.#requireSynced();
    const blockers = [...this.#graph.blockersOf(identity.uid)];
    if (blockers.length === 0) return this.#removeFinalizer(identity, live, foreground);
    for (const blocker of blockers) if (!blocker.awaitsDependents) this.#enqueue(blocker.identity);
  }

  /** Carries out a deletion that leaves the dependents behind: none of them names the object any more when it goes. */
  async #orphanDependents(identity: Identity, live: MetadataObject): Promise<void> {
    this.#requireSynced();
    const dependents = [...this.#graph.dependentsOf(identity.uid)];
    await Promise.all(dependents.map((dependent) => this.#disown(dependent, identity.uid)));
    await this.#removeFinalizer(identity, live, orphan);
  }

  async #disown({ identity }: Dependent<Identity>, owner: string): Promise<void> {
    const live = await this.#read(identity);
    const { ownerReferences: owners = [] } = live?.metadata ?? {};
    if (live === undefined || !owners.some(({ uid }) => uid === owner)) return;
    await this.#patch(identity, live, { ownerReferences: owners.filter(({ uid }) => uid !== owner) });
  }

  #removeFinalizer(identity: Identity, live: MetadataObject, finalizer: string): Promise<void> {
    const finalizers = (live.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    return this.#patch(identity, live, { finalizers });
  }

  /** Fails where the object has changed since, so that nobody's change is lost. */
  async #patch({ kind, namespace, name, uid }: Identity, live: MetadataObject, metadata: object): Promise<void> {
    const { resourceVersion } = live.metadata;
    try {
      await this.#options.client
        .resource(kind)
        .patch(
          name,
          { metadata: { uid, resourceVersion, ...metadata } },
          { type: "merge", namespace, signal: this.#stop.signal },
        );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #delete(
    { kind, namespace, name, uid }: Identity,
    live: MetadataObject | undefined,
    propagationPolicy: "Orphan" | "Background" | "Foreground",
  ): Promise<void> {
    const resourceVersion = live?.metadata.resourceVersion;
    const preconditions = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    try {
      await this.#options.client
        .resource(kind)
        .delete(name, { namespace, propagationPolicy, preconditions, signal: this.#stop.signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Before everything has been read nobody knows who depends on an object. */
  #requireSynced(): void {
    if (!this.#resources.isSynced)
      throw new Error("Cannot tell what depends on an object as all resources must have been read");
  }

  async #tellOfNamespace({ apiVersion, kind, name, uid }: OwnerReference, dependent: Identity): Promise<void> {
    const reference = `[${apiVersion}/${kind}, namespace: ${dependent.namespace}, name: ${name}, uid: ${uid}]`;
    await recordEvent(this.#options, {
      about: {
        apiVersion: formatApiVersion(dependent.kind),
        kind: dependent.kind.kind,
        namespace: dependent.namespace,
        name: dependent.name,
        uid: dependent.uid,
      },
      type: "Warning",
      reason: "OwnerRefInvalidNamespace",
      message: `ownerRef ${reference} does not exist in namespace ${JSON.stringify(dependent.namespace)}`,
      component: "garbage-collector-controller",
      signal: this.#stop.signal,
    });
  }
}

/** Whether the object is being deleted and the collector has something to do before it goes. */
function isMarked({ deletionTimestamp, finalizers = [] }: MetadataObject["metadata"], finalizer: string): boolean {
  return deletionTimestamp !== undefined && finalizers.includes(finalizer);
}

function isSameReference(a: OwnerReference, b: OwnerReference): boolean {
  return a.uid === b.uid && a.blockOwnerDeletion === b.blockOwnerDeletion;
}

/** What somebody has asked for before by the object's finalizers stays so. */
function policyOf({ metadata: { finalizers = [] } }: MetadataObject): "Orphan" | "Background" | "Foreground" {
  if (finalizers.includes(orphan)) return "Orphan";
  return finalizers.includes(foreground) ? "Foreground" : "Background";
}

function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404;
}
