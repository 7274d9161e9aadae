// Empties namespaces that are to be deleted, aggregated resources included, and lets them go.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/

import { type ApiObject, StatusError } from "../../api/door.ts";
import { backOff } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import { timestamp } from "../../base/timestamp.ts";
import type { Client, ResourceClient } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";
import type { ObjectView } from "../object-view.ts";
import { part } from "../resources/columns.ts";
import { namespaceFinalizer } from "../resources/namespace.ts";
import { discoverResources, type ServedKind } from "./discover-resources.ts";

interface NamespaceControllerOptions {
  readonly client: Client;
  readonly namespaces: ObjectView;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A namespace that cannot be emptied is tried again after half a second, then ever later, up to this. */
const retryMaxMs = 15_000;
/** A server that has not answered by then is asked again at the next attempt. */
const answerTimeoutMs = 30_000;

interface Attempt {
  /** What is left, as messages name it: `flunders.wardle.example.com has 2 resource instances`. */
  readonly remaining: readonly string[];
  readonly finalizers: ReadonlyMap<string, number>;
  readonly discoveryFailures: readonly string[];
  readonly deletionFailures: readonly string[];
}

export class NamespaceController {
  readonly #options: NamespaceControllerOptions;
  readonly #stop = new AbortController();
  readonly #active = new Map<string, Promise<void>>();
  #unsubscribe: () => void = () => {};

  constructor(options: NamespaceControllerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#options.namespaces.onChange(() => this.#look());
    this.#look();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await Promise.allSettled(this.#active.values());
  }

  #look(): void {
    for (const { metadata } of this.#options.namespaces.all()) {
      const { name = "", deletionTimestamp } = metadata;
      if (deletionTimestamp === undefined || this.#active.has(name)) continue;
      const emptying = this.#empty(name).finally(() => this.#active.delete(name));
      this.#active.set(name, emptying);
    }
  }

  async #empty(name: string): Promise<void> {
    const { signal } = this.#stop;
    const { clock, logger, namespaces } = this.#options;
    const pause = backOff({ clock, signal, minMs: 500, maxMs: retryMaxMs });
    while (!signal.aborted) {
      const namespace = namespaces.get("", name);
      if (namespace?.metadata.deletionTimestamp === undefined || !finalizersOf(namespace).includes(namespaceFinalizer))
        return;
      try {
        const attempt = await this.#deleteContents(name);
        await this.#tell(name, attempt);
        if (
          attempt.remaining.length === 0 &&
          attempt.deletionFailures.length === 0 &&
          attempt.discoveryFailures.length === 0
        ) {
          await this.#finalize(name);
          return;
        }
      } catch (error) {
        if (!signal.aborted) logger.warn({ error, namespace: name }, "a namespace could not be emptied");
      }
      await pause.wait();
    }
  }

  async #deleteContents(namespace: string): Promise<Attempt> {
    const { preferred, stale } = await discoverResources(this.#options.client, this.#stop.signal);
    const failures = stale.map(({ group, version }) => {
      const name = group === "" ? version : `${group}/${version}`;
      return `${name}: stale GroupVersion discovery: ${name}`;
    });
    const contents = preferred.filter(
      ({ isNamespaced, verbs }) => isNamespaced && verbs.includes("list") && verbs.includes("delete"),
    );
    const remaining: string[] = [];
    const deletionFailures: string[] = [];
    const finalizers = new Map<string, number>();
    // All at once: a server that does not answer keeps nothing of others waiting.
    await Promise.all(
      contents.map(async (content) => {
        try {
          const left = await this.#deleteContent(namespace, content);
          if (left.length > 0)
            remaining.push(`${content.resource}.${content.group} has ${left.length} resource instances`);
          for (const object of left)
            for (const finalizer of object.metadata.finalizers ?? [])
              finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
        } catch (error) {
          if (error instanceof StatusError && (error.code === 404 || error.code === 405)) return;
          deletionFailures.push(error instanceof Error ? error.message : String(error));
        }
      }),
    );
    return { remaining, finalizers, discoveryFailures: failures.sort(), deletionFailures: deletionFailures.sort() };
  }

  /** What is still there after the deletion. */
  async #deleteContent(namespace: string, content: ServedKind): Promise<readonly ApiObject[]> {
    const late = new AbortController();
    const why = `the server does not answer for ${content.resource}.${content.group}`;
    const cancel = this.#options.clock.after(answerTimeoutMs, () => late.abort(new Error(why)));
    const signal = AbortSignal.any([this.#stop.signal, late.signal]);
    const resource = this.#options.client.resource(content);
    try {
      const before = await resource.list({ namespace, limit: 1, signal });
      if (before.items.length === 0) return [];
      if (content.verbs.includes("deletecollection"))
        await resource.deleteCollection({ namespace, propagationPolicy: "Background", signal });
      else await deleteEach(resource, namespace, signal);
      return (await resource.list({ namespace, signal })).items;
    } finally {
      cancel();
    }
  }

  /** How far the deletion is, as conditions. */
  async #tell(name: string, attempt: Attempt): Promise<void> {
    const { client, clock } = this.#options;
    const resource = client.resource({ group: "", version: "v1", resource: "namespaces", isNamespaced: false });
    const namespace = await resource.get(name, { signal: this.#stop.signal });
    const before = part(namespace, "status").conditions;
    const conditions = conditionsOf(attempt, Array.isArray(before) ? before : [], timestamp(clock));
    if (JSON.stringify(conditions) === JSON.stringify(before)) return;
    await resource.update(
      { ...namespace, status: { ...part(namespace, "status"), conditions } },
      { subresource: "status", signal: this.#stop.signal },
    );
  }

  async #finalize(name: string): Promise<void> {
    const { client, namespaces } = this.#options;
    const namespace = namespaces.get("", name);
    if (namespace === undefined) return;
    const finalizers = finalizersOf(namespace).filter((finalizer) => finalizer !== namespaceFinalizer);
    await client.json({
      method: "PUT",
      path: `/api/v1/namespaces/${encodeURIComponent(name)}/finalize`,
      body: { ...namespace, spec: { ...part(namespace, "spec"), finalizers } },
      signal: this.#stop.signal,
    });
  }
}

/** For resources whose server deletes one object at a time. */
async function deleteEach(resource: ResourceClient<ApiObject>, namespace: string, signal: AbortSignal): Promise<void> {
  for await (const { metadata } of resource.listAll({ namespace, signal })) {
    try {
      await resource.delete(metadata.name ?? "", { namespace, propagationPolicy: "Background", signal });
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  }
}

function finalizersOf(namespace: ApiObject): string[] {
  const { finalizers } = part(namespace, "spec");
  return Array.isArray(finalizers) ? finalizers.map(String) : [];
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** In the words of the reference's namespace controller. */
function conditionsOf(attempt: Attempt, before: readonly Condition[], time: string): Condition[] {
  const make = (
    type: string,
    isBad: boolean,
    [bad, good]: readonly [reason: string, reason: string],
    [trouble, fine]: readonly [message: string, message: string],
  ): Condition => {
    const status = isBad ? "True" : "False";
    const known = before.find((condition) => condition.type === type);
    return {
      type,
      status,
      lastTransitionTime: known?.status === status ? known.lastTransitionTime : time,
      reason: isBad ? bad : good,
      message: isBad ? trouble : fine,
    };
  };
  const { remaining, finalizers, discoveryFailures, deletionFailures } = attempt;
  const finalizerTexts = [...finalizers]
    .map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
    .sort();
  return [
    make(
      "NamespaceDeletionDiscoveryFailure",
      discoveryFailures.length > 0,
      ["DiscoveryFailed", "ResourcesDiscovered"],
      [
        `Discovery failed for some groups, ${discoveryFailures.length} failing: unable to retrieve the complete list of server APIs: ${discoveryFailures.join(", ")}`,
        "All resources successfully discovered",
      ],
    ),
    make(
      "NamespaceDeletionGroupVersionParsingFailure",
      false,
      ["GroupVersionParsingFailed", "ParsedGroupVersions"],
      ["", "All legacy kube types successfully parsed"],
    ),
    make(
      "NamespaceDeletionContentFailure",
      deletionFailures.length > 0,
      ["ContentDeletionFailed", "ContentDeleted"],
      [
        `Failed to delete all resource types, ${deletionFailures.length} remaining: ${deletionFailures.join(", ")}`,
        "All content successfully deleted, may be waiting on finalization",
      ],
    ),
    make(
      "NamespaceContentRemaining",
      remaining.length > 0,
      ["SomeResourcesRemain", "ContentRemoved"],
      [`Some resources are remaining: ${[...remaining].sort().join(", ")}`, "All content successfully removed"],
    ),
    make(
      "NamespaceFinalizersRemaining",
      finalizerTexts.length > 0,
      ["SomeFinalizersRemain", "ContentHasNoFinalizers"],
      [
        `Some content in the namespace has finalizers remaining: ${finalizerTexts.join(", ")}`,
        "All content-preserving finalizers finished",
      ],
    ),
  ];
}
