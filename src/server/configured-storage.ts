// Where objects live, as the flags say it: the embedded store or etcd, encrypted or not.

import { readFileSync } from "node:fs";
import { decodeYaml, type GroupResource } from "../api/door.ts";
import { watchFiles } from "../base/watched-files.ts";
import {
  type EncryptionConfig,
  encryptedStorage,
  openEmbeddedStorage,
  openEtcdStorage,
  parseEncryptionConfig,
  type Storage,
} from "../storage/door.ts";
import { FlagError } from "./flag-set.ts";
import type { CommonFlagName, Flags } from "./flags.ts";
import { type Logger, silentLogger } from "./logging.ts";

export interface ConfiguredStorageOptions {
  /** Of the embedded store; empty where there is none. */
  readonly directory: string;
  /** The resource whose object lies under a key. */
  readonly resourceOf: (key: string) => GroupResource;
  readonly logger?: Logger;
}

type EncryptionTools = Pick<ConfiguredStorageOptions, "resourceOf" | "logger">;

/** Throws a FlagError, or a StorageError where the store cannot be opened. */
export async function openConfiguredStorage(
  flags: Flags<CommonFlagName>,
  { directory, ...tools }: ConfiguredStorageOptions,
): Promise<Storage> {
  return encryptedAsConfigured(flags, await openEngine(flags, directory), tools);
}

/** Opens an etcd for some resources alone, in all else like the one for the others. */
export async function openConfiguredEtcd(
  flags: Flags<CommonFlagName>,
  { endpoints, ...tools }: { readonly endpoints: readonly string[] } & EncryptionTools,
): Promise<Storage> {
  return encryptedAsConfigured(flags, await openEtcd(flags, endpoints), tools);
}

async function encryptedAsConfigured(
  flags: Flags<CommonFlagName>,
  storage: Storage,
  { resourceOf, logger = silentLogger }: EncryptionTools,
): Promise<Storage> {
  const file = flags.text("encryption-provider-config") ?? "";
  const isReloaded = flags.isSet("encryption-provider-config-automatic-reload");
  try {
    if (file !== "") return await encryptedWith(storage, file, { isReloaded, resourceOf, logger });
    if (!isReloaded) return storage;
    throw new FlagError("--encryption-provider-config-automatic-reload must be set with --encryption-provider-config");
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

async function encryptedWith(
  storage: Storage,
  file: string,
  { isReloaded, resourceOf, logger }: Required<EncryptionTools> & { readonly isReloaded: boolean },
): Promise<Storage> {
  const parse = (text: string) => parseEncryptionConfig(decodeYaml(text));
  let config = await parse(readFileSync(file, "utf8"));
  // A new configuration that cannot be used leaves the old one at work.
  const onError = (error: unknown) =>
    logger.error({ error, file }, "the encryption configuration could not be read again");
  const stop = isReloaded
    ? watchFiles({
        paths: [file],
        onChange([text = ""]) {
          const take = (next: EncryptionConfig) => {
            config = next;
          };
          void parse(text).then(take, onError);
        },
        onError,
      })
    : () => {};
  const transformerOf = (key: string) => {
    const { group, resource } = resourceOf(key);
    return config.transformerFor(resource, group);
  };
  return encryptedStorage(storage, transformerOf, { onClose: stop });
}

async function openEngine(flags: Flags<CommonFlagName>, directory: string): Promise<Storage> {
  const endpoints = flags.list("etcd-servers");
  const compactionIntervalMs = flags.durationMs("etcd-compaction-interval");
  if (directory !== "" && endpoints.length > 0) throw new FlagError("--data-dir and --etcd-servers exclude each other");
  if (directory !== "") {
    return openEmbeddedStorage({ directory, ...(compactionIntervalMs === 0 ? {} : { compactionIntervalMs }) });
  }
  if (endpoints.length === 0) throw new FlagError("--etcd-servers or --data-dir must be specified");
  return openEtcd(flags, endpoints);
}

async function openEtcd(flags: Flags<CommonFlagName>, endpoints: readonly string[]): Promise<Storage> {
  const backend = flags.text("storage-backend") ?? "";
  if (backend !== "" && backend !== "etcd3")
    throw new FlagError(
      "--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'",
    );
  const compactionIntervalMs = flags.durationMs("etcd-compaction-interval");
  const tls = etcdTls(flags);
  return openEtcdStorage({ endpoints, compactionIntervalMs, ...(tls === undefined ? {} : { tls }) });
}

export interface EtcdTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Reads the files again for each connection, as the reference does: certificates may be renewed. Undefined where there are none. */
export function etcdTls(flags: Flags<"etcd-cafile" | "etcd-certfile" | "etcd-keyfile">): (() => EtcdTls) | undefined {
  const ca = flags.text("etcd-cafile") ?? "";
  const cert = flags.text("etcd-certfile") ?? "";
  const key = flags.text("etcd-keyfile") ?? "";
  if ((cert === "") !== (key === "")) throw new FlagError("--etcd-certfile and --etcd-keyfile must be given together");
  if (ca === "" && cert === "") return undefined;
  const read = (): EtcdTls => ({
    ...(ca === "" ? {} : { ca: readFileSync(ca, "utf8") }),
    ...(cert === "" ? {} : { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }),
  });
  read(); // A file that is not there is a fault of the command line.
  return read;
}
