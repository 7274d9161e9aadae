// A whole API server without a socket: every filter, route and verb, asked as a member of system:masters.

import {
  type AdmissionPlugin,
  type ApiServer,
  createApiServer,
  handlerTransport,
  inProcessAuthenticator,
  type Resource,
  silentLogger,
} from "../../src/server/door.ts";
import { openMemoryStorage } from "../../src/storage/door.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { admin } from "./request.ts";

export interface Asked {
  readonly method?: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes go out as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Ends a watch. */
  readonly signal?: AbortSignal;
}

export interface AskedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly bytes: Buffer;
  /** The body as JSON; fails where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
  readonly json: any;
}

export interface AskedServer extends AsyncDisposable {
  readonly server: ApiServer;
  /** What was last logged as an error. */
  readonly lastError: () => unknown;
  ask(asked: Asked): Promise<AskedAnswer>;
}

interface AskedServerOptions {
  readonly resources: readonly Resource[];
  readonly storage?: Storage;
  readonly admission?: readonly AdmissionPlugin[];
}

/** Starts a server in memory, unless it is given a storage. */
export async function startAskedServer({
  resources,
  storage = openMemoryStorage(),
  admission = [],
}: AskedServerOptions): Promise<AskedServer> {
  let lastError: unknown;
  const server = await createApiServer({
    name: "asked",
    logger: {
      ...silentLogger,
      error: (fields) => {
        lastError = Reflect.get(fields, "error");
      },
    },
    resources,
    storage,
    admission,
    authenticators: [inProcessAuthenticator],
    authorizer: { authorize: () => ({ verdict: "deny", reason: "" }) },
  });
  await server.ready();
  const transport = handlerTransport(server.handle, admin);
  return {
    server,
    lastError: () => lastError,
    async ask({ method = "GET", path, headers = {}, body, signal }) {
      const bytes =
        body === undefined || Buffer.isBuffer(body)
          ? body
          : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
      const type = bytes === undefined || "content-type" in headers ? {} : { "content-type": "application/json" };
      const response = await transport.send({
        method,
        path,
        headers: { "user-agent": "test", ...type, ...headers },
        ...(bytes === undefined ? {} : { body: bytes }),
        ...(signal === undefined ? {} : { signal }),
      });
      const chunks: Buffer[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      return {
        status: response.status,
        headers: response.headers,
        bytes: answer,
        get json() {
          return JSON.parse(answer.toString("utf8"));
        },
      };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
