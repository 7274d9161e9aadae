// The objects of the control plane's own resources, read from memory by whoever decides something.

import type { Kind } from "../api/door.ts";
import type { ApiServer, ServedResource } from "../server/door.ts";
import { ObjectView } from "./object-view.ts";

/** The objects of the server's own resources, known once the server is there. */
export class Views {
  readonly #views = new Map<Kind, ObjectView>();
  readonly #served = new Map<string, ServedResource>();

  attach({ served }: ApiServer): void {
    for (const resource of served) {
      this.#views.set(resource.kind, new ObjectView(resource));
      this.#served.set(`${resource.kind.group}/${resource.kind.kind}`, resource);
    }
  }

  of(kind: Kind): ObjectView {
    const view = this.#views.get(kind);
    if (view === undefined) throw new TypeError(`Cannot read objects of "${kind.kind}" as they must be served here`);
    return view;
  }

  served(kind: Kind): ServedResource {
    const served = this.#served.get(`${kind.group}/${kind.kind}`);
    if (served === undefined) throw new TypeError(`Cannot write objects of "${kind.kind}" as they must be served here`);
    return served;
  }
}
