// An extension server in the control plane's own process: what a test of one's own API needs. It is reached as any other is: by TLS, through
// the aggregator, which says who asks.

import type { Clock } from "../base/clock.ts";
import {
  type AdmissionPlugin,
  bearerTokenAuthenticator,
  clientCertificateAuthenticator,
  createApiServer,
  groupsOf,
  type Logger,
  namespaceLifecycle,
  type Resource,
  requestHeaderAuthenticator,
  type TokenLookup,
} from "../server/door.ts";
import { openEmbeddedStorage, openMemoryStorage, type Storage } from "../storage/door.ts";
import type { ControlPlaneAuthorizer } from "./authorization.ts";
import { ownNamespaces } from "./own-namespaces.ts";
import { extensionServiceName, type ServedGroups } from "./registration.ts";
import { type Credentials, extensionCertificate } from "./state-directory.ts";
import type { Trust } from "./trust.ts";
import type { Views } from "./views.ts";

/** What `runServer` would run as a program. */
export interface ExtensionServer {
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly admission?: readonly AdmissionPlugin[];
  /** Where its objects live. Default: in the control plane's data directory, or in memory. Closed with the control plane. */
  readonly storage?: Storage;
}

export interface InProcessOptions {
  /** Its data is in here; undefined for a control plane in memory. */
  readonly directory: string | undefined;
  readonly credentials: Credentials;
  readonly trust: Trust;
  readonly tokens: TokenLookup;
  readonly authorizer: ControlPlaneAuthorizer;
  readonly views: Views;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly started: AsyncDisposableStack;
}

/** Starts it on a free port; it ends with `started`. */
export async function serveInProcess(
  { name, resources, admission = [], storage }: ExtensionServer,
  { directory, credentials, trust, tokens, authorizer, views, clock, logger, started }: InProcessOptions,
): Promise<{ readonly port: number; readonly groups: ServedGroups }> {
  const certificate = await extensionCertificate(credentials, {
    service: extensionServiceName,
    namespace: name,
    nowMs: clock.nowMs(),
  });
  const server = started.use(
    await createApiServer({
      name,
      resources,
      storage:
        storage ?? (directory === undefined ? openMemoryStorage({ clock }) : await openEmbeddedStorage({ directory })),
      keyPrefix: `/registry/${name}`,
      authenticators: [
        requestHeaderAuthenticator(() => trust.aggregator, clock),
        clientCertificateAuthenticator(() => trust.clientCertificates, clock),
        bearerTokenAuthenticator(tokens),
      ],
      authorizer,
      admission: [namespaceLifecycle({ namespaces: ownNamespaces(views) }), ...admission],
      logger,
      clock,
    }),
  );
  await server.ready();
  const { port } = await server.listen({
    port: 0,
    host: "127.0.0.1",
    tls: { cert: certificate.certificate, key: certificate.key },
  });
  return { port, groups: [...groupsOf(resources)].map(([group, versions]) => ({ group, versions })) };
}
