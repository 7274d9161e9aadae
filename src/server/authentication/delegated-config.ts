// Whom an extension server shall believe, as the main API server publishes it: kube-system/extension-apiserver-authentication, followed as it changes.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#extension-apiserver-authenticates-the-request

import type { ApiObject } from "../../api/door.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { type Client, Informer } from "../../client/door.ts";
import type { Logger } from "../logging.ts";
import { CertificatePool } from "./certificate-pool.ts";
import type { RequestHeaderConfig } from "./request-header.ts";

const namespace = "kube-system";
const name = "extension-apiserver-authentication";
const configMaps = { group: "", version: "v1", resource: "configmaps", isNamespaced: true };

interface DelegatedConfigOptions {
  readonly client: Client;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export class DelegatedConfig {
  readonly #informer: Informer<ApiObject>;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  #clientCertificates: CertificatePool | undefined;
  #requestHeader: RequestHeaderConfig | undefined;

  constructor({ client, clock = systemClock, logger }: DelegatedConfigOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#informer = new Informer({
      client: client.resource(configMaps),
      namespace,
      fieldSelector: `metadata.name=${name}`,
      clock,
      onError: (error) => logger?.warn({ error }, `cannot follow configmap ${namespace}/${name}`),
    });
    // A configmap that is gone leaves what it last said: nobody shall lock everybody out by deleting it.
    this.#informer.onChange(({ type, object }) => {
      if (type !== "deleted") this.#read(object);
    });
  }

  /** Authorities of client certificates; undefined where the configmap names none. */
  get clientCertificates(): CertificatePool | undefined {
    return this.#clientCertificates;
  }

  /** What makes a front proxy believed; undefined where the configmap says nothing about it. */
  get requestHeader(): RequestHeaderConfig | undefined {
    return this.#requestHeader;
  }

  /** Reads the configmap and follows it from then on. Rejects where it cannot be read; following goes on trying all the same. */
  async start(client: Client, signal: AbortSignal): Promise<void> {
    this.#informer.start();
    this.#read(await client.resource(configMaps).get(name, { namespace, signal }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#informer[Symbol.asyncDispose]();
  }

  #read(object: ApiObject): void {
    const data = dataOf(object);
    this.#clientCertificates = this.#pool(data["client-ca-file"], this.#clientCertificates);
    const pool = this.#pool(data["requestheader-client-ca-file"], this.#requestHeader?.pool);
    this.#requestHeader = pool === undefined ? undefined : requestHeaderOf(data, pool);
  }

  /** A bundle that cannot be read leaves the last one in force. */
  #pool(bundle: string | undefined, last: CertificatePool | undefined): CertificatePool | undefined {
    if (bundle === undefined || bundle === "") return undefined;
    try {
      return new CertificatePool(bundle, this.#clock);
    } catch (error) {
      this.#logger?.error({ error }, `cannot read the certificates in configmap ${namespace}/${name}`);
      return last;
    }
  }
}

type Data = Readonly<Record<string, string | undefined>>;

function dataOf({ data }: ApiObject): Data {
  if (typeof data !== "object" || data === null) return {};
  return Object.fromEntries(Object.entries(data).filter(([, value]) => typeof value === "string"));
}

function requestHeaderOf(data: Data, pool: CertificatePool): RequestHeaderConfig {
  return {
    pool,
    allowedNames: listOf(data["requestheader-allowed-names"]),
    usernameHeaders: headersOf(data["requestheader-username-headers"]),
    uidHeaders: headersOf(data["requestheader-uid-headers"]),
    groupHeaders: headersOf(data["requestheader-group-headers"]),
    extraHeaderPrefixes: headersOf(data["requestheader-extra-headers-prefix"]),
  };
}

function headersOf(text: string | undefined): string[] {
  return listOf(text).map((header) => header.toLowerCase());
}

/** A JSON list of texts. What is none counts as empty; for allowed names a list that nobody is on would open the door, hence the name that no certificate has. */
function listOf(text: string | undefined): string[] {
  if (text === undefined || text === "") return [];
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  } catch {
    // Falls through to the answer for what is no list.
  }
  return ["\0"];
}
