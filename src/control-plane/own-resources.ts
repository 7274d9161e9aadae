// Everything that a control plane serves itself.

import { apiServices } from "../aggregator/door.ts";
import type { Clock } from "../base/clock.ts";
import {
  type Authorizer,
  apiResources,
  discoveryResources,
  type Resource,
  type TokenLookup,
  type UserInfo,
  type VersionDiscovery,
} from "../server/door.ts";
import { serviceResource } from "./allocation.ts";
import type { ControlPlaneAuthorizer } from "./authorization.ts";
import { namespaceResource } from "./finalize-namespace.ts";
import { rulesFor } from "./rbac/authorizer.ts";
import {
  mutatingPolicies,
  mutatingPolicyBindings,
  validatingPolicies,
  validatingPolicyBindings,
} from "./resources/admission-policy.ts";
import { configMaps } from "./resources/config-map.ts";
import { endpointSlices } from "./resources/endpoint-slice.ts";
import { endpoints } from "./resources/endpoints.ts";
import { coreEvents, events } from "./resources/event.ts";
import { flowSchemas } from "./resources/flow-schema.ts";
import { leases } from "./resources/lease.ts";
import { namespaceKind } from "./resources/namespace.ts";
import { priorityLevels } from "./resources/priority-level.ts";
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from "./resources/rbac.ts";
import type { TokenAnswer } from "./resources/review-kind.ts";
import { reviewResources } from "./resources/reviews.ts";
import { secrets } from "./resources/secret.ts";
import { serviceKind } from "./resources/service.ts";
import { mutatingWebhooks, validatingWebhooks } from "./resources/webhook-configuration.ts";
import type { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";
import { serviceAccountResource } from "./tokens/token-request.ts";
import type { Views } from "./views.ts";

/** Whoever knows tokens gets this long for a review. */
const tokenTimeoutMs = 30_000;

export interface ResourceParts {
  readonly views: Views;
  readonly authorizer: ControlPlaneAuthorizer;
  /** Tokens beside those of service accounts. */
  readonly tokens: TokenLookup;
  readonly accountTokens: ServiceAccountTokens;
  readonly clock: Clock;
  readonly serviceRange: string;
}

/** Everything that the control plane serves itself. */
export function allResources(parts: ResourceParts): Resource[] {
  const { views, authorizer, accountTokens, clock, serviceRange } = parts;
  return [
    namespaceResource(() => views.served(namespaceKind)),
    serviceResource(serviceRange, () => views.of(serviceKind).all()),
    configMaps,
    secrets,
    serviceAccountResource({ tokens: accountTokens, views, clock }),
    coreEvents,
    endpointSlices,
    events,
    leases,
    endpoints,
    validatingWebhooks,
    mutatingWebhooks,
    validatingPolicies,
    validatingPolicyBindings,
    mutatingPolicies,
    mutatingPolicyBindings,
    flowSchemas,
    priorityLevels,
    roles,
    clusterRoles,
    roleBindings,
    clusterRoleBindings,
    ...reviewResources({
      authorizer: withSystemMasters(authorizer),
      authenticateToken: (token, audiences) => authenticateToken(parts, token, audiences),
      rulesFor: (user, namespace) => describeRules(authorizer, user, namespace),
    }),
    apiServices,
  ];
}

async function authenticateToken(
  { tokens, accountTokens }: ResourceParts,
  token: string,
  audiences: readonly string[],
): Promise<TokenAnswer> {
  const owner = accountTokens.ownerOf(token, audiences);
  if (owner !== undefined) return "refusal" in owner ? owner : { ...owner, user: authenticated(owner.user) };
  const user = await tokens(token, AbortSignal.timeout(tokenTimeoutMs));
  return user === undefined ? { refusal: "unknown" } : { user: authenticated(user), audiences };
}

function authenticated(user: UserInfo): UserInfo {
  return { ...user, groups: [...new Set([...user.groups, "system:authenticated"])] };
}

/** A review asks the same question that a request would. */
function withSystemMasters(authorizer: Authorizer): Authorizer {
  return {
    authorize: (attributes, signal) =>
      attributes.user.groups.includes("system:masters")
        ? { verdict: "allow", reason: "" }
        : authorizer.authorize(attributes, signal),
  };
}

function describeRules(
  { roles, allowsEverything }: ControlPlaneAuthorizer,
  user: UserInfo,
  namespace: string,
): { resourceRules: object[]; nonResourceRules: object[] } {
  const found = [...rulesFor(roles, user, namespace)].map(({ rule }) => rule);
  // What system:masters may do is in the role cluster-admin, which is bound to them.
  return {
    resourceRules: [
      ...(allowsEverything ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : []),
      ...found.filter(({ resources }) => resources !== undefined),
    ],
    nonResourceRules: [
      ...(allowsEverything ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : []),
      ...found.filter(({ nonResourceURLs }) => nonResourceURLs !== undefined),
    ],
  };
}

/** What discovery says of one version; undefined where nothing of it is served here. */
export function localVersion(
  resources: readonly Resource[],
  group: string,
  version: string,
): VersionDiscovery | undefined {
  const found = apiResources(resources, group, version);
  return found.length === 0 ? undefined : { version, resources: discoveryResources(found), freshness: "Current" };
}
