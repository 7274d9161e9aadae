// Who may do what in a control plane: by roles, or by none.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#authorization-modules

import { type Authorizer, unionAuthorizer } from "../server/door.ts";
import { type RoleSource, rbacAuthorizer } from "./rbac/authorizer.ts";
import { clusterRoleBindingKind, clusterRoleKind, roleBindingKind, roleKind } from "./resources/rbac.ts";
import type { Views } from "./views.ts";

export const authorizationModes = ["RBAC", "AlwaysAllow", "AlwaysDeny"] as const;
export type AuthorizationMode = (typeof authorizationModes)[number];

/** Decides, and tells by which rules. */
export interface ControlPlaneAuthorizer extends Authorizer {
  readonly roles: RoleSource;
  /** Whether everybody may do everything. */
  readonly allowsEverything: boolean;
}

/** Asks one mode after the other until one has an opinion. */
export function controlPlaneAuthorizer(views: Views, modes: readonly AuthorizationMode[]): ControlPlaneAuthorizer {
  const roles: RoleSource = {
    clusterRole: (name) => views.of(clusterRoleKind).get("", name),
    role: (namespace, name) => views.of(roleKind).get(namespace, name),
    clusterRoleBindings: () => views.of(clusterRoleBindingKind).all(),
    roleBindings: (namespace) => views.of(roleBindingKind).in(namespace),
  };
  const byMode: Readonly<Record<AuthorizationMode, Authorizer>> = {
    RBAC: rbacAuthorizer(roles),
    AlwaysAllow: { authorize: () => ({ verdict: "allow", reason: "" }) },
    AlwaysDeny: { authorize: () => ({ verdict: "no opinion", reason: "Everything is forbidden." }) },
  };
  const { authorize } = unionAuthorizer(modes.map((mode) => byMode[mode]));
  return { authorize, roles, allowsEverything: modes.includes("AlwaysAllow") };
}
