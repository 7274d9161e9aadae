// Admission: refuses flunders whose name a fischer disallows.

import { StatusError } from "annex/api";
import type { AdmissionPlugin, AdmissionServer } from "annex/server";
import { fischer } from "./fischer.ts";
import { flunder } from "./flunder.ts";

/** The plug-in that `--disable-admission-plugins=BanFlunder` turns off. Each server needs one of its own. */
export function banFlunder(): AdmissionPlugin {
  const banned = bannedNames();
  return {
    name: "BanFlunder",
    initialize: banned.readFrom,
    handles: ({ kind, operation, subresource }) => kind === flunder && operation === "CREATE" && subresource === "",
    mutate({ object, name, resource }) {
      // A name that is still to be generated is empty here, and no generated name is checked.
      if (!banned.has(object?.metadata.name ?? "")) return;
      throw StatusError.forbidden(
        { group: flunder.group, resource },
        name,
        "this name may not be used, please change the resource name",
      );
    },
  };
}

/** The names that all fischers together disallow, gathered anew when a fischer has changed. */
function bannedNames() {
  let server: AdmissionServer | undefined;
  let gatheredAt: number | undefined;
  let names: ReadonlySet<unknown> = new Set();
  return {
    readFrom(from: AdmissionServer): void {
      server = from;
    },
    has(name: string): boolean {
      const fischers = server?.objects(fischer);
      if (fischers === undefined) return false;
      if (fischers.revision !== gatheredAt) {
        names = new Set([...fischers].flatMap(({ disallowedFlunders }) => disallowedFlunders ?? []));
        gatheredAt = fischers.revision;
      }
      return names.has(name);
    },
  };
}
