// Speaks to any Kubernetes API server. Kinds from `defineKind` make it typed:
//
//   const client = new Client({ transport: httpTransport(loadKubeconfig()) });
//   const flunders = client.resource(flunder, "v1beta1");
//   for (const item of (await flunders.list({ namespace: "default" })).items) console.log(item.spec.reference);

import { type ApiObject, type Kind, type ObjectOf, StatusError } from "../api/door.ts";
import { type ResourceAddress, ResourceClient } from "./resource-client.ts";
import { statusErrorOf } from "./response-error.ts";
import type { Transport, TransportResponse } from "./transport.ts";

export interface ClientOptions {
  readonly transport: Transport;
  /** The field manager of writes is what stands before the slash. Default "annex". */
  readonly userAgent?: string;
}

export interface ClientRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Percent-encoded, without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default: application/json. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** An answer is read up to this size: 256 MiB, far above the largest list that a server gives in one page. */
const answerBytesMax = 256 * 1024 * 1024;

export class Client {
  readonly #transport: Transport;
  readonly #userAgent: string;

  constructor({ transport, userAgent = "annex" }: ClientOptions) {
    this.#transport = transport;
    this.#userAgent = userAgent;
  }

  /** The objects of a kind, in one of its versions. */
  resource<K extends Kind, Version extends keyof K["versions"] & string>(
    kind: K,
    version: Version,
  ): ResourceClient<ObjectOf<K, Version>>;
  /** The objects of a kind that is known by its address alone. */
  resource(address: ResourceAddress): ResourceClient<ApiObject>;
  resource(kind: Kind | ResourceAddress, version?: string): ResourceClient<ApiObject> {
    const address =
      "versions" in kind
        ? {
            group: kind.group,
            version: version ?? kind.hub,
            resource: kind.plural,
            isNamespaced: kind.scope === "Namespaced",
          }
        : kind;
    return new ResourceClient(this, address);
  }

  /** Sends a request and reads the answer as JSON. Throws a StatusError for every answer from 400 on. */
  async json(request: ClientRequest): Promise<unknown> {
    const response = await this.open(request);
    const body = await readAll(response.body);
    if (body.length === 0) return undefined;
    try {
      return JSON.parse(body.toString("utf8"));
    } catch (cause) {
      throw new StatusError("InternalError", `Cannot read an answer as it must be JSON: ${request.path}`, { cause });
    }
  }

  /** Sends a request and hands the answer's body over as it comes. Throws a StatusError for every answer from 400 on. */
  async open(request: ClientRequest): Promise<TransportResponse> {
    const response = await this.send(request);
    if (response.status < 400) return response;
    throw statusErrorOf(response.status, await readAll(response.body));
  }

  /** Sends a request; every answer is one. */
  send({ method = "GET", path, query, body, contentType, accept, signal }: ClientRequest): Promise<TransportResponse> {
    return this.#transport.send({
      method,
      path: `${path}${formatQuery(query)}`,
      headers: {
        accept: accept ?? "application/json",
        "user-agent": this.#userAgent,
        ...(body === undefined ? {} : { "content-type": contentType ?? "application/json" }),
      },
      ...(body === undefined ? {} : { body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  close(): void {
    this.#transport.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Reads a body to its end. */
export async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > answerBytesMax)
      throw new RangeError(`Cannot read an answer as it must be below ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, sizeBytes);
}

function formatQuery(query: ClientRequest["query"] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, String(value));
  return parameters.size === 0 ? "" : `?${parameters}`;
}
