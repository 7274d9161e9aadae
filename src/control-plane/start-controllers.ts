// The control plane's own controllers: what acts on objects once they are stored.

import type { Clock } from "../base/clock.ts";
import type { Client } from "../client/door.ts";
import type { Logger } from "../server/door.ts";
import { keepDefaultObjects } from "./controllers/default-objects.ts";
import { NamespaceController } from "./controllers/namespace-controller.ts";
import { configMaps } from "./resources/config-map.ts";
import { namespaceKind } from "./resources/namespace.ts";
import { serviceAccounts } from "./resources/service-account.ts";
import type { Views } from "./views.ts";

export interface Controllers {
  readonly client: Client;
  readonly views: Views;
  /** PEM: by what programs in a namespace know the API server. */
  readonly servingAuthorities: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly started: AsyncDisposableStack;
}

/** They end with `started`. */
export function startControllers({ client, views, servingAuthorities, clock, logger, started }: Controllers): void {
  const namespaces = views.of(namespaceKind);
  const controller = new NamespaceController({ client, namespaces, clock, logger });
  controller.start();
  started.defer(() => controller.stop());
  started.defer(
    keepDefaultObjects({
      client,
      namespaces,
      serviceAccounts: views.of(serviceAccounts.kind),
      configMaps: views.of(configMaps.kind),
      servingAuthority: servingAuthorities,
      logger,
    }),
  );
}
