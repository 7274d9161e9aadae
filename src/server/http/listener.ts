// One TLS port that speaks HTTP/2 and HTTP/1.1. This room is the only one of the server that knows Node's http modules.

import { createServer, type SecureContextOptions, type TLSSocket, type Server as TlsServer } from "node:tls";
import type { Handler } from "../exchange.ts";
import { type Http1, makeHttp1 } from "./http1.ts";
import { type Http2, makeHttp2 } from "./http2.ts";
import { handshakeTimeoutMs } from "./limits.ts";
import { ignore } from "./serve.ts";

export interface ListenOptions {
  readonly handler: Handler;
  /** 0 for any free port. */
  readonly port: number;
  readonly host: string;
  readonly tls: {
    readonly key: string | Buffer;
    readonly cert: string | Buffer;
    /** Default TLSv1.2. */
    readonly minVersion?: "TLSv1.2" | "TLSv1.3";
    /** OpenSSL's names with colons between them, for TLS 1.2. */
    readonly ciphers?: string;
  };
  /** Whether HTTP/2 is offered. Default true. */
  readonly http2?: boolean;
  /** Whether other processes may listen on the same port, where the system can spread connections over them. Default false. */
  readonly sharesPort?: boolean;
}

export interface Listener {
  readonly port: number;
  /** New connections use these certificates from now on. */
  setCertificates(tls: ListenOptions["tls"]): void;
  /** Stops listening, lets answers under way end for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** A connection on which nothing is said is asked for a sign of life by the kernel after this time. */
const keepAliveMs = 30_000;

/** Listens. Throws what the operating system says: EADDRINUSE, EACCES, EADDRNOTAVAIL. */
export async function listen({
  handler,
  port,
  host,
  tls,
  http2: offersHttp2 = true,
  sharesPort = false,
}: ListenOptions): Promise<Listener> {
  const sockets = new Set<TLSSocket>();
  const http1 = makeHttp1(handler);
  const http2 = makeHttp2(handler);
  const server = createServer(
    {
      ...secureOptions(tls),
      // Any certificate is taken here; who trusts it is for authentication to say.
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: offersHttp2 ? ["h2", "http/1.1"] : ["http/1.1"],
      handshakeTimeout: handshakeTimeoutMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    },
    (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", ignore);
      (socket.alpnProtocol === "h2" ? http2 : http1).accept(socket);
    },
  );
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, reusePort: sharesPort }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: portOf(server),
    setCertificates: (next) => server.setSecureContext(secureOptions(next)),
    close: (graceMs) => close({ server, http1, http2, sockets, graceMs }),
  };
}

function secureOptions({ key, cert, minVersion = "TLSv1.2", ciphers }: ListenOptions["tls"]): SecureContextOptions {
  return { key, cert, minVersion, ...(ciphers === undefined ? {} : { ciphers }) };
}

function portOf(server: TlsServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface CloseOptions {
  readonly server: TlsServer;
  readonly http1: Http1;
  readonly http2: Http2;
  readonly sockets: ReadonlySet<TLSSocket>;
  readonly graceMs: number;
}

async function close({ server, http1, http2, sockets, graceMs }: CloseOptions): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  http2.drain();
  http1.drain();
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearTimeout(cut);
}
