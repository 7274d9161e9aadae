// The ways of acting as somebody else, and what one must be allowed for each. https://kep.k8s.io/5284

import type { UserInfo } from "../authentication/user.ts";
import type { Attributes } from "../authorization/authorizer.ts";

/** "legacy" is the one verb `impersonate`; the others have a verb of their own each, and one for what is done as that user. */
export type ImpersonationMode = "associated-node" | "arbitrary-node" | "serviceaccount" | "user-info" | "legacy";

const nodePrefix = "system:node:";
const nodeNameKey = "authentication.kubernetes.io/node-name";

/** The modes that fit whom the user wants to be, in the order in which they are tried. */
export function modesFor(wanted: UserInfo, requestor: UserInfo): ImpersonationMode[] {
  const isNode = wanted.name.startsWith(nodePrefix) && wanted.name !== nodePrefix;
  const isAccount = serviceAccountOf(wanted.name) !== undefined;
  if (!isNode && !isAccount) return ["user-info", "legacy"];
  const isNameAlone = wanted.uid === "" && wanted.groups.length === 0 && Object.keys(wanted.extra).length === 0;
  if (!isNameAlone) return ["legacy"];
  if (isAccount) return ["serviceaccount", "legacy"];
  return isOnNode(requestor, wanted.name)
    ? ["associated-node", "arbitrary-node", "legacy"]
    : ["arbitrary-node", "legacy"];
}

/** Whether a service account's token says that its pod runs on that node. */
function isOnNode({ name, extra }: UserInfo, wanted: string): boolean {
  const nodes = Object.hasOwn(extra, nodeNameKey) ? (extra[nodeNameKey] ?? []) : [];
  return serviceAccountOf(name) !== undefined && nodes.length === 1 && `${nodePrefix}${nodes[0]}` === wanted;
}

/** Something that must be allowed, or that never is. */
export type Question =
  | { readonly attributes: Attributes }
  | { readonly attributes: Attributes; readonly refusal: string };

interface QuestionsOptions {
  readonly mode: ImpersonationMode;
  readonly wanted: UserInfo;
  /** Of the request as it is. */
  readonly attributes: Attributes;
}

/** One question for each thing that is taken on, the name first. */
export function* questionsOf({ mode, wanted, attributes }: QuestionsOptions): Iterable<Question> {
  const isConstrained = mode !== "legacy";
  const { user } = attributes;
  const verb = isConstrained ? `impersonate:${mode}` : "impersonate";
  const group = "authentication.k8s.io";
  const ask = (more: Partial<Attributes>): Attributes => ({
    user,
    verb,
    isResource: true,
    path: "",
    group: isConstrained ? group : "",
    version: "v1",
    resource: "",
    subresource: "",
    namespace: "",
    name: "",
    ...more,
  });
  if (isConstrained) yield { attributes: { ...attributes, verb: `impersonate-on:${mode}:${attributes.verb}` } };
  yield { attributes: ask(whoIs(wanted.name, mode)) };
  if (wanted.uid !== "") yield { attributes: ask({ group, resource: "uids", name: wanted.uid }) };
  if (isConstrained && wanted.groups.includes("system:masters"))
    yield {
      attributes: ask({ resource: "groups", name: "system:masters" }),
      refusal: "impersonating the system:masters group is not allowed",
    };
  if (isConstrained && wanted.groups.includes(""))
    yield {
      attributes: ask({ resource: "groups" }),
      refusal: "impersonating the empty string group is not allowed",
    };
  for (const name of wanted.groups) yield { attributes: ask({ resource: "groups", name }) };
  for (const [key, values] of Object.entries(wanted.extra))
    for (const name of values) yield { attributes: ask({ group, resource: "userextras", subresource: key, name }) };
}

/** The resource as which a user counts. */
function whoIs(name: string, mode: ImpersonationMode): Partial<Attributes> {
  const account = serviceAccountOf(name);
  if (account !== undefined) return { resource: "serviceaccounts", ...account };
  // All nodes together: which one it is was found out from the token.
  if (mode === "associated-node") return { resource: "nodes", name: "*" };
  if (mode === "arbitrary-node") return { resource: "nodes", name: name.slice(nodePrefix.length) };
  return { resource: "users", name };
}

/** The namespace and name in `system:serviceaccount:NAMESPACE:NAME`. */
export function serviceAccountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/.exec(user) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}
