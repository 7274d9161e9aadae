// Lets through what the user may do. https://kubernetes.io/docs/reference/access-authn-authz/authorization/

import { StatusError } from "../../api/door.ts";
import type { Attributes, Authorizer } from "../authorization/authorizer.ts";
import type { ApiRequest, Filter } from "../exchange.ts";

export function authorize(authorizer: Authorizer): Filter {
  return (next) => async (request) => {
    const attributes = attributesOf(request);
    const decided = authorizer.authorize(attributes, request.signal);
    const { verdict, reason } = decided instanceof Promise ? await decided : decided;
    if (verdict !== "allow") throw forbidden(attributes, reason);
    return next(request);
  };
}

export function attributesOf({ info, user }: ApiRequest): Attributes {
  const {
    isResource,
    verb,
    path,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    labelSelector,
    fieldSelector,
  } = info;
  return {
    user,
    isResource,
    verb,
    path,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    labelSelector,
    fieldSelector,
  };
}

/** 403 in Kubernetes' words: who may not do what to what, where, and why. */
export function forbidden(attributes: Attributes, reason: string): StatusError {
  const { group, resource, name } = attributes;
  const why = `${describe(attributes)}${reason === "" ? "" : `: ${reason}`}`;
  return StatusError.forbidden({ group, resource }, name, why);
}

function describe({ user, isResource, verb, path, group, resource, subresource, namespace }: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (!isResource) return `${who} path ${JSON.stringify(path)}`;
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
