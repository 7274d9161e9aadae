// A way to a server that a test can cut.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Owner } from "./etcd.ts";

export interface TcpProxy {
  readonly port: number;
  /** Breaks all connections and takes no new ones. */
  cut(): void;
  heal(): void;
}

/** Listens on a free port of the loopback and hands everything on to another, until its owner ends. */
export async function startProxy(owner: Owner, targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(targetPort, "127.0.0.1");
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(from);
      from
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(from);
          to.destroy();
        });
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  owner.after(() => {
    server.close();
    breakAll();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    port,
    cut() {
      server.close();
      breakAll();
    },
    heal() {
      server.listen(port, "127.0.0.1");
    },
  };
}
