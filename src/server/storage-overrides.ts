// Resources that have an etcd of their own: --etcd-servers-overrides GROUP/RESOURCE#URL;URL

import type { GroupResource } from "../api/door.ts";
import { systemClock } from "../base/clock.ts";
import type { Storage } from "../storage/door.ts";
import { storageCheckTimeoutsOf } from "./configured-server.ts";
import { type ConfiguredStorageOptions, openConfiguredEtcd } from "./configured-storage.ts";
import { FlagError } from "./flag-set.ts";
import type { Flags } from "./flags.ts";
import type { HealthCheck } from "./health.ts";
import type { Resource } from "./resource.ts";
import { storageChecks } from "./storage-checks.ts";

interface Override {
  readonly of: GroupResource;
  readonly servers: readonly string[];
}

interface Tools extends Pick<ConfiguredStorageOptions, "resourceOf" | "logger"> {
  /** Closes the storages. */
  readonly owned: AsyncDisposableStack;
}

export interface OverriddenResources {
  readonly resources: readonly Resource[];
  /** One pair for each set of servers. */
  readonly healthChecks: readonly HealthCheck[];
}

/** The resources, those that the flag names with a storage of their own. Throws a FlagError. */
export async function overrideStorages(
  flags: Flags,
  resources: readonly Resource[],
  { owned, ...tools }: Tools,
): Promise<OverriddenResources> {
  const overrides = flags.list("etcd-servers-overrides").map(parseOverride);
  const storages = new Map<string, Storage>();
  const overridden: Resource[] = [];
  for (const resource of resources) {
    const { group, plural } = resource.kind;
    // As in the reference, the last one that names a resource counts.
    const override = overrides.findLast(({ of }) => of.group === group && of.resource === plural);
    if (override === undefined) {
      overridden.push(resource);
      continue;
    }
    const id = override.servers.toSorted().join(";");
    const storage =
      storages.get(id) ?? owned.use(await openConfiguredEtcd(flags, { endpoints: override.servers, ...tools }));
    storages.set(id, storage);
    overridden.push({ ...resource, storage });
  }
  const timeouts = storageCheckTimeoutsOf(flags);
  const healthChecks = [...storages.values()].flatMap((storage, i) =>
    storageChecks(storage, { name: "etcd-override", suffix: `-${i}`, timeouts, clock: systemClock }),
  );
  return { resources: overridden, healthChecks };
}

function parseOverride(text: string): Override {
  const [address = "", servers = "", ...more] = text.split("#");
  const [group = "", resource, ...deeper] = address.split("/");
  const endpoints = servers.split(";");
  if (more.length > 0 || deeper.length > 0 || resource === undefined || endpoints.includes(""))
    throw new FlagError(
      "--etcd-servers-overrides invalid, must be of format: group/resource#servers, where servers are URLs, semicolon separated",
    );
  return { of: { group, resource }, servers: endpoints };
}
