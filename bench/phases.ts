// The phases of a benchmark, in their order: each finds what the ones before it left.

import type { Load, LoadAnswer, LoadRequest } from "./load.ts";
import type { Work } from "./measure.ts";
import { watchPhase } from "./watch-phase.ts";

export interface Size {
  readonly objects: number;
  readonly watchers: number;
}

type Phase = (load: Load, size: Size) => Promise<Work>;

const collection = "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders";
const clients = 16;
/** Makes an object of about 1.6 KB. */
const padding = "x".repeat(1_000);

export const phases = {
  create: (load, { objects }) =>
    crowd(load, { operations: objects, expected: 201 }, (i) => ({
      method: "POST",
      path: collection,
      headers: json,
      body: JSON.stringify(flunder(i)),
    })),
  get: (load, { objects }) => crowd(load, { operations: 20_000 }, (i) => ({ path: item((i * 7_919) % objects) })),
  list: (load) => lists(load, {}),
  "list fresh": (load) => crowd(load, { operations: 20, clients: 2 }, () => ({ path: collection })),
  "list gzip": (load) => lists(load, { headers: { "accept-encoding": "gzip" } }),
  "list v1beta1": (load) => lists(load, { path: collection.replace("v1alpha1", "v1beta1") }),
  "list Table": (load) => lists(load, { headers: { accept: as("Table") } }),
  "list metadata": (load) => lists(load, { headers: { accept: as("PartialObjectMetadataList") } }),
  "page of 500": (load) => crowd(load, { operations: 200, clients: 4 }, () => ({ path: `${collection}?limit=500` })),
  "selector 1 %": (load) =>
    crowd(load, { operations: 200, clients: 4 }, () => ({
      path: `${collection}?labelSelector=bucket%3Db7&resourceVersion=0`,
    })),
  update: async (load, { objects }) => {
    // Read beforehand, so that what is measured is the update alone.
    const answer = await load.send(0, { path: collection });
    const list: { items: readonly { metadata: { name: string }; spec: object }[] } = JSON.parse(answer.body.toString());
    return crowd(load, { operations: objects }, (i) => {
      const object = list.items[i];
      return {
        method: "PUT",
        path: `${collection}/${object?.metadata.name}`,
        headers: json,
        body: JSON.stringify({ ...object, apiVersion, kind: "Flunder", spec: { reference: "updated" } }),
      };
    });
  },
  "merge patch": (load, { objects }) =>
    crowd(load, { operations: Math.min(objects, 5_000) }, (i) => ({
      method: "PATCH",
      path: item(i),
      headers: { "content-type": "application/merge-patch+json" },
      body: '{"metadata":{"labels":{"patched":"yes"}}}',
    })),
  apply: (load, { objects }) =>
    crowd(load, { operations: Math.min(objects, 5_000) }, (i) => ({
      method: "PATCH",
      path: `${item(i)}?fieldManager=bench&force=true`,
      headers: { "content-type": "application/apply-patch+yaml" },
      body: JSON.stringify({
        apiVersion,
        kind: "Flunder",
        metadata: { name: nameOf(i), namespace: "default", labels: { applied: "yes" } },
        spec: { reference: "applied" },
      }),
    })),
  watch: (load, { objects, watchers }) =>
    watchPhase(load, { collection, item: (i) => item(i % objects), watchers, updates: 1_000 }),
  delete: (load, { objects }) => crowd(load, { operations: objects }, (i) => ({ method: "DELETE", path: item(i) })),
} satisfies Record<string, Phase>;

export type PhaseName = keyof typeof phases;
export const phaseNames = Object.keys(phases);

const apiVersion = "wardle.example.com/v1alpha1";
const json = { "content-type": "application/json" };

function nameOf(i: number): string {
  return `f-${String(i).padStart(6, "0")}`;
}

function item(i: number): string {
  return `${collection}/${nameOf(i)}`;
}

function flunder(i: number) {
  const metadata = {
    name: nameOf(i),
    namespace: "default",
    labels: { bucket: `b${i % 100}`, app: "bench" },
    annotations: { pad: padding },
  };
  return { apiVersion, kind: "Flunder", metadata, spec: { reference: "created" } };
}

function as(form: string): string {
  return `application/json;as=${form};v=v1;g=meta.k8s.io`;
}

function lists(load: Load, { path = collection, headers = {} }: Partial<LoadRequest>): Promise<Work> {
  return crowd(load, { operations: 20, clients: 2 }, () => ({ path: `${path}?resourceVersion=0`, headers }));
}

interface Crowd {
  readonly operations: number;
  readonly clients?: number;
  readonly expected?: number;
}

/** Sends requests 0, 1, 2, …, each client its next one when its last was answered. */
export async function crowd(
  load: Load,
  { operations, clients: size = clients, expected = 200 }: Crowd,
  requestOf: (i: number) => LoadRequest,
): Promise<Work> {
  const latenciesMs: number[] = [];
  let next = 0;
  let errors = 0;
  let sizeBytes = 0;
  let fault: string | undefined;
  const client = async (number: number) => {
    while (next < operations) {
      const request = requestOf(next++);
      const startedMs = performance.now();
      const answer = await load.send(number, request).catch(failure);
      latenciesMs.push(performance.now() - startedMs);
      sizeBytes += answer.body.length;
      if (answer.status === expected) continue;
      errors++;
      fault = `${answer.status} ${answer.body.toString("utf8", 0, 200)}`;
    }
  };
  await Promise.all(Array.from({ length: size }, (_, i) => client(i)));
  return { operations, latenciesMs, errors, sizeBytes, fault };
}

function failure(error: unknown): LoadAnswer {
  return { status: 0, body: Buffer.from(String(error)) };
}
