// Hosts of their own on one network of this machine, which a test may cut off: network namespaces behind a bridge.

import { spawnSync } from "node:child_process";
import type { Owner } from "./etcd.ts";

export interface Host {
  readonly address: string;
  /** What a command line begins with that is to run there. */
  readonly command: readonly string[];
  /** Nothing comes in or goes out any more; nobody is told. */
  cut(): void;
  heal(): void;
}

/** Makes so many hosts, which go with their owner; undefined where this process may not, since that takes root and Linux' `ip`. */
export function makeHosts(owner: Owner, count: number): readonly Host[] | undefined {
  // Names and addresses are of this process, so that runs side by side do not meet.
  const id = process.pid.toString(36);
  const network = `10.${128 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 256}`;
  const bridge = `axb${id}`;
  const spaces = Array.from({ length: count }, (_, i) => `axn${id}-${i}`);
  owner.after(() => {
    for (const space of spaces) ip("netns", "del", space);
    ip("link", "del", bridge);
  });
  const isMade =
    ip("link", "add", bridge, "type", "bridge") &&
    ip("addr", "add", `${network}.254/24`, "dev", bridge) &&
    ip("link", "set", bridge, "up");
  if (!isMade) return undefined;
  const hosts: Host[] = [];
  for (const [i, space] of spaces.entries()) {
    const [outer, inner] = [`axv${id}${i}`, `axw${id}${i}`];
    const address = `${network}.${i + 1}`;
    const isPlaced =
      ip("netns", "add", space) &&
      ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", space) &&
      ip("link", "set", outer, "master", bridge, "up") &&
      ip("-n", space, "addr", "add", `${address}/24`, "dev", inner) &&
      ip("-n", space, "link", "set", inner, "up") &&
      ip("-n", space, "link", "set", "lo", "up") &&
      ip("netns", "exec", space, "true");
    if (!isPlaced) return undefined;
    hosts.push({
      address,
      command: ["ip", "netns", "exec", space],
      cut: () => void ip("link", "set", outer, "down"),
      heal: () => void ip("link", "set", outer, "up"),
    });
  }
  return hosts;
}

function ip(...words: string[]): boolean {
  return spawnSync("ip", words, { stdio: "ignore" }).status === 0;
}
