// Verbs on one resource over storage in memory, without filters or routes: what a test asks, the verb answers.

import { type ApiObject, type Status, StatusError } from "../../src/api/door.ts";
import type { Clock } from "../../src/base/clock.ts";
import { AdmissionChain } from "../../src/server/admission/chain.ts";
import type { AdmissionPlugin, Authorizer, Resource, UserInfo } from "../../src/server/door.ts";
import { type ServedResource, serveResource } from "../../src/server/served-resource.ts";
import type { Verb } from "../../src/server/verbs/verb.ts";
import { openMemoryStorage } from "../../src/storage/memory/memory-storage.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { admin, aRequest, readAnswer } from "./request.ts";

interface ServeOptions {
  readonly admission?: readonly AdmissionPlugin[];
  readonly authorizer?: Authorizer;
  readonly clock?: Clock;
  readonly storage?: Storage;
}

/** A resource ready to be asked; ends with the test. */
export async function serveForTest(resource: Resource, options: ServeOptions = {}): Promise<TestResource> {
  const { admission = [], storage = openMemoryStorage(), ...rest } = options;
  const served = serveResource({
    resource,
    storage,
    prefix: "/registry",
    admission: new AdmissionChain(admission),
    ...rest,
  });
  served.cache.start();
  await served.cache.ready();
  return new TestResource(served, storage);
}

interface AskOptions {
  readonly method?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly version?: string;
  readonly subresource?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly user?: UserInfo;
}

export interface Answer {
  readonly status: number;
  /** The object or Status. */
  readonly body: ApiObject & Partial<Status> & { readonly items?: readonly ApiObject[] };
  readonly warnings: readonly string[];
}

export class TestResource implements AsyncDisposable {
  readonly served: ServedResource;
  readonly storage: Storage;

  constructor(served: ServedResource, storage: Storage) {
    this.served = served;
    this.storage = storage;
  }

  /** Asks a verb; what it throws for the client is answered as the Status that the filters would make of it. */
  async ask(verb: Verb, options: AskOptions = {}): Promise<Answer> {
    const {
      method = "",
      name = "",
      namespace,
      subresource = "",
      query = "",
      headers = {},
      body,
      user = admin,
    } = options;
    const { kind, isNamespaced } = this.served;
    const version = options.version ?? kind.hub;
    const info = {
      isResource: true,
      group: kind.group,
      version,
      namespace: isNamespaced ? (namespace ?? "default") : "",
      resource: kind.plural,
      subresource,
      name,
    };
    const request = aRequest({
      method,
      url: `/apis/test${query === "" ? "" : `?${query}`}`,
      headers,
      body,
      user,
      info,
    });
    try {
      const response = await verb({ request, served: this.served, version, info: request.info });
      const bytes = await readAnswer(response);
      return { status: response.status, body: JSON.parse(bytes.toString("utf8")), warnings: request.warnings };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const body = { ...error.status, metadata: {} };
      return { status: error.code, body, warnings: request.warnings };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.served.cache.close();
    await this.storage[Symbol.asyncDispose]();
  }
}
