// Nobody grants what they do not have: roles and bindings are accepted from those who hold every right in them, or who may escalate or bind.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping

import { type ApiObject, StatusError } from "../../api/door.ts";
import type { AdmissionPlugin, AdmissionRequest, Attributes } from "../../server/door.ts";
import type { ControlPlaneAuthorizer } from "../authorization.ts";
import { cellText, part } from "../resources/columns.ts";
import { type PolicyRule, rulesFor } from "./authorizer.ts";
import { describeRights, missingRights, quoteAll } from "./covers.ts";

const group = "rbac.authorization.k8s.io";
const resources = new Set(["roles", "clusterroles", "rolebindings", "clusterrolebindings"]);

/** Part of a main API server's storage rather than a plug-in that could be turned off. */
export function escalationCheck(authorizer: ControlPlaneAuthorizer): AdmissionPlugin {
  return {
    name: "RBACEscalation",
    handles: ({ kind, resource, operation }) =>
      kind.group === group && resources.has(resource) && (operation === "CREATE" || operation === "UPDATE"),
    async validate(request) {
      const { object, oldObject, user } = request;
      if (object === undefined || user.groups.includes("system:masters")) return;
      if (oldObject !== undefined && withoutGarbage(object) === withoutGarbage(oldObject)) return;
      if (request.resource.endsWith("bindings")) await checkBinding(request, object, authorizer);
      else await checkRole(request, object, authorizer);
    },
  };
}

/** The garbage collector may always do its work. */
function withoutGarbage({ metadata, ...rest }: ApiObject): string {
  const { name, namespace, labels, annotations } = metadata;
  return JSON.stringify({ ...rest, metadata: { name, namespace, labels, annotations } });
}

const fullAuthority: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

async function checkRole(
  request: AdmissionRequest,
  role: ApiObject,
  authorizer: ControlPlaneAuthorizer,
): Promise<void> {
  const name = request.operation === "CREATE" ? "" : request.name;
  if (await isAllowed(request, authorizer, { verb: "escalate", resource: request.resource, name })) return;
  const missing = missingFor(request, authorizer, rulesOf(role));
  if (missing.length > 0) throw forbidden(request, role, whyNot(request, missing));
  const hasAggregation = part(role, "aggregationRule").clusterRoleSelectors !== undefined;
  if (hasAggregation && missingFor(request, authorizer, fullAuthority).length > 0)
    throw forbidden(request, role, "must have cluster-admin privileges to use the aggregationRule");
}

async function checkBinding(
  request: AdmissionRequest,
  binding: ApiObject,
  authorizer: ControlPlaneAuthorizer,
): Promise<void> {
  const reference = part(binding, "roleRef");
  const name = cellText(reference.name);
  const resource = reference.kind === "ClusterRole" ? "clusterroles" : "roles";
  if (await isAllowed(request, authorizer, { verb: "bind", resource, name })) return;
  const role =
    resource === "clusterroles" ? authorizer.roles.clusterRole(name) : authorizer.roles.role(request.namespace, name);
  if (role === undefined) throw StatusError.notFound({ group, resource }, name);
  const missing = missingFor(request, authorizer, rulesOf(role));
  if (missing.length > 0) throw forbidden(request, binding, whyNot(request, missing));
}

async function isAllowed(
  { user, namespace, signal }: AdmissionRequest,
  authorizer: ControlPlaneAuthorizer,
  asked: Pick<Attributes, "verb" | "resource" | "name">,
): Promise<boolean> {
  const attributes = { user, isResource: true, path: "", group, version: "*", subresource: "", namespace, ...asked };
  const { verdict } = await authorizer.authorize(attributes, signal);
  return verdict === "allow";
}

function missingFor(
  { user, namespace }: AdmissionRequest,
  { roles }: ControlPlaneAuthorizer,
  wanted: readonly PolicyRule[],
): PolicyRule[] {
  const owned = [...rulesFor(roles, user, namespace)].map(({ rule }) => rule);
  return missingRights(owned, wanted);
}

function rulesOf({ rules }: ApiObject): readonly PolicyRule[] {
  return Array.isArray(rules) ? rules : [];
}

function whyNot({ user }: AdmissionRequest, missing: readonly PolicyRule[]): string {
  const who = `user ${JSON.stringify(user.name)} (groups=${quoteAll(user.groups)})`;
  return `${who} is attempting to grant RBAC permissions not currently held:\n${describeRights(missing)}`;
}

function forbidden({ resource }: AdmissionRequest, { metadata }: ApiObject, why: string): StatusError {
  return StatusError.forbidden({ group, resource }, metadata.name ?? "", why);
}
