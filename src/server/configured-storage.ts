// Where objects live, as the flags say it: the embedded store or etcd, encrypted or not.

import { readFileSync } from "node:fs";
import { decodeYaml } from "../api/door.ts";
import {
  encryptedStorage,
  openEmbeddedStorage,
  openEtcdStorage,
  parseEncryptionConfig,
  type Storage,
} from "../storage/door.ts";
import { FlagError, type FlagName, type Flags } from "./flags.ts";

/** `prefix` is what all keys begin with. Throws a FlagError, or a StorageError where the store cannot be opened. */
export async function openConfiguredStorage(flags: Flags, prefix: string): Promise<Storage> {
  const encryptionFile = flags.text("encryption-provider-config") ?? "";
  const storage = await openEngine(flags);
  if (encryptionFile === "") return storage;
  try {
    const config = await parseEncryptionConfig(decodeYaml(readFileSync(encryptionFile, "utf8")));
    return encryptedStorage(storage, (key) => {
      // PREFIX/GROUP/RESOURCE/…
      const [group = "", resource = ""] = key.slice(prefix.length + 1).split("/");
      return config.transformerFor(resource, group === "core" ? "" : group);
    });
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

async function openEngine(flags: Flags): Promise<Storage> {
  const directory = flags.text("data-dir") ?? "";
  const endpoints = flags.list("etcd-servers");
  const compactionIntervalMs = flags.durationMs("etcd-compaction-interval");
  if (directory !== "" && endpoints.length > 0) throw new FlagError("--data-dir and --etcd-servers exclude each other");
  if (directory !== "") {
    return openEmbeddedStorage({ directory, ...(compactionIntervalMs === 0 ? {} : { compactionIntervalMs }) });
  }
  if (endpoints.length === 0) throw new FlagError("--etcd-servers or --data-dir must be specified");
  return openEtcdStorage({ endpoints, compactionIntervalMs, ...etcdTls(flags) });
}

function etcdTls(flags: Flags): {
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
} {
  const read = (name: FlagName) => {
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
