// Looks after the condition Available of every remote APIService: whether its service is there, and whether its server answers.
// https://kubernetes.io/docs/tasks/extend-kubernetes/setup-extension-api-server/

import type { ApiObject } from "../api/door.ts";
import type { Clock } from "../base/clock.ts";
import { WorkQueue } from "../client/door.ts";
import type { UserInfo } from "../server/door.ts";
import { type ApiServiceView, viewOf } from "./api-service-view.ts";
import { type Backend, unreadableBundle } from "./backend.ts";
import { availableCondition, localVerdict, type Verdict, withAvailable } from "./condition.ts";
import { type Address, formatAddress, NoRouteError, serviceFault } from "./endpoints.ts";
import { describeFailure } from "./failure.ts";
import { addIdentity } from "./forwarded-headers.ts";
import type { Routes } from "./routes.ts";
import type { Source } from "./source.ts";

interface AvailabilityOptions {
  readonly source: Source;
  readonly routes: Routes;
  readonly clock: Clock;
  readonly onError?: (name: string, error: unknown) => void;
}

/** A server gets this long to answer one look. */
const probeTimeoutMs = 5_000;
/** So many looks at once; one that succeeds is enough. */
const probes = 5;
/** As many APIServices at once: one that is silent must not make the others wait. */
const workers = 20;
/** Looks after failures: 5 ms, then twice as long each time, at most 30 s. */
const delays = { delayMinMs: 5, delayMaxMs: 30_000 };

/** Who asks: somebody who may always ask. */
export const aggregatorUser: UserInfo = {
  name: "system:kube-aggregator",
  uid: "",
  groups: ["system:masters"],
  extra: {},
};

export class Availability {
  readonly #options: AvailabilityOptions;
  readonly #queue: WorkQueue;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    const { clock, onError } = options;
    this.#queue = new WorkQueue({
      ...delays,
      workers,
      clock,
      work: (name, signal) => this.#look(name, signal),
      ...(onError === undefined ? {} : { onError }),
    });
  }

  /** Looks at an APIService soon. */
  add(name: string): void {
    this.#queue.add(name);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  /** Rejects where the server does not answer, so that the queue looks again. */
  async #look(name: string, signal: AbortSignal): Promise<void> {
    const { source, routes } = this.#options;
    const object = source.apiService(name);
    if (object === undefined) return;
    const view = viewOf(object);
    const backend = routes.get(name)?.backend;
    const { verdict, error } = await this.#judge(view, backend, signal);
    // What was found out about a backend that is another by now says nothing; the change has asked for another look.
    if (routes.get(name)?.backend !== backend) return;
    await this.#write(object, verdict, signal);
    if (error !== undefined) throw error;
  }

  async #judge(
    view: ApiServiceView,
    backend: Backend | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly verdict: Verdict; readonly error?: unknown }> {
    if (view.service === undefined) return { verdict: localVerdict };
    const fault = serviceFault(this.#options.source, view.service);
    if (fault !== undefined) return { verdict: fault };
    if (backend === undefined) return { verdict: failedCheck(unreadableBundle) };
    try {
      await probeAll(backend, discoveryPath(view), signal);
      return { verdict: { status: "True", reason: "Passed", message: "all checks passed" } };
    } catch (error) {
      signal.throwIfAborted();
      backend.closeIdle();
      return { verdict: failedCheck(error instanceof Error ? error.message : String(error)), error };
    }
  }

  /** Writes only what is new. */
  async #write(object: ApiObject, verdict: Verdict, signal: AbortSignal): Promise<void> {
    const { source, clock } = this.#options;
    const now = availableCondition(object);
    if (now?.status === verdict.status && now.reason === verdict.reason && now.message === verdict.message) return;
    await source.writeConditions(object, withAvailable(object, verdict, clock.nowMs()), signal);
  }
}

function failedCheck(message: string): Verdict {
  return { status: "False", reason: "FailedDiscoveryCheck", message };
}

function discoveryPath({ group, version }: ApiServiceView): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Resolves with the first look that succeeds, rejects with the last failure. */
function probeAll(backend: Backend, path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const enough = new AbortController();
    const stop = () => enough.abort();
    signal.addEventListener("abort", stop, { once: true });
    let left = probes;
    const failed = (error: unknown) => {
      left--;
      if (left === 0) settle(() => reject(error));
    };
    const settle = (how: () => void) => {
      signal.removeEventListener("abort", stop);
      how();
    };
    for (let index = 0; index < probes; index++)
      probe(backend, path, enough.signal).then(() => settle(resolve), failed);
  });
}

class ProbeError extends Error {
  override readonly name = "ProbeError";
}

async function probe(backend: Backend, path: string, signal: AbortSignal): Promise<void> {
  const address = backend.nextAddress();
  const url = `https://${formatAddress(address)}${path}`;
  try {
    await ask(backend, { address, path, url, signal });
  } catch (error) {
    if (error instanceof NoRouteError) throw error;
    throw new ProbeError(`failing or missing response from ${url}: ${probeFailure(error, address, url)}`, {
      cause: error,
    });
  }
}

interface Question {
  readonly address: Address;
  readonly path: string;
  readonly url: string;
  readonly signal: AbortSignal;
}

async function ask(backend: Backend, { address, path, url, signal }: Question): Promise<void> {
  const response = await backend.sendTo(address, {
    method: "GET",
    path,
    headers: () => probeHeaders,
    signal: AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]),
  });
  // Only the status counts; an answer that was begun is thrown away so that its connection can be used again.
  response.body.on("error", ignore).resume();
  if (response.status < 200 || response.status >= 300)
    throw new ProbeError(`bad status from ${url}: ${response.status}`);
}

const probeHeaders: Record<string, string | readonly string[]> = {
  "accept-encoding": "gzip",
  "user-agent": "kube-aggregator",
};
addIdentity(probeHeaders, aggregatorUser);

function probeFailure(error: unknown, address: Address, url: string): string {
  if (error instanceof ProbeError) return error.message;
  const why =
    error instanceof Error && error.name === "TimeoutError"
      ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
      : describeFailure(error, address);
  return `Get ${JSON.stringify(url)}: ${why}`;
}

function ignore(): void {
  // The status was all that was wanted.
}
