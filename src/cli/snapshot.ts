// `annex snapshot`: everything that is stored as one file, and back.

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { commonFlags, etcdTls, FlagError, type Flags } from "../server/door.ts";
import {
  openEtcdStorage,
  restoreSnapshot,
  type SnapshotSummary,
  saveEmbeddedSnapshot,
  saveSnapshot,
} from "../storage/door.ts";
import { dataDirectoryFlag, defineCommand, say } from "./command.ts";

const flagTable = {
  "data-dir": dataDirectoryFlag,
  extension: {
    type: "text",
    help: "The name of an extension server whose objects are meant, in place of the control plane's own.",
  },
  "storage-dir": {
    type: "text",
    help: "The --data-dir of a server that runs on its own, in place of a control plane's.",
  },
  "etcd-servers": commonFlags["etcd-servers"],
  "etcd-cafile": commonFlags["etcd-cafile"],
  "etcd-certfile": commonFlags["etcd-certfile"],
  "etcd-keyfile": commonFlags["etcd-keyfile"],
} as const;

type SnapshotFlags = Flags<keyof typeof flagTable>;

export const snapshot = defineCommand({
  usage: "annex snapshot save|restore FILE [flags]",
  about:
    "save writes everything that the control plane of a data directory, one of its extension servers, a server on its own,\nor an etcd, holds at this moment to a file; they may run meanwhile.\nrestore makes the objects of a directory out of such a file, where there are none.\nWhat is encrypted at rest is so in the file, too.",
  flags: flagTable,
  wordsMax: 2,
  async run(flags) {
    const [action, file, ...more] = flags.words;
    if ((action !== "save" && action !== "restore") || file === undefined || more.length > 0)
      throw new FlagError(
        "say what to do and with which file: annex snapshot save FILE, or annex snapshot restore FILE",
      );
    const { revision, entries } = await (action === "save" ? save(flags, file) : restore(flags, file));
    say(`${action === "save" ? "saved" : "restored"} ${entries} keys as of revision ${revision}`);
    return 0;
  },
});

async function save(flags: SnapshotFlags, file: string): Promise<SnapshotSummary> {
  const endpoints = flags.list("etcd-servers");
  if (endpoints.length === 0) {
    const directory = storageIn(flags);
    if (!existsSync(directory)) throw new FlagError(`there is no storage in ${directory}: a server makes one`);
    return saveEmbeddedSnapshot(directory, file);
  }
  if (flags.isGiven("data-dir") || flags.isGiven("extension") || flags.isGiven("storage-dir"))
    throw new FlagError("--etcd-servers excludes --data-dir, --extension and --storage-dir");
  const tls = etcdTls(flags);
  await using storage = await openEtcdStorage({
    endpoints,
    compactionIntervalMs: 0, // Whoever only reads leaves the history to those who serve from it.
    ...(tls === undefined ? {} : { tls }),
  });
  return await saveSnapshot(storage, file);
}

function restore(flags: SnapshotFlags, file: string): Promise<SnapshotSummary> {
  if (flags.list("etcd-servers").length > 0)
    throw new FlagError("a snapshot is restored into a --data-dir; an etcd has etcdutl snapshot restore for its own");
  return restoreSnapshot(file, storageIn(flags));
}

/** Where a server on its own keeps its objects, `annex up` its own, or those of an extension server. */
function storageIn(flags: SnapshotFlags): string {
  const alone = flags.text("storage-dir");
  if (alone !== undefined) {
    if (flags.isGiven("data-dir") || flags.isGiven("extension"))
      throw new FlagError("--storage-dir excludes --data-dir and --extension");
    return resolve(alone);
  }
  const dataDirectory = resolve(flags.text("data-dir") ?? "");
  const extension = flags.text("extension");
  if (extension === undefined) return join(dataDirectory, "storage");
  if (basename(extension) !== extension || /^\.{0,2}$/.test(extension))
    throw new FlagError("--extension must be a name as annex status shows it");
  return join(dataDirectory, "extensions", extension, "data");
}
