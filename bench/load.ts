// A crowd of clients on a few connections, over HTTP/2 or HTTP/1.1 with client certificates, as cheap as Node can be: the load must not be what limits.

import { type ClientHttp2Session, connect, constants } from "node:http2";
import { Agent, request } from "node:https";
import type { Target } from "./targets.ts";

export interface LoadRequest {
  readonly method?: string;
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoadAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface Load {
  /** Sends one request on the connection that belongs to the client of this number. Rejects where the connection fails. */
  send(client: number, request: LoadRequest): Promise<LoadAnswer>;
  /** Opens a long answer and hands over its chunks. Resolves with what ends it, once its head has come. */
  follow(client: number, path: string, onData: (chunk: Buffer) => void): Promise<() => void>;
  close(): void;
}

const connections = 4;
/** Watches of one connection, which have connections of their own: servers take 250 requests on each. */
const watchesPerConnection = 200;

/** Connects to a target. Its certificate is not verified: what is measured is not us. */
export async function openLoad(target: Target, { isHttp1 }: { readonly isHttp1: boolean }): Promise<Load> {
  return isHttp1 ? http1(target) : http2(target);
}

async function http2({ url, cert, key }: Target): Promise<Load> {
  const open = () =>
    new Promise<ClientHttp2Session>((resolve, reject) => {
      const session = connect(url, {
        cert,
        key,
        rejectUnauthorized: false,
        settings: { initialWindowSize: windowBytes },
      });
      session.once("error", reject).once("connect", () => {
        session.setLocalWindowSize(windowBytes);
        resolve(session);
      });
    });
  const sessions = await Promise.all(Array.from({ length: connections }, open));
  const watchSessions = new Map<number, Promise<ClientHttp2Session>>();
  const sessionOfWatch = (client: number) => {
    const index = Math.floor(client / watchesPerConnection);
    const session = watchSessions.get(index) ?? open();
    watchSessions.set(index, session);
    return session;
  };
  const request = (session: ClientHttp2Session, { method = "GET", path, headers, body }: LoadRequest) => {
    const stream = session.request({ ":method": method, ":path": path, ...headers }, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return stream;
  };
  const streamOf = (client: number, sent: LoadRequest) => {
    const session = sessions[client % connections];
    if (session === undefined) throw new RangeError(`Cannot send as client ${client}`);
    return request(session, sent);
  };
  return {
    send: (client, sent) =>
      new Promise((resolve, reject) => {
        const stream = streamOf(client, sent);
        const chunks: Buffer[] = [];
        let status = 0;
        stream.on("response", (headers) => {
          status = Number(headers[":status"]);
        });
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => resolve({ status, body: Buffer.concat(chunks) }));
        stream.on("error", reject);
      }),
    follow: async (client, path, onData) => {
      const session = await sessionOfWatch(client);
      return new Promise((resolve, reject) => {
        const stream = request(session, { path });
        stream.on("response", () => resolve(() => stream.close(constants.NGHTTP2_CANCEL)));
        stream.on("data", onData).on("error", reject);
      });
    },
    close() {
      for (const session of sessions) session.destroy();
      for (const opening of watchSessions.values()) opening.then((session) => session.destroy());
    },
  };
}

/** Large enough that no list waits for its client. */
const windowBytes = 32 * 1024 * 1024;

function http1({ url, cert, key }: Target): Load {
  const agents = Array.from({ length: connections }, () => new Agent({ keepAlive: true }));
  const { hostname, port } = new URL(url);
  const start = (client: number, { method = "GET", path, headers, body }: LoadRequest) => {
    const agent = agents[client % connections];
    const sent = request({ hostname, port, method, path, headers, cert, key, rejectUnauthorized: false, agent });
    sent.end(body);
    return sent;
  };
  return {
    send: (client, wanted) =>
      new Promise((resolve, reject) => {
        start(client, wanted)
          .on("error", reject)
          .on("response", (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
            response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
          });
      }),
    follow: (client, path, onData) =>
      new Promise((resolve, reject) => {
        const sent = start(client, { path }).on("error", reject);
        sent.on("response", (response) => {
          response.on("data", onData).on("error", () => {});
          resolve(() => void sent.destroy());
        });
      }),
    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}
