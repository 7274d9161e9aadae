// Where objects live, as the flags say it: the embedded store or etcd, encrypted or not.

import { readFileSync } from "node:fs";
import { decodeYaml, type GroupResource } from "../api/door.ts";
import {
  encryptedStorage,
  openEmbeddedStorage,
  openEtcdStorage,
  parseEncryptionConfig,
  type Storage,
} from "../storage/door.ts";
import { FlagError } from "./flag-set.ts";
import type { CommonFlagName, Flags } from "./flags.ts";

export interface ConfiguredStorageOptions {
  /** Of the embedded store; empty where there is none. */
  readonly directory: string;
  /** The resource whose object lies under a key. */
  readonly resourceOf: (key: string) => GroupResource;
}

/** Throws a FlagError, or a StorageError where the store cannot be opened. */
export async function openConfiguredStorage(
  flags: Flags<CommonFlagName>,
  { directory, resourceOf }: ConfiguredStorageOptions,
): Promise<Storage> {
  const encryptionFile = flags.text("encryption-provider-config") ?? "";
  const storage = await openEngine(flags, directory);
  if (encryptionFile === "") return storage;
  try {
    const config = await parseEncryptionConfig(decodeYaml(readFileSync(encryptionFile, "utf8")));
    return encryptedStorage(storage, (key) => {
      const { group, resource } = resourceOf(key);
      return config.transformerFor(resource, group);
    });
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

async function openEngine(flags: Flags<CommonFlagName>, directory: string): Promise<Storage> {
  const endpoints = flags.list("etcd-servers");
  const compactionIntervalMs = flags.durationMs("etcd-compaction-interval");
  if (directory !== "" && endpoints.length > 0) throw new FlagError("--data-dir and --etcd-servers exclude each other");
  if (directory !== "") {
    return openEmbeddedStorage({ directory, ...(compactionIntervalMs === 0 ? {} : { compactionIntervalMs }) });
  }
  if (endpoints.length === 0) throw new FlagError("--etcd-servers or --data-dir must be specified");
  return openEtcdStorage({ endpoints, compactionIntervalMs, ...etcdTls(flags) });
}

function etcdTls(flags: Flags<CommonFlagName>): {
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
} {
  const read = (name: CommonFlagName) => {
    const file = flags.text(name) ?? "";
    return file === "" ? undefined : readFileSync(file, "utf8");
  };
  const [ca, cert, key] = [read("etcd-cafile"), read("etcd-certfile"), read("etcd-keyfile")];
  if ((cert === undefined) !== (key === undefined))
    throw new FlagError("--etcd-certfile and --etcd-keyfile must be given together");
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return Object.keys(tls).length === 0 ? {} : { tls };
}
