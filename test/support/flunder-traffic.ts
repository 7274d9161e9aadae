// Writers and watchers of flunders that note what they were told, for tests that break servers meanwhile.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ObjectOf, StatusError } from "annex/api";
import { Client, httpTransport, type ResourceClient } from "annex/client";
import { flunder } from "../../examples/wardle/flunder.ts";
import type { Random } from "../../src/base/random.ts";
import { sleep } from "./faults.ts";
import { pki } from "./wardle.ts";

export type Flunder = ObjectOf<typeof flunder, "v1alpha1">;
export type Flunders = ResourceClient<Flunder>;

export const namespace = "default";
const cert = readFileSync(join(pki, "admin.crt"), "utf8");
const key = readFileSync(join(pki, "admin.key"), "utf8");

/** An administrator's client of a wardle server. */
export function adminOf(port: number): Client {
  const server = `https://127.0.0.1:${port}`;
  const clientCertificate = { cert, key };
  return new Client({
    transport: httpTransport({ server, clientCertificate, insecureSkipTlsVerify: true, namespace }),
    userAgent: "traffic/1.0",
  });
}

export function flundersOf(client: Client): Flunders {
  return client.resource(flunder, "v1alpha1");
}

/** Whether the server may have done what it was asked, or not: it has gone, or its storage has. Anything else is an answer. */
export function isWithoutAnswer(error: unknown): boolean {
  if (error instanceof StatusError) return error.code >= 500 || error.code === 429;
  return !(error instanceof assert.AssertionError || error instanceof TypeError);
}

/** Calls until there is an answer. */
export async function surely<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isWithoutAnswer(error)) throw error;
      await sleep(5);
    }
  }
}

/** A write that was answered. */
export interface Acknowledged {
  readonly name: string;
  readonly revision: number;
  readonly reference: string;
}

/** What a writer knows of an object: as it is, or, after a call without an answer, as it may be. */
interface Known {
  readonly reference: string | undefined;
  readonly revision: string | undefined;
}

/** Creates, changes and deletes objects that nobody else writes, each write on the condition that the object is as the last answer said. */
export class Writer {
  readonly acknowledged: Acknowledged[] = [];
  readonly #flunders: () => Flunders;
  readonly #id: string;
  readonly #random: Random;
  readonly #known = new Map<string, Known>();
  /** What calls without an answer may have made of an object since its last answer. */
  readonly #possible = new Map<string, (string | undefined)[]>();
  #count = 0;

  /** `flunders` is asked for each call, so that a test can put another server in the place of one that has gone. */
  constructor(flunders: () => Flunders, { id, random }: { readonly id: string; readonly random: Random }) {
    this.#flunders = flunders;
    this.#id = id;
    this.#random = random;
  }

  /** Writes until the signal aborts. Throws where an answer contradicts an earlier one. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step(`${this.#id}-${this.#random.below(4)}`);
      } catch (error) {
        if (!isWithoutAnswer(error)) throw error;
        await sleep(5);
      }
    }
  }

  /** Asserts that every object is as it was acknowledged, or as a call without an answer may have made it. */
  async check(): Promise<void> {
    for (const name of this.#known.keys()) await this.#read(name);
  }

  async #step(name: string): Promise<void> {
    if (this.#possible.has(name)) await this.#read(name);
    const known = this.#known.get(name) ?? { reference: undefined, revision: undefined };
    const isDeleted = known.reference !== undefined && this.#random.below(5) === 0;
    const reference = isDeleted ? undefined : `${name}-${++this.#count}`;
    const wasSure = !this.#possible.has(name);
    this.#possible.set(name, [...(this.#possible.get(name) ?? [known.reference]), reference]);
    try {
      const revision = await this.#write(name, known, reference);
      this.#known.set(name, { reference, revision });
      this.#possible.delete(name);
      if (reference !== undefined) this.acknowledged.push({ name, reference, revision: Number(revision) });
    } catch (error) {
      // A call that was given up may be done after the object was read again, and its answer be this conflict.
      if (wasSure || isWithoutAnswer(error)) throw error;
    }
  }

  async #write(name: string, known: Known, reference: string | undefined): Promise<string | undefined> {
    const flunders = this.#flunders();
    if (reference === undefined) {
      await flunders.delete(name, { namespace, preconditions: { resourceVersion: known.revision ?? "" } });
      return undefined;
    }
    const object = aFlunder(name, reference, known.revision);
    const written = await (known.reference === undefined ? flunders.create(object) : flunders.update(object));
    return written.metadata.resourceVersion;
  }

  async #read(name: string): Promise<void> {
    const found = await getOrUndefined(this.#flunders(), name);
    const possible = this.#possible.get(name) ?? [this.#known.get(name)?.reference];
    const reference = found?.spec.reference;
    assert.ok(possible.includes(reference), `${name} is ${reference}, and must be one of ${possible.join(", ")}`);
    this.#known.set(name, { reference, revision: found?.metadata.resourceVersion });
  }
}

export function aFlunder(name: string, reference: string, resourceVersion?: string): Flunder {
  const metadata = { name, namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return { apiVersion: "wardle.example.com/v1alpha1", kind: "Flunder", metadata, spec: { reference }, status: {} };
}

export async function getOrUndefined(flunders: Flunders, name: string): Promise<Flunder | undefined> {
  try {
    return await flunders.get(name, { namespace });
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

/** Follows all flunders from where it was, again and again, whatever happens to the servers. */
export class Watcher {
  /** How often a server said that it had to list again. */
  expired = 0;
  readonly #flunders: () => Flunders;
  readonly #objects = new Map<string, string | undefined>();
  readonly #seen = new Map<number, { readonly name: string; readonly reference: string | undefined }>();
  #revision: number;

  constructor(flunders: () => Flunders, revision: number) {
    this.#flunders = flunders;
    this.#revision = revision;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (error instanceof StatusError && error.code === 410) {
          this.expired++;
          throw error;
        }
        assert.ok(signal.aborted || isWithoutAnswer(error), `${error}`);
      }
      await sleep(2);
    }
  }

  /** The newest revision that it heard of. */
  get revision(): number {
    return this.#revision;
  }

  /** Asserts that it saw each acknowledged write once, and ends with exactly the objects that are there. */
  assertComplete(acknowledged: Iterable<Acknowledged>, objects: readonly Flunder[]): void {
    for (const { name, revision, reference } of acknowledged)
      assert.deepEqual(this.#seen.get(revision), { name, reference }, `the event of revision ${revision}`);
    assert.deepEqual(
      [...this.#objects].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      objects.map(({ metadata, spec }) => [metadata.name, spec.reference]),
    );
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const resourceVersion = String(this.#revision);
    const events = await this.#flunders().watch({ namespace, resourceVersion, allowWatchBookmarks: true, signal });
    for await (const { type, object } of events) {
      const revision = Number(object.metadata.resourceVersion);
      if (type === "BOOKMARK") {
        assert.ok(revision >= this.#revision);
        this.#revision = revision;
        continue;
      }
      assert.ok(revision > this.#revision, `an event of revision ${revision} came after ${this.#revision}`);
      this.#revision = revision;
      const name = object.metadata.name ?? "";
      assert.equal(type === "ADDED", !this.#objects.has(name), `${type} ${name} at revision ${revision}`);
      if (type === "DELETED") this.#objects.delete(name);
      else this.#objects.set(name, object.spec.reference);
      this.#seen.set(revision, { name, reference: object.spec.reference });
    }
  }
}
