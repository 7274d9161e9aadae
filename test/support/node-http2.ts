// HTTP/2 by Node's own library: what ours is compared with.

import { once } from "node:events";
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import type { ApiResponse } from "../../src/server/door.ts";

/** What a server saw of a request. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface NodeServer extends AsyncDisposable {
  readonly port: number;
}

/** Serves on a free port. */
export async function serveWithNode(
  tls: { readonly key: string; readonly cert: string },
  handle: (seen: Seen) => ApiResponse,
): Promise<NodeServer> {
  const server: Http2SecureServer = createSecureServer(tls);
  server.on(
    "stream",
    async (
      stream: ServerHttp2Stream,
      { ":method": method = "", ":path": url = "", ...headers }: IncomingHttpHeaders,
    ) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const { status, headers: answered, body } = handle({ method, url, headers, body: Buffer.concat(chunks) });
      const isEmpty = body === undefined || method === "HEAD";
      const sent = Object.fromEntries(
        Object.entries(answered).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
      );
      stream.respond({ ":status": status, ...sent }, { endStream: isEmpty });
      if (isEmpty) return;
      await pipeline(Buffer.isBuffer(body) ? [body] : body, stream);
    },
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, "close");
    },
  };
}
