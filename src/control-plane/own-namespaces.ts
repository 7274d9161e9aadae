// The control plane's namespaces, as admission asks for them.

import type { ApiObject } from "../api/door.ts";
import type { NamespaceLookup } from "../server/door.ts";
import { cellText, part } from "./resources/columns.ts";
import { namespaceKind } from "./resources/namespace.ts";
import type { Views } from "./views.ts";

/** From memory; a namespace that is not known there is asked for, since on etcd memory is a moment behind. */
export function ownNamespaces(views: Views): NamespaceLookup {
  return {
    phaseOf(name, signal) {
      const known = views.of(namespaceKind).get("", name);
      if (known !== undefined) return phaseOf(known);
      const { keyPrefix, cache } = views.served(namespaceKind);
      const key = `${keyPrefix}${name}`;
      const fresh = cache.freshSnapshot({ start: key, end: `${key}\0` }, signal);
      return fresh instanceof Promise
        ? fresh.then(({ tree }) => phaseOf(tree.get(key)?.object()))
        : phaseOf(fresh.tree.get(key)?.object());
    },
  };
}

function phaseOf(namespace: ApiObject | undefined): string | undefined {
  if (namespace === undefined) return undefined;
  if (namespace.metadata.deletionTimestamp !== undefined) return "Terminating";
  return cellText(part(namespace, "status").phase) || "Active";
}
