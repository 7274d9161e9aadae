// What each backend last said of one path, such as /openapi/v3: asked for when somebody wants it, and kept.

import type { Clock } from "../base/clock.ts";
import type { UserInfo } from "../server/door.ts";
import type { Backend } from "./backend.ts";
import { type FetchedDocument, get } from "./discovery-fetcher.ts";
import { nestsTooDeep } from "./nesting.ts";
import type { Json } from "./openapi-merge.ts";
import type { Route, Routes } from "./routes.ts";

interface KeptDocumentsOptions {
  readonly path: string;
  readonly routes: Routes;
  readonly clock: Clock;
}

/** What a backend last said. */
export interface KeptDocument {
  readonly document: Json | undefined;
  /** Whether it last said that it has no such document. */
  readonly isMissing: boolean;
}

interface Kept {
  etag: string;
  document: Json | undefined;
  isMissing: boolean;
  askedAtMs: number;
  asking: Promise<void> | undefined;
  /** How long to wait after the last answer, which was a failure; 0 where it was none. */
  retryMs: number;
}

/** Documents are asked for again where they are older than this. */
const refreshMs = 60_000;
/** After a failure it is tried again so soon, then after twice as long each time, at most after `refreshMs`: a server that starts refuses at first. */
const retryMinMs = 500;
/** Who asks; backends must allow it. */
export const asker: UserInfo = { name: "system:aggregator", uid: "", groups: [], extra: {} };

export class KeptDocuments {
  readonly #options: KeptDocumentsOptions;
  readonly #known = new WeakMap<Backend, Kept>();
  readonly #stop = new AbortController();

  constructor(options: KeptDocumentsOptions) {
    this.#options = options;
  }

  close(): void {
    this.#stop.abort();
  }

  /**
   * What a route's backend said: asked for where nothing is known yet, and behind the answer's back where it is old or the backend has failed.
   * One that is not available is not asked, since it may be silent, and everybody who wants any document would wait for it.
   */
  async of({ view, backend }: Route): Promise<KeptDocument> {
    const kept = (backend === undefined ? undefined : this.#known.get(backend)) ?? {
      etag: "",
      document: undefined,
      isMissing: false,
      askedAtMs: Number.NEGATIVE_INFINITY,
      asking: undefined,
      retryMs: 0,
    };
    if (backend === undefined || !view.isAvailable) return kept;
    this.#known.set(backend, kept);
    if (this.#options.clock.nowMs() - kept.askedAtMs >= refreshMs) this.#start(kept, backend);
    const isKnown = kept.document !== undefined || kept.isMissing || kept.retryMs > 0;
    if (!isKnown) await kept.asking;
    return kept;
  }

  #start(kept: Kept, backend: Backend): void {
    kept.askedAtMs = this.#options.clock.nowMs();
    kept.asking = this.#refresh(kept, backend).finally(() => {
      kept.asking = undefined;
    });
  }

  /** A backend that fails leaves what it last said, and is asked again. */
  async #refresh(kept: Kept, backend: Backend): Promise<void> {
    const { path } = this.#options;
    const { signal } = this.#stop;
    let answer: FetchedDocument | undefined;
    try {
      answer = await get(backend, { path, accept: "application/json", user: asker, signal, etag: kept.etag });
    } catch {
      // The same as a refusal.
    }
    // One who sends what nobody can walk through has failed, too: others' documents are merged with it.
    if (answer === undefined || !isConclusive(answer.status) || nestsTooDeep(answer.body))
      return this.#retryLater(kept, backend);
    kept.retryMs = 0;
    kept.isMissing = answer.status === 404;
    if (answer.status !== 200) return;
    kept.document = recordOf(answer.body);
    kept.etag = answer.etag;
  }

  #retryLater(kept: Kept, backend: Backend): void {
    const { clock, routes } = this.#options;
    kept.retryMs = Math.min(Math.max(retryMinMs, 2 * kept.retryMs), refreshMs);
    clock.after(kept.retryMs, () => {
      const isRouted = [...routes.all()].some((route) => route.backend === backend);
      if (isRouted && kept.asking === undefined && !this.#stop.signal.aborted) this.#start(kept, backend);
    });
  }
}

/** A server that has no documents says so, and that it has nothing new. */
function isConclusive(status: number): boolean {
  return status === 200 || status === 304 || status === 404;
}

function recordOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
