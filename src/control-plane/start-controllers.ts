// The control plane's own controllers: what acts on objects once they are stored.

import { apiServiceKind } from "../aggregator/door.ts";
import type { Clock } from "../base/clock.ts";
import type { Client } from "../client/door.ts";
import type { Logger } from "../server/door.ts";
import { keepClusterRolesAggregated } from "./controllers/cluster-role-aggregation.ts";
import { keepDefaultObjects } from "./controllers/default-objects.ts";
import { mirrorEndpoints } from "./controllers/endpoints-mirror.ts";
import { keepFlowSchemaConditions } from "./controllers/flow-schema-conditions.ts";
import { GarbageCollector } from "./controllers/garbage-collector/garbage-collector.ts";
import { NamespaceController } from "./controllers/namespace-controller.ts";
import { keepOwnService } from "./controllers/own-service.ts";
import { keepTokenSecrets } from "./controllers/token-secrets.ts";
import { configMaps } from "./resources/config-map.ts";
import { endpointSliceKind } from "./resources/endpoint-slice.ts";
import { endpointsKind } from "./resources/endpoints.ts";
import { flowSchemaKind } from "./resources/flow-schema.ts";
import { namespaceKind } from "./resources/namespace.ts";
import { priorityLevelKind } from "./resources/priority-level.ts";
import { clusterRoleKind } from "./resources/rbac.ts";
import { secretKind } from "./resources/secret.ts";
import { serviceKind } from "./resources/service.ts";
import { serviceAccountKind } from "./resources/service-account.ts";
import type { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";
import type { Views } from "./views.ts";

export interface Controllers {
  readonly client: Client;
  /** The same, reading metadata alone. */
  readonly metadataClient: Client;
  readonly views: Views;
  /** PEM: by what programs in a namespace know the API server. */
  readonly servingAuthorities: string;
  readonly accountTokens: ServiceAccountTokens;
  /** Where the control plane listens. */
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly started: AsyncDisposableStack;
}

/** They end with `started`. */
export function startControllers(controllers: Controllers): void {
  const { client, metadataClient, views, servingAuthorities, accountTokens, host, port, clock, logger, started } =
    controllers;
  const namespaces = views.of(namespaceKind);
  const controller = new NamespaceController({ client, namespaces, clock, logger });
  controller.start();
  started.defer(() => controller.stop());
  started.defer(
    keepDefaultObjects({
      client,
      namespaces,
      serviceAccounts: views.of(serviceAccountKind),
      configMaps: views.of(configMaps.kind),
      servingAuthority: servingAuthorities,
      logger,
    }),
  );
  started.defer(keepOwnService({ client, views, host, port, clock, logger }));
  started.defer(
    keepTokenSecrets({
      client,
      secrets: views.of(secretKind),
      serviceAccounts: views.of(serviceAccountKind),
      tokens: accountTokens,
      servingAuthority: servingAuthorities,
      clock,
      logger,
    }),
  );
  started.defer(keepClusterRolesAggregated({ client, clusterRoles: views.of(clusterRoleKind), clock, logger }));
  const flowSchemas = views.of(flowSchemaKind);
  const priorityLevels = views.of(priorityLevelKind);
  started.defer(keepFlowSchemaConditions({ client, flowSchemas, priorityLevels, clock, logger }));
  started.defer(
    mirrorEndpoints({
      client,
      endpoints: views.of(endpointsKind),
      slices: views.of(endpointSliceKind),
      services: views.of(serviceKind),
      clock,
      logger,
    }),
  );
  const collector = started.use(
    new GarbageCollector({
      client: metadataClient,
      onApisChange: (listener) => views.of(apiServiceKind).onChange(listener),
      clock,
      logger,
    }),
  );
  collector.start();
}
